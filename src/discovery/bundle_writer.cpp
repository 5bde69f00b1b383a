// SPDX-License-Identifier: Apache-2.0
#include "discovery/bundle_writer.hpp"

#include <algorithm>
#include <utility>

#include "atp/core/error.hpp"
#include "atp/core/random.hpp"
#include "atp/verify/bundle_layout.hpp"

namespace atp {
inline namespace v0 {

namespace {

Path parent_of(const Path& folder) {
  const Path parent = folder.parent_path();
  return parent.empty() ? Path(".") : parent;
}

}  // namespace

BundleWriter::BundleWriter(FileSystem& files, const Path& folder)
    : files_(files),
      folder_(folder.has_filename() ? folder : folder.parent_path()),
      unfinished_(folder_.string() + ".unfinished") {
  require_free();
  create_directories(files_, parent_of(folder_));
  SystemRandom names;  // None of the caller's: a probe changes nothing of what comes after it.
  require_folders_move(files_, names, parent_of(folder_));
  try {
    files_.create_directory(unfinished_, kPrivateFolder);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::already_exists) throw;
    throw Error(ErrorKind::already_exists, unfinished_.string(),
                "is of an export that is running, or was cut short: then remove it, it has records "
                "in clear");
  }
}

void BundleWriter::put_checkpoint(const std::string& note) {
  put_file(bundle::kCheckpoint, as_bytes(note));
}

void BundleWriter::put(const RecordProof& proof) {
  const RecordPlace& place = proof.proven.place;
  if (segments_.empty() || segments_.back() != place.segment) {
    end_data_file();
    segments_.push_back(place.segment);
    const std::string name = bundle::data_file(place.segment);
    make_folder_of(name);
    data_ = files_.open(unfinished_ / name, OpenMode::create_new, kPrivateFile);
  }
  Bytes line = proof.proven.record;
  line.push_back(std::byte{'\n'});
  data_->write_at(data_size_, line);
  data_size_ += line.size();
  data_hash_.update(line);
  put_file(bundle::proof_file(place), as_bytes(proof.text));
  ++contents_.records;
}

BundleContents BundleWriter::finish() {
  end_data_file();
  for (const Path& each : folders_) files_.sync_directory(each);
  std::ranges::sort(contents_.files, {}, &ExportedFile::name);
  contents_.ranges = bundle::ranges_of(segments_);
  return std::move(contents_);
}

void BundleWriter::publish(const ExportManifest& manifest, const std::string& stored) {
  write_file(bundle::kManifest, as_bytes(stored));
  write_file(bundle::kSums, as_bytes(bundle::sums_of(manifest, stored)));
  files_.sync_directory(unfinished_);
  files_.rename_new(unfinished_, folder_);
  published_ = true;
  files_.sync_directory(parent_of(folder_));
}

void BundleWriter::require_free() const {
  if (!files_.status(folder_)) return;
  throw Error(ErrorKind::already_exists, folder_.string(), "expected a new folder, found one");
}

bool BundleWriter::discard() {
  if (published_) return true;
  data_.reset();
  try {
    remove_tree(files_, unfinished_);
    return true;
  } catch (const Error& error) {
    return error.kind() == ErrorKind::not_found;
  }
}

void BundleWriter::write_file(const std::string& name, ByteView bytes) {
  const auto file = files_.open(unfinished_ / name, OpenMode::create_new, kPrivateFile);
  file->write_at(0, bytes);
  file->sync();
}

void BundleWriter::put_file(const std::string& name, ByteView bytes) {
  make_folder_of(name);
  write_file(name, bytes);
  contents_.files.push_back({name, bytes.size(), sha256(bytes)});
}

void BundleWriter::end_data_file() {
  if (!data_) return;
  data_->sync();
  data_.reset();
  contents_.files.push_back({bundle::data_file(segments_.back()), std::exchange(data_size_, 0),
                             std::exchange(data_hash_, {}).finish()});
}

void BundleWriter::make_folder_of(const std::string& name) {
  const Path folder = (unfinished_ / name).parent_path();
  if (folders_.contains(folder)) return;
  create_directories(files_, folder, kPrivateFolder);
  folders_.insert(folder);
}

}  // namespace v0
}  // namespace atp
