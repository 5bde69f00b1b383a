// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "atp/core/error.hpp"
#include "atp/crypto/age.hpp"
#include "crypto/bech32.hpp"
#include "crypto/primitives.hpp"

namespace atp {
inline namespace v0 {
namespace age {
namespace {

using crypto::LetterCase;

constexpr std::string_view kRecipientPrefix = "age";
constexpr std::string_view kIdentityPrefix = "AGE-SECRET-KEY-";
constexpr std::string_view kHybridIdentityPrefix = "AGE-SECRET-KEY-PQ-";

[[noreturn]] void refuse_identity(const char* message) {
  throw Error(ErrorKind::invalid_argument, "age identity", message);
}

}  // namespace

Recipient Recipient::parse(std::string_view text) {
  const auto key = crypto::bech32_decode(kRecipientPrefix, LetterCase::lower, text);
  if (!key)
    throw Error(ErrorKind::invalid_argument, "age recipient",
                "expected age1 and 58 bech32 digits, found " + std::to_string(text.size()) +
                    " other bytes");
  std::array<std::byte, 32> point;
  std::ranges::copy(key->view(), point.begin());
  return Recipient(point);
}

std::string Recipient::str() const {
  return std::string(crypto::bech32_encode(kRecipientPrefix, LetterCase::lower, point_).text());
}

Identity::Identity(SecretBytes scalar)
    : scalar_(std::move(scalar)), recipient_(crypto::x25519_base(scalar_.view())) {}

Identity Identity::parse(std::string_view text) {
  if (text.starts_with(kHybridIdentityPrefix))
    throw Error(ErrorKind::unsupported, "age identity",
                "expected an X25519 identity, found a post-quantum one");
  auto key = crypto::bech32_decode(kIdentityPrefix, LetterCase::upper, text);
  if (!key) refuse_identity("expected AGE-SECRET-KEY-1 and 58 bech32 digits, found other text");
  return Identity(*std::move(key));
}

Identity Identity::generate(Random& random) {
  SecretBytes scalar(32);
  random.fill(scalar.mutable_view());
  return Identity(std::move(scalar));
}

Identity Identity::parse_file(std::string_view contents) {
  std::optional<Identity> found;
  while (!contents.empty()) {
    const std::size_t end = std::min(contents.find('\n'), contents.size());
    std::string_view line = contents.substr(0, end);
    contents.remove_prefix(std::min(end + 1, contents.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line.starts_with('#')) continue;
    if (found) refuse_identity("expected one identity in the file, found more lines");
    found = parse(line);
  }
  if (!found) refuse_identity("expected one identity in the file, found none");
  return *std::move(found);
}

SecretBytes Identity::str() const {
  return crypto::bech32_encode(kIdentityPrefix, LetterCase::upper, scalar_.view());
}

SecretBytes Identity::file() const {
  const SecretBytes text = str();
  SecretBytes line(text.size() + 1);
  std::copy(text.view().begin(), text.view().end(), line.mutable_view().begin());
  line.mutable_view().back() = std::byte{'\n'};
  return line;
}

}  // namespace age
}  // namespace v0
}  // namespace atp
