// SPDX-License-Identifier: Apache-2.0
#include "segment/envelope.hpp"

#include <algorithm>

#include "atp/core/error.hpp"

namespace atp {
inline namespace v0 {
namespace segment {
namespace {

constexpr std::uint64_t kSealedChunk = age::kChunkSize + age::kTagSize;

age::Opened open(ObjectStore& store, const std::string& key,
                 std::span<const age::Identity> identities) {
  Bytes prefix(age::kHeaderLimit + age::kNonceSize);
  const auto source = store.get(key, {.offset = 0, .length = prefix.size()});
  prefix.resize(read_fully(*source, prefix));
  return age::open_header(prefix, identities);
}

std::uint64_t payload_plain_size(std::uint64_t stored_bytes, std::uint64_t header_size) {
  if (stored_bytes >= header_size) return age::plain_size(stored_bytes - header_size);
  throw Error(ErrorKind::corrupt, "package",
              "expected at least " + std::to_string(header_size) + " bytes, found " +
                  std::to_string(stored_bytes));
}

}  // namespace

Envelope::Envelope(ObjectStore& store, const std::string& key, std::uint64_t stored_bytes,
                   std::span<const age::Identity> identities)
    : store_(store),
      key_(key),
      opened_(open(store, key, identities)),
      plain_size_(payload_plain_size(stored_bytes, opened_.payload_offset())) {}

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

Bytes Envelope::read(std::uint64_t offset, std::uint64_t size) const {
  if (offset > plain_size_ || size > plain_size_ - offset) {
    throw Error(ErrorKind::corrupt, key_,
                "expected " + std::to_string(size) + " bytes at " + std::to_string(offset) +
                    ", found a package of " + std::to_string(plain_size_));
  }
  Bytes out;
  if (size == 0) return out;
  const std::uint64_t first = offset / age::kChunkSize;
  const std::uint64_t end = (offset + size - 1) / age::kChunkSize + 1;
  const auto source = store_.get(
      key_, {.offset = header_size() + first * kSealedChunk, .length = sealed_size(first, end)});
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
