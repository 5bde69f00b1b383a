// SPDX-License-Identifier: Apache-2.0
/// A response from the bytes of a connection, for this layer's sources and tests only.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "atp/core/stream.hpp"
#include "atp/net/http.hpp"

namespace atp {
inline namespace v0 {
namespace net {

class ResponseReader {
 public:
  /// `subject` is what errors are about; `body_limit` counts bytes. An answer to HEAD has no body.
  /// The body of one of status 2xx goes to `receive`, where given, and has no limit then.
  ResponseReader(std::string subject, std::size_t body_limit, bool to_head,
                 ByteSink* receive = nullptr);
  ~ResponseReader();

  /// Takes bytes up to the end of the response; passes over those of status 1xx.
  /// Throws: unavailable for what is not HTTP (temporary) or over the limits (permanent).
  void add(std::string_view bytes);
  /// The connection has ended. Throws: unavailable (temporary) where the response has not.
  void end();
  bool whole() const;
  /// Whether its body goes past, as far as its head has come.
  bool passes() const;
  /// Whether it said that the connection goes on, and nothing came behind it. Once it is whole.
  bool goes_on() const;
  /// Once it is whole.
  HttpResponse take();

 private:
  class Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace net
}  // namespace v0
}  // namespace atp
