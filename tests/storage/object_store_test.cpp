// SPDX-License-Identifier: Apache-2.0
/// The helpers around stores, also when a store lies.
#include "atp/storage/object_store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "atp/storage/memory_store.hpp"
#include "atp/storage/probe.hpp"
#include "support/error_kind.hpp"
#include "support/faulty_store.hpp"
#include "support/manual_clock.hpp"
#include "support/sequence_random.hpp"

namespace atp::test {
namespace {

class Helpers : public ::testing::Test {
 protected:
  std::string get(const std::string& key) {
    return std::string(as_text(get_object(store, key, 100)));
  }

  std::shared_ptr<ObjectStore> inner = memory_store(std::make_shared<ManualClock>());
  FaultyStore store{inner};
  const Error failure{ErrorKind::unavailable, "store", "does not answer"};
};

TEST_F(Helpers, GetObjectTakesNoMoreThanItsLimit) {
  put_object(store, "k", as_bytes("12345"), {});
  EXPECT_EQ(get_object(store, "k", 5).size(), 5U);
  try {
    get_object(store, "k", 4);
    FAIL() << "took more than the limit";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::corrupt);
    EXPECT_EQ(error.subject(), "k");
  }
}

TEST_F(Helpers, FindObjectTellsAbsentFromUnavailable) {
  EXPECT_EQ(find_object(store, "k", 10), std::nullopt);
  store.fail_operation(1, failure);
  EXPECT_EQ(error_kind([&] { find_object(store, "k", 10); }), ErrorKind::unavailable);
}

TEST_F(Helpers, APutOfTheSameBytesSurvivesALostAnswer) {
  store.lose_commit_answer(1);
  const auto put = [&] { put_same_object(store, "k", as_bytes("text"), {}); };
  EXPECT_EQ(error_kind(put), ErrorKind::unavailable);
  EXPECT_EQ(error_kind(put), std::nullopt);
  EXPECT_EQ(get("k"), "text");
}

TEST_F(Helpers, APutOfTheSameBytesComparesThem) {
  put_object(store, "k", as_bytes("text"), {});
  store.flip_bit("k", 9);
  EXPECT_EQ(error_kind([&] { put_same_object(store, "k", as_bytes("text"), {}); }),
            ErrorKind::already_exists);
}

/// Answers `list` with what it is told.
class LyingLists : public ObjectStore {
 public:
  std::deque<ListPageOfKeys> pages;
  std::deque<FolderPage> folder_pages;

  std::string describe() const override { return "lies"; }
  Capabilities capabilities() const override { return {}; }
  std::unique_ptr<ObjectWriter> create(const std::string&, const PutOptions&) override {
    return nullptr;
  }
  std::unique_ptr<ByteSource> get(const std::string&, const ByteRange&) override { return nullptr; }
  std::optional<ObjectInfo> stat(const std::string&) override { return std::nullopt; }
  ListPageOfKeys list(const std::string&, const std::string&, std::size_t) override {
    const ListPageOfKeys page = pages.front();
    pages.pop_front();
    return page;
  }
  FolderPage list_folders(const std::string&, const std::string&, std::size_t) override {
    const FolderPage page = folder_pages.front();
    folder_pages.pop_front();
    return page;
  }
  void remove(const std::string&) override {}
  Time extend_retention(const std::string&, Time retain_until) override { return retain_until; }
  void set_legal_hold(const std::string&, bool) override {}
};

std::optional<ErrorKind> walk(std::deque<ListPageOfKeys> pages) {
  LyingLists lies;
  lies.pages = std::move(pages);
  return error_kind([&] { for_each_key(lies, "p/", [](const std::string&) {}); });
}

TEST(ForEachKey, ChecksOrderPrefixAndProgress) {
  EXPECT_EQ(walk({{{"p/a", "p/b"}, "p/b"}, {{"p/c"}, {}}}), std::nullopt);
  EXPECT_EQ(walk({{{}, "p/b"}, {{"p/c"}, {}}}), std::nullopt);
  EXPECT_EQ(walk({{{"p/b", "p/a"}, {}}}), ErrorKind::corrupt);
  EXPECT_EQ(walk({{{"p/a", "p/a"}, {}}}), ErrorKind::corrupt);
  EXPECT_EQ(walk({{{"q/a"}, {}}}), ErrorKind::corrupt);
  EXPECT_EQ(walk({{{"p/a", "p/b"}, "p/a"}}), ErrorKind::corrupt);
  EXPECT_EQ(walk({{{"p/a"}, "p/a"}, {{"p/a"}, {}}}), ErrorKind::corrupt);
  EXPECT_EQ(walk({{{"p/a"}, "p/a"}, {{}, "p/a"}}), ErrorKind::corrupt);
}

TEST(ForEachKey, ChecksThatThereIsAnInfoForEachKey) {
  EXPECT_EQ(walk({{.keys = {"p/a"}, .infos = {{.size = 1}}}}), std::nullopt);
  EXPECT_EQ(walk({{.keys = {"p/a", "p/b"}, .infos = {{.size = 1}}}}), ErrorKind::corrupt);
  EXPECT_EQ(walk({{.infos = {{.size = 1}}}}), ErrorKind::corrupt);
}

TEST(ForEachFolder, ChecksOrderPrefixAndThatTheyAreFolders) {
  const auto folders = [](std::deque<FolderPage> pages) {
    LyingLists lies;
    lies.folder_pages = std::move(pages);
    return error_kind([&] { for_each_folder(lies, "p/", [](const std::string&) {}); });
  };
  EXPECT_EQ(folders({{{"p/a/", "p/b/"}, "p/b/"}, {{"p/c/"}, {}}}), std::nullopt);
  EXPECT_EQ(folders({{{"p/b/", "p/a/"}, {}}}), ErrorKind::corrupt);
  EXPECT_EQ(folders({{{"q/a/"}, {}}}), ErrorKind::corrupt);
  EXPECT_EQ(folders({{{"p/a"}, {}}}), ErrorKind::corrupt);
  EXPECT_EQ(folders({{{"p/"}, {}}}), ErrorKind::corrupt);
  EXPECT_EQ(folders({{{"p/a/b/"}, {}}}), ErrorKind::corrupt);
  EXPECT_EQ(folders({{{"p/.a/"}, {}}}), ErrorKind::corrupt);
  EXPECT_EQ(folders({{{"p/a/"}, "p/a/"}, {{}, "p/a/"}}), ErrorKind::corrupt);
}

TEST_F(Helpers, TheFaultyStoreFailsTheNthOperationOnce) {
  store.fail_operation(3, failure);
  put_object(store, "a", as_bytes("x"), {});
  EXPECT_EQ(error_kind([&] { store.stat("a"); }), ErrorKind::unavailable);
  EXPECT_TRUE(store.stat("a"));
  EXPECT_EQ(store.operations(), 4U);
}

/// A store that says what it is told to of itself.
class Modest final : public LyingLists {
 public:
  explicit Modest(const Capabilities& has) : has_(has) {}
  Capabilities capabilities() const override { return has_; }

