// SPDX-License-Identifier: Apache-2.0
/// One parse of a record, many fields: the only place that reads records as JSON.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "atp/core/bytes.hpp"
#include "atp/core/export.hpp"
#include "atp/core/time.hpp"
#include "atp/model/policy_documents.hpp"

namespace atp {
inline namespace v0 {

enum class FieldKind {
  missing,  ///< The path leads nowhere: a name is absent, or stands in what is no object.
  null,
  boolean,
  number,
  string,
  composite,  ///< An object or an array.
};

/// What stands where a path leads.
struct FieldValue {
  FieldKind kind = FieldKind::missing;
  /// A string's characters, a number as it is written in the record, `true` or `false`; else empty.
  std::string_view text = {};
  bool operator==(const FieldValue&) const = default;
};

/// The time that a value says: an RFC 3339 date-time, as a string. Nothing for anything else.
ATP_EXPORT std::optional<Time> time_of(const FieldValue& value);

/// So many bytes behind a record are looked at, whatever they are, by `read_padded`.
inline constexpr std::size_t kRecordPadding = 64;

/// Reads the fields of a map. Memory: a multiple of the longest record. Belongs to one thread at a
/// time.
class ATP_EXPORT RecordReader {
 public:
  /// Paths are member names with dots between them, from the outermost object on; a member whose
  /// name has a dot cannot be reached, nor anything in an array.
  explicit RecordReader(const FieldMap& fields);
  ~RecordReader();
  RecordReader(RecordReader&&) noexcept;
  RecordReader& operator=(RecordReader&&) noexcept;

  /// The values, in order of the map's names; valid until the next call. Nothing where the record
  /// is not one strict JSON object: UTF-8 without byte order mark, no key twice in an object,
  /// numbers that 64 bits hold as integer or finite double, at most 1,024 deep.
  std::optional<std::span<const FieldValue>> read(ByteView record);

  /// The same without a copy: `kRecordPadding` bytes behind the record are readable, and values are
  /// valid only while the record is.
  std::optional<std::span<const FieldValue>> read_padded(ByteView record);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace v0
}  // namespace atp
