// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <map>

#include "atp/core/error.hpp"
#include "atp/storage/layout.hpp"
#include "vault/growth.hpp"
#include "vault/scrub_pass.hpp"

namespace atp {
inline namespace v0 {
namespace vault {
namespace {

constexpr std::size_t kListed = 1000;
/// Clocks of those who put documents differ a little.
constexpr std::chrono::days kClockMargin{1};

class DatePass {
 public:
  explicit DatePass(ScrubRun& run) : run_(run), covered_(covered_segments()) {
    const auto kept = run.vault().catalog().kept(run.tenant().tenant());
    if (kept) documents_until_ = kept->documents_until - kClockMargin;
  }

  void go_on(ScrubRow row) {
    try {
      if (dates_of_folders(row)) finish_pass(row, run_.now());
    } catch (const Error&) {
      run_.vault().catalog().record_scrub(row);
      throw;
    }
    run_.vault().catalog().record_scrub(row);
  }

 private:
  /// How many segments of each stream a completed point covers: what is beyond is kept for a grace.
  std::map<StreamId, std::uint64_t> covered_segments() const {
    std::map<StreamId, std::uint64_t> covered;
    for (const PointRow& row : run_.vault().catalog().newest_points(run_.tenant().tenant(), 1)) {
      const auto checked = check_document<RecoveryPoint>(row.manifest, nullptr, row.tenant);
      if (!checked.document) continue;
      for (const StreamCoverage& each : checked.document->covered_to) {
        covered.emplace(each.stream, each.sequences);
      }
    }
    return covered;
  }

  /// False where the budget ended before the last.
  bool dates_of_folders(ScrubRow& row) {
    for (const std::string_view root : layout::kTenantRoots) {
      if (root == layout::kTiles) continue;
      const std::string folder = std::string(root) + run_.tenant().tenant().encoded() + "/";
      if (row.after > folder && !row.after.starts_with(folder)) continue;
      if (!dates_below(folder, row.after)) return false;
      row.after = folder;
      ++row.after.back();  // Behind all that is in the folder.
    }
    return true;
  }

  /// False where the budget ended before the folder.
  bool dates_below(const std::string& folder, std::string& after) {
    std::string from = after.starts_with(folder) ? after : "";
    while (run_.spend()) {
      const ListPageOfKeys page = list_keys(run_.store(), folder, from, kListed);
      for (std::size_t i = 0; i < page.keys.size(); ++i) {
        const bool is_listed = i < page.infos.size() && page.infos[i].immutability;
        if (!check_date(page.keys[i], is_listed ? page.infos[i].immutability : std::nullopt)) {
          return false;
        }
        after = page.keys[i];
      }
      if (!page.next) return true;
      from = *page.next;
    }
    return false;
  }

  /// False where the budget does not allow it.
  bool check_date(const std::string& key, const std::optional<Immutability>& listed) {
    constexpr std::uint64_t kGrowing = 2;
    const Time needed = needed_until(key);
    if (needed <= run_.now() || (listed && listed->retain_until >= needed)) return true;
    try {
      if (!listed) {
        if (!run_.spend()) return false;
        const auto info = run_.store().stat(key);
        if (!info || info->immutability.retain_until >= needed) return true;
      }
      if (!run_.spend(kGrowing)) return false;
      if (grow(run_.store(), key, {needed, needed}, false)) run_.result().regrown.push_back(key);
    } catch (const Error& error) {
      run_.take_in(error);  // Of this object alone.
    }
    return true;
  }

  /// The past, for what nothing asks to be kept.
  Time needed_until(const std::string& key) {
    if (const auto manifest = layout::find_manifest(key)) {
      return std::max(documents_until_, needed_by(manifest->stream, manifest->sequence));
    }
    if (!key.starts_with("segments/")) return documents_until_;
    const auto package = layout::find_package(key);
    if (!package) return {};
    const auto row = run_.vault().catalog().find_segment(run_.tenant().tenant(), package->stream,
                                                         package->segment);
    return row ? needed_by(package->stream, row->sequence, key) : Time{};
  }

  /// By the segment's dates; of its package only where `package` is its key.
  Time needed_by(const StreamId& stream, std::uint64_t sequence,
                 const std::optional<std::string>& package = {}) {
    const auto covered = covered_.find(stream);
    if (covered == covered_.end() || sequence >= covered->second) return {};
    const auto found = run_.tenant().chains().from(stream, sequence, 1);
    if (found.empty()) return {};
    const SegmentManifest& manifest = found.front().manifest;
    if (package && manifest.key != *package) return {};
    return run_.tenant().term_of(manifest).until;
  }

  ScrubRun& run_;
  const std::map<StreamId, std::uint64_t> covered_;  ///< By the newest completed point.
  Time documents_until_ = {};
};

}  // namespace

void scrub_dates(ScrubRun& run) { DatePass(run).go_on(scrub_row(run.tenant(), ScrubKind::dates)); }

void scrub_all_dates(ScrubRun& run) {
  ScrubRow row = scrub_row(run.tenant(), ScrubKind::dates);
  row.began_at = run.now();
  row.after.clear();
  DatePass(run).go_on(std::move(row));
}

}  // namespace vault
}  // namespace v0
}  // namespace atp
