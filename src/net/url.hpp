// SPDX-License-Identifier: Apache-2.0
/// URLs that a client may send to, for this layer's sources and tests only.
#pragma once

#include <cstdint>
#include <string>

namespace atp {
inline namespace v0 {
namespace net {

struct Url {
  bool tls;
  std::string host;  ///< Without brackets.
  std::uint16_t port;
  std::string authority;  ///< As in the header Host: the port only where it is not the scheme's.
  std::string target;

  /// Scheme, host and port: what errors may show.
  std::string origin() const { return (tls ? "https://" : "http://") + authority; }
};

/// Throws: invalid_argument, without a word of `text`, which may hold secrets.
Url parse_url(const std::string& text);

}  // namespace net
}  // namespace v0
}  // namespace atp
