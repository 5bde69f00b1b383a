// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <sys/stat.h>

#include "source/source_test_tools.hpp"
#include "support/simulated_file_system.hpp"

namespace atp::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

class SegmentFolder : public SourceTest {
 protected:
  std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const SegmentFile& file : list().files) {
      found.push_back(file.stream.str() + ":" + file.segment.str() + ":" + file.name);
    }
    return found;
  }
  std::vector<std::pair<std::string, std::string>> skipped() const {
    std::vector<std::pair<std::string, std::string>> found;
    for (const SkippedInput& input : list().skipped) found.emplace_back(input.name, input.reason);
    return found;
  }
  std::string refusal() const {
    try {
      list();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::invalid_argument);
      return error.what();
    }
    return "nothing refused";
  }
};

TEST_F(SegmentFolder, ListsByStreamThenSegmentInByteOrder) {
  put("b.jsonl");
  put("a10.jsonl");
  put("a9.jsonl.zst");
  put("zone/1.jsonl.gz");
  put("Audit/1.jsonl");
  put("\xc3\xa9t\xc3\xa9/x.jsonl");
  EXPECT_THAT(names(),
              ElementsAre("Audit:1:Audit/1.jsonl", "default:a10:a10.jsonl",
                          "default:a9:a9.jsonl.zst", "default:b:b.jsonl", "zone:1:zone/1.jsonl.gz",
                          "\xc3\xa9t\xc3\xa9:x:\xc3\xa9t\xc3\xa9/x.jsonl"));
  EXPECT_THAT(skipped(), IsEmpty());
}

TEST_F(SegmentFolder, TellsEncodingPathAndStatus) {
  put("s/a.jsonl", "123");
  put("s/b.jsonl.gz");
  put("s/c.jsonl.zst");
  const SourceListing listing = list();
  ASSERT_EQ(listing.files.size(), 3U);
  EXPECT_EQ(listing.files[0].encoding, InputEncoding::none);
  EXPECT_EQ(listing.files[1].encoding, InputEncoding::gzip);
  EXPECT_EQ(listing.files[2].encoding, InputEncoding::zstd);
  EXPECT_EQ(listing.files[0].path, folder() / "s/a.jsonl");
  EXPECT_EQ(listing.files[0].status.size, 3U);
  EXPECT_EQ(listing.files[0].status, files_->status(folder() / "s/a.jsonl"));
}

TEST_F(SegmentFolder, EmptyFilesAreListedForTheCallerToDecide) {
  put("a.jsonl", "");
  EXPECT_THAT(names(), ElementsAre("default:a:a.jsonl"));
}

TEST_F(SegmentFolder, EmptyFolderHasNothing) {
  EXPECT_THAT(names(), IsEmpty());
  EXPECT_THAT(skipped(), IsEmpty());
}

TEST_F(SegmentFolder, PassesOverDotFilesAndFoldersSilently) {
  put(".hidden.jsonl");
  put(".git/a.jsonl");
  put("s/.jsonl");
  EXPECT_THAT(names(), IsEmpty());
  EXPECT_THAT(skipped(), IsEmpty());
}

TEST_F(SegmentFolder, SkipsUnsealedNames) {
  put("a.open");
  put("b.tmp");
  put("c.jsonl.open");
  put("d.jsonl.gz.tmp");
  put("s/e.jsonl.open");
  EXPECT_THAT(names(), IsEmpty());
  EXPECT_THAT(skipped(),
              ElementsAre(Pair("a.open", "not_sealed"), Pair("b.tmp", "not_sealed"),
                          Pair("c.jsonl.open", "not_sealed"), Pair("d.jsonl.gz.tmp", "not_sealed"),
                          Pair("s/e.jsonl.open", "not_sealed")));
}

TEST_F(SegmentFolder, SkipsOtherNamesAndDeeperFolders) {
  put("notes.txt");
  put("a.jsonl.bz2");
  put("a.JSONL");
  put("jsonl");
  put("s/deeper/a.jsonl");
  EXPECT_THAT(names(), IsEmpty());
  EXPECT_THAT(skipped(), UnorderedElementsAre(
                             Pair("notes.txt", "not_a_segment"),
                             Pair("a.jsonl.bz2", "not_a_segment"), Pair("a.JSONL", "not_a_segment"),
                             Pair("jsonl", "not_a_segment"), Pair("s/deeper", "not_a_segment")));
}

