// SPDX-License-Identifier: Apache-2.0
/// A package in its store, opened: which stored bytes are which plain bytes. What lies where
/// follows from the size that the manifest states, whatever the store holds.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "atp/core/bytes.hpp"
#include "atp/crypto/age.hpp"
#include "atp/storage/object_store.hpp"

namespace atp {
inline namespace v0 {
namespace segment {

class Envelope {
 public:
  /// Reads the header. Throws: not_found, unauthenticated, corrupt, unsupported.
  Envelope(ObjectStore& store, const std::string& key, std::uint64_t stored_bytes,
           std::span<const age::Identity> identities);

  std::uint64_t header_size() const { return opened_.payload_offset(); }
  std::uint64_t plain_size() const { return plain_size_; }
  std::uint64_t chunks() const;
  /// Plain bytes of chunks `[from, to)`.
  std::uint64_t plain_size(std::uint64_t from, std::uint64_t to) const;
  /// As stored.
  std::uint64_t sealed_size(std::uint64_t from, std::uint64_t to) const;

  /// Decrypts a chunk to `plain` (`age::kChunkSize` bytes). Throws: corrupt.
  ByteView open_chunk(std::uint64_t chunk, ByteView sealed, MutableByteView plain) const;

  /// Plain bytes `[offset, offset + size)`, by a range read of their chunks. Throws: corrupt.
  Bytes read(std::uint64_t offset, std::uint64_t size) const;

 private:
  ObjectStore& store_;
  std::string key_;
  age::Opened opened_;
  std::uint64_t plain_size_;
};

}  // namespace segment
}  // namespace v0
}  // namespace atp
