// SPDX-License-Identifier: Apache-2.0
/// What witnesses have signed, held against the ledger that is read.
#include "atp/ledger/cosignature.hpp"
#include "atp/storage/layout.hpp"
#include "atp/verify/ledger_audit.hpp"
#include "atp/verify/verify.hpp"
#include "verify/verifying.hpp"

namespace atp {
namespace {

using test::small_vault;

class Anchors : public testing::Test {
 protected:
  Anchors() {
    trust_.keys.push_back({witness_->public_key(), KeyRole::witness, {}, {}, "w1"});
    trust_.witnesses = WitnessPolicy{.threshold = 1};
  }

  static std::shared_ptr<const Signer> make_witness() {
    test::SequenceRandom random(99);
    return signer_from_pem(generate_ed25519_pem(random));
  }
  std::string checkpoint_key(std::uint64_t size) const {
    return layout::ledger_checkpoint(vault_.tenant, 0, size);
  }
  std::string note(std::uint64_t size) const {
    return std::string(as_text(vault_.objects().at(checkpoint_key(size))));
  }
  void cosign(std::uint64_t size, const std::string& note) {
    put_object(*store_, layout::cosignature(vault_.tenant, 0, size, "0123456789abcdef"),
               as_bytes(cosign_checkpoint(note, "w1", *witness_, vault_.clock->now())), {});
  }
  CheckState state(ObjectStore& store) const {
    const Report report = verify_point(store, find_point(store, vault_.incremental), &trust_, {},
                                       {.depth = VerifyDepth::stored});
    const auto check = std::ranges::find(report.checks, "ledger.cosignatures", &Check::name);
    return check == report.checks.end() ? CheckState::not_checked : check->state;
  }

  const test::SmallVault& vault_ = small_vault();
  const std::shared_ptr<const Signer> witness_ = make_witness();
  TrustPolicy trust_ = vault_.trust();
  const std::shared_ptr<ObjectStore> store_ = vault_.store_of(vault_.objects());
};

TEST_F(Anchors, APointIsBelievedOnceItWasWitnessed) {
  EXPECT_EQ(state(*store_), CheckState::failed);
  cosign(2, note(2));  // Before the point.
  EXPECT_EQ(state(*store_), CheckState::failed);
  cosign(3, note(3));
  EXPECT_EQ(state(*store_), CheckState::verified);
}

TEST_F(Anchors, T045_WhatOthersSignIsNoQuorum) {
  test::SequenceRandom random(7);
  const auto other = signer_from_pem(generate_ed25519_pem(random));
  put_object(*store_, layout::cosignature(vault_.tenant, 0, 3, "0123456789abcdef"),
             as_bytes(cosign_checkpoint(note(3), "w1", *other, vault_.clock->now()) +
                      cosign_checkpoint(note(3), "w2", *witness_, vault_.clock->now())),
             {});
  EXPECT_EQ(state(*store_), CheckState::failed);
}

TEST_F(Anchors, T046_WhatTheWitnessSawIsHeldAgainstTheLedgerThatIsRead) {
  Checkpoint fork = *parse_checkpoint(note(3));
  fork.root = sha256(as_bytes("the ledger that the witness saw"));
  const std::string other = sign_checkpoint(fork, vault_.vault->ledger_signers());
  cosign(3, other);
  put_object(*store_, "other", as_bytes(other), {});
  test::RecordingStore two_faced(store_);
  two_faced.show_another_later(checkpoint_key(3), "other");
  EXPECT_EQ(state(two_faced), CheckState::failed);
}

TEST_F(Anchors, AnAuditSaysHowFarWitnessesHaveSeen) {
  const auto audit = [&] {
    for (const Check& check : audit_ledger(*store_, vault_.tenant, trust_, {}).report.checks) {
      if (check.name == "ledger.cosignatures") return check.state;
    }
    return CheckState::attested;
  };
  EXPECT_EQ(audit(), CheckState::failed);
  cosign(2, note(2));
  EXPECT_EQ(audit(), CheckState::not_checked);
  cosign(3, note(3));
  EXPECT_EQ(audit(), CheckState::verified);
}

}  // namespace
}  // namespace atp
