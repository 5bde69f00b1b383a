// SPDX-License-Identifier: Apache-2.0
// Zeros sealed are key stream: where two chunks of zeros begin alike, a key and nonce came twice.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <mutex>
#include <thread>

#include "atp/crypto/age.hpp"
#include "crypto/vectors.hpp"

namespace atp::age {
namespace {

using Mark = std::array<std::byte, 16>;
using test::error_kind;

constexpr std::size_t kSealedChunk = kChunkSize + kTagSize;

/// Hands out the system's randomness and keeps what becomes file keys and payload nonces.
class RecordingRandom final : public Random {
 public:
  void fill(MutableByteView out) override {
    system_.fill(out);
    if (out.size() != 16) return;
    Mark mark;
    std::ranges::copy(out, mark.begin());
    filled_.push_back(mark);
  }
  /// One per file: its key and its nonce.
  std::vector<std::pair<Mark, Mark>> pairs() const {
    std::vector<std::pair<Mark, Mark>> pairs;
    for (std::size_t i = 0; i + 1 < filled_.size(); i += 2)
      pairs.emplace_back(filled_[i], filled_[i + 1]);
    return pairs;
  }

 private:
  SystemRandom system_;
  std::vector<Mark> filled_;
};

/// Keeps the first bytes of each chunk.
class MarkSink final : public ByteSink {
 public:
  void write(ByteView bytes) override {
    if (++writes_ <= 2) return;
    Mark mark;
    std::ranges::copy(bytes.first(mark.size()), mark.begin());
    marks.push_back(mark);
  }
  std::vector<Mark> marks;

 private:
  int writes_ = 0;  // Header and nonce come first.
};

std::vector<Mark> seal_zeros(const Recipient& recipient, Random& random, std::size_t size) {
  static const Bytes zeros(4 * kChunkSize);
  MarkSink sink;
  Encryptor encryptor({&recipient, 1}, random, sink);
  encryptor.write(ByteView(zeros).first(size));
  encryptor.finish();
  return std::move(sink.marks);
}

std::vector<Mark> seal_many(const Recipient& recipient, Random& random, int files) {
  std::vector<Mark> marks;
  for (int i = 0; i < files; ++i) {
    const std::size_t size = i % 1000 == 0 ? 3 * kChunkSize + 16 : 16;
    const std::vector<Mark> more = seal_zeros(recipient, random, size);
    marks.insert(marks.end(), more.begin(), more.end());
  }
  return marks;
}

template <class T>
void expect_no_twins(std::vector<T> values) {
  const std::size_t count = values.size();
  std::ranges::sort(values);
  values.erase(std::unique(values.begin(), values.end()), values.end());
  EXPECT_EQ(values.size(), count);
}

class AgeNonces : public testing::Test {
 protected:
  SystemRandom random_;
  Recipient recipient_ = Identity::generate(random_).recipient();
};

TEST_F(AgeNonces, T036_KeyAndNonceNeverComeTwiceInManyFiles) {
  constexpr int files = 100'000;
  RecordingRandom random;
  const std::vector<Mark> marks = seal_many(recipient_, random, files);
  EXPECT_EQ(marks.size(), files + 3u * files / 1000);
  expect_no_twins(marks);
  EXPECT_EQ(random.pairs().size(), static_cast<std::size_t>(files));
  expect_no_twins(random.pairs());
}

TEST_F(AgeNonces, T036_KeyAndNonceNeverComeTwiceInAFileOfManyChunks) {
  MarkSink sink;
  Encryptor encryptor({&recipient_, 1}, random_, sink);
  const Bytes zeros(kChunkSize);
  constexpr std::size_t chunks = 1000;  // More than the counter's lowest byte counts.
  for (std::size_t i = 0; i < chunks; ++i) encryptor.write(zeros);
  encryptor.finish();
  EXPECT_EQ(sink.marks.size(), chunks);
  expect_no_twins(sink.marks);
}

TEST_F(AgeNonces, T036_KeyAndNonceNeverComeTwiceInForkedChildren) {
  constexpr int children = 8;
  constexpr int files = 500;
  std::vector<Mark> marks = seal_many(recipient_, random_, files);
  for (int child = 0; child < children; ++child) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const pid_t pid = fork();
    ASSERT_GE(pid, 0);
    if (pid == 0) {
      const std::vector<Mark> own = seal_many(recipient_, random_, files);
      const ByteView bytes = std::as_bytes(std::span(own));
      const bool sent =
          ::write(ends[1], bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size());
      _exit(sent ? 0 : 1);
    }
    close(ends[1]);
    for (Mark mark; ::read(ends[0], mark.data(), mark.size()) == ssize_t{sizeof mark};)
      marks.push_back(mark);
    close(ends[0]);
    int status = 0;
    ASSERT_EQ(waitpid(pid, &status, 0), pid);
    ASSERT_EQ(status, 0);
  }
  EXPECT_EQ(marks.size(), (children + 1) * (files + 3u));
  expect_no_twins(marks);
}

TEST_F(AgeNonces, T036_KeyAndNonceNeverComeTwiceAcrossThreads) {
  std::mutex mutex;
  std::vector<Mark> marks;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        const std::vector<Mark> own = seal_many(recipient_, random_, 1000);
        const std::scoped_lock lock(mutex);
        marks.insert(marks.end(), own.begin(), own.end());
      });
    }
  }
  EXPECT_EQ(marks.size(), 4012u);
  expect_no_twins(marks);
}

TEST_F(AgeNonces, T036_NothingIsSealedAgainAfterASinkThatFailed) {
  class FailingSink final : public ByteSink {
   public:
    void write(ByteView bytes) override {
      if (bytes.size() != kSealedChunk) return;
      ++chunks;
      throw Error(ErrorKind::no_space, "sink", "full");
    }
    int chunks = 0;
  } sink;
  Encryptor encryptor({&recipient_, 1}, random_, sink);
  const Bytes zeros(2 * kChunkSize);
  EXPECT_EQ(error_kind([&] { encryptor.write(zeros); }), ErrorKind::no_space);
  EXPECT_EQ(error_kind([&] { encryptor.write(zeros); }), ErrorKind::precondition_failed);
  EXPECT_EQ(error_kind([&] { encryptor.finish(); }), ErrorKind::precondition_failed);
  EXPECT_EQ(sink.chunks, 1);
}

}  // namespace
}  // namespace atp::age
