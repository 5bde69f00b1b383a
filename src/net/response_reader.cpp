// SPDX-License-Identifier: Apache-2.0
#include "net/response_reader.hpp"

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <optional>

#include "atp/core/error.hpp"

namespace atp {
inline namespace v0 {
namespace net {
namespace {

namespace http = boost::beast::http;

constexpr std::uint32_t kHeadLimit = 64 << 10;
/// Of bytes that only make sense with those that come after them: a head, or the line of a chunk.
constexpr std::size_t kPendingLimit = kHeadLimit + 4096;
/// What every chunked body ends with. Beast 1.81 asserts where it sees a part of it first.
constexpr std::size_t kLastChunk = 5;
constexpr int kMostInterim = 16;
constexpr unsigned kSwitchingProtocols = 101;

}  // namespace

class ResponseReader::Parser {
 public:
  Parser(std::string subject, std::size_t body_limit, bool to_head)
      : subject_(std::move(subject)), body_limit_(body_limit), to_head_(to_head) {
    begin();
  }

  void add(std::string_view bytes) {
    pending_.append(bytes);
    std::size_t used = 0;
    while (!whole() && pending_.size() - used >= least()) {
      boost::beast::error_code error;
      const std::size_t taken =
          parser_->put(boost::asio::buffer(pending_.data() + used, pending_.size() - used), error);
      used += taken;
      if (error && error != http::error::need_more) fail(error);
      if (parser_->is_done()) pass_over_interim();
      if (taken == 0) break;
    }
    pending_.erase(0, used);
    if (pending_.size() > kPendingLimit && !whole()) fail(http::error::header_limit);
  }

  void end() {
    boost::beast::error_code error;
    if (!whole() && parser_->got_some()) parser_->put_eof(error);
    if (error || !whole()) unavailable("an answer", "a connection that ended before it did");
    require_final();
  }

  bool whole() const { return parser_->is_done(); }

  HttpResponse take() {
    auto message = parser_->release();
    HttpResponse response{.status = static_cast<int>(message.result_int()),
                          .body = std::move(message.body())};
    for (const auto& field : message) {
      response.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
    }
    return response;
  }

 private:
  void begin() {
    parser_.emplace();
    parser_->eager(true);
    parser_->header_limit(kHeadLimit);
    parser_->body_limit(body_limit_);
    parser_->skip(to_head_);
  }

  /// So many bytes are worth a look.
  std::size_t least() const {
    return parser_->is_header_done() && parser_->chunked() ? kLastChunk : 1;
  }

  void pass_over_interim() {
    const unsigned status = parser_->get().result_int();
    const bool interim = status >= 100 && status < 200 && status != kSwitchingProtocols;
    if (!interim || ++interim_ > kMostInterim) return require_final();
    begin();
  }

  void require_final() const {
    const unsigned status = parser_->get().result_int();
    if (status < 200) unavailable("an answer", "status " + std::to_string(status));
  }

  [[noreturn]] void fail(const boost::beast::error_code& error) const {
    if (error == http::error::body_limit) too_large("body", body_limit_);
    if (error == http::error::header_limit) too_large("head", kHeadLimit);
    unavailable("an answer in HTTP/1.1", error.message());
  }

  [[noreturn]] void too_large(const std::string& part, std::size_t limit) const {
    throw Error(
        ErrorKind::unavailable, subject_,
        "expected a " + part + " of at most " + std::to_string(limit) + " bytes, found more");
  }

  [[noreturn]] void unavailable(const std::string& expected, const std::string& found) const {
    throw Error(ErrorKind::unavailable, subject_, "expected " + expected + ", found: " + found,
                Error::Retry::temporary);
  }

  const std::string subject_;
  const std::size_t body_limit_;
  const bool to_head_;
  std::optional<http::response_parser<http::string_body>> parser_;
  std::string pending_;
  int interim_ = 0;
};

ResponseReader::ResponseReader(std::string subject, std::size_t body_limit, bool to_head)
    : parser_(std::make_unique<Parser>(std::move(subject), body_limit, to_head)) {}
ResponseReader::~ResponseReader() = default;
void ResponseReader::add(std::string_view bytes) { parser_->add(bytes); }
void ResponseReader::end() { parser_->end(); }
bool ResponseReader::whole() const { return parser_->whole(); }
HttpResponse ResponseReader::take() { return parser_->take(); }

}  // namespace net
}  // namespace v0
}  // namespace atp
