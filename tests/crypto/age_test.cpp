// SPDX-License-Identifier: Apache-2.0
#include "atp/crypto/age.hpp"

#include <algorithm>
#include <numeric>

#include "crypto/age_reader.hpp"

namespace atp::age {
namespace {

using test::error_kind;
using test::MemorySink;
using test::pattern;
using test::read_chunks;
using test::Released;

constexpr std::size_t kSealedChunk = kChunkSize + kTagSize;

class Age : public testing::Test {
 protected:
  Bytes seal(ByteView plain) {
    const Recipient recipients[] = {identity_.recipient()};
    return encrypt(plain, recipients, random_);
  }
  Opened open(ByteView file) const { return open_header(file, {&identity_, 1}); }
  SecretBytes unseal(ByteView file) const { return decrypt(file, {&identity_, 1}); }

  SystemRandom random_;
  Identity identity_ = Identity::generate(random_);
};

TEST_F(Age, KeysKeepTheirTextForm) {
  const std::string_view text =
      "AGE-SECRET-KEY-1EGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR48UAWX40Q2P2LM0";
  const Identity identity = Identity::parse(text);
  EXPECT_EQ(identity.str().text(), text);
  const std::string recipient = identity.recipient().str();
  EXPECT_TRUE(recipient.starts_with("age1"));
  EXPECT_EQ(Recipient::parse(recipient), identity.recipient());
  EXPECT_EQ(Identity::parse(identity_.str().text()).recipient(), identity_.recipient());
}

TEST_F(Age, KeysWithAnyOtherCharacterAreRefused) {
  const std::string good = identity_.recipient().str();
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (const char c : {'q', 'p', 'Q', 'b', '1', ' ', '\0'}) {
      std::string text = good;
      if (text[i] == c) continue;
      text[i] = c;
      EXPECT_EQ(error_kind([&] { Recipient::parse(text); }), ErrorKind::invalid_argument) << text;
    }
  }
  std::string upper = good;
  std::ranges::transform(upper, upper.begin(), [](char c) { return std::toupper(c); });
  for (const std::string& text : {upper, good + "q", good + "\n", good.substr(1), std::string()})
    EXPECT_EQ(error_kind([&] { Recipient::parse(text); }), ErrorKind::invalid_argument) << text;
}

TEST_F(Age, AnIdentityInLowerCaseOrOfAnotherKindIsRefused) {
  std::string lower(identity_.str().text());
  std::ranges::transform(lower, lower.begin(), [](char c) { return std::tolower(c); });
  EXPECT_EQ(error_kind([&] { Identity::parse(lower); }), ErrorKind::invalid_argument);
  EXPECT_EQ(error_kind([&] { Identity::parse(identity_.recipient().str()); }),
            ErrorKind::invalid_argument);
}

TEST_F(Age, ErrorsAboutAnIdentityDoNotShowIt) {
  std::string text(identity_.str().text());
  text.back() = text.back() == 'Q' ? 'P' : 'Q';
  try {
    Identity::parse(text);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()).find(text.substr(16, 8)), std::string::npos);
  }
}

TEST_F(Age, AnIdentityFileHoldsOneKey) {
  const std::string key(identity_.str().text());
  const auto recipient_in = [](const std::string& file) {
    return Identity::parse_file(file).recipient();
  };
  EXPECT_EQ(recipient_in("# created: today\n# public key: age1\n" + key + "\n"),
            identity_.recipient());
  EXPECT_EQ(recipient_in("\r\n\r\n" + key), identity_.recipient());
  for (const std::string& file :
       {std::string(), std::string("# none\n"), key + "\n" + key, key + " \n", "other\n" + key})
    EXPECT_EQ(error_kind([&] { Identity::parse_file(file); }), ErrorKind::invalid_argument);
}

TEST_F(Age, OpensWhatItSealedAtEverySizeNearAChunk) {
  for (const std::size_t base : {std::size_t{0}, kChunkSize, 2 * kChunkSize, 3 * kChunkSize}) {
    for (const int near : {-1, 0, 1}) {
      if (base == 0 && near < 0) continue;
      const Bytes plain = pattern(base + near);
      const Bytes file = seal(plain);
      EXPECT_TRUE(std::ranges::equal(unseal(file).view(), plain)) << plain.size();
      EXPECT_EQ(plain_size(file.size() - open(file).payload_offset()), plain.size());
    }
  }
}

