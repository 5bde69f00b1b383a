// SPDX-License-Identifier: Apache-2.0
#include "segment/frame_scan.hpp"

#include <algorithm>
#include <utility>

#include "atp/core/error.hpp"
#include "segment/records.hpp"

namespace atp {
inline namespace v0 {
namespace segment {

FrameScan::FrameScan(const PackageIndex& index, FrameSink* sink, std::vector<PackageDamage>& damage)
    : index_(index), sink_(sink), damage_(damage), hasher_(index.salt_seed.view()) {}

void FrameScan::take(ByteView plain) {
  while (!plain.empty() && !at_end()) {
    const ByteView part = plain.first(part_of(plain.size()));
    if (!lost_) compressed_.insert(compressed_.end(), part.begin(), part.end());
    plain = plain.subspan(part.size());
    advance(part.size());
  }
}

void FrameScan::lose(std::uint64_t size) {
  while (size > 0 && !at_end()) {
    const std::uint64_t part = part_of(size);
    lost_ = true;
    size -= part;
    advance(part);
  }
}

std::optional<Digest> FrameScan::sha256() {
  if (!whole_ || !at_end()) return std::nullopt;
  return hasher_.sha256();
}

std::uint64_t FrameScan::part_of(std::uint64_t size) const {
  const FrameEntry& entry = index_.frames[next_];
  return std::min(size, entry.offset + entry.compressed_size - position_);
}

void FrameScan::advance(std::uint64_t size) {
  const FrameEntry& entry = index_.frames[next_];
  position_ += size;
  if (position_ < entry.offset + entry.compressed_size) return;
  finish_frame();
  compressed_.clear();
  lost_ = false;
  ++next_;
}

void FrameScan::finish_frame() {
  const FrameEntry& entry = index_.frames[next_];
  const std::optional<ByteView> raw = decode(entry);
  whole_ = whole_ && raw;
  if (!raw) return;
  if (!prove(entry, *raw)) return;
  if (next_ + 1 == index_.frames.size()) final_newline_ = raw->back() == kLineFeed;
  if (sink_ != nullptr) sink_->frame(entry, *raw);
}

std::optional<ByteView> FrameScan::decode(const FrameEntry& entry) {
  if (lost_) {
    report("frame", "authenticated chunks", "a chunk that does not authenticate");
    return std::nullopt;
  }
  try {
    return decoder_.decode(compressed_, entry.raw_size);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::corrupt) throw;
    report("frame", "a zstd frame of " + std::to_string(entry.raw_size) + " bytes",
           error.message());
    return std::nullopt;
  }
}

bool FrameScan::prove(const FrameEntry& entry, ByteView raw) {
  find_record_ends(raw, entry.records, ends_);
  const auto root = hasher_.root(raw, entry.first_record, ends_);
  const bool last = next_ + 1 == index_.frames.size();
  if (!last && raw.back() != kLineFeed) {
    report("frame", "a line feed at its end", "another byte");
    return false;
  }
  if (!root || ends_.size() != entry.records) {
    report("leaves", std::to_string(entry.records) + " records", "another number");
    return false;
  }
  if (*root == entry.root) return true;
  report("leaves", entry.root.hex(), root->hex());
  return false;
}

void FrameScan::report(const char* check, std::string expected, std::string found) {
  const FrameEntry& entry = index_.frames[next_];
  damage_.push_back({.check = check,
                     .frame = next_,
                     .first_record = entry.first_record,
                     .last_record = entry.first_record + entry.records - 1,
                     .expected = std::move(expected),
                     .found = std::move(found)});
}

}  // namespace segment
}  // namespace v0
}  // namespace atp
