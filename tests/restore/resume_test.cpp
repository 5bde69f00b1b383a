// SPDX-License-Identifier: Apache-2.0
/// Restores that were cut short, damaged or sent into folders that are not theirs.
#include "atp/crypto/sha256.hpp"
#include "atp/storage/layout.hpp"
#include "restore/restoring.hpp"
#include "support/faulty_store.hpp"
#include "support/temp_dir.hpp"

namespace atp {
namespace {

using test::error_kind;
using test::everything;
using test::FaultyStore;
using test::overwrite;
using test::RestoreTest;
using test::SimulatedFileSystem;
using test::tree;
using test::visible_tree;
using test::whole_tree;

const Path kTo = "/restored";
const Path kUnfinished = kTo / kUnfinishedRestore;

class Resume : public RestoreTest {
 protected:
  /// Everything staged but the last segment, which the store refused.
  void leave_unfinished() {
    FaultyStore counting(store_);
    test::restore(counting, *std::make_shared<SimulatedFileSystem>());
    FaultyStore store(store_);
    store.fail_operation(counting.operations(), Error(ErrorKind::unavailable, "store", "is gone"));
    EXPECT_EQ(error_kind([&] { test::restore(store, *files_); }), ErrorKind::unavailable);
    EXPECT_TRUE(files_->status(kUnfinished / "files/api/000001.jsonl"));
    EXPECT_EQ(visible_tree(*files_, kTo), (std::map<std::string, std::string>{}));
  }
  std::optional<ErrorKind> refusal(const RestoreOptions& options = everything()) {
    return error_kind([&] { test::restore(*store_, *files_, options); });
  }
};

TEST_F(Resume, AfterAnyInterruptionOfTheStoreEndsWithEveryByte) {
  FaultyStore counting(store_);
  test::restore(counting, *files_);
  for (std::uint64_t nth = 1; nth <= counting.operations(); ++nth) {
    SimulatedFileSystem files;
    FaultyStore store(store_);
    store.fail_operation(nth, Error(ErrorKind::unavailable, "store", "is gone for a while"));
    EXPECT_EQ(error_kind([&] { test::restore(store, files); }), ErrorKind::unavailable) << nth;
    EXPECT_TRUE(visible_tree(files, kTo).empty()) << nth;
    EXPECT_TRUE(test::restore(*store_, files).report.passed());
    EXPECT_EQ(tree(files, kTo), whole_tree()) << nth;
  }
}

TEST_F(Resume, T093_AfterAPowerLossAnywhereEndsWithEveryByte) {
  test::restore(*store_, *files_);
  const std::uint64_t operations = files_->operations();
  for (std::uint64_t nth = 1; nth <= operations; ++nth) {
    SimulatedFileSystem files;
    files.crash_after(nth);
    EXPECT_THROW(test::restore(*store_, files), test::SimulatedCrash) << nth;
    for (const auto& variant :
         {test::Variant::all(), test::Variant::none(), test::Variant::random(nth)}) {
      const auto found = files.reboot(variant);
      const auto expected = whole_tree();
      for (const auto& [name, text] : visible_tree(*found, kTo)) {
        EXPECT_EQ(expected.at(name), text) << nth;  // Never a name without all its bytes.
      }
      const bool finished = tree(*found, kTo) == expected && !found->status(kUnfinished);
      if (finished) continue;
      EXPECT_TRUE(test::restore(*store_, *found).report.passed()) << nth;
      EXPECT_EQ(tree(*found, kTo), expected) << nth;
      EXPECT_FALSE(found->status(kUnfinished)) << nth;
    }
  }
}

TEST_F(Resume, AfterAFullDiskEndsWithEveryByte) {
  for (const std::uint64_t space : {0, 100, 1'000, 50'000, 150'000}) {
    SimulatedFileSystem files;
    files.space_limit(space);
    EXPECT_EQ(error_kind([&] { test::restore(*store_, files); }), ErrorKind::no_space) << space;
    EXPECT_TRUE(visible_tree(files, kTo).empty());
    files.no_space_limit();
    test::restore(*store_, files);
    EXPECT_EQ(tree(files, kTo), whole_tree()) << space;
  }
}

TEST_F(Resume, TakesOverWhatIsWhole) {
  leave_unfinished();
  const RestoreResult result = test::restore(*store_, *files_);
  EXPECT_EQ(result.segments, 3U);
  EXPECT_EQ(result.segments_resumed, 2U);
  EXPECT_TRUE(result.report.passed());
  EXPECT_EQ(tree(*files_, kTo), whole_tree());
}

TEST_F(Resume, T009_TrustsNoFileBySizeOrName) {
  leave_unfinished();
  const Path staged = kUnfinished / "files/api/000001.jsonl";
  std::string text = whole_tree().at("api/000001.jsonl");
  text[3] ^= 1;
  overwrite(*files_, staged, text);
  overwrite(*files_, kUnfinished / "files/api/000002.jsonl", "");
  overwrite(*files_, kUnfinished / "files/000001.jsonl.part", "half of it");
  const RestoreResult result = test::restore(*store_, *files_);
  EXPECT_EQ(result.segments_resumed, 0U);
  EXPECT_EQ(tree(*files_, kTo), whole_tree());
}

TEST_F(Resume, T009_ReadsWhatWasMovedAlreadyAgainAndNeverOverwritesIt) {
  leave_unfinished();
  files_->rename(kUnfinished / "files/api/000002.jsonl", kTo / "000002");
  files_->create_directory(kTo / "api");
  files_->rename(kTo / "000002", kTo / "api/000002.jsonl");
  overwrite(*files_, kTo / "api/000002.jsonl", "changed");
  EXPECT_EQ(refusal(), ErrorKind::already_exists);
  EXPECT_EQ(tree(*files_, kTo).at("api/000002.jsonl"), "changed");
  overwrite(*files_, kTo / "api/000002.jsonl", whole_tree().at("api/000002.jsonl"));
  EXPECT_EQ(test::restore(*store_, *files_).segments_resumed, 2U);
  EXPECT_EQ(tree(*files_, kTo), whole_tree());
}

TEST_F(Resume, RefusesAnotherPointOrScope) {
  leave_unfinished();
  RestoreOptions options = everything();
  options.stream = StreamId("api");
  EXPECT_EQ(refusal(options), ErrorKind::already_exists);
  EXPECT_EQ(error_kind([&] { test::restore(*store_, *files_, everything(), kTo, vault_.full); }),
            ErrorKind::already_exists);
  overwrite(*files_, kUnfinished / "restore.json", "{}");
  EXPECT_EQ(refusal(), ErrorKind::already_exists);
  files_->remove(kUnfinished / "restore.json");
  EXPECT_EQ(refusal(), ErrorKind::already_exists);
}

TEST_F(Resume, RefusesAFolderThatHoldsAnythingElse) {
  test::restore(*store_, *files_);
  EXPECT_EQ(refusal(), ErrorKind::already_exists);
  SimulatedFileSystem other;
  other.create_directory(kTo);
  overwrite(other, kTo / "mine.txt", "mine");
  EXPECT_EQ(error_kind([&] { test::restore(*store_, other); }), ErrorKind::already_exists);
  EXPECT_EQ(tree(other, kTo), (std::map<std::string, std::string>{{"mine.txt", "mine"}}));
  overwrite(other, "/file", "");
  EXPECT_EQ(error_kind([&] { test::restore(*store_, other, everything(), "/file"); }),
            ErrorKind::already_exists);
}

TEST_F(Resume, RefusesAStrangerBesideTheUnfinishedRestore) {
  leave_unfinished();
  overwrite(*files_, kTo / "mine.txt", "mine");
  EXPECT_EQ(refusal(), ErrorKind::already_exists);
  files_->remove(kTo / "mine.txt");
  files_->create_directory(kTo / "api");
  overwrite(*files_, kTo / "api/mine.txt", "mine");
  EXPECT_EQ(refusal(), ErrorKind::already_exists);
}

TEST_F(Resume, T057_SymbolicLinksInTheFolderAreRefused) {
  const test::TempDir dir;
  const auto files = posix_file_system();
  const Path outside = dir.path() / "outside";
  std::filesystem::create_directory(outside);
  const auto refused = [&](const Path& to) {
    const auto kind = error_kind([&] { test::restore(*store_, *files, everything(), to); });
    EXPECT_TRUE(std::filesystem::is_empty(outside));
    return kind == ErrorKind::already_exists;
  };
  std::filesystem::create_directory_symlink(outside, dir.path() / "link");
  EXPECT_TRUE(refused(dir.path() / "link"));
  for (const char* name : {"RESTORE-UNFINISHED", "api", "000001.jsonl", "RESTORE-UNFINISHED/files",
                           "RESTORE-UNFINISHED/files/api"}) {
    const Path to = dir.path() / sha256(as_bytes(name)).hex();
    std::filesystem::create_directories((to / name).parent_path());
    std::filesystem::create_directory_symlink(outside, to / name);
    EXPECT_TRUE(refused(to)) << name;
  }
}

TEST_F(Resume, T057_ALinkInTheStagingFolderIsReplacedAndNotFollowed) {
  const test::TempDir dir;
  const auto files = posix_file_system();
  const Path to = dir.path() / "to";
  const Path victim = dir.path() / "victim";
  overwrite(*files, victim, "untouched");
  FaultyStore counting(store_);
  SimulatedFileSystem elsewhere;
  test::restore(counting, elsewhere);
  FaultyStore store(store_);
  store.fail_operation(counting.operations(), Error(ErrorKind::unavailable, "store", "is gone"));
  EXPECT_EQ(error_kind([&] { test::restore(store, *files, everything(), to); }),
            ErrorKind::unavailable);
  for (const char* name : {"000001.jsonl", "000001.jsonl.part"}) {
    const Path path = to / "RESTORE-UNFINISHED/files" / name;
    std::filesystem::remove(path);
    std::filesystem::create_symlink(victim, path);
  }
  EXPECT_TRUE(test::restore(*store_, *files, everything(), to).report.passed());
  EXPECT_EQ(tree(*files, to), whole_tree());
  EXPECT_EQ(as_text(read_file(*files, victim, 100)), "untouched");
}

TEST_F(Resume, ATamperedPackageShowsNothingAndIsFinishedOnceRepaired) {
  const std::string key = vault_.key_of("segments/acme-corp/default/");
  Bytes package = vault_.objects().at(key);
  package[package.size() / 2] ^= std::byte{1};
  const auto tampered = vault_.store_with(key, package);
  const RestoreResult result = test::restore(*tampered, *files_);
  EXPECT_EQ(result.report.verdict(), CheckState::failed);
  EXPECT_EQ(result.report.exit_code(), 20);
  EXPECT_EQ(result.segments, 0U);
  EXPECT_TRUE(visible_tree(*files_, kTo).empty());
  EXPECT_FALSE(files_->status(kUnfinished / "files/000001.jsonl"));
  EXPECT_FALSE(files_->status(kUnfinished / "files/000001.jsonl.part"));
  EXPECT_EQ(test::restore(*store_, *files_).segments_resumed, 2U);
  EXPECT_EQ(tree(*files_, kTo), whole_tree());
}

TEST_F(Resume, T056_NoDamageAnywhereInAPackageEverShows) {
  const std::string key = vault_.key_of("segments/acme-corp/api/000001");
  const Bytes& sound = vault_.objects().at(key);
  for (std::size_t at = 0; at < sound.size(); at += 29) {
    Bytes package = sound;
    package[at] ^= std::byte{0x40};
    SimulatedFileSystem files;
    EXPECT_FALSE(test::restore(*vault_.store_with(key, package), files).report.passed()) << at;
    EXPECT_TRUE(visible_tree(files, kTo).empty()) << at;
  }
}

TEST_F(Resume, ADamagedDocumentWritesNothing) {
  const std::string statement = layout::ledger_entry(vault_.tenant, 0, 2);
  for (const auto& [key, bytes] : vault_.objects()) {
    const bool document = key.find("/acme-corp/") != std::string::npos &&
                          !key.starts_with("segments/") &&
                          (!key.starts_with("ledger/") || key == statement);
    if (!document) continue;
    SimulatedFileSystem files;
    const RestoreResult result = test::restore(*vault_.store_with(key, std::nullopt), files);
    EXPECT_EQ(result.report.verdict(), CheckState::failed) << key;
    EXPECT_FALSE(files.status(kTo)) << key;
  }
}

TEST_F(Resume, CancelledLeavesWhatALaterCallFinishes) {
  struct StopLate : ProgressSink {
    void update(const Progress& progress) override {
      if (progress.items_done == 2) source.request_stop();
    }
    std::stop_source source;
  } sink;
  RestoreOptions options = everything();
  options.progress = &sink;
  options.stop = sink.source.get_token();
  EXPECT_EQ(refusal(options), ErrorKind::cancelled);
  EXPECT_TRUE(visible_tree(*files_, kTo).empty());
  EXPECT_EQ(test::restore(*store_, *files_).segments_resumed, 2U);
  EXPECT_EQ(tree(*files_, kTo), whole_tree());
}

}  // namespace
}  // namespace atp
