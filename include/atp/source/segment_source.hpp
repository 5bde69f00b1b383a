// SPDX-License-Identifier: Apache-2.0
/// What is backed up: sealed segments. `list` and `open` are thread-safe; one `SegmentInput`
/// belongs to one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "atp/core/export.hpp"
#include "atp/core/file_system.hpp"
#include "atp/core/stream.hpp"
#include "atp/model/point_documents.hpp"
#include "atp/model/segment_documents.hpp"

namespace atp {
inline namespace v0 {

/// The stream of flat files, which are restored flat.
inline constexpr std::string_view kDefaultStream = "default";
/// The folder that holds everything of a restore that has not finished; never a source.
inline constexpr std::string_view kUnfinishedRestore = "RESTORE-UNFINISHED";

/// A sealed segment as found.
struct SegmentFile {
  StreamId stream;
  SegmentId segment;
  std::string name;  ///< Below the source, for messages.
  Path path;
  InputEncoding encoding;
  FileStatus status;  ///< When listed.
};

struct SourceListing {
  std::vector<SegmentFile> files = {};     ///< Sorted by stream, then segment.
  std::vector<SkippedInput> skipped = {};  ///< Not sealed; the listing goes on.
};

/// The decoded bytes of one segment, and what was read to get them. Reads no further than the
/// listed size, so a file that keeps growing ends, and is not sealed.
class ATP_EXPORT SegmentInput : public ByteSource {
 public:
  /// Bytes read from the source so far.
  virtual std::uint64_t input_bytes() const = 0;
  /// SHA-256 of the bytes read, once `read` has returned 0. Always nothing where the encoding is
  /// `none`: it is then the digest of the decoded bytes, which the caller takes anyway.
  virtual std::optional<Digest> input_sha256() const = 0;
  /// Whether size, times and inode are still those of the listing, of the open file and of its
  /// name. Call after the last read; also after `read` threw corrupt, to tell a file that is still
  /// being written from a damaged one.
  virtual bool still_sealed() = 0;
};

class ATP_EXPORT SegmentSource {
 public:
  virtual ~SegmentSource() = default;
  /// Throws: not_found; invalid_argument for a folder that cannot be told apart: a folder named
  /// `default`, two files of one segment, an unfinished restore.
  virtual SourceListing list(const std::stop_token& stop) = 0;
  /// `read` throws corrupt for damaged, cut or trailing input of `.gz` and `.zst`; the object is
  /// then of use only for `still_sealed`; unsupported for what is whole but made otherwise: a zstd
  /// window over 128 MiB, a dictionary, or more than 128 times its size and 32 MiB decoded.
  /// Throws: not_found, permission_denied; invalid_argument where the name is now a symbolic link.
  virtual std::unique_ptr<SegmentInput> open(const SegmentFile& file) = 0;
};

/// A folder of `[<stream>/]<segment>.jsonl`, also `.jsonl.gz` and `.jsonl.zst`. The stream is the
/// folder's name, `default` for flat files. Dot files are passed over. Skipped by name, escaped as
/// `=XX` where it is no text: `not_sealed` (`*.open`, `*.tmp`), `not_a_segment` (other names,
/// deeper folders, symbolic links, special files), `bad_name` (makes no id), `unreadable` (a
/// stream's folder that cannot be listed).
ATP_EXPORT std::shared_ptr<SegmentSource> segment_folder(std::shared_ptr<FileSystem> files,
                                                         Path folder);

}  // namespace v0
}  // namespace atp
