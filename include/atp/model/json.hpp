// SPDX-License-Identifier: Apache-2.0
/// JSON values in the narrow profile of stored documents, and RFC 8785 canonical text.
///
/// The profile: keys are printable ASCII, numbers are integers in (-2^53, 2^53) without fraction,
/// exponent or `-0`, strings are valid UTF-8 without U+007F (the one character that jq 1.6 prints
/// otherwise), objects have no duplicate key, nesting is at most 32 deep. In it, the canonical text
/// is what `jq -cS` prints. Value types; functions are thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "atp/core/export.hpp"

namespace atp {
inline namespace v0 {

class ATP_EXPORT Json {
 public:
  using Array = std::vector<Json>;
  using Object = std::map<std::string, Json, std::less<>>;

  Json() = default;
  Json(std::nullptr_t) {}
  Json(bool value) : value_(value) {}
  Json(std::int64_t value) : value_(value) {}
  Json(std::uint64_t value);  ///< Throws: invalid_argument at 2^53 and above.
  Json(int value) : value_(static_cast<std::int64_t>(value)) {}
  Json(std::string value) : value_(std::move(value)) {}
  Json(std::string_view value) : value_(std::string(value)) {}
  Json(const char* value) : value_(std::string(value)) {}
  Json(Array value) : value_(std::move(value)) {}
  Json(Object value) : value_(std::move(value)) {}

  bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  bool is_bool() const { return std::holds_alternative<bool>(value_); }
  bool is_integer() const { return std::holds_alternative<std::int64_t>(value_); }
  bool is_string() const { return std::holds_alternative<std::string>(value_); }
  bool is_array() const { return std::holds_alternative<Array>(value_); }
  bool is_object() const { return std::holds_alternative<Object>(value_); }

  /// Throw invalid_argument where the value is of another type.
  bool as_bool() const;
  std::int64_t as_integer() const;
  const std::string& as_string() const;
  const Array& as_array() const;
  const Object& as_object() const;
  Array& as_array();
  Object& as_object();

  bool operator==(const Json&) const = default;

  /// RFC 8785 canonical text. Throws: invalid_argument for a value outside the profile.
  std::string str() const;

 private:
  std::variant<std::monostate, bool, std::int64_t, std::string, Array, Object> value_;
};

/// Strict JSON (RFC 8259) within the profile, of at most 2^22 values. Throws: invalid_argument,
/// with the position.
ATP_EXPORT Json parse_json(std::string_view text);

/// RFC 8785 text of any I-JSON text (RFC 7493): numbers are IEEE 754 doubles, printed as ECMAScript
/// does; property names are sorted by UTF-16 code units. Throws: invalid_argument for duplicate
/// keys, invalid UTF-8, lone surrogates, numbers beyond a double, nesting over 256; with the
/// position.
ATP_EXPORT std::string canonical_json(std::string_view text);

}  // namespace v0
}  // namespace atp
