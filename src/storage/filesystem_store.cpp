// SPDX-License-Identifier: Apache-2.0
#include "atp/storage/filesystem_store.hpp"

#include <algorithm>

#include "atp/core/error.hpp"
#include "atp/crypto/sha256.hpp"
#include "storage/driver.hpp"
#include "storage/key_walk.hpp"
#include "storage/retention_file.hpp"
#include "storage/store_folder.hpp"

namespace atp {
inline namespace v0 {
namespace {

Digest digest_of(File& file, std::uint64_t size) {
  constexpr std::size_t kChunk = 1024 * 1024;
  Bytes buffer(std::min<std::uint64_t>(size, kChunk));
  Sha256 hash;
  for (std::uint64_t done = 0; done < size;) {
    const std::size_t count = file.read_at(done, buffer);
    if (count == 0) break;
    hash.update(ByteView(buffer).first(count));
    done += count;
  }
  return hash.finish();
}

class FileSource final : public ByteSource {
 public:
  FileSource(std::string key, std::unique_ptr<File> file, std::uint64_t from, std::uint64_t left)
      : key_(std::move(key)), file_(std::move(file)), next_(from), left_(left) {}

  std::size_t read(MutableByteView out) override {
    const std::size_t wanted = std::min<std::uint64_t>(out.size(), left_);
    if (wanted == 0) return 0;
    const std::size_t count = about(key_, [&] { return file_->read_at(next_, out.first(wanted)); });
    next_ += count;
    left_ -= count;
    return count;
  }

 private:
  std::string key_;
  std::unique_ptr<File> file_;
  std::uint64_t next_;
  std::uint64_t left_;
};

class FilesystemWriter final : public ObjectWriter {
 public:
  FilesystemWriter(std::shared_ptr<StoreFolder> folder, std::string key, const PutOptions& options)
      : folder_(std::move(folder)),
        key_(std::move(key)),
        immutability_{options.retain_until, options.legal_hold},
        temporary_(folder_->make_temporary()) {}

  void write(ByteView bytes) override {
    auto temporary = take_temporary();
    about(key_, [&] { temporary->file().write_at(size_, bytes); });
    size_ += bytes.size();
    temporary_ = std::move(temporary);
  }

  ObjectInfo commit(const std::optional<Digest>& expected) override {
    return about(key_, [&] { return put(expected); });
  }

 private:
  ObjectInfo put(const std::optional<Digest>& expected) {
    const auto temporary = take_temporary();
    File& file = temporary->file();
    file.sync();
    if (expected) check_written(key_, digest_of(file, size_), *expected);

    folder_->check_room(key_);
    folder_->make_folders(key_);
    const auto lock = folder_->lock(key_);
    folder_->check_room(key_);  // Others may have put what stands in its way.
    if (folder_->status(key_)) {
      folder_->make_durable(key_);
      throw_taken(key_);
    }
    // A put that ended here before may have left the file; what it asked for was never granted, and
    // is kept all the same.
    const auto left = folder_->read_retention(key_);
    const Immutability immutability = stricter(left.value_or(Immutability{}), immutability_);
    folder_->write_retention(key_, immutability);
    temporary->rename_new(folder_->path_of(key_));
    folder_->sync_folder_of(key_);
    return {.key = key_,
            .size = size_,
            .modified = file.status().modified,
            .immutability = immutability};
  }

  /// The writer is closed unless it is put back: after an error the contents are unknown.
  std::unique_ptr<Temporary> take_temporary() {
    if (!temporary_) throw_writer_closed(key_);
    return std::move(temporary_);
  }

  std::shared_ptr<StoreFolder> folder_;
  std::string key_;
  Immutability immutability_;
  std::unique_ptr<Temporary> temporary_;
  std::uint64_t size_ = 0;
};

class FilesystemStore final : public ObjectStore {
  template <class Act>
  auto reading(const std::string& key, const Act& act) {
    check_key(key);
    return about(key, act);
  }

  template <class Act>
  auto writing(const std::string& key, const Act& act) {
    return reading(key, [&] {
      folder_->check_writable();
      return act();
    });
  }

 public:
  FilesystemStore(std::shared_ptr<StoreFolder> folder, std::shared_ptr<const Clock> clock)
      : folder_(std::move(folder)), clock_(std::move(clock)) {}

  std::string describe() const override { return "folder " + folder_->root().string(); }
  Capabilities capabilities() const override {
    return {.atomic_create = true, .immutability = true};
  }

  std::unique_ptr<ObjectWriter> create(const std::string& key, const PutOptions& options) override {
    return writing(key, [&] {
      folder_->check_room(key);
      return std::make_unique<FilesystemWriter>(folder_, key, options);
    });
  }

  std::unique_ptr<ByteSource> get(const std::string& key, const ByteRange& range) override {
    return reading(key, [&] {
      if (!folder_->status(key)) throw_no_object(key);
      folder_->settle_folder_of(key);
      auto file = folder_->files().open(folder_->path_of(key), OpenMode::read);
      const std::uint64_t size = file->status().size;
      const std::uint64_t from = std::min(range.offset, size);
      const std::uint64_t left = size - from;
      return std::make_unique<FileSource>(key, std::move(file), from,
                                          std::min(left, range.length.value_or(left)));
    });
  }

  std::optional<ObjectInfo> stat(const std::string& key) override {
    return reading(key, [&] { return find(key); });
  }

  ListPageOfKeys list(const std::string& prefix, const std::string& after,
                      std::size_t limit) override {
    check_listing(prefix, limit);
    return about(subject_of_listing(prefix),
                 [&] { return list_page(*folder_, prefix, after, limit); });
  }

  FolderPage list_folders(const std::string& prefix, const std::string& after,
                          std::size_t limit) override {
    check_listing(prefix, limit);
    return about(subject_of_listing(prefix),
                 [&] { return folder_page(*folder_, prefix, after, limit); });
  }

  void remove(const std::string& key) override {
    writing(key, [&] {
      const auto lock = folder_->lock(key);
      check_removable(key, immutability_of(key), clock_->now());
      folder_->files().remove(folder_->path_of(key));
      // First, so that the object can not come back without its retention.
      folder_->sync_folder_of(key);
      folder_->remove_retention(key);
    });
  }

  Time extend_retention(const std::string& key, Time retain_until) override {
    return writing(key, [&] {
      const auto lock = folder_->lock(key);
      const Immutability asked{.retain_until = retain_until, .legal_hold = false};
      const Immutability grown = stricter(immutability_of(key), asked);
      folder_->write_retention(key, grown);
      return *grown.retain_until;
    });
  }

  void set_legal_hold(const std::string& key, bool held) override {
    writing(key, [&] {
      const auto lock = folder_->lock(key);
      Immutability changed = immutability_of(key);
      changed.legal_hold = held;
      folder_->write_retention(key, changed);
    });
  }

  std::size_t tidy() override {
    folder_->check_writable();
    return remove_stale_temporaries(folder_->files(), folder_->root());
  }

  /// What the file system gives a file that is written now.
  std::optional<Time> time() override {
    if (!folder_->is_writable()) return std::nullopt;
    const auto temporary = folder_->make_temporary();
    temporary->file().write_at(0, as_bytes("\n"));
    return temporary->file().status().modified;
  }

 private:
  std::string subject_of_listing(const std::string& prefix) const {
    return prefix.empty() ? describe() : prefix;
  }

  std::optional<ObjectInfo> find(const std::string& key) {
    auto found = folder_->status(key);
    if (!found) return std::nullopt;
    const auto retention = folder_->read_retention(key);
    // Without one it is damaged, or was removed since.
    if (!retention) found = folder_->status(key);
    if (!found) return std::nullopt;
    folder_->settle_folder_of(key);
    return ObjectInfo{.key = key,
                      .size = found->size,
                      .modified = found->modified,
                      .immutability = retention.value_or(kRetainedForEver)};
  }

  /// Under the key's lock. Throws: not_found.
  Immutability immutability_of(const std::string& key) {
    if (!folder_->status(key)) throw_no_object(key);
    return folder_->read_retention(key).value_or(kRetainedForEver);
  }

  std::shared_ptr<StoreFolder> folder_;
  std::shared_ptr<const Clock> clock_;
};

}  // namespace

std::shared_ptr<ObjectStore> filesystem_store(std::shared_ptr<FileSystem> files, Path root,
                                              std::shared_ptr<const Clock> clock,
                                              std::shared_ptr<Random> random, StoreAccess access) {
  // With a slash at the end the root itself may be a symbolic link.
  const auto found = files->status(root / "");
  if (!found || found->type != FileType::directory) {
    throw Error(ErrorKind::not_found, root.string(), "expected a folder");
  }
  auto folder = std::make_shared<StoreFolder>(std::move(files), std::move(root), clock,
                                              std::move(random), access);
  return std::make_shared<FilesystemStore>(std::move(folder), std::move(clock));
}

}  // namespace v0
}  // namespace atp
