// SPDX-License-Identifier: Apache-2.0
#include "net/url.hpp"

#include <string_view>

#include "atp/core/error.hpp"
#include "net/syntax.hpp"

namespace atp {
inline namespace v0 {
namespace net {
namespace {

constexpr std::uint16_t kHttpPort = 80;
constexpr std::uint16_t kHttpsPort = 443;

[[noreturn]] void refuse(const std::string& message) {
  throw Error(ErrorKind::invalid_argument, "URL", message);
}

bool take_scheme(std::string_view& rest) {
  for (const bool tls : {true, false}) {
    const std::string_view scheme = tls ? "https://" : "http://";
    if (!equal_ignoring_case(rest.substr(0, scheme.size()), scheme)) continue;
    rest.remove_prefix(scheme.size());
    return tls;
  }
  refuse("expected http:// or https://, found another scheme or none");
}

std::string target_of(std::string_view rest) {
  std::string target = (rest.starts_with('/') ? "" : "/") + std::string(rest);
  if (!is_target(target)) {
    refuse("expected a path and a query of escaped bytes, without a fragment, found others");
  }
  return target;
}

}  // namespace

Url parse_url(const std::string& text) {
  std::string_view rest = text;
  const bool tls = take_scheme(rest);
  const std::string_view text_of_authority = rest.substr(0, rest.find_first_of("/?#"));
  if (text_of_authority.find('@') != text_of_authority.npos) {
    refuse("expected no user info, found some");
  }
  const auto authority = parse_authority(text_of_authority);
  if (!authority) refuse("expected a host, and a port or none, found others");
  rest.remove_prefix(text_of_authority.size());

  const std::string_view host = authority->host;
  const bool bracketed = host.starts_with('[');
  const std::uint16_t usual = tls ? kHttpsPort : kHttpPort;
  const std::uint16_t port = authority->port.value_or(usual);
  return {.tls = tls,
          .host = std::string(bracketed ? host.substr(1, host.size() - 2) : host),
          .port = port,
          .authority = std::string(port == usual ? host : text_of_authority),
          .target = target_of(rest)};
}

}  // namespace net
}  // namespace v0
}  // namespace atp
