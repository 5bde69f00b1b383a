// SPDX-License-Identifier: Apache-2.0
/// What is particular to the filesystem store; what it shares with others is in the contract test.
#include "atp/storage/filesystem_store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "atp/crypto/sha256.hpp"
#include "support/error_kind.hpp"
#include "support/failing_files.hpp"
#include "support/manual_clock.hpp"
#include "support/sequence_random.hpp"
#include "support/temp_dir.hpp"

namespace atp::test {
namespace {

namespace fs = std::filesystem;

class FilesystemStore : public ::testing::Test {
 protected:
  void put(const std::string& key, const PutOptions& options = {}) {
    put_object(*store, key, as_bytes("text"), options);
  }
  std::string text_of(const std::string& relative) {
    return std::string(as_text(read_file(*files, folder.path() / relative, 1 << 20)));
  }
  void overwrite(const std::string& relative, std::string_view text) {
    std::ofstream(folder.path() / relative, std::ios::binary | std::ios::trunc) << text;
  }
  std::shared_ptr<ObjectStore> open_store() {
    return filesystem_store(files, folder.path(), clock, random);
  }

  TempDir folder;
  std::shared_ptr<FileSystem> files = posix_file_system();
  std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>();
  std::shared_ptr<SequenceRandom> random = std::make_shared<SequenceRandom>();
  std::shared_ptr<ObjectStore> store = open_store();
  const Time later = clock->now() + std::chrono::hours(1);
};

TEST_F(FilesystemStore, ObjectsArePlainFilesWithTheirRetentionBeside) {
  put("a/b/c", {.retain_until = later, .legal_hold = false});
  put("a/b/d", {.legal_hold = true});
  put("e");
  EXPECT_EQ(text_of("a/b/c"), "text");
  EXPECT_EQ(text_of("a/b/.c.retention"),
            "{\"legalHold\":false,\"retainUntil\":\"2026-01-01T01:00:00.000000000Z\"}\n");
  EXPECT_EQ(text_of("a/b/.d.retention"), "{\"legalHold\":true}\n");
  EXPECT_EQ(text_of(".e.retention"), "{\"legalHold\":false}\n");
  EXPECT_TRUE(fs::is_empty(folder.path() / ".tmp"));
}

TEST_F(FilesystemStore, WhoMayOnlyReadTheStoreCannotLockIt) {
  const Path lock = folder.path() / ".lock";
  put("a");
  EXPECT_EQ(files->status(lock)->mode, 0600U);
  fs::permissions(lock, fs::perms(0644));
  put("b");
  EXPECT_EQ(files->status(lock)->mode, 0600U);
}

TEST_F(FilesystemStore, AFolderThatIsNotThereIsNotFound) {
  EXPECT_EQ(error_kind([&] { filesystem_store(files, folder.path() / "x", clock, random); }),
            ErrorKind::not_found);
  overwrite("file", "");
  EXPECT_EQ(error_kind([&] { filesystem_store(files, folder.path() / "file", clock, random); }),
            ErrorKind::not_found);
}

TEST_F(FilesystemStore, ItsOwnFolderMayBeASymbolicLink) {
  put("a/b");
  const TempDir other;
  fs::create_directory_symlink(folder.path(), other.path() / "link");
  const auto linked = filesystem_store(files, other.path() / "link", clock, random);
  EXPECT_EQ(linked->list("").keys, std::vector<std::string>{"a/b"});
  put_object(*linked, "c", as_bytes("x"), {});
  EXPECT_TRUE(store->stat("c"));
}

TEST_F(FilesystemStore, AMissingRetentionCountsAsRetained) {
  put("k");
  fs::remove(folder.path() / ".k.retention");
  EXPECT_EQ(store->stat("k")->immutability.retain_until, Time::max());
  EXPECT_EQ(error_kind([&] { store->remove("k"); }), ErrorKind::retained);
  EXPECT_EQ(store->extend_retention("k", later), Time::max());
  store->set_legal_hold("k", true);
  EXPECT_EQ(error_kind([&] { store->remove("k"); }), ErrorKind::on_hold);
  store->set_legal_hold("k", false);
  EXPECT_EQ(error_kind([&] { store->remove("k"); }), ErrorKind::retained);
}

TEST_F(FilesystemStore, ADamagedRetentionCountsAsRetained) {
  put("k");
  const std::vector<std::string> damaged{
      "",
      "{}",
      "{}\n",
      "{\"legalHold\":false}",
      "{\"legalHold\":false}\n\n",
      "{ \"legalHold\":false}\n",
      "{\"legalHold\":0}\n",
      "{\"legalHold\":false,\"more\":1}\n",
      "{\"legalHold\":false,\"retainUntil\":null}\n",
      "{\"legalHold\":false,\"retainUntil\":\"2025-01-01T00:00:00Z\"}\n",
      "{\"legalHold\":false,\"retainUntil\":\"\"}\n",
      "[]\n",
      std::string(19, '\0'),
      "\"legalHold\"\n",
      std::string(10'000, ' ')};
  for (const std::string& text : damaged) {
    overwrite(".k.retention", text);
    EXPECT_EQ(error_kind([&] { store->remove("k"); }), ErrorKind::retained) << text;
  }
  fs::remove(folder.path() / ".k.retention");
  fs::create_directory(folder.path() / ".k.retention");
  EXPECT_EQ(error_kind([&] { store->remove("k"); }), ErrorKind::retained);
  fs::remove(folder.path() / ".k.retention");
  overwrite("elsewhere", "{\"legalHold\":false}\n");
  fs::create_symlink(folder.path() / "elsewhere", folder.path() / ".k.retention");
  EXPECT_EQ(error_kind([&] { store->remove("k"); }), ErrorKind::retained);
}

TEST_F(FilesystemStore, APutKeepsWhatABrokenOneBeforeItAskedFor) {
  overwrite(".k.retention",
            "{\"legalHold\":true,\"retainUntil\":\"2026-01-01T01:00:00.000000000Z\"}\n");
  EXPECT_FALSE(store->stat("k"));
  EXPECT_TRUE(store->list("").keys.empty());
  put("k", {.retain_until = later - std::chrono::minutes(1), .legal_hold = false});
  EXPECT_EQ(store->stat("k")->immutability, (Immutability{later, true}));
}

TEST_F(FilesystemStore, SymbolicLinksAreNotFollowedButNamed) {
  const TempDir outside;
  std::ofstream(outside.path() / "secret") << "secret";
  fs::create_directory(folder.path() / "a");
  fs::create_symlink(outside.path() / "secret", folder.path() / "a/file");
  fs::create_directory_symlink(outside.path(), folder.path() / "dir");
  for (const std::string key : {"a/file", "dir/secret", "dir"}) {
    EXPECT_EQ(error_kind([&] { store->stat(key); }), ErrorKind::corrupt) << key;
    EXPECT_EQ(error_kind([&] { store->get(key); }), ErrorKind::corrupt) << key;
    EXPECT_EQ(error_kind([&] { store->remove(key); }), ErrorKind::corrupt) << key;
    EXPECT_EQ(error_kind([&] { put(key); }), ErrorKind::corrupt) << key;
  }
  EXPECT_EQ(error_kind([&] { put("dir/new"); }), ErrorKind::corrupt);
  EXPECT_EQ(error_kind([&] { store->list("dir/"); }), ErrorKind::corrupt);
  EXPECT_EQ(std::distance(fs::directory_iterator(outside.path()), fs::directory_iterator()), 1);
  const ListPageOfKeys page = store->list("");
  EXPECT_TRUE(page.keys.empty());
  EXPECT_EQ(page.foreign,
            (std::vector<ForeignName>{{"a/file", "a symbolic link"}, {"dir", "a symbolic link"}}));
  EXPECT_EQ(store->list_folders("").folders, std::vector<std::string>{"a/"});
}

TEST_F(FilesystemStore, T033_WhatNoKeyNamesHidesNoObjectAndIsNamedByListings) {
  put("a/k");
  put("b/k");
  overwrite("a/.hidden", "");
  EXPECT_TRUE(store->list("").foreign.empty());
  overwrite("a/not a key\n\xff", "");
  overwrite("a/k~", "");
  fs::create_directory(folder.path() / "@eaDir");
  overwrite("@eaDir/SYNO", "");
  ASSERT_EQ(::mkfifo((folder.path() / "b/pipe").c_str(), 0600), 0);
  const ListPageOfKeys page = store->list("");
  EXPECT_EQ(page.keys, (std::vector<std::string>{"a/k", "b/k"}));
  EXPECT_EQ(page.foreign,
            (std::vector<ForeignName>{{"@eaDir/", "a folder whose name is no key"},
                                      {"a/k~", "a file whose name is no key"},
                                      {"a/not=20a=20key=0A=FF", "a file whose name is no key"},
                                      {"b/pipe", "neither a file nor a folder"}}));
  EXPECT_EQ(store->list_folders("").folders, (std::vector<std::string>{"a/", "b/"}));
  EXPECT_TRUE(store->stat("a/k"));
}

TEST_F(FilesystemStore, AFolderThatMayNotBeReadHidesNoOther) {
  for (const std::string key : {"a/1", "b/2", "c/3"}) put(key);
  const auto failing = std::make_shared<FailingFiles>(files);
  const auto reader = filesystem_store(failing, folder.path(), clock, random);
  failing->fail(folder.path() / "b", ErrorKind::permission_denied);
  const ListPageOfKeys page = reader->list("");
  EXPECT_EQ(page.keys, (std::vector<std::string>{"a/1", "c/3"}));
  EXPECT_EQ(page.foreign, (std::vector<ForeignName>{{"b/", "a folder that may not be read"}}));
  EXPECT_EQ(reader->list_folders("").folders, (std::vector<std::string>{"a/", "b/", "c/"}));
  EXPECT_EQ(error_kind([&] { reader->list("b/"); }), ErrorKind::permission_denied);
}

TEST_F(FilesystemStore, AFolderThatFailsToBeReadIsAnError) {
  for (const std::string key : {"a/1", "b/2"}) put(key);
  const auto failing = std::make_shared<FailingFiles>(files);
  const auto reader = filesystem_store(failing, folder.path(), clock, random);
  failing->fail(folder.path() / "b", ErrorKind::unavailable);
  EXPECT_EQ(error_kind([&] { reader->list(""); }), ErrorKind::unavailable);
  EXPECT_EQ(error_subject([&] { reader->list(""); }), reader->describe());
  EXPECT_EQ(error_subject([&] { reader->list("b/"); }), "b/");
  EXPECT_EQ(error_subject([&] { reader->list_folders("b/"); }), "b/");
}

TEST_F(FilesystemStore, ErrorsOfTheDiskNameTheKeyAndTellThePath) {
  put("a/k", {.retain_until = later, .legal_hold = false});
  put("a/free");
  fs::create_symlink("k", folder.path() / "a/link");
  const auto failing = std::make_shared<FailingFiles>(files);
  const auto failing_store = filesystem_store(failing, folder.path(), clock, random);
  EXPECT_EQ(error_subject([&] { failing_store->get("a/link"); }), "a/link");
  const auto source = failing_store->get("a/k");
  const auto unwritten = failing_store->create("a/new", {});
  const auto written = failing_store->create("a/new", {});
  failing->fail_contents(ErrorKind::unavailable);
  Bytes buffer(10);
  EXPECT_EQ(error_subject([&] { source->read(buffer); }), "a/k");
  EXPECT_EQ(error_subject([&] { unwritten->write(buffer); }), "a/new");
  EXPECT_EQ(error_subject([&] { written->commit(std::nullopt); }), "a/new");
  EXPECT_EQ(error_subject([&] { failing_store->stat("a/k"); }), "a/k");
  EXPECT_EQ(error_subject([&] { failing_store->extend_retention("a/k", Time::max()); }), "a/k");
  EXPECT_EQ(error_subject([&] { failing_store->set_legal_hold("a/k", true); }), "a/k");
  failing->fail(folder.path() / ".lock", ErrorKind::permission_denied);
  EXPECT_EQ(error_subject([&] { failing_store->remove("a/free"); }), "a/free");
  try {
    source->read(buffer);
    FAIL() << "the disk was read";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::unavailable);
    EXPECT_THAT(error.message(), ::testing::HasSubstr((folder.path() / "a/k").string()));
  }
}

TEST_F(FilesystemStore, EachForeignNameIsOnOnePage) {
  for (const std::string key : {"a", "c/k", "e"}) put(key);
  for (const std::string name : {"a~", "b~", "c/a~", "c/z~", "d~", "f~"}) overwrite(name, "");
  for (std::size_t limit = 1; limit <= 4; ++limit) {
    std::vector<std::string> found;
    std::string after;
    for (;;) {
      const ListPageOfKeys page = store->list("", after, limit);
      for (const ForeignName& foreign : page.foreign) found.push_back(foreign.name);
      if (!page.next) break;
      after = *page.next;
    }
    EXPECT_EQ(found, (std::vector<std::string>{"a~", "b~", "c/a~", "c/z~", "d~", "f~"})) << limit;
  }
}

TEST_F(FilesystemStore, ForeignNamesBeyondABoundAreCounted) {
  for (std::size_t i = 0; i < kForeignNamesPerPage + 3; ++i) {
    overwrite("a~" + std::to_string(i), "");
  }
  put("k");
  put("l");
  const ListPageOfKeys page = store->list("", "", 1);
  EXPECT_EQ(page.keys, std::vector<std::string>{"k"});
  EXPECT_EQ(page.foreign.size(), kForeignNamesPerPage);
  EXPECT_EQ(page.foreign_unnamed, 3U);
  EXPECT_EQ(store->list("", "k", 1).foreign_unnamed, 0U);
}

TEST_F(FilesystemStore, ALargeFolderIsListedInOrderByPagesOfAnySize) {
  std::vector<std::string> sorted;
  for (int i = 0; i < 300; ++i) {
    const std::string name = "d/" + std::to_string(i * 7919 % 300);
    fs::create_directories(folder.path() / (i % 3 == 0 ? name : "d/empty" + std::to_string(i)));
    sorted.push_back(i % 3 == 0 ? name + "/x" : name);
    overwrite(sorted.back(), "");
  }
  std::sort(sorted.begin(), sorted.end());
  for (const std::size_t limit : {1, 2, 7, 299, 300, 1000}) {
    std::vector<std::string> found;
    std::string after;
    for (;;) {
      const ListPageOfKeys page = store->list("d/", after, limit);
      found.insert(found.end(), page.keys.begin(), page.keys.end());
      if (!page.next) break;
      after = *page.next;
    }
    EXPECT_EQ(found, sorted) << limit;
  }
}

TEST_F(FilesystemStore, TwoStoresOnOneFolderSeeEachOther) {
  const auto other = open_store();
  put("k", {.retain_until = later, .legal_hold = false});
  EXPECT_EQ(error_kind([&] { put_object(*other, "k", as_bytes("x"), {}); }),
            ErrorKind::already_exists);
  other->set_legal_hold("k", true);
  clock->set(later);
  EXPECT_EQ(error_kind([&] { store->remove("k"); }), ErrorKind::on_hold);
}

TEST_F(FilesystemStore, AHoldAndARemovalNeverBothSucceed) {
  const auto other = open_store();
  for (int round = 0; round < 20; ++round) {
    const std::string key = "k" + std::to_string(round);
    put(key);
    std::optional<ErrorKind> removal;
    std::thread remover([&] { removal = error_kind([&] { store->remove(key); }); });
    const auto hold = error_kind([&] { other->set_legal_hold(key, true); });
    remover.join();
    EXPECT_EQ(store->stat(key).has_value(), !hold.has_value());
    EXPECT_EQ(removal.has_value(), !hold.has_value());
  }
}

/// As in a copy made by a tool that leaves empty folders out.
TEST_F(FilesystemStore, SaysTheTimeThoughTheFolderOfTemporariesIsGone) {
  const Path root = folder.path() / "copy";
  create_directories(*files, root);
  const auto copy = filesystem_store(files, root, clock, random);
  EXPECT_TRUE(copy->time());
  EXPECT_TRUE(copy->time());
}

TEST_F(FilesystemStore, StaleTemporariesGoAndLiveOnesStay) {
  put("k");
  const auto writer = store->create("live", {});
  writer->write(as_bytes("alive"));
  overwrite(".tmp/0123456789abcdef", "left by a crash");
  overwrite(".tmp/keep.me", "not ours");
  EXPECT_EQ(store->tidy(), 1U);
  EXPECT_EQ(store->tidy(), 0U);
  EXPECT_FALSE(fs::exists(folder.path() / ".tmp/0123456789abcdef"));
  EXPECT_TRUE(fs::exists(folder.path() / ".tmp/keep.me"));
  writer->commit(std::nullopt);
  EXPECT_EQ(text_of("live"), "alive");
  const TempDir empty;
  EXPECT_EQ(filesystem_store(files, empty.path(), clock, random)->tidy(), 0U);
}

TEST_F(FilesystemStore, ReadsItsOwnBytesBackBeforeTheyShow) {
  const auto writer = store->create("k", {});
  writer->write(as_bytes("good bytes"));
  const fs::path temporary = fs::directory_iterator(folder.path() / ".tmp")->path();
  std::fstream(temporary, std::ios::in | std::ios::out | std::ios::binary) << "b";
  EXPECT_EQ(error_kind([&] { writer->commit(sha256(as_bytes("good bytes"))); }),
            ErrorKind::corrupt);
  EXPECT_FALSE(store->stat("k"));
  EXPECT_FALSE(fs::exists(temporary));
}

}  // namespace
}  // namespace atp::test
