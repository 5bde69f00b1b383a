// SPDX-License-Identifier: Apache-2.0
/// How a ledger leads to its binding entries, and what becomes of one that leads past them.
#include "atp/ledger/binding_trail.hpp"

#include <gmock/gmock.h>

#include <numeric>

#include "atp/model/signed_document.hpp"
#include "ledger/ledgers.hpp"
#include "support/counting_store.hpp"
#include "support/error_kind.hpp"

namespace atp {
namespace {

using test::error_kind;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* kBinding = "clock.corrected";

class BindingTrailTest : public test::LedgerTest {
 protected:
  void append(Ledger& ledger, const std::string& action) {
    ASSERT_TRUE(ledger.try_append(statement(action), *signer_, {}));
    ledger.put_checkpoint(*ledger_signer_, {});
  }

  /// Stores what a writer of any release and with any intent could have signed.
  void put(std::uint64_t index, const std::string& action,
           const std::function<void(Statement&)>& change) {
    Statement made = statement(index == 0 ? "ledger.opened" : action);
    made.index = index;
    change(made);
    put_object(*store_, entry(index), as_bytes(sign_document(made, *signer_)), {});
  }
  void put_old(std::uint64_t index, const std::string& action) {
    put(index, action, [](Statement&) {});
  }
  /// A ledger of version 1 whose entries at `binding` are binding.
  void put_old_ledger(std::uint64_t size, const std::vector<std::uint64_t>& binding) {
    for (std::uint64_t index = 0; index < size; ++index) {
      put_old(index, std::ranges::find(binding, index) == binding.end() ? "checked" : kBinding);
    }
  }

  static std::vector<std::uint64_t> binding_of(Ledger& ledger) {
    std::vector<std::uint64_t> found;
    ledger.for_each_binding([&](const Statement& each) {
      found.push_back(each.index);
      return true;
    });
    return found;
  }

