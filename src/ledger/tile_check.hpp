// SPDX-License-Identifier: Apache-2.0
/// Whether the tiles and bundles that are stored are those that the entries make.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "atp/core/bytes.hpp"
#include "atp/model/problem.hpp"
#include "atp/storage/object_store.hpp"
#include "ledger/tiled_tree.hpp"

namespace atp {
inline namespace v0 {
namespace ledger {

/// Of each tile that is full, and of the last ones as a reader of the newest entry asks for them.
class TileCheck {
 public:
  enum class Mending {
    look,
    mend,  ///< What is missing is put; what is wrong is removed, where the store allows it, and
           ///< put.
  };

  TileCheck(ObjectStore& store, const TenantId& tenant, Mending mending);

  /// Entries in order, from the first on.
  void push(const std::string& stored);
  void finish();

  std::uint64_t sound() const { return sound_; }
  std::uint64_t missing() const { return missing_; }
  std::uint64_t put() const { return put_; }
  std::uint64_t replaced() const { return replaced_; }
  /// Those that hold other bytes and were not replaced; the first hundred are named.
  const std::vector<Problem>& wrong() const { return wrong_; }
  std::uint64_t wrong_count() const { return wrong_count_; }

 private:
  void compare(const std::string& key, ByteView bytes);
  void compare_tile(unsigned level, std::uint64_t number, std::span<const Digest> hashes);
  bool replace(const std::string& key, ByteView bytes);

  ObjectStore& store_;
  const TenantId& tenant_;
  const Mending mending_;
  TileBuilder tree_;
  Bytes bundle_;
  std::uint64_t sound_ = 0;
  std::uint64_t missing_ = 0;
  std::uint64_t put_ = 0;
  std::uint64_t replaced_ = 0;
  std::uint64_t wrong_count_ = 0;
  std::vector<Problem> wrong_;
};

}  // namespace ledger
}  // namespace v0
}  // namespace atp
