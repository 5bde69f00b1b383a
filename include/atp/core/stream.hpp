// SPDX-License-Identifier: Apache-2.0
/// Bytes that flow. One object belongs to one thread at a time.
#pragma once

#include "atp/core/bytes.hpp"
#include "atp/core/export.hpp"

namespace atp {
inline namespace v0 {

class ATP_EXPORT ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// Reads up to `out.size()` bytes; 0 only at the end (or for an empty `out`).
  virtual std::size_t read(MutableByteView out) = 0;
};

class ATP_EXPORT ByteSink {
 public:
  virtual ~ByteSink() = default;
  virtual void write(ByteView bytes) = 0;
};

/// Reads until `out` is full or the source ends; how many bytes came.
ATP_EXPORT std::size_t read_fully(ByteSource& source, MutableByteView out);
/// Throws: corrupt where more than `limit` bytes come.
ATP_EXPORT Bytes read_all(ByteSource& source, std::uint64_t limit);

}  // namespace v0
}  // namespace atp
