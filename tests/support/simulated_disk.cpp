// SPDX-License-Identifier: Apache-2.0
#include "support/simulated_disk.hpp"

#include <algorithm>
#include <exception>
#include <functional>
#include <set>

#include "support/sequence_random.hpp"

namespace atp::test {
namespace {

bool coin(std::uint64_t& random) { return (splitmix64(random++) & 1) != 0; }

std::uint64_t below(std::uint64_t limit, std::uint64_t& random) {
  return splitmix64(random++) % limit;
}

void grow(Bytes& contents, std::uint64_t size) {
  if (contents.size() < size) contents.resize(size);
}

void replay(Bytes& contents, const FileChange& change) {
  if (!change.bytes) {
    contents.resize(change.offset);
    return;
  }
  grow(contents, change.offset + change.bytes->size());
  std::copy(change.bytes->begin(), change.bytes->end(),
            contents.begin() + static_cast<std::ptrdiff_t>(change.offset));
}

FileChange torn(const FileChange& write, std::uint64_t& random) {
  const std::uint64_t kept = below(write.bytes->size() + 1, random);
  const auto end = write.bytes->begin() + static_cast<std::ptrdiff_t>(kept);
  return {write.offset, std::make_shared<const Bytes>(write.bytes->begin(), end)};
}

Bytes random_image(const Bytes& durable, const std::vector<FileChange>& changes,
                   std::uint64_t& random) {
  std::vector<bool> kept;
  std::optional<std::size_t> last;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    kept.push_back(coin(random));
    if (kept[i] && changes[i].bytes) last = i;
  }
  Bytes contents = durable;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const FileChange& change = changes[i];
    if (kept[i]) replay(contents, i == last ? torn(change, random) : change);
    // The new size is metadata and may be there without the bytes: zeros.
    const bool cut_short = !kept[i] || i == last;
    if (cut_short && change.bytes && coin(random)) {
      grow(contents, change.offset + change.bytes->size());
    }
  }
  return contents;
}

using EntriesOf = std::function<Entries&(const NodePtr&)>;

void erase_if_same(Entries& entries, const std::string& name, const NodePtr& node) {
  const auto found = entries.find(name);
  if (found != entries.end() && found->second == node) entries.erase(found);
}

void replay(const EntryChange& change, const EntriesOf& entries_of) {
  if (change.from_directory) {
    erase_if_same(entries_of(change.from_directory), change.from_name, change.node);
  }
  Entries& entries = entries_of(change.directory);
  if (change.node) {
    entries[change.name] = change.node;
  } else {
    erase_if_same(entries, change.name, change.removed);
  }
}

/// Copies what of a disk survived into nodes of their own.
class Survivors {
 public:
  Survivors(const Variant& variant, const std::vector<EntryChange>& unsynced)
      : variant_(variant), random_(splitmix64(variant.seed)) {
    if (variant.kind == Variant::Kind::none) return;
    const EntriesOf entries_of = [this](const NodePtr& directory) -> Entries& {
      return changed_.try_emplace(directory.get(), directory->durable_entries).first->second;
    };
    for (const EntryChange& change : unsynced) {
      if (variant.kind == Variant::Kind::all || coin(random_)) replay(change, entries_of);
    }
  }

  NodePtr copy(const NodePtr& node) {
    NodePtr& made = made_[node.get()];
    if (made) return made;
    made = std::make_shared<Node>();
    const NodePtr result = made;
    result->status = node->status;
    if (!node->is_directory()) {
      result->durable = node->image(variant_, random_);
      result->current = result->durable;
      return result;
    }
    const auto changed = changed_.find(node.get());
    const Entries& entries = changed == changed_.end() ? node->durable_entries : changed->second;
    for (const auto& [name, child] : entries) result->entries[name] = copy(child);
    result->durable_entries = result->entries;
    return result;
  }

 private:
  Variant variant_;
  std::uint64_t random_;
  std::unordered_map<const Node*, Entries> changed_;
  std::unordered_map<const Node*, NodePtr> made_;
};

std::uint64_t mix(std::uint64_t digest, std::uint64_t value) {
  return splitmix64(digest ^ splitmix64(value));
}

std::uint64_t digest_of(const Node& node) {
  const std::hash<std::string_view> hash;
  if (!node.is_directory()) return mix(1, hash(as_text(*node.durable)));
  std::uint64_t digest = 2;
  for (const auto& [name, child] : node.durable_entries) {
    digest = mix(mix(digest, hash(name)), digest_of(*child));
  }
  return digest;
}

void add_sizes(const Node& node, std::set<const Node*>& seen, std::uint64_t& sum) {
  if (!seen.insert(&node).second) return;
  sum += node.current->size();
  for (const auto& [name, child] : node.entries) add_sizes(*child, seen, sum);
}

}  // namespace

void Node::change(FileChange change) {
  if (current.use_count() > 1) current = std::make_shared<Bytes>(*current);
  replay(*current, change);
  unsynced.push_back(std::move(change));
}

void Node::sync() {
  std::uint64_t unused = 0;
  durable = image(Variant::all(), unused);
  unsynced.clear();
}

void Node::fail_sync() {
  lost_writes = lost_writes || !unsynced.empty();
  unsynced.clear();
}

std::shared_ptr<Bytes> Node::image(const Variant& variant, std::uint64_t& random) const {
  if (variant.kind == Variant::Kind::none || unsynced.empty()) return durable;
  if (variant.kind == Variant::Kind::random) {
    return std::make_shared<Bytes>(random_image(*durable, unsynced, random));
  }
  if (!lost_writes) return current;
  auto contents = std::make_shared<Bytes>(*durable);
  for (const FileChange& change : unsynced) replay(*contents, change);
  return contents;
}