 private:
  Capabilities has_;
};

TEST(RequireCapabilities, NamesWhatIsMissing) {
  const auto refusal = [](const Capabilities& has, const Capabilities& needed) -> std::string {
    try {
      require_capabilities(Modest(has), needed);
      return "";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::unsupported);
      return error.message();
    }
  };
  const Capabilities both{.atomic_create = true, .immutability = true};
  EXPECT_EQ(refusal(both, both), "");
  EXPECT_EQ(refusal({}, {}), "");
  EXPECT_THAT(refusal({.immutability = true}, both), ::testing::HasSubstr("(atomic_create)"));
  EXPECT_THAT(refusal({.atomic_create = true}, both), ::testing::HasSubstr("(immutability)"));
}

TEST(ProbeImmutability, DoesNotTryAStoreThatHasNone) {
  SequenceRandom random;
  Modest store({.atomic_create = true});
  EXPECT_EQ(error_kind([&] { probe_immutability(store, ManualClock(), random); }),
            ErrorKind::unsupported);
}

/// Several that look a vault over at once sweep the same canaries.
TEST(ProbeImmutability, PassesOverACanaryThatAnotherProbeHasRemoved) {
  const auto clock = std::make_shared<ManualClock>();
  FaultyStore store(memory_store(clock));
  put_object(store, "probes/old", as_bytes("canary\n"), {});
  SequenceRandom random;
  store.fail_operation(2, Error(ErrorKind::not_found, "", "no such object"));  // The removal.
  EXPECT_EQ(error_kind([&] { probe_immutability(store, *clock, random); }), std::nullopt);
  EXPECT_TRUE(store.stat("probes/old"));
}

TEST_F(Helpers, TheFaultyStoreFailsAboutTheKeyOfTheCall) {
  const auto failing = [&](const std::function<void()>& act) {
    store.fail_operation(1, failure);
    return error_subject(act);
  };
  const auto writer = store.create("a", {});
  EXPECT_EQ(failing([&] { writer->commit({}); }), "a");
  EXPECT_EQ(failing([&] { store.create("a", {}); }), "a");
  EXPECT_EQ(failing([&] { store.get("a"); }), "a");
  EXPECT_EQ(failing([&] { store.stat("b/c"); }), "b/c");
  EXPECT_EQ(failing([&] { store.list("b/"); }), "b/");
}

TEST_F(Helpers, TheFaultyStoreLiesAboutBytes) {
  put_object(store, "a", as_bytes("abcd"), {});
  put_object(store, "b", as_bytes("other"), {});
  store.flip_bit("a", 8);
  EXPECT_EQ(get("a"), "accd");
  EXPECT_EQ(as_text(read_all(*store.get("a", {.offset = 1, .length = 2}), 9)), "cc");
  store.cut("a", 3);
  EXPECT_EQ(get("a"), "abc");
  store.answer_with("a", "b");
  EXPECT_EQ(get("a"), "other");
  store.heal();
  EXPECT_EQ(get("a"), "abcd");
}

}  // namespace
}  // namespace atp::test
