// SPDX-License-Identifier: Apache-2.0
#include "atp/storage/open_store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/error_kind.hpp"
#include "support/manual_clock.hpp"
#include "support/sequence_random.hpp"
#include "support/simulated_file_system.hpp"

namespace atp::test {
namespace {

class OpenStore : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* folder : {"/s", "/a:b", "/100%", "/a?b#c"}) {
      environment.files->create_directory(folder);
    }
    put_object(*open_store_at("/s", environment), "k", as_bytes("text"), {});
  }
  std::optional<ErrorKind> refusal(std::string_view address) {
    return error_kind([&] { open_store_at(address, environment); });
  }

  std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>();
  StoreEnvironment environment{.files = std::make_shared<SimulatedFileSystem>(clock),
                               .clock = clock,
                               .random = std::make_shared<SequenceRandom>()};
};

TEST_F(OpenStore, TakesAFolderWithAndWithoutScheme) {
  for (const std::string_view address : {"/s", "file:/s", "file:///s", "/s/"}) {
    EXPECT_TRUE(open_store_at(address, environment)->stat("k")) << address;
  }
}

TEST_F(OpenStore, TakesPathsWithoutSchemeByteForByte) {
  for (const std::string_view address : {"/a:b", "/100%", "/a?b#c"}) {
    EXPECT_EQ(refusal(address), std::nullopt) << address;
  }
}

TEST_F(OpenStore, MemoryIsNewEachTime) {
  const auto store = open_store_at("mem:", environment);
  put_object(*store, "k", as_bytes("text"), {});
  EXPECT_FALSE(open_store_at("mem:", environment)->stat("k"));
}

TEST_F(OpenStore, WhatIsOnlyReadIsNotWritten) {
  for (const std::string_view address : {"mem:", "file:/s"}) {
    const auto store = open_store_at(address, environment, StoreAccess::read_only);
    EXPECT_EQ(error_kind([&] { put_object(*store, "l", as_bytes("text"), {}); }),
              ErrorKind::permission_denied);
  }
}

TEST_F(OpenStore, RefusesWhatOtherProgramsWouldReadOtherwise) {
  for (const std::string_view address :
       {"", "file:", "file://", "file://localhost/s", "file://user@/s", "file:/100%", "file:/%73",
        "file:/s?x=1", "file:/s#part", "mem:x", "mem://"}) {
    EXPECT_EQ(refusal(address), ErrorKind::invalid_argument) << address;
    EXPECT_EQ(error_subject([&] { open_store_at(address, environment); }),
              address.substr(0, address.find(':') + 1))
        << "the disk was asked for " << address;
  }
  EXPECT_EQ(refusal(std::string_view("/s\0", 3)), ErrorKind::invalid_argument);
  EXPECT_EQ(refusal("/none"), ErrorKind::not_found);
}

TEST_F(OpenStore, SaysWhichSchemesItKnowsAndNoPassword) {
  for (const std::string_view address :
       {"s3://key:secret@bucket/prefix", "az://account/secret", "FILE:/s", "a:b", "https://x/"}) {
    try {
      open_store_at(address, environment);
      FAIL() << address;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::unsupported) << address;
      EXPECT_THAT(error.what(), ::testing::HasSubstr("file:, mem: or a path"));
      EXPECT_THAT(error.what(), ::testing::Not(::testing::HasSubstr("secret")));
    }
  }
}

}  // namespace
}  // namespace atp::test
