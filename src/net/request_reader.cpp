// SPDX-License-Identifier: Apache-2.0
#include "net/request_reader.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "net/syntax.hpp"

namespace atp {
inline namespace v0 {
namespace net {
namespace {

constexpr std::size_t kRequestLineLimit = 4 << 10;
constexpr std::size_t kChunkSizeDigits = 8;
constexpr std::size_t kEndOfLine = 2;
constexpr int kBase16 = 16;

/// Headers that change who asks what, or where a request ends: two of them have two readings.
constexpr std::array<std::string_view, 5> kOnce = {"host", "authorization", "content-length",
                                                   "transfer-encoding", "expect"};

}  // namespace

RequestReader::RequestReader(const HttpLimits& limits) : limits_(limits) {}

void RequestReader::add(std::string_view bytes) {
  if (refused()) return;
  pending_.append(bytes);
  advance();
}

HttpRequest RequestReader::take() {
  HttpRequest request = std::exchange(request_, {});
  begin();
  advance();
  return request;
}

void RequestReader::begin() {
  part_ = Part::request_line;
  head_bytes_ = 0;
  old_version_ = keeps_alive_ = expects_continue_ = false;
}

void RequestReader::advance() {
  std::size_t used = 0;
  while (step(std::string_view(pending_).substr(used), used)) {
  }
  pending_.erase(0, refused() ? pending_.size() : used);
}

/// False where more must come, or nothing more is wanted.
bool RequestReader::step(std::string_view rest, std::size_t& used) {
  switch (part_) {
    case Part::whole:
    case Part::refused:
      return false;
    case Part::body:
    case Part::chunk:
      return step_body(rest, used);
    default:
      return step_line(rest, used);
  }
}

bool RequestReader::step_line(std::string_view rest, std::size_t& used) {
  for (; scanned_ < rest.size() && !refused(); ++scanned_) {
    const char c = rest[scanned_];
    const bool after_return = scanned_ > 0 && rest[scanned_ - 1] == '\r';
    if (scanned_ >= line_limit()) {
      refuse_long_line();
    } else if (after_return != (c == '\n')) {
      refuse(400, "expected CR LF at the end of a line");
    } else if (c == '\n') {
      const std::size_t size = std::exchange(scanned_, 0) + 1;
      if (in_head()) head_bytes_ += size;
      used += size;
      read_line(rest.substr(0, size - kEndOfLine));
      return true;
    }
  }
  return false;
}

bool RequestReader::step_body(std::string_view rest, std::size_t& used) {
  const std::size_t size = std::min<std::uint64_t>(body_left_, rest.size());
  request_.body.append(rest.substr(0, size));
  used += size;
  body_left_ -= size;
  if (body_left_ > 0) return false;
  part_ = part_ == Part::body ? Part::whole : Part::chunk_end;
  return true;
}

std::size_t RequestReader::line_limit() const {
  if (part_ == Part::request_line) return std::min(kRequestLineLimit, limits_.head_bytes);
  if (part_ == Part::fields) return limits_.head_bytes - head_bytes_;
  return kChunkSizeDigits + kEndOfLine;
}

void RequestReader::refuse_long_line() {
  if (part_ == Part::fields) return refuse(431, "expected a smaller head");
  refuse(400, part_ == Part::request_line ? "expected a shorter request line"
                                          : "expected a plain chunk");
}

void RequestReader::read_line(std::string_view line) {
  if (part_ == Part::request_line) return read_request_line(line);
  if (part_ == Part::fields) return line.empty() ? read_head_end() : read_field(line);
  if (part_ == Part::chunk_size) return read_chunk_size(line);
  if (!line.empty()) return refuse(400, "expected a plain chunk");
  part_ = part_ == Part::last_line ? Part::whole : Part::chunk_size;
}

void RequestReader::read_request_line(std::string_view line) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == last) return refuse(400, "expected a method, a target and a version");
  const std::string_view method = line.substr(0, first);
  const std::string_view target = line.substr(first + 1, last - first - 1);
  const std::string_view version = line.substr(last + 1);
  if (!is_token(method)) return refuse(400, "expected a method");
  if (!is_target(target)) return refuse(400, "expected a path as the target");
  if (version != "HTTP/1.1" && version != "HTTP/1.0") {
    return refuse(version.starts_with("HTTP/") ? 505 : 400, "expected HTTP/1.1");
  }
  old_version_ = version == "HTTP/1.0";
  request_.method = method;
  request_.target = target;
  part_ = Part::fields;
}

void RequestReader::read_field(std::string_view line) {
  const std::size_t colon = line.find(':');
  const std::string_view name = line.substr(0, colon);
  if (colon == line.npos || !is_token(name)) return refuse(400, "expected a header");
  const std::string_view value = trim(line.substr(colon + 1));
  if (!is_field_value(value)) return refuse(400, "expected no control characters");
  if (request_.headers.size() == limits_.headers) return refuse(431, "expected fewer headers");
  if (is_one_of(name, kOnce) && find_header(request_.headers, name) != nullptr) {
    return refuse(400, "expected a header once");
  }
  request_.headers.emplace_back(name, value);
}

void RequestReader::read_head_end() {
  const std::string* host = find_header(request_.headers, "host");
  if (host == nullptr || !parse_authority(*host)) return refuse(400, "expected a Host");
  const std::string* expectation = find_header(request_.headers, "expect");
  if (expectation != nullptr && !equal_ignoring_case(*expectation, "100-continue")) {
    return refuse(417, "expected no expectation");
  }
  keeps_alive_ = !old_version_;
  for (const auto& [name, value] : request_.headers) {
    if (equal_ignoring_case(name, "connection") && list_has(value, "close")) keeps_alive_ = false;
  }
  read_framing(find_header(request_.headers, "content-length"),
               find_header(request_.headers, "transfer-encoding"));
  expects_continue_ = expectation != nullptr && !old_version_ && !whole() && !refused();
}

void RequestReader::read_framing(const std::string* length, const std::string* encoding) {
  if (encoding != nullptr) {
    if (old_version_) return refuse(400, "expected no Transfer-Encoding in HTTP/1.0");
    if (length != nullptr) return refuse(400, "expected one length");
    if (*encoding != "chunked") return refuse(400, "expected the Transfer-Encoding chunked");
    part_ = Part::chunk_size;
  } else if (length != nullptr) {
    const auto size = parse_number(*length);
    if (!size) return refuse(400, "expected a Content-Length");
    expect_body(*size, Part::body);
  } else {
    part_ = Part::whole;
  }
}

void RequestReader::read_chunk_size(std::string_view line) {
  const auto size = parse_number(line, kBase16);
  if (!size) return refuse(400, "expected the size of a chunk");
  if (*size == 0) {
    part_ = Part::last_line;
  } else {
    expect_body(*size, Part::chunk);
  }
}

void RequestReader::expect_body(std::uint64_t size, Part part) {
  if (size > limits_.body_bytes - request_.body.size())
    return refuse(413, "expected a smaller body");
  body_left_ = size;
  part_ = size == 0 ? Part::whole : part;
}

void RequestReader::refuse(int status, std::string_view reason) {
  part_ = Part::refused;
  refusal_ = {.status = status, .reason = reason};
  keeps_alive_ = false;
}

}  // namespace net
}  // namespace v0
}  // namespace atp
