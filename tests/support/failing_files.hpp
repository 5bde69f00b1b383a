// SPDX-License-Identifier: Apache-2.0
/// A file system some of whose files and folders fail, in front of one that does not. For what the
/// tests cannot do to a real one: as root every folder can be read. Thread-safe once it is set up.
#pragma once

#include <map>
#include <memory>
#include <utility>

#include "atp/core/error.hpp"
#include "atp/core/file_system.hpp"

namespace atp::test {

class FailingFiles final : public FileSystem {
 public:
  explicit FailingFiles(std::shared_ptr<FileSystem> files) : files_(std::move(files)) {}

  /// From here on `path` cannot be opened, listed or synced.
  void fail(const Path& path, ErrorKind kind) { failing_[name_of(path)] = kind; }
  /// From here on what is opened can be neither read nor written nor synced, nor its permissions be
  /// changed; it fails with a path as its subject.
  void fail_contents(ErrorKind kind) { *contents_ = kind; }

  std::unique_ptr<File> open(const Path& path, OpenMode mode, std::uint32_t permissions) override {
    check(path);
    return std::make_unique<FailingFile>(files_->open(path, mode, permissions), path, contents_);
  }
  std::optional<FileStatus> status(const Path& path) override { return files_->status(path); }
  std::vector<DirectoryEntry> list(const Path& directory, const NameFilter& wanted = {}) override {
    check(directory);
    return files_->list(directory, wanted);
  }
  void create_directory(const Path& path, std::uint32_t permissions) override {
    files_->create_directory(path, permissions);
  }
  void rename_new(const Path& from, const Path& to) override { files_->rename_new(from, to); }
  void rename(const Path& from, const Path& to) override { files_->rename(from, to); }
  void remove(const Path& path) override { files_->remove(path); }
  void sync_directory(const Path& path) override {
    check(path);
    files_->sync_directory(path);
  }

 private:
  using Contents = std::shared_ptr<std::optional<ErrorKind>>;

  /// The same with and without a slash at the end.
  static Path name_of(const Path& path) { return path.has_filename() ? path : path.parent_path(); }

  [[noreturn]] static void refuse(const Path& path, ErrorKind kind) {
    throw Error(kind, path.string(), "fails, as it was told to");
  }

  class FailingFile final : public File {
   public:
    FailingFile(std::unique_ptr<File> file, Path path, Contents contents)
        : file_(std::move(file)), path_(std::move(path)), contents_(std::move(contents)) {}
    std::size_t read_at(std::uint64_t offset, MutableByteView out) override {
      return checked().read_at(offset, out);
    }
    void write_at(std::uint64_t offset, ByteView bytes) override {
      checked().write_at(offset, bytes);
    }
    void truncate(std::uint64_t size) override { checked().truncate(size); }
    void sync() override { checked().sync(); }
    FileStatus status() override { return file_->status(); }
    void set_permissions(std::uint32_t permissions) override {
      checked().set_permissions(permissions);
    }
    bool try_lock(std::uint64_t offset, std::uint64_t length, LockKind kind) override {
      return file_->try_lock(offset, length, kind);
    }

   private:
    File& checked() {
      if (*contents_) refuse(path_, **contents_);
      return *file_;
    }

    std::unique_ptr<File> file_;
    Path path_;
    Contents contents_;
  };

  void check(const Path& path) const {
    const auto found = failing_.find(name_of(path));
    if (found != failing_.end()) refuse(path, found->second);
  }

  std::shared_ptr<FileSystem> files_;
  std::map<Path, ErrorKind> failing_;
  Contents contents_ = std::make_shared<std::optional<ErrorKind>>();
};

}  // namespace atp::test
