// SPDX-License-Identifier: Apache-2.0
/// Requests from the bytes of a connection, as strictly as `HttpServer` says; for this layer's
/// sources and tests only. What it says of bytes does not hang on how they were cut.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "atp/net/http_server.hpp"

namespace atp {
inline namespace v0 {
namespace net {

/// Why a request is not read, as the answer says it.
struct Refusal {
  int status = 0;
  std::string_view reason{};
};

class RequestReader {
 public:
  explicit RequestReader(const HttpLimits& limits);

  /// Takes bytes; those after the end of a request wait for the next.
  void add(std::string_view bytes);

  /// Nothing of a request has come.
  bool idle() const { return part_ == Part::request_line && pending_.empty(); }
  bool in_head() const { return part_ == Part::request_line || part_ == Part::fields; }
  bool whole() const { return part_ == Part::whole; }
  bool refused() const { return part_ == Part::refused; }
  const Refusal& refusal() const { return refusal_; }
  /// Of the request that is being read: the sender waits for a 100; the connection may stay.
  bool expects_continue() const { return expects_continue_; }
  bool keeps_alive() const { return keeps_alive_; }

  /// The request that is whole; begins the next.
  HttpRequest take();

 private:
  enum class Part {
    request_line,
    fields,
    body,  ///< Of known length.
    chunk_size,
    chunk,
    chunk_end,
    last_line,  ///< After the last chunk.
    whole,
    refused,
  };

  void begin();
  void advance();
  bool step(std::string_view rest, std::size_t& used);
  bool step_line(std::string_view rest, std::size_t& used);
  bool step_body(std::string_view rest, std::size_t& used);
  void read_line(std::string_view line);
  void read_request_line(std::string_view line);
  void read_field(std::string_view line);
  void read_head_end();
  void read_framing(const std::string* length, const std::string* encoding);
  void read_chunk_size(std::string_view line);
  void expect_body(std::uint64_t size, Part part);
  std::size_t line_limit() const;
  void refuse(int status, std::string_view reason);
  void refuse_long_line();

  const HttpLimits limits_;
  std::string pending_;      ///< Not yet read.
  std::size_t scanned_ = 0;  ///< Bytes of it that are known to have no end of line.
  Part part_ = Part::request_line;
  Refusal refusal_;
  HttpRequest request_;
  std::size_t head_bytes_ = 0;
  bool old_version_ = false;  ///< HTTP/1.0
  bool keeps_alive_ = false;
  bool expects_continue_ = false;
  std::uint64_t body_left_ = 0;  ///< Of the body or the chunk.
};

}  // namespace net
}  // namespace v0
}  // namespace atp
