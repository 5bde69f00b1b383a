// SPDX-License-Identifier: Apache-2.0
// The age envelope: its header as it comes and behind its MAC; its payload cut, changed and in
// another order, which must never open to other bytes.
// covers: src/crypto/age.cpp src/crypto/age_header.cpp
#include <algorithm>
#include <string>

#include "atp/crypto/age.hpp"
#include "crypto/age_header.hpp"
#include "fuzz.hpp"
#include "support/sequence_random.hpp"

using atp::Bytes;
using atp::ByteView;
using atp::fuzz::parse;
using atp::fuzz::require;

namespace {

namespace age = atp::age;

const age::Identity& identity() {
  static const age::Identity made = [] {
    atp::test::SequenceRandom random;
    return age::Identity::generate(random);
  }();
  return made;
}

std::span<const age::Identity> identities() { return {&identity(), 1}; }

Bytes join(ByteView a, ByteView b) {
  Bytes joined(a.begin(), a.end());
  joined.insert(joined.end(), b.begin(), b.end());
  return joined;
}

void check_any_file(ByteView file) {
  parse([&] { age::open_header(file, identities()); });
  parse([&] { age::decrypt(file, identities()); });
  const atp::SecretBytes passphrase(atp::as_bytes("a passphrase"));
  parse([&] { age::decrypt_with_passphrase(file, passphrase, 4); });
}

/// The input's stanzas before one that opens, under the MAC of its file key.
void check_behind_mac(ByteView stanzas) {
  atp::test::SequenceRandom random(2);
  const age::Recipient recipient = identity().recipient();
  atp::SecretBytes file_key(age::kFileKeySize);
  const std::string own = age::write_header(file_key, {&recipient, 1}, random);
  const std::size_t version_end = own.find('\n') + 1;
  const std::size_t mac = own.find("---") + 3;
  const std::string authenticated = own.substr(0, version_end) +
                                    std::string(atp::as_text(stanzas)) +
                                    own.substr(version_end, mac - version_end);
  const atp::Digest digest = age::header_mac(file_key, atp::as_bytes(authenticated));
  std::string base64 = atp::to_base64(digest.view());
  base64.resize(base64.find('='));
  const std::string header =
      authenticated + " " + base64 + "\n" + std::string(age::kNonceSize, 'n');
  const age::Opened opened = age::open_header(atp::as_bytes(header), identities());
  require(opened.payload_offset() == header.size(), "the payload begins behind header and nonce");
}

/// A file of `plain`, with its payload changed as the first bytes of the input say.
void check_payload(ByteView input) {
  const ByteView orders = input.first(std::min<std::size_t>(input.size(), 8));
  const std::size_t filler = orders.size() > 6 ? std::to_integer<std::size_t>(orders[6]) * 700 : 0;
  const Bytes plain = join(input, Bytes(filler));
  atp::test::SequenceRandom random(3);
  const age::Recipient recipient = identity().recipient();
  const Bytes sound = age::encrypt(plain, {&recipient, 1}, random);
  Bytes file = sound;
  for (std::size_t i = 0; i + 1 < orders.size(); i += 2) {
    const std::size_t at = std::to_integer<std::size_t>(orders[i + 1]) * file.size() / 256;
    const unsigned order = std::to_integer<unsigned>(orders[i]);
    if (file.empty()) break;
    if (order % 4 == 1) file[at] ^= std::byte{1};
    if (order % 4 == 2) file.resize(at);
    if (order % 4 == 3)
      std::rotate(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(at), file.end());
  }
  bool opened = false;
  parse([&] {
    const atp::SecretBytes found = age::decrypt(file, identities());
    opened = true;
    require(std::ranges::equal(found.view(), plain), "only what was sealed comes out");
  });
  require(opened == (file == sound), "exactly the file that was written opens");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input = atp::fuzz::input(data, size);
  check_any_file(input);
  parse([&] { check_behind_mac(input); });
  check_payload(input);
  parse([&] {
    const std::uint64_t plain = age::plain_size(size * 997);
    require(plain <= size * 997, "a payload is no smaller than what it holds");
  });
  return 0;
}
