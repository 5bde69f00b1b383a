// SPDX-License-Identifier: Apache-2.0
/// The state behind SimulatedFileSystem: nodes with a current and a durable side, and what stands
/// between the two. Every function is called with the disk's mutex held.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "support/simulated_file_system.hpp"

namespace atp::test {

struct Node;
using NodePtr = std::shared_ptr<Node>;
using Entries = std::map<std::string, NodePtr, std::less<>>;

/// A write, or without bytes a truncation to `offset`.
struct FileChange {
  std::uint64_t offset;
  std::shared_ptr<const Bytes> bytes;
};

/// `name` of `directory` becomes `node`, or goes where there is none; a rename takes the name it
/// came from away in the same step.
struct EntryChange {
  NodePtr directory;
  std::string name;
  NodePtr node;
  NodePtr removed;
  NodePtr from_directory;
  std::string from_name;
};

struct HeldLock {
  const void* owner;
  std::uint64_t from;
  std::uint64_t to;
  LockKind kind;
};

struct Node {
  FileStatus status;

  std::shared_ptr<Bytes> current = std::make_shared<Bytes>();
  std::shared_ptr<Bytes> durable = current;  ///< Shared with `current` until that changes.
  std::vector<FileChange> unsynced = {};
  bool lost_writes = false;  ///< A sync failed: `current` is no longer durable plus unsynced.
  std::vector<HeldLock> locks = {};

  Entries entries;
  Entries durable_entries;

  bool is_directory() const { return status.type == FileType::directory; }
  void change(FileChange change);
  void sync();
  void fail_sync();
  /// The contents after a power loss.
  std::shared_ptr<Bytes> image(const Variant& variant, std::uint64_t& random) const;
};

struct Disk {
  explicit Disk(std::shared_ptr<const Clock> clock);

  /// Counts the operation. Throws: SimulatedCrash; to destructors that run while an exception
  /// passes, an `Error` instead, which they can stop.
  void begin(Operation operation, const Path& path);
  /// As `begin` for what changes nothing.
  void check_power() const;
  /// The fault that waits for this operation, if any.
  std::optional<ErrorKind> take_fault(Operation operation);
  [[noreturn]] void power_off() const;

  NodePtr find(const Path& path) const;
  /// Throws: not_found, unless `path`'s parent is a directory.
  NodePtr parent_of(const Path& path) const;
  NodePtr make_node(FileType type, std::uint32_t permissions);
  Time tick();
  void touch(Node& node);

  /// Does it for programs, and remembers it as not durable.
  void change_entry(EntryChange change);
  void sync_directory(const NodePtr& directory);
  std::uint64_t used_bytes() const;

  std::shared_ptr<Disk> reboot(const Variant& variant) const;
  std::uint64_t digest() const;

  mutable std::mutex mutex;
  std::shared_ptr<const Clock> clock;
  NodePtr root;
  std::vector<EntryChange> unsynced = {};
  std::uint64_t next_inode = 1;
  std::uint64_t ticks = 0;

  std::uint64_t operations = 0;
  std::optional<std::uint64_t> crash_at = {};
  bool crashed = false;
  struct Fault {
    Operation operation;
    std::uint64_t countdown;
    ErrorKind kind;
  };
  std::vector<Fault> faults = {};
  std::optional<std::uint64_t> space = {};
  std::optional<std::size_t> longest_read = {};
  bool folders_move = true;
  bool read_only = false;
};

}  // namespace atp::test
