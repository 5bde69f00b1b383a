// SPDX-License-Identifier: Apache-2.0
#include "atp/vault/reread.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <sstream>

#include "atp/crypto/sha256.hpp"
#include "atp/ledger/note.hpp"
#include "atp/segment/package_scan.hpp"
#include "atp/storage/layout.hpp"
#include "atp/vault/halt.hpp"
#include "vault/growth.hpp"

namespace atp {
inline namespace v0 {
namespace {

/// A pass waits where more segments than that cannot be read as they were.
constexpr std::size_t kMostKnown = 1000;
constexpr std::size_t kListed = 1000;
constexpr std::uint64_t kPackageOperations = 2;
/// Clocks of those who put documents differ a little.
constexpr std::chrono::days kClockMargin{1};

/// When the tenant's first entry was made; where that cannot be read, when the vault was.
Time first_entry_at(OpenTenant& tenant) {
  try {
    return tenant.ledger().entry(0).statement.header.created_at;
  } catch (const Error&) {
    return tenant.vault().document().header.created_at;
  }
}

/// Without a record, or with one of a clock that stood ahead, all there is counts as never read.
RereadRow row_of(OpenTenant& tenant, RereadKind kind) {
  const Vault& vault = tenant.vault();
  const Time now = vault.environment().clock->now();
  auto row = vault.catalog().reread(tenant.tenant(), kind);
  if (row && row->since <= now && row->began_at <= now) return std::move(*row);
  const Time first = tenant.ledger().size() == 0 ? now : first_entry_at(tenant);
  return {tenant.tenant(), kind, now, std::min(first, now)};
}

void finish_pass(RereadRow& row, Time now) {
  row.since = std::max(row.since, row.began_at);
  row.began_at = now;
  row.after.clear();
}

/// The entries a pass has read, as the tree that they make.
struct ReadEntries {
  static ReadEntries of(const RereadRow& row) {
    std::istringstream state(row.state);
    std::uint64_t size = 0;
    std::vector<Digest> nodes;
    state >> size;
    for (std::string hex; state >> hex;) {
      if (const auto node = Digest::from_hex(hex)) nodes.push_back(*node);
    }
    try {
      return {merkle::Frontier<Rfc9162Hasher>(size, std::move(nodes))};
    } catch (const Error&) {
      return {};  // Of a catalog that is damaged: the pass begins anew.
    }
  }
  std::string state() const {
    std::string text = std::to_string(tree.size());
    for (const Digest& node : tree.nodes()) text += " " + node.hex();
    return text;
  }

  merkle::Frontier<Rfc9162Hasher> tree = {};
};

struct Place {
  StreamId stream;
  std::uint64_t sequence;
};

/// A segment that was not what it had been, or could not be read, when a run last looked at it.
struct Known {
  std::string manifest;  ///< Key.
  bool unreadable = false;
};

std::vector<Known> known_of(const RereadRow& row) {
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

/// Where a manifest of that key stands; nothing for a key of none.
std::optional<Place> place_of(std::string_view key) {
  constexpr std::string_view kSuffix = ".json";
  if (std::ranges::count(key, '/') != 3 || !key.ends_with(kSuffix)) return std::nullopt;
  key.remove_suffix(kSuffix.size());
  const auto stream = StreamId::try_decode(layout::element(key, 2));
  const auto sequence = layout::find_number(key, 3);
  if (!stream || !sequence) return std::nullopt;
  return Place{*stream, *sequence};
}

/// `<segment>.<16 hex>.jsonl.zst.age`.
std::optional<SegmentId> segment_of_package(std::string_view name) {
  constexpr std::size_t kSuffix = std::string_view(".0123456789abcdef.jsonl.zst.age").size();
  if (name.size() <= kSuffix) return std::nullopt;
  return SegmentId::try_decode(name.substr(0, name.size() - kSuffix));
}

class Rereading {
 public:
  Rereading(OpenTenant& tenant, const RereadBudget& budget, const std::stop_token& stop,
            Reread& result)
      : tenant_(tenant),
        vault_(tenant.vault()),
        store_(tenant.vault().store()),
        stop_(stop),
        operations_(budget.operations),
        largest_(budget.bytes),
        bytes_(budget.bytes),
        now_(tenant.vault().environment().clock->now()),
        result_(result) {}

  void run() {
    const std::uint64_t all = operations_;
    go_on([&] { entries(all / 4); });
    go_on([&] { packages(operations_ - std::min(operations_, all * 2 / 5)); });
    go_on([&] { dates(); });
  }

  /// Until when each object is kept, from the first to the last.
  void all_dates() {
    operations_ = std::numeric_limits<std::uint64_t>::max();
    RereadRow row = row_of(tenant_, RereadKind::dates);
    row.began_at = now_;
    row.after.clear();
    dates(row);
  }

  /// Those that were not what they had been.
  void look_at_known() {
    for (const Known& each : known_of(row_of(tenant_, RereadKind::packages))) {
      bytes_ = largest_;
      look_at(each.manifest);
    }
  }

 private:
  /// Whatever ends one pass for this run, the others go on.
  template <class Pass>
  void go_on(const Pass& pass) {
    try {
      pass();
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::cancelled) throw;
      if (is_of_damage(error)) {
        halt_for(vault_, tenant_.tenant(), error);
        result_.halted = result_.halted || error.subject().starts_with("ledger/");
        report(error.subject(), "what it was", error.message());
      } else {
        result_.trouble = error.what();
      }
    }
  }

  bool spend(std::uint64_t operations = 1) {
    throw_if_stopped(stop_);
    if (operations_ < operations) return false;
    operations_ -= operations;
    return true;
  }

  void entries(std::uint64_t share) {
    RereadRow row = row_of(tenant_, RereadKind::entries);
    Ledger& ledger = tenant_.ledger();
    ReadEntries read = ReadEntries::of(row);
    if (read.tree.size() > ledger.size()) read = {};
    const std::uint64_t keep = operations_ - std::min(operations_, share);
    std::optional<Time> last;
    while (read.tree.size() < ledger.size() && operations_ > keep + 1 && spend()) {
      const LedgerEntry entry = ledger.entry(read.tree.size());
      read.tree.push(Rfc9162Hasher::leaf(as_bytes(entry.stored)));
      last = entry.statement.header.created_at;
    }
    if (last && !leads_to_the_head(read, *last)) {
      require_same_ledger();  // Else what the catalog had of this pass was wrong.
      read = {};
      row.began_at = now_;
    }
    if (read.tree.size() == ledger.size()) {
      finish_pass(row, now_);
      read = {};
    }
    row.state = read.state();
    vault_.catalog().record_reread(row);
  }

  /// Reads all of it anew.
  void require_same_ledger() {
    const Ledger& known = tenant_.ledger();
    Ledger ledger = Ledger::load(store_, vault_.trust(), tenant_.tenant());
    if (ledger.size() >= known.size() && ledger.root_at(known.size()) == known.root()) return;
    throw Error(ErrorKind::corrupt, layout::ledger_entries(tenant_.tenant(), known.term()),
                "is another ledger than the one that this run goes on from");
  }

  /// By the head, or by a checkpoint on the way. Where that is missing, the next ones show it.
  bool leads_to_the_head(const ReadEntries& read, Time last) {
    const Ledger& ledger = tenant_.ledger();
    const std::uint64_t size = read.tree.size();
    if (size == ledger.size()) return read.tree.root() == ledger.root();
    if (!spend()) return true;
    const auto note = find_small_object(
        store_, layout::ledger_checkpoint(tenant_.tenant(), ledger.term(), size), kCheckpointLimit);
    if (!note) return true;
    return open_checkpoint(as_text(*note), vault_.trust().keys_of(KeyRole::ledger, last)) ==
           Checkpoint{ledger.origin(), size, read.tree.root()};
  }

  void packages(std::uint64_t share) {
    RereadRow row = row_of(tenant_, RereadKind::packages);
    const std::uint64_t keep = operations_ - std::min(operations_, share);
    std::vector<Known> known = known_of(row);
    look_at_known(known, keep);
    bytes_ = largest_;
    next_packages(row, known, keep);
    row.state = state_of(known);
    vault_.catalog().record_reread(row);
    for (const Known& each : known) {
      if (looked_at_.contains(each.manifest)) continue;
      if (each.unreadable) {
        result_.trouble = each.manifest + ": its package could not be read when it was last tried";
      } else {
        report(each.manifest, "what it was", "damage of it or its package, when it was last read");
      }
    }
  }

  /// Of those known one a run, in turn, and more where they turn out to be whole: what is put back
  /// comes back together. One that is new can still be looked at then.
  void look_at_known(std::vector<Known>& known, std::uint64_t keep) {
    std::size_t left = known.size();
    while (left > 0 && operations_ >= keep + kPackageOperations) {
      const Known first = std::move(known.front());
      known.erase(known.begin());
      --left;
      const std::size_t others = known.size();
      if (!take_in(first.manifest, known)) known.push_back(first);
      const bool is_whole = known.size() == others;
      if (!is_whole || operations_ < keep + 2 * kPackageOperations) return;
    }
  }

  /// Goes on with the pass.
  void next_packages(RereadRow& row, std::vector<Known>& known, std::uint64_t keep) {
    const auto next = place_of(row.after);
    const auto& heads = tenant_.chains().heads();
    auto head = next ? heads.lower_bound(next->stream) : heads.begin();
    std::uint64_t sequence =
        next && head != heads.end() && head->first == next->stream ? next->sequence + 1 : 0;
    for (; head != heads.end(); ++head, sequence = 0) {
      for (; sequence < head->second.manifests; ++sequence) {
        const std::string key = layout::manifest(tenant_.tenant(), head->first, sequence);
        const bool is_known = std::ranges::count(known, key, &Known::manifest) > 0;
        if (!is_known && (known.size() == kMostKnown || operations_ < keep + kPackageOperations ||
                          !take_in(key, known))) {
          return;
        }
        row.after = key;
      }
    }
    finish_pass(row, now_);
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
    const auto place = place_of(key);
    if (!place) return Look::good;
    const auto found = tenant_.chains().from(place->stream, place->sequence, 1);
    if (found.empty()) return Look::good;
    const StoredPackage package = stored_of(found.front().manifest);
    const bool is_large = package.bytes > largest_;
    if (!is_large && package.bytes > bytes_) return Look::over_budget;
    if (!spend(kPackageOperations)) return Look::over_budget;
    looked_at_.insert(key);
    const std::size_t before = result_.damaged.size();
    try {
      compare_manifest(key, found.front().sha256);
      if (is_large) {
        compare_size(package);
      } else {
        bytes_ -= package.bytes;
        compare_bytes(package);
      }
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::cancelled) throw;
      if (is_of_damage(error)) {
        report(error.subject(), "what it was", error.message());
      } else {
        result_.trouble = error.what();
        return Look::unreadable;
      }
    }
    return result_.damaged.size() == before ? Look::good : Look::damaged;
  }

  void compare_manifest(const std::string& key, const Digest& expected) {
    const auto stored = find_small_object(store_, key, kDocumentLimit);
    if (stored && sha256(*stored) == expected) return;
    report(key, "the manifest of SHA-256 " + expected.hex(),
           stored ? "SHA-256 " + sha256(*stored).hex() : "none");
  }

  void compare_size(const StoredPackage& package) {
    const auto info = store_.stat(package.key);
    if (info && info->size == package.bytes) return;
    report(package.key, std::to_string(package.bytes) + " bytes",
           info ? std::to_string(info->size) : "nothing");
  }

  void compare_bytes(const StoredPackage& package) {
    try {
      const auto damage = scan_stored(store_, package, {.stop = stop_});
      if (damage.empty()) return;
      const bool of_size = damage.front().check == "stored_bytes";
      const std::string unit = of_size ? " bytes" : "";
      const std::string what = of_size ? "" : "SHA-256 ";
      report(package.key, what + damage.front().expected + unit,
             what + damage.front().found + unit);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::not_found) throw;
      report(package.key, std::to_string(package.bytes) + " bytes", "nothing");
    }
  }

  void report(const std::string& key, std::string expected, std::string found) {
    result_.damaged.push_back(
        {Problem::Kind::integrity, key, std::move(expected), std::move(found)});
  }

  void dates() {
    RereadRow row = row_of(tenant_, RereadKind::dates);
    dates(row);
  }

  void dates(RereadRow& row) {
    const auto kept = vault_.catalog().kept(tenant_.tenant());
    documents_until_ = kept ? kept->documents_until - kClockMargin : Time{};
    covered_ = covered_segments();
    try {
      if (dates_of_folders(row)) finish_pass(row, now_);
    } catch (const Error&) {
      vault_.catalog().record_reread(row);
      throw;
    }
    vault_.catalog().record_reread(row);
  }

  /// How many segments of each stream a completed point covers: what is beyond is kept for a grace.
  std::map<StreamId, std::uint64_t> covered_segments() const {
    std::map<StreamId, std::uint64_t> covered;
    for (const PointRow& row : vault_.catalog().newest_points(tenant_.tenant(), 1)) {
      const auto checked = check_document<RecoveryPoint>(row.manifest, nullptr, row.tenant);
      if (!checked.document) continue;
      for (const StreamCoverage& each : checked.document->covered_to) {
        covered.emplace(each.stream, each.sequences);
      }
    }
    return covered;
  }

  /// False where the budget ended before the last.
  bool dates_of_folders(RereadRow& row) {
    for (const std::string_view root : layout::kTenantRoots) {
      const std::string folder = std::string(root) + tenant_.tenant().encoded() + "/";
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
    while (spend()) {
      const ListPageOfKeys page = list_keys(store_, folder, from, kListed);
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
    if (needed <= now_ || (listed && listed->retain_until >= needed)) return true;
    try {
      if (!listed) {
        if (!spend()) return false;
        const auto info = store_.stat(key);
        if (!info || info->immutability.retain_until >= needed) return true;
      }
      if (!spend(kGrowing)) return false;
      if (grow(store_, key, {needed, needed}, false)) result_.regrown.push_back(key);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::cancelled) throw;
      result_.trouble = error.what();  // Of this object alone.
    }
    return true;
  }

  /// The past, for what nothing asks to be kept.
  Time needed_until(const std::string& key) {
    if (key.starts_with("manifests/")) {
      const auto place = place_of(key);
      return place ? std::max(documents_until_, needed_by(place->stream, place->sequence))
                   : documents_until_;
    }
    if (!key.starts_with("segments/")) return documents_until_;
    if (std::ranges::count(key, '/') != 3) return {};
    const auto stream = StreamId::try_decode(layout::element(key, 2));
    const auto segment = segment_of_package(layout::element(key, 3));
    if (!stream || !segment) return {};
    const auto row = vault_.catalog().find_segment(tenant_.tenant(), *stream, *segment);
    if (!row) return {};
    return needed_by(*stream, row->sequence, key);
  }

  /// By the segment's dates; of its package only where `package` is its key.
  Time needed_by(const StreamId& stream, std::uint64_t sequence,
                 const std::optional<std::string>& package = {}) {
    const auto covered = covered_.find(stream);
    if (covered == covered_.end() || sequence >= covered->second) return {};
    const auto found = tenant_.chains().from(stream, sequence, 1);
    if (found.empty()) return {};
    const SegmentManifest& manifest = found.front().manifest;
    if (package && manifest.key != *package) return {};
    return tenant_.term_of(manifest).until;
  }

  OpenTenant& tenant_;
  const Vault& vault_;
  ObjectStore& store_;
  const std::stop_token& stop_;
  std::uint64_t operations_;
  std::uint64_t largest_;
  std::uint64_t bytes_;
  Time now_;
  Time documents_until_;
  std::set<std::string> looked_at_;
  std::map<StreamId, std::uint64_t> covered_;  ///< By the newest completed point.
  Reread& result_;
};

/// Of what is recorded.
void set_times(OpenTenant& tenant, Reread& reread) {
  reread.entries_since = row_of(tenant, RereadKind::entries).since;
  reread.packages_since = row_of(tenant, RereadKind::packages).since;
  reread.dates_since = row_of(tenant, RereadKind::dates).since;
  const Time now = tenant.vault().environment().clock->now();
  reread.overdue = std::min(reread.entries_since, reread.dates_since) + kRereadPeriod < now;
}

}  // namespace

Reread reread_old(OpenTenant& tenant, const RereadBudget& budget, const std::stop_token& stop) {
  Reread reread;
  if (budget.operations > 0) Rereading(tenant, budget, stop, reread).run();
  set_times(tenant, reread);
  return reread;
}

Reread reread_entries_and_dates(OpenTenant& tenant) {
  Reread reread;
  const std::stop_token never;
  tenant.ledger().entries();
  Rereading(tenant, {}, never, reread).all_dates();
  RereadRow entries = row_of(tenant, RereadKind::entries);
  entries.since = tenant.vault().environment().clock->now();
  tenant.vault().catalog().record_reread(entries);
  set_times(tenant, reread);
  return reread;
}

Reread reread_so_far(OpenTenant& tenant) {
  Reread reread;
  const std::stop_token never;
  Rereading(tenant, {.operations = 2 * kMostKnown}, never, reread).look_at_known();
  set_times(tenant, reread);
  return reread;
}

}  // namespace v0
}  // namespace atp
