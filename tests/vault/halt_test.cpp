// SPDX-License-Identifier: Apache-2.0
/// Ledgers that are not what they were, in each form: seen, named, and the tenant halted until
/// somebody has resolved it.
#include "atp/vault/halt.hpp"

#include <algorithm>
#include <functional>
#include <map>

#include "atp/crypto/sha256.hpp"
#include "atp/model/acts.hpp"
#include "atp/model/json.hpp"
#include "atp/storage/layout.hpp"
#include "atp/vault/act.hpp"
#include "atp/vault/doctor.hpp"
#include "atp/vault/rebuild.hpp"
#include "backup/backup_fixture.hpp"

namespace atp {
namespace {

using test::error_kind;

class Halt : public test::BackupFixture {
 protected:
  using Files = std::map<std::string, Bytes>;

  const TenantId tenant_{"acme"};

  void SetUp() override {
    for (const char* name : {"a", "b", "c"}) {
      seal(std::string(name) + ".jsonl", name);
      backup();
    }
  }

  Path path(const std::string& key) const { return Path("/vault/store") / key; }
  std::string entry(std::uint64_t index) const { return layout::ledger_entry(tenant_, 0, index); }
  std::string checkpoint(std::uint64_t size) const {
    return layout::ledger_checkpoint(tenant_, 0, size);
  }
  Bytes read(const std::string& key) { return read_file(*disk_, path(key), 1 << 20); }
  void write(const std::string& key, ByteView bytes) {
    if (disk_->status(path(key))) disk_->remove(path(key));
    disk_->open(path(key), OpenMode::create_new)->write_at(0, bytes);
  }
  void remove(const std::string& key) { disk_->remove(path(key)); }

  /// All of the tenant's ledger and points.
  Files stored() {
    Files files;
    for (const std::string& key : keys("")) {
      const bool of_tenant =
          key.starts_with("ledger/acme/") || key.starts_with("recovery-points/acme/");
      if (of_tenant) files.emplace(key, read(key));
    }
    return files;
  }
  void put_back(const Files& files) {
    for (const auto& [key, bytes] : stored()) {
      if (!files.contains(key)) remove(key);
    }
    for (const auto& [key, bytes] : files) write(key, bytes);
  }

  /// An entry of the same place with another nonce, signed with the vault's own key.
  std::string forged_entry(std::uint64_t index) {
    Json json = parse_json(as_text(read(entry(index))));
    json.as_object().insert_or_assign("nonce", std::string(32, '7'));
    json.as_object().erase("signature");
    const Bytes signature = vault_->signers().current().sign(as_bytes(json.str()));
    json.as_object().emplace("signature", to_base64(signature));
    return json.str();
  }
  /// Checkpoints of `size` that fit the entries there are now.
  void sign_checkpoints_again(std::uint64_t from, std::uint64_t to) {
    merkle::Frontier<Rfc9162Hasher> tree;
    const std::string origin = parse_checkpoint(as_text(read(checkpoint(2))))->origin;
    for (std::uint64_t size = 1; size <= to; ++size) {
      tree.push(Rfc9162Hasher::leaf(read(entry(size - 1))));
      if (size < from) continue;
      write(checkpoint(size),
            as_bytes(sign_checkpoint({origin, size, tree.root()}, vault_->ledger_signers())));
    }
  }

  /// A run meets the ledger without that object.
  void halt_and_put_back(const std::string& key) {
    const Bytes stored = read(key);
    remove(key);
    EXPECT_EQ(error_kind([&] { backup(); }), ErrorKind::corrupt);
    write(key, stored);
  }

  std::optional<ErrorKind> kind_found_by_doctor() {
    for (const Finding& finding : examine(*vault_)) {
      if (finding.name == "ledger" && finding.subject == "acme") return finding.error;
    }
    return std::nullopt;
  }

