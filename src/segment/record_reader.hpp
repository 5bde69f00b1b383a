// SPDX-License-Identifier: Apache-2.0
/// Reads one member of a record's JSON: the only place that knows simdjson. Belongs to one thread
/// at a time.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "atp/core/bytes.hpp"
#include "atp/core/time.hpp"

namespace atp {
inline namespace v0 {
namespace segment {

class RecordReader {
 public:
  /// `path`: member names with dots between them, from the outermost object on.
  explicit RecordReader(std::string_view path);
  ~RecordReader();
  RecordReader(const RecordReader&) = delete;
  RecordReader& operator=(const RecordReader&) = delete;

  /// The string at the path, valid until the next call. Nothing where there is none, or the record
  /// is not one strict JSON text: UTF-8 without byte order mark, no key twice in an object, numbers
  /// that 64 bits hold as integer or finite double, at most 1,024 deep. At least `Buffer::kPadding`
  /// bytes behind the record are readable.
  std::optional<std::string_view> text(ByteView record);

  /// The same as an RFC 3339 time; nothing where the record is opaque.
  std::optional<Time> time(ByteView record);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace segment
}  // namespace v0
}  // namespace atp
