// SPDX-License-Identifier: Apache-2.0
#include "crypto/timestamp_signature.hpp"

#include <openssl/evp.h>

#include "atp/crypto/sha256.hpp"

namespace atp {
inline namespace v0 {
namespace crypto {
namespace {

using enum TimestampState;

constexpr std::string_view kSigningCertificate = "a signing certificate";

/// The one value of the one signed attribute of type `nid`.
const ASN1_TYPE& signed_attribute(const PKCS7_SIGNER_INFO& signer, int nid, int type) {
  const ASN1_TYPE* found = nullptr;
  int count = 0;
  for (int i = 0; i < sk_X509_ATTRIBUTE_num(signer.auth_attr); ++i) {
    X509_ATTRIBUTE* attribute = sk_X509_ATTRIBUTE_value(signer.auth_attr, i);
    if (OBJ_obj2nid(X509_ATTRIBUTE_get0_object(attribute)) != nid) continue;
    count += X509_ATTRIBUTE_count(attribute);
    found = X509_ATTRIBUTE_get0_type(attribute, 0);
  }
  if (count != 1 || found == nullptr || found->type != type)
    refuse(bad_signature, std::string("expected one signed attribute ") + OBJ_nid2sn(nid) +
                              ", found " + std::to_string(count) +
                              (count == 1 ? " of another form" : ""));
  return *found;
}

/// RFC 5035, section 4: the first ESSCertIDv2 is the signer's; its algorithm is SHA-256 by default.
ByteView named_hash(const DerSequence& certificate_id) {
  const bool explicit_algorithm = certificate_id.holds(0, V_ASN1_SEQUENCE);
  if (explicit_algorithm) {
    const auto algorithm =
        parse_der<X509_ALGOR_free>(d2i_X509_ALGOR, i2d_X509_ALGOR,
                                   certificate_id.at(0, V_ASN1_SEQUENCE), "a digest algorithm");
    if (sha2_of(algorithm.get()) != NID_sha256)
      refuse(bad_signature, "expected the certificate's sha256, found another digest");
  }
  return certificate_id.at(explicit_algorithm ? 1 : 0, V_ASN1_OCTET_STRING);
}

void check_named(const PKCS7_SIGNER_INFO& signer, const X509* certificate) {
  const ASN1_TYPE& attribute =
      signed_attribute(signer, NID_id_smime_aa_signingCertificateV2, V_ASN1_SEQUENCE);
  const std::string what(kSigningCertificate);
  const DerSequence whole(view(attribute.value.sequence), what);
  const DerSequence ids(whole.at(0, V_ASN1_SEQUENCE), what);
  const DerSequence first(ids.at(0, V_ASN1_SEQUENCE), what);
  const ByteView named = named_hash(first);
  const Digest found = sha256(der_of(i2d_X509, certificate));
  if (!std::ranges::equal(named, found.view()))
    refuse(bad_signature,
           "expected a certificate of sha256 " + to_hex(named) + ", found " + found.hex());
}

bool same_bytes(const X509_NAME* a, const X509_NAME* b) {
  return std::ranges::equal(der_of(i2d_X509_NAME, a), der_of(i2d_X509_NAME, b));
}

bool is_named(const PKCS7_ISSUER_AND_SERIAL& id, const X509* certificate) {
  return same_bytes(id.issuer, X509_get_issuer_name(certificate)) &&
         ASN1_INTEGER_cmp(id.serial, X509_get0_serialNumber(certificate)) == 0;
}

/// rsaEncryption leaves the digest to the signer info; all others name it themselves.
bool is_signature_algorithm(const X509_ALGOR* algorithm, int key, int digest) {
  const ASN1_OBJECT* oid = nullptr;
  int parameter = V_ASN1_UNDEF;
  X509_ALGOR_get0(&oid, &parameter, nullptr, algorithm);
  if (parameter != V_ASN1_UNDEF && parameter != V_ASN1_NULL) return false;
  const int nid = OBJ_obj2nid(oid);
  if (nid == NID_rsaEncryption) return key == EVP_PKEY_RSA;
  int its_digest = NID_undef;
  int its_key = NID_undef;
  return OBJ_find_sigid_algs(nid, &its_digest, &its_key) == 1 && its_digest == digest &&
         its_key == key;
}

void check_content(const TimestampToken& token, const EVP_MD* digest) {
  const ASN1_TYPE& type = signed_attribute(token.signer(), NID_pkcs9_contentType, V_ASN1_OBJECT);
  if (OBJ_obj2nid(type.value.object) != NID_id_smime_ct_TSTInfo)
    refuse(bad_signature,
           "expected a time-stamp as signed content, found " + oid_text(type.value.object));
  const ASN1_TYPE& named =
      signed_attribute(token.signer(), NID_pkcs9_messageDigest, V_ASN1_OCTET_STRING);
  Bytes found(static_cast<std::size_t>(EVP_MD_get_size(digest)));
  require_openssl(EVP_Digest(token.content().data(), token.content().size(),
                             data(MutableByteView(found)), nullptr, digest, nullptr) == 1,
                  "digest of a time-stamp");
  const ByteView expected = view(named.value.octet_string);
  if (!std::ranges::equal(expected, found))
    refuse(bad_signature,
           "expected content of digest " + to_hex(expected) + ", found " + to_hex(found));
}

/// RFC 5652, section 5.4: signed is the SET OF, not the [0] that the token holds.
Bytes signed_bytes(const PKCS7_SIGNER_INFO& signer) {
  return der_of(
      [](const STACK_OF(X509_ATTRIBUTE) * attributes, unsigned char** out) {
        return ASN1_item_i2d(reinterpret_cast<const ASN1_VALUE*>(attributes), out,
                             ASN1_ITEM_rptr(PKCS7_ATTR_VERIFY));
      },
      signer.auth_attr);
}

}  // namespace

X509* signer_certificate(const TimestampToken& token) {
  const std::vector<X509*> certificates = token.certificates();
  std::optional<TimestampRefusal> last;
  for (X509* certificate : certificates) {
    if (!is_named(*token.signer().issuer_and_serial, certificate)) continue;
    try {
      check_named(token.signer(), certificate);
      return certificate;
    } catch (const TimestampRefusal& refusal) {
      last = refusal;
    }
  }
  if (last) throw TimestampRefusal(*last);
  refuse_form("expected the signer's certificate in the token, found " +
              std::to_string(certificates.size()) + " others");
}

void check_signature(const TimestampToken& token, X509* signer) {
  const PKCS7_SIGNER_INFO& info = token.signer();
  const int digest_nid = sha2_of(info.digest_alg);
  if (digest_nid == NID_undef)
    refuse(bad_signature, "expected sha-256, sha-384 or sha-512, found another digest");
  const EVP_MD* digest = EVP_get_digestbynid(digest_nid);
  check_content(token, digest);

  EVP_PKEY* key = X509_get0_pubkey(signer);
  if (key == nullptr ||
      !is_signature_algorithm(info.digest_enc_alg, EVP_PKEY_get_base_id(key), digest_nid))
    refuse(bad_signature,
           "expected a signature algorithm of the key and the digest, found another");
  const Owned<EVP_MD_CTX, EVP_MD_CTX_free> context(EVP_MD_CTX_new());
  require_openssl(
      context && EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, key) == 1,
      "verification of a time-stamp");
  const Bytes attributes = signed_bytes(info);
  const ByteView message = attributes;
  const ByteView signature = view(info.enc_digest);
  if (EVP_DigestVerify(context.get(), data(signature), signature.size(), data(message),
                       message.size()) != 1)
    refuse(bad_signature,
           "expected the signature of key " + key_digest(signer).hex() + ", found another");
}

}  // namespace crypto
}  // namespace v0
}  // namespace atp
