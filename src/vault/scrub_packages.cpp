// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>
#include <sstream>
#include <vector>

#include "atp/core/error.hpp"
#include "atp/crypto/sha256.hpp"
#include "atp/segment/package_scan.hpp"
#include "atp/storage/layout.hpp"
#include "vault/scrub_pass.hpp"

namespace atp {
inline namespace v0 {
namespace vault {
namespace {

/// A pass waits where more segments than that cannot be read as they were.
constexpr std::size_t kMostKnown = 1000;
constexpr std::uint64_t kPackageOperations = 2;

/// A segment that was not what it had been, or could not be read, when a run last looked at it.
struct Known {
  std::string manifest;  ///< Key.
  bool unreadable = false;
};

std::vector<Known> known_of(const ScrubRow& row) {
  std::istringstream state(row.state);
  std::vector<Known> known;
  for (std::string word; state >> word;) {
    const bool unreadable = word.starts_with('?');
    known.push_back({word.substr(unreadable ? 1 : 0), unreadable});
  }
  return known;
}

std::string state_of(const std::vector<Known>& known) {
  std::string state;
  for (const Known& each : known) {
    state += (each.unreadable ? "?" : "") + each.manifest + "\n";
  }
  return state;
}

class PackagePass {
 public:
  explicit PackagePass(ScrubRun& run) : run_(run), left_(run.bytes()) {}

  void go_on(std::uint64_t share) {
    ScrubRow row = scrub_row(run_.tenant(), ScrubKind::packages);
    const std::uint64_t keep = run_.operations() - std::min(run_.operations(), share);
    std::vector<Known> known = known_of(row);
    look_at_known(known, keep);
    left_ = run_.bytes();
    next_packages(row, known, keep);
    row.state = state_of(known);
    run_.vault().catalog().record_scrub(row);
    for (const Known& each : known) {
      if (looked_at_.contains(each.manifest)) continue;
      if (each.unreadable) {
        run_.result().trouble =
            each.manifest + ": its package could not be read when it was last tried";
      } else {
        run_.report(each.manifest, "what was written",
                    "damage of it or its package, when it was last read");
      }
    }
  }

  /// Those that were not what they had been.
  void look_at_all_known() {
    for (const Known& each : known_of(scrub_row(run_.tenant(), ScrubKind::packages))) {
      left_ = run_.bytes();
      look_at(each.manifest);
    }
  }

 private:
  /// Of those known one a run, in turn, and more where they turn out to be whole: what is put back
  /// comes back together. One that is new can still be looked at then.
  void look_at_known(std::vector<Known>& known, std::uint64_t keep) {
    std::size_t left = known.size();
    while (left > 0 && run_.operations() >= keep + kPackageOperations) {
      const Known first = std::move(known.front());
      known.erase(known.begin());
      --left;
      const std::size_t others = known.size();
      if (!take_in(first.manifest, known)) known.push_back(first);
      const bool is_whole = known.size() == others;
      if (!is_whole || run_.operations() < keep + 2 * kPackageOperations) return;
    }
  }

  /// Goes on with the pass.
  void next_packages(ScrubRow& row, std::vector<Known>& known, std::uint64_t keep) {
    const auto next = layout::find_manifest(row.after);
    const auto& heads = run_.tenant().chains().heads();
    auto head = next ? heads.lower_bound(next->stream) : heads.begin();
    std::uint64_t sequence =
        next && head != heads.end() && head->first == next->stream ? next->sequence + 1 : 0;
    for (; head != heads.end(); ++head, sequence = 0) {
      for (; sequence < head->second.manifests; ++sequence) {
        const std::string key = layout::manifest(run_.tenant().tenant(), head->first, sequence);
        const bool is_known = std::ranges::count(known, key, &Known::manifest) > 0;
        if (!is_known && (known.size() == kMostKnown ||
                          run_.operations() < keep + kPackageOperations || !take_in(key, known))) {
          return;
        }
        row.after = key;
      }
    }
    finish_pass(row, run_.now());
  }

  /// Looks at a segment, which is known where it is not what it was. False where the budget does
  /// not allow it.
  bool take_in(const std::string& manifest, std::vector<Known>& known) {
    switch (look_at(manifest)) {
      case Look::good:
        return true;
      case Look::damaged:
        known.push_back({manifest, false});
        return true;
      case Look::unreadable:
        known.push_back({manifest, true});
        return true;
      case Look::over_budget:
        return false;
    }
    return false;
  }

  enum class Look { good, damaged, unreadable, over_budget };

  Look look_at(const std::string& key) {
    const auto place = layout::find_manifest(key);
    if (!place) return Look::good;
    const auto found = run_.tenant().chains().from(place->stream, place->sequence, 1);
    if (found.empty()) return Look::good;
    const StoredPackage package = stored_of(found.front().manifest);
    const bool is_large = package.bytes > run_.bytes();
    if (!is_large && package.bytes > left_) return Look::over_budget;
    if (!run_.spend(kPackageOperations)) return Look::over_budget;
    looked_at_.insert(key);
    const std::size_t before = run_.result().damaged.size();
    try {
      compare_manifest(key, found.front().sha256);
      if (is_large) {
        compare_size(package);
      } else {
        left_ -= package.bytes;
        compare_bytes(package);
      }
    } catch (const Error& error) {
      run_.take_in(error);
      if (!is_of_damage(error)) return Look::unreadable;
    }
    return run_.result().damaged.size() == before ? Look::good : Look::damaged;
  }

  void compare_manifest(const std::string& key, const Digest& expected) {
    const auto stored = find_small_object(run_.store(), key, kDocumentLimit);
    if (stored && sha256(*stored) == expected) return;
    run_.report(key, "the manifest of SHA-256 " + expected.hex(),
                stored ? "SHA-256 " + sha256(*stored).hex() : "none");
  }

  void compare_size(const StoredPackage& package) {
    const auto info = run_.store().stat(package.key);
    if (info && info->size == package.bytes) return;
    run_.report(package.key, std::to_string(package.bytes) + " bytes",
                info ? std::to_string(info->size) : "nothing");
  }

  void compare_bytes(const StoredPackage& package) {
    try {
      const auto damage = scan_stored(run_.store(), package, {.stop = run_.stop()});
      if (damage.empty()) return;
      const bool of_size = damage.front().check == "stored_bytes";
      const std::string unit = of_size ? " bytes" : "";
      const std::string what = of_size ? "" : "SHA-256 ";
      run_.report(package.key, what + damage.front().expected + unit,
                  what + damage.front().found + unit);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::not_found) throw;
      run_.report(package.key, std::to_string(package.bytes) + " bytes", "nothing");
    }
  }

  ScrubRun& run_;
  std::uint64_t left_;  ///< Bytes.
  std::set<std::string> looked_at_;
};

}  // namespace

void scrub_packages(ScrubRun& run, std::uint64_t share) { PackagePass(run).go_on(share); }

void look_at_damaged(ScrubRun& run) { PackagePass(run).look_at_all_known(); }

}  // namespace vault
}  // namespace v0
}  // namespace atp
