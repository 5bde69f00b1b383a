// SPDX-License-Identifier: Apache-2.0
/// Time-stamp replies written byte by byte and really signed, so that exactly one thing in them is
/// wrong: each part of a sound reply can be replaced.
#pragma once

#include "atp/crypto/sha256.hpp"
#include "atp/crypto/signature.hpp"
#include "crypto/vectors.hpp"

namespace atp::test {

inline Bytes join(std::initializer_list<ByteView> parts) {
  Bytes joined;
  for (const ByteView part : parts) joined.insert(joined.end(), part.begin(), part.end());
  return joined;
}

/// A DER element.
inline Bytes der(unsigned tag, std::initializer_list<ByteView> parts) {
  const Bytes contents = join(parts);
  Bytes size;
  for (std::size_t rest = contents.size(); rest > 0; rest >>= 8)
    size.insert(size.begin(), static_cast<std::byte>(rest & 0xff));
  if (contents.empty()) size.push_back(std::byte{0});
  if (contents.size() >= 0x80)
    size.insert(size.begin(), static_cast<std::byte>(0x80 | size.size()));
  return join({Bytes{static_cast<std::byte>(tag)}, size, contents});
}
inline Bytes sequence(std::initializer_list<ByteView> parts) { return der(0x30, parts); }
inline Bytes set(std::initializer_list<ByteView> parts) { return der(0x31, parts); }
inline Bytes octets(ByteView bytes) { return der(0x04, {bytes}); }
inline Bytes integer(unsigned small) { return der(0x02, {Bytes{static_cast<std::byte>(small)}}); }
inline Bytes time_element(std::string_view text) { return der(0x18, {as_bytes(text)}); }

// OBJECT IDENTIFIERs, whole.
inline const Bytes kSha1Oid = hex("06052b0e03021a");
inline const Bytes kSha256Oid = hex("0609608648016503040201");
inline const Bytes kSha384Oid = hex("0609608648016503040202");
inline const Bytes kSignedDataOid = hex("06092a864886f70d010702");
inline const Bytes kDataOid = hex("06092a864886f70d010701");
inline const Bytes kTstInfoOid = hex("060b2a864886f70d0109100104");
inline const Bytes kContentTypeOid = hex("06092a864886f70d010903");
inline const Bytes kMessageDigestOid = hex("06092a864886f70d010904");
inline const Bytes kSigningCertificateOid = hex("060b2a864886f70d010910020c");
inline const Bytes kSigningCertificateV2Oid = hex("060b2a864886f70d010910022f");
inline const Bytes kEcdsaSha256Oid = hex("06082a8648ce3d040302");
inline const Bytes kEcdsaSha384Oid = hex("06082a8648ce3d040303");
inline const Bytes kSha256WithRsaOid = hex("06092a864886f70d01010b");
inline const Bytes kPolicyOid = hex("06092b06010401868d1f01");
inline const Bytes kOtherPolicyOid = hex("06092b06010401868d1f02");

/// The elements of a DER SEQUENCE.
inline std::vector<Bytes> elements_of(ByteView sequence) {
  const auto header_and_size = [](ByteView element) {
    const unsigned first = std::to_integer<unsigned>(element[1]);
    if (first < 0x80) return std::pair<std::size_t, std::size_t>(2, first);
    std::size_t size = 0;
    for (unsigned i = 0; i < (first & 0x7f); ++i)
      size = size << 8 | std::to_integer<std::size_t>(element[2 + i]);
    return std::pair<std::size_t, std::size_t>(2 + (first & 0x7f), size);
  };
  const auto [header, size] = header_and_size(sequence);
  ByteView rest = sequence.subspan(header, size);
  std::vector<Bytes> elements = {};
  while (!rest.empty()) {
    const auto [its_header, its_size] = header_and_size(rest);
    elements.emplace_back(rest.begin(),
                          rest.begin() + static_cast<std::ptrdiff_t>(its_header + its_size));
    rest = rest.subspan(its_header + its_size);
  }
  return elements;
}

inline Bytes algorithm(ByteView oid) { return sequence({oid}); }
inline Bytes imprint_element(ByteView algorithm_oid, ByteView digest) {
  return sequence({algorithm(algorithm_oid), octets(digest)});
}
inline Bytes attribute(ByteView oid, ByteView value) { return sequence({oid, set({value})}); }
/// SigningCertificateV2 that names one certificate, by SHA-256.
inline Bytes signing_certificate_v2(ByteView certificate) {
  const Bytes hash = octets(sha256(certificate).view());
  return attribute(kSigningCertificateV2Oid, sequence({sequence({sequence({hash})})}));
}

/// The parts of a reply: each is an element as it stands in it.
struct Reply {
  Bytes status = sequence({integer(0)});
  Bytes type = kSignedDataOid;
  Bytes cms_version = integer(3);
  Bytes digest_algorithms = set({algorithm(kSha256Oid)});
  Bytes content_type = kTstInfoOid;

