// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>
#include <vector>

#include "atp/core/error.hpp"
#include "atp/ledger/cosignature.hpp"
#include "atp/ledger/published_ledger.hpp"
#include "atp/storage/layout.hpp"
#include "ledger/entry_bundle.hpp"
#include "ledger/tile_paths.hpp"

namespace atp {
inline namespace v0 {
namespace {

constexpr const char* kCheckpointName = "checkpoint";

/// Files of the tree: those that are there already must have the same bytes.
class TileFiles {
 public:
  TileFiles(FileSystem& files, Random& random, const Path& folder)
      : files_(files), random_(random), folder_(folder) {}

  /// `full`: the name of the same tile once it is full; what there is of it must begin alike.
  void put(const std::string& name, const std::string& full, const Bytes& bytes) {
    make_folders(Path(name).parent_path());
    if (name != full && files_.status(folder_ / full)) expect_beginning(folder_ / full, bytes);
    const Path path = folder_ / name;
    if (files_.status(path)) {
      if (read_file(files_, path, ledger::kBundleLimit) != bytes) refuse(path);
      return;
    }
    write_file_durably(files_, random_, path, bytes);
    ++written_;
  }

  void put_checkpoint(const std::string& note) {
    replace_file_durably(files_, random_, folder_ / kCheckpointName, as_bytes(note));
  }

  std::uint64_t written() const { return written_; }

 private:
  /// No link leads out of the folder.
  void make_folders(const Path& below) {
    Path path = folder_;
    for (const Path& element : below) {
      path /= element;
      const auto found = files_.status(path);
      if (found && found->type != FileType::directory) {
        throw Error(ErrorKind::corrupt, path.string(), "expected a folder, found something else");
      }
    }
    create_directories(files_, path);
  }

  void expect_beginning(const Path& path, const Bytes& bytes) {
    const Bytes found = read_file(files_, path, ledger::kBundleLimit);
    const bool alike =
        found.size() >= bytes.size() && std::equal(bytes.begin(), bytes.end(), found.begin());
    if (!alike) refuse(path);
  }

  [[noreturn]] static void refuse(const Path& path) {
    throw Error(ErrorKind::corrupt, path.string(),
                "holds other bytes than the ledger: it has forked, or is of another vault");
  }

  FileSystem& files_;
  Random& random_;
  const Path& folder_;
  std::uint64_t written_ = 0;
};

/// Takes entries in order and writes each tile when it is full; the rest at the end.
class TileWriter {
 public:
  explicit TileWriter(TileFiles& files)
      : files_(files),
        tree_([this](unsigned level, std::uint64_t number, const ledger::Hashes& hashes) {
          put_tile(level, number, hashes);
        }) {}

  void push(const std::string& entry) {
    ledger::append_to_bundle(bundle_, entry);
    tree_.push(Rfc9162Hasher::leaf(as_bytes(entry)));
    if (tree_.size() % ledger::kTileWidth == 0) put_bundle(ledger::kTileWidth);
  }

  void finish() {
    const std::uint64_t size = tree_.size();
    if (const std::uint64_t width = size % ledger::kTileWidth; width > 0) put_bundle(width);
    for (unsigned level = 0; level < tree_.edge().size(); ++level) {
      const ledger::Hashes& hashes = tree_.edge()[level];
      if (!hashes.empty()) put_tile(level, ledger::full_tiles(size, level), hashes);
    }
  }

 private:
  void put_tile(unsigned level, std::uint64_t number, const ledger::Hashes& hashes) {
    files_.put(ledger::hash_tile(level, number, hashes.size()),
               ledger::hash_tile(level, number, ledger::kTileWidth), ledger::print_tile(hashes));
  }

  void put_bundle(std::uint64_t width) {
    const std::uint64_t number = (tree_.size() - 1) / ledger::kTileWidth;
    files_.put(ledger::entry_bundle(number, width),
               ledger::entry_bundle(number, ledger::kTileWidth), bundle_);
    bundle_.clear();
  }

  TileFiles& files_;
  Bytes bundle_;
  ledger::TileBuilder tree_;
};

/// Watches that the ledger goes on from what is published.
class Continuation {
 public:
  Continuation(FileSystem& files, const Path& folder, const TrustPolicy& trust) : folder_(folder) {
    if (files.status(folder / kCheckpointName)) {
      last_ = PublishedLedger(files, folder, trust).checkpoint();
    }
  }

  void push(const LedgerEntry& entry) {
    if (!last_) return;
    if (tree_.size() == 0) expect(entry.statement.origin == last_->origin, entry.statement.origin);
    if (tree_.size() >= last_->size) return;
    tree_.push(Rfc9162Hasher::leaf(as_bytes(entry.stored)));
    if (tree_.size() == last_->size) expect(tree_.root() == last_->root, "a fork of it");
  }

  void require_size(std::uint64_t size) const {
    if (last_) expect(last_->size <= size, "one of " + std::to_string(size) + " entries");
  }

 private:
  void expect(bool holds, const std::string& found) const {
    if (holds) return;
    throw Error(ErrorKind::corrupt, (folder_ / kCheckpointName).string(),
                "expected a ledger that goes on from " + last_->origin + " of " +
                    std::to_string(last_->size) + " entries, found " + found);
  }

  const Path& folder_;
  std::optional<Checkpoint> last_;
  merkle::Frontier<Rfc9162Hasher> tree_;
};

/// Held while a folder is published to.
std::unique_ptr<File> lock(FileSystem& files, const Path& folder) {
  auto file = open_lock_file(files, folder / ".lock");
  if (file->try_lock(0, 1, LockKind::exclusive)) return file;
  throw Error(ErrorKind::precondition_failed, folder.string(),
              "another process publishes to it; try again when it is done");
}

}  // namespace

PublishedFiles publish_ledger(ObjectStore& store, const TrustPolicy& trust, const TenantId& tenant,
                              FileSystem& files, Random& random, const Path& folder,
                              const ScanLedgerOptions& options) {
  create_directories(files, folder);
  const auto held = lock(files, folder);
  ScanLedgerOptions scanned = options;
  scanned.entries = EntriesFrom::bundles;
  // All of the ledger is verified before anything of it is given out.
  Continuation continuation(files, folder, trust);
  const LedgerHead head = scan_ledger(store, &trust, tenant, scanned,
                                      [&](const LedgerEntry& entry) { continuation.push(entry); });
  if (!head.problems.empty()) throw_problem(head.problems.front());
  if (!head.newest_checkpoint) {
    throw Error(ErrorKind::not_found, tenant.str(), "has no checkpoint to publish");
  }
  const Checkpoint& checkpoint = *head.newest_checkpoint;
  continuation.require_size(checkpoint.size);
  TileFiles target(files, random, folder);
  TileWriter writer(target);
  merkle::Frontier<Rfc9162Hasher> tree;
  scan_ledger(store, &trust, tenant, scanned, [&](const LedgerEntry& entry) {
    if (tree.size() == checkpoint.size) return;
    tree.push(Rfc9162Hasher::leaf(as_bytes(entry.stored)));
    writer.push(entry.stored);
  });
  if (tree.size() != checkpoint.size || tree.root() != checkpoint.root) {
    throw Error(ErrorKind::corrupt, layout::ledger_entries(tenant, 0),
                "the ledger changed while it was published");
  }
  writer.finish();
  target.put_checkpoint(
      with_stored_cosignatures(store, tenant, checkpoint.size, head.newest_note, trust));
  return {checkpoint, target.written()};
}

}  // namespace v0
}  // namespace atp
