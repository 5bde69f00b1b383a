// SPDX-License-Identifier: Apache-2.0
// What we seal opens with the age command, and the other way round.
#include <unistd.h>

#include <algorithm>

#include "atp/crypto/age.hpp"
#include "atp/crypto/age_armor.hpp"
#include "crypto/vectors.hpp"

namespace atp::age {
namespace {

using test::pattern;
using test::read_text;
using test::write_text;

constexpr std::array<std::size_t, 6> kSizes = {0, 1, 65535, 65536, 65537, 3 * 65536};

class AgeCommand : public testing::Test {
 protected:
  void SetUp() override {
    if (std::system("command -v age age-keygen >/dev/null") != 0) {
      test::miss("the age command");
      return;
    }
    std::string name = (std::filesystem::temp_directory_path() / "atp-age-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override {
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }
  void run(const std::string& command) const {
    const std::string line = "cd '" + folder_.string() + "' && " + command;
    ASSERT_EQ(std::system(line.c_str()), 0) << command;
  }

  std::filesystem::path folder_;
  SystemRandom random_;
};

TEST_F(AgeCommand, OpensWhatWeSeal) {
  const Identity identity = Identity::generate(random_);
  write_text(folder_ / "key", "# made by us\n" + std::string(identity.str().text()) + "\n");
  const Recipient recipients[] = {Identity::generate(random_).recipient(), identity.recipient()};
  for (const std::size_t size : kSizes) {
    const Bytes plain = pattern(size);
    write_text(folder_ / "sealed", as_text(encrypt(plain, recipients, random_)));
    run("age -d -i key sealed >plain");
    EXPECT_EQ(read_text(folder_ / "plain"), as_text(plain)) << size;
  }
}

TEST_F(AgeCommand, SealsWhatWeOpen) {
  run("age-keygen -o key 2>/dev/null");
  const Identity identity = Identity::parse_file(read_text(folder_ / "key"));
  const std::string recipient = identity.recipient().str();
  run("test \"$(age-keygen -y key)\" = " + recipient);
  for (const std::size_t size : kSizes) {
    const Bytes plain = pattern(size);
    write_text(folder_ / "plain", as_text(plain));
    run("age -r " + recipient + " -o sealed plain && age -a -r " + recipient + " -o armored plain");
    const Bytes sealed = to_bytes(read_text(folder_ / "sealed"));
    EXPECT_TRUE(std::ranges::equal(decrypt(sealed, {&identity, 1}).view(), plain)) << size;
    const Bytes armored = decode_armor(read_text(folder_ / "armored"));
    EXPECT_TRUE(std::ranges::equal(decrypt(armored, {&identity, 1}).view(), plain)) << size;
  }
}

}  // namespace
}  // namespace atp::age
