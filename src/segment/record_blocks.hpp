// SPDX-License-Identifier: Apache-2.0
/// Cuts a segment into the blocks of records that become frames. Belongs to one thread at a time.
#pragma once

#include <cstdint>
#include <span>
#include <variant>
#include <vector>

#include "atp/core/stream.hpp"
#include "atp/segment/package_writer.hpp"
#include "segment/buffer.hpp"

namespace atp {
inline namespace v0 {
namespace segment {

/// An aligned run of whole records.
struct RecordBlock {
  MutableByteView raw;  ///< With line feeds.
  std::uint64_t first_record;
  std::span<const std::size_t>
      ends;  ///< Where its records end in `raw`, each behind its line feed.
};

struct EndOfSegment {
  bool final_newline;  ///< The segment's last byte is a line feed.
};

class RecordBlocks {
 public:
  explicit RecordBlocks(ByteSource& source);

  using Next = std::variant<RecordBlock, EndOfSegment, LongRecord, InputFailure>;
  /// The next block: the largest that design and limits allow. It is valid until the next call.
  /// After anything but a block there is nothing more to ask for.
  Next next();

 private:
  void drop_block();
  void fill();
  /// Looks for line feeds until `limit` records are known or no more can be in the block.
  void scan(std::size_t limit);
  bool decided(std::size_t limit) const;
  std::size_t choose(std::size_t limit) const;
  bool first_record_is_long() const;

  ByteSource& source_;
  Buffer memory_;
  MutableByteView buffer_;
  std::size_t begin_ = 0;   ///< Of what is not dropped yet, in `buffer_`.
  std::size_t filled_ = 0;  ///< Bytes from `begin_` on; the next two count from there too.
  std::size_t scanned_ = 0;
  std::vector<std::size_t> ends_;  ///< Of the records found, each behind its line feed.
  std::size_t block_records_ = 0;
  std::uint64_t first_record_ = 0;
  std::uint64_t offset_ = 0;  ///< Of `begin_` in the segment.
  bool source_ended_ = false;
  bool final_newline_ = false;
};

}  // namespace segment
}  // namespace v0
}  // namespace atp