TEST_F(Age, GivesTheSameChunksHoweverTheWritesAreCut) {
  const Bytes plain = pattern(3 * kChunkSize + 5);
  for (const std::size_t step : {std::size_t{1000}, kChunkSize - 1, kChunkSize, kChunkSize + 1,
                                 2 * kChunkSize, plain.size()}) {
    MemorySink sink;
    const Recipient recipients[] = {identity_.recipient()};
    Encryptor encryptor(recipients, random_, sink);
    for (std::size_t at = 0; at < plain.size(); at += step)
      encryptor.write(ByteView(plain).subspan(at, std::min(step, plain.size() - at)));
    encryptor.finish();
    EXPECT_TRUE(std::ranges::equal(unseal(sink.bytes).view(), plain)) << step;
  }
}

TEST_F(Age, AFullChunkWaitsForAByteAfterIt) {
  MemorySink sink;
  const Recipient recipients[] = {identity_.recipient()};
  Encryptor encryptor(recipients, random_, sink);
  const std::size_t head = sink.bytes.size();
  encryptor.write(Bytes(kChunkSize));
  EXPECT_EQ(sink.bytes.size(), head);
  encryptor.write(Bytes(1));
  EXPECT_EQ(sink.bytes.size(), head + kSealedChunk);
  encryptor.finish();
  EXPECT_EQ(sink.bytes.size(), head + kSealedChunk + 1 + kTagSize);
}

TEST_F(Age, NothingFollowsTheEnd) {
  MemorySink sink;
  const Recipient recipients[] = {identity_.recipient()};
  Encryptor encryptor(recipients, random_, sink);
  encryptor.finish();
  const std::size_t size = sink.bytes.size();
  EXPECT_EQ(error_kind([&] { encryptor.finish(); }), ErrorKind::precondition_failed);
  EXPECT_EQ(error_kind([&] { encryptor.write(Bytes(1)); }), ErrorKind::precondition_failed);
  EXPECT_EQ(sink.bytes.size(), size);
}

TEST_F(Age, EveryRecipientOpensTheFileAndNobodyElse) {
  const Identity other = Identity::generate(random_);
  const Identity stranger = Identity::generate(random_);
  const Recipient recipients[] = {identity_.recipient(), other.recipient()};
  const Bytes file = encrypt(as_bytes("text"), recipients, random_);
  EXPECT_EQ(unseal(file).text(), "text");
  EXPECT_EQ(decrypt(file, {&other, 1}).text(), "text");
  EXPECT_EQ(error_kind([&] { decrypt(file, {&stranger, 1}); }), ErrorKind::unauthenticated);
  EXPECT_EQ(error_kind([&] { decrypt(file, {}); }), ErrorKind::unauthenticated);
}

TEST_F(Age, SealingToNobodyOrToALowOrderPointIsRefused) {
  EXPECT_EQ(error_kind([&] { encrypt(as_bytes("text"), {}, random_); }),
            ErrorKind::invalid_argument);
  const Recipient low[] = {Recipient(std::array<std::byte, 32>{})};
  EXPECT_EQ(error_kind([&] { encrypt(as_bytes("text"), low, random_); }),
            ErrorKind::invalid_argument);
}

TEST_F(Age, OpensAnyChunkAlone) {
  const Bytes plain = pattern(2 * kChunkSize + 100);
  const Bytes file = seal(plain);
  const Opened opened = open(ByteView(file).first(1000));
  const ByteView payload = ByteView(file).subspan(opened.payload_offset());
  Bytes out(kChunkSize);
  EXPECT_EQ(opened.open_chunk(1, false, payload.subspan(kSealedChunk, kSealedChunk), out),
            kChunkSize);
  EXPECT_TRUE(std::ranges::equal(out, ByteView(plain).subspan(kChunkSize, kChunkSize)));
  EXPECT_EQ(opened.open_chunk(2, true, payload.subspan(2 * kSealedChunk), out), 100u);
  EXPECT_TRUE(
      std::ranges::equal(ByteView(out).first(100), ByteView(plain).subspan(2 * kChunkSize)));
}

