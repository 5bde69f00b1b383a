// SPDX-License-Identifier: Apache-2.0
#include "segment/record_blocks.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "segment/records.hpp"

namespace atp {
inline namespace v0 {
namespace segment {
namespace {

constexpr std::size_t kReadSize = 1 << 20;
/// What is left of the last block moves to the front where the buffer is filled beyond this.
constexpr std::size_t kUsualFill = 8 << 20;
/// The longest record, its line feed, and a read begun just before both are seen.
constexpr std::size_t kCapacity = kRecordLimit + 1 + kReadSize;

}  // namespace

RecordBlocks::RecordBlocks(ByteSource& source)
    : source_(source), buffer_(memory_.reserve(kCapacity)) {}

RecordBlocks::Next RecordBlocks::next() {
  drop_block();
  const auto limit = std::size_t{1} << std::min<int>(kFrameLevels, std::countr_zero(first_record_));
  for (scan(limit); !decided(limit); scan(limit)) {
    if (filled_ > kRecordLimit && ends_.empty()) return LongRecord{first_record_, offset_};
    try {
      fill();
    } catch (const Error& error) {
      return InputFailure{error};
    }
  }
  if (ends_.empty()) return EndOfSegment{final_newline_};
  if (first_record_is_long()) return LongRecord{first_record_, offset_};
  block_records_ = choose(limit);
  const MutableByteView raw = buffer_.subspan(begin_, ends_[block_records_ - 1]);
  final_newline_ = raw.back() == kLineFeed;
  return RecordBlock{
      .raw = raw, .first_record = first_record_, .ends = std::span(ends_).first(block_records_)};
}

void RecordBlocks::drop_block() {
  if (block_records_ == 0) return;
  const std::size_t size = ends_[block_records_ - 1];
  ends_.erase(ends_.begin(), ends_.begin() + static_cast<std::ptrdiff_t>(block_records_));
  for (std::size_t& end : ends_) end -= size;
  begin_ += size;
  filled_ -= size;
  scanned_ -= size;
  offset_ += size;
  first_record_ += block_records_;
  block_records_ = 0;
}

void RecordBlocks::fill() {
  if (begin_ > 0 && begin_ + filled_ + kReadSize > kUsualFill) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, filled_);
    begin_ = 0;
  }
  const std::size_t count = source_.read(buffer_.subspan(begin_ + filled_, kReadSize));
  filled_ += count;
  source_ended_ = count == 0;
}

void RecordBlocks::scan(std::size_t limit) {
  const std::byte* data = buffer_.data() + begin_;
  while (scanned_ < filled_ && ends_.size() < limit && (ends_.empty() || scanned_ <= kFrameLimit)) {
    const void* found =
        std::memchr(data + scanned_, std::to_integer<int>(kLineFeed), filled_ - scanned_);
    if (found == nullptr) {
      scanned_ = filled_;
    } else {
      scanned_ = static_cast<std::size_t>(static_cast<const std::byte*>(found) - data) + 1;
      ends_.push_back(scanned_);
    }
  }
  const std::size_t known = ends_.empty() ? 0 : ends_.back();
  if (source_ended_ && scanned_ == filled_ && known < filled_) ends_.push_back(filled_);
}

bool RecordBlocks::decided(std::size_t limit) const {
  if (source_ended_ && scanned_ == filled_) return true;
  if (ends_.empty()) return false;
  return ends_.size() >= limit || scanned_ > kFrameLimit;
}

std::size_t RecordBlocks::choose(std::size_t limit) const {
  const bool complete = source_ended_ && scanned_ == filled_;
  const auto fits = [&](std::size_t records) {
    if (records <= ends_.size()) return ends_[records - 1] <= kFrameLimit;
    return complete && ends_.back() <= kFrameLimit;
  };
  std::size_t records = limit;
  while (records > 1 && !fits(records)) records /= 2;
  return std::min(records, ends_.size());
}

bool RecordBlocks::first_record_is_long() const {
  const bool line_feed = buffer_[begin_ + ends_.front() - 1] == kLineFeed;
  return ends_.front() - (line_feed ? 1 : 0) > kRecordLimit;
}

}  // namespace segment
}  // namespace v0
}  // namespace atp
