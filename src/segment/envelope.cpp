// SPDX-License-Identifier: Apache-2.0
#include "segment/envelope.hpp"

#include <algorithm>

#include "atp/core/error.hpp"

namespace atp {
inline namespace v0 {
namespace segment {
namespace {

constexpr std::uint64_t kSealedChunk = age::kChunkSize + age::kTagSize;
constexpr std::uint64_t kTailChunks = 2;  // The last may hold as little as a byte.

class TailSource final : public ByteSource {
 public:
  explicit TailSource(ByteView bytes) : rest_(bytes) {}

  std::size_t read(MutableByteView out) override {
    const ByteView part = rest_.first(std::min(out.size(), rest_.size()));
    std::ranges::copy(part, out.begin());
    rest_ = rest_.subspan(part.size());
    return part.size();
  }

 private:
  ByteView rest_;
};

Bytes read_range(ObjectStore& store, const std::string& key, std::uint64_t offset,
                 std::size_t size) {
  Bytes bytes(size);
  const auto source = store.get(key, {.offset = offset, .length = size});
  bytes.resize(read_fully(*source, bytes));
  return bytes;
}

age::Opened open(ObjectStore& store, const std::string& key, const StoredTail& tail,
                 std::span<const age::Identity> identities) {
  if (!tail.is_last) {
    throw Error(
        ErrorKind::corrupt, key,
        "expected " + std::to_string(tail.offset + tail.bytes.size()) + " bytes, found more");
  }
  if (tail.offset == 0) return age::open_header(tail.bytes, identities);
  return age::open_header(read_range(store, key, 0, kEnvelopePrefix), identities);
}

std::uint64_t payload_plain_size(std::uint64_t stored_bytes, std::uint64_t header_size) {
  if (stored_bytes >= header_size) return age::plain_size(stored_bytes - header_size);
  throw Error(ErrorKind::corrupt, "package",
              "expected at least " + std::to_string(header_size) + " bytes, found " +
                  std::to_string(stored_bytes));
}

}  // namespace

StoredTail read_stored_tail(ObjectStore& store, const SegmentManifest& manifest) {
  const std::uint64_t size = std::min(manifest.stored_bytes, kTailChunks * kSealedChunk);
  const std::uint64_t offset = manifest.stored_bytes - size;
  Bytes bytes = read_range(store, manifest.key, offset, size + 1);
  const bool is_last = bytes.size() <= size;
  if (!is_last) bytes.pop_back();
  return {offset, std::move(bytes), is_last};
}

Envelope::Envelope(ObjectStore& store, const SegmentManifest& manifest,
                   std::span<const age::Identity> identities)
    : store_(store),
      key_(manifest.key),
      tail_(read_stored_tail(store, manifest)),
      opened_(open(store, key_, tail_, identities)),
      plain_size_(payload_plain_size(manifest.stored_bytes, opened_.payload_offset())) {}

Envelope::Envelope(ObjectStore& store, const SegmentManifest& manifest,
                   std::span<const age::Identity> identities, ByteView prefix, StoredTail tail)
    : store_(store),
      key_(manifest.key),
      tail_(std::move(tail)),
      opened_(age::open_header(prefix, identities)),
      plain_size_(payload_plain_size(manifest.stored_bytes, opened_.payload_offset())) {}

std::uint64_t Envelope::chunks() const {
  if (plain_size_ == 0) return 1;
  return plain_size_ / age::kChunkSize + (plain_size_ % age::kChunkSize != 0 ? 1 : 0);
}

std::uint64_t Envelope::plain_size(std::uint64_t from, std::uint64_t to) const {
  return std::min(to * age::kChunkSize, plain_size_) -
         std::min(from * age::kChunkSize, plain_size_);
}

std::uint64_t Envelope::sealed_size(std::uint64_t from, std::uint64_t to) const {
  return plain_size(from, to) + (to - from) * age::kTagSize;
}

ByteView Envelope::open_chunk(std::uint64_t chunk, ByteView sealed, MutableByteView plain) const {
  const std::uint64_t size = sealed_size(chunk, chunk + 1);
  if (sealed.size() != size) {
    throw Error(ErrorKind::corrupt, key_,
                "expected chunk " + std::to_string(chunk) + " of " + std::to_string(size) +
                    " bytes, found " + std::to_string(sealed.size()));
  }
  return plain.first(opened_.open_chunk(chunk, chunk + 1 == chunks(), sealed, plain));
}

std::unique_ptr<ByteSource> Envelope::open_range(std::uint64_t from, std::uint64_t size) const {
  if (from < tail_.offset) return store_.get(key_, {.offset = from, .length = size});
  const std::uint64_t skipped = std::min<std::uint64_t>(from - tail_.offset, tail_.bytes.size());
  const ByteView rest = ByteView(tail_.bytes).subspan(skipped);
  return std::make_unique<TailSource>(rest.first(std::min<std::uint64_t>(size, rest.size())));
}

Bytes Envelope::read(std::uint64_t offset, std::uint64_t size) const {
  if (offset > plain_size_ || size > plain_size_ - offset) {
    throw Error(ErrorKind::corrupt, key_,
                "expected " + std::to_string(size) + " bytes at " + std::to_string(offset) +
                    ", found a package of " + std::to_string(plain_size_));
  }
  Bytes out;
  if (size == 0) return out;
  out.reserve(size);  // What it holds may be secret: no copy is left behind.
  const std::uint64_t first = offset / age::kChunkSize;
  const std::uint64_t end = (offset + size - 1) / age::kChunkSize + 1;
  const auto source = open_range(header_size() + first * kSealedChunk, sealed_size(first, end));
  Bytes sealed(kSealedChunk);
  Bytes plain(age::kChunkSize);
  std::uint64_t skip = offset - first * age::kChunkSize;
  for (std::uint64_t chunk = first; chunk < end; ++chunk) {
    const MutableByteView wanted = MutableByteView(sealed).first(sealed_size(chunk, chunk + 1));
    const std::size_t got = read_fully(*source, wanted);
    const ByteView opened = open_chunk(chunk, wanted.first(got), plain).subspan(skip);
    const ByteView part = opened.first(std::min<std::uint64_t>(opened.size(), size - out.size()));
    out.insert(out.end(), part.begin(), part.end());
    skip = 0;
  }
  return out;
}

}  // namespace segment
}  // namespace v0
}  // namespace atp
