// SPDX-License-Identifier: Apache-2.0
/// A tree with every perfect subtree kept: built once, each path of it costs next to nothing.
#pragma once

#include <utility>
#include <vector>

#include "atp/merkle/stored_tree.hpp"

namespace atp {
inline namespace v0 {
namespace merkle {

template <Hasher H>
class KeptTree {
 public:
  explicit KeptTree(std::vector<Digest> leaves) {
    levels_.push_back(std::move(leaves));
    while (levels_.back().size() > 1) {
      const std::vector<Digest>& below = levels_.back();
      std::vector<Digest> level = {};
      for (std::size_t i = 0; i + 1 < below.size(); i += 2) {
        level.push_back(H::node(below[i], below[i + 1]));
      }
      levels_.push_back(std::move(level));
    }
  }

  /// PATH(index, D_n), RFC 9162, 2.1.3.1. Throws: invalid_argument unless there is such a leaf.
  Proof path(std::uint64_t index) const {
    return inclusion_proof<H>([&](unsigned level, std::uint64_t at) { return levels_[level][at]; },
                              levels_.front().size(), index);
  }

 private:
  std::vector<std::vector<Digest>> levels_;
};

}  // namespace merkle
}  // namespace v0
}  // namespace atp