  /// After `attack`, which an undo makes good: seen, named, and halting the tenant alone.
  void expect_halt(const std::function<void()>& attack, const std::string& names,
                   ErrorKind kind = ErrorKind::corrupt, bool of_old = false) {
    const Files before = stored();
    attack();
    const Files after = stored();
    if (of_old) {
      EXPECT_EQ(kind_found_by_doctor(), kind);
    } else {
      EXPECT_EQ(error_kind([&] { backup(); }), kind);
    }
    EXPECT_EQ(stored(), after) << "something was written";
    const auto halt = find_halt(*vault_, tenant_);
    ASSERT_TRUE(halt);
    EXPECT_NE((halt->subject + ": " + halt->message).find(names), std::string::npos)
        << halt->subject << ": " << halt->message;
    backup(options("other"));
    const auto resolve = [&] { resolve_halt(*vault_, tenant_, std::nullopt, {}, {}); };
    EXPECT_NE(error_kind(resolve), std::nullopt) << "resolved while it does not hold";
    put_back(before);
    EXPECT_EQ(error_kind([&] { backup(); }), ErrorKind::precondition_failed);
    reopen();
    EXPECT_EQ(error_kind([&] { backup(); }), ErrorKind::precondition_failed);
    resolve();
    EXPECT_FALSE(find_halt(*vault_, tenant_));
    seal("later.jsonl", "later");
    EXPECT_EQ(backup().status, BackupStatus::completed);
  }
};

TEST_F(Halt, T052_ByATailThatIsCutOff) {
  expect_halt(
      [&] {
        remove(entry(3));
        remove(checkpoint(4));
        remove(keys("recovery-points/acme/").back());
      },
      "the tail was cut off");
}

TEST_F(Halt, T052_ByATailThatIsCutOffAndItsCheckpointLeft) {
  expect_halt([&] { remove(entry(3)); }, "expected 4 entries, found 3");
}

TEST_F(Halt, T046_ByAReplacedEntry) {
  expect_halt(
      [&] {
        write(entry(2), as_bytes(forged_entry(2)));
        sign_checkpoints_again(3, 4);
      },
      "is another ledger than the one that");
}

TEST_F(Halt, T046_ByTwoHeadsOfOneSize) {
  expect_halt(
      [&] {
        const auto note = parse_checkpoint(as_text(read(checkpoint(4))));
        write(checkpoint(4), as_bytes(sign_checkpoint({note->origin, 4, sha256(as_bytes("fork"))},
                                                      vault_->ledger_signers())));
      },
      "expected root");
}

TEST_F(Halt, T046_ByEntriesInAnotherOrder) {
  expect_halt(
      [&] {
        const Bytes first = read(entry(1));
        write(entry(1), read(entry(2)));
        write(entry(2), first);
      },
      "expected index 1, found index 2", ErrorKind::corrupt, true);
}

TEST_F(Halt, T014_ByAnOlderHead) {
  const Files older = stored();
  seal("d.jsonl", "d");
  backup();
  expect_halt([&] { put_back(older); }, "the tail was cut off or the store rolled back");
}

TEST_F(Halt, ByAnEntryThatNobodyTrustedSigned) {
  expect_halt(
      [&] {
        Json json = parse_json(as_text(read(entry(2))));
        json.as_object().insert_or_assign("nonce", std::string(32, '7'));
        write(entry(2), as_bytes(json.str()));
      },
      "bad_signature", ErrorKind::untrusted, true);
}

/// Another writer with the same keys, who gets his checkpoint in first.
TEST_F(Halt, T046_ByAForkThatComesInTheMidstOfARun) {
  seal("d.jsonl", "d");
  BackupOptions forked = options();
  const std::string origin = parse_checkpoint(as_text(read(checkpoint(4))))->origin;
  forked.probe = [&](PackageStage, MutableByteView) {
    if (disk_->status(path(checkpoint(5)))) return;
    write(checkpoint(5), as_bytes(sign_checkpoint({origin, 5, sha256(as_bytes("fork"))},
                                                  vault_->ledger_signers())));
  };
  EXPECT_EQ(error_kind([&] { backup(forked); }), ErrorKind::corrupt);
  const auto halt = find_halt(*vault_, tenant_);
  ASSERT_TRUE(halt);
  EXPECT_NE(halt->message.find("the ledger has forked"), std::string::npos) << halt->message;
  remove(checkpoint(5));
  EXPECT_EQ(error_kind([&] { backup(); }), ErrorKind::precondition_failed);
}

TEST_F(Halt, IsResolvedOnlyByALedgerThatGoesOnFromAKeptCheckpoint) {
  const std::string kept(as_text(read(checkpoint(4))));
  halt_and_put_back(entry(3));
  std::string forged = kept;
  forged.replace(forged.find("\n4\n"), 3, "\n5\n");
  EXPECT_EQ(error_kind([&] { resolve_halt(*vault_, tenant_, forged, {}, {}); }),
            ErrorKind::untrusted);
  EXPECT_TRUE(find_halt(*vault_, tenant_));
  const HaltRow halt = resolve_halt(*vault_, tenant_, kept, {}, {});
  EXPECT_EQ(halt.tenant, tenant_);
  OpenTenant ledger_of(*vault_, tenant_);
  Ledger& ledger = ledger_of.ledger();
  EXPECT_EQ(ledger.entries().back().statement.action, "halt.resolved");
  EXPECT_TRUE(ledger.has_checkpoint());
}

/// As a crash between the two leaves it.
TEST_F(Halt, IsResolvedThoughNoCheckpointCoversTheLastEntry) {
  halt_and_put_back(entry(3));
  remove(checkpoint(4));
  resolve_halt(*vault_, tenant_, std::nullopt, {}, {});
  EXPECT_TRUE(OpenTenant(*vault_, tenant_).ledger().has_checkpoint());
  EXPECT_EQ(backup().status, BackupStatus::unchanged);
}

/// The job of a resolution ends with its statement, also where a crash came between the two.
TEST_F(Halt, AnInterruptedResolutionIsSettledByTheNextRun) {
  halt_and_put_back(entry(3));
  resolve_halt(*vault_, tenant_, std::nullopt, {}, {});
  const std::string done = *OpenTenant(*vault_, tenant_).ledger().tail().back().statement.job_id;
  EXPECT_EQ(vault_->catalog().job(done)->state, JobState::completed);

  const std::string vain(32, 'e');
  vault_->catalog().begin_job({.job_id = vain,
                               .tenant = tenant_,
                               .kind = "resolve",
                               .state = JobState::running,
                               .started_at = clock_->now()});
  vault_->catalog().end_job(done, JobState::running);
  EXPECT_EQ(backup().status, BackupStatus::unchanged);
  EXPECT_EQ(vault_->catalog().job(vain)->state, JobState::failed);
  EXPECT_EQ(vault_->catalog().job(done)->state, JobState::completed);
}

TEST_F(Halt, OfNobodyCannotBeResolved) {
  EXPECT_EQ(error_kind([&] { resolve_halt(*vault_, tenant_, std::nullopt, {}, {}); }),
            ErrorKind::not_found);
}

TEST_F(Halt, IsNotLiftedByARebuildOrTheDoctor) {
  halt_and_put_back(entry(3));
  rebuild_catalog(*vault_, {}, nullptr);
  const auto findings = examine(*vault_, {.mending = Mending::mend});
  EXPECT_TRUE(std::ranges::any_of(findings, [](const Finding& finding) {
    return finding.state == FindingState::bad && finding.name == "ledger";
  }));
  EXPECT_EQ(error_kind([&] { backup(); }), ErrorKind::precondition_failed);
}

/// What cannot be reached says nothing of the ledger.
TEST_F(Halt, IsNotForALedgerThatCannotBeRead) {
  std::size_t failed = 0;
  for (std::uint64_t nth = 1; nth < 60; ++nth) {
    disk_->fail_operation(nth, test::Operation::open);
    if (!error_kind([&] { backup(); })) break;  // It opens no more files than this.
    ++failed;
    reopen();
    EXPECT_FALSE(find_halt(*vault_, tenant_)) << nth;
  }
  EXPECT_GE(failed, 5U);
  disk_->no_faults();
}

/// What the store keeps outlives a catalog that is lost, and one that is put back.
TEST_F(Halt, T014_OutlivesAnyCatalog) {
  halt_and_put_back(entry(3));
  vault_.reset();
  disk_->remove("/vault/catalog.db");
  reopen();
  rebuild_catalog(*vault_, {}, nullptr);
  EXPECT_EQ(error_kind([&] { backup(); }), ErrorKind::precondition_failed);
  resolve_halt(*vault_, tenant_, std::nullopt, {}, {});
  EXPECT_EQ(backup().status, BackupStatus::unchanged);
}

TEST_F(Halt, T014_RubbishAmongHaltsIsResolvedByNameAndBindsNothing) {
  for (const char* name : {"0", "1"}) {
    put_object(vault_->store(), layout::halt(tenant_, std::stoull(name)), as_bytes("{}"), {});
  }
  EXPECT_EQ(error_kind([&] { backup(); }), ErrorKind::precondition_failed);
  resolve_halt(*vault_, tenant_, std::nullopt, {}, {});
  EXPECT_EQ(backup().status, BackupStatus::unchanged);
}

TEST_F(Halt, T014_AHaltInTheNumberOfAResolvedOneIsNotResolved) {
  for (int i = 0; i < 2; ++i) {
    const auto key = keys("ledger/acme/0/entries/").back();
    halt_and_put_back(key);
    resolve_halt(*vault_, tenant_, std::nullopt, {}, {});
  }
  EXPECT_FALSE(find_halt(*vault_, tenant_));
  remove(layout::halt(tenant_, 0));
  put_object(vault_->store(), layout::halt(tenant_, 0), as_bytes("{}"), {});
  EXPECT_TRUE(find_halt(*vault_, tenant_));
}

/// What a medium that is only read cannot be told does not stand before what is found on it.
TEST_F(Halt, IsAskedForOnAMediumThatIsOnlyRead) {
  halt_and_put_back(entry(3));
  resolve_halt(*vault_, tenant_, std::nullopt, {}, {});
  const Bytes resolution = read(entry(4));
  remove(entry(4));
  vault_.reset();
  disk_->read_only();
  const auto medium =
      open_vault(environment_, "/vault", load_keys(*disk_, "/keys"), VaultAccess::read_only);
  EXPECT_EQ(error_kind([&] { find_halt(*medium, tenant_); }), ErrorKind::corrupt);
  disk_->read_only(false);
  reopen();
  write(entry(4), resolution);
  EXPECT_FALSE(find_halt(*vault_, tenant_));
}

/// By a clock that was behind, with more after it than the ledger reaches back over by itself.
TEST_F(Halt, IsResolvedByAnEntryThatIsDatedLongBeforeIt) {
  halt_and_put_back(entry(3));
  const Time halted = clock_->now();
  clock_->set(halted - std::chrono::days(30));
  resolve_halt(*vault_, tenant_, std::nullopt, {}, {});
  for (int i = 0; i < 70; ++i) {
    OpenTenant tenant(*vault_, tenant_);
    append_statement(tenant,
                     {.header = vault_->new_header(tenant_),
                      .index = 0,
                      .action = std::string(acts::kChecked.action)},
                     tenant.document_retention(clock_->now()));
  }
  clock_->set(halted);
  vault_.reset();
  disk_->remove("/vault/catalog.db");
  reopen();
  rebuild_catalog(*vault_, {}, nullptr);
  EXPECT_FALSE(find_halt(*vault_, tenant_));
}

/// The entries are all there; what is gone is what was signed of them, and nobody can put it back.
TEST_F(Halt, T052_ByACheckpointThatIsGone) {
  remove(checkpoint(4));
  EXPECT_EQ(error_kind([&] { backup(); }), ErrorKind::corrupt);
  ASSERT_TRUE(find_halt(*vault_, tenant_));
  EXPECT_EQ(find_halt(*vault_, tenant_)->subject, checkpoint(4));
  EXPECT_EQ(error_kind([&] { backup(); }), ErrorKind::precondition_failed);
  resolve_halt(*vault_, tenant_, std::nullopt, {}, {});
  seal("later.jsonl", "later");
  EXPECT_EQ(backup().status, BackupStatus::completed);
  EXPECT_EQ(kind_found_by_doctor(), std::nullopt);
}

/// Another host's catalog had seen it, too: once is enough.
TEST_F(Halt, ByALostCheckpointIsNotAgainOnEveryHost) {
  const Bytes old = read_file(*disk_, "/vault/catalog.db", 1 << 20);
  remove(checkpoint(4));
  EXPECT_EQ(rebuild_catalog(*vault_, {}, nullptr).damaged.size(), 1u);
  EXPECT_EQ(error_kind([&] { backup(); }), ErrorKind::corrupt);
  resolve_halt(*vault_, tenant_, std::nullopt, {}, {});
  vault_.reset();
  disk_->remove("/vault/catalog.db");
  disk_->open("/vault/catalog.db", OpenMode::create_new)->write_at(0, old);
  reopen();
  EXPECT_EQ(backup().status, BackupStatus::unchanged);
}

/// A writer's key in wrong hands could otherwise hide any act from all who come later.
TEST_F(Halt, P03_ByAnEntryThatLeadsPastABindingOne) {
  halt_and_put_back(entry(3));
  resolve_halt(*vault_, tenant_, std::nullopt, {}, {});
  expect_halt(
      [&] {
        Json json = parse_json(as_text(read(entry(3))));
        json.as_object().insert_or_assign("index", 5);
        json.as_object().erase("signature");
        const Bytes signature = vault_->signers().current().sign(as_bytes(json.str()));
        json.as_object().emplace("signature", to_base64(signature));
        write(entry(5), as_bytes(json.str()));
        sign_checkpoints_again(6, 6);
      },
      "expected bindingBefore 4, found no bindingBefore");
}

/// An entry of a later release is no damage: this one writes nothing, and halts nobody.
TEST_F(Halt, IsNotForAnEntryOfALaterVersion) {
  Json json = parse_json(as_text(read(entry(3))));
  json.as_object().insert_or_assign("formatVersion", 3);
  json.as_object().insert_or_assign("index", 4);
  json.as_object().erase("signature");
  const Bytes signature = vault_->signers().current().sign(as_bytes(json.str()));
  json.as_object().emplace("signature", to_base64(signature));
  write(entry(4), as_bytes(json.str()));
  EXPECT_EQ(error_kind([&] { backup(); }), ErrorKind::unsupported);
  EXPECT_EQ(kind_found_by_doctor(), ErrorKind::unsupported);
  EXPECT_FALSE(vault_->store().stat(layout::halt(tenant_, 0)));
  EXPECT_FALSE(vault_->catalog().find_halt(tenant_));
  remove(entry(4));
}

/// What nobody trusted has signed is no later version, whatever it says.
TEST_F(Halt, ByAnEntryThatOnlyClaimsALaterVersion) {
  expect_halt(
      [&] {
        Json json = parse_json(as_text(read(entry(3))));
        json.as_object().insert_or_assign("formatVersion", 3);
        json.as_object().insert_or_assign("index", 4);
        write(entry(4), as_bytes(json.str()));
      },
      "bad_signature", ErrorKind::untrusted);
}

/// Where the catalog is lost, the ledger leads to the entry that resolved a halt.
TEST_F(Halt, StaysResolvedWithoutACatalogAtTheCostOfItsActs) {
  halt_and_put_back(entry(3));
  resolve_halt(*vault_, tenant_, std::nullopt, {}, {});
  for (int i = 0; i < 30; ++i) {
    seal("more" + std::to_string(i) + ".jsonl", "more");
    backup();
  }
  vault_.reset();
  disk_->remove("/vault/catalog.db");
  reopen();
  rebuild_catalog(*vault_, {}, nullptr);
  EXPECT_FALSE(find_halt(*vault_, tenant_));
}

/// The recorded head is bound to its last entry: a checkpoint alone does not show that it changed.
TEST_F(Halt, ByALastEntryThatWasRewrittenUnderItsCheckpoint) {
  expect_halt([&] { write(entry(3), as_bytes(forged_entry(3))); }, "root");
}

}  // namespace
}  // namespace atp
