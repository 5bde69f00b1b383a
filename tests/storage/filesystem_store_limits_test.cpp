// SPDX-License-Identifier: Apache-2.0
/// The machine's own limits, reached on its own file system.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "atp/storage/filesystem_store.hpp"
#include "support/error_kind.hpp"
#include "support/manual_clock.hpp"
#include "support/sequence_random.hpp"
#include "support/temp_dir.hpp"

namespace atp::test {
namespace {

/// A soft limit of this process, as it was again afterwards.
class Limit {
 public:
  Limit(decltype(RLIMIT_NOFILE) resource, rlim_t soft) : resource_(resource) {
    if (getrlimit(resource_, &before_) != 0) throw std::runtime_error("no limit to read");
    rlimit now = before_;
    now.rlim_cur = soft;
    if (setrlimit(resource_, &now) != 0) throw std::runtime_error("the limit was not taken");
  }
  ~Limit() { setrlimit(resource_, &before_); }
  Limit(const Limit&) = delete;
  Limit& operator=(const Limit&) = delete;

 private:
  decltype(RLIMIT_NOFILE) resource_;
  rlimit before_{};
};

int lowest_free_descriptor() {
  const int number = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  ::close(number);
  return number;
}

class Limits : public ::testing::Test {
 protected:
  std::shared_ptr<ObjectStore> open_store() {
    return filesystem_store(posix_file_system(), folder.path(), std::make_shared<ManualClock>(),
                            std::make_shared<SequenceRandom>());
  }
  bool has_temporaries() const { return !std::filesystem::is_empty(folder.path() / ".tmp"); }

  TempDir folder;
  const PutOptions options{.retain_until = Time::max(), .legal_hold = false};
};

TEST_F(Limits, T011_TooFewDescriptorsFailThePutForNowAndLeaveNothing) {
  put_object(*open_store(), "first", as_bytes("x"), options);
  std::size_t refused = 0;
  for (int spare = 0;; ++spare) {
    const std::string key = "k/" + std::to_string(spare);
    const auto store = open_store();
    try {
      const Limit limit(RLIMIT_NOFILE, static_cast<rlim_t>(lowest_free_descriptor() + spare));
      put_object(*store, key, as_bytes("text"), options);
      break;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::unavailable);
      EXPECT_TRUE(error.temporary());
    }
    ++refused;
    EXPECT_FALSE(has_temporaries());
    EXPECT_FALSE(store->stat(key));
    put_object(*store, key, as_bytes("text"), options);
    EXPECT_EQ(store->stat(key)->immutability.retain_until, Time::max());
  }
  EXPECT_GE(refused, 2U);
}

TEST_F(Limits, T011_AReadThatFindsNoDescriptorDoesNotLookLikeAnAbsentObject) {
  const auto store = open_store();
  put_object(*store, "k", as_bytes("x"), options);
  const Limit limit(RLIMIT_NOFILE, static_cast<rlim_t>(lowest_free_descriptor()));
  EXPECT_EQ(error_kind([&] { store->stat("k"); }), ErrorKind::unavailable);
  EXPECT_EQ(error_kind([&] { find_object(*store, "k", 10); }), ErrorKind::unavailable);
  EXPECT_EQ(error_kind([&] { store->list(""); }), ErrorKind::unavailable);
  EXPECT_EQ(error_kind([&] { store->remove("k"); }), ErrorKind::unavailable);
}

TEST_F(Limits, T011_AFileSizeLimitIsNoSpaceAndLeavesNothing) {
  const auto store = open_store();
  const auto before = std::signal(SIGXFSZ, SIG_IGN);
  const Bytes large(1 << 20, std::byte{'x'});
  const auto put = [&] { put_object(*store, "k", large, options); };
  {
    const Limit limit(RLIMIT_FSIZE, 100'000);
    EXPECT_EQ(error_kind(put), ErrorKind::no_space);
    EXPECT_FALSE(has_temporaries());
    EXPECT_FALSE(store->stat("k"));
  }
  put();
  EXPECT_EQ(get_object(*store, "k", large.size()), large);
  std::signal(SIGXFSZ, before);
}

}  // namespace
}  // namespace atp::test
