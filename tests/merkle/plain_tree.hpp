// SPDX-License-Identifier: Apache-2.0
/// A tree as plain as its definition in RFC 9162, section 2.1, to compare with.
#pragma once

#include <gtest/gtest.h>

#include <span>
#include <string>
#include <vector>

#include "atp/core/error.hpp"
#include "atp/crypto/sha256.hpp"

namespace atp::merkle::test {

using H = Rfc9162Hasher;
using Digests = std::vector<Digest>;
using Leaves = std::span<const Digest>;

inline Digest leaf(std::string_view entry) { return H::leaf(as_bytes(entry)); }

inline Digests leaves(std::size_t count) {
  Digests hashes;
  for (std::size_t i = 0; i < count; ++i) hashes.push_back(leaf("entry " + std::to_string(i)));
  return hashes;
}

inline std::size_t plain_split(std::size_t size) {
  std::size_t split = 1;
  while (split * 2 < size) split *= 2;
  return split;
}

inline Digest plain_root(Leaves hashes) {
  if (hashes.empty()) return H::empty();
  if (hashes.size() == 1) return hashes.front();
  const std::size_t split = plain_split(hashes.size());
  return H::node(plain_root(hashes.first(split)), plain_root(hashes.subspan(split)));
}

template <class Call>
void expect_invalid(const Call& call) {
  try {
    call();
    ADD_FAILURE() << "expected invalid_argument";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::invalid_argument);
  }
}

}  // namespace atp::merkle::test
