// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <sstream>

#include "atp/core/error.hpp"
#include "atp/ledger/note.hpp"
#include "atp/storage/layout.hpp"
#include "vault/scrub_pass.hpp"

namespace atp {
inline namespace v0 {
namespace vault {
namespace {

/// The entries a pass has read, as the tree that they make.
struct ReadEntries {
  static ReadEntries of(const ScrubRow& row) {
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

class EntryPass {
 public:
  explicit EntryPass(ScrubRun& run) : run_(run) {}

  void go_on(std::uint64_t share) {
    ScrubRow row = scrub_row(run_.tenant(), ScrubKind::entries);
    Ledger& ledger = run_.tenant().ledger();
    ReadEntries read = ReadEntries::of(row);
    if (read.tree.size() > ledger.size()) read = {};
    const std::uint64_t keep = run_.operations() - std::min(run_.operations(), share);
    std::optional<Time> last;
    while (read.tree.size() < ledger.size() && run_.operations() > keep + 1 && run_.spend()) {
      const LedgerEntry entry = ledger.entry(read.tree.size());
      read.tree.push(Rfc9162Hasher::leaf(as_bytes(entry.stored)));
      last = entry.statement.header.created_at;
    }
    if (last && !leads_to_the_head(read, *last)) {
      require_same_ledger();  // Else what the catalog had of this pass was wrong.
      read = {};
      row.began_at = run_.now();
    }
    if (read.tree.size() == ledger.size()) {
      finish_pass(row, run_.now());
      read = {};
    }
    row.state = read.state();
    run_.vault().catalog().record_scrub(row);
  }

 private:
  /// Reads all of it anew.
  void require_same_ledger() {
    const Ledger& known = run_.tenant().ledger();
    Ledger ledger = Ledger::load(run_.store(), run_.vault().trust(), run_.tenant().tenant());
    if (ledger.size() >= known.size() && ledger.root_at(known.size()) == known.root()) return;
    throw Error(ErrorKind::corrupt, layout::ledger_entries(run_.tenant().tenant(), known.term()),
                "is another ledger than the one that this run goes on from");
  }

  /// By the head, or by a checkpoint on the way. Where that is missing, the next ones show it.
  bool leads_to_the_head(const ReadEntries& read, Time last) {
    const Ledger& ledger = run_.tenant().ledger();
    const std::uint64_t size = read.tree.size();
    if (size == ledger.size()) return read.tree.root() == ledger.root();
    if (!run_.spend()) return true;
    const auto note = find_small_object(
        run_.store(), layout::ledger_checkpoint(run_.tenant().tenant(), ledger.term(), size),
        kCheckpointLimit);
    if (!note) return true;
    return open_checkpoint(as_text(*note), run_.vault().trust().keys_of(KeyRole::ledger, last)) ==
           Checkpoint{ledger.origin(), size, read.tree.root()};
  }

  ScrubRun& run_;
};

}  // namespace

void scrub_entries(ScrubRun& run, std::uint64_t share) { EntryPass(run).go_on(share); }

}  // namespace vault
}  // namespace v0
}  // namespace atp
