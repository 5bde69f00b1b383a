// SPDX-License-Identifier: Apache-2.0
#include "atp/records/record_reader.hpp"

#include <simdjson.h>

#include <algorithm>
#include <string>
#include <vector>

namespace atp {
inline namespace v0 {
namespace {

namespace dom = simdjson::dom;
namespace ondemand = simdjson::ondemand;

static_assert(simdjson::SIMDJSON_PADDING <= kRecordPadding);

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

using Path = std::vector<std::string>;

/// The value of a member, by its name without escapes.
std::optional<ondemand::value> member_of(ondemand::object& object, std::string_view name) {
  for (auto field : object) {
    std::string_view key;
    if (field.unescaped_key().get(key) != simdjson::SUCCESS) return std::nullopt;
    if (key != name) continue;
    ondemand::value value;
    if (field.value().get(value) != simdjson::SUCCESS) return std::nullopt;
    return value;
  }
  return std::nullopt;
}

/// Whether a record is JSON. That there is no memory to parse it says nothing of the record.
bool holds(simdjson::error_code error) {
  if (error == simdjson::MEMALLOC) throw std::bad_alloc();
  return error == simdjson::SUCCESS;
}

/// A number as it is written: `dom` keeps only what it is worth. Empty where there is none.
std::string_view number_at(ondemand::parser& parser, ByteView record, const Path& path) {
  const char* text = reinterpret_cast<const char*>(record.data());
  ondemand::document document;
  if (!holds(parser.iterate(text, record.size(), record.size() + kRecordPadding).get(document)))
    return {};
  ondemand::object object;
  if (document.get_object().get(object) != simdjson::SUCCESS) return {};
  for (std::size_t i = 0; i < path.size(); ++i) {
    auto value = member_of(object, path[i]);
    if (!value) return {};
    if (i + 1 == path.size()) {
      const std::string_view token = value->raw_json_token();
      return token.substr(0, token.find_last_not_of(" \t\r\n") + 1);
    }
    if (value->get_object().get(object) != simdjson::SUCCESS) return {};
  }
  return {};
}

std::optional<dom::element> value_at(dom::element value, const Path& path) {
  for (const std::string& name : path) {
    dom::object object;
    if (value.get(object) != simdjson::SUCCESS) return std::nullopt;
    if (object.at_key(name).get(value) != simdjson::SUCCESS) return std::nullopt;
  }
  return value;
}

}  // namespace

struct RecordReader::State {
  FieldValue value_of(dom::element root, ByteView record, const Path& path) {
    const auto value = value_at(root, path);
    if (!value) return {};
    switch (value->type()) {
      case dom::element_type::ARRAY:
      case dom::element_type::OBJECT:
        return {FieldKind::composite, {}};
      case dom::element_type::INT64:
      case dom::element_type::UINT64:
      case dom::element_type::DOUBLE:
        return {FieldKind::number, number_at(numbers, record, path)};
      case dom::element_type::STRING:
        return {FieldKind::string, std::string_view(*value)};
      case dom::element_type::BOOL:
        return {FieldKind::boolean, bool(*value) ? "true" : "false"};
      case dom::element_type::NULL_VALUE:
        return {FieldKind::null, {}};
    }
    return {};
  }

  std::vector<Path> paths;
  std::vector<FieldValue> values;
  dom::parser parser;
  ondemand::parser numbers;
  KeyCheck keys;
  Bytes copy;
};

std::optional<Time> time_of(const FieldValue& value) {
  return value.kind == FieldKind::string ? parse_time(value.text) : std::nullopt;
}

RecordReader::RecordReader(const FieldMap& fields) : state_(std::make_unique<State>()) {
  for (const auto& [name, path] : fields) state_->paths.push_back(split_path(path));
}

RecordReader::~RecordReader() = default;
RecordReader::RecordReader(RecordReader&&) noexcept = default;
RecordReader& RecordReader::operator=(RecordReader&&) noexcept = default;

std::optional<std::span<const FieldValue>> RecordReader::read(ByteView record) {
  state_->copy.resize(record.size() + kRecordPadding);
  std::ranges::copy(record, state_->copy.begin());
  return read_padded(ByteView(state_->copy).first(record.size()));
}

std::optional<std::span<const FieldValue>> RecordReader::read_padded(ByteView record) {
  const std::size_t begin = as_text(record).find_first_not_of(" \t\r");
  if (begin == std::string_view::npos || as_text(record)[begin] != '{') return std::nullopt;
  if (state_->parser.capacity() > kKeptParserLimit) {
    state_->parser = dom::parser();
    state_->numbers = ondemand::parser();
  }
  dom::element root;
  const char* text = reinterpret_cast<const char*>(record.data());
  if (!holds(state_->parser.parse(text, record.size(), false).get(root))) return std::nullopt;
  state_->keys.reset();
  if (state_->keys.repeats(root)) return std::nullopt;
  state_->values.clear();
  for (const Path& path : state_->paths) {
    state_->values.push_back(state_->value_of(root, record, path));
  }
  return state_->values;
}

}  // namespace v0
}  // namespace atp