TEST_F(SegmentFolder, T057_SymbolicLinksToFilesAndFoldersAreNeverFollowed) {
  const TempDir outside;
  write_bytes(outside.path() / "secret.jsonl", "{}\n");
  std::filesystem::create_symlink(outside.path() / "secret.jsonl", folder() / "a.jsonl");
  std::filesystem::create_directory_symlink(outside.path(), folder() / "stream");
  std::filesystem::create_symlink("nowhere", folder() / "broken.jsonl");
  EXPECT_THAT(names(), IsEmpty());
  EXPECT_THAT(skipped(),
              ElementsAre(Pair("a.jsonl", "not_a_segment"), Pair("broken.jsonl", "not_a_segment"),
                          Pair("stream", "not_a_segment")));
}

TEST_F(SegmentFolder, T057_SymbolicLinkPutInPlaceAfterTheListingIsRefused) {
  put("a.jsonl");
  put("other.txt", "secret");
  const SegmentFile file = list().files.at(0);
  std::filesystem::remove(folder() / "a.jsonl");
  std::filesystem::create_symlink("other.txt", folder() / "a.jsonl");
  EXPECT_EQ(kind_of_error([&] { source_->open(file); }),
            static_cast<int>(ErrorKind::invalid_argument));
}

TEST_F(SegmentFolder, T057_HardLinkIsAFileLikeAnyOther) {
  put("a.jsonl", "same\n");
  std::filesystem::create_hard_link(folder() / "a.jsonl", folder() / "b.jsonl");
  const SourceListing listing = list();
  ASSERT_EQ(listing.files.size(), 2U);
  EXPECT_EQ(read_to_end(*source_->open(listing.files[1])), "same\n");
}

TEST_F(SegmentFolder, T057_SpecialFilesAreSkippedWithoutOpeningThem) {
  ASSERT_EQ(mkfifo((folder() / "pipe.jsonl").c_str(), 0600), 0);
  EXPECT_THAT(names(), IsEmpty());
  EXPECT_THAT(skipped(), ElementsAre(Pair("pipe.jsonl", "not_a_segment")));
}

TEST_F(SegmentFolder, SkipsNamesThatMakeNoIdInPrintableForm) {
  put("a\x01\x7f.jsonl");
  put("b\xff.jsonl");
  put("bad\n/a.jsonl");
  put(std::string(121, 'x') + ".jsonl");
  put("n\xfe.open");
  put("z\x02.txt");
  put("ok.jsonl");
  EXPECT_THAT(names(), ElementsAre("default:ok:ok.jsonl"));
  EXPECT_THAT(skipped(),
              UnorderedElementsAre(
                  Pair("a=01=7F.jsonl", "bad_name"), Pair("b=FF.jsonl", "bad_name"),
                  Pair("bad=0A", "bad_name"), Pair(std::string(121, 'x') + ".jsonl", "bad_name"),
                  Pair("n=FE.open", "not_sealed"), Pair("z=02.txt", "not_a_segment")));
  for (const SkippedInput& input : list().skipped) {
    EXPECT_NO_THROW(check_name("name", input.name, 1000));
    EXPECT_NO_THROW(check_name("detail", input.detail, 1000));
  }
}

TEST_F(SegmentFolder, SkippedTextKeepsItsLetters) {
  put("\xc3\xbc.jsonl.open");
  EXPECT_THAT(skipped(), ElementsAre(Pair("\xc3\xbc.jsonl.open", "not_sealed")));
}

TEST_F(SegmentFolder, T064_LongestNamesCountOnceEncoded) {
  put(std::string(120, 'x') + ".jsonl");
  put(std::string(40, 'X') + ".jsonl");
  put(std::string(41, 'Y') + ".jsonl");
  EXPECT_EQ(names().size(), 2U);
  EXPECT_THAT(skipped(), ElementsAre(Pair(std::string(41, 'Y') + ".jsonl", "bad_name")));
}

TEST_F(SegmentFolder, RefusesAFolderNamedDefault) {
  put("default/a.jsonl");
  EXPECT_THAT(refusal(), HasSubstr("default"));
  put("b.jsonl");
  EXPECT_THAT(refusal(), HasSubstr("flat files"));
}

TEST_F(SegmentFolder, RefusesTwoFilesOfOneSegmentNamingBoth) {
  put("s/a.jsonl");
  put("s/a.jsonl.gz");
  EXPECT_THAT(refusal(), testing::AllOf(HasSubstr("s/a.jsonl:"), HasSubstr("s/a.jsonl.gz")));
}

