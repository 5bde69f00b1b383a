// SPDX-License-Identifier: Apache-2.0
#include "segment/proven_index.hpp"

#include <algorithm>
#include <string>

#include "atp/core/error.hpp"
#include "atp/crypto/sha256.hpp"
#include "segment/frame_totals.hpp"
#include "segment/package_tail.hpp"

namespace atp {
inline namespace v0 {
namespace segment {

PackageIndex read_proven_index(const Envelope& envelope, const SegmentManifest& manifest) {
  const std::uint64_t size = envelope.plain_size();
  if (size < kLocatorSize) {
    throw Error(ErrorKind::corrupt, manifest.key,
                "expected a package with an index, found " + std::to_string(size) + " bytes");
  }
  const Bytes locator = envelope.read(size - kLocatorSize, kLocatorSize);
  const std::uint64_t tail_size = segment::tail_size(locator, manifest.frames);
  if (tail_size > size) {
    throw Error(
        ErrorKind::corrupt, manifest.key,
        "expected at least " + std::to_string(tail_size) + " bytes, found " + std::to_string(size));
  }
  SecretBytes tail;
  {
    Bytes bytes = envelope.read(size - tail_size, tail_size);
    tail = SecretBytes(bytes);
    wipe(bytes);
  }
  const ByteView index_bytes = segment::index_bytes(tail.view(), manifest.frames);
  const Digest found = sha256(index_bytes);
  if (found != manifest.index_sha256) {
    throw Error(ErrorKind::corrupt, manifest.key,
                "expected SHA-256 " + manifest.index_sha256.hex() + ", found " + found.hex());
  }
  PackageIndex index = decode_index(index_bytes);
  const std::uint64_t frames_size = total(index.frames).compressed_bytes;
  const bool complete = index.frames.size() == manifest.frames && frames_size == size - tail_size &&
                        std::ranges::equal(encode_tail(index_bytes, index), tail.view());
  if (complete) return index;
  throw Error(ErrorKind::corrupt, manifest.key,
              "expected " + std::to_string(manifest.frames) + " frames in " +
                  std::to_string(size - tail_size) + " bytes and their seek table, found " +
                  std::to_string(index.frames.size()) + " frames in " +
                  std::to_string(frames_size));
}

}  // namespace segment
}  // namespace v0
}  // namespace atp