  Bytes info_version = integer(1);
  Bytes policy = kPolicyOid;
  Bytes imprint;
  Bytes serial = integer(0x2a);
  Bytes time = time_element("20260102030405Z");
  Bytes options{};  ///< Accuracy, ordering, nonce, tsa, extensions.

  Bytes certificates;  ///< Those of the bag, one behind the other.
  Bytes signer_version = integer(1);
  Bytes issuer_and_serial;
  Bytes digest_algorithm = algorithm(kSha256Oid);
  Bytes content_type_attribute = attribute(kContentTypeOid, kTstInfoOid);
  std::optional<Bytes> message_digest_attribute{};  ///< The right one if absent.
  Bytes certificate_attribute;
  Bytes signature_algorithm = algorithm(kEcdsaSha256Oid);
  Bytes unsigned_attributes{};
  std::size_t signers = 1;
  Bytes inside_end{};  ///< Behind the token, within the reply.
};

/// A sound reply for `imprint`, of which the test spoils one part.
inline Reply sound_reply(const Digest& imprint, ByteView certificate) {
  const std::vector<Bytes> fields = elements_of(elements_of(certificate).front());
  return {.imprint = imprint_element(kSha256Oid, imprint.view()),
          .certificates = Bytes(certificate.begin(), certificate.end()),
          .issuer_and_serial = sequence({fields[3], fields[1]}),
          .certificate_attribute = signing_certificate_v2(certificate)};
}

inline Bytes info_of(const Reply& reply) {
  return sequence(
      {reply.info_version, reply.policy, reply.imprint, reply.serial, reply.time, reply.options});
}

/// The token as `key` signs it, in a reply.
inline Bytes sign_reply(const Reply& reply, const Signer& key) {
  const Bytes info = info_of(reply);
  const Bytes digest = reply.message_digest_attribute.value_or(
      attribute(kMessageDigestOid, octets(sha256(info).view())));
  const std::initializer_list<ByteView> attributes = {reply.content_type_attribute, digest,
                                                      reply.certificate_attribute};
  const Bytes signer = sequence(
      {reply.signer_version, reply.issuer_and_serial, reply.digest_algorithm, der(0xa0, attributes),
       reply.signature_algorithm, octets(key.sign(set(attributes))), reply.unsigned_attributes});
  Bytes signers;
  for (std::size_t i = 0; i < reply.signers; ++i) signers = join({signers, signer});
  const Bytes content = sequence({reply.content_type, der(0xa0, {octets(info)})});
  const Bytes bag = reply.certificates.empty() ? Bytes() : der(0xa0, {reply.certificates});
  const Bytes signed_data =
      sequence({reply.cms_version, reply.digest_algorithms, content, bag, set({signers})});
  return sequence(
      {reply.status, sequence({reply.type, der(0xa0, {signed_data})}), reply.inside_end});
}

}  // namespace atp::test
