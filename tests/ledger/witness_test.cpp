// SPDX-License-Identifier: Apache-2.0
#include "atp/ledger/witness.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "atp/ledger/cosignature.hpp"
#include "ledger/ledgers.hpp"
#include "support/error_kind.hpp"
#include "support/simulated_file_system.hpp"

namespace atp {
namespace {

using test::error_kind;

class WitnessTest : public test::LedgerTest {
 protected:
  WitnessTest() {
    trust_.keys.push_back({witness_signer_->public_key(), KeyRole::witness, {}, {}, "w1"});
    trust_.witnesses = {.threshold = 1};
    for (int i = 0; i < 40; ++i) {
      leaves_.push_back(Rfc9162Hasher::leaf(as_bytes(std::to_string(i))));
      forked_.push_back(i < 10 ? leaves_.back() : Rfc9162Hasher::leaf(as_bytes("fork")));
    }
  }

  std::unique_ptr<Witness> open(std::shared_ptr<FileSystem> files) {
    return std::make_unique<Witness>(
        std::move(files), clock_, std::make_shared<test::SequenceRandom>(seed_++),
        WitnessOptions{
            .folder = "/witness", .name = "w1", .signer = witness_signer_, .logs = {trust_}});
  }

  std::string note(const std::vector<Digest>& leaves, std::uint64_t size) const {
    return sign_checkpoint(
        {kOrigin, size, merkle::root<Rfc9162Hasher>(std::span(leaves).first(size))},
        *ledger_signer_);
  }
  std::string request(const std::vector<Digest>& leaves, std::uint64_t old_size,
                      std::uint64_t size) const {
    WitnessRequest made{.old_size = old_size, .note = note(leaves, size)};
    if (old_size > 0 && old_size < size) {
      made.proof =
          merkle::consistency_proof<Rfc9162Hasher>(std::span(leaves).first(size), old_size);
    }
    return print_witness_request(made);
  }
  int status(std::uint64_t old_size, std::uint64_t size) {
    return memory_->add_checkpoint(request(leaves_, old_size, size)).status;
  }

