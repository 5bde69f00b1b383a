// SPDX-License-Identifier: Apache-2.0
#include "atp/model/json.hpp"

#include <algorithm>
#include <cstdlib>

#include "atp/core/error.hpp"
#include "model/json_text.hpp"

namespace atp {
inline namespace v0 {
namespace {

[[noreturn]] void refuse(const std::string& message) {
  throw Error(ErrorKind::invalid_argument, "", message);
}

template <class T, class Value>
auto& get(Value& value, const char* name) {
  if (auto* found = std::get_if<T>(&value)) return *found;
  refuse(std::string("expected ") + name + ", found another type");
}

class Printer {
 public:
  void print(const Json& json) {
    if (json.is_null()) {
      text_ += "null";
    } else if (json.is_bool()) {
      text_ += json.as_bool() ? "true" : "false";
    } else if (json.is_integer()) {
      print_integer(json.as_integer());
    } else if (json.is_string()) {
      print_string(json.as_string());
    } else {
      print_container(json);
    }
  }

  std::string text() && { return std::move(text_); }

 private:
  void print_integer(std::int64_t value) {
    if (value > kGreatestInteger || value < -kGreatestInteger) {
      refuse("expected an integer between -2^53 and 2^53, found " + std::to_string(value));
    }
    text_ += std::to_string(value);
  }

  void print_string(const std::string& value) {
    if (!is_profile_string(value)) refuse("expected a string without U+007F, found one with it");
    append_json_string(text_, value);
  }

  void print_container(const Json& json) {
    if (++depth_ > kProfileDepth) refuse("expected nesting of at most 32, found more");
    if (json.is_array()) {
      print_array(json.as_array());
    } else {
      print_object(json.as_object());
    }
    --depth_;
  }

  void print_array(const Json::Array& array) {
    text_ += '[';
    for (const Json& element : array) {
      if (&element != array.data()) text_ += ',';
      print(element);
    }
    text_ += ']';
  }

  void print_object(const Json::Object& object) {
    char separator = '{';
    for (const auto& [key, value] : object) {
      if (!is_profile_key(key)) refuse("expected a key of printable ASCII, found another");
      text_ += separator;
      append_json_string(text_, key);
      text_ += ':';
      print(value);
      separator = ',';
    }
    text_ += object.empty() ? "{}" : "}";
  }

  std::string text_;
  std::size_t depth_ = 0;
};

bool is_ascii(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

}  // namespace

Json::Json(std::uint64_t value) : value_(static_cast<std::int64_t>(value)) {
  if (value > static_cast<std::uint64_t>(kGreatestInteger)) {
    refuse("expected an integer below 2^53, found " + std::to_string(value));
  }
}

bool Json::as_bool() const { return get<bool>(value_, "true or false"); }
std::int64_t Json::as_integer() const { return get<std::int64_t>(value_, "an integer"); }
const std::string& Json::as_string() const { return get<std::string>(value_, "a string"); }
const Json::Array& Json::as_array() const { return get<Array>(value_, "an array"); }
const Json::Object& Json::as_object() const { return get<Object>(value_, "an object"); }
Json::Array& Json::as_array() { return get<Array>(value_, "an array"); }
Json::Object& Json::as_object() { return get<Object>(value_, "an object"); }

std::string Json::str() const {
  Printer printer;
  printer.print(*this);
  std::string text = std::move(printer).text();
  if (!is_ascii(text)) parse_json(text);  // Refuses what is not UTF-8.
  return text;
}

}  // namespace v0
}  // namespace atp