TEST_F(Age, EveryFlippedBitOfAHeaderIsRefused) {
  const Bytes file = seal(as_bytes("text"));
  const std::size_t head = open(file).payload_offset();
  for (std::size_t bit = 0; bit < head * 8; ++bit) {
    Bytes changed = file;
    changed[bit / 8] ^= static_cast<std::byte>(1 << bit % 8);
    EXPECT_NE(error_kind([&] { unseal(changed); }), std::nullopt) << bit;
  }
}

TEST_F(Age, AHeaderOverItsLimitIsRefused) {
  std::string file = "age-encryption.org/v1\n-> filler\n";
  for (int i = 0; i < 2000; ++i) file += std::string(64, 'A') + "\n";
  EXPECT_EQ(error_kind([&] { open(as_bytes(file)); }), ErrorKind::corrupt);
  const std::vector<Recipient> many(700, identity_.recipient());
  MemorySink sink;
  EXPECT_EQ(error_kind([&] { Encryptor(many, random_, sink); }), ErrorKind::invalid_argument);
}

TEST(AgePlainSize, KnowsTheSizesThatPayloadsHave) {
  EXPECT_EQ(plain_size(16), 0u);
  EXPECT_EQ(plain_size(17), 1u);
  EXPECT_EQ(plain_size(kSealedChunk), kChunkSize);
  EXPECT_EQ(plain_size(kSealedChunk + 17), kChunkSize + 1);
  EXPECT_EQ(plain_size(1000 * kSealedChunk), 1000 * kChunkSize);
  for (const std::uint64_t size :
       {std::uint64_t{0}, std::uint64_t{15}, std::uint64_t{kSealedChunk + 1},
        std::uint64_t{kSealedChunk + 16}})
    EXPECT_EQ(error_kind([&] { plain_size(size); }), ErrorKind::corrupt) << size;
}

/// What stands in the payload, chunk by chunk, and how much of it must come out before the error.
class AgeChunks : public Age {
 protected:
  void make(std::size_t chunks, std::size_t last_size) {
    plain_ = pattern((chunks - 1) * kChunkSize + last_size);
    file_ = seal(plain_);
    const std::size_t head = open(file_).payload_offset();
    head_ = Bytes(file_.begin(), file_.begin() + static_cast<std::ptrdiff_t>(head));
    chunks_ = chunks_of(file_);
  }
  std::vector<Bytes> chunks_of(ByteView file) const {
    std::vector<Bytes> chunks;
    ByteView rest = file.subspan(open(file).payload_offset());
    while (!rest.empty()) {
      const ByteView chunk = rest.first(std::min(rest.size(), kSealedChunk));
      chunks.emplace_back(chunk.begin(), chunk.end());
      rest = rest.subspan(chunk.size());
    }
    return chunks;
  }
  /// Reads the chunks in this order and expects them to fail after exactly `good` chunks.
  void expect_corrupt_after(std::size_t good, const std::vector<Bytes>& chunks) const {
    Bytes file = head_;
    for (const Bytes& chunk : chunks) file.insert(file.end(), chunk.begin(), chunk.end());
    expect_file_corrupt_after(good, file);
  }
  void expect_file_corrupt_after(std::size_t good, const Bytes& file) const {
    const Released released = read_chunks(open(file), file);
    EXPECT_EQ(released.error, ErrorKind::corrupt);
    EXPECT_EQ(released.plain.size(), good * kChunkSize);
    EXPECT_TRUE(std::ranges::equal(released.plain, ByteView(plain_).first(good * kChunkSize)));
    EXPECT_TRUE(released.untouched) << "bytes of the bad chunk came out";
    EXPECT_EQ(error_kind([&] { unseal(file); }), ErrorKind::corrupt);
  }

