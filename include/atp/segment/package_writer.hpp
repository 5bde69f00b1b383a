// SPDX-License-Identifier: Apache-2.0
/// The data plane's way in: a segment's bytes to a package. One pass over the source, memory
/// bounded whatever its size. docs/format.md has records, frames, index and envelope.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <variant>

#include "atp/core/bytes.hpp"
#include "atp/core/error.hpp"
#include "atp/core/export.hpp"
#include "atp/core/random.hpp"
#include "atp/core/stream.hpp"
#include "atp/core/time.hpp"
#include "atp/crypto/age.hpp"
#include "atp/model/segment_documents.hpp"

namespace atp {
inline namespace v0 {

inline constexpr std::uint64_t kRecordLimit = 16 << 20;  ///< Bytes of a record without line feed.
inline constexpr std::uint64_t kFrameLimit = 4 << 20;    ///< Raw bytes of a frame of two or more.
inline constexpr unsigned kFrameLevels = 12;             ///< A frame has at most 2^12 records.

/// What a package holds, as its manifest will say.
struct PackageSummary {
  std::uint64_t stored_bytes;
  Digest stored_sha256;
  Digest index_sha256;
  std::uint64_t records;
  std::uint64_t opaque_records;  ///< Not strict JSON, or without a time at the path.
  std::uint64_t frames;
  std::optional<Time> first_time = {};  ///< Of the records that are not opaque; absent without any.
  std::optional<Time> last_time = {};
  std::uint64_t bytes;
  Digest sha256;
  bool final_newline;  ///< The last byte is a line feed; false for a segment without bytes.
  Digest merkle_root;
};

/// The manifest of a package of plain bytes, as far as it says nothing else: header, sequence, key
/// epoch, policy and `sealed_at` are for its committer to fill in.
ATP_EXPORT SegmentManifest manifest_of(const PackageSummary& summary, const StreamId& stream,
                                       const SegmentId& segment, const std::string& key);

/// A record over `kRecordLimit`: no package was made.
struct LongRecord {
  std::uint64_t record;  ///< Counting from 0.
  std::uint64_t offset;  ///< Of its first byte in the decoded segment.
};

/// The source could not be read to its end: no package was made.
struct InputFailure {
  Error error;  ///< What the source threw.
};

using PackageOutcome = std::variant<PackageSummary, LongRecord, InputFailure>;

/// Where in the pipeline bytes are.
enum class PackageStage {
  read,        ///< A frame's raw bytes, hashed, before they are compressed.
  compressed,  ///< A frame's compressed bytes, before they are decoded again and sealed.
  sealed,      ///< Bytes on their way to the sink, hashed.
};

struct PackageOptions {
  std::string time_path;  ///< Dotted path of the records' time.
  std::stop_token stop = {};
  /// Called with the number of source bytes taken, some times a frame.
  std::function<void(std::uint64_t)> on_bytes = {};
  /// Sees, and in tests damages, the bytes between stages.
  std::function<void(PackageStage, MutableByteView)> probe = {};
};

/// Reads `source` to its end and writes a package for `recipient` to `sink`. Every frame is decoded
/// again and compared with what was read. Throws: corrupt where that differs, cancelled, what
/// `sink` throws.
ATP_EXPORT PackageOutcome write_package(ByteSource& source, ByteSink& sink,
                                        const age::Recipient& recipient, Random& random,
                                        const PackageOptions& options);

}  // namespace v0
}  // namespace atp
