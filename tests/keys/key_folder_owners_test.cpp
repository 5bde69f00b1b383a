// SPDX-License-Identifier: Apache-2.0
/// Whose key folders, secrets and trust policies are taken.
#include <gtest/gtest.h>

#include "atp/keys/key_folder.hpp"
#include "support/error_kind.hpp"
#include "support/sequence_random.hpp"
#include "support/simulated_file_system.hpp"

namespace atp {
namespace {

using test::error_kind;

const std::string kVaultId(32, '1');

/// Users other than root, and what they may do to folders, in memory.
class KeyFolderOwners : public testing::Test {
 protected:
  KeyFolderOwners() { create_keys(files_, random_, kFolder, kVaultId, "bank.example"); }

  std::optional<ErrorKind> load() {
    return test::error_kind([&] { load_keys(files_, kFolder); });
  }

  static constexpr std::uint32_t kStranger = 4242;
  const Path kFolder = "/home/operator/keys";
  test::SimulatedFileSystem files_;
  test::SequenceRandom random_{4};
};

TEST_F(KeyFolderOwners, T042_AFolderThatOthersMayWriteOrReplaceHoldsNoKeys) {
  for (const Path& folder : {kFolder, kFolder.parent_path(), Path("/home"), Path("/")}) {
    const std::uint32_t before = files_.status(folder)->mode;
    for (const std::uint32_t mode : {0777U, 0775U, 0757U}) {
      files_.change_mode(folder, mode);
      EXPECT_EQ(load(), ErrorKind::permission_denied) << folder << std::oct << mode;
      EXPECT_EQ(error_kind([&] { find_trust_policy(files_, kFolder); }),
                ErrorKind::permission_denied);
    }
    files_.change_mode(folder, 01777);
    EXPECT_EQ(load(), std::nullopt) << folder << ": in a sticky folder others replace nothing";
    files_.change_mode(folder, before);
    files_.change_owner(folder, kStranger);
    EXPECT_EQ(load(), ErrorKind::permission_denied) << folder;
    files_.change_owner(folder, 0);
  }
  EXPECT_EQ(load(), std::nullopt);
}

TEST_F(KeyFolderOwners, T042_NoFileOfAnotherUserIsTaken) {
  const KeyPaths paths = key_paths(kFolder);
  for (const Path& path : {paths.identity, paths.signing_key, paths.ledger_key, paths.trust}) {
    files_.change_owner(path, kStranger);
    try {
      load_keys(files_, kFolder);
      ADD_FAILURE() << path;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::permission_denied);
      EXPECT_NE(error.message().find("user 4242"), std::string::npos) << error.message();
    }
    files_.change_owner(path, 0);
  }
}

TEST_F(KeyFolderOwners, T042_APolicyThatAGroupMayWriteIsNotTaken) {
  files_.change_mode(key_paths(kFolder).trust, 0664);
  EXPECT_EQ(load(), ErrorKind::permission_denied);
}

TEST_F(KeyFolderOwners, ATrustPolicyOverItsLimitIsInvalid) {
  const Bytes large((1 << 20) + 1);
  write_file_durably(files_, random_, "/large.json", large);
  EXPECT_EQ(error_kind([&] { load_trust_policy(files_, "/large.json"); }),
            ErrorKind::invalid_argument);
}

}  // namespace
}  // namespace atp
