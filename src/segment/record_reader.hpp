// SPDX-License-Identifier: Apache-2.0
/// Reads a record's time out of its JSON: the only place that knows simdjson. Belongs to one thread
/// at a time.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "atp/core/bytes.hpp"
#include "atp/core/time.hpp"

namespace atp::inline v0::segment {

class RecordReader {
 public:
  /// `time_path`: member names with dots between them, from the outermost object on.
  explicit RecordReader(std::string_view time_path);
  ~RecordReader();
  RecordReader(const RecordReader&) = delete;
  RecordReader& operator=(const RecordReader&) = delete;

  /// The record's time; nothing where the record is opaque: not one strict JSON text (UTF-8 without
  /// byte order mark, no key twice in an object, numbers that 64 bits hold as integer or finite
  /// double, at most 1,024 deep) or without an RFC 3339 time as a string at the path. At least
  /// `Buffer::kPadding` bytes behind the record are readable.
  std::optional<Time> time(ByteView record);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace atp::inline v0::segment
