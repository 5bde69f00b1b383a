// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <sys/resource.h>

#include <chrono>

#include "atp/crypto/sha256.hpp"
#include "source/source_test_tools.hpp"
#include "support/shared_data.hpp"

namespace atp::test {
namespace {

/// A zstd frame of one raw block that asks for a window of `2^log` bytes.
std::string zstd_with_window_log(int log) {
  std::string frame{"\x28\xb5\x2f\xfd\x00", 5};
  frame += static_cast<char>((log - 10) << 3);
  frame += {3 << 3 | 1, 0, 0};
  return frame + "{}\n";
}

std::string skippable_frame(std::string_view contents) {
  std::string frame{"\x50\x2a\x4d\x18", 4};
  frame += {static_cast<char>(contents.size()), 0, 0, 0};
  return frame.append(contents);
}

long peak_rss_kilobytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

class SegmentInputs : public SourceTest {};

TEST_F(SegmentInputs, PlainBytesComeAsTheyAreInPiecesOfAnySize) {
  const std::string text = some_records(70'001);
  put("a.jsonl", text);
  for (const std::size_t piece : {1UL, 7UL, 65'536UL, 1'000'000UL}) {
    EXPECT_EQ(read_only(piece), text);
  }
}

TEST_F(SegmentInputs, EmptyPlainFileEndsAtOnce) {
  put("a.jsonl", "");
  const auto input = open_only();
  EXPECT_EQ(read_to_end(*input), "");
  EXPECT_EQ(input->input_bytes(), 0U);
}

TEST_F(SegmentInputs, DigestOfPlainInputIsLeftToTheCaller) {
  put("a.jsonl", "one\n");
  const auto input = open_only();
  read_to_end(*input);
  EXPECT_EQ(input->input_sha256(), std::nullopt);
  EXPECT_EQ(input->input_bytes(), 4U);
}

TEST_F(SegmentInputs, EmptyBufferReadsNothingAndDoesNotEnd) {
  put("a.jsonl.gz", gzip("one\n"));
  const auto input = open_only();
  EXPECT_EQ(input->read({}), 0U);
  EXPECT_EQ(input->input_sha256(), std::nullopt);
  EXPECT_EQ(read_to_end(*input), "one\n");
}

/// Both encodings keep the same promises.
struct Codec {
  const char* suffix;
  std::string (*pack)(std::string_view);
};
class CompressedInput : public SourceTest, public testing::WithParamInterface<Codec> {
 protected:
  void put_packed(std::string_view bytes) const {
    put(std::string("a.jsonl") + GetParam().suffix, bytes);
  }
  std::string pack(std::string_view plain) const { return GetParam().pack(plain); }
};
INSTANTIATE_TEST_SUITE_P(Codecs, CompressedInput,
                         testing::Values(Codec{".gz", gzip}, Codec{".zst", zstd}),
                         [](const auto& codec) { return std::string(codec.param.suffix + 1); });

TEST_P(CompressedInput, DecodesInPiecesOfAnySize) {
  const std::string text = some_records(1'500'000);
  put_packed(pack(text));
  for (const std::size_t piece : {11UL, 65'536UL, 4'000'000UL}) EXPECT_EQ(read_only(piece), text);
}

TEST_P(CompressedInput, TellsBytesAndDigestOfWhatWasRead) {
  const std::string packed = pack(some_records(900'000)) + pack("tail\n");
  put_packed(packed);
  const auto input = open_only();
  Bytes piece(10);
  input->read(piece);
  EXPECT_EQ(input->input_sha256(), std::nullopt);
  read_to_end(*input);
  EXPECT_EQ(input->input_sha256(), sha256(as_bytes(packed)));
  EXPECT_EQ(input->input_bytes(), packed.size());
  EXPECT_EQ(input->read(piece), 0U);
  EXPECT_TRUE(input->still_sealed());
}

TEST_P(CompressedInput, ConcatenatedMembersAreOneStream) {
  const std::string text = some_records(400'000);
  put_packed(pack(text) + pack("") + pack("second\n") + pack(text));
  EXPECT_EQ(read_only(), text + "second\n" + text);
}

TEST_P(CompressedInput, MemberOfNothingIsEmpty) {
  put_packed(pack(""));
  EXPECT_EQ(read_only(), "");
}

TEST_P(CompressedInput, FileOfNoBytesIsCorrupt) {
  put_packed("");
  EXPECT_EQ(read_error(), kCorrupt);
}

TEST_P(CompressedInput, T056_CutAnywhereInsideAMemberIsCorrupt) {
  const std::string first = pack("first\n");
  const std::string packed = first + pack(some_records(3'000));
  for (std::size_t size = 1; size < packed.size(); ++size) {
    if (size == first.size()) continue;
    put_packed(packed.substr(0, size));
    EXPECT_EQ(read_error(), kCorrupt) << "cut at " << size;
  }
}

TEST_P(CompressedInput, T056_CutBetweenMembersReadsAsAShorterFileWithAnotherDigest) {
  const std::string first = pack("first\n");
  put_packed(first);
  const auto input = open_only();
  EXPECT_EQ(read_to_end(*input), "first\n");
  EXPECT_NE(input->input_sha256(), sha256(as_bytes(first + pack("second\n"))));
}

TEST_P(CompressedInput, T056_TrailingGarbageAndZerosAreCorrupt) {
  const std::string packed = pack("first\n");
  for (const std::string& tail :
       {std::string("x"), std::string("garbage"), std::string(1, '\0'), std::string(512, '\0')}) {
    put_packed(packed + tail);
    EXPECT_EQ(read_error(), kCorrupt) << tail.size() << " bytes";
  }
}

TEST_P(CompressedInput, T056_FlippedBitsGiveOtherBytesOrCorruptButNeverACrash) {
  const std::string text = some_records(2'000);
  const std::string packed = pack(text);
  std::size_t detected = 0;
  for (std::size_t bit = 0; bit < packed.size() * 8; bit += 3) {
    std::string damaged = packed;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    put_packed(damaged);
    const int error = read_error();
    EXPECT_TRUE(error == 0 || error == kCorrupt || error == kUnsupported) << "bit " << bit;
    if (error != 0) ++detected;
  }
  EXPECT_GT(detected, packed.size());
}

TEST_P(CompressedInput, T055_BombIsStreamedInBoundedMemory) {
  const std::string member = pack(std::string(1 << 20, '0'));
  std::string bomb;
  for (int i = 0; i < 32; ++i) bomb += member;
  put_packed(bomb);
  const auto input = open_only();
  const long before = peak_rss_kilobytes();
  Bytes piece(65'536);
  std::uint64_t total = 0;
  for (std::size_t count = 1; count != 0; total += count) count = input->read(piece);
  EXPECT_EQ(total, 32U << 20);
  EXPECT_LT(peak_rss_kilobytes() - before, 16 * 1024);
}

TEST_P(CompressedInput, T055_MoreThan128TimesItsSizeAnd32MiBIsUnsupported) {
  const std::string member = pack(std::string(1 << 20, '0'));
  const std::uint64_t members = 256;
  const std::uint64_t allowed = (32U << 20) + 128 * member.size() * members;
  ASSERT_LT(allowed, members << 20);
  std::string bomb;
  for (std::uint64_t i = 0; i < members; ++i) bomb += member;
  put_packed(bomb);
  const auto input = open_only();
  Bytes piece(65'536);
  std::uint64_t total = 0;
  try {
    for (std::size_t count = 1; count != 0; total += count) count = input->read(piece);
    FAIL() << "all of it was decoded";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::unsupported);
    EXPECT_THAT(error.message(), testing::HasSubstr("128 times"));
    EXPECT_LE(total, allowed);
    EXPECT_GT(total + piece.size(), allowed);
  }
}

TEST_F(SegmentInputs, T064_GzipMemberWithALyingSizeIsCorrupt) {
  std::string packed = gzip("one\n");
  packed.replace(packed.size() - 4, 4, "\xff\xff\xff\xff");
  put("a.jsonl.gz", packed);
  EXPECT_EQ(read_error(), kCorrupt);
}

TEST_F(SegmentInputs, T064_ZstdFrameWithALyingSizeIsCorrupt) {
  for (const char* size : {"\xfe\xff\xff\xff\xff\xff\xff\xff", "\xff\xff\xff\xff\xff\xff\xff\x7f",
                           "\x02\x01\x01\x01\x01\x01\x01\x01"}) {
    std::string frame{"\x28\xb5\x2f\xfd\xc0\x00", 6};
    frame += size;
    frame += std::string{"\x19\x00\x00{}\n", 6};
    put("a.jsonl.zst", frame);
    EXPECT_EQ(read_error(), kCorrupt);
  }
}

TEST_F(SegmentInputs, T055_ZstdWindowOverTheBoundIsUnsupportedAndSaysSo) {
  put("a.jsonl.zst", zstd_with_window_log(27));
  EXPECT_EQ(read_only(), "{}\n");
  for (const int log : {28, 31, 41}) {
    put("a.jsonl.zst", zstd_with_window_log(log));
    try {
      read_only();
      FAIL() << "window log " << log << " was taken";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::unsupported);
      EXPECT_THAT(error.message(), testing::HasSubstr("at most 128 MiB"));
    }
  }
}

TEST_F(SegmentInputs, SkippableZstdFramesHoldNoRecords) {
  put("a.jsonl.zst", skippable_frame("index") + zstd("one\n") + skippable_frame("") +
                         zstd("two\n") + skippable_frame("end"));
  EXPECT_EQ(read_only(), "one\ntwo\n");
  put("a.jsonl.zst", zstd("one\n") + skippable_frame("end").substr(0, 9));
  EXPECT_EQ(read_error(), kCorrupt);
}

TEST_F(SegmentInputs, OneEncodingUnderTheNameOfTheOtherIsCorrupt) {
  put("a.jsonl.gz", zstd("one\n"));
  EXPECT_EQ(read_error(), kCorrupt);
  std::filesystem::remove(folder() / "a.jsonl.gz");
  put("a.jsonl.zst", gzip("one\n"));
  EXPECT_EQ(read_error(), kCorrupt);
  put("a.jsonl.zst", "one\n");
  EXPECT_EQ(read_error(), kCorrupt);
}

/// Upstream's frames, good and bad: libzstd 1.5.4 takes the bad ones and refuses one good one, so
/// what counts is that streaming comes to the library's own verdict on the whole file.
TEST_F(SegmentInputs, T056_GoldenFramesReadAsLibzstdDecodesThemWhole) {
  ATP_REQUIRE_SHARED("vectors/zstd-golden");
  std::size_t frames = 0;
  for (const char* part : {"golden-decompression", "golden-decompression-errors"}) {
    for (const auto& entry :
         std::filesystem::directory_iterator(shared_path("vectors/zstd-golden") / part)) {
      if (entry.path().extension() != ".zst") continue;
      ++frames;
      const Bytes frame = read_file(*files_, entry.path(), 1 << 20);
      put("a.jsonl.zst", as_text(frame));
      std::string whole(2 << 20, '\0');
      const std::size_t size =
          ZSTD_decompress(whole.data(), whole.size(), frame.data(), frame.size());
      if (ZSTD_isError(size) != 0) {
        EXPECT_EQ(read_error(), kCorrupt) << entry.path();
        continue;
      }
      EXPECT_EQ(read_only(), whole.substr(0, size)) << entry.path();
    }
  }
  EXPECT_EQ(frames, 7U);
}

class ChangedSource : public SourceTest {
 protected:
  /// Whether a file that `change` touches between listing and end still counts as sealed.
  template <class Change>
  bool sealed_after(const Change& change) {
    put("a.jsonl", "one\n");
    const auto input = open_only();
    change(folder() / "a.jsonl");
    read_to_end(*input);
    return input->still_sealed();
  }
};

TEST_F(ChangedSource, UntouchedFileIsStillSealed) {
  EXPECT_TRUE(sealed_after([](const Path&) {}));
}

TEST_F(ChangedSource, T009_FileThatGrewIsNoLongerSealedAndIsReadOnlyToItsListedSize) {
  put("a.jsonl", "one\n");
  const auto input = open_only();
  std::ofstream(folder() / "a.jsonl", std::ios::app) << "two\n";
  EXPECT_EQ(read_to_end(*input), "one\n");
  EXPECT_FALSE(input->still_sealed());
}

TEST_F(ChangedSource, T009_FileThatShrankIsNoLongerSealed) {
  EXPECT_FALSE(sealed_after([](const Path& path) { std::filesystem::resize_file(path, 2); }));
}

TEST_F(ChangedSource, T009_EqualSizeWithAnotherTimeIsNoLongerSealed) {
  EXPECT_FALSE(sealed_after([](const Path& path) {
    const auto time = std::filesystem::last_write_time(path);
    std::filesystem::last_write_time(path, time + std::chrono::seconds(1));
  }));
}

TEST_F(ChangedSource, T009_RewrittenFileWithItsOldTimePutBackIsNoLongerSealed) {
  EXPECT_FALSE(sealed_after([](const Path& path) {
    const auto time = std::filesystem::last_write_time(path);
    const FileStatus before = posix_file_system()->status(path).value();
    // The file system's clock has a coarse tick: a change within one tick cannot be seen.
    do {
      write_bytes(path, "two\n");
      std::filesystem::last_write_time(path, time);
    } while (posix_file_system()->status(path)->changed == before.changed);
  }));
}

TEST_F(ChangedSource, T009_ReplacedNameIsNoLongerSealed) {
  EXPECT_FALSE(sealed_after([](const Path& path) {
    write_bytes(path.string() + ".tmp", "one\n");
    std::filesystem::rename(path.string() + ".tmp", path);
  }));
}

TEST_F(ChangedSource, T009_RemovedFileIsNoLongerSealed) {
  EXPECT_FALSE(sealed_after([](const Path& path) { std::filesystem::remove(path); }));
}

TEST_F(ChangedSource, T009_FileReplacedBetweenListingAndOpenIsNotSealed) {
  put("a.jsonl", "one\n");
  const SegmentFile file = list().files.at(0);
  write_bytes(folder() / "b.tmp", "two\n");
  std::filesystem::rename(folder() / "b.tmp", folder() / "a.jsonl");
  const auto input = source_->open(file);
  read_to_end(*input);
  EXPECT_FALSE(input->still_sealed());
}

TEST_F(ChangedSource, T057_StreamFolderReplacedByALinkIsNotSealed) {
  put("s/a.jsonl", "one\n");
  const SegmentFile file = list().files.at(0);
  const TempDir outside;
  write_bytes(outside.path() / "a.jsonl", "two\n");
  std::filesystem::remove_all(folder() / "s");
  std::filesystem::create_directory_symlink(outside.path(), folder() / "s");
  const auto input = source_->open(file);
  read_to_end(*input);
  EXPECT_FALSE(input->still_sealed());
}

TEST_F(ChangedSource, VanishedFileIsNotFound) {
  put("a.jsonl");
  const SegmentFile file = list().files.at(0);
  std::filesystem::remove(folder() / "a.jsonl");
  EXPECT_EQ(kind_of_error([&] { source_->open(file); }), static_cast<int>(ErrorKind::not_found));
}

}  // namespace
}  // namespace atp::test
