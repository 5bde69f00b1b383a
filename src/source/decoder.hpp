// SPDX-License-Identifier: Apache-2.0
/// Decoding of compressed segments, piece by piece. One object belongs to one thread at a time.
#pragma once

#include <memory>
#include <string>

#include "atp/core/bytes.hpp"

namespace atp {
inline namespace v0 {

class Decoder {
 public:
  struct Step {
    std::size_t consumed;
    std::size_t produced;
  };
  virtual ~Decoder() = default;
  /// Decodes some of `in` into `out`; with an empty `in`, what is left of earlier input.
  /// Throws: corrupt; unsupported for what is whole and made in a way that is not read; unavailable
  /// where there is no memory.
  virtual Step step(ByteView in, MutableByteView out) = 0;
  /// Whether all input so far is whole members or frames, at least one.
  virtual bool complete() const = 0;
};

/// RFC 1952; concatenated members are one stream. `name` is for messages.
std::unique_ptr<Decoder> gzip_decoder(std::string name);
/// RFC 8878; concatenated and skippable frames are one stream.
std::unique_ptr<Decoder> zstd_decoder(std::string name);

}  // namespace v0
}  // namespace atp
