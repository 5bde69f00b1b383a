// SPDX-License-Identifier: Apache-2.0
#include "segment/record_reader.hpp"

#include <simdjson.h>

#include <algorithm>
#include <string>
#include <vector>

#include "segment/buffer.hpp"

namespace atp {
inline namespace v0 {
namespace segment {
namespace {

namespace dom = simdjson::dom;

static_assert(simdjson::SIMDJSON_PADDING <= Buffer::kPadding);

/// The parser's memory is a multiple of its longest record: past this one it is given back.
constexpr std::size_t kKeptParserLimit = 1 << 20;
/// Up to so many keys, comparing each with each beats sorting.
constexpr std::size_t kFewKeys = 16;

std::vector<std::string> split_path(std::string_view path) {
  std::vector<std::string> names;
  for (;;) {
    const std::size_t dot = std::min(path.find('.'), path.size());
    names.emplace_back(path.substr(0, dot));
    if (dot == path.size()) return names;
    path.remove_prefix(dot + 1);
  }
}

/// Looks for a key that stands twice in one object, at any depth.
class KeyCheck {
 public:
  bool repeats(const dom::element& value) {
    if (value.is_object()) return repeats_in(dom::object(value));
    if (!value.is_array()) return false;
    for (const dom::element item : dom::array(value)) {
      if (repeats(item)) return true;
    }
    return false;
  }

  void reset() { keys_.clear(); }

 private:
  /// The keys of the objects around the current one lie before `first` in `keys_`.
  bool repeats_in(const dom::object& object) {
    const std::size_t first = keys_.size();
    for (const dom::key_value_pair field : object) {
      const auto begin = keys_.begin() + static_cast<std::ptrdiff_t>(first);
      if (keys_.size() - first < kFewKeys &&
          std::find(begin, keys_.end(), field.key) != keys_.end())
        return true;
      keys_.push_back(field.key);
      if (repeats(field.value)) return true;
    }
    const auto begin = keys_.begin() + static_cast<std::ptrdiff_t>(first);
    if (keys_.size() - first > kFewKeys) {
      std::sort(begin, keys_.end());
      if (std::adjacent_find(begin, keys_.end()) != keys_.end()) return true;
    }
    keys_.erase(begin, keys_.end());
    return false;
  }

  std::vector<std::string_view> keys_;
};

}  // namespace

struct RecordReader::State {
  std::vector<std::string> path;
  dom::parser parser;
  KeyCheck keys;
};

RecordReader::RecordReader(std::string_view path) : state_(std::make_unique<State>()) {
  state_->path = split_path(path);
}

RecordReader::~RecordReader() = default;

std::optional<std::string_view> RecordReader::text(ByteView record) {
  const std::size_t begin = as_text(record).find_first_not_of(" \t\r");
  if (begin == std::string_view::npos || as_text(record)[begin] != '{') return std::nullopt;
  if (state_->parser.capacity() > kKeptParserLimit) state_->parser = dom::parser();
  dom::element value;
  const char* text = reinterpret_cast<const char*>(record.data());
  if (state_->parser.parse(text, record.size(), false).get(value) != simdjson::SUCCESS)
    return std::nullopt;
  state_->keys.reset();
  if (state_->keys.repeats(value)) return std::nullopt;
  for (const std::string& name : state_->path) {
    dom::object object;
    if (value.get(object) != simdjson::SUCCESS) return std::nullopt;
    if (object.at_key(name).get(value) != simdjson::SUCCESS) return std::nullopt;
  }
  std::string_view found;
  if (value.get(found) != simdjson::SUCCESS) return std::nullopt;
  return found;
}

std::optional<Time> RecordReader::time(ByteView record) {
  const auto found = text(record);
  return found ? parse_time(*found) : std::nullopt;
}

}  // namespace segment
}  // namespace v0
}  // namespace atp
