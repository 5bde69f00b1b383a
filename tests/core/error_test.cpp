// SPDX-License-Identifier: Apache-2.0
#include "atp/core/error.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <set>

#include "atp/core/clock.hpp"
#include "core/system_error.hpp"

namespace atp {
namespace {

TEST(ErrorKinds, StandInTheTableInOrderOfTheirNumbers) {
  std::set<std::string_view> names;
  int number = 0;
  for (const ErrorKindInfo& info : kErrorKinds) {
    EXPECT_EQ(static_cast<int>(info.kind), ++number);
    EXPECT_EQ(&error_kind_info(info.kind), &info);
    EXPECT_TRUE(names.insert(info.name).second);
    EXPECT_TRUE(info.python_class.ends_with("Error"));
  }
}

TEST(Error, SaysSubjectAndMessage) {
  const Error error(ErrorKind::corrupt, "segment 000131", "expected 2 bytes, found 1");
  EXPECT_STREQ(error.what(), "segment 000131: expected 2 bytes, found 1");
  EXPECT_EQ(error.subject(), "segment 000131");
  EXPECT_EQ(error.message(), "expected 2 bytes, found 1");
  EXPECT_FALSE(error.temporary());
  EXPECT_STREQ(Error(ErrorKind::corrupt, "", "expected 2 bytes").what(), "expected 2 bytes");
}

TEST(SystemError, TranslatesErrno) {
  const auto kind = [](int number) { return system_error(number, "file", "open").kind(); };
  for (const int number : {ENOSPC, EDQUOT, EFBIG}) EXPECT_EQ(kind(number), ErrorKind::no_space);
  for (const int number : {ENOENT, ENOTDIR}) EXPECT_EQ(kind(number), ErrorKind::not_found);
  EXPECT_EQ(kind(EEXIST), ErrorKind::already_exists);
  for (const int number : {EACCES, EPERM}) EXPECT_EQ(kind(number), ErrorKind::permission_denied);
  for (const int number : {ELOOP, ENAMETOOLONG}) {
    EXPECT_EQ(kind(number), ErrorKind::invalid_argument);
  }
  for (const int number : {EIO, EMFILE, ENFILE, ENOMEM, EBUSY, EROFS}) {
    EXPECT_EQ(kind(number), ErrorKind::unavailable);
  }
}

TEST(SystemError, IsTemporaryWhereWaitingHelps) {
  for (const int number : {EMFILE, ENFILE, ENOMEM, EINTR, EAGAIN}) {
    EXPECT_TRUE(system_error(number, "file", "open").temporary()) << number;
  }
  for (const int number : {EIO, ENOSPC, ENOENT, EACCES}) {
    EXPECT_FALSE(system_error(number, "file", "open").temporary()) << number;
  }
}

TEST(SystemError, NamesTheCallAndTheErrno) {
  const Error error = system_error(ENOSPC, "segment 000131", "pwrite");
  EXPECT_EQ(error.subject(), "segment 000131");
  EXPECT_NE(error.message().find("pwrite"), std::string::npos);
  EXPECT_NE(error.message().find("errno 28"), std::string::npos);
}

TEST(SystemClock, IsTheSystemsClock) {
  const Time before = std::chrono::system_clock::now();
  const Time now = SystemClock().now();
  EXPECT_LE(before, now);
  EXPECT_LE(now, std::chrono::system_clock::now());
}

}  // namespace
}  // namespace atp
