// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <set>
#include <stop_token>

#include "atp/storage/layout.hpp"
#include "support/faulty_store.hpp"
#include "verify/verifying.hpp"

namespace atp {
namespace {

using test::named;
using test::names;
using test::Objects;
using test::small_vault;
using test::SmallVault;
using test::text_of;
using test::verify;

TEST(VerifyPoint, FindsAWholePointVerified) {
  const SmallVault& vault = small_vault();
  const auto store = vault.store_of(vault.objects());
  for (const std::string& id : {vault.full, vault.incremental, vault.other_point}) {
    const Report report = verify(*store, id);
    EXPECT_EQ(report.verdict(), CheckState::verified) << text_of(report);
    EXPECT_EQ(report.exit_code(), 0);
    EXPECT_EQ(report.recovery_point_id, id);
  }
}

TEST(VerifyPoint, SaysAllThatItChecked) {
  const SmallVault& vault = small_vault();
  const Report report = verify(*vault.store_of(vault.objects()));
  EXPECT_EQ(names(report.checks), (std::vector<std::string>{"vault",
                                                            "ledger.entries",
                                                            "ledger.checkpoint",
                                                            "point.manifest",
                                                            "ledger.statement",
                                                            "point.parent",
                                                            "ledger.statement",
                                                            "point.list",
                                                            "point.list",
                                                            "point.list",
                                                            "manifest.chain",
                                                            "manifest.chain",
                                                            "point.merkle_root",
                                                            "point.counts",
                                                            "point.coverage",
                                                            "point.merkle_root",
                                                            "point.counts",
                                                            "point.coverage",
                                                            "key_epoch",
                                                            "policy",
                                                            "package.stored",
                                                            "package.content",
                                                            "package.stored",
                                                            "package.content",
                                                            "package.stored",
                                                            "package.content"}));
  const Check& last = report.checks.back();
  EXPECT_EQ(last.subject, vault.key_of("segments/acme-corp/default/"));
  EXPECT_EQ(last.stream, "default");
  EXPECT_EQ(last.segment, "000001");
}

TEST(VerifyPoint, AtStoredDepthNeedsNoIdentity) {
  const SmallVault& vault = small_vault();
  const auto store = vault.store_of(vault.objects());
  VerifyOptions options{};
  options.depth = VerifyDepth::stored;
  const Report report =
      verify_point(*store, find_point(*store, vault.incremental), &vault.trust(), {}, options);
  EXPECT_EQ(report.verdict(), CheckState::verified) << text_of(report);
  EXPECT_EQ(named(report, "package.stored").size(), 3U);
  EXPECT_TRUE(named(report, "package.content").empty());
}

TEST(VerifyPoint, T045_WithoutIdentityContentIsNotChecked) {
  const SmallVault& vault = small_vault();
  const auto store = vault.store_of(vault.objects());
  test::SequenceRandom random(99);
  std::vector<age::Identity> strangers;
  strangers.push_back(age::Identity::generate(random));
  for (const auto identities :
       {std::span<const age::Identity>(), std::span<const age::Identity>(strangers)}) {
    const Report report =
        verify_point(*store, find_point(*store, vault.incremental), &vault.trust(), identities, {});
    EXPECT_EQ(report.verdict(), CheckState::not_checked) << text_of(report);
    EXPECT_EQ(report.exit_code(), 3);
    EXPECT_EQ(named(report, "package.stored").size(), 3U);
    for (const Check& check : named(report, "package.content")) {
      EXPECT_EQ(check.state, CheckState::not_checked);
      EXPECT_EQ(check.found, "no identity opens key epoch 202601");
    }
  }
}

TEST(VerifyPoint, T045_WithoutTrustSignaturesAreNotChecked) {
  const SmallVault& vault = small_vault();
  const auto store = vault.store_of(vault.objects());
  const Report report =
      verify_point(*store, find_point(*store, vault.incremental), nullptr, vault.identities(), {});
  EXPECT_EQ(report.verdict(), CheckState::not_checked) << text_of(report);
  EXPECT_EQ(named(report, "ledger.entries").at(0).state, CheckState::verified);
  for (const char* name :
       {"vault", "ledger.signatures", "ledger.checkpoint", "ledger.statement", "point.manifest",
        "point.parent", "manifest.chain", "key_epoch", "policy"}) {
    ASSERT_FALSE(named(report, name).empty()) << name;
    for (const Check& check : named(report, name)) {
      EXPECT_EQ(check.state, CheckState::not_checked) << name;
    }
  }
}

TEST(VerifyPoint, WithoutTrustStillFindsDamage) {
  const SmallVault& vault = small_vault();
  Bytes package = vault.objects().at(vault.key_of("segments/acme-corp/default/"));
  package.back() ^= std::byte{1};
  const auto store = vault.store_with(vault.key_of("segments/acme-corp/default/"), package);
  const Report report =
      verify_point(*store, find_point(*store, vault.incremental), nullptr, {}, {});
  EXPECT_EQ(report.exit_code(), 20);
}

TEST(VerifyPoint, IsTheSameWhateverTheNumberOfWorkers) {
  const SmallVault& vault = small_vault();
  Bytes package = vault.objects().at(vault.key_of("segments/acme-corp/api/"));
  package.pop_back();
  const auto store = vault.store_with(vault.key_of("segments/acme-corp/api/"), package);
  const Report one = verify(*store, vault.incremental, {.workers = 1});
  const Report four = verify(*store, vault.incremental, {.workers = 4});
  EXPECT_EQ(one.checks, four.checks);
  EXPECT_FALSE(one.passed());
}

TEST(VerifyPoint, OfOneSegmentReadsItsPackageOnly) {
  const SmallVault& vault = small_vault();
  const std::string wanted = vault.key_of("segments/acme-corp/api/000002");
  const std::string other = vault.key_of("segments/acme-corp/default/");
  const auto store = std::make_shared<test::RecordingStore>(vault.store_with(other, std::nullopt));
  const Report report = verify(*store, vault.incremental,
                               {.segment = SegmentName{StreamId("api"), SegmentId("000002")}});
  EXPECT_TRUE(report.passed()) << text_of(report);
  EXPECT_TRUE(store->read().contains(wanted));
  EXPECT_EQ(named(report, "package.content").size(), 1U);
  const auto read = store->read();
  EXPECT_EQ(std::count_if(read.begin(), read.end(),
                          [](const std::string& key) { return key.starts_with("segments/"); }),
            1);
}

TEST(VerifyPoint, RefusesASegmentThatThePointLacks) {
  const SmallVault& vault = small_vault();
  const auto store = vault.store_of(vault.objects());
  const auto verify_segment = [&](const std::string& id, const char* stream, const char* segment) {
    return test::error_kind([&] {
      verify(*store, id, {.segment = SegmentName{StreamId(stream), SegmentId(segment)}});
    });
  };
  EXPECT_EQ(verify_segment(vault.incremental, "api", "000003"), ErrorKind::not_found);
  EXPECT_EQ(verify_segment(vault.incremental, "ap", "000001"), ErrorKind::not_found);
  EXPECT_EQ(verify_segment(vault.full, "api", "000002"), ErrorKind::not_found);
  EXPECT_EQ(verify_segment(vault.incremental, "api", "000001"), std::nullopt);
}

TEST(VerifyPoint, RefusesAnUnknownPoint) {
  const SmallVault& vault = small_vault();
  const auto store = vault.store_of(vault.objects());
  for (const char* id : {"RP-none", "", "../x", "http://example.invalid/"}) {
    EXPECT_EQ(test::error_kind([&] { verify(*store, id); }), ErrorKind::not_found) << id;
  }
}

TEST(VerifyPoint, StopsWhenAsked) {
  const SmallVault& vault = small_vault();
  const auto store = vault.store_of(vault.objects());
  std::stop_source source;
  source.request_stop();
  EXPECT_EQ(test::error_kind([&] {
              verify_point(*store, find_point(*store, vault.incremental), &vault.trust(),
                           vault.identities(), {.stop = source.get_token()});
            }),
            ErrorKind::cancelled);
}

TEST(VerifyPoint, TellsItsProgressInStoredBytes) {
  struct Sink : ProgressSink {
    void update(const Progress& progress) override {
      EXPECT_EQ(progress.stage, "verify");
      EXPECT_GE(progress.bytes_done, last.bytes_done);
      last = progress;
    }
    Progress last;
  } sink;
  const SmallVault& vault = small_vault();
  const auto store = vault.store_of(vault.objects());
  verify_point(*store, find_point(*store, vault.incremental), &vault.trust(), vault.identities(),
               {.workers = 2, .progress = &sink});
  EXPECT_EQ(sink.last.items_done, 3U);
  EXPECT_EQ(sink.last.items_total, 3U);
  EXPECT_GT(sink.last.bytes_total, 0U);
  EXPECT_EQ(sink.last.bytes_done, sink.last.bytes_total);
}

TEST(VerifyPoint, AnUnavailableStoreIsAnErrorAndNoFinding) {
  const SmallVault& vault = small_vault();
  const auto inner = vault.store_of(vault.objects());
  test::FaultyStore sound(inner);
  EXPECT_TRUE(verify(sound).passed());
  for (std::uint64_t nth = 1; nth <= sound.operations(); ++nth) {
    test::FaultyStore store(inner);
    store.fail_operation(nth, Error(ErrorKind::unavailable, "store", "is gone for a while",
                                    Error::Retry::temporary));
    EXPECT_EQ(test::error_kind([&] { verify(store); }), ErrorKind::unavailable) << nth;
  }
}

TEST(VerifyPoint, APackageThatCannotBeReadIsNotCheckedAndTheOthersAre) {
  const SmallVault& vault = small_vault();
  const auto inner = vault.store_of(vault.objects());
  std::size_t not_checked = 0;
  test::FaultyStore sound(inner);
  verify(sound);
  for (std::uint64_t nth = 1; nth <= sound.operations(); ++nth) {
    test::FaultyStore store(inner);
    store.fail_operation(nth, Error(ErrorKind::permission_denied, "object", "may not be read"));
    std::optional<Report> report;
    const auto kind = test::error_kind([&] { report = verify(store); });
    if (kind) {
      EXPECT_EQ(kind, ErrorKind::permission_denied) << nth;
      continue;
    }
    ++not_checked;
    EXPECT_EQ(report->verdict(), CheckState::not_checked) << nth;
    const auto whole =
        std::count_if(report->checks.begin(), report->checks.end(), [](const Check& check) {
          return check.name == "package.content" && check.state == CheckState::verified;
        });
    EXPECT_EQ(whole, 2) << nth;
  }
  EXPECT_GE(not_checked, 3U);
}

/// What points have in common is read once, and says the same of each as if it were read for it.
TEST(PointVerifier, SaysOfEachPointWhatVerifyPointSays) {
  const SmallVault& vault = small_vault();
  const std::vector<std::string> ids{vault.full, vault.incremental};
  const auto lines = [](const Report& report) {
    std::multiset<std::string> said;
    for (const Check& check : report.checks) {
      said.insert(std::string(to_string(check.state)) + check.name + check.subject +
                  check.expected + check.found);
    }
    return said;
  };
  const auto expect_same = [&](ObjectStore& store) {
    std::map<std::string, std::multiset<std::string>> alone;
    for (const std::string& id : ids) alone[id] = lines(verify(store, id));
    for (const bool newest_first : {false, true}) {
      PointVerifier together(store, vault.tenant, &vault.trust(), vault.identities(), {});
      for (std::size_t i = 0; i < ids.size(); ++i) {
        const std::string& id = ids[newest_first ? ids.size() - 1 - i : i];
        EXPECT_EQ(lines(together.verify(id)), alone[id]) << id;
      }
    }
  };
  expect_same(*vault.store_of(vault.objects()));
  for (const auto& [key, bytes] : vault.objects()) {
    if (key.find("recovery-points/") == 0) continue;  // Without one it is no point.
    SCOPED_TRACE(key);
    Bytes changed = bytes;
    changed[changed.size() / 2] ^= std::byte{1};
    expect_same(*vault.store_with(key, changed));
    expect_same(*vault.store_with(key, std::nullopt));
  }
}

TEST(PointVerifier, ReadsTheLedgerAgainForAPointThatWasCompletedSince) {
  const SmallVault& vault = small_vault();
  const std::vector<std::string> later{layout::ledger_entry(vault.tenant, 0, 2),
                                       layout::ledger_checkpoint(vault.tenant, 0, 3)};
  Objects before = vault.objects();
  for (const std::string& key : later) before.erase(key);
  const auto store = vault.store_of(before);
  PointVerifier points(*store, vault.tenant, &vault.trust(), vault.identities(), {});
  EXPECT_TRUE(points.verify(vault.full).passed());
  EXPECT_FALSE(points.verify(vault.incremental).passed());
  for (const std::string& key : later) put_object(*store, key, vault.objects().at(key), {});
  const Report report = points.verify(vault.incremental);
  EXPECT_TRUE(report.passed()) << text_of(report);
}

/// A tenant whose points cannot be found is not passed over.
TEST(VerifyLedger, OfATenantWithoutPointsSaysWhatIsWrong) {
  const SmallVault& vault = small_vault();
  const auto report_of = [&](const std::shared_ptr<ObjectStore>& store) {
    return verify_ledger(*store, vault.tenant, &vault.trust(), {});
  };
  EXPECT_TRUE(report_of(vault.store_of(vault.objects())).passed());
  Objects without;
  for (const auto& [key, bytes] : vault.objects()) {
    if (!key.starts_with("ledger/" + vault.tenant.str() + "/")) without.emplace(key, bytes);
  }
  EXPECT_EQ(report_of(vault.store_of(without)).verdict(), CheckState::failed)
      << "the second point had seen the first one's entries";
  Objects packages_alone;
  for (const auto& [key, bytes] : vault.objects()) {
    if (key.starts_with("segments/acme/")) packages_alone.emplace(key, bytes);
  }
  const auto store = vault.store_of(packages_alone);
  EXPECT_EQ(list_tenants(*store), std::vector{vault.other_tenant});
  EXPECT_EQ(verify_ledger(*store, vault.other_tenant, &vault.trust(), {}).verdict(),
            CheckState::not_checked);
  for (const auto& [key, bytes] : vault.objects()) {
    if (!key.starts_with("ledger/" + vault.tenant.str() + "/")) continue;
    Bytes changed = bytes;
    changed[changed.size() / 2] ^= std::byte{1};
    EXPECT_EQ(report_of(vault.store_with(key, changed)).verdict(), CheckState::failed) << key;
  }
}

TEST(VerifyPoint, T021_AStoreThatForgetsOnceNeverLooksVerified) {
  const SmallVault& vault = small_vault();
  const auto inner = vault.store_of(vault.objects());
  test::FaultyStore sound(inner);
  EXPECT_TRUE(verify(sound).passed());
  for (std::uint64_t nth = 1; nth <= sound.operations(); ++nth) {
    test::FaultyStore store(inner);
    store.fail_operation(nth, Error(ErrorKind::not_found, "object", "is not there"));
    bool passed = false;
    static_cast<void>(test::error_kind([&] { passed = verify(store).passed(); }));
    EXPECT_FALSE(passed) << nth;
  }
}

}  // namespace
}  // namespace atp