TEST_F(SegmentFolder, OneSegmentIdInTwoStreamsIsTwoSegments) {
  put("a.jsonl");
  put("s/a.jsonl.gz");
  EXPECT_EQ(names().size(), 2U);
}

TEST_F(SegmentFolder, RefusesAnUnfinishedRestore) {
  put("a.jsonl");
  put("RESTORE-UNFINISHED");
  EXPECT_THAT(refusal(), HasSubstr("is an unfinished restore"));
}

TEST_F(SegmentFolder, MissingFolderIsNotFound) {
  const auto missing = segment_folder(files_, folder() / "missing");
  EXPECT_EQ(kind_of_error([&] { missing->list({}); }), static_cast<int>(ErrorKind::not_found));
}

TEST_F(SegmentFolder, RefusesAFileOrALinkInPlaceOfTheFolder) {
  put("a.jsonl");
  std::filesystem::create_directory_symlink(folder(), folder() / "link");
  for (const char* name : {"a.jsonl", "link"}) {
    const auto wrong = segment_folder(files_, folder() / name);
    EXPECT_EQ(kind_of_error([&] { wrong->list({}); }),
              static_cast<int>(ErrorKind::invalid_argument));
  }
}

TEST_F(SegmentFolder, StopsWhenAsked) {
  put("a.jsonl");
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(kind_of_error([&] { source_->list(stop.get_token()); }),
            static_cast<int>(ErrorKind::cancelled));
}

/// One folder cannot be listed; everything else is the machine's.
class LockedFolder final : public FileSystem {
 public:
  LockedFolder(std::shared_ptr<FileSystem> files, Path locked)
      : files_(std::move(files)), locked_(std::move(locked)) {}

  std::unique_ptr<File> open(const Path& path, OpenMode mode, std::uint32_t bits) override {
    return files_->open(path, mode, bits);
  }
  std::optional<FileStatus> status(const Path& path) override { return files_->status(path); }
  std::vector<DirectoryEntry> list(const Path& directory, const NameFilter& wanted) override {
    if (directory == locked_) throw Error(ErrorKind::permission_denied, "folder", "locked");
    return files_->list(directory, wanted);
  }
  void create_directory(const Path& path, std::uint32_t bits) override {
    files_->create_directory(path, bits);
  }
  void rename_new(const Path& from, const Path& to) override { files_->rename_new(from, to); }
  void rename(const Path& from, const Path& to) override { files_->rename(from, to); }
  void remove(const Path& path) override { files_->remove(path); }
  void sync_directory(const Path& path) override { files_->sync_directory(path); }

 private:
  std::shared_ptr<FileSystem> files_;
  Path locked_;
};

TEST_F(SegmentFolder, StreamThatCannotBeListedIsSkippedAndTheOthersGoOn) {
  put("closed/a.jsonl");
  put("open/a.jsonl");
  const auto locked = std::make_shared<LockedFolder>(files_, folder() / "closed");
  const SourceListing listing = segment_folder(locked, folder())->list({});
  ASSERT_EQ(listing.files.size(), 1U);
  ASSERT_EQ(listing.skipped.size(), 1U);
  EXPECT_EQ(listing.skipped[0], (SkippedInput{"closed", "unreadable", "locked"}));
}

TEST_F(SegmentFolder, FolderThatCannotBeListedIsAnError) {
  const auto locked = std::make_shared<LockedFolder>(files_, folder());
  EXPECT_EQ(kind_of_error([&] { segment_folder(locked, folder())->list({}); }),
            static_cast<int>(ErrorKind::permission_denied));
}

TEST(SegmentFolderOnAnyFileSystem, ListsAndReads) {
  const auto files = std::make_shared<SimulatedFileSystem>();
  create_directories(*files, "/source/s");
  SystemRandom random;
  write_file_durably(*files, random, "/source/s/a.jsonl.gz", as_bytes(gzip("one\ntwo\n")));
  const auto source = segment_folder(files, "/source");
  const SourceListing listing = source->list({});
  ASSERT_EQ(listing.files.size(), 1U);
  const auto input = source->open(listing.files[0]);
  EXPECT_EQ(read_to_end(*input), "one\ntwo\n");
  EXPECT_TRUE(input->still_sealed());
}

}  // namespace
}  // namespace atp::test
