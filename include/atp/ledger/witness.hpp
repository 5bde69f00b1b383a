// SPDX-License-Identifier: Apache-2.0
/// A witness (C2SP tlog-witness.md): it remembers the newest checkpoint of each log, and cosigns
/// another one only where that goes on from it. What travels over HTTP is in here as text.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "atp/core/clock.hpp"
#include "atp/core/export.hpp"
#include "atp/core/file_system.hpp"
#include "atp/core/random.hpp"
#include "atp/crypto/signature.hpp"
#include "atp/crypto/trust_policy.hpp"
#include "atp/ledger/note.hpp"
#include "atp/merkle/tree.hpp"

namespace atp {
inline namespace v0 {

/// The body of `POST <prefix>/add-checkpoint`.
struct WitnessRequest {
  std::uint64_t old_size;    ///< Of the checkpoint that the witness cosigned last; 0 for none.
  merkle::Proof proof = {};  ///< RFC 9162, 2.1.4.1; empty for size 0 or an equal one.
  std::string note = {};
};

inline constexpr std::size_t kWitnessRequestLimit = kCheckpointLimit + 4096;

ATP_EXPORT std::string print_witness_request(const WitnessRequest& request);
/// Empty for a body that is no request.
ATP_EXPORT std::optional<WitnessRequest> parse_witness_request(std::string_view body);

struct WitnessReply {
  int status;                ///< Of HTTP.
  std::string content_type;  ///< `text/x.tlog.size` with 409 and the size it knows.
  std::string body;          ///< Signature lines with 200.
};

struct WitnessOptions {
  Path folder;                           ///< Its memory: one file a log, with the whole checkpoint.
  std::string name;                      ///< Schema-less URL, as tlog-cosignature.md advises.
  std::shared_ptr<const Signer> signer;  ///< Ed25519, and not used by any other witness.
  /// Whose logs it knows: any origin of a policy's domain, signed by a ledger key valid now.
  std::vector<TrustPolicy> logs = {};
};

/// Thread-safe. The checkpoint is durable before the cosignature leaves; a process that dies in
/// between gives it to whoever asks again.
class ATP_EXPORT Witness {
 public:
  /// Holds the folder's lock while it lives. Throws: precondition_failed where another process
  /// does; invalid_argument for a name that is none; unsupported for a key that is not Ed25519.
  Witness(std::shared_ptr<FileSystem> files, std::shared_ptr<const Clock> clock,
          std::shared_ptr<Random> random, WitnessOptions options);
  Witness(const Witness&) = delete;
  Witness& operator=(const Witness&) = delete;

  /// Answers 200, 400, 403, 404, 409 or 422 as the protocol says. A checkpoint that the log has
  /// signed and that does not go on from the one it knows, or is of its size with another root, is
  /// not cosigned (422). The first of the same size is kept beside that one, as `.fork`: the two
  /// prove what the log did. Eight that came with a proof that does not hold are kept, as
  /// `.unproven`, `.unproven-2`...; the first stay, whatever comes later. Once the log goes on to
  /// the size of one of them, that one is seen to be the same, and goes, or to be the fork. Throws:
  /// corrupt for a memory that is damaged, which is never taken for an empty one; unavailable,
  /// no_space.
  WitnessReply add_checkpoint(std::string_view body);

 private:
  std::optional<Checkpoint> newest(const std::string& origin) const;
  void keep_fork(const Path& path, const std::string& note);
  void keep_unproven(const Path& path, const std::string& note, const Checkpoint& checkpoint);
  void judge_unproven(const Path& path, const Checkpoint& known);
  WitnessReply cosign(const WitnessRequest& request, const Checkpoint& checkpoint);

  std::shared_ptr<FileSystem> files_;
  std::shared_ptr<const Clock> clock_;
  std::shared_ptr<Random> random_;
  WitnessOptions options_;
  std::unique_ptr<File> lock_;
  std::mutex mutex_;
};

}  // namespace v0
}  // namespace atp
