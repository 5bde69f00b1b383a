// SPDX-License-Identifier: Apache-2.0
/// The data plane's way out: a package back to records, every byte checked against its manifest.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "atp/core/bytes.hpp"
#include "atp/core/export.hpp"
#include "atp/crypto/age.hpp"
#include "atp/model/segment_documents.hpp"
#include "atp/segment/package_index.hpp"
#include "atp/storage/object_store.hpp"

namespace atp {
inline namespace v0 {

/// One thing found wrong with a package.
struct PackageDamage {
  std::string check;  ///< `stored_sha256`, `stored_bytes`, `envelope`, `index`, `frame`, `leaves`,
                      ///< `merkle_root`, `sha256`, `records`, `opaque_records`, `times`, `bytes`,
                      ///< `final_newline`.
  std::optional<std::uint64_t> frame = {};
  std::optional<std::uint64_t> first_record = {};  ///< With `frame`: records
  std::optional<std::uint64_t> last_record = {};   ///< `[first_record, last_record]` are affected.
  std::string expected;
  std::string found;
};

/// Gets each frame that is whole and proven to the index, in order.
class ATP_EXPORT FrameSink {
 public:
  virtual ~FrameSink() = default;
  virtual void frame(const FrameEntry& entry, ByteView raw) = 0;
};

struct ScanOptions {
  std::stop_token stop = {};
  std::function<void(std::uint64_t)> on_bytes =
      {};  ///< Stored bytes taken, several times a package.
};

/// Reads the package once and compares all of it with `manifest`: size and SHA-256 as stored, the
/// envelope chunk by chunk, the index, each frame's leaves and root, the segment's root, SHA-256,
/// size, record counts and times. Times and opaque counts are those of the index: records are not
/// parsed again, since that takes the tenant's policy. Damage in one frame does not hide another's.
/// Without damage every frame has gone to `sink`. Memory: a few frames and the index.
/// Throws: not_found where the package is missing, unauthenticated where no identity fits a header
/// that is as it was stored, unsupported.
ATP_EXPORT std::vector<PackageDamage> scan_package(ObjectStore& store,
                                                   const SegmentManifest& manifest,
                                                   std::span<const age::Identity> identities,
                                                   FrameSink* sink, const ScanOptions& options);

/// What a manifest, or a descriptor, says of a package's stored bytes.
struct StoredPackage {
  std::string key;
  std::uint64_t bytes;
  Digest sha256;
};
ATP_EXPORT StoredPackage stored_of(const SegmentManifest& manifest);

/// Size and SHA-256 of the stored bytes alone, for which no key is needed. Throws: not_found,
/// cancelled.
ATP_EXPORT std::vector<PackageDamage> scan_stored(ObjectStore& store, const StoredPackage& expected,
                                                  const ScanOptions& options);

}  // namespace v0
}  // namespace atp
