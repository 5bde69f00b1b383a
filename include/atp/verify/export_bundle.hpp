// SPDX-License-Identifier: Apache-2.0
/// Export bundles: a folder of records that were handed over, each proven to a checkpoint, with a
/// signed manifest of all files. It is checked with a trust policy that was obtained another way,
/// and needs no vault, network or secret. docs/format.md has the files.
#pragma once

#include <optional>
#include <stop_token>

#include "atp/core/export.hpp"
#include "atp/core/file_system.hpp"
#include "atp/core/progress.hpp"
#include "atp/crypto/trust_policy.hpp"
#include "atp/ledger/note.hpp"
#include "atp/model/export_documents.hpp"
#include "atp/verify/report.hpp"

namespace atp {
inline namespace v0 {

struct ATP_EXPORT CheckedExport {
  Report report;
  std::optional<ExportManifest> manifest = {};  ///< Where the report passed, as `checkpoint`.
  /// Of the manifest as it is, with its co-signatures, which no signature covers. That of the one
  /// that was handed over stands in the ledger.
  Digest manifest_sha256;
  std::optional<Checkpoint> checkpoint = {};  ///< The one that every record is proven to.

  /// Whether an authority of the trust policy has stamped the manifest.
  bool timestamped() const;
};

struct VerifyExportOptions {
  std::stop_token stop = {};
  ProgressSink* progress = nullptr;
};

/// Checks the bundle in `folder`. Nothing in it is believed but what keys of `trust` have signed,
/// and no symbolic link is followed. Checks, by name:
///
///     export.manifest   signed by a trusted key
///     export.timestamp  that of the manifest, where the policy has authorities
///     export.files      there is every file of the manifest, with its bytes, and nothing else
///     export.sums       manifest-sha256.txt says the same
///     export.proofs     each proof holds (`check_record_proof`), is of the manifest's point and
///                       leads to the checkpoint; where one does not, also the check that failed
///     export.records    the data files are the proven records, in order, and as many as the
///                       manifest counts
///
/// Throws: not_found where there is no such folder; permission_denied, unavailable for what cannot
/// be read; cancelled.
ATP_EXPORT CheckedExport verify_export(FileSystem& files, const Path& folder,
                                       const TrustPolicy& trust,
                                       const VerifyExportOptions& options = {});

}  // namespace v0
}  // namespace atp
