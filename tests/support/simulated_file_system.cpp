// SPDX-License-Identifier: Apache-2.0
#include "support/simulated_file_system.hpp"

#include <algorithm>
#include <limits>

#include "support/simulated_disk.hpp"

namespace atp::test {
namespace {

using Guard = std::lock_guard<std::mutex>;

class SimulatedFile final : public File {
 public:
  SimulatedFile(std::shared_ptr<Disk> disk, NodePtr node, Path path, bool writable)
      : disk_(std::move(disk)),
        node_(std::move(node)),
        path_(std::move(path)),
        writable_(writable) {}

  ~SimulatedFile() override {
    const Guard guard(disk_->mutex);
    std::erase_if(node_->locks, [this](const HeldLock& lock) { return lock.owner == this; });
  }

  std::size_t read_at(std::uint64_t offset, MutableByteView out) override {
    const Guard guard(disk_->mutex);
    disk_->check_power();
    if (const auto kind = disk_->take_fault(Operation::read)) {
      throw Error(*kind, path_.string(), "simulated failure of a read");
    }
    const ByteView contents = *node_->current;
    if (offset >= contents.size()) return 0;
    std::size_t count = std::min<std::size_t>(out.size(), contents.size() - offset);
    if (disk_->longest_read) count = std::min(count, *disk_->longest_read);
    const ByteView found = contents.subspan(offset, count);
    std::copy(found.begin(), found.end(), out.begin());
    return count;
  }

  void write_at(std::uint64_t offset, ByteView bytes) override {
    const Guard guard(disk_->mutex);
    begin_change(Operation::write);
    const std::size_t count = fitting(offset, bytes.size());
    if (count > 0) {
      const ByteView fits = bytes.first(count);
      node_->change({offset, std::make_shared<const Bytes>(fits.begin(), fits.end())});
      disk_->touch(*node_);
    }
    if (count < bytes.size()) throw Error(ErrorKind::no_space, path_.string(), "the disk is full");
  }

  void truncate(std::uint64_t size) override {
    const Guard guard(disk_->mutex);
    begin_change(Operation::truncate);
    node_->change({size, nullptr});
    disk_->touch(*node_);
  }

  void sync() override {
    const Guard guard(disk_->mutex);
    disk_->begin(Operation::sync, path_);
    if (const auto kind = disk_->take_fault(Operation::sync)) {
      node_->fail_sync();
      throw Error(*kind, path_.string(), "simulated failure of a sync");
    }
    node_->sync();
  }

  FileStatus status() override {
    const Guard guard(disk_->mutex);
    disk_->check_power();
    FileStatus status = node_->status;
    status.size = node_->current->size();
    return status;
  }

  /// Not an operation: what crashes leave of permissions is not simulated.
  void set_permissions(std::uint32_t permissions) override {
    const Guard guard(disk_->mutex);
    disk_->check_power();
    node_->status.mode = permissions;
  }

  bool try_lock(std::uint64_t offset, std::uint64_t length, LockKind kind) override {
    const Guard guard(disk_->mutex);
    disk_->check_power();
    // As in fcntl(2), length 0 reaches to the end of any file.
    const HeldLock wanted{this, offset,
                          length == 0 ? std::numeric_limits<std::uint64_t>::max() : offset + length,
                          kind};
    const auto overlaps = [&](const HeldLock& lock) {
      return lock.from < wanted.to && wanted.from < lock.to;
    };
    const auto in_the_way = [&](const HeldLock& lock) {
      return lock.owner != this && overlaps(lock) &&
             (kind == LockKind::exclusive || lock.kind == LockKind::exclusive);
    };
    auto& locks = node_->locks;
    const bool taken = std::any_of(locks.begin(), locks.end(), in_the_way);
    if (kind != LockKind::unlocked && taken) return false;
    replace_own(wanted);
    return true;
  }

 private:
  void begin_change(Operation operation) {
    if (!writable_) throw Error(ErrorKind::unavailable, path_.string(), "opened for reading");
    disk_->begin(operation, path_);
  }

  /// How much of a write the space left takes.
  std::size_t fitting(std::uint64_t offset, std::size_t size) const {
    const std::uint64_t now = node_->current->size();
    if (!disk_->space || offset + size <= now) return size;
    const std::uint64_t used = disk_->used_bytes();
    const std::uint64_t left = *disk_->space > used ? *disk_->space - used : 0;
    if (offset > now + left) return 0;
    return std::min<std::uint64_t>(size, now + left - offset);
  }

