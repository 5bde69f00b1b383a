// SPDX-License-Identifier: Apache-2.0
#include "atp/segment/package_writer.hpp"

#include "segment/packages.hpp"
#include "support/error_kind.hpp"

namespace atp::test {
namespace {

constexpr std::size_t kMiB = 1 << 20;

class PackageWriter : public PackageTest {
 protected:
  /// Writes, scans, and compares every figure with the definitions.
  PackageSummary check_round_trip(const std::string& text) {
    const Package package = write(text);
    const PackageSummary& summary = package.summary;
    CollectingFrames frames;
    EXPECT_EQ(checks(scan(package.bytes, manifest_of(summary), &frames)), "");
    EXPECT_TRUE(frames.text == text);
    EXPECT_EQ(summary.bytes, text.size());
    EXPECT_EQ(summary.sha256, sha256(as_bytes(text)));
    EXPECT_EQ(summary.final_newline, text.ends_with('\n'));
    EXPECT_EQ(summary.stored_bytes, package.bytes.size());
    EXPECT_EQ(summary.stored_sha256, sha256(package.bytes));
    const PackageIndex index = index_of(package);
    EXPECT_EQ(summary.index_sha256, sha256(encode_index(index)));
    EXPECT_EQ(summary.frames, index.frames.size());
    check_tree(text, summary, index);
    return summary;
  }

  static void check_tree(const std::string& text, const PackageSummary& summary,
                         const PackageIndex& index) {
    const auto leaves = plain_leaves(text, index.salt_seed.view());
    EXPECT_EQ(summary.records, leaves.size());
    EXPECT_EQ(summary.merkle_root, merkle::test::plain_root(leaves));
    std::uint64_t next = 0;
    for (const FrameEntry& entry : index.frames) {
      EXPECT_EQ(entry.first_record, next);
      next += entry.records;
      EXPECT_EQ(entry.root, merkle::test::plain_root(merkle::test::Leaves(leaves).subspan(
                                entry.first_record, entry.records)));
    }
    EXPECT_EQ(next, leaves.size());
  }
};

TEST_F(PackageWriter, KeepsAnEmptySegment) {
  const PackageSummary summary = check_round_trip("");
  EXPECT_EQ(summary.records, 0U);
  EXPECT_EQ(summary.frames, 0U);
  EXPECT_EQ(summary.merkle_root, sha256({}));
  EXPECT_FALSE(summary.final_newline);
}

TEST_F(PackageWriter, CountsABlankLineAsARecordOfLengthZero) {
  EXPECT_EQ(check_round_trip("\n").records, 1U);
  EXPECT_EQ(check_round_trip("\n\n\n").opaque_records, 3U);
  EXPECT_EQ(check_round_trip("a\n\nb").records, 3U);
}

TEST_F(PackageWriter, TakesALastPieceWithoutLineFeedAsARecord) {
  const PackageSummary summary = check_round_trip("{}\n{}");
  EXPECT_EQ(summary.records, 2U);
  EXPECT_FALSE(summary.final_newline);
}

TEST_F(PackageWriter, LeavesCarriageReturnAndByteOrderMarkInTheRecord) {
  const std::string time = R"({"time":"2025-09-01T00:00:00Z"})";
  const PackageSummary summary = check_round_trip("\xef\xbb\xbf" + time + "\r\n" + time + "\r\n");
  EXPECT_EQ(summary.records, 2U);
  EXPECT_EQ(summary.opaque_records, 1U);
}

TEST_F(PackageWriter, KeepsManyTinyRecords) {
  std::string text;
  for (int i = 0; i < 100000; ++i) text += "1\n";
  EXPECT_EQ(check_round_trip(text).frames, 25U);
}

TEST_F(PackageWriter, CutsFramesAtTheRecordLimit) {
  EXPECT_EQ(check_round_trip(audit_text(4095)).frames, 1U);
  EXPECT_EQ(check_round_trip(audit_text(4096)).frames, 1U);
  EXPECT_EQ(check_round_trip(audit_text(4097)).frames, 2U);
  EXPECT_EQ(check_round_trip(audit_text(3 * 4096 + 5)).frames, 4U);
}

TEST_F(PackageWriter, CutsFramesAtTheSizeLimit) {
  const std::string half(2 * kMiB - 1, 'h');
  EXPECT_EQ(check_round_trip(half + "\n" + half + "\n").frames, 1U);
  EXPECT_EQ(check_round_trip(half + "\n" + half + "x\n").frames, 2U);
  EXPECT_EQ(check_round_trip(half + "\n" + half + "x").frames, 1U);
  EXPECT_EQ(check_round_trip(half + "\n" + half + "\n\n\n").frames, 2U);
}

TEST_F(PackageWriter, KeepsRecordsOfUpToTheLimit) {
  const std::string longest(kRecordLimit, 'r');
  EXPECT_EQ(check_round_trip("a\n" + longest + "\nb\n").records, 3U);
  EXPECT_EQ(check_round_trip(longest).records, 1U);
}

TEST_F(PackageWriter, NamesARecordOverTheLimit) {
  const std::string text = "a\nbc\n" + std::string(kRecordLimit + 1, 'r');
  for (const char* rest : {"", "\n", "rr", "\nmore\n"}) {
    const std::string whole = text + rest;
    TextSource source(whole);
    CollectingSink sink;
    const auto result = try_write(source, sink, options());
    ASSERT_TRUE(std::holds_alternative<LongRecord>(result)) << rest;
    EXPECT_EQ(std::get<LongRecord>(result).record, 2U);
    EXPECT_EQ(std::get<LongRecord>(result).offset, 5U);
  }
}

/// Gives a few records, then fails.
class BrokenSource final : public ByteSource {
 public:
  std::size_t read(MutableByteView out) override {
    if (std::exchange(broken_, true)) throw Error(ErrorKind::unavailable, "input", "is gone");
    std::ranges::copy(as_bytes(std::string_view("{}\n{}\n")), out.begin());
    return 6;
  }

