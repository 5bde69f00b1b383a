// SPDX-License-Identifier: Apache-2.0
/// What must be kept how long for a point to be restorable until its own retention ends.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "atp/keys/key_epochs.hpp"
#include "atp/vault/points.hpp"

namespace atp {
inline namespace v0 {

class Needs {
 public:
  /// Of `point` and its parents. Throws: corrupt where a document among them cannot be believed.
  Needs(const Vault& vault, const Ledger& ledger, const SegmentChains& chains,
        const RecoveryPoint& point);

  /// The first object that is not there. Nothing where all are.
  std::optional<std::string> missing(unsigned workers) const;

  /// Grows the retention of all that is there and reads it back. Throws: unavailable where the
  /// store keeps less than it was told.
  void grow(unsigned workers) const;

 private:
  struct Growth {
    Time at_least;
    Time until;
  };

  void add_shared(const Ledger& ledger);
  void add_point(const RecoveryPoint& point);
  void add_segment(const Descriptor& descriptor);
  void add_document(const std::string& key) { needs_.emplace(key, document_); }
  void grow_one(const std::string& key, const Growth& growth) const;

  const Vault& vault_;
  const SegmentChains& chains_;
  const TenantId tenant_;
  const std::vector<TenantPolicy> policies_;
  KeyEpochs epochs_;
  /// The one a point was taken under and the current one: what is asked for is the longer.
  Growth document_{};
  std::map<std::string, Growth> needs_;
};

}  // namespace v0
}  // namespace atp
