// SPDX-License-Identifier: Apache-2.0
/// A package in its store, opened: which stored bytes are which plain bytes. What lies where
/// follows from the size that the manifest states, whatever the store holds.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "atp/core/bytes.hpp"
#include "atp/crypto/age.hpp"
#include "atp/model/segment_documents.hpp"
#include "atp/storage/object_store.hpp"

namespace atp {
inline namespace v0 {
namespace segment {

/// So many of a package's first bytes hold its header.
inline constexpr std::size_t kEnvelopePrefix = age::kHeaderLimit + age::kNonceSize;

/// The last two chunks of a package as stored, or all of it, read at once: they hold the index of
/// almost every package.
struct StoredTail {
  std::uint64_t offset;
  Bytes bytes;   ///< Fewer where the stored object is shorter than its manifest says.
  bool is_last;  ///< Nothing is stored behind them.
};

/// One request. Throws: not_found.
StoredTail read_stored_tail(ObjectStore& store, const SegmentManifest& manifest);

class Envelope {
 public:
  /// One request, or two where the tail does not reach to the header. Throws: not_found,
  /// unauthenticated, unsupported, corrupt (where the object is longer than its manifest says, too:
  /// ranges alone would never show it).
  Envelope(ObjectStore& store, const SegmentManifest& manifest,
           std::span<const age::Identity> identities);
  /// The same of what was read already, `prefix` being the package's first `kEnvelopePrefix` bytes.
  Envelope(ObjectStore& store, const SegmentManifest& manifest,
           std::span<const age::Identity> identities, ByteView prefix, StoredTail tail);

  std::uint64_t header_size() const { return opened_.payload_offset(); }
  std::uint64_t plain_size() const { return plain_size_; }
  std::uint64_t chunks() const;
  /// Plain bytes of chunks `[from, to)`.
  std::uint64_t plain_size(std::uint64_t from, std::uint64_t to) const;
  /// As stored.
  std::uint64_t sealed_size(std::uint64_t from, std::uint64_t to) const;

  /// Decrypts a chunk to `plain` (`age::kChunkSize` bytes). Throws: corrupt.
  ByteView open_chunk(std::uint64_t chunk, ByteView sealed, MutableByteView plain) const;

  /// Plain bytes `[offset, offset + size)`, by a range read of their chunks where they are not in
  /// the tail. Throws: corrupt.
  Bytes read(std::uint64_t offset, std::uint64_t size) const;

 private:
  /// The stored bytes `[from, from + size)`, from the tail where it has them.
  std::unique_ptr<ByteSource> open_range(std::uint64_t from, std::uint64_t size) const;

  ObjectStore& store_;
  std::string key_;
  StoredTail tail_;
  age::Opened opened_;
  std::uint64_t plain_size_;
};

}  // namespace segment
}  // namespace v0
}  // namespace atp
