// SPDX-License-Identifier: Apache-2.0
/// What goes over HTTP, as values.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "atp/core/export.hpp"

namespace atp {
inline namespace v0 {

/// Names and values; those of one name in the order of the message.
using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

/// The first value under `name`, whose letters may be of either case; null where there is none.
ATP_EXPORT const std::string* find_header(const HttpHeaders& headers, std::string_view name);

struct HttpRequest {
  std::string method;
  std::string target{};  ///< Path and query, as they came; a client takes them from the URL.
  HttpHeaders headers{};
  std::string body{};
  /// For a client: to send it twice does no harm.
  bool repeatable = false;
  bool operator==(const HttpRequest&) const = default;
};

struct HttpResponse {
  int status;
  HttpHeaders headers{};
  std::string body{};
  bool operator==(const HttpResponse&) const = default;
};

}  // namespace v0
}  // namespace atp
