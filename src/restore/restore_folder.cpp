// SPDX-License-Identifier: Apache-2.0
#include "restore/restore_folder.hpp"

#include <algorithm>
#include <set>

#include "atp/core/error.hpp"
#include "atp/core/progress.hpp"
#include "atp/crypto/sha256.hpp"
#include "atp/source/segment_source.hpp"

namespace atp {
inline namespace v0 {
namespace restore {
namespace {

constexpr std::size_t kReadSize = 1 << 20;
constexpr std::uint64_t kMarkerLimit = 64 << 10;

[[noreturn]] void refuse(const Path& path, const std::string& message) {
  throw Error(ErrorKind::already_exists, path.string(), message);
}

bool has_bytes_of(FileSystem& files, const Path& path, const SegmentManifest& manifest,
                  const std::stop_token& stop) {
  const auto file = files.open(path, OpenMode::read);
  if (file->status().size != manifest.bytes) return false;
  Bytes buffer(kReadSize);
  Sha256 hash;
  std::uint64_t offset = 0;
  while (const std::size_t size = file->read_at(offset, buffer)) {
    throw_if_stopped(stop);
    hash.update(ByteView(buffer).first(size));
    offset += size;
  }
  return offset == manifest.bytes && hash.finish() == manifest.sha256;
}

}  // namespace

RestoreFolder::RestoreFolder(FileSystem& files, Random& random, Path folder,
                             const std::vector<Item>& items)
    : files_(files),
      random_(random),
      folder_(std::move(folder)),
      unfinished_(folder_ / kUnfinishedRestore),
      marker_(unfinished_ / "restore.json"),
      staging_(unfinished_ / "files"),
      items_(items) {}

Path RestoreFolder::part(const Item& item) const { return staged(item).string() + ".part"; }

void RestoreFolder::prepare(const std::string& identity) {
  const auto status = files_.status(folder_);
  if (status && status->type != FileType::directory) {
    refuse(folder_, "expected a folder, found something else");
  }
  create_directories(files_, folder_,
                     kPrivateFolder);  // Where it is there, it may not be durable yet.
  refuse_strangers(files_.list(folder_));
  ensure_directory(unfinished_);
  check_marker(identity);
  ensure_directory(staging_);
  for (const Item& item : items_) {
    if (!item.folder.empty()) ensure_directory(staging_ / item.folder);
  }
}

/// Beside the unfinished part only files that its last step has moved may stand.
void RestoreFolder::refuse_strangers(const std::vector<DirectoryEntry>& entries) {
  const bool unfinished =
      std::any_of(entries.begin(), entries.end(), [](const DirectoryEntry& entry) {
        return entry.name == kUnfinishedRestore && entry.type == FileType::directory;
      });
  if (!unfinished && !entries.empty()) {
    refuse(folder_, "is not empty and no unfinished restore; it holds " + entries.front().name);
  }
  for (const DirectoryEntry& entry : entries) {
    if (entry.name == kUnfinishedRestore) continue;
    if (entry.type != FileType::directory) {
      check_entry(entry.name, entry.type);
      continue;
    }
    for (const DirectoryEntry& inner : files_.list(folder_ / entry.name)) {
      check_entry(Path(entry.name) / inner.name, inner.type);
    }
  }
}

void RestoreFolder::check_entry(const Path& name, FileType type) {
  const bool ours = type == FileType::regular &&
                    std::any_of(items_.begin(), items_.end(),
                                [&](const Item& item) { return item.path() == name; });
  if (!ours) refuse(folder_ / name, "is no part of the restore");
}

void RestoreFolder::check_marker(const std::string& identity) {
  if (files_.status(marker_)) {
    const Bytes found = read_file(files_, marker_, kMarkerLimit);
    if (as_text(found) == identity) return;
    refuse(marker_, "is of another restore; finish that one or remove " + unfinished_.string());
  }
  if (files_.status(staging_)) refuse(staging_, "is of a restore that cannot be told");
  write_file_durably(files_, random_, marker_, as_bytes(identity), kPrivateFile);
}

void RestoreFolder::ensure_directory(const Path& path) {
  const auto status = files_.status(path);
  if (!status) {
    files_.create_directory(path, kPrivateFolder);
    files_.sync_directory(path.parent_path());
  } else if (status->type != FileType::directory) {
    refuse(path, "expected a folder, found something else");
  }
}

bool RestoreFolder::find_whole(const Item& item, const std::stop_token& stop) {
  const Path final_path = folder_ / item.path();
  if (const auto status = files_.status(final_path)) {
    if (status->type == FileType::regular &&
        has_bytes_of(files_, final_path, item.manifest(), stop)) {
      return true;
    }
    refuse(final_path, "has other bytes than the segment; move it away");
  }
  const auto status = files_.status(staged(item));
  if (!status) return false;
  if (status->type == FileType::regular &&
      has_bytes_of(files_, staged(item), item.manifest(), stop)) {
    return true;
  }
  files_.remove(staged(item));
  return false;
}

std::unique_ptr<File> RestoreFolder::begin(const Item& item) {
  if (files_.status(part(item))) files_.remove(part(item));
  return files_.open(part(item), OpenMode::create_new, kPrivateFile);
}

void RestoreFolder::finish(const Item& item, std::unique_ptr<File> file) {
  file->sync();
  file.reset();
  files_.rename_new(part(item), staged(item));
}

void RestoreFolder::discard(const Item& item, std::unique_ptr<File> file) {
  file.reset();
  files_.remove(part(item));
}

void RestoreFolder::publish() {
  std::set<Path> folders;
  for (const Item& item : items_) {
    const Path final_path = folder_ / item.path();
    if (!item.folder.empty()) ensure_directory(final_path.parent_path());
    folders.insert(final_path.parent_path());
    if (!files_.status(final_path)) files_.rename_new(staged(item), final_path);
  }
  for (const Path& each : folders) files_.sync_directory(each);
  files_.sync_directory(folder_);
  remove_tree(files_, staging_);
  files_.sync_directory(unfinished_);  // Without `files` a missing marker is no riddle.
  remove_tree(files_, unfinished_);
  files_.sync_directory(folder_);
}

}  // namespace restore
}  // namespace v0
}  // namespace atp
