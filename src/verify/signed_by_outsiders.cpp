// SPDX-License-Identifier: Apache-2.0
#include "verify/signed_by_outsiders.hpp"

#include <algorithm>

#include "atp/crypto/sha256.hpp"
#include "atp/ledger/cosignature.hpp"
#include "atp/storage/layout.hpp"
#include "ledger/signed_note.hpp"
#include "verify/anchors.hpp"
#include "verify/ledger_check.hpp"

namespace atp {
inline namespace v0 {
namespace verify {
namespace {

constexpr std::uint64_t kTerm = 0;

}  // namespace

SignedByOutsiders::SignedByOutsiders(Context context) : context_(std::move(context)) {
  for_each_folder(context_.store, layout::cosignatures(context_.tenant, kTerm),
                  [&](const std::string& folder) {
                    if (const auto size = layout::find_number(folder, 0)) cosigned_[*size];
                  });
  for_each_folder(context_.store, layout::timestamps(context_.tenant),
                  [&](const std::string& folder) {
                    if (const auto digest = Digest::from_hex(folder)) stamped_.insert(*digest);
                  });
}

void SignedByOutsiders::push(const Checkpoint& checkpoint, std::string_view note) {
  cosigned_.erase(checkpoint.size);
  if (!stamped_.empty()) stamped_.erase(sha256(as_bytes(note)));
}

void SignedByOutsiders::push(const LedgerEntry& entry) {
  if (entry.statement.subject_sha256) stamped_.erase(*entry.statement.subject_sha256);
  if (cosigned_.empty()) return;
  tree_.push(Rfc9162Hasher::leaf(as_bytes(entry.stored)));
  const auto found = cosigned_.find(tree_.size());
  if (found != cosigned_.end()) found->second = tree_.root();
}

void SignedByOutsiders::finish(const std::string& origin, std::vector<Check>& checks) {
  const auto beyond =
      std::ranges::find_if(cosigned_, [](const auto& each) { return !each.second; });
  if (beyond != cosigned_.end() && !has_grown(context_, tree_.size())) {
    checks.push_back(
        not_checked("ledger.tail", layout::cosignatures(context_.tenant, kTerm, beyond->first),
                    "it is of " + std::to_string(beyond->first) + " entries, and there are " +
                        std::to_string(tree_.size()) +
                        ": the tail was cut off, unless somebody put it there who is no witness"));
  }
  for (const auto& [size, root] : cosigned_) {
    if (!root || !is_cosigned({origin, size, *root})) continue;
    checks.push_back(failed(kCheckpoint, layout::ledger_checkpoint(context_.tenant, kTerm, size),
                            "the checkpoint, which a witness has cosigned", "none"));
  }
  if (stamped_.empty() || !context_.trust->timestamps) return;
  forget_others();
  for (const Digest& digest : stamped_) {
    if (sound_replies(context_, digest).empty()) continue;
    checks.push_back(failed("ledger.document", layout::timestamps(context_.tenant, digest),
                            "the object of that SHA-256, which was time-stamped", "none"));
  }
}

bool SignedByOutsiders::is_cosigned(const Checkpoint& checkpoint) {
  const std::string unsigned_note = ledger::checkpoint_text(checkpoint) + "\n";
  bool found = false;
  for_each_key(context_.store, layout::cosignatures(context_.tenant, kTerm, checkpoint.size),
               [&](const std::string& key) {
                 const auto lines = find_small_object(context_.store, key, kCheckpointLimit);
                 if (found || !lines) return;
                 const std::string note = unsigned_note + std::string(as_text(*lines));
                 found = !cosignatures_of(note, *context_.trust).empty();
               });
  return found;
}

/// Points that no entry completes, and time-stamps that were stamped anew.
void SignedByOutsiders::forget_others() {
  const auto forget = [&](const std::string& key) {
    if (stamped_.empty()) return;
    const auto object = find_small_object(context_.store, key, kDocumentLimit);
    if (object) stamped_.erase(sha256(*object));
  };
  for_each_key(context_.store, layout::recovery_points(context_.tenant), forget);
  for_each_key(context_.store, layout::timestamps(context_.tenant), forget);
}

}  // namespace verify
}  // namespace v0
}  // namespace atp
