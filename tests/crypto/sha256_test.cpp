// SPDX-License-Identifier: Apache-2.0
#include "atp/crypto/sha256.hpp"

#include "crypto/vectors.hpp"

namespace atp {
namespace {

using test::pattern;

TEST(Sha256, MatchesTheExamplesOfFips180) {
  EXPECT_EQ(sha256({}).hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256(as_bytes("abc")).hex(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256(as_bytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")).hex(),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256(to_bytes(std::string(1'000'000, 'a'))).hex(),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, GivesTheSameDigestHoweverTheBytesAreCut) {
  const Bytes bytes = pattern(200);
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    const ByteView view(bytes);
    EXPECT_EQ(Sha256().update(view.first(cut)).update(view.subspan(cut)).finish(), sha256(bytes));
  }
}

TEST(Sha256, IsAsNewAfterFinish) {
  Sha256 hash;
  hash.update(as_bytes("abc")).finish();
  EXPECT_EQ(hash.finish(), sha256({}));
}

TEST(Sha256, ForksItsStateWhenCopied) {
  Sha256 hash;
  hash.update(as_bytes("ab"));
  Sha256 fork = hash;
  EXPECT_EQ(fork.update(as_bytes("d")).finish(), sha256(as_bytes("abd")));
  EXPECT_EQ(hash.update(as_bytes("c")).finish(), sha256(as_bytes("abc")));
}

TEST(Rfc9162Hasher, PrefixesLeavesWithZeroAndNodesWithOne) {
  EXPECT_EQ(Rfc9162Hasher::empty(), sha256({}));
  EXPECT_EQ(Rfc9162Hasher::leaf({}).hex(),
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
  const Bytes entry = pattern(700);
  Bytes leaf = {std::byte{0}};
  leaf.insert(leaf.end(), entry.begin(), entry.end());
  EXPECT_EQ(Rfc9162Hasher::leaf(entry), sha256(leaf));

  const Digest left = sha256(as_bytes("left"));
  const Digest right = sha256(as_bytes("right"));
  Bytes node = {std::byte{1}};
  node.insert(node.end(), left.bytes.begin(), left.bytes.end());
  node.insert(node.end(), right.bytes.begin(), right.bytes.end());
  EXPECT_EQ(Rfc9162Hasher::node(left, right), sha256(node));
  EXPECT_NE(Rfc9162Hasher::node(left, right), Rfc9162Hasher::node(right, left));
}

}  // namespace
}  // namespace atp