  Bytes plain_;
  Bytes file_;
  Bytes head_;
  std::vector<Bytes> chunks_;
};

TEST_F(AgeChunks, T007_AFileCutAnywhereNearAChunkEdgeIsCorrupt) {
  for (const std::size_t last_size : {std::size_t{100}, kChunkSize}) {
    make(3, last_size);
    for (std::size_t edge = 0; edge <= 3; ++edge) {
      const std::size_t middle = std::min(head_.size() + edge * kSealedChunk, file_.size());
      const std::size_t from = edge == 0 ? head_.size() : middle - 40;
      for (std::size_t size = from; size < std::min(middle + 40, file_.size()); ++size) {
        SCOPED_TRACE(size);
        const std::size_t whole = (size - head_.size()) / kSealedChunk;
        const bool at_edge = (size - head_.size()) % kSealedChunk == 0;
        const std::size_t good = at_edge && whole > 0 ? whole - 1 : whole;
        expect_file_corrupt_after(good, Bytes(file_.begin(), file_.begin() + size));
      }
    }
  }
}

TEST_F(AgeChunks, T007_AFileCutInItsHeaderIsCorrupt) {
  make(1, 100);
  for (std::size_t size = 0; size < head_.size(); ++size)
    EXPECT_EQ(error_kind([&] { open(ByteView(file_).first(size)); }), ErrorKind::corrupt) << size;
}

TEST_F(AgeChunks, T007_EveryOtherOrderOfChunksIsCorruptAtTheFirstMoved) {
  for (std::size_t count = 2; count <= 5; ++count) {
    for (const std::size_t last_size : {std::size_t{100}, kChunkSize}) {
      make(count, last_size);
      std::vector<std::size_t> order(count);
      std::iota(order.begin(), order.end(), 0);
      while (std::ranges::next_permutation(order).found) {
        std::vector<Bytes> chunks;
        for (const std::size_t i : order) chunks.push_back(chunks_[i]);
        std::size_t good = 0;
        while (order[good] == good) ++good;
        expect_corrupt_after(good, chunks);
      }
    }
  }
}

TEST_F(AgeChunks, T007_ADroppedOrDoubledChunkIsCorruptWhereItWas) {
  make(4, 100);
  for (std::size_t i = 0; i < chunks_.size(); ++i) {
    std::vector<Bytes> dropped = chunks_;
    dropped.erase(dropped.begin() + static_cast<std::ptrdiff_t>(i));
    expect_corrupt_after(std::min<std::size_t>(i, 2), dropped);
    std::vector<Bytes> doubled = chunks_;
    doubled.insert(doubled.begin() + static_cast<std::ptrdiff_t>(i), chunks_[i]);
    expect_corrupt_after(std::min<std::size_t>(i + 1, 3), doubled);
  }
}

TEST_F(AgeChunks, T007_AChunkOfAnotherFileOfTheSameRecipientIsCorrupt) {
  make(3, 100);
  const std::vector<Bytes> other = chunks_of(seal(plain_));
  for (std::size_t i = 0; i < chunks_.size(); ++i) {
    std::vector<Bytes> spliced = chunks_;
    spliced[i] = other[i];
    expect_corrupt_after(i, spliced);
  }
}

TEST_F(AgeChunks, T007_AFlippedBitInAChunkIsCorruptThere) {
  make(3, 100);
  for (std::size_t i = 0; i < chunks_.size(); ++i) {
    for (const std::size_t place : {std::size_t{0}, chunks_[i].size() / 2, chunks_[i].size() - 1}) {
      std::vector<Bytes> changed = chunks_;
      changed[i][place] ^= std::byte{1};
      expect_corrupt_after(i, changed);
    }
  }
}

TEST_F(AgeChunks, T007_BytesAfterTheLastChunkAreCorrupt) {
  for (const std::size_t last_size : {std::size_t{100}, kChunkSize}) {
    make(2, last_size);
    for (const std::size_t more : {1, 16, 17}) {
      Bytes file = file_;
      file.resize(file.size() + more);
      expect_file_corrupt_after(1, file);
    }
  }
}

}  // namespace
}  // namespace atp::age
