// SPDX-License-Identifier: Apache-2.0
#include "net/response_reader.hpp"

#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/http/parser.hpp>
#include <functional>
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

/// A body of Beast's that goes to a sink or into a text, as its status says.
struct PassingBody {
  struct value_type {
    std::string text = {};
    std::size_t limit = 0;
    ByteSink* sink = nullptr;
    std::uint64_t size = 0;  ///< Of what has come.
  };

  class reader {
   public:
    template <bool IsRequest, class Fields>
    reader(http::header<IsRequest, Fields>& header, value_type& body)
        : status_([&header] { return header.result_int(); }), body_(body) {}

    void init(const boost::optional<std::uint64_t>&, boost::beast::error_code& error) {
      error = {};
    }

    template <class Buffers>
    std::size_t put(const Buffers& buffers, boost::beast::error_code& error) {
      error = {};
      std::size_t taken = 0;
      for (const boost::asio::const_buffer buffer : boost::beast::buffers_range_ref(buffers)) {
        const std::string_view bytes(static_cast<const char*>(buffer.data()), buffer.size());
        body_.size += bytes.size();
        if (body_.sink != nullptr && status_() / 100 == 2) {
          body_.sink->write(as_bytes(bytes));
        } else if (body_.text.size() + bytes.size() > body_.limit) {
          error = http::error::body_limit;
          return taken;
        } else {
          body_.text.append(bytes);
        }
        taken += bytes.size();
      }
      return taken;
    }

    void finish(boost::beast::error_code& error) { error = {}; }

   private:
    std::function<unsigned()> status_;
    value_type& body_;
  };
};

}  // namespace

class ResponseReader::Parser {
 public:
  Parser(std::string subject, std::size_t body_limit, bool to_head, ByteSink* receive)
      : subject_(std::move(subject)),
        body_limit_(body_limit),
        to_head_(to_head),
        receive_(receive) {
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
      framing_ += taken;
      if (error && error != http::error::need_more) fail(error);
      require_little_framing();
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
  bool passes() const {
    return receive_ != nullptr && parser_->is_header_done() &&
           parser_->get().result_int() / 100 == 2;
  }
  bool goes_on() const { return parser_->keep_alive() && pending_.empty(); }

  HttpResponse take() {
    auto message = parser_->release();
    HttpResponse response{.status = static_cast<int>(message.result_int()),
                          .body = std::move(message.body().text)};
    for (const auto& field : message) {
      response.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
    }
    return response;
  }

 private:
  void begin() {
    parser_.emplace();
    framing_ = 0;
    parser_->eager(true);
    parser_->header_limit(kHeadLimit);
    parser_->get().body().limit = body_limit_;
    parser_->get().body().sink = receive_;
    if (receive_ == nullptr) {
      parser_->body_limit(body_limit_);  // Seen from the head on.
    } else {
      parser_->body_limit(boost::none);
    }
    parser_->skip(to_head_);
  }

  /// Beast's own limit counts what is given at once. Lines of chunks are shorter than the chunks.
  void require_little_framing() const {
    const std::uint64_t body = parser_->get().body().size;
    if (framing_ > kHeadLimit + 2 * body) fail(http::error::header_limit);
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
  ByteSink* const receive_;
  std::optional<http::response_parser<PassingBody>> parser_;
  std::string pending_;
  std::uint64_t framing_ = 0;  ///< Bytes of the message, its body's among them.
  int interim_ = 0;
};

ResponseReader::ResponseReader(std::string subject, std::size_t body_limit, bool to_head,
                               ByteSink* receive)
    : parser_(std::make_unique<Parser>(std::move(subject), body_limit, to_head, receive)) {}
ResponseReader::~ResponseReader() = default;
void ResponseReader::add(std::string_view bytes) { parser_->add(bytes); }
void ResponseReader::end() { parser_->end(); }
bool ResponseReader::whole() const { return parser_->whole(); }
bool ResponseReader::passes() const { return parser_->passes(); }
bool ResponseReader::goes_on() const { return parser_->goes_on(); }
HttpResponse ResponseReader::take() { return parser_->take(); }

}  // namespace net
}  // namespace v0
}  // namespace atp
