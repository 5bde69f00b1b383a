// SPDX-License-Identifier: Apache-2.0
/// Boost.JSON's event parser, which checks syntax and UTF-8; duplicate keys, depth and numbers are
/// checked here. The only file that includes Boost.
#include <boost/json/basic_parser_impl.hpp>
#include <charconv>
#include <cmath>
#include <map>

#include "atp/core/error.hpp"
#include "atp/model/json.hpp"
#include "model/json_text.hpp"

namespace atp {
inline namespace v0 {
namespace {

using boost::json::error_code;
using boost::json::string_view;

constexpr std::size_t kCanonicalDepth = 256;
constexpr std::size_t kValueLimit = std::size_t{1} << 22;

/// Why an event is refused; empty where it is not.
using Problem = std::string;

/// Turns the parser's events, whose texts may come in parts, into whole ones for `sink`.
template <class Sink>
class Handler {
 public:
  static constexpr std::size_t max_object_size = std::size_t(-1);
  static constexpr std::size_t max_array_size = std::size_t(-1);
  static constexpr std::size_t max_key_size = std::size_t(-1);
  static constexpr std::size_t max_string_size = std::size_t(-1);

  Sink sink;
  Problem problem;

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_array_begin(error_code&) { return sink.begin_array(), true; }
  bool on_array_end(std::size_t, error_code& code) { return pass(sink.end_array(), code); }
  bool on_object_begin(error_code&) { return sink.begin_object(), true; }
  bool on_object_end(std::size_t, error_code& code) { return pass(sink.end_object(), code); }
  bool on_string_part(string_view part, std::size_t, error_code&) { return keep(part); }
  bool on_string(string_view part, std::size_t, error_code& code) {
    return pass(sink.string(whole(part)), code);
  }
  bool on_key_part(string_view part, std::size_t, error_code&) { return keep(part); }
  bool on_key(string_view part, std::size_t, error_code& code) {
    return pass(sink.key(whole(part)), code);
  }
  bool on_number_part(string_view part, error_code&) { return keep(part); }
  bool on_int64(std::int64_t, string_view part, error_code& code) { return number(part, code); }
  bool on_uint64(std::uint64_t, string_view part, error_code& code) { return number(part, code); }
  bool on_double(double, string_view part, error_code& code) { return number(part, code); }
  bool on_bool(bool value, error_code& code) { return pass(sink.boolean(value), code); }
  bool on_null(error_code& code) { return pass(sink.null(), code); }
  bool on_comment_part(string_view, error_code&) { return true; }
  bool on_comment(string_view, error_code&) { return true; }

 private:
  bool keep(string_view part) {
    text_.append(part.data(), part.size());
    return true;
  }

  std::string whole(string_view part) {
    keep(part);
    return std::exchange(text_, {});
  }

  bool number(string_view part, error_code& code) { return pass(sink.number(whole(part)), code); }

  bool pass(Problem found, error_code& code) {
    if (found.empty()) return true;
    problem = std::move(found);
    code = boost::json::error::syntax;
    return false;
  }

  std::string text_;
};

/// Parses all of `text`. Throws: invalid_argument, for Boost's errors and for the sink's.
template <class Sink>
Sink parse(std::string_view text, std::size_t depth) {
  boost::json::parse_options options;
  options.max_depth = depth;
  boost::json::basic_parser<Handler<Sink>> parser(options);
  error_code code;
  const std::size_t position = parser.write_some(false, text.data(), text.size(), code);
  std::string problem = parser.handler().problem;
  if (problem.empty() && code) problem = "expected JSON, found " + code.message();
  if (problem.empty() && position < text.size()) problem = "expected one value, found more";
  if (!problem.empty()) {
    throw Error(ErrorKind::invalid_argument, "",
                "byte " + std::to_string(position) + ": " + problem);
  }
  return std::move(parser.handler().sink);
}

Problem duplicate(const std::string& key) {
  std::string problem = "expected each key once, found another ";
  append_json_string(problem, key);
  return problem;
}

/// Builds a value of the profile.
class Builder {
 public:
  Json root;

  void begin_array() { open_.push_back({Json::Array(), {}}); }
  Problem end_array() { return close(); }
  void begin_object() { open_.push_back({Json::Object(), {}}); }
  Problem end_object() { return close(); }

  Problem key(std::string key) {
    if (!is_profile_key(key)) return "expected a key of printable ASCII, found another";
    if (open_.back().value.as_object().contains(key)) return duplicate(key);
    open_.back().key = std::move(key);
    return {};
  }

  Problem string(std::string text) {
    if (!is_profile_string(text)) return "expected a string without U+007F, found one with it";
    return add(Json(std::move(text)));
  }

  Problem number(const std::string& text) {
    std::int64_t value = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, code] = std::from_chars(text.data(), end, value);
    const bool in_range = value <= kGreatestInteger && value >= -kGreatestInteger;
    if (code != std::errc() || stop != end || !in_range || text == "-0") {
      return "expected an integer between -2^53 and 2^53, found " + text.substr(0, 40);
    }
    return add(Json(value));
  }

  Problem boolean(bool value) { return add(Json(value)); }
  Problem null() { return add(Json()); }

 private:
  struct Open {
    Json value;
    std::string key;  ///< Of the member that comes next.
  };

  Problem close() {
    Json value = std::move(open_.back().value);
    open_.pop_back();
    return add(std::move(value));
  }

  Problem add(Json value) {
    if (++count_ > kValueLimit) return "expected at most 2^22 values, found more";
    if (open_.empty()) {
      root = std::move(value);
    } else if (Open& open = open_.back(); open.value.is_array()) {
      open.value.as_array().push_back(std::move(value));
    } else {
      open.value.as_object().emplace(std::move(open.key), std::move(value));
    }
    return {};
  }

  std::vector<Open> open_;
  std::size_t count_ = 0;
};

/// The order of UTF-8 texts by their UTF-16 code units: that of their bytes, but with the
/// surrogates of four-byte sequences before U+E000 to U+FFFF.
struct Utf16Less {
  bool operator()(std::string_view left, std::string_view right) const {
    const auto [l, r] = std::mismatch(left.begin(), left.end(), right.begin(), right.end());
    if (l == left.end() || r == right.end()) return l == left.end() && r != right.end();
    const auto a = static_cast<unsigned char>(*l);
    const auto b = static_cast<unsigned char>(*r);
    const bool a_pair = a >= 0xf0;
    const bool b_pair = b >= 0xf0;
    if (a >= 0xee && b >= 0xee && a_pair != b_pair) return a_pair;
    return a < b;
  }
};

/// Writes canonical text, sorting each object when it ends.
class Canonicalizer {
 public:
  std::string root;

  void begin_array() { open_.push_back({false, {}, {}, {}}); }
  Problem end_array() {
    std::string text = "[" + open_.back().elements + "]";
    open_.pop_back();
    return add(std::move(text));
  }

  void begin_object() { open_.push_back({true, {}, {}, {}}); }
  Problem end_object() {
    std::string text = "{";
    for (const auto& [key, value] : open_.back().members) {
      if (text.size() > 1) text += ',';
      append_json_string(text, key);
      text += ':';
      text += value;
    }
    open_.pop_back();
    return add(text + "}");
  }

  Problem key(std::string key) {
    if (open_.back().members.contains(key)) return duplicate(key);
    open_.back().key = std::move(key);
    return {};
  }

  Problem string(const std::string& text) {
    std::string quoted;
    append_json_string(quoted, text);
    return add(std::move(quoted));
  }

  Problem number(const std::string& text) {
    double value = 0;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
    if (result.ec != std::errc() || !std::isfinite(value)) {
      return "expected a number that a double holds, found " + text.substr(0, 40);
    }
    return add(ecmascript_number(value));
  }

  Problem boolean(bool value) { return add(value ? "true" : "false"); }
  Problem null() { return add("null"); }

 private:
  struct Open {
    bool object;
    std::map<std::string, std::string, Utf16Less> members;
    std::string elements;
    std::string key;  ///< Of the member that comes next.
  };

  Problem add(std::string text) {
    if (open_.empty()) {
      root = std::move(text);
    } else if (Open& open = open_.back(); open.object) {
      open.members.emplace(std::move(open.key), std::move(text));
    } else {
      if (!open.elements.empty()) open.elements += ',';
      open.elements += text;
    }
    return {};
  }

  std::vector<Open> open_;
};

}  // namespace

Json parse_json(std::string_view text) { return parse<Builder>(text, kProfileDepth).root; }

std::string canonical_json(std::string_view text) {
  return parse<Canonicalizer>(text, kCanonicalDepth).root;
}

}  // namespace v0
}  // namespace atp
