// SPDX-License-Identifier: Apache-2.0
/// Writes an export bundle: all of it under another name, which is changed in the end.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "atp/core/file_system.hpp"
#include "atp/crypto/sha256.hpp"
#include "atp/model/export_documents.hpp"
#include "atp/verify/record_proof.hpp"

namespace atp {
inline namespace v0 {

/// What a manifest says of the files.
struct BundleContents {
  std::uint64_t records = 0;
  std::vector<ExportedRange> ranges = {};
  std::vector<ExportedFile> files = {};
};

class BundleWriter {
 public:
  /// Makes the unfinished folder, which nobody else then writes to or reads. Throws: already_exists
  /// where there is one, or `folder`; unsupported where it could not become `folder`.
  BundleWriter(FileSystem& files, const Path& folder);

  void put_checkpoint(const std::string& note);
  /// Records come in order of stream, segment and number.
  void put(const RecordProof& proof);
  /// Then all of it is durable.
  BundleContents finish();
  /// Adds the manifest, and gives the folder its name when that is durable. Throws: already_exists
  /// where somebody has taken it meanwhile.
  void publish(const ExportManifest& manifest, const std::string& stored);
  /// Throws: already_exists where somebody has taken the name meanwhile.
  void require_free() const;
  /// Removes what was written, unless it has its name. Whether nothing is left.
  bool discard();
  const Path& unfinished() const { return unfinished_; }

 private:
  void write_file(const std::string& name, ByteView bytes);
  /// One that the manifest lists.
  void put_file(const std::string& name, ByteView bytes);
  void end_data_file();
  void make_folder_of(const std::string& name);

  FileSystem& files_;
  const Path folder_;
  const Path unfinished_;
  bool published_ = false;
  std::set<Path> folders_;
  std::vector<SegmentName> segments_;
  std::unique_ptr<File> data_;  ///< Of the last segment.
  std::uint64_t data_size_ = 0;
  Sha256 data_hash_;
  BundleContents contents_;
};

}  // namespace v0
}  // namespace atp
