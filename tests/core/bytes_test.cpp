// SPDX-License-Identifier: Apache-2.0
#include "atp/core/bytes.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <fstream>
#include <random>
#include <set>
#include <sstream>
#include <vector>

#include "atp/core/error.hpp"
#include "support/sanitized.hpp"

namespace {

/// The address whose unmapping is watched, and what its page held at that moment.
std::atomic<const void*> g_watched = nullptr;
std::atomic<int> g_clean_unmaps = 0;
std::atomic<int> g_dirty_unmaps = 0;

}  // namespace

// Stands before the system's munmap in this executable: a page can be looked at only before it
// goes.
extern "C" int munmap(void* address, std::size_t size) noexcept {
  if (address != nullptr && address == g_watched) {
    const auto* const bytes = static_cast<const unsigned char*>(address);
    const bool clean = std::all_of(bytes, bytes + size, [](unsigned char b) { return b == 0; });
    ++(clean ? g_clean_unmaps : g_dirty_unmaps);
    g_watched = nullptr;
  }
  return static_cast<int>(::syscall(SYS_munmap, address, size));
}

namespace atp {
namespace {

Bytes random_bytes(std::mt19937_64& generator, std::size_t size) {
  Bytes bytes(size);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(generator());
  return bytes;
}

std::string base64_of(std::string_view text) { return to_base64(as_bytes(text)); }

TEST(Hex, PrintsLowerCaseAndReadsItBack) {
  const Bytes bytes{std::byte{0x00}, std::byte{0x9f}, std::byte{0xff}};
  EXPECT_EQ(to_hex(bytes), "009fff");
  EXPECT_EQ(from_hex("009fff"), bytes);
  EXPECT_EQ(from_hex(""), Bytes{});
}

TEST(Hex, RefusesEverythingButLowerCasePairs) {
  for (const std::string_view text : {"0", "abc", "AB", "0g", "0x", " 0", "0 ", "+1", "-1",
                                      "\xff"
                                      "0"}) {
    EXPECT_FALSE(from_hex(text)) << text;
  }
  EXPECT_FALSE(from_hex(std::string_view("\0\0", 2)));
}

TEST(Digest, ReadsExactly64LowerCaseDigits) {
  const std::string text(64, 'a');
  ASSERT_TRUE(Digest::from_hex(text));
  EXPECT_EQ(Digest::from_hex(text)->hex(), text);
  EXPECT_FALSE(Digest::from_hex(""));
  EXPECT_FALSE(Digest::from_hex(text.substr(1)));
  EXPECT_FALSE(Digest::from_hex(text.substr(2)));
  EXPECT_FALSE(Digest::from_hex(text + "aa"));
  EXPECT_FALSE(Digest::from_hex(std::string(64, 'A')));
}

TEST(Digest, OrdersByItsBytes) {
  Digest low;
  Digest high;
  high.bytes[31] = std::byte{0xff};
  EXPECT_LT(low, high);
  low.bytes[0] = std::byte{0x80};
  EXPECT_GT(low, high);
}

TEST(Base64, PrintsTheExamplesOfRfc4648) {
  EXPECT_EQ(base64_of(""), "");
  EXPECT_EQ(base64_of("f"), "Zg==");
  EXPECT_EQ(base64_of("fo"), "Zm8=");
  EXPECT_EQ(base64_of("foo"), "Zm9v");
  EXPECT_EQ(base64_of("foob"), "Zm9vYg==");
  EXPECT_EQ(base64_of("fooba"), "Zm9vYmE=");
  EXPECT_EQ(base64_of("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64_of("\xfb\xff\xbf"), "+/+/");
}

TEST(Base64, ReadsBackWhatItPrints) {
  std::mt19937_64 generator(1);
  for (std::size_t size = 0; size < 200; ++size) {
    const Bytes bytes = random_bytes(generator, size);
    EXPECT_EQ(from_base64(to_base64(bytes)), bytes);
  }
}

TEST(Base64, RefusesEveryOtherSpellingOfTheSameBytes) {
  for (const std::string_view text :
       {"Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm8", "Zg==\n", "\nZg==", "Zg= =", "Zm 9v",
        "Z===", "====", "=", "Zg==Zg==", "=Zg=", "-_-_", "Zm9v====", "Zm9\xe9"}) {
    EXPECT_FALSE(from_base64(text)) << text;
  }
  EXPECT_FALSE(from_base64(std::string_view("Zm\0v", 4)));
}

TEST(Base64, HasOneTextForEachValue) {
  std::mt19937_64 generator(2);
  constexpr std::string_view kAlphabet = "AQgw8/+=Zz";
  int accepted = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    for (int j = 0; j < 4; ++j) text += kAlphabet[generator() % kAlphabet.size()];
    const auto bytes = from_base64(text);
    if (!bytes) continue;
    ++accepted;
    EXPECT_EQ(to_base64(*bytes), text);
  }
  EXPECT_GT(accepted, 0);
}

TEST(Wipe, LeavesZeros) {
  Bytes bytes = to_bytes("correct horse");
  wipe(bytes);
  EXPECT_EQ(bytes, Bytes(13));
  wipe({});
}

/// The `VmFlags` line of the mapping that holds `address`.
std::string vm_flags(const void* address) {
  const auto wanted = reinterpret_cast<std::uintptr_t>(address);
  std::ifstream maps("/proc/self/smaps");
  bool inside = false;
  for (std::string line; std::getline(maps, line);) {
    std::uintptr_t from = 0;
    std::uintptr_t to = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx ", &from, &to) == 2)
      inside = from <= wanted && wanted < to;
    if (inside && line.starts_with("VmFlags:")) return line + " ";
  }
  return "";
}

TEST(SecretBytes, CopiesItsBytesAndMovesThemOn) {
  SecretBytes first(as_bytes("key"));
  SecretBytes second(std::move(first));
  EXPECT_EQ(second.text(), "key");
  EXPECT_TRUE(first.empty());  // NOLINT: moved-from is empty by contract.
  SecretBytes third(as_bytes("other"));
  third = std::move(second);
  EXPECT_EQ(third.text(), "key");
  EXPECT_EQ(third.clone().text(), "key");
  EXPECT_TRUE(SecretBytes(0).empty());
}

TEST(SecretBytes, StartsWithZeros) {
  const SecretBytes secret(5000);
  EXPECT_TRUE(std::all_of(secret.view().begin(), secret.view().end(),
                          [](std::byte b) { return b == std::byte{0}; }));
}

/// A secret with a canary on more pages than are kept for the next one.
SecretBytes canary_on_many_pages() {
  SecretBytes secret(20'000);
  std::ranges::copy(as_bytes("canary-7d1f"), secret.mutable_view().begin());
  return secret;
}

TEST(SecretBytes, T042_SecretBytesAreWipedBeforeTheirPagesGo) {
  g_clean_unmaps = 0;
  g_dirty_unmaps = 0;
  {
    const SecretBytes secret = canary_on_many_pages();
    g_watched = secret.view().data();
  }
  EXPECT_EQ(g_clean_unmaps, 1);
  EXPECT_EQ(g_dirty_unmaps, 0);
}

TEST(SecretBytes, T042_OldSecretIsWipedWhenAnotherIsMovedOverIt) {
  g_clean_unmaps = 0;
  g_dirty_unmaps = 0;
  SecretBytes secret = canary_on_many_pages();
  g_watched = secret.view().data();
  secret = SecretBytes(as_bytes("next"));
  EXPECT_EQ(g_clean_unmaps, 1);
  EXPECT_EQ(g_dirty_unmaps, 0);
}

TEST(SecretBytes, T042_APageIsWipedBeforeItIsKeptForTheNextSecret) {
  const std::byte* page = nullptr;
  {
    const SecretBytes secret(as_bytes("canary-7d1f"));
    page = secret.view().data();
  }
  EXPECT_EQ(Bytes(page, page + 11), Bytes(11));  // Still mapped: it was kept.
  const SecretBytes next(5);
  EXPECT_EQ(next.view().data(), page);
  EXPECT_EQ(Bytes(page, page + 11), Bytes(11));
}

TEST(SecretBytes, T042_AForkedChildLocksItsPagesAnew) {
  if (test::kSanitized) GTEST_SKIP() << "with sanitizers mlock does nothing";
  SecretBytes(as_bytes("canary-7d1f"));  // Leaves a page behind.
  const pid_t child = ::fork();
  if (child == 0) {
    const SecretBytes secret(as_bytes("key"));
    const std::string flags = vm_flags(secret.view().data());
    ::_exit(flags.empty() || flags.find(" lo ") != std::string::npos ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST(SecretBytes, NoTwoShareAPageAndAllAreGivenBack) {
  std::set<const std::byte*> pages;
  std::vector<SecretBytes> held;
  for (unsigned char i = 0; i < 100; ++i) {
    held.emplace_back(Bytes{std::byte{i}});
    EXPECT_TRUE(pages.insert(held.back().view().data()).second);
  }
  for (unsigned char i = 0; i < 100; ++i) EXPECT_EQ(held[i].view()[0], std::byte{i});
  held.clear();
  std::size_t mapped = 0;
  for (const std::byte* page : pages) {
    unsigned char resident = 0;
    if (::mincore(const_cast<std::byte*>(page), 1, &resident) == 0) ++mapped;
  }
  EXPECT_LT(mapped, 50U);
}

TEST(SecretBytes, T042_SecretPagesAreNotDumped) {
  const SecretBytes secret(as_bytes("canary-7d1f"));
  const std::string flags = vm_flags(secret.view().data());
  if (flags.empty()) GTEST_SKIP() << "this kernel prints no VmFlags";
  EXPECT_NE(flags.find(" dd "), std::string::npos) << flags;
}

TEST(SecretBytes, ThrowsWhereTheSystemHasNoMemory) {
  try {
    const SecretBytes secret(std::size_t{1} << 62);
    FAIL() << "that much memory cannot be";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::unavailable);
    EXPECT_TRUE(error.temporary());
  }
}

}  // namespace
}  // namespace atp
