// SPDX-License-Identifier: Apache-2.0
/// Values of which there may be none, or several. Their `to_json` is found by its argument, so it
/// stands in the namespace `atp` itself: static, not in a nameless one, where a source keeps it.
#pragma once

#include <optional>
#include <vector>

#include "atp/model/json.hpp"

namespace atp {
inline namespace v0 {

template <class T>
Json optional_json(const std::optional<T>& value) {
  return value ? Json(to_json(*value)) : Json();
}

template <class T>
Json::Array array_json(const std::vector<T>& values) {
  Json::Array array;
  for (const T& value : values) array.push_back(to_json(value));
  return array;
}

}  // namespace v0
}  // namespace atp
