// SPDX-License-Identifier: Apache-2.0
/// Every object of a small vault damaged in every way: no point that needs it is then verified.
///
/// Every object except those under `probes/` is needed by some point: its verification reads it.
/// Unless ATP_LONG=1, one bit of each byte is flipped; with sanitizers or without optimisation all
/// is sampled.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <mutex>
#include <string>
#include <vector>

#include "atp/core/parallel.hpp"
#include "atp/storage/layout.hpp"
#include "support/faulty_store.hpp"
#include "support/sanitized.hpp"
#include "verify/verifying.hpp"

namespace atp {
namespace {

using test::FaultyStore;
using test::Objects;
using test::SmallVault;

constexpr std::uint64_t kRecords = 5;
constexpr unsigned kThreads = 2;

const SmallVault& vault() {
  static const SmallVault made(kRecords);
  return made;
}

/// Each `stride`th of `count` attempts is made; with ATP_LONG=1 every one. It is odd, so that each
/// bit of a byte has its turn, and where nothing slows the build small enough for each byte to have
/// one.
std::size_t stride(std::size_t count) {
#if defined(NDEBUG)
  constexpr std::size_t kSample = test::kSanitized ? 500 : 40'000;
#else
  constexpr std::size_t kSample = 500;
#endif
  const char* all = std::getenv("ATP_LONG");
  if (all != nullptr && std::string(all) == "1") return 1;
  const std::size_t each = (count / kSample) | 1;
  return test::kSanitized ? each : std::min<std::size_t>(each, 7);
}

/// What became of a verification: nothing where the point is verified.
std::string finding(ObjectStore& store, const std::string& id) {
  VerifyOptions options{};
  options.workers = 1;
  try {
    const Report report =
        verify_point(store, vault().name_of(id), &vault().trust(), vault().identities(), options);
    return report.passed() ? "" : std::string(to_string(report.verdict()));
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::not_found) return error.what();  // The point itself.
    ADD_FAILURE() << "not a finding: " << error.what();
    return error.what();
  }
}

struct NeededObjects {
  std::string point;
  std::set<std::string> keys;
};

/// For each point of the vault.
const std::vector<NeededObjects>& needs() {
  static const auto found = [] {
    std::vector<NeededObjects> all;
    for (const std::string& id : {vault().incremental, vault().full, vault().other_point}) {
      test::RecordingStore store(vault().store_of(vault().objects()));
      EXPECT_EQ(finding(store, id), "");
      all.push_back({id, store.read()});
      // A later point is asked how long the ledger was. Where it cannot answer, that is its own
      // damage and keeps nobody from this one.
      if (id == vault().full) {
        all.back().keys.erase(layout::recovery_point(vault().tenant, vault().incremental));
      }
    }
    return all;
  }();
  return found;
}

/// One object damaged, one point that needs it.
struct Attempt {
  const NeededObjects* need;
  std::string key;
  std::uint64_t place;  ///< A bit, a length, whatever the damage counts by.