  /// As a host remembers a ledger that it believed when it had `size` entries.
  KnownHead head_at(std::uint64_t size) {
    KnownHead head{.origin = statement("").origin, .tree = {}};
    for (std::uint64_t index = 0; index < size; ++index) {
      head.last_leaf = Rfc9162Hasher::leaf(get_object(*store_, entry(index), kStatementLimit));
      head.tree.push(*head.last_leaf);
    }
    const Checkpoint seen{.origin = head.origin, .size = size, .root = head.tree.root()};
    put_same_object(*store_, checkpoint(size), as_bytes(sign_checkpoint(seen, *ledger_signer_)),
                    {});
    return head;
  }
  std::optional<Ledger> resume(std::uint64_t size) {
    return Ledger::resume(*store_, trust_, tenant_, head_at(size));
  }
};

TEST_F(BindingTrailTest, LeadsToEachBindingEntryAndNoOther) {
  Ledger ledger = filled(3);
  EXPECT_THAT(binding_of(ledger), IsEmpty());
  append(ledger, kBinding);
  append(ledger, "checked");
  append(ledger, "halt.resolved");
  append(ledger, "checked");
  EXPECT_THAT(binding_of(ledger), ElementsAre(5, 3));
  Ledger read = load();
  EXPECT_THAT(binding_of(read), ElementsAre(5, 3));
  EXPECT_EQ(read.entry(4).statement.binding_before, 3u);
}

TEST_F(BindingTrailTest, CostsOneReadEachHoweverLongTheLedgerIs) {
  Ledger ledger = filled(2);
  append(ledger, kBinding);
  append(ledger, kBinding);
  const auto fill = [&](std::uint64_t size) {
    while (ledger.size() < size) append(ledger, "checked");
  };
  for (const std::uint64_t size : {40, 120}) {
    fill(size);
    const auto counting = std::make_shared<test::CountingStore>(store_);
    auto resumed = Ledger::resume(*counting, trust_, tenant_, head_at(size));
    ASSERT_TRUE(resumed);
    counting->reset();
    EXPECT_THAT(binding_of(*resumed), ElementsAre(3, 2));
    EXPECT_EQ(counting->total(), 2u) << size;
  }
}

TEST_F(BindingTrailTest, EndsWhereItIsToldTo) {
  Ledger ledger = filled(1);
  append(ledger, kBinding);
  append(ledger, kBinding);
  std::vector<std::uint64_t> seen;
  ledger.for_each_binding([&](const Statement& each) {
    seen.push_back(each.index);
    return false;
  });
  EXPECT_THAT(seen, ElementsAre(2));
}

/// One writer that lies would otherwise be copied by all who follow.
TEST_F(BindingTrailTest, P03_AnEntryThatLeadsPastABindingOneIsRefused) {
  Ledger ledger = filled(2);
  append(ledger, kBinding);
  for (const auto lie : {std::optional<std::uint64_t>(), std::optional<std::uint64_t>(1)}) {
    put(3, "checked", [&](Statement& made) {
      made.header.format_version = 2;
      made.binding_before = lie;
    });
    EXPECT_EQ(error_kind([&] { load(); }), ErrorKind::corrupt);
    EXPECT_EQ(error_kind([&] { resume(3); }), ErrorKind::corrupt);
    EXPECT_EQ(error_kind([&] { ledger.refresh(); }), ErrorKind::corrupt);
    store_->remove(entry(3));
    ledger = load();
  }
}

TEST_F(BindingTrailTest, P03_AnEntryThatLeadsToOneThatIsNotBindingIsRefused) {
  Ledger ledger = filled(2);
  append(ledger, kBinding);
  put(3, "checked", [](Statement& made) {
    made.header.format_version = 2;
    made.binding_before = 1;
  });
  auto believed = resume(4);  // Sees the liar's entry alone, and finds out where it leads.
  ASSERT_TRUE(believed);
  EXPECT_EQ(error_kind([&] { binding_of(*believed); }), ErrorKind::corrupt);
}

TEST_F(BindingTrailTest, P03_AnOldEntryAboveANewOneIsRefused) {
  Ledger ledger = filled(2);
  put_old(2, "checked");
  EXPECT_EQ(error_kind([&] { load(); }), ErrorKind::corrupt);
  EXPECT_EQ(error_kind([&] { ledger.refresh(); }), ErrorKind::corrupt);
}

TEST_F(BindingTrailTest, AnOldLedgerIsSummedUpBeforeItGoesOn) {
  put_old_ledger(6, {2, 4});
  Ledger ledger = load();
  EXPECT_TRUE(ledger.wants_summary());
  EXPECT_THAT(binding_of(ledger), ElementsAre(4, 2));
  EXPECT_EQ(error_kind([&] { ledger.try_append(statement("checked"), *signer_, {}); }),
            ErrorKind::precondition_failed);
  append(ledger, "ledger.summed_up");
  EXPECT_EQ(ledger.tail().back().statement.binding_acts, (std::vector<std::uint64_t>{2, 4}));
  append(ledger, kBinding);
  EXPECT_THAT(binding_of(ledger), ElementsAre(7, 6, 4, 2));
  Ledger read = load();
  EXPECT_THAT(binding_of(read), ElementsAre(7, 6, 4, 2));
  EXPECT_EQ(error_kind([&] { read.try_append(statement("ledger.summed_up"), *signer_, {}); }),
            ErrorKind::precondition_failed);
}

/// Who has seen the last entry alone could not check the summary that another host put behind it.
TEST_F(BindingTrailTest, P03_AnOldLedgerIsReadWhole) {
  put_old_ledger(6, {2, 4});
  EXPECT_FALSE(resume(6));
  Ledger ledger = load();
  append(ledger, "ledger.summed_up");
  EXPECT_TRUE(resume(7));
}

TEST_F(BindingTrailTest, P03_ASummaryThatLeavesAnActOutIsRefused) {
  put_old_ledger(6, {2, 4});
  using Acts = std::vector<std::uint64_t>;
  for (const auto& lie :
       {std::optional(Acts{2}), std::optional(Acts{2, 3, 4}), std::optional<Acts>()}) {
    put(6, "ledger.summed_up", [&](Statement& made) {
      made.header.format_version = 2;
      made.binding = true;
      made.binding_acts = lie;
    });
    EXPECT_EQ(error_kind([&] { load(); }), ErrorKind::corrupt);
    store_->remove(entry(6));
  }
  put(6, "checked", [](Statement& made) { made.header.format_version = 2; });
  EXPECT_EQ(error_kind([&] { load(); }), ErrorKind::corrupt) << "no summary at all";
}

TEST_F(BindingTrailTest, ASummaryOfTooManyActsSaysNoneAndTheyAreFoundAllTheSame) {
  std::vector<std::uint64_t> binding(kSummedActsLimit + 1);
  std::iota(binding.begin(), binding.end(), 1);
  put_old_ledger(binding.size() + 1, binding);
  Ledger ledger = load();
  append(ledger, "ledger.summed_up");
  EXPECT_FALSE(ledger.tail().back().statement.binding_acts);
  Ledger read = load();
  EXPECT_EQ(binding_of(read).size(), binding.size() + 1);
}

/// A later release has more acts; whether one is binding, its statement says.
TEST_F(BindingTrailTest, ABindingActOfALaterReleaseIsLedToAsWell) {
  Ledger ledger = filled(2);
  put(2, "hold.placed", [](Statement& made) {
    made.header.format_version = 2;
    made.binding = true;
  });
  ledger.refresh();
  append(ledger, "checked");
  EXPECT_THAT(binding_of(ledger), ElementsAre(2));
}

}  // namespace
}  // namespace atp