  const std::string kOrigin = "bank.example/0123456789abcdef/0";
  const std::shared_ptr<const Signer> witness_signer_ = make_signer(21);
  std::vector<Digest> leaves_;
  std::vector<Digest> forked_;
  std::uint64_t seed_ = 100;
  std::shared_ptr<test::SimulatedFileSystem> disk_ = std::make_shared<test::SimulatedFileSystem>();
  std::unique_ptr<Witness> memory_ = open(disk_);
};

TEST_F(WitnessTest, CosignsWhatGoesOn) {
  for (const auto& [from, to] : {std::pair(0, 3), {3, 3}, {3, 4}, {4, 8}, {8, 37}}) {
    const WitnessReply reply = memory_->add_checkpoint(
        request(leaves_, static_cast<std::uint64_t>(from), static_cast<std::uint64_t>(to)));
    ASSERT_EQ(reply.status, 200) << from << " to " << to << reply.body;
    const std::string cosigned =
        with_signatures(note(leaves_, static_cast<std::uint64_t>(to)), reply.body);
    EXPECT_EQ(cosignatures_of(cosigned, trust_).size(), 1U);
  }
}

TEST_F(WitnessTest, SaysWhichSizeItKnows) {
  ASSERT_EQ(status(0, 5), 200);
  for (const std::uint64_t old_size : {0, 3, 6}) {
    const WitnessReply reply = memory_->add_checkpoint(request(leaves_, old_size, 9));
    EXPECT_EQ(reply.status, 409);
    EXPECT_EQ(reply.content_type, "text/x.tlog.size");
    EXPECT_EQ(reply.body, "5\n");
  }
  EXPECT_EQ(status(3, 4), 409);  // Never back.
  EXPECT_EQ(status(5, 9), 200);
}

TEST_F(WitnessTest, T046_NeverCosignsAFork) {
  ASSERT_EQ(status(0, 30), 200);
  EXPECT_EQ(memory_->add_checkpoint(request(forked_, 30, 30)).status, 422);
  EXPECT_EQ(memory_->add_checkpoint(request(forked_, 30, 35)).status, 422);
  EXPECT_EQ(memory_->add_checkpoint(request(forked_, 0, 35)).status, 409);
  EXPECT_EQ(memory_->add_checkpoint(request(forked_, 10, 35)).status, 409);
  EXPECT_EQ(status(30, 31), 200);
}

TEST_F(WitnessTest, KeepsTheForkThatItWasShown) {
  ASSERT_EQ(status(0, 30), 200);
  ASSERT_EQ(memory_->add_checkpoint(request(forked_, 30, 30)).status, 422);
  const Path kept = "/witness/" + sha256(as_bytes(kOrigin)).hex();
  const auto found = [&](const Path& path) {
    return open_checkpoint(as_text(read_file(*disk_, path, kWitnessRequestLimit)),
                           trust_.keys_of(KeyRole::ledger));
  };
  EXPECT_EQ(found(kept)->root, merkle::root<Rfc9162Hasher>(std::span(leaves_).first(30)));
  EXPECT_EQ(found(kept.string() + ".fork")->root,
            merkle::root<Rfc9162Hasher>(std::span(forked_).first(30)));
}

TEST_F(WitnessTest, AWrongProofTakesNoForksPlace) {
  ASSERT_EQ(status(0, 30), 200);
  WitnessRequest wrong = *parse_witness_request(request(leaves_, 30, 35));
  wrong.proof.clear();
  ASSERT_EQ(memory_->add_checkpoint(print_witness_request(wrong)).status, 422);
  const Path kept = "/witness/" + sha256(as_bytes(kOrigin)).hex();
  EXPECT_FALSE(disk_->status(kept.string() + ".fork"));
  EXPECT_TRUE(disk_->status(kept.string() + ".unproven"));
  ASSERT_EQ(memory_->add_checkpoint(request(forked_, 30, 30)).status, 422);
  EXPECT_TRUE(disk_->status(kept.string() + ".fork"));
}

TEST_F(WitnessTest, AnotherRootForTheSizeIsUnprocessableAndForAnotherSizeAConflict) {
  ASSERT_EQ(status(0, 30), 200);
  EXPECT_EQ(memory_->add_checkpoint(request(forked_, 30, 30)).status, 422);
  const WitnessReply stale = memory_->add_checkpoint(request(forked_, 20, 30));
  EXPECT_EQ(stale.status, 409);
  EXPECT_EQ(stale.body, "30\n");
}

TEST_F(WitnessTest, T046_NothingThatComesLaterTakesTheFirstForksPlace) {
  ASSERT_EQ(status(0, 20), 200);
  ASSERT_EQ(memory_->add_checkpoint(request(forked_, 20, 35)).status, 422);
  const Path kept = "/witness/" + sha256(as_bytes(kOrigin)).hex();
  const Bytes first = read_file(*disk_, kept.string() + ".unproven", kWitnessRequestLimit);
  const auto post_junk = [&](std::uint64_t size) {
    WitnessRequest junk = *parse_witness_request(request(leaves_, 20, size));
    junk.proof.assign(1, leaves_[0]);
    return memory_->add_checkpoint(print_witness_request(junk)).status;
  };
  for (std::uint64_t size = 20; size <= 40; ++size) EXPECT_EQ(post_junk(size), 422);
  EXPECT_EQ(read_file(*disk_, kept.string() + ".unproven", kWitnessRequestLimit), first);
  EXPECT_LE(disk_->list("/witness").size(), 2U + 8U);
  ASSERT_EQ(status(20, 35), 200);
  EXPECT_EQ(read_file(*disk_, kept.string() + ".fork", kWitnessRequestLimit), first)
      << "two roots of one size are proof";
  EXPECT_FALSE(disk_->status(kept.string() + ".unproven"));
}

/// The checkpoint is remembered before what was unproven is judged by it: the next request for it
/// makes up for a crash between the two.
TEST_F(WitnessTest, T046_AForkIsProvenThoughTheFirstAttemptAtItFailed) {
  ASSERT_EQ(status(0, 20), 200);
  ASSERT_EQ(memory_->add_checkpoint(request(forked_, 20, 35)).status, 422);
  const Path kept = "/witness/" + sha256(as_bytes(kOrigin)).hex();
  disk_->fail_operation(1, test::Operation::remove);
  EXPECT_THROW(status(20, 35), Error);
  disk_->no_faults();
  disk_->remove(kept.string() + ".fork");
  EXPECT_EQ(status(35, 35), 200);
  EXPECT_TRUE(disk_->status(kept.string() + ".fork"));
}

TEST_F(WitnessTest, WhatTurnsOutToBeTheLogsOwnIsNotKept) {
  ASSERT_EQ(status(0, 20), 200);
  WitnessRequest junk = *parse_witness_request(request(leaves_, 20, 35));
  junk.proof.assign(1, leaves_[0]);
  ASSERT_EQ(memory_->add_checkpoint(print_witness_request(junk)).status, 422);
  ASSERT_EQ(disk_->list("/witness").size(), 3U);
  ASSERT_EQ(status(20, 35), 200);
  EXPECT_EQ(disk_->list("/witness").size(), 2U);
}

TEST_F(WitnessTest, T044_EveryChangeOfAProofIsRefused) {
  ASSERT_EQ(status(0, 13), 200);
  const WitnessRequest good = *parse_witness_request(request(leaves_, 13, 37));
  for (std::size_t i = 0; i < good.proof.size(); ++i) {
    WitnessRequest bad = good;
    bad.proof[i].bytes[0] ^= std::byte{1};
    EXPECT_EQ(memory_->add_checkpoint(print_witness_request(bad)).status, 422);
    bad = good;
    bad.proof.erase(bad.proof.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_EQ(memory_->add_checkpoint(print_witness_request(bad)).status, 422);
  }
  WitnessRequest longer = good;
  longer.proof.push_back(longer.proof.back());
  EXPECT_EQ(memory_->add_checkpoint(print_witness_request(longer)).status, 422);
  EXPECT_EQ(memory_->add_checkpoint(print_witness_request(good)).status, 200);
}

TEST_F(WitnessTest, AFirstCheckpointComesWithoutProof) {
  WitnessRequest made = *parse_witness_request(request(leaves_, 0, 5));
  made.proof.push_back(leaves_[0]);
  EXPECT_EQ(memory_->add_checkpoint(print_witness_request(made)).status, 422);
}

TEST_F(WitnessTest, T047_OnlyLedgerKeysOfTheLogCount) {
  const auto signed_by = [&](const Signer& signer, const std::string& origin) {
    return memory_
        ->add_checkpoint(print_witness_request(
            {0,
             {},
             sign_checkpoint({origin, 5, merkle::root<Rfc9162Hasher>(std::span(leaves_).first(5))},
                             signer)}))
        .status;
  };
  EXPECT_EQ(signed_by(*signer_, kOrigin), 403);
  EXPECT_EQ(signed_by(*witness_signer_, kOrigin), 403);
  EXPECT_EQ(signed_by(*ledger_signer_, "other.example/0123456789abcdef/0"), 404);
  EXPECT_EQ(signed_by(*ledger_signer_, "bank.example"), 404);
  EXPECT_EQ(signed_by(*ledger_signer_, kOrigin), 200);
}

TEST_F(WitnessTest, AKeyThatIsOverIsNoKey) {
  trust_.keys[1].not_after = clock_->now();
  memory_.reset();
  memory_ = open(disk_);
  EXPECT_EQ(status(0, 5), 403);
  trust_.keys[1].not_after.reset();
  trust_.keys[1].not_before = clock_->now() + std::chrono::seconds(1);
  memory_.reset();
  memory_ = open(disk_);
  EXPECT_EQ(status(0, 5), 403);
}

TEST_F(WitnessTest, T054_RequestsHaveOneForm) {
  const std::string good = request(leaves_, 0, 5);
  for (const std::string& bad :
       {std::string(), "old\n\n" + note(leaves_, 5), "old 00\n\n" + note(leaves_, 5),
        "old 0\n" + note(leaves_, 5), "OLD 0\n\n" + note(leaves_, 5), " " + good,
        "old 0\nAAAA\n\n" + note(leaves_, 5), good.substr(0, good.size() - 1), good + "x",
        "old 0\n" + std::string(3000, 'A') + "\n\n" + note(leaves_, 5)}) {
    EXPECT_EQ(memory_->add_checkpoint(bad).status, 400) << bad;
  }
  std::string many = "old 0\n";
  for (int i = 0; i < 64; ++i) many += to_base64(leaves_[0].view()) + "\n";
  EXPECT_EQ(memory_->add_checkpoint(many + "\n" + note(leaves_, 5)).status, 400);
  EXPECT_EQ(memory_->add_checkpoint(good + std::string(kWitnessRequestLimit, '\n')).status, 400);
  EXPECT_EQ(status(0, 5), 200);
}

TEST_F(WitnessTest, RememberedIsWhatWasCosignedAndNoOtherLog) {
  ASSERT_EQ(status(0, 5), 200);
  const std::string other = "bank.example/fedcba9876543210/0";
  EXPECT_EQ(memory_
                ->add_checkpoint(print_witness_request(
                    {0, {}, sign_checkpoint({other, 3, leaves_[0]}, *ledger_signer_)}))
                .status,
            200);
  memory_.reset();
  memory_ = open(disk_);
  EXPECT_EQ(status(0, 9), 409);
  EXPECT_EQ(status(5, 9), 200);
}

TEST_F(WitnessTest, DamagedMemoryIsNoEmptyMemory) {
  ASSERT_EQ(status(0, 5), 200);
  const Path kept = "/witness/" + sha256(as_bytes(kOrigin)).hex();
  disk_->open(kept, OpenMode::read_write)->truncate(0);
  EXPECT_EQ(error_kind([&] { status(0, 5); }), ErrorKind::corrupt);
  EXPECT_EQ(error_kind([&] { status(5, 9); }), ErrorKind::corrupt);
}

TEST_F(WitnessTest, T010_OneWitnessHasTheMemory) {
  EXPECT_EQ(error_kind([&] { open(disk_); }), ErrorKind::precondition_failed);
  memory_.reset();
  memory_ = open(disk_);
}

TEST_F(WitnessTest, CompareAndStoreIsOneStep) {
  ASSERT_EQ(status(0, 1), 200);
  std::atomic<int> cosigned = 0;
  {
    std::vector<std::jthread> askers;
    for (std::uint64_t size = 2; size < 34; ++size) {
      askers.emplace_back([&, size] {
        cosigned += memory_->add_checkpoint(request(leaves_, 1, size)).status == 200;
      });
    }
  }
  EXPECT_EQ(cosigned, 1);
}

/// Whatever a crash leaves: a cosignature that went out is remembered, and nothing cosigned after
/// it contradicts it.
TEST_F(WitnessTest, T001_ACosignatureThatWentOutIsRemembered) {
  std::size_t images = 0;
  for (std::uint64_t crash = 1;; ++crash) {
    auto disk = std::make_shared<test::SimulatedFileSystem>();
    std::uint64_t known = 0;
    auto witness = open(disk);
    ASSERT_EQ(witness->add_checkpoint(request(leaves_, 0, 20)).status, 200);
    known = 20;
    disk->crash_after(crash);
    bool crashed = false;
    try {
      if (witness->add_checkpoint(request(leaves_, 20, 30)).status == 200) known = 30;
      if (witness->add_checkpoint(request(leaves_, 30, 35)).status == 200) known = 35;
    } catch (const test::SimulatedCrash&) {
      crashed = true;
    }
    witness.reset();
    if (!crashed) break;
    std::vector<test::Variant> variants{test::Variant::all(), test::Variant::none()};
    for (std::uint64_t seed = 0; seed < 10; ++seed) variants.push_back(test::Variant::random(seed));
    for (const test::Variant& variant : variants) {
      const auto again = open(disk->reboot(variant));
      const WitnessReply fork = again->add_checkpoint(request(forked_, known, 36));
      EXPECT_NE(fork.status, 200) << "operation " << crash;
      const WitnessReply asked = again->add_checkpoint(request(leaves_, 0, 36));
      ASSERT_EQ(asked.status, 409);
      EXPECT_GE(std::stoull(asked.body), known) << "operation " << crash;
      ++images;
    }
  }
  EXPECT_GT(images, 100U);
}

}  // namespace
}  // namespace atp