  std::string text() const { return key + " at " + std::to_string(place) + " for " + need->point; }
};

/// Attempts at `places(object)` places of every object.
template <class Places>
std::vector<Attempt> attempts(const Places& places) {
  std::vector<Attempt> all;
  for (const NeededObjects& need : needs()) {
    for (const std::string& key : need.keys) {
      const std::uint64_t count = places(vault().objects().at(key));
      for (std::uint64_t place = 0; place < count; ++place) all.push_back({&need, key, place});
    }
  }
  return all;
}

/// Calls `damaged(attempt)`, which gives a store with the damage, for all attempts or a sample of
/// them, and expects that none of the points is verified.
template <class Damaged>
void expect_found(const std::string& what, const std::vector<Attempt>& all,
                  const Damaged& damaged) {
  const std::size_t step = stride(all.size());
  const std::size_t tried = (all.size() + step - 1) / step;
  std::mutex mutex;
  std::vector<std::string> missed;
  parallel_for(tried, kThreads, {}, [&](std::size_t i) {
    const Attempt& attempt = all[i * step];
    const std::shared_ptr<ObjectStore> store = damaged(attempt);
    if (!finding(*store, attempt.need->point).empty()) return;
    const std::lock_guard lock(mutex);
    missed.push_back(attempt.text());
  });
  std::cout << what << ": " << tried << " of " << all.size() << " tried, " << missed.size()
            << " missed\n";
  EXPECT_TRUE(missed.empty()) << what << ": " << missed.size() << " missed, first "
                              << missed.front();
}

std::shared_ptr<ObjectStore> sound_store() {
  static const auto store = vault().store_of(vault().objects());
  return store;
}

/// Around the sound objects, so that a mutation copies nothing.
std::shared_ptr<FaultyStore> faulty_store() { return std::make_shared<FaultyStore>(sound_store()); }

std::uint64_t once(const Bytes&) { return 1; }

bool is_checkpoint(const std::string& key) {
  return key.find("/checkpoints/") != std::string::npos;
}

TEST(Damage, EveryObjectButProbesIsNeededByAPoint) {
  std::set<std::string> needed;
  for (const NeededObjects& need : needs()) needed.insert(need.keys.begin(), need.keys.end());
  std::uint64_t bytes = 0;
  for (const auto& [key, object] : vault().objects()) {
    EXPECT_NE(needed.contains(key), key.starts_with("probes/")) << key;
    bytes += object.size();
  }
  std::cout << vault().objects().size() << " objects, " << bytes << " bytes\n";
}

TEST(Damage, EveryBitFlippedIsFound) {
  const auto bits = [](const Bytes& object) { return std::uint64_t{8} * object.size(); };
  expect_found("bits flipped", attempts(bits), [](const Attempt& attempt) {
    const auto store = faulty_store();
    store->flip_bit(attempt.key, attempt.place);
    return store;
  });
}

TEST(Damage, T007_EveryObjectCutAtEveryLengthIsFound) {
  const auto lengths = [](const Bytes& object) { return std::uint64_t{object.size()}; };
  expect_found("objects cut", attempts(lengths), [](const Attempt& attempt) {
    const auto store = faulty_store();
    store->cut(attempt.key, attempt.place);
    return store;
  });
}

TEST(Damage, AByteAppendedToAnyObjectIsFound) {
  constexpr std::string_view kBytes("\0\n }", 4);
  const auto values = [&](const Bytes&) { return kBytes.size(); };
  expect_found("bytes appended", attempts(values), [&](const Attempt& attempt) {
    Bytes grown = vault().objects().at(attempt.key);
    grown.push_back(as_bytes(kBytes)[attempt.place]);
    return vault().store_with(attempt.key, grown);
  });
}

TEST(Damage, T012_EveryObjectOfZerosIsFound) {
  expect_found("objects of zeros", attempts(once), [](const Attempt& attempt) {
    return vault().store_with(attempt.key, Bytes(vault().objects().at(attempt.key).size()));
  });
}

/// But an older checkpoint, or the newest where an older one covers the point as well: the one that
/// remains pins the same entries.
TEST(Damage, T045_EveryObjectRemovedIsMissed) {
  std::vector<Attempt> all = attempts(once);
  const std::size_t before = all.size();
  std::erase_if(all, [](const Attempt& attempt) {
    if (!is_checkpoint(attempt.key)) return false;
    const bool incremental = attempt.need->point == vault().incremental;
    return !incremental || attempt.key != layout::ledger_checkpoint(vault().tenant, 0, 3);
  });
  std::cout << before - all.size() << " removals of checkpoints that another one stands for\n";
  expect_found("objects removed", all, [](const Attempt& attempt) {
    return vault().store_with(attempt.key, std::nullopt);
  });
}

TEST(Damage, T037_EveryPairOfObjectsSwappedIsFound) {
  const Objects& objects = vault().objects();
  const auto others = [&](const Bytes&) { return std::uint64_t{objects.size()}; };
  std::vector<Attempt> all = attempts(others);
  const auto other = [&](const Attempt& attempt) {
    return std::next(objects.begin(), static_cast<std::ptrdiff_t>(attempt.place));
  };
  std::erase_if(all, [&](const Attempt& attempt) {
    return other(attempt)->second == objects.at(attempt.key);
  });
  expect_found("pairs swapped", all, [&](const Attempt& attempt) {
    const auto store = faulty_store();
    store->answer_with(attempt.key, other(attempt)->first);
    store->answer_with(other(attempt)->first, attempt.key);
    return store;
  });
}

/// The same vault a day before, its documents signed by the same keys. No digest covers the vault's
/// own document, policies and key epochs: each is put once and never again, and who can sign
/// another one needs no older one.
TEST(Damage, EveryObjectReplacedByAnOlderOneIsFound) {
  const SmallVault older(kRecords, test::ManualClock().now() - std::chrono::days(1));
  ASSERT_EQ(older.trust().keys.front().key, vault().trust().keys.front().key);
  std::vector<Attempt> all = attempts(once);
  std::erase_if(all, [&](const Attempt& attempt) {
    const std::string& key = attempt.key;
    const auto found = older.objects().find(key);
    if (found == older.objects().end() || found->second == vault().objects().at(key)) return true;
    return key == layout::kVault || key.starts_with("policies/") || key.starts_with("keys/");
  });
  std::set<std::string> kinds;
  for (const Attempt& attempt : all) kinds.emplace(layout::element(attempt.key, 0));
  EXPECT_TRUE(kinds.contains("ledger") && kinds.contains("manifests")) << kinds.size();
  expect_found("older objects", all, [&](const Attempt& attempt) {
    return vault().store_with(attempt.key, older.objects().at(attempt.key));
  });
}

}  // namespace
}  // namespace atp
