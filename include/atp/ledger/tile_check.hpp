// SPDX-License-Identifier: Apache-2.0
/// Whether the tiles and entry bundles that a store has of a ledger are those that its entries
/// make.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "atp/core/error.hpp"
#include "atp/core/export.hpp"
#include "atp/model/problem.hpp"
#include "atp/storage/object_store.hpp"

namespace atp {
inline namespace v0 {

struct TileFindings {
  std::uint64_t sound = 0;     ///< They hold what the entries make.
  std::uint64_t missing = 0;   ///< Readers do without.
  std::uint64_t put = 0;       ///< They were missing.
  std::uint64_t replaced = 0;  ///< They held other bytes.
  std::uint64_t wrong = 0;     ///< They hold other bytes; nobody believes them.
  std::uint64_t unread = 0;    ///< They could not be read, put or removed; readers do without.
  std::vector<Problem> problems = {};  ///< Of those that are wrong, the first hundred.
  std::optional<Error> trouble = {};   ///< With the first that is unread.
};

/// Looks at each tile and bundle that is full, at the last one of the lowest level, and above it at
/// each that was the last. One object belongs to one thread at a time.
class ATP_EXPORT TileCheck {
 public:
  enum class Mending {
    look,
    mend,  ///< What is missing is put; what is wrong is removed, where the store allows it, and
           ///< put.
  };

  /// `store` must outlive it.
  TileCheck(ObjectStore& store, const TenantId& tenant, Mending mending);
  ~TileCheck();

  /// The stored bytes of each entry in order, from the first on. What is wrong with a tile, or with
  /// reaching it, is a finding.
  void push(const std::string& stored);
  /// After the last.
  TileFindings finish();

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace v0
}  // namespace atp
