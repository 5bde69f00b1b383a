// SPDX-License-Identifier: Apache-2.0
#include "atp/ledger/witness.hpp"

#include <algorithm>

#include "atp/core/error.hpp"
#include "atp/crypto/sha256.hpp"
#include "atp/ledger/cosignature.hpp"
#include "atp/ledger/ledger.hpp"
#include "atp/merkle/proof.hpp"
#include "ledger/lines.hpp"
#include "ledger/signed_note.hpp"

namespace atp {
inline namespace v0 {
namespace {

using ledger::parse_decimal;
using ledger::take_line;

constexpr std::size_t kProofLimit = 63;
constexpr std::string_view kOld = "old ";

WitnessReply refuse(int status, const std::string& why) {
  return {.status = status, .content_type = "text/plain; charset=utf-8", .body = why + "\n"};
}

WitnessReply conflict(std::uint64_t size) {
  return {.status = 409, .content_type = "text/x.tlog.size", .body = std::to_string(size) + "\n"};
}

/// Names of files: origins have slashes.
std::string file_name(const std::string& origin) { return sha256(as_bytes(origin)).hex(); }

std::optional<Digest> parse_hash(std::string_view line) {
  const auto bytes = from_base64(line);
  if (!bytes || bytes->size() != sizeof(Digest)) return std::nullopt;
  Digest hash;
  std::ranges::copy(*bytes, hash.bytes.begin());
  return hash;
}

/// How many notes a log that came without a proof are kept.
constexpr std::size_t kUnprovenKept = 8;

/// `.unproven`, `.unproven-2`...
Path unproven_name(const Path& path, std::size_t number) {
  return path.string() + ".unproven" + (number > 1 ? "-" + std::to_string(number) : "");
}

/// The ledger keys of those whose log `origin` is; nothing where it is nobody's. A log signs its
/// checkpoints now: a key that is over or not yet in force is none of its keys.
std::optional<std::vector<PublicKey>> keys_of_log(const std::vector<TrustPolicy>& logs,
                                                  const std::string& origin, Time now) {
  std::optional<std::vector<PublicKey>> keys;
  for (const TrustPolicy& trust : logs) {
    if (!is_origin(origin, trust.domain)) continue;
    if (!keys) keys.emplace();
    for (const TrustedKey& trusted : trust.keys) {
      if (trust.find(trusted.key.id(), KeyRole::ledger, now)) keys->push_back(trusted.key);
    }
  }
  return keys;
}

}  // namespace

std::string print_witness_request(const WitnessRequest& request) {
  std::string body = std::string(kOld) + std::to_string(request.old_size) + "\n";
  for (const Digest& hash : request.proof) body += to_base64(hash.view()) + "\n";
  return body + "\n" + request.note;
}

std::optional<WitnessRequest> parse_witness_request(std::string_view body) {
  if (body.size() > kWitnessRequestLimit) return std::nullopt;
  const auto first = take_line(body);
  if (!first || !first->starts_with(kOld)) return std::nullopt;
  const auto old_size = parse_decimal(first->substr(kOld.size()));
  if (!old_size) return std::nullopt;
  WitnessRequest request{.old_size = *old_size};
  for (auto line = take_line(body); line; line = take_line(body)) {
    if (line->empty()) {
      request.note = body;
      return request;
    }
    const auto hash = parse_hash(*line);
    if (!hash || request.proof.size() == kProofLimit) return std::nullopt;
    request.proof.push_back(*hash);
  }
  return std::nullopt;
}

Witness::Witness(std::shared_ptr<FileSystem> files, std::shared_ptr<const Clock> clock,
                 std::shared_ptr<Random> random, WitnessOptions options)
    : files_(std::move(files)),
      clock_(std::move(clock)),
      random_(std::move(random)),
      options_(std::move(options)) {
  if (!ledger::is_key_name(options_.name)) {
    throw Error(ErrorKind::invalid_argument, options_.name, "is no name for a witness");
  }
  if (options_.signer->public_key().algorithm() != KeyAlgorithm::ed25519) {
    throw Error(ErrorKind::unsupported, options_.name, "checkpoints are cosigned with Ed25519");
  }
  create_directories(*files_, options_.folder, kPrivateFolder);
  lock_ = open_lock_file(*files_, options_.folder / "witness.lock");
  if (!lock_->try_lock(0, 1, LockKind::exclusive)) {
    throw Error(ErrorKind::precondition_failed, options_.folder.string(),
                "is the memory of another witness that runs");
  }
}

std::optional<Checkpoint> Witness::newest(const std::string& origin) const {
  const Path path = options_.folder / file_name(origin);
  if (!files_->status(path)) return std::nullopt;
  const Bytes note = read_file(*files_, path, kWitnessRequestLimit);
  const auto checkpoint = parse_checkpoint(as_text(note));
  if (checkpoint && checkpoint->origin == origin) return checkpoint;
  throw Error(ErrorKind::corrupt, path.string(), "expected a checkpoint of " + origin);
}

WitnessReply Witness::add_checkpoint(std::string_view body) {
  const auto request = parse_witness_request(body);
  const auto unchecked = request ? parse_checkpoint(request->note) : std::nullopt;
  if (!unchecked) return refuse(400, "expected an old size, a proof and a checkpoint");
  const auto keys = keys_of_log(options_.logs, unchecked->origin, clock_->now());
  if (!keys) return refuse(404, "no log of this origin is known here");
  const auto checkpoint = open_checkpoint(request->note, *keys);
  if (!checkpoint) return refuse(403, "no trusted key of the log has signed the checkpoint");
  if (request->old_size > checkpoint->size) {
    return refuse(400, "expected an old size of at most the checkpoint's");
  }
  const std::lock_guard lock(mutex_);
  return cosign(*request, *checkpoint);
}

/// The log has signed both: that is proof of itself.
void Witness::keep_fork(const Path& path, const std::string& note) {
  const Path fork = path.string() + ".fork";
  if (!files_->status(fork)) write_file_durably(*files_, *random_, fork, as_bytes(note));
}

/// The proof may be wrong, and not the log: kept, but in no fork's place. What comes later takes no
/// earlier one's: anybody can send a checkpoint that the log has published.
void Witness::keep_unproven(const Path& path, const std::string& note,
                            const Checkpoint& checkpoint) {
  for (std::size_t i = 1; i <= kUnprovenKept; ++i) {
    const Path name = unproven_name(path, i);
    if (!files_->status(name)) {
      return write_file_durably(*files_, *random_, name, as_bytes(note));
    }
    if (parse_checkpoint(as_text(read_file(*files_, name, kWitnessRequestLimit))) == checkpoint) {
      return;
    }
  }
}

/// What was unproven and is as large as the checkpoint that is known now is that one, or a fork.
void Witness::judge_unproven(const Path& path, const Checkpoint& known) {
  for (std::size_t i = 1; i <= kUnprovenKept; ++i) {
    const Path name = unproven_name(path, i);
    if (!files_->status(name)) continue;
    const std::string note(as_text(read_file(*files_, name, kWitnessRequestLimit)));
    const auto checkpoint = parse_checkpoint(note);
    if (!checkpoint || checkpoint->size != known.size) continue;
    if (checkpoint->root != known.root) keep_fork(path, note);
    files_->remove(name);
  }
}

WitnessReply Witness::cosign(const WitnessRequest& request, const Checkpoint& checkpoint) {
  const auto known = newest(checkpoint.origin);
  const std::uint64_t size = known ? known->size : 0;
  const Path path = options_.folder / file_name(checkpoint.origin);
  const bool forks = known && checkpoint.size == size && checkpoint.root != known->root;
  if (forks) keep_fork(path, request.note);
  if (request.old_size != size) return conflict(size);
  if (forks) return refuse(422, "the log has signed another root for this size");
  const bool goes_on =
      size == 0 ? request.proof.empty()
                : merkle::verify_consistency<Rfc9162Hasher>(size, checkpoint.size, request.proof,
                                                            known->root, checkpoint.root);
  if (!goes_on) {
    if (checkpoint != known) keep_unproven(path, request.note, checkpoint);
    return refuse(422, "the checkpoint does not go on from the one of the old size");
  }
  const std::string line =
      cosign_checkpoint(request.note, options_.name, *options_.signer, clock_->now());
  if (checkpoint != known) {
    replace_file_durably(*files_, *random_, path, as_bytes(with_signatures(request.note, line)));
  }
  judge_unproven(path, checkpoint);  // Also where a crash came before it the last time.
  return {.status = 200, .content_type = "text/plain; charset=utf-8", .body = line};
}

}  // namespace v0
}  // namespace atp
