// SPDX-License-Identifier: Apache-2.0
#include "model/fields.hpp"

#include "atp/core/error.hpp"
#include "atp/model/object_key.hpp"

namespace atp {
inline namespace v0 {
namespace {

bool all_of(std::string_view text, bool (*matches)(char)) {
  return !text.empty() && std::all_of(text.begin(), text.end(), matches);
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_hex_digit(char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); }
bool is_graphic(char c) { return c > ' ' && c <= '~'; }

bool is_epoch(std::string_view text) {
  if (text.size() != 6 || !all_of(text, is_digit)) return false;
  const std::string_view month = text.substr(4);
  return month >= "01" && month <= "12";
}

bool is_recipient(std::string_view text) {
  return text.starts_with("age1") &&
         all_of(text.substr(4), [](char c) { return is_lower(c) || is_digit(c); });
}

bool is_domain(std::string_view text) {
  return text.size() <= 253 && all_of(text, [](char c) {
           return is_lower(c) || is_digit(c) || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' ||
                  c == '_' || c == ':';
         });
}

bool is_field_path(std::string_view text) {
  const bool printable = all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
  return printable && text.front() != '.' && text.back() != '.' && text.find("..") == text.npos;
}

std::string describe(const Json& value) {
  constexpr std::size_t kShown = 40;
  if (value.is_object()) return "an object";
  if (value.is_array()) return "an array";
  if (!value.is_string() || value.as_string().size() <= kShown) return value.str();
  return "a string of " + std::to_string(value.as_string().size()) + " bytes";
}

}  // namespace

const Grammar kRandomId{"32 lower-case hexadecimal digits", [](std::string_view text) {
                          return text.size() == 32 && all_of(text, is_hex_digit);
                        }};
const Grammar kKeyId{"64 lower-case hexadecimal digits", [](std::string_view text) {
                       return text.size() == 64 && all_of(text, is_hex_digit);
                     }};
const Grammar kObjectKey{"an object key", is_key};
const Grammar kPointId{"a recovery point id", is_key_element};
const Grammar kEpoch{"a key epoch (yyyymm)", is_epoch};
const Grammar kRecipient{"an age recipient", is_recipient};
const Grammar kDomain{"a domain", is_domain};
const Grammar kOrigin{"printable ASCII without spaces",
                      [](std::string_view text) { return all_of(text, is_graphic); }};
const Grammar kWord{"a word of a-z, _ and dots", [](std::string_view text) {
                      return all_of(text,
                                    [](char c) { return is_lower(c) || c == '_' || c == '.'; });
                    }};
const Grammar kNotEmpty{"a text", [](std::string_view text) { return !text.empty(); }};
const Grammar kFieldPath{"a dotted path", is_field_path};

void require(bool condition, const std::string& message) {
  if (!condition) throw Error(ErrorKind::invalid_argument, "", message);
}

void Field::refuse(std::string_view expected) const {
  throw Error(ErrorKind::invalid_argument, "",
              "member `" + std::string(name_) + "`: expected " + std::string(expected) +
                  ", found " + describe(value_));
}

namespace {

const Json::Object& object_of(const Field& field) {
  if (!field.value().is_object()) field.refuse("an object");
  return field.value().as_object();
}

std::string checked_text(const Field& field, const Grammar& grammar) {
  std::string text = field;
  if (!grammar.matches(text)) field.refuse(grammar.expected);
  return text;
}

}  // namespace

FieldReader::FieldReader(const Field& field) : object_(object_of(field)) {}

Field FieldReader::operator[](std::string_view name) {
  const auto found = object_.find(name);
  require(found != object_.end(), "member `" + std::string(name) + "`: expected, found none");
  read_.push_back(name);
  return {found->second, name};
}

std::string FieldReader::text(std::string_view name, const Grammar& grammar) {
  return checked_text((*this)[name], grammar);
}

std::vector<std::string> FieldReader::texts(std::string_view name, const Grammar& grammar) {
  const Field field = (*this)[name];
  if (!field.value().is_array() || field.value().as_array().empty()) {
    field.refuse("an array that is not empty");
  }
  std::vector<std::string> texts;
  for (const Json& element : field.value().as_array()) {
    texts.push_back(checked_text(field.element(element), grammar));
  }
  return texts;
}

std::optional<std::string> FieldReader::optional_text(std::string_view name,
                                                      const Grammar& grammar) {
  if (!object_.contains(name)) return std::nullopt;
  return text(name, grammar);
}

void FieldReader::finish() const {
  for (const auto& [name, value] : object_) {
    const bool read = std::find(read_.begin(), read_.end(), name) != read_.end();
    require(read, "member `" + name + "`: unknown");
  }
}

std::string Codec<std::string>::decode(const Field& field) {
  if (!field.value().is_string()) field.refuse("a string");
  return field.value().as_string();
}

bool Codec<bool>::decode(const Field& field) {
  if (!field.value().is_bool()) field.refuse("true or false");
  return field.value().as_bool();
}

std::uint64_t Codec<std::uint64_t>::decode(const Field& field) {
  if (!field.value().is_integer() || field.value().as_integer() < 0) {
    field.refuse("an integer of 0 or more");
  }
  return static_cast<std::uint64_t>(field.value().as_integer());
}

Digest Codec<Digest>::decode(const Field& field) {
  const auto digest = Digest::from_hex(Codec<std::string>::decode(field));
  if (!digest) field.refuse("64 lower-case hexadecimal digits");
  return *digest;
}

Time Codec<Time>::decode(const Field& field) {
  const auto time = parse_canonical_time(Codec<std::string>::decode(field));
  if (!time) field.refuse("a UTC time with nine decimals");
  return *time;
}

Bytes Codec<Bytes>::decode(const Field& field) {
  auto bytes = from_base64(Codec<std::string>::decode(field));
  if (!bytes) field.refuse("standard base64");
  return *std::move(bytes);
}

CalendarPeriod Codec<CalendarPeriod>::decode(const Field& field) {
  const std::string text = field;
  const CalendarPeriod period = CalendarPeriod::parse(text);
  if (period.str() != text) field.refuse("`" + period.str() + "`");
  return period;
}

}  // namespace v0
}  // namespace atp
