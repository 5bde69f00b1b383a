// SPDX-License-Identifier: Apache-2.0
#include "atp/ledger/cosignature.hpp"

#include <gtest/gtest.h>

#include "ledger/ledgers.hpp"
#include "support/error_kind.hpp"

namespace atp {
namespace {

using std::chrono::seconds;
using test::error_kind;

class CosignatureTest : public test::LedgerTest {
 protected:
  CosignatureTest() {
    trust_.keys.push_back({witness_->public_key(), KeyRole::witness, {}, {}, "w1.example"});
    trust_.keys.push_back({other_->public_key(), KeyRole::witness, {}, {}, "w2.example"});
    trust_.witnesses = {.threshold = 1};
  }

  std::string line(const std::string& name, const Signer& signer, Time time) const {
    return cosign_checkpoint(note_, name, signer, time);
  }
  std::string cosigned() const { return note_ + line("w1.example", *witness_, kTime); }

  static constexpr Time kTime{seconds(1'800'000'000)};
  const std::shared_ptr<const Signer> witness_ = make_signer(11);
  const std::shared_ptr<const Signer> other_ = make_signer(12);
  const std::string note_ = sign_checkpoint(
      {"bank.example/0123456789abcdef/0", 42, sha256(as_bytes("root"))}, *ledger_signer_);
};

TEST_F(CosignatureTest, IsWhatTheSpecificationSigns) {
  const std::string text = note_.substr(0, note_.find("\n\n") + 1);
  const std::string own = line("w1.example", *witness_, kTime);
  const std::string head = "\xE2\x80\x94 w1.example ";
  ASSERT_TRUE(own.starts_with(head));
  const Bytes bytes = *from_base64(own.substr(head.size(), own.size() - head.size() - 1));
  ASSERT_EQ(bytes.size(), 4U + 8 + 64);
  EXPECT_EQ(to_hex(ByteView(bytes).subspan(4, 8)), "000000006b49d200");
  EXPECT_TRUE(witness_->public_key().verify(as_bytes("cosignature/v1\ntime 1800000000\n" + text),
                                            ByteView(bytes).subspan(12)));
}

TEST_F(CosignatureTest, CountsForTrustedWitnessesOnly) {
  EXPECT_EQ(cosignatures_of(cosigned(), trust_), (std::vector<Cosignature>{{"w1.example", kTime}}));
  EXPECT_TRUE(cosignatures_of(note_, trust_).empty());
  EXPECT_TRUE(cosignatures_of(note_ + line("w1.example", *other_, kTime), trust_).empty());
  EXPECT_TRUE(cosignatures_of(note_ + line("w3.example", *witness_, kTime), trust_).empty());
  EXPECT_TRUE(cosignatures_of(note_ + line("w1.example", *make_signer(13), kTime), trust_).empty());
  EXPECT_EQ(open_checkpoint(cosigned(), trust_.keys_of(KeyRole::ledger))->size, 42U);
}

TEST_F(CosignatureTest, T047_AWitnessKeyIsNoLedgerKeyAndTheOtherWayRound) {
  TrustPolicy swapped = trust_;
  swapped.keys[2].role = KeyRole::ledger;
  EXPECT_TRUE(cosignatures_of(cosigned(), swapped).empty());
  const std::string origin = "bank.example/0123456789abcdef/0";
  swapped = trust_;
  swapped.keys[1].role = KeyRole::witness;
  swapped.keys[1].name = origin;  // The log's own signature, as if it were a witness's.
  EXPECT_TRUE(cosignatures_of(note_, swapped).empty());
}

TEST_F(CosignatureTest, OneWitnessCountsOnceWithItsEarliestTime) {
  trust_.keys.push_back({make_signer(14)->public_key(), KeyRole::witness, {}, {}, "w1.example"});
  const std::string note = note_ + line("w1.example", *witness_, kTime + seconds(5)) +
                           line("w1.example", *witness_, kTime) +
                           line("w1.example", *make_signer(14), kTime + seconds(9));
  EXPECT_EQ(cosignatures_of(note, trust_), (std::vector<Cosignature>{{"w1.example", kTime}}));
  trust_.witnesses->threshold = 2;
  EXPECT_FALSE(has_quorum(cosignatures_of(note, trust_), trust_));
  EXPECT_TRUE(
      has_quorum(cosignatures_of(note + line("w2.example", *other_, kTime), trust_), trust_));
  trust_.witnesses.reset();
  EXPECT_TRUE(has_quorum({}, trust_));
}

TEST_F(CosignatureTest, AKeyCountsForItsTime) {
  trust_.keys[2].not_before = kTime;
  trust_.keys[2].not_after = kTime + seconds(1);
  EXPECT_EQ(cosignatures_of(cosigned(), trust_).size(), 1U);
  for (const Time time : {kTime - seconds(1), kTime + seconds(1)}) {
    EXPECT_TRUE(cosignatures_of(note_ + line("w1.example", *witness_, time), trust_).empty());
  }
}

TEST_F(CosignatureTest, T046_EveryChangedByteOfTextAndCosignatureIsSeen) {
  const std::string whole = cosigned();
  const std::size_t own_signature = note_.find("\n\n") + 2;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    if (i >= own_signature && i < note_.size()) continue;  // The log's signature: not of this.
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = whole;
      changed[i] = static_cast<char>(changed[i] ^ (1 << bit));
      EXPECT_TRUE(cosignatures_of(changed, trust_).empty()) << i << " bit " << bit;
    }
  }
}

TEST_F(CosignatureTest, TimesBeyondOursAreNoTimes) {
  Bytes bytes = *from_base64(line("w1.example", *witness_, kTime).substr(15, 104));
  for (const std::byte first : {std::byte{0x7F}, std::byte{0xFF}}) {
    bytes[4] = first;
    const std::string changed = note_ + "\xE2\x80\x94 w1.example " + to_base64(bytes) + "\n";
    EXPECT_TRUE(cosignatures_of(changed, trust_).empty());
  }
}

TEST_F(CosignatureTest, LinesAreAddedOnceAndOnlyAsLines) {
  const std::string own = line("w1.example", *witness_, kTime);
  EXPECT_EQ(with_signatures(note_, own), cosigned());
  EXPECT_EQ(with_signatures(cosigned(), own), cosigned());
  EXPECT_EQ(with_signatures(note_, "no line\n"), note_);
  EXPECT_EQ(with_signatures(note_, own.substr(0, own.size() - 1)), note_);
  EXPECT_EQ(with_signatures(note_, own + "\n"), note_);
  std::string many = note_;
  for (int i = 0; i < 200; ++i) {
    many = with_signatures(many, line("w" + std::to_string(i), *witness_, kTime));
  }
  EXPECT_EQ(std::count(many.begin(), many.end(), '\n'), 4 + 100);
  EXPECT_TRUE(open_checkpoint(many, trust_.keys_of(KeyRole::ledger)));
}

TEST_F(CosignatureTest, StoredOnesComeBackWithTheNote) {
  put_object(*store_, layout::cosignature(tenant_, 0, 42, "0"),
             as_bytes(line("w1.example", *witness_, kTime)), {});
  put_object(*store_, layout::cosignature(tenant_, 0, 42, "1"),
             as_bytes(line("w2.example", *other_, kTime)), {});
  put_object(*store_, layout::cosignature(tenant_, 0, 42, "2"), as_bytes("garbage"), {});
  const std::string note = with_stored_cosignatures(*store_, tenant_, 42, note_, trust_);
  EXPECT_EQ(cosignatures_of(note, trust_).size(), 2U);
  EXPECT_EQ(with_stored_cosignatures(*store_, tenant_, 41, note_, trust_), note_);
  EXPECT_EQ(with_stored_cosignatures(*store_, TenantId("acm"), 42, note_, trust_), note_);
}

TEST_F(CosignatureTest, NothingThatDoesNotCountIsHandedOn) {
  std::string junk;
  for (int i = 0; i < 98; ++i) junk += line("w" + std::to_string(i), *other_, kTime);
  std::string false_line = line("w1.example", *witness_, kTime);
  false_line[40] = false_line[40] == 'A' ? 'B' : 'A';
  put_object(*store_, layout::cosignature(tenant_, 0, 42, "-"), as_bytes(junk + false_line), {});
  put_object(*store_, layout::cosignature(tenant_, 0, 42, "a"),
             as_bytes(line("w2.example", *other_, kTime) + line("w1.example", *witness_, kTime)),
             {});
  put_object(*store_, layout::cosignature(tenant_, 0, 42, "b"),
             as_bytes(line("w1.example", *witness_, kTime + seconds(1))), {});
  EXPECT_EQ(with_stored_cosignatures(*store_, tenant_, 42, note_, trust_),
            note_ + line("w2.example", *other_, kTime) + line("w1.example", *witness_, kTime));
}

TEST_F(CosignatureTest, CopiesOfOneCountOnce) {
  for (int i = 0; i < 150; ++i) {
    put_object(*store_, layout::cosignature(tenant_, 0, 42, std::to_string(1000 + i)),
               as_bytes(line("w1.example", *witness_, kTime)), {});
  }
  EXPECT_EQ(with_stored_cosignatures(*store_, tenant_, 42, note_, trust_), cosigned());
}

TEST_F(CosignatureTest, RefusesToCosignWhatIsNoCheckpoint) {
  const auto kind = [&](const std::string& note, const std::string& name) {
    return error_kind([&] { cosign_checkpoint(note, name, *witness_, kTime); });
  };
  EXPECT_EQ(kind("", "w1"), ErrorKind::invalid_argument);
  EXPECT_EQ(kind("a\nb\n\n" + line("w1", *witness_, kTime), "w1"), ErrorKind::invalid_argument);
  EXPECT_EQ(kind(note_, "w 1"), ErrorKind::invalid_argument);
  EXPECT_EQ(kind(note_, ""), ErrorKind::invalid_argument);
}

}  // namespace
}  // namespace atp
