// SPDX-License-Identifier: Apache-2.0
#include "atp/verify/export_bundle.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "atp/core/error.hpp"
#include "atp/crypto/sha256.hpp"
#include "atp/ledger/log_proof.hpp"
#include "atp/model/signed_document.hpp"
#include "atp/verify/bundle_layout.hpp"
#include "atp/verify/record_proof.hpp"
#include "verify/anchors.hpp"
#include "verify/checks.hpp"

namespace atp {
inline namespace v0 {
namespace {

using verify::failed;
using verify::verified;

constexpr const char* kManifestCheck = "export.manifest";
constexpr const char* kTimestamp = "export.timestamp";
constexpr const char* kFiles = "export.files";
constexpr const char* kSumsCheck = "export.sums";
constexpr const char* kProofs = "export.proofs";
constexpr const char* kRecords = "export.records";
constexpr std::size_t kReadSize = 1 << 20;
constexpr unsigned kDeepestFolder = 3;  ///< `proofs/<stream>/<segment>`.

class BundleChecker {
 public:
  BundleChecker(FileSystem& files, const Path& folder, const TrustPolicy& trust,
                const VerifyExportOptions& options)
      : files_(files), folder_(folder), trust_(trust), options_(options) {}

  CheckedExport run() {
    list(Path());
    if (read_manifest()) {
      verify::check_replies(trust_, kTimestamp, bundle::kManifest, export_imprint(stored_),
                            replies(), checks_);
      check_set();
      check_sums();
      check_files();
      check_totals();
    }
    CheckedExport checked{.report = {manifest_ ? manifest_->recovery_point_id : "", {}},
                          .manifest_sha256 = sha256(as_bytes(stored_))};
    checked.report.checks = std::move(checks_);
    if (checked.report.passed()) {
      checked.manifest = std::move(manifest_);
      checked.checkpoint = std::move(checkpoint_);
    }
    return checked;
  }

 private:
  /// Files below the folder; what is neither file nor folder is no part of a bundle.
  void list(const Path& below, unsigned depth = 0) {
    for (const DirectoryEntry& entry : files_.list(folder_ / below)) {
      throw_if_stopped(options_.stop);
      const Path name = below / entry.name;
      if (entry.type == FileType::directory && depth < kDeepestFolder) {
        folders_.insert(name.string());
        list(name, depth + 1);
      } else if (entry.type == FileType::directory) {
        fail(kFiles, name.string(), "no folder so deep", "one");
      } else if (entry.type == FileType::regular) {
        found_.insert(name.string());
      } else {
        fail(kFiles, name.string(), "a file", "a link, or something else that is none");
      }
    }
  }

  /// Nothing, and a failed check, where there is no such file or it is longer.
  std::optional<std::string> read(const char* check, const std::string& name, std::uint64_t limit) {
    throw_if_stopped(options_.stop);
    if (!found_.contains(name)) {
      fail(check, name, "a file", "none");
      return std::nullopt;
    }
    try {
      return std::string(as_text(read_file(files_, folder_ / name, limit)));
    } catch (const Error& error) {
      if (!verify::is_finding(error)) throw;
      fail(check, name, "at most " + std::to_string(limit) + " bytes", "more");
      return std::nullopt;
    }
  }

  bool read_manifest() {
    const auto stored = read(kManifestCheck, bundle::kManifest, kDocumentLimit);
    if (!stored) return false;
    stored_ = *stored;
    auto checked = check_document<ExportManifest>(stored_, &trust_, tenant_in(stored_));
    if (!checked.document) {
      checks_.push_back(failed(kManifestCheck, problem_of(bundle::kManifest, checked)));
      return false;
    }
    manifest_ = std::move(*checked.document);
    checks_.push_back(verified(kManifestCheck, bundle::kManifest));
    return true;
  }

  std::vector<Bytes> replies() const {
    return manifest_->timestamp ? std::vector<Bytes>{*manifest_->timestamp} : std::vector<Bytes>();
  }

  void check_set() {
    std::set<std::string> listed{bundle::kManifest, bundle::kSums};
    for (const ExportedFile& file : manifest_->files) listed.insert(file.name);
    for (const std::string& name : found_) {
      if (!listed.contains(name)) fail(kFiles, name, "no file that the manifest lacks", "one");
    }
    for (const std::string& folder : folders_) {
      const auto inside = listed.lower_bound(folder + "/");
      if (inside != listed.end() && inside->starts_with(folder + "/")) continue;
      fail(kFiles, folder, "no folder without a file of the manifest", "one");
    }
  }

  void check_sums() {
    const std::string expected = bundle::sums_of(*manifest_, stored_);
    const auto sums = read(kSumsCheck, bundle::kSums, expected.size());
    if (!sums) return;
    if (*sums == expected) {
      checks_.push_back(verified(kSumsCheck, bundle::kSums));
    } else {
      fail(kSumsCheck, bundle::kSums, "the digests of the manifest", "others");
    }
  }

  void check_files() {
    Progress total{.stage = "check", .items_total = manifest_->files.size()};
    for (const ExportedFile& file : manifest_->files) total.bytes_total += file.bytes;
    ProgressMeter progress(options_.progress, total);
    for (const ExportedFile& file : manifest_->files) {  // The checkpoint, data, proofs.
      check_file(file);
      progress.add(file.bytes, 1);
    }
    end_segment();
    add_unless_failed(kFiles);
    add_unless_failed(kProofs);
  }

  void check_file(const ExportedFile& file) {
    if (file.name == bundle::kCheckpoint) {
      if (auto note = read_listed(file, kCheckpointLimit)) note_ = std::move(*note);
    } else if (const auto place = bundle::place_of_proof(file.name)) {
      if (const auto proof = read_listed(file, kLogProofLimit)) check_proof(file, *place, *proof);
    } else if (file.name.starts_with("data/")) {
      data_.emplace(file.name, file.sha256);
      check_data(file);
    } else {
      fail(kFiles, file.name, "a file of a bundle", "another");
    }
  }

  /// The bytes that the manifest lists.
  std::optional<std::string> read_listed(const ExportedFile& file, std::uint64_t limit) {
    auto text = read(kFiles, file.name, std::min(limit, file.bytes));
    if (!text) return std::nullopt;
    if (expect_digest(file, text->size(), sha256(as_bytes(*text)))) return text;
    return std::nullopt;
  }

  /// Of any size; not held in memory.
  void check_data(const ExportedFile& file) {
    if (!found_.contains(file.name)) return fail(kFiles, file.name, "a file", "none");
    const auto opened = files_.open(folder_ / file.name, OpenMode::read);
    if (const std::uint64_t found = opened->status().size; found != file.bytes) {
      return fail(kFiles, file.name, std::to_string(file.bytes) + " bytes", std::to_string(found));
    }
    Bytes buffer(kReadSize);
    Sha256 hash;
    std::uint64_t size = 0;
    while (size < file.bytes) {
      throw_if_stopped(options_.stop);
      const std::uint64_t wanted = std::min<std::uint64_t>(buffer.size(), file.bytes - size);
      const std::size_t part = opened->read_at(size, MutableByteView(buffer).first(wanted));
      if (part == 0) break;
      hash.update(ByteView(buffer).first(part));
      size += part;
    }
    expect_digest(file, size, hash.finish());
  }

  bool expect_digest(const ExportedFile& file, std::uint64_t bytes, const Digest& digest) {
    if (bytes == file.bytes && digest == file.sha256) return true;
    const auto text = [](std::uint64_t size, const Digest& of) {
      return std::to_string(size) + " bytes, SHA-256 " + of.hex();
    };
    fail(kFiles, file.name, text(file.bytes, file.sha256), text(bytes, digest));
    return false;
  }

  void check_proof(const ExportedFile& file, const RecordPlace& place, const std::string& proof) {
    const CheckedProof checked = check_record_proof(proof, trust_);
    if (!checked.proven) {
      for (Check& check : checked.report.failures()) {
        check.subject = file.name;
        checks_.push_back(std::move(check));
      }
      return fail(kProofs, file.name, "a proof that holds", "one that does not");
    }
    const ProvenRecord& proven = *checked.proven;
    if (proven.tenant != *manifest_->header.tenant ||
        proven.recovery_point_id != manifest_->recovery_point_id || proven.place != place) {
      return fail(kProofs, file.name,
                  "a record of " + manifest_->recovery_point_id + " and that place",
                  "another of " + proven.recovery_point_id);
    }
    if (parse_log_proof(proof).checkpoint != note_) {
      return fail(kProofs, file.name, std::string("the checkpoint of ") + bundle::kCheckpoint,
                  "another");
    }
    checkpoint_ = proven.checkpoint;
    add_record(place.segment, proven.record);
  }

  void add_record(const SegmentName& segment, ByteView record) {
    if (segments_.empty() || segments_.back() != segment) {
      end_segment();
      segments_.push_back(segment);
    }
    lines_.update(record);
    lines_.update(as_bytes("\n"));
    ++records_;
  }

  /// The data file must have exactly the records that were proven.
  void end_segment() {
    if (segments_.empty()) return;
    const std::string name = bundle::data_file(segments_.back());
    const Digest digest = lines_.finish();
    lines_ = {};
    const auto data = data_.find(name);
    if (data == data_.end()) return fail(kRecords, name, "the data file of proven records", "none");
    if (data->second != digest) fail(kRecords, name, "the records that are proven", "others");
    data_.erase(data);
  }

  void check_totals() {
    for (const auto& [name, digest] : data_) {
      fail(kRecords, name, "records that are proven", "records without proofs");
    }
    if (records_ == 0 || records_ != manifest_->records) {
      fail(kRecords, bundle::kManifest,
           std::to_string(manifest_->records) + " records, and one or more",
           std::to_string(records_));
    }
    std::ranges::sort(segments_, {}, [](const SegmentName& segment) {
      return std::pair(segment.stream, segment.segment);
    });
    if (bundle::ranges_of(segments_) != manifest_->ranges) {
      fail(kRecords, bundle::kManifest, "the ranges of segments of the records", "others");
    }
    add_unless_failed(kRecords);
  }

  void add_unless_failed(const char* name) {
    const bool has_failed = std::ranges::any_of(checks_, [&](const Check& check) {
      return check.name == name && check.state == CheckState::failed;
    });
    if (!has_failed) checks_.push_back(verified(name, bundle::kManifest));
  }

  void fail(const char* check, const std::string& name, std::string expected, std::string found) {
    checks_.push_back(failed(check, name, std::move(expected), std::move(found)));
  }

  FileSystem& files_;
  const Path& folder_;
  const TrustPolicy& trust_;
  const VerifyExportOptions& options_;
  std::vector<Check> checks_;
  std::set<std::string> found_;  ///< Files below the folder.
  std::set<std::string> folders_;
  std::string stored_;  ///< The manifest.
  std::optional<ExportManifest> manifest_;
  std::string note_;
  std::optional<Checkpoint> checkpoint_;
  std::map<std::string, Digest> data_;  ///< Data files whose records were not proven yet.
  std::vector<SegmentName> segments_;
  Sha256 lines_;  ///< Of the last segment's records.
  std::uint64_t records_ = 0;
};

}  // namespace

bool CheckedExport::timestamped() const {
  return std::ranges::any_of(report.checks, [](const Check& check) {
    return check.name == kTimestamp && check.state == CheckState::verified;
  });
}

CheckedExport verify_export(FileSystem& files, const Path& folder, const TrustPolicy& trust,
                            const VerifyExportOptions& options) {
  return BundleChecker(files, folder, trust, options).run();
}

}  // namespace v0
}  // namespace atp
