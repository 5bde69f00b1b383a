// SPDX-License-Identifier: Apache-2.0
/// The records that the benchmarks and the demo run on.
#include <gmock/gmock.h>

#include <cstdlib>

#include "atp/crypto/sha256.hpp"
#include "source/source_test_tools.hpp"
#include "support/shared_data.hpp"

namespace atp::test {
namespace {

class Generator : public SourceTest {
 protected:
  void SetUp() override {
    const char* command = std::getenv("ATP_GENERATE");
    if (command == nullptr) return miss("ATP_GENERATE");
    command_ = command;
  }
  /// The exit status of the command with these arguments.
  int generate(const std::string& arguments) const {
    const std::string line = "'" + command_ + "' --out '" + folder().string() + "' " + arguments;
    return std::system((line + " > /dev/null 2>&1").c_str());
  }
  std::string contents(const std::string& name) const {
    return std::string(as_text(read_file(*files_, folder() / name, 1 << 24)));
  }

 private:
  std::string command_;
};

TEST_F(Generator, WritesTheSameBytesOnEveryMachine) {
  ASSERT_EQ(generate("--first 2 --segments 2 --segment-bytes 64K --stream audit --seed 7"), 0);
  ASSERT_EQ(list().files.size(), 2U);
  const std::string text = contents("audit/000002.jsonl");
  EXPECT_LE(text.size(), 65'536U);
  EXPECT_TRUE(text.ends_with("}\n"));
  EXPECT_EQ(sha256(as_bytes(text)).hex(),
            "e29c9ecb8a4d8beca67f4370e41d55a29a8f8bb2aa770f89d645008c18f30fb8");
}

TEST_F(Generator, LargerSegmentsOnlyAddRecordsAtTheEnd) {
  ASSERT_EQ(generate("--segment-bytes 20K --stream a"), 0);
  const std::string less = contents("a/000000.jsonl");
  std::filesystem::remove(folder() / "a/000000.jsonl");
  ASSERT_EQ(generate("--segment-bytes 90K --stream a"), 0);
  EXPECT_THAT(contents("a/000000.jsonl"), testing::StartsWith(less));
}

TEST_F(Generator, SeedStreamAndNumberEachGiveOtherRecords) {
  ASSERT_EQ(generate("--segment-bytes 4K --segments 2 --stream a --stream b"), 0);
  const std::string first = contents("a/000000.jsonl");
  EXPECT_NE(first, contents("a/000001.jsonl"));
  EXPECT_NE(first, contents("b/000000.jsonl"));
  ASSERT_EQ(generate("--segment-bytes 4K --seed 2"), 0);
  EXPECT_NE(first, contents("000000.jsonl"));
}

TEST_F(Generator, NeverWritesOverASegment) {
  put("000000.jsonl", "sealed\n");
  EXPECT_NE(generate("--segment-bytes 4K"), 0);
  EXPECT_EQ(contents("000000.jsonl"), "sealed\n");
}

TEST_F(Generator, RefusesAStreamThatIsNoPlainName) {
  EXPECT_NE(generate("--segment-bytes 4K --stream ../x"), 0);
  EXPECT_NE(generate("--segment-bytes 4K --stream ''"), 0);
}

}  // namespace
}  // namespace atp::test
