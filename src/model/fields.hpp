// SPDX-License-Identifier: Apache-2.0
/// Members of JSON objects to fields of values and back. A `Codec<T>` says how a type stands in
/// JSON; readers refuse, with invalid_argument, what is missing, unknown or of another form.
#pragma once

#include <algorithm>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "atp/core/bytes.hpp"
#include "atp/core/ids.hpp"
#include "atp/core/time.hpp"
#include "atp/model/json.hpp"

namespace atp {
inline namespace v0 {

/// `static Json encode(const T&)` and `static T decode(const Field&)`.
template <class T>
struct Codec;

/// A value in a document and the name of the member it stands in.
class Field {
 public:
  Field(const Json& value, std::string_view name) : value_(value), name_(name) {}

  const Json& value() const { return value_; }
  Field element(const Json& value) const { return {value, name_}; }
  [[noreturn]] void refuse(std::string_view expected) const;

  template <class T>
  requires requires(const Field& field) {
    { Codec<T>::decode(field) } -> std::same_as<T>;
  }
  operator T() const { return Codec<T>::decode(*this); }

 private:
  const Json& value_;
  std::string_view name_;
};

/// The form of a text and what to call it.
struct Grammar {
  std::string_view expected;
  bool (*matches)(std::string_view);
};
extern const Grammar kRandomId;  ///< 32 lower-case hexadecimal digits.
extern const Grammar kKeyId;     ///< 64 lower-case hexadecimal digits.
extern const Grammar kObjectKey;
extern const Grammar kPointId;
extern const Grammar kEpoch;      ///< `yyyymm`.
extern const Grammar kRecipient;  ///< `age1...`.
extern const Grammar kDomain;
extern const Grammar kOrigin;
extern const Grammar kWord;  ///< `[a-z_]` and dots.
extern const Grammar kNotEmpty;
extern const Grammar kFieldPath;

/// Throws: invalid_argument with `message` unless `condition`.
void require(bool condition, const std::string& message);

/// Reads each member of an object once.
class FieldReader {
 public:
  explicit FieldReader(const Json& object) : object_(object.as_object()) {}
  explicit FieldReader(const Field& field);

  Field operator[](std::string_view name);
  std::string text(std::string_view name, const Grammar& grammar);
  std::vector<std::string> texts(std::string_view name, const Grammar& grammar);
  std::optional<std::string> optional_text(std::string_view name, const Grammar& grammar);
  template <class T>
  std::optional<T> optional(std::string_view name) {
    if (!object_.contains(name)) return std::nullopt;
    return Codec<T>::decode((*this)[name]);
  }
  /// Throws: invalid_argument where a member was not read.
  void finish() const;

 private:
  const Json::Object& object_;
  std::vector<std::string_view> read_;
};

/// Builds an object; absent optionals are left out.
class FieldWriter {
 public:
  template <class T>
  FieldWriter& operator()(std::string_view name, const T& value) {
    object_.emplace(name, Codec<T>::encode(value));
    return *this;
  }
  template <class T>
  FieldWriter& operator()(std::string_view name, const std::optional<T>& value) {
    return value ? (*this)(name, *value) : *this;
  }
  Json json() && { return Json(std::move(object_)); }

 private:
  Json::Object object_;
};

template <>
struct Codec<std::string> {
  static Json encode(const std::string& value) { return value; }
  static std::string decode(const Field& field);
};
template <>
struct Codec<std::string_view> {
  static Json encode(std::string_view value) { return value; }
};
template <>
struct Codec<bool> {
  static Json encode(bool value) { return value; }
  static bool decode(const Field& field);
};
template <>
struct Codec<std::uint64_t> {
  static Json encode(std::uint64_t value) { return value; }
  static std::uint64_t decode(const Field& field);
};
template <>
struct Codec<Digest> {
  static Json encode(const Digest& value) { return value.hex(); }
  static Digest decode(const Field& field);
};
template <>
struct Codec<Time> {
  static Json encode(Time value) { return format_time(value); }
  static Time decode(const Field& field);
};
/// Standard base64.
template <>
struct Codec<Bytes> {
  static Json encode(const Bytes& value) { return to_base64(value); }
  static Bytes decode(const Field& field);
};
template <>
struct Codec<CalendarPeriod> {
  static Json encode(const CalendarPeriod& value) { return value.str(); }
  static CalendarPeriod decode(const Field& field);
};

template <class Tag>
struct Codec<Name<Tag>> {
  static Json encode(const Name<Tag>& value) { return value.str(); }
  static Name<Tag> decode(const Field& field) {
    return Name<Tag>(Codec<std::string>::decode(field));
  }
};

template <class T>
struct Codec<std::vector<T>> {
  static Json encode(const std::vector<T>& values) {
    Json::Array array;
    array.reserve(values.size());
    for (const T& value : values) array.push_back(Codec<T>::encode(value));
    return array;
  }
  static std::vector<T> decode(const Field& field) {
    if (!field.value().is_array()) field.refuse("an array");
    std::vector<T> values = {};
    values.reserve(field.value().as_array().size());
    for (const Json& element : field.value().as_array()) {
      values.push_back(Codec<T>::decode(field.element(element)));
    }
    return values;
  }
};

/// `static constexpr std::pair<E, std::string_view> names[]`.
template <class E>
struct EnumNames;

template <class E>
std::string_view enum_name(E value) {
  const auto& names = EnumNames<E>::names;
  return std::find_if(std::begin(names), std::end(names),
                      [&](const auto& row) { return row.first == value; })
      ->second;
}

/// Nothing for another word.
template <class E>
std::optional<E> enum_named(std::string_view text) {
  for (const auto& [value, name] : EnumNames<E>::names) {
    if (text == name) return value;
  }
  return std::nullopt;
}

template <class E>
requires std::is_enum_v<E>
struct Codec<E> {
  static Json encode(E value) { return enum_name(value); }
  static E decode(const Field& field) {
    const std::string text = field;
    if (const auto value = enum_named<E>(text)) return *value;
    field.refuse("a name of the format");
  }
};

}  // namespace v0
}  // namespace atp
