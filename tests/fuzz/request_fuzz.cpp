// SPDX-License-Identifier: Apache-2.0
// Requests at the gate: whole, by the byte, and read by another parser.
// covers: src/net/request_reader.cpp src/net/syntax.cpp
#include <algorithm>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cctype>
#include <optional>
#include <string>
#include <vector>

#include "fuzz.hpp"
#include "net/request_reader.hpp"

using atp::fuzz::require;
namespace http = boost::beast::http;

namespace {

atp::HttpLimits limits() {
  atp::HttpLimits small;
  small.body_bytes = 1000;
  small.headers = 8;
  return small;
}

struct Outcome {
  int status = 0;
  std::vector<atp::HttpRequest> requests = {};
  std::vector<bool> kept;
};

Outcome read(std::string_view bytes, std::size_t step) {
  atp::net::RequestReader reader(limits());
  Outcome outcome;
  for (; !bytes.empty() && !reader.refused(); bytes.remove_prefix(std::min(step, bytes.size()))) {
    reader.add(bytes.substr(0, step));
    while (reader.whole()) {
      outcome.kept.push_back(reader.keeps_alive());
      outcome.requests.push_back(reader.take());
    }
  }
  outcome.status = reader.refused() ? reader.refusal().status : 0;
  return outcome;
}

std::string bytes_of(const atp::HttpRequest& request) {
  std::string bytes = request.method + ' ' + request.target + " HTTP/1.1\r\n";
  for (const auto& [name, value] : request.headers) {
    if (name.size() != std::string_view("transfer-encoding").size() || value != "chunked") {
      bytes += name + ": " + value + "\r\n";
    }
  }
  const bool counted = atp::find_header(request.headers, "content-length") != nullptr;
  if (!counted && !request.body.empty())
    bytes += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  return bytes + "\r\n" + request.body;
}

/// By name: Beast puts those of one name together.
atp::HttpHeaders grouped(atp::HttpHeaders headers) {
  std::stable_sort(headers.begin(), headers.end(), [](const auto& a, const auto& b) {
    return std::lexicographical_compare(
        a.first.begin(), a.first.end(), b.first.begin(), b.first.end(),
        [](char x, char y) { return std::tolower(x) < std::tolower(y); });
  });
  return headers;
}

/// What Beast reads where the gate has read `request`: the same. How many bytes it took, or none
/// where it refuses, which is no second reading.
std::optional<std::size_t> beast_agrees(std::string_view bytes, const atp::HttpRequest& request) {
  http::request_parser<http::string_body> parser;
  parser.eager(true);
  boost::beast::error_code error;
  std::size_t used = 0;
  while (!parser.is_done() && !error && used < bytes.size()) {
    used += parser.put(boost::asio::buffer(bytes.data() + used, bytes.size() - used), error);
  }
  if (error) return std::nullopt;
  require(parser.is_done(), "the same end");
  const auto& other = parser.get();
  require(other.method_string() == request.method, "the same method");
  require(other.target() == request.target, "the same target");
  require(other.body() == request.body, "the same body");
  atp::HttpHeaders headers;
  for (const auto& field : other) headers.emplace_back(field.name_string(), field.value());
  require(grouped(headers) == grouped(request.headers), "the same headers");
  return used;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes = atp::as_text(atp::fuzz::input(data, size));
  const Outcome whole = read(bytes, size);
  for (const std::size_t step : {1, 3}) {
    const Outcome cut = read(bytes, step);
    require(cut.status == whole.status, "the same refusal however it is cut");
    require(cut.requests == whole.requests && cut.kept == whole.kept, "the same requests");
  }
  for (const atp::HttpRequest& request : whole.requests) {
    const Outcome again = read(bytes_of(request), size + 100);
    require(again.status == 0 && again.requests.size() == 1, "what was read prints back");
    require(again.requests[0].body == request.body, "with the same body");
  }
  for (const atp::HttpRequest& request : whole.requests) {
    const auto used = beast_agrees(bytes, request);
    if (!used) break;
    bytes.remove_prefix(*used);
  }
  return 0;
}
