// SPDX-License-Identifier: Apache-2.0
#include "atp/vault/reread.hpp"

#include <algorithm>
#include <sstream>

#include "atp/crypto/sha256.hpp"
#include "atp/ledger/note.hpp"
#include "atp/segment/package_scan.hpp"
#include "atp/storage/layout.hpp"
#include "vault/growth.hpp"

namespace atp {
inline namespace v0 {
namespace {

/// A pass stops at the next damaged segment while so many are known, and goes on when one is whole.
constexpr std::size_t kKnownDamage = 16;
constexpr std::size_t kListed = 1000;

RereadRow row_of(OpenTenant& tenant, RereadKind kind) {
  const Time now = tenant.vault().environment().clock->now();
  return tenant.vault()
      .catalog()
      .reread(tenant.tenant(), kind)
      .value_or(RereadRow{tenant.tenant(), kind, now, now});
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

  /// Those that were damaged when they were last looked at, again.
  void look_at_known() { look_at_known(row_of(tenant_, RereadKind::packages), 0); }

  void run() {
    const std::uint64_t all = operations_;
    entries(all / 4);
    packages(operations_ - std::min(operations_, all * 2 / 5));
    dates();
  }

 private:
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
      ledger.entries();  // Throws where it does not hold; else what the catalog had was wrong.
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
    std::vector<std::string> damaged = look_at_known(row, keep);
    const auto is_known = [known = damaged](const std::string& key) {
      return std::ranges::count(known, key) > 0;
    };
    auto next = place_of(row.after);
    const auto& heads = tenant_.chains().heads();
    auto head = next ? heads.lower_bound(next->stream) : heads.begin();
    std::uint64_t sequence =
        next && head != heads.end() && head->first == next->stream ? next->sequence + 1 : 0;
    for (; head != heads.end(); ++head, sequence = 0) {
      for (; sequence < head->second.manifests; ++sequence) {
        const std::string key = layout::manifest(tenant_.tenant(), head->first, sequence);
        if (!is_known(key)) {
          if (damaged.size() == kKnownDamage || !look_at({head->first, sequence}, keep)) {
            record_packages(row, damaged);
            return;
          }
          if (is_damaged_) damaged.push_back(key);
        }
        row.after = key;
      }
    }
    finish_pass(row, now_);
    record_packages(row, damaged);
  }

  /// Which of those that were damaged are, or could not be looked at within the budget.
  std::vector<std::string> look_at_known(const RereadRow& row, std::uint64_t keep) {
    std::vector<std::string> damaged;
    std::istringstream known(row.state);
    for (std::string key; known >> key;) {
      const auto place = place_of(key);
      if (place && (!look_at(*place, keep) || is_damaged_)) damaged.push_back(key);
    }
    return damaged;
  }

  void record_packages(RereadRow& row, const std::vector<std::string>& damaged) {
    row.state.clear();
    for (const std::string& key : damaged) row.state += key + "\n";
    vault_.catalog().record_reread(row);
  }

  /// False where the budget does not allow it.
  bool look_at(const Place& place, std::uint64_t keep) {
    constexpr std::uint64_t kOperations = 2;
    is_damaged_ = false;
    const auto found = tenant_.chains().from(place.stream, place.sequence, 1);
    if (found.empty()) return true;
    const SegmentManifest& manifest = found.front().manifest;
    const StoredPackage package = stored_of(manifest);
    const bool is_large = package.bytes > largest_;
    const bool fits = is_large || package.bytes <= bytes_;
    if (!fits || operations_ < keep + kOperations || !spend(kOperations)) return false;
    compare_manifest(layout::manifest(tenant_.tenant(), place.stream, place.sequence),
                     found.front().sha256);
    if (is_large) {
      compare_size(package);
    } else {
      bytes_ -= package.bytes;
      compare_bytes(package);
    }
    return true;
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
    is_damaged_ = true;
    result_.damaged.push_back(
        {Problem::Kind::integrity, key, std::move(expected), std::move(found)});
  }

  void dates() {
    RereadRow row = row_of(tenant_, RereadKind::dates);
    const auto kept = vault_.catalog().kept(tenant_.tenant());
    documents_until_ = kept ? kept->documents_until : Time{};
    bool complete = true;
    for (const std::string_view root : layout::kTenantRoots) {
      const std::string folder = std::string(root) + tenant_.tenant().encoded() + "/";
      if (row.after > folder && !row.after.starts_with(folder)) continue;
      complete = dates_below(folder, row.after);
      if (!complete) break;
      row.after = folder;
      ++row.after.back();  // Behind all that is in the folder.
    }
    if (complete) finish_pass(row, now_);
    vault_.catalog().record_reread(row);
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
    if (!listed) {
      if (!spend()) return false;
      const auto info = store_.stat(key);
      if (!info || info->immutability.retain_until >= needed) return true;
    }
    if (!spend(kGrowing)) return false;
    if (grow(store_, key, {needed, needed}, false)) result_.regrown.push_back(key);
    return true;
  }

  /// The past, for what nothing asks to be kept.
  Time needed_until(const std::string& key) {
    if (!key.starts_with("segments/")) return documents_until_;
    const auto stream = StreamId::try_decode(layout::element(key, 2));
    const auto segment = segment_of_package(layout::element(key, 3));
    if (!stream || !segment) return {};
    const auto entry = tenant_.chains().find(*stream, *segment);
    if (!entry || entry->manifest.key != key) return {};
    return tenant_.term_of(entry->manifest).until;
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
  bool is_damaged_ = false;
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
  try {
    if (budget.operations > 0) Rereading(tenant, budget, stop, reread).run();
  } catch (const Error& error) {
    if (is_of_damage(error) || error.kind() == ErrorKind::cancelled) throw;
    reread.trouble = error.what();
  }
  set_times(tenant, reread);
  return reread;
}

void record_all_read(OpenTenant& tenant) {
  const Time now = tenant.vault().environment().clock->now();
  for (const RereadKind kind : {RereadKind::entries, RereadKind::dates}) {
    RereadRow row = row_of(tenant, kind);
    row.since = now;
    tenant.vault().catalog().record_reread(row);
  }
}

Reread reread_so_far(OpenTenant& tenant) {
  Reread reread;
  const std::stop_token never;
  Rereading(tenant, {.operations = 2 * kKnownDamage}, never, reread).look_at_known();
  set_times(tenant, reread);
  return reread;
}

}  // namespace v0
}  // namespace atp
