// SPDX-License-Identifier: Apache-2.0
#include "crypto/age_header.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

#include "atp/core/error.hpp"
#include "crypto/primitives.hpp"

namespace atp {
inline namespace v0 {
namespace age {
namespace {

constexpr std::string_view kVersion = "age-encryption.org/v1";
constexpr std::string_view kAnyVersion = "age-encryption.org/v";
constexpr std::string_view kStanza = "-> ";
constexpr std::string_view kEnd = "---";
constexpr std::string_view kX25519 = "X25519";
constexpr std::string_view kScrypt = "scrypt";
constexpr std::string_view kHybrid = "mlkem768x25519";
constexpr std::size_t kColumns = 64;
constexpr std::size_t kSaltSize = 16;

struct Stanza {
  std::vector<std::string_view> words;
  Bytes body = {};
};

[[noreturn]] void refuse(const std::string& message) {
  throw Error(ErrorKind::corrupt, "age header", message);
}

std::string base64(ByteView bytes) {
  std::string text = to_base64(bytes);
  text.erase(std::min(text.find('='), text.size()));
  return text;
}

/// Base64 without padding, in its one encoding.
Bytes parse_base64(std::string_view text) {
  if (text.find('=') != text.npos) refuse("expected base64 without padding, found padding");
  std::string padded(text);
  padded.resize((text.size() + 3) / 4 * 4, '=');
  std::optional<Bytes> bytes = from_base64(padded);
  if (!bytes) refuse("expected canonical base64, found other text");
  return *std::move(bytes);
}

template <std::size_t N>
std::array<std::byte, N> parse_array(ByteView bytes, const char* what) {
  if (bytes.size() != N)
    refuse("expected " + std::to_string(N) + " bytes of " + what + ", found " +
           std::to_string(bytes.size()));
  std::array<std::byte, N> array;
  std::ranges::copy(bytes, array.begin());
  return array;
}

class Lines {
 public:
  explicit Lines(std::string_view text) : text_(text) {}

  std::string_view next() {
    const std::size_t end = text_.find('\n', position_);
    if (end == text_.npos) refuse("expected a whole header, found one that is cut or too long");
    const std::string_view line = text_.substr(position_, end - position_);
    position_ = end + 1;
    return line;
  }
  std::size_t position() const { return position_; }

 private:
  std::string_view text_;
  std::size_t position_ = 0;
};

bool is_number(std::string_view text) {
  return !text.empty() && text.front() != '0' &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

void check_version(std::string_view line) {
  if (line == kVersion) return;
  if (line.starts_with(kAnyVersion) && is_number(line.substr(kAnyVersion.size())))
    throw Error(ErrorKind::unsupported, "age header", "expected version 1, found another");
  refuse("expected " + std::string(kVersion) + " in the first line, found other text");
}

std::vector<std::string_view> parse_words(std::string_view line) {
  if (!line.starts_with(kStanza)) refuse("expected a stanza, found another line");
  line.remove_prefix(kStanza.size());
  std::vector<std::string_view> words;
  for (bool more = true; more;) {
    const std::size_t end = std::min(line.find(' '), line.size());
    more = end < line.size();
    words.push_back(line.substr(0, end));
    line.remove_prefix(more ? end + 1 : end);
    if (words.back().empty()) refuse("expected an argument, found an empty one");
    if (!std::ranges::all_of(words.back(), [](char c) { return c > ' ' && c < 127; }))
      refuse("expected printable arguments, found another byte");
  }
  return words;
}

Stanza parse_stanza(std::string_view line, Lines& lines) {
  Stanza stanza{.words = parse_words(line)};
  std::string body;
  std::string_view piece;
  do {
    piece = lines.next();
    if (piece.size() > kColumns) refuse("expected lines of 64 columns, found a longer one");
    body += piece;
  } while (piece.size() == kColumns);
  stanza.body = parse_base64(body);
  return stanza;
}

X25519Stanza parse_x25519(const Stanza& stanza) {
  if (stanza.words.size() != 2) refuse("expected one argument of an X25519 stanza");
  return {.share = parse_array<32>(parse_base64(stanza.words[1]), "share"),
          .wrapped = parse_array<kWrappedSize>(stanza.body, "wrapped file key")};
}

ScryptStanza parse_scrypt(const Stanza& stanza) {
  if (stanza.words.size() != 3) refuse("expected two arguments of a scrypt stanza");
  Bytes salt = parse_base64(stanza.words[1]);
  if (salt.size() != kSaltSize)
    refuse("expected 16 bytes of salt, found " + std::to_string(salt.size()));
  const std::string_view digits = stanza.words[2];
  if (!is_number(digits)) refuse("expected a decimal work factor, found other text");
  unsigned work_factor = std::numeric_limits<unsigned>::max();
  std::from_chars(digits.data(), digits.data() + digits.size(), work_factor);
  return {.salt = std::move(salt),
          .work_factor = work_factor,
          .wrapped = parse_array<kWrappedSize>(stanza.body, "wrapped file key")};
}

void add_stanza(Header& header, const Stanza& stanza) {
  const std::string_view type = stanza.words.front();
  if (type == kX25519) header.x25519.push_back(parse_x25519(stanza));
  if (type == kScrypt) header.scrypt = parse_scrypt(stanza);
  if (type == kHybrid) header.hybrid = true;
}

Bytes parse_mac(std::string_view line) {
  if (line.size() <= kEnd.size() || line[kEnd.size()] != ' ')
    refuse("expected a mac after ---, found none");
  Bytes mac = parse_base64(line.substr(kEnd.size() + 1));
  if (mac.size() != 32) refuse("expected 32 bytes of mac, found " + std::to_string(mac.size()));
  return mac;
}

/// The body of a stanza.
std::string wrap(const SecretBytes& wrap_key, const SecretBytes& file_key) {
  constexpr std::array<std::byte, 12> nonce{};
  std::array<std::byte, kWrappedSize> wrapped;
  crypto::ChaCha20Poly1305(wrap_key.view()).seal(nonce, file_key.view(), wrapped);
  return base64(wrapped) + '\n';
}

std::string write_stanza(const SecretBytes& file_key, const Recipient& recipient, Random& random) {
  SecretBytes ephemeral(32);
  random.fill(ephemeral.mutable_view());
  const std::array<std::byte, 32> share = crypto::x25519_base(ephemeral.view());
  const auto shared = crypto::x25519(ephemeral.view(), recipient.point());
  if (!shared)
    throw Error(ErrorKind::invalid_argument, recipient.str(),
                "expected a recipient of high order, found one of low order");
  return std::string(kStanza) + std::string(kX25519) + ' ' + base64(share) + '\n' +
         wrap(x25519_wrap_key(*shared, share, recipient), file_key);
}

std::string write_mac(std::string header, const SecretBytes& file_key) {
  header += kEnd;
  const Digest mac = header_mac(file_key, as_bytes(header));
  return header + ' ' + base64(mac.view()) + '\n';
}

}  // namespace

Header parse_header(ByteView prefix) {
  const std::string_view text = as_text(prefix.first(std::min(prefix.size(), kHeaderLimit)));
  Lines lines(text);
  check_version(lines.next());
  Header header;
  std::size_t stanzas = 0;
  std::size_t start = lines.position();
  std::string_view line = lines.next();
  for (; !line.starts_with(kEnd); line = lines.next()) {
    add_stanza(header, parse_stanza(line, lines));
    ++stanzas;
    start = lines.position();
  }
  if (stanzas == 0) refuse("expected a stanza, found none");
  if (header.scrypt && stanzas != 1) refuse("expected a scrypt stanza to be alone, found others");
  header.authenticated = prefix.first(start + kEnd.size());
  header.mac = parse_mac(line);
  header.size = lines.position();
  return header;
}

std::string write_header(const SecretBytes& file_key, std::span<const Recipient> recipients,
                         Random& random) {
  std::string header = std::string(kVersion) + '\n';
  for (const Recipient& recipient : recipients) header += write_stanza(file_key, recipient, random);
  return write_mac(std::move(header), file_key);
}

std::string write_header(const SecretBytes& file_key, const SecretBytes& passphrase,
                         unsigned work_factor, Random& random) {
  std::array<std::byte, kSaltSize> salt;
  random.fill(salt);
  const std::string stanza = std::string(kVersion) + '\n' + std::string(kStanza) +
                             std::string(kScrypt) + ' ' + base64(salt) + ' ' +
                             std::to_string(work_factor) + '\n' +
                             wrap(scrypt_wrap_key(passphrase, salt, work_factor), file_key);
  return write_mac(stanza, file_key);
}

Digest header_mac(const SecretBytes& file_key, ByteView authenticated) {
  const SecretBytes key = crypto::hkdf_sha256(file_key.view(), {}, as_bytes("header"), 32);
  return crypto::hmac_sha256(key.view(), authenticated);
}

SecretBytes scrypt_wrap_key(const SecretBytes& passphrase, ByteView salt, unsigned work_factor) {
  Bytes labelled = to_bytes("age-encryption.org/v1/scrypt");
  labelled.insert(labelled.end(), salt.begin(), salt.end());
  return crypto::scrypt(passphrase.view(), labelled, work_factor);
}

SecretBytes x25519_wrap_key(const SecretBytes& shared, ByteView share, const Recipient& recipient) {
  std::array<std::byte, 64> salt;
  const auto middle = std::ranges::copy(share, salt.begin()).out;
  std::ranges::copy(recipient.point(), middle);
  return crypto::hkdf_sha256(shared.view(), salt, as_bytes("age-encryption.org/v1/X25519"), 32);
}

}  // namespace age
}  // namespace v0
}  // namespace atp
