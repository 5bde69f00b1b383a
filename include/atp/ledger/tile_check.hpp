// SPDX-License-Identifier: Apache-2.0
/// Whether the tiles and entry bundles that a store has of a ledger are those that its entries
/// make.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "atp/core/export.hpp"
#include "atp/model/problem.hpp"
#include "atp/storage/object_store.hpp"

namespace atp {
inline namespace v0 {

struct TileFindings {
  std::uint64_t sound = 0;             ///< They hold what the entries make.
  std::uint64_t missing = 0;           ///< Readers do without.
  std::uint64_t put = 0;               ///< They were missing.
  std::uint64_t replaced = 0;          ///< They held other bytes.
  std::uint64_t wrong = 0;             ///< They hold other bytes; nobody believes them.
  std::vector<Problem> problems = {};  ///< Of those that are wrong, the first hundred.
};

/// Looks at each tile and bundle that is full, and at the last ones as a reader of the newest entry
/// asks for them. One object belongs to one thread at a time.
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

  /// The stored bytes of each entry in order, from the first on. Throws: unavailable, no_space.
  void push(const std::string& stored);
  /// After the last. Throws: likewise.
  TileFindings finish();

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace v0
}  // namespace atp
