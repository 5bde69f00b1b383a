// SPDX-License-Identifier: Apache-2.0
#include "net/url.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/error_kind.hpp"

namespace atp {
namespace {

using net::parse_url;
using test::error_kind;

TEST(Url, IsTakenApart) {
  const auto url = parse_url("https://Log.example:8443/a%20b/c?d=e");
  EXPECT_TRUE(url.tls);
  EXPECT_EQ(url.host, "Log.example");
  EXPECT_EQ(url.port, 8443);
  EXPECT_EQ(url.authority, "Log.example:8443");
  EXPECT_EQ(url.target, "/a%20b/c?d=e");
  EXPECT_EQ(url.origin(), "https://Log.example:8443");
}

TEST(Url, HasThePortOfItsScheme) {
  EXPECT_EQ(parse_url("HTTP://log.example").port, 80);
  EXPECT_EQ(parse_url("https://log.example").port, 443);
  EXPECT_EQ(parse_url("https://log.example:443/").authority, "log.example");
  EXPECT_EQ(parse_url("http://log.example:443/").authority, "log.example:443");
}

TEST(Url, HasAPathEvenWithoutOne) {
  EXPECT_EQ(parse_url("http://log.example").target, "/");
  EXPECT_EQ(parse_url("http://log.example?a=b").target, "/?a=b");
}

TEST(Url, MayHaveAnIpv6Address) {
  const auto url = parse_url("http://[2001:db8::1]:8080/x");
  EXPECT_EQ(url.host, "2001:db8::1");
  EXPECT_EQ(url.port, 8080);
  EXPECT_EQ(url.authority, "[2001:db8::1]:8080");
  EXPECT_EQ(parse_url("http://[::1]").port, 80);
  EXPECT_EQ(parse_url("http://[::1]").authority, "[::1]");
}

class NoUrl : public testing::TestWithParam<const char*> {};

TEST_P(NoUrl, IsAnInvalidArgument) {
  EXPECT_EQ(error_kind([&] { parse_url(GetParam()); }), ErrorKind::invalid_argument) << GetParam();
}

INSTANTIATE_TEST_SUITE_P(
    Url, NoUrl,
    testing::Values("", "log.example/", "ftp://log.example/", "http:/log.example", "http://",
                    "http:///x", "http://user@log.example/", "http://user:secret@log.example/",
                    "http://a@b@log.example/", "http://log.example:0/", "http://log.example:65536/",
                    "http://log.example:/", "http://log.example:+80/", "http://log.example:8o/",
                    "http://log..example/", "http://log.example./", "http://.example/",
                    "http://log example/", "http://log.example/a b", "http://log.example/#part",
                    "http://log.example/%4", "http://log.example/%zz", "http://log.example/\x01",
                    "http://log.example/\r\nHost: x", "http://log.example\r\n/",
                    "http://l\xc3\xb6g/", "http://[::1/", "http://[::1]x/", "http://[::g]/",
                    "http://[fe80::1%25eth0]/", "http://::1/",
                    "http://log.example\\@other.example/", " http://log.example/"));

TEST(Url, UserInfoIsRefusedByName) {
  try {
    parse_url("https://user@log.example/");
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("user info"));
  }
}

TEST(Url, T102_WhatIsRefusedIsNotRepeated) {
  for (const std::string text : {"http://user:canary@log.example/",
                                 "http://log.example/canary here", "canary", "http://canary:0/"}) {
    try {
      parse_url(text);
      FAIL() << text;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), testing::Not(testing::HasSubstr("canary")));
    }
  }
}

}  // namespace
}  // namespace atp
