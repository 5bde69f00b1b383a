// SPDX-License-Identifier: Apache-2.0
// Responses as a client reads them, whole and in pieces; and URLs.
// covers: src/net/response_reader.cpp src/net/url.cpp
#include <algorithm>
#include <optional>
#include <string>

#include "fuzz.hpp"
#include "net/response_reader.hpp"
#include "net/url.hpp"

using atp::fuzz::require;

namespace {

constexpr std::size_t kLimit = 1000;

std::optional<atp::HttpResponse> read(std::string_view bytes, std::size_t step) {
  std::optional<atp::HttpResponse> response;
  atp::fuzz::parse([&] {
    atp::net::ResponseReader reader("fuzz", kLimit, false);
    while (!bytes.empty() && !reader.whole()) {
      reader.add(bytes.substr(0, step));
      bytes.remove_prefix(std::min(step, bytes.size()));
    }
    if (!reader.whole()) reader.end();
    response = reader.take();
  });
  return response;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(atp::as_text(atp::fuzz::input(data, size)));
  const auto response = read(text, size);
  require(!response || response->body.size() <= kLimit, "a body is within the limit");
  require(!response || response->status >= 200, "an answer is final");
  // What is no HTTP may be refused sooner or later, as it is cut.
  const auto cut = read(text, 1);
  require(!cut || !response || cut == response, "one answer however it is cut");
  atp::fuzz::parse([&] {
    const auto url = atp::net::parse_url(text);
    const auto again = atp::net::parse_url(url.origin() + url.target);
    require(again.host == url.host && again.port == url.port, "a URL prints back: its host");
    require(again.target == url.target && again.tls == url.tls, "a URL prints back: the rest");
  });
  return 0;
}
