// SPDX-License-Identifier: Apache-2.0
#include "atp/ledger/note.hpp"

#include <gtest/gtest.h>

#include "atp/core/error.hpp"
#include "atp/crypto/sha256.hpp"
#include "support/error_kind.hpp"
#include "support/sequence_random.hpp"

namespace atp {
namespace {

class Note : public testing::Test {
 protected:
  std::shared_ptr<const Signer> signer(std::uint64_t seed) {
    test::SequenceRandom random(seed);
    return signer_from_pem(generate_ed25519_pem(random));
  }
  std::vector<PublicKey> keys(const Signer& of) { return {of.public_key()}; }

  const std::shared_ptr<const Signer> ours_ = signer(1);
  const std::shared_ptr<const Signer> theirs_ = signer(2);
  const Checkpoint checkpoint_{
      .origin = "bank.example/0123456789abcdef/0", .size = 42, .root = sha256(as_bytes("root"))};
  const std::string note_ = sign_checkpoint(checkpoint_, *ours_);
};

TEST_F(Note, OpensWithTheKeyThatSignedIt) {
  EXPECT_EQ(open_checkpoint(note_, keys(*ours_)), checkpoint_);
  EXPECT_EQ(parse_checkpoint(note_), checkpoint_);
}

TEST_F(Note, HasTheFormOfASignedNote) {
  const std::string head = "bank.example/0123456789abcdef/0\n42\n" +
                           to_base64(checkpoint_.root.view()) + "\n\n\xE2\x80\x94 " +
                           "bank.example/0123456789abcdef/0 ";
  EXPECT_TRUE(note_.starts_with(head)) << note_;
  EXPECT_TRUE(note_.ends_with("\n"));
}

TEST_F(Note, AnotherKeyDoesNotOpenIt) {
  EXPECT_EQ(open_checkpoint(note_, keys(*theirs_)), std::nullopt);
}

TEST_F(Note, SignaturesOfUnknownKeysArePassedOver) {
  const std::string other = sign_checkpoint(checkpoint_, *theirs_);
  const std::string both = note_ + other.substr(other.find("\n\n") + 2);
  EXPECT_EQ(open_checkpoint(both, keys(*ours_)), checkpoint_);
  EXPECT_EQ(open_checkpoint(both, keys(*theirs_)), checkpoint_);
}

TEST_F(Note, ANoteUnderAnotherNameIsNotTheLogs) {
  std::string renamed = note_;
  renamed.replace(renamed.rfind("bank.example"), 12, "bank.invalid");
  EXPECT_EQ(open_checkpoint(renamed, keys(*ours_)), std::nullopt);
}

TEST_F(Note, T046_EveryChangedByteIsRefused) {
  for (std::size_t i = 0; i < note_.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = note_;
      changed[i] = static_cast<char>(changed[i] ^ (1 << bit));
      EXPECT_EQ(open_checkpoint(changed, keys(*ours_)), std::nullopt) << i << " bit " << bit;
    }
  }
}

TEST_F(Note, EveryCutIsRefused) {
  for (std::size_t size = 0; size < note_.size(); ++size) {
    EXPECT_EQ(open_checkpoint(note_.substr(0, size), keys(*ours_)), std::nullopt) << size;
  }
}

TEST_F(Note, SizesHaveOneSpelling) {
  for (const char* size : {"042", "+42", "-1", "", " 42", "42 ", "0x2a", "18446744073709551616"}) {
    std::string changed = note_;
    changed.replace(changed.find("\n42\n") + 1, 2, size);
    EXPECT_EQ(parse_checkpoint(changed), std::nullopt) << size;
  }
}

TEST_F(Note, OriginsThatBreakTheFormAreRefused) {
  for (const char* origin : {"", "two words", "a+b", "line\nfeed"}) {
    Checkpoint bad = checkpoint_;
    bad.origin = origin;
    EXPECT_EQ(test::error_kind([&] { sign_checkpoint(bad, *ours_); }), ErrorKind::invalid_argument)
        << origin;
  }
}

}  // namespace
}  // namespace atp