Disk::Disk(std::shared_ptr<const Clock> clock_to_use) : clock(std::move(clock_to_use)) {
  root = make_node(FileType::directory, 0755);
}

void Disk::power_off() const {
  if (std::uncaught_exceptions() > 0) {
    throw Error(ErrorKind::unavailable, "", "simulated power loss");
  }
  throw SimulatedCrash();
}

void Disk::check_power() const {
  if (crashed) power_off();
}

std::optional<ErrorKind> Disk::take_fault(Operation operation) {
  std::optional<ErrorKind> kind;
  for (Fault& fault : faults) {
    const bool any = fault.operation == Operation::any && operation != Operation::open &&
                     operation != Operation::read;
    if (!any && fault.operation != operation) continue;
    if (--fault.countdown == 0) kind = fault.kind;
  }
  std::erase_if(faults, [](const Fault& fault) { return fault.countdown == 0; });
  return kind;
}

void Disk::begin(Operation operation, const Path& path) {
  check_power();
  if (read_only && operation != Operation::open) {
    // As the machine's file system says it.
    const ErrorKind kind =
        operation == Operation::sync_directory ? ErrorKind::unsupported : ErrorKind::unavailable;
    throw Error(kind, path.string(), "simulated medium that is only read");
  }
  if (operation != Operation::open) ++operations;
  if (crash_at && operations >= *crash_at) {
    crashed = true;
    power_off();
  }
  if (operation == Operation::sync) return;  // Its faults do more than fail.
  if (const auto kind = take_fault(operation)) {
    throw Error(*kind, path.string(), "simulated failure");
  }
}

NodePtr Disk::find(const Path& path) const {
  const std::string& text = path.native();
  if (text.empty() || text.front() != '/') {
    throw Error(ErrorKind::invalid_argument, text, "expected an absolute path");
  }
  NodePtr node = root;
  for (std::size_t from = 1; from < text.size();) {
    const std::size_t end = std::min(text.find('/', from), text.size());
    const std::string_view name = std::string_view(text).substr(from, end - from);
    from = end + 1;
    if (name.empty() || name == ".") continue;
    const auto found = node->entries.find(name);
    if (found == node->entries.end()) return nullptr;
    node = found->second;
  }
  return node;
}

NodePtr Disk::parent_of(const Path& path) const {
  NodePtr parent = path.has_filename() ? find(path.parent_path()) : nullptr;
  if (parent && parent->is_directory()) return parent;
  throw Error(ErrorKind::not_found, path.string(), "no such directory above it");
}

Time Disk::tick() {
  ++ticks;
  return clock ? clock->now() : Time(std::chrono::milliseconds(ticks));
}

void Disk::touch(Node& node) { node.status.modified = node.status.changed = tick(); }

NodePtr Disk::make_node(FileType type, std::uint32_t permissions) {
  auto node = std::make_shared<Node>();
  node->status.type = type;
  node->status.inode = next_inode++;
  constexpr std::uint32_t kUmask = 0022;
  node->status.mode = permissions & ~kUmask;
  touch(*node);
  return node;
}

void Disk::change_entry(EntryChange change) {
  const EntriesOf entries_of = [](const NodePtr& directory) -> Entries& {
    return directory->entries;
  };
  replay(change, entries_of);
  touch(*change.directory);
  if (change.from_directory) touch(*change.from_directory);
  (change.node ? change.node : change.removed)->status.changed = tick();
  unsynced.push_back(std::move(change));
}

void Disk::sync_directory(const NodePtr& directory) {
  const EntriesOf entries_of = [](const NodePtr& of) -> Entries& { return of->durable_entries; };
  // A rename out of this folder stays pending, unless its old name is used again below.
  std::vector<bool> commits;
  for (std::size_t i = 0; i < unsynced.size(); ++i) {
    const EntryChange& change = unsynced[i];
    const auto reuses_name = [&](const EntryChange& later) {
      return later.directory == directory && later.name == change.from_name;
    };
    const bool leaves = change.from_directory == directory;
    commits.push_back(change.directory == directory ||
                      (leaves && std::any_of(unsynced.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                                             unsynced.end(), reuses_name)));
  }
  std::vector<EntryChange> left;
  for (std::size_t i = 0; i < unsynced.size(); ++i) {
    EntryChange& change = unsynced[i];
    if (!commits[i]) {
      left.push_back(std::move(change));
      continue;
    }
    replay(change, entries_of);
    // What led to a name that is now known to be gone must not bring it back.
    std::erase_if(left, [&](const EntryChange& earlier) {
      return change.from_directory && earlier.directory == change.from_directory &&
             earlier.name == change.from_name && earlier.node == change.node;
    });
  }
  unsynced = std::move(left);
}

std::uint64_t Disk::used_bytes() const {
  std::set<const Node*> seen;
  std::uint64_t sum = 0;
  add_sizes(*root, seen, sum);
  return sum;
}

std::shared_ptr<Disk> Disk::reboot(const Variant& variant) const {
  auto disk = std::make_shared<Disk>(clock);
  disk->root = Survivors(variant, unsynced).copy(root);
  disk->next_inode = next_inode;
  disk->ticks = ticks;
  return disk;
}

std::uint64_t Disk::digest() const { return digest_of(*root); }

}  // namespace atp::test
