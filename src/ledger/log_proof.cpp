// SPDX-License-Identifier: Apache-2.0
#include "atp/ledger/log_proof.hpp"

#include <algorithm>

#include "atp/core/bytes.hpp"
#include "atp/core/error.hpp"
#include "ledger/lines.hpp"

namespace atp {
inline namespace v0 {
namespace {

constexpr std::string_view kFirstLine = "c2sp.org/tlog-proof@v1";
constexpr std::string_view kExtra = "extra ";
constexpr std::string_view kIndex = "index ";
constexpr std::size_t kPathLimit = 64;  // No tree is deeper.

class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}

  std::string_view next(std::string_view expected) {
    ++number_;
    const auto line = ledger::take_line(rest_);
    if (!line) refuse(expected, "the end");
    return *line;
  }
  std::string_view rest() const { return rest_; }

  [[noreturn]] void refuse(std::string_view expected, std::string_view found) const {
    throw Error(ErrorKind::corrupt, "proof",
                "line " + std::to_string(number_) + ": expected " + std::string(expected) +
                    ", found " + std::string(found));
  }

 private:
  std::string_view rest_;
  std::size_t number_ = 0;
};

Digest parse_hash(const Lines& lines, std::string_view line) {
  const auto bytes = from_base64(line);
  Digest digest;
  if (!bytes || bytes->size() != digest.bytes.size()) {
    lines.refuse("32 bytes in base64", "another line");
  }
  std::ranges::copy(*bytes, digest.bytes.begin());
  return digest;
}

}  // namespace

std::string format_log_proof(const LogProof& proof) {
  std::string text = std::string(kFirstLine) + "\n";
  if (!proof.extra.empty()) text += std::string(kExtra) + to_base64(as_bytes(proof.extra)) + "\n";
  text += std::string(kIndex) + std::to_string(proof.index) + "\n";
  for (const Digest& hash : proof.path) text += to_base64(hash.view()) + "\n";
  return text + "\n" + proof.checkpoint;
}

LogProof parse_log_proof(std::string_view text) {
  Lines lines(text);
  LogProof proof{.index = 0};
  if (text.size() > kLogProofLimit) lines.refuse("at most 64 MiB", "more");
  if (lines.next(kFirstLine) != kFirstLine) lines.refuse(kFirstLine, "another line");
  std::string_view line = lines.next("`extra` or `index`");
  if (line.starts_with(kExtra)) {
    const auto extra = from_base64(line.substr(kExtra.size()));
    if (!extra || extra->empty()) lines.refuse("`extra` and base64", "another line");
    proof.extra = as_text(*extra);
    line = lines.next("`index`");
  }
  const auto index =
      line.starts_with(kIndex) ? ledger::parse_decimal(line.substr(kIndex.size())) : std::nullopt;
  if (!index) lines.refuse("`index` and a number without leading zeros", "another line");
  proof.index = *index;
  while (!(line = lines.next("a hash, or an empty line")).empty()) {
    if (proof.path.size() == kPathLimit) lines.refuse("at most 64 hashes", "another");
    proof.path.push_back(parse_hash(lines, line));
  }
  proof.checkpoint = lines.rest();
  return proof;
}

}  // namespace v0
}  // namespace atp
