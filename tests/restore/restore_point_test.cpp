// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "restore/restoring.hpp"
#include "restore/scope.hpp"
#include "source/source_test_tools.hpp"

namespace atp {
namespace {

using test::error_kind;
using test::everything;
using test::RestoreTest;
using test::tree;
using test::whole_tree;

class RestorePoint : public RestoreTest {};

std::vector<std::string> names_of(const RestorePlan& plan) {
  std::vector<std::string> names;
  for (const RestorePlan::Item& item : plan.items) names.push_back(item.name);
  return names;
}

TEST_F(RestorePoint, GivesBackEveryByteOfAPointAndItsParents) {
  const RestoreResult result = test::restore(*store_, *files_);
  EXPECT_TRUE(result.report.passed());
  EXPECT_EQ(tree(*files_, "/restored"), whole_tree());
  EXPECT_EQ(result.segments, 3U);
  EXPECT_EQ(result.segments_resumed, 0U);
  EXPECT_EQ(result.records, 4100U + 5U + 1U);
  std::uint64_t bytes = 0;
  for (const auto& [name, text] : whole_tree()) bytes += text.size();
  EXPECT_EQ(result.bytes, bytes);
  EXPECT_EQ(result.folder, Path("/restored"));
  EXPECT_EQ(files_->list("/restored").size(), 2U);
}

TEST_F(RestorePoint, LeavesNothingThatOthersMayRead) {
  test::restore(*store_, *files_, everything(), "/restored");
  EXPECT_EQ(files_->status("/restored")->mode, kPrivateFolder);
  EXPECT_EQ(files_->status("/restored/api")->mode, kPrivateFolder);
  for (const auto& [name, text] : tree(*files_, "/restored")) {
    EXPECT_EQ(files_->status(Path("/restored") / name)->mode, kPrivateFile) << name;
  }
}

TEST_F(RestorePoint, OfAnEarlierPointGivesWhatItHeld) {
  test::restore(*store_, *files_, everything(), "/restored", vault_.full);
  auto expected = whole_tree();
  expected.erase("api/000002.jsonl");
  EXPECT_EQ(tree(*files_, "/restored"), expected);
}

TEST_F(RestorePoint, MakesFoldersThatAreMissingAndTakesAnEmptyOne) {
  test::restore(*store_, *files_, everything(4), "/deep/down/here");
  EXPECT_EQ(tree(*files_, "/deep/down/here"), whole_tree());
  files_->create_directory("/empty");
  test::restore(*store_, *files_, everything(4), "/empty");
  EXPECT_EQ(tree(*files_, "/empty"), whole_tree());
}

TEST_F(RestorePoint, IsDurableWhenItReturns) {
  test::restore(*store_, *files_);
  EXPECT_EQ(tree(*files_->reboot(test::Variant::none()), "/restored"), whole_tree());
}

TEST_F(RestorePoint, OfOneStreamOrSegmentGivesThatAlone) {
  RestoreOptions options = everything();
  options.stream = StreamId("api");
  test::restore(*store_, *files_, options, "/stream");
  EXPECT_THAT(tree(*files_, "/stream"),
              testing::UnorderedElementsAre(testing::Key("api/000001.jsonl"),
                                            testing::Key("api/000002.jsonl")));
  options = everything();
  options.segment_stream = StreamId("default");
  options.segment = SegmentId("000001");
  test::restore(*store_, *files_, options, "/segment");
  EXPECT_THAT(tree(*files_, "/segment"), testing::ElementsAre(testing::Key("000001.jsonl")));
}

TEST_F(RestorePoint, OfATimeRangeTakesWhatOverlapsAndWhatIsOpaque) {
  const auto names = [&](const char* from, const char* to) {
    RestoreOptions options = everything();
    options.time = {*parse_time(from), *parse_time(to)};
    return names_of(
        plan_restore(*store_, find_point(*store_, vault_.incremental), vault_.trust(), options));
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(names("2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z"),
            (Names{"api/000001", "default/000001"}));
  EXPECT_EQ(names("2026-03-01T00:00:00Z", "2026-03-01T00:00:01Z"),
            (Names{"api/000001", "api/000002"}));
  EXPECT_EQ(names("2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"), (Names{"api/000001"}));
  EXPECT_EQ(names("2027-01-01T00:00:00Z", "2028-01-01T00:00:00Z"), (Names{"api/000001"}));
}

TEST_F(RestorePoint, RefusesAScopeThatNamesNothing) {
  RestoreOptions options = everything();
  options.stream = StreamId("ap");
  EXPECT_EQ(error_kind([&] { test::restore(*store_, *files_, options); }), ErrorKind::not_found);
  options = everything();
  options.segment = SegmentId("000009");
  EXPECT_EQ(error_kind([&] { test::restore(*store_, *files_, options); }), ErrorKind::not_found);
  options = everything();
  options.time = {Time{}, Time{}};
  EXPECT_EQ(error_kind([&] { test::restore(*store_, *files_, options); }),
            ErrorKind::invalid_argument);
  EXPECT_EQ(error_kind([&] { test::restore(*store_, *files_, everything(), "/restored", "RP"); }),
            ErrorKind::not_found);
  EXPECT_FALSE(files_->status("/restored"));
}

TEST_F(RestorePoint, RefusesWithoutAFittingIdentity) {
  EXPECT_EQ(error_kind([&] {
              test::SequenceRandom random;
              restore_point(*store_, *files_, random, find_point(*store_, vault_.incremental),
                            "/restored", vault_.trust(), {}, everything());
            }),
            ErrorKind::unauthenticated);
  EXPECT_FALSE(files_->status("/restored"));
}

TEST_F(RestorePoint, WithoutTheLastCheckpointGivesAllBackAndSaysSo) {
  const auto store = vault_.store_with(
      vault_.key_of("ledger/acme-corp/0/checkpoints/", "00000000000000000003"), std::nullopt);
  const RestoreResult result = test::restore(*store, *files_);
  EXPECT_EQ(result.report.verdict(), CheckState::not_checked);
  EXPECT_EQ(result.report.exit_code(), 3);
  EXPECT_EQ(tree(*files_, "/restored"), whole_tree());
}

TEST_F(RestorePoint, PlansWithoutReadingPackages) {
  test::Objects objects = vault_.objects();
  std::erase_if(objects, [](const auto& each) { return each.first.starts_with("segments/"); });
  const RestorePlan plan = plan_restore(*vault_.store_of(objects),
                                        find_point(*vault_.store_of(objects), vault_.incremental),
                                        vault_.trust(), everything());
  ASSERT_EQ(plan.items.size(), 3U);
  EXPECT_EQ(plan.items.back().name, "default/000001");
  EXPECT_EQ(plan.items.back().records, 4100U);
  EXPECT_EQ(plan.items.back().bytes, vault_.segments.at("default/000001").size());
  objects.erase(vault_.key_of("policies/acme-corp/"));
  EXPECT_EQ(error_kind([&] {
              plan_restore(*vault_.store_of(objects),
                           find_point(*vault_.store_of(objects), vault_.incremental),
                           vault_.trust(), everything());
            }),
            ErrorKind::corrupt);
}

TEST_F(RestorePoint, TellsItsProgress) {
  struct Sink : ProgressSink {
    void update(const Progress& progress) override { last = progress; }
    Progress last;
  } sink;
  RestoreOptions options = everything();
  options.progress = &sink;
  test::restore(*store_, *files_, options);
  EXPECT_EQ(sink.last.stage, "restore");
  EXPECT_EQ(sink.last.items_done, 3U);
  EXPECT_EQ(sink.last.bytes_done, sink.last.bytes_total);
}

TEST_F(RestorePoint, GivesCompressedInputBackDecoded) {
  test::TempDir dir;
  const Environment environment{posix_file_system(), vault_.clock,
                                std::make_shared<test::SequenceRandom>(3)};
  const CreatedVault created =
      create_vault(environment, dir.path() / "vault",
                   {.region = Region("west"), .configuration = dir.path() / "config"});
  const auto vault = open_vault(environment, dir.path() / "vault",
                                load_keys(*environment.files, created.keys.trust.parent_path()));
  const std::string text = test::some_records(300'000);
  test::write_bytes(dir.path() / "source/a.jsonl.gz", test::gzip(text));
  test::write_bytes(dir.path() / "source/b.jsonl.zst", test::zstd(text));
  const auto source = segment_folder(environment.files, dir.path() / "source");
  const BackupResult backup =
      take_backup(*vault, *source, {.tenant = TenantId("t"), .clock = ClockTrust::insist});
  const RestoreResult result =
      restore_point(vault->store(), *environment.files, *environment.random,
                    find_point(vault->store(), backup.recovery_point_id), dir.path() / "to",
                    vault->trust(), vault->keys().identities, everything(2));
  EXPECT_TRUE(result.report.passed());
  EXPECT_EQ(tree(*environment.files, dir.path() / "to"),
            (std::map<std::string, std::string>{{"a.jsonl", text}, {"b.jsonl", text}}));
}

/// A point of one segment with names of a hostile signer's choice.
ResolvedPoint with_names(const std::vector<std::pair<std::string, std::string>>& names) {
  const test::SmallVault& vault = test::small_vault();
  ResolvedPoint resolved =
      resolve_point(*vault.store_of(vault.objects()),
                    find_point(*vault.store_of(vault.objects()), vault.incremental), &vault.trust(),
                    LedgerDepth::whole, 1, {});
  const ResolvedSegment sample = resolved.segments.front();
  resolved.segments.clear();
  for (const auto& [stream, segment] : names) {
    ResolvedSegment hostile = sample;
    hostile.stream = hostile.manifest->stream = StreamId(stream);
    hostile.manifest->segment = SegmentId(segment);
    resolved.segments.push_back(hostile);
  }
  return resolved;
}

std::optional<ErrorKind> refusal(const std::vector<std::pair<std::string, std::string>>& names) {
  const ResolvedPoint resolved = with_names(names);
  return error_kind([&] { restore::select_items(resolved, everything()); });
}

TEST(RestoreNames, T057_ThatLeadOutOfTheFolderAreRefused) {
  for (const char* name : {"..", ".", "../x", "/etc/passwd", "a/b", "a/../../b", ".hidden", "/"}) {
    EXPECT_EQ(refusal({{"api", name}}), ErrorKind::corrupt) << name;
    EXPECT_EQ(refusal({{name, "000001"}}), ErrorKind::corrupt) << name;
  }
  EXPECT_EQ(refusal({{"api", "a..b"}}), std::nullopt);
  EXPECT_EQ(refusal({{"Ä ö", "C:\\x"}}), std::nullopt);
}

TEST(RestoreNames, ThatCollideAreRefused) {
  EXPECT_EQ(refusal({{"default", "a"}, {"a.jsonl", "b"}}), ErrorKind::invalid_argument);
  EXPECT_EQ(refusal({{"RESTORE-UNFINISHED", "b"}}), ErrorKind::invalid_argument);
  EXPECT_EQ(refusal({{"default", "a"}, {"a", "a"}}), std::nullopt);
}

}  // namespace
}  // namespace atp
