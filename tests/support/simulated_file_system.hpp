// SPDX-License-Identifier: Apache-2.0
/// A file system in memory that can lose its power. It keeps, beside what programs see, what is on
/// the disk for certain (synced) and what may or may not be (written, linked, renamed since), so
/// that one crash point gives many disk images, all reproducible. Thread-safe.
///
/// Contents become durable by `File::sync`, names by `sync_directory` of the folder they are in; a
/// rename becomes durable, as a whole, with the folder it leads to. Renames and other entry changes
/// of one folder persist independently of each other until then.
#pragma once

#include <cstdint>
#include <exception>
#include <memory>

#include "atp/core/clock.hpp"
#include "atp/core/error.hpp"
#include "atp/core/file_system.hpp"

namespace atp::test {

/// The power is gone. Not an `atp::Error`, so that no code handles it by accident; destructors that
/// clean up must stop any `std::exception`.
class SimulatedCrash final : public std::exception {
 public:
  const char* what() const noexcept override { return "simulated power loss"; }
};

enum class Operation {
  any,  ///< Every operation below that changes something, thus all but `open` and `read`.
  open,
  read,
  create,
  write,
  truncate,
  sync,
  sync_directory,
  create_directory,
  rename,
  rename_new,
  remove,
};

/// What of the unsynced state reached the disk.
struct Variant {
  enum class Kind { all, none, random };
  Kind kind;
  std::uint64_t seed = 0;

  static Variant all() { return {Kind::all}; }
  static Variant none() { return {Kind::none}; }
  /// Any subset of entry changes and writes; the last write kept is torn; skipped writes may leave
  /// zeros where they would have made the file longer.
  static Variant random(std::uint64_t seed) { return {Kind::random, seed}; }
};

struct Disk;

class SimulatedFileSystem final : public FileSystem {
 public:
  /// An empty disk with the folder `/`. Without a clock times count changes, one millisecond each.
  explicit SimulatedFileSystem(std::shared_ptr<const Clock> clock = nullptr);
  ~SimulatedFileSystem() override;

  /// How many operations that change something were begun.
  std::uint64_t operations() const;
  /// The `nth` changing operation from here (1 is the next) does not happen: it and every later
  /// call of any kind throw SimulatedCrash.
  void crash_after(std::uint64_t nth);
  bool crashed() const;

  /// The disk as it may be found after a power loss now. This object is not changed, so it can be
  /// asked for many variants; faults and limits are not carried over.
  std::shared_ptr<SimulatedFileSystem> reboot(const Variant& variant) const;
  /// A hash over the names and contents that are durable.
  std::uint64_t image_digest() const;

  /// The `nth` operation of that kind from here (1 is the next) fails once with an `Error`. A sync
  /// that fails leaves the unsynced contents of its file clean but not on the disk, as on Linux: a
  /// second sync succeeds, and the contents are gone after the next crash.
  void fail_operation(std::uint64_t nth, Operation operation,
                      ErrorKind kind = ErrorKind::unavailable);
  /// Faults that still wait are called off.
  void no_faults();
  void fail_sync(std::uint64_t nth) { fail_operation(nth, Operation::sync); }
  /// Writes that would bring all contents over `bytes` store what fits and throw no_space.
  void space_limit(std::uint64_t bytes);
  void no_space_limit();
  /// As a file system that can give folders no new name without replacing an old one.
  void folders_do_not_move();
  /// A medium that is only read.
  void read_only(bool now = true);
  void change_owner(const Path& path, std::uint32_t owner);
  void change_mode(const Path& path, std::uint32_t permissions);
  /// Breaks the contract of `File::read_at`: no read gives more than `bytes`.
  void short_reads(std::size_t bytes);

  std::unique_ptr<File> open(const Path& path, OpenMode mode,
                             std::uint32_t permissions = 0644) override;
  std::optional<FileStatus> status(const Path& path) override;
  std::vector<DirectoryEntry> list(const Path& directory, const NameFilter& wanted = {}) override;
  void create_directory(const Path& path, std::uint32_t permissions = 0755) override;
  void rename_new(const Path& from, const Path& to) override;
  void rename(const Path& from, const Path& to) override;
  void remove(const Path& path) override;
  void sync_directory(const Path& path) override;

 private:
  explicit SimulatedFileSystem(std::shared_ptr<Disk> disk);
  void move(const Path& from, const Path& to, Operation operation);

  std::shared_ptr<Disk> disk_;
};

}  // namespace atp::test
