// SPDX-License-Identifier: Apache-2.0
// Time-stamp replies: nothing but the two tokens that the authority signed is ever accepted, and
// what is put beside the certificates of one changes nothing.
// covers: src/crypto/timestamp.cpp src/crypto/timestamp_token.cpp
// covers: src/crypto/timestamp_signature.cpp src/crypto/timestamp_chain.cpp
#include "atp/crypto/sha256.hpp"
#include "atp/crypto/timestamp.hpp"
#include "fuzz.hpp"

using atp::Bytes;
using atp::ByteView;
using atp::CheckedTimestamp;
using atp::TimestampState;
using atp::fuzz::require;

namespace {

// Made once with `openssl ts`; the keys are gone. The root, and what its time-stamp of the corpus's
// `good` has before the certificates, as certificates, and behind them.
constexpr std::string_view kRoot =
    "MIIBYTCCAQigAwIBAgIUI27JIOOrcfNudgFglzjhUvoRhtswCgYIKoZIzj0EAwIwDzENMAsGA1UEAwwEcm9vdDAeFw0y"
    "NTAxMDEwMDAwMDBaFw00ODAxMDEwMDAwMDBaMA8xDTALBgNVBAMMBHJvb3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC"
    "AATt+DU0Mh+JfXI0lollHMdL25jPC40mdXRmIghny9l+nGiGDCXIsGItzNwpRU7C9PFmzGnwGHjZGyzxPSkGOJlwo0Iw"
    "QDAPBgNVHRMBAf8EBTADAQH/MA4GA1UdDwEB/wQEAwICBDAdBgNVHQ4EFgQU5MMBdhJ8GajsA0qLSkzrdxwqbn8wCgYI"
    "KoZIzj0EAwIDRwAwRAIgcIk5TTtyi040+p5XwpcCz+GjxipotRbh5Jq5fYopLyICIB9VJHogB2jTpMDNbXplj6Xant1b"
    "nZhX29KYNxmS5XbB";
constexpr std::string_view kContent =
    "AgEDMQ8wDQYJYIZIAWUDBAIBBQAwgZQGCyqGSIb3DQEJEAEEoIGEBIGBMH8CAQEGCSsGAQQBho0fATAxMA0GCWCGSAFl"
    "AwQCAQUABCAduOrlDR2h4UPtXlZKfIbeWv/n1ji5nyTy+7y2hOboagIBARgTMjAyNjExMjYwOTM0MjYuNTk1WjADAgEB"
    "AQH/AghJHdF77pFpxqASpBAwDjEMMAoGA1UEAwwDdHNh";
constexpr std::string_view kCertificates =
    "MIIBeDCCAR2gAwIBAgIUFFi9hnv83F0vTpOMkdLSupf68w8wCgYIKoZIzj0EAwIwDTELMAkGA1UEAwwCY2EwHhcNMjUw"
    "MTAxMDAwMDAwWhcNNDgwMTAxMDAwMDAwWjAOMQwwCgYDVQQDDAN0c2EwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQT"
    "SyDB5EWk3tMIgcvWFwbYG7wKHnoTcfCAEMfQg6LCRlCVy+FsebkAxZeBfXMO8yNU+ssudgjJZsp9UuMlac47o1owWDAW"
    "BgNVHSUBAf8EDDAKBggrBgEFBQcDCDAdBgNVHQ4EFgQUC/FPe+oz+Oj6oL6M6+caJCDhCsYwHwYDVR0jBBgwFoAUfEKZ"
    "d8/wD7dsaSr3Qyg1CZSKIpEwCgYIKoZIzj0EAwIDSQAwRgIhAIjwG35cauQbqYEQJL1oJ3fKJ7s3LhMRjVrI0F6xBaC+"
    "AiEAnWlAuxad1CJKlbUh3f8RFevFlJWMs3I8wDW27a6bYQ0wggGCMIIBJ6ADAgECAhRgFF6CkIt0Lf6Ow5t4FG/HX520"
    "vDAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDDARyb290MB4XDTI1MDEwMTAwMDAwMFoXDTQ4MDEwMTAwMDAwMFowDTELMAkG"
    "A1UEAwwCY2EwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARPBNgCl+U1UY8jQjKkLP6VNGb1QIkwi4z928m/AL+2WOxM"
    "uvyQHdCy9BEZSSwp4GBbo+ghHuonRNND7aiiaidso2MwYTAPBgNVHRMBAf8EBTADAQH/MA4GA1UdDwEB/wQEAwICBDAd"
    "BgNVHQ4EFgQUfEKZd8/wD7dsaSr3Qyg1CZSKIpEwHwYDVR0jBBgwFoAU5MMBdhJ8GajsA0qLSkzrdxwqbn8wCgYIKoZI"
    "zj0EAwIDSQAwRgIhAMErKJAvPMuzvLSJq1TklNK9g9hBQhy7g05CURu4ml9mAiEAuhKlqALJjJAmf3FUTPCzUPjiZuI1"
    "wBz/xXaPyHpeoKI=";
constexpr std::string_view kSigner =
    "MYIBijCCAYYCAQEwJTANMQswCQYDVQQDDAJjYQIUFFi9hnv83F0vTpOMkdLSupf68w8wDQYJYIZIAWUDBAIBBQCggfYw"
    "GgYJKoZIhvcNAQkDMQ0GCyqGSIb3DQEJEAEEMBwGCSqGSIb3DQEJBTEPFw0yNjExMjYwOTM0MjZaMC8GCSqGSIb3DQEJ"
    "BDEiBCAkRHqJTzoOU4BPnZhTwfpwA1/gy16Wlfb0DrQV1NwJMDCBiAYLKoZIhvcNAQkQAi8xeTB3MHUwIgQg8lPtbeeD"
    "Bq012pREdVVYWI1rIS+FHhwkWTLJpDn7jEUwTwQg25tVvGB8oZkXCV5ReLD+o7PFWiLumET1xbAnNhmjgbgwKzATpBEw"
    "DzENMAsGA1UEAwwEcm9vdAIUYBRegpCLdC3+jsObeBRvx1+dtLwwCgYIKoZIzj0EAwIERjBEAiBk+ddA7dTh+QU06WP2"
    "gDQGcj8xHFDgehLhBWyUotkdrQIgAnkLAjIKhwnuOOtfu9A+3KKFWkKSLUU9bqVLiTx3XlM=";

const atp::TimestampAuthority& authority() {
  static const atp::TimestampAuthority made{
      .name = "local",
      .root = atp::from_base64(kRoot).value(),
      .signers =
          {atp::Digest::from_hex("348ca4bc89f283ef794ac06cd63047e84b0be7ca990e7f3d7c23d9a855d9014d")
               .value(),
           atp::Digest::from_hex("e3f98c79be499306faa94eac61bfd10a709de927972d481eb680c09e81ec5e87")
               .value()},
      .policies = {"1.3.6.1.4.1.99999.1"}};
  return made;
}

CheckedTimestamp check(ByteView reply, const std::optional<Bytes>& nonce,
                       std::optional<atp::Time> now) {
  static const atp::Digest imprint = atp::sha256(atp::as_bytes("what is stamped"));
  return atp::check_timestamp(reply, imprint, {&authority(), 1}, nonce, now);
}

/// Whether it is one of the two that were signed.
bool was_signed(const CheckedTimestamp& checked) {
  const std::string time = atp::format_time(checked.gen_time);
  return (checked.serial == "01" && time == "2026-11-26T09:34:26.595000000Z") ||
         (checked.serial == "02" && time == "2026-11-26T09:34:26.607000000Z");
}

void check_any_reply(ByteView reply) {
  const CheckedTimestamp checked = check(reply, {}, {});
  if (checked.state == TimestampState::verified)
    require(was_signed(checked), "only what was signed is verified");
  else
    require(!checked.detail.empty() &&
                checked == CheckedTimestamp{.state = checked.state, .detail = checked.detail},
            "what is not verified says why and nothing else");
  for (const char c : checked.detail) require(c >= ' ' && c <= '~', "a detail is printable");
  require(check(reply, Bytes(1), {}).state != TimestampState::verified, "the nonce is another");
  require(check(reply, {}, atp::Time{}).state != TimestampState::verified, "1970 is before it");
}

Bytes der(unsigned tag, std::initializer_list<ByteView> parts) {
  Bytes contents;
  for (const ByteView part : parts) contents.insert(contents.end(), part.begin(), part.end());
  Bytes element{static_cast<std::byte>(tag), std::byte{0x83}};
  for (const unsigned shift : {16u, 8u, 0u})
    element.push_back(static_cast<std::byte>(contents.size() >> shift & 0xff));
  while (element[1] != std::byte{0x80} && element[2] == std::byte{0}) {  // The shortest form.
    element[1] = static_cast<std::byte>(std::to_integer<unsigned>(element[1]) - 1);
    element.erase(element.begin() + 2);
  }
  if (element[1] == std::byte{0x81} && element[2] < std::byte{0x80})
    element.erase(element.begin() + 1);
  element.insert(element.end(), contents.begin(), contents.end());
  return element;
}

/// The sound token with the input beside its certificates: where that is certificates at all, the
/// verdict stays.
void check_injected(ByteView certificates) {
  static const Bytes content = atp::from_base64(kContent).value();
  static const Bytes own = atp::from_base64(kCertificates).value();
  static const Bytes signer = atp::from_base64(kSigner).value();
  static const Bytes granted = atp::from_hex("3003020100").value();
  static const Bytes signed_data = atp::from_hex("06092a864886f70d010702").value();
  for (const bool first : {false, true}) {
    const Bytes bag = first ? der(0xa0, {certificates, own}) : der(0xa0, {own, certificates});
    const Bytes token = der(0x30, {signed_data, der(0xa0, {der(0x30, {content, bag, signer})})});
    const CheckedTimestamp checked = check(der(0x30, {granted, token}), {}, {});
    require(checked.state == TimestampState::malformed ||
                (checked.state == TimestampState::verified && was_signed(checked)),
            "certificates put into a token change nothing");
    require(!certificates.empty() || checked.state == TimestampState::verified,
            "the token itself is verified");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input = atp::fuzz::input(data, size);
  check_any_reply(input);
  check_injected(input);
  return 0;
}