 private:
  bool broken_ = false;
};

struct BrokenSink final : ByteSink {
  void write(ByteView) override { throw Error(ErrorKind::unavailable, "sink", "is gone"); }
};

TEST_F(PackageWriter, SaysThatItsSourceFailedAndThrowsWhereItsSinkDid) {
  BrokenSource source;
  CollectingSink sink;
  const auto outcome = try_write(source, sink, options());
  ASSERT_TRUE(std::holds_alternative<InputFailure>(outcome));
  EXPECT_EQ(std::get<InputFailure>(outcome).error.kind(), ErrorKind::unavailable);
  EXPECT_EQ(std::get<InputFailure>(outcome).error.subject(), "input");
  TextSource text("{}\n");
  BrokenSink broken;
  EXPECT_EQ(error_kind([&] { try_write(text, broken, options()); }), ErrorKind::unavailable);
}

TEST_F(PackageWriter, GivesTheSameBytesForTheSameInput) {
  const std::string text = audit_text(6000, 700);
  const auto write_in = [&](std::size_t piece) {
    SequenceRandom random(7);
    TextSource source(text, piece);
    CollectingSink sink;
    write_package(source, sink, identity_.recipient(), random, options());
    return sink.bytes;
  };
  EXPECT_EQ(write_in(kMiB), write_in(3001));
}

TEST_F(PackageWriter, TellsFirstAndLastTime) {
  const PackageSummary summary = check_round_trip(R"({"time":"2025-09-02T00:00:00+02:00"})"
                                                  "\nnot json\n"
                                                  R"({"time":"2025-09-01T00:00:00Z"})"
                                                  "\n"
                                                  R"({"time":"2025-10-01T00:00:00.5Z"})"
                                                  "\n"
                                                  R"({"time":"yesterday"})"
                                                  "\n");
  EXPECT_EQ(summary.opaque_records, 2U);
  EXPECT_EQ(summary.first_time, parse_time("2025-09-01T00:00:00Z"));
  EXPECT_EQ(summary.last_time, parse_time("2025-10-01T00:00:00.5Z"));
}

TEST_F(PackageWriter, ReportsAllSourceBytes) {
  const std::string text = audit_text(9000, 700);
  PackageOptions counting = options();
  std::uint64_t bytes = 0;
  counting.on_bytes = [&](std::uint64_t more) { bytes += more; };
  TextSource source(text);
  CollectingSink sink;
  try_write(source, sink, counting);
  EXPECT_EQ(bytes, text.size());
}

TEST_F(PackageWriter, StopsWhenAsked) {
  std::stop_source stop;
  PackageOptions stopping = options();
  stopping.stop = stop.get_token();
  stopping.on_bytes = [&](std::uint64_t) { stop.request_stop(); };
  const std::string text = audit_text(9000, 700);
  TextSource source(text);
  CollectingSink sink;
  EXPECT_EQ(error_kind([&] { try_write(source, sink, stopping); }), ErrorKind::cancelled);
}

/// Flips one bit of the `nth` buffer that passes a stage.
PackageOptions flipping(PackageOptions options, PackageStage stage, int nth, std::size_t at) {
  options.probe = [=, seen = 0](PackageStage where, MutableByteView bytes) mutable {
    if (where == stage && seen++ == nth) bytes[bytes.size() * at / 8] ^= std::byte{0x04};
  };
  return options;
}

TEST_F(PackageWriter, T008_ABitFlippedBeforeSealingIsRefused) {
  const std::string text = audit_text(5 * 4096, 200);
  for (const PackageStage stage : {PackageStage::read, PackageStage::compressed}) {
    for (const int frame : {0, 2, 4}) {
      for (const std::size_t at : {1, 4, 7}) {
        TextSource source(text);
        CollectingSink sink;
        const auto kind =
            error_kind([&] { try_write(source, sink, flipping(options(), stage, frame, at)); });
        EXPECT_EQ(kind, ErrorKind::corrupt) << static_cast<int>(stage) << ' ' << frame << ' ' << at;
      }
    }
  }
}

TEST_F(PackageWriter, T008_ALineFeedFlippedAfterTheCutIsRefused) {
  PackageOptions flip = options();
  flip.probe = [](PackageStage stage, MutableByteView bytes) {
    if (stage == PackageStage::read) *std::ranges::find(bytes, std::byte{'\n'}) = std::byte{' '};
  };
  TextSource source("one\ntwo\n");
  CollectingSink sink;
  EXPECT_EQ(error_kind([&] { try_write(source, sink, flip); }), ErrorKind::corrupt);
}

TEST_F(PackageWriter, T008_ABitFlippedOnTheWayToTheStoreIsFoundAtCommit) {
  const std::string text = audit_text(5 * 4096, 200);
  for (const int buffer : {0, 1, 7, 20}) {
    const auto store = memory_store(std::make_shared<ManualClock>());
    const auto writer = store->create(kPackageKey, {});
    TextSource source(text);
    const auto result =
        try_write(source, *writer, flipping(options(), PackageStage::sealed, buffer, 4));
    const Digest expected = std::get<PackageSummary>(result).stored_sha256;
    EXPECT_EQ(error_kind([&] { writer->commit(expected); }), ErrorKind::corrupt) << buffer;
    EXPECT_FALSE(store->stat(kPackageKey)) << buffer;
  }
}

TEST_F(PackageWriter, T054_HostileRecordsAreKeptAndCountedOpaque) {
  const std::string good = R"({"time":"2025-09-01T00:00:00Z","n":9007199254740993})";
  std::vector<std::string> hostile{
      R"({"time":"2025-09-01T00:00:00Z","time":"2025-09-01T00:00:00Z"})",
      R"({"time":"2025-09-01T00:00:00Z","n":1e400})",
      R"({"time":"2025-09-01T00:00:00Z"} {})",
      std::string(100000, '['),
      std::string(100000, '[') + std::string(100000, ']'),
      std::string("{\"time\":\"2025-09-01T00:00:00Z\",\"x\":\"\xff\"}"),
      R"({"time":"2025-09-01T00:00:00Z","x":")" + std::string(1, '\0') + "\"}",
      std::string(70, '\0'),
      R"({"a":)" + std::string(5000, '{'),
      "\"",
      "{",
      "",
      " ",
      "nul",
      "\r",
      "-",
      R"({"time")",
  };
  std::string text;
  for (const std::string& record : hostile) text += good + "\n" + record + "\n";
  const PackageSummary summary = check_round_trip(text);
  EXPECT_EQ(summary.records, 2 * hostile.size());
  EXPECT_EQ(summary.opaque_records, hostile.size());
}

}  // namespace
}  // namespace atp::test