  void replace_own(const HeldLock& wanted) {
    std::vector<HeldLock> left;
    for (const HeldLock& lock : node_->locks) {
      if (lock.owner != this) {
        left.push_back(lock);
        continue;
      }
      const std::uint64_t first_end = std::min(lock.to, wanted.from);
      const std::uint64_t second_start = std::max(lock.from, wanted.to);
      if (lock.from < first_end) left.push_back({this, lock.from, first_end, lock.kind});
      if (second_start < lock.to) left.push_back({this, second_start, lock.to, lock.kind});
    }
    if (wanted.kind != LockKind::unlocked) left.push_back(wanted);
    node_->locks = std::move(left);
  }

  std::shared_ptr<Disk> disk_;
  NodePtr node_;
  Path path_;
  bool writable_;
};

NodePtr require(const Disk& disk, const Path& path) {
  NodePtr node = disk.find(path);
  if (!node) throw Error(ErrorKind::not_found, path.string(), "no such file or directory");
  return node;
}

NodePtr require_directory(const Disk& disk, const Path& path) {
  NodePtr node = require(disk, path);
  if (node->is_directory()) return node;
  throw Error(ErrorKind::not_found, path.string(), "expected a directory, found a file");
}

}  // namespace

SimulatedFileSystem::SimulatedFileSystem(std::shared_ptr<const Clock> clock)
    : disk_(std::make_shared<Disk>(std::move(clock))) {}

SimulatedFileSystem::SimulatedFileSystem(std::shared_ptr<Disk> disk) : disk_(std::move(disk)) {}

SimulatedFileSystem::~SimulatedFileSystem() = default;

std::uint64_t SimulatedFileSystem::operations() const {
  const Guard guard(disk_->mutex);
  return disk_->operations;
}

void SimulatedFileSystem::crash_after(std::uint64_t nth) {
  const Guard guard(disk_->mutex);
  disk_->crash_at = disk_->operations + nth;
}

bool SimulatedFileSystem::crashed() const {
  const Guard guard(disk_->mutex);
  return disk_->crashed;
}

std::shared_ptr<SimulatedFileSystem> SimulatedFileSystem::reboot(const Variant& variant) const {
  const Guard guard(disk_->mutex);
  return std::shared_ptr<SimulatedFileSystem>(new SimulatedFileSystem(disk_->reboot(variant)));
}

std::uint64_t SimulatedFileSystem::image_digest() const {
  const Guard guard(disk_->mutex);
  return disk_->digest();
}

void SimulatedFileSystem::fail_operation(std::uint64_t nth, Operation operation, ErrorKind kind) {
  const Guard guard(disk_->mutex);
  disk_->faults.push_back({operation, nth, kind});
}

void SimulatedFileSystem::no_faults() {
  const Guard guard(disk_->mutex);
  disk_->faults.clear();
}

void SimulatedFileSystem::space_limit(std::uint64_t bytes) {
  const Guard guard(disk_->mutex);
  disk_->space = bytes;
}

void SimulatedFileSystem::no_space_limit() {
  const Guard guard(disk_->mutex);
  disk_->space.reset();
}

void SimulatedFileSystem::short_reads(std::size_t bytes) {
  const Guard guard(disk_->mutex);
  disk_->longest_read = bytes;
}

void SimulatedFileSystem::folders_do_not_move() {
  const Guard guard(disk_->mutex);
  disk_->folders_move = false;
}

void SimulatedFileSystem::read_only(bool now) {
  const Guard guard(disk_->mutex);
  disk_->read_only = now;
}

void SimulatedFileSystem::change_owner(const Path& path, std::uint32_t owner) {
  const Guard guard(disk_->mutex);
  require(*disk_, path)->status.owner = owner;
}

void SimulatedFileSystem::change_mode(const Path& path, std::uint32_t permissions) {
  const Guard guard(disk_->mutex);
  require(*disk_, path)->status.mode = permissions;
}

std::unique_ptr<File> SimulatedFileSystem::open(const Path& path, OpenMode mode,
                                                std::uint32_t permissions) {
  const Guard guard(disk_->mutex);
  disk_->check_power();
  NodePtr node = disk_->find(path);
  if (node && mode == OpenMode::create_new) {
    throw Error(ErrorKind::already_exists, path.string(), "the name is taken");
  }
  if (node && node->is_directory()) {
    throw Error(ErrorKind::invalid_argument, path.string(),
                "expected a regular file, found something else");
  }
  const bool creates = mode == OpenMode::create_new || mode == OpenMode::create_or_open;
  if (disk_->read_only && mode != OpenMode::read) {
    throw Error(ErrorKind::unavailable, path.string(), "simulated medium that is only read");
  }
  if (node || !creates) {
    disk_->begin(Operation::open, path);
    node = require(*disk_, path);
  } else {
    const NodePtr parent = disk_->parent_of(path);
    disk_->begin(Operation::create, path);
    node = disk_->make_node(FileType::regular, permissions);
    disk_->change_entry({parent, path.filename().string(), node, nullptr, nullptr, {}});
  }
  return std::make_unique<SimulatedFile>(disk_, node, path, mode != OpenMode::read);
}

std::optional<FileStatus> SimulatedFileSystem::status(const Path& path) {
  const Guard guard(disk_->mutex);
  disk_->check_power();
  const NodePtr node = disk_->find(path);
  if (!node) return std::nullopt;
  FileStatus status = node->status;
  status.size = node->current->size();
  return status;
}

std::vector<DirectoryEntry> SimulatedFileSystem::list(const Path& directory,
                                                      const NameFilter& wanted) {
  const Guard guard(disk_->mutex);
  disk_->check_power();
  std::vector<DirectoryEntry> entries;
  for (const auto& [name, node] : require_directory(*disk_, directory)->entries) {
    if (!wanted || wanted(name)) entries.push_back({name, node->status.type});
  }
  return entries;
}

void SimulatedFileSystem::create_directory(const Path& path, std::uint32_t permissions) {
  const Guard guard(disk_->mutex);
  disk_->check_power();
  if (disk_->find(path)) {
    throw Error(ErrorKind::already_exists, path.string(), "the name is taken");
  }
  const NodePtr parent = disk_->parent_of(path);
  disk_->begin(Operation::create_directory, path);
  const NodePtr node = disk_->make_node(FileType::directory, permissions);
  disk_->change_entry({parent, path.filename().string(), node, nullptr, nullptr, {}});
}

void SimulatedFileSystem::move(const Path& from, const Path& to, Operation operation) {
  const Guard guard(disk_->mutex);
  disk_->check_power();
  const NodePtr node = require(*disk_, from);
  const NodePtr parent = disk_->parent_of(to);
  const NodePtr replaced = disk_->find(to);
  if (replaced && operation == Operation::rename_new) {
    throw Error(ErrorKind::already_exists, to.string(), "the name is taken");
  }
  if (replaced && replaced->is_directory()) {
    throw Error(ErrorKind::unavailable, to.string(), "expected a file, found a directory");
  }
  if (operation == Operation::rename_new && node->is_directory() && !disk_->folders_move) {
    throw Error(ErrorKind::unsupported, to.string(), "folders do not move here");
  }
  disk_->begin(operation, from);
  if (replaced == node) return;
  disk_->change_entry({parent, to.filename().string(), node, nullptr, disk_->parent_of(from),
                       from.filename().string()});
}

void SimulatedFileSystem::rename_new(const Path& from, const Path& to) {
  move(from, to, Operation::rename_new);
}

void SimulatedFileSystem::rename(const Path& from, const Path& to) {
  move(from, to, Operation::rename);
}

void SimulatedFileSystem::remove(const Path& path) {
  const Guard guard(disk_->mutex);
  disk_->check_power();
  const NodePtr node = require(*disk_, path);
  const NodePtr parent = disk_->parent_of(path);
  if (!node->entries.empty()) {
    throw Error(ErrorKind::unavailable, path.string(), "the directory is not empty");
  }
  disk_->begin(Operation::remove, path);
  disk_->change_entry({parent, path.filename().string(), nullptr, node, nullptr, {}});
}

void SimulatedFileSystem::sync_directory(const Path& path) {
  const Guard guard(disk_->mutex);
  disk_->check_power();
  const NodePtr node = require_directory(*disk_, path);
  disk_->begin(Operation::sync_directory, path);
  disk_->sync_directory(node);
}

}  // namespace atp::test
