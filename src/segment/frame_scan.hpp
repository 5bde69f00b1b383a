// SPDX-License-Identifier: Apache-2.0
/// Takes a package's plain bytes in order, cuts them into frames and proves each to the index.
/// Belongs to one thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "atp/core/bytes.hpp"
#include "atp/segment/package_index.hpp"
#include "atp/segment/package_scan.hpp"
#include "segment/frame_codec.hpp"
#include "segment/frame_hasher.hpp"

namespace atp {
inline namespace v0 {
namespace segment {

class FrameScan {
 public:
  /// Adds to `damage` what it finds. `index` must outlive it; `sink` may be null.
  FrameScan(const PackageIndex& index, FrameSink* sink, std::vector<PackageDamage>& damage);

  void take(ByteView plain);
  /// The next `size` plain bytes are lost.
  void lose(std::uint64_t size);

  /// Of the raw bytes of all frames; nothing where one could not be decoded.
  std::optional<Digest> sha256();
  /// Whether the last frame ends in a line feed; nothing without a proven last frame.
  std::optional<bool> final_newline() const { return final_newline_; }

 private:
  /// The current frame's part at the front of `size` more bytes.
  std::uint64_t part_of(std::uint64_t size) const;
  void advance(std::uint64_t size);
  void finish_frame();
  std::optional<ByteView> decode(const FrameEntry& entry);
  bool prove(const FrameEntry& entry, ByteView raw);
  void report(const char* check, std::string expected, std::string found);
  bool at_end() const { return next_ == index_.frames.size(); }

  const PackageIndex& index_;
  FrameSink* sink_;
  std::vector<PackageDamage>& damage_;
  FrameHasher hasher_;
  FrameDecoder decoder_;
  Bytes compressed_;
  std::vector<std::size_t> ends_;  ///< Of the current frame's records.
  std::size_t next_ = 0;
  std::uint64_t position_ = 0;
  bool lost_ = false;  ///< Bytes of the current frame.
  bool whole_ = true;  ///< All frames so far could be decoded.
  std::optional<bool> final_newline_;
};

}  // namespace segment
}  // namespace v0
}  // namespace atp
