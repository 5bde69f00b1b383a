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

class TextSink final : public atp::ByteSink {
 public:
  void write(atp::ByteView bytes) override { text.append(atp::as_text(bytes)); }
  std::string text;
};

std::optional<atp::HttpResponse> read(std::string_view bytes, std::size_t step,
                                      atp::ByteSink* receive = nullptr) {
  std::optional<atp::HttpResponse> response;
  atp::fuzz::parse([&] {
    atp::net::ResponseReader reader("fuzz", kLimit, false, receive);
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
  TextSink sink;
  const auto passed = read(text, size, &sink);
  const bool is_good = response && response->status / 100 == 2;
  require(!is_good || (passed && passed->body.empty() && sink.text == response->body),
          "a body that goes past is the same");
  require(!passed || passed->body.size() <= kLimit, "another body is within the limit");
  atp::fuzz::parse([&] {
    const auto url = atp::net::parse_url(text);
    const auto again = atp::net::parse_url(url.origin() + url.target);
    require(again.host == url.host && again.port == url.port, "a URL prints back: its host");
    require(again.target == url.target && again.tls == url.tls, "a URL prints back: the rest");
  });
  return 0;
}
