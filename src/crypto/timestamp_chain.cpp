// SPDX-License-Identifier: Apache-2.0
#include "crypto/timestamp_chain.hpp"

#include <openssl/evp.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <array>
#include <ctime>

#include "atp/crypto/sha256.hpp"

namespace atp {
inline namespace v0 {
namespace crypto {
namespace {

using enum TimestampState;

constexpr std::size_t kIntermediateLimit = 4;
constexpr int kMinimumRsaBits = 2048;
constexpr int kSecurityLevel = 2;  // Of OpenSSL, for signatures: 112 bits, so no SHA-1.

void free_references(STACK_OF(X509) * stack) { sk_X509_free(stack); }
using Stack = Owned<STACK_OF(X509), free_references>;

bool has_strong_key(const X509* certificate) {
  const EVP_PKEY* key = X509_get0_pubkey(certificate);
  if (key == nullptr) return false;
  if (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA) return EVP_PKEY_get_bits(key) >= kMinimumRsaBits;
  std::array<char, 32> group{};
  if (EVP_PKEY_get_base_id(key) != EVP_PKEY_EC ||
      EVP_PKEY_get_group_name(key, group.data(), group.size(), nullptr) != 1)
    return false;
  const int curve = OBJ_sn2nid(group.data());
  return curve == NID_X9_62_prime256v1 || curve == NID_secp384r1 || curve == NID_secp521r1;
}

std::string subject_of(const X509* certificate) {
  std::array<char, 256> text{};
  X509_NAME_oneline(X509_get_subject_name(certificate), text.data(), text.size());
  return text.data();
}

/// The nearest time that `Time` has.
Time end_of(const X509* certificate) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &parts) != 1)
    refuse(untrusted_authority, "expected a time at which the certificate ends, found none");
  const std::chrono::sys_seconds end(std::chrono::seconds(timegm(&parts)));
  return std::clamp(end, std::chrono::ceil<std::chrono::seconds>(Time::min()),
                    std::chrono::floor<std::chrono::seconds>(Time::max()));
}

bool is_issued(X509* issuer, X509* subject) {
  return X509_NAME_cmp(X509_get_subject_name(issuer), X509_get_issuer_name(subject)) == 0 &&
         X509_verify(subject, X509_get0_pubkey(issuer)) == 1;
}

TimestampState state_of(int error, int depth) {
  if (error == X509_V_ERR_CERT_HAS_EXPIRED || error == X509_V_ERR_CERT_NOT_YET_VALID)
    return certificate_invalid_at_gen_time;
  return error == X509_V_ERR_INVALID_PURPOSE && depth == 0 ? wrong_usage : untrusted_authority;
}

/// Goes down from the root, only to what the certificate above really signed: certificates that
/// somebody put into the token besides are never looked at, so they change nothing.
class Chain {
 public:
  Chain(X509* root, std::span<X509* const> others, X509* signer, Time time)
      : root_(root), signer_(signer), time_(time) {
    for (X509* other : others)
      if (X509_cmp(other, root) != 0 && X509_cmp(other, signer) != 0 && !contains(others_, other))
        others_.push_back(other);
  }

  bool find(X509* issuer) {
    if (is_issued(issuer, signer_) && verify()) return true;
    if (path_.size() == kIntermediateLimit) return false;
    for (X509* next : others_) {
      if (contains(path_, next) || !is_issued(issuer, next)) continue;
      path_.push_back(next);
      if (find(next)) return true;
      path_.pop_back();
    }
    return false;
  }

  Time end() const {
    Time earliest = std::min(end_of(root_), end_of(signer_));
    for (const X509* certificate : path_) earliest = std::min(earliest, end_of(certificate));
    return earliest;
  }

  [[noreturn]] void refuse_last() const { throw TimestampRefusal(last_); }

 private:
  static bool contains(const std::vector<X509*>& certificates, const X509* one) {
    return std::ranges::any_of(certificates,
                               [&](const X509* other) { return X509_cmp(other, one) == 0; });
  }

  bool verify() {
    const Owned<X509_STORE, X509_STORE_free> store(X509_STORE_new());
    const Owned<X509_STORE_CTX, X509_STORE_CTX_free> context(X509_STORE_CTX_new());
    const Stack intermediates(sk_X509_new_null());
    require_openssl(store && context && intermediates && X509_STORE_add_cert(store.get(), root_),
                    "chain of a time-stamp");
    for (X509* certificate : path_)
      require_openssl(sk_X509_push(intermediates.get(), certificate) > 0, "chain of a time-stamp");
    require_openssl(
        X509_STORE_CTX_init(context.get(), store.get(), signer_, intermediates.get()) == 1 &&
            X509_STORE_CTX_set_purpose(context.get(), X509_PURPOSE_TIMESTAMP_SIGN) == 1,
        "chain of a time-stamp");
    set_parameters(X509_STORE_CTX_get0_param(context.get()));
    if (X509_verify_cert(context.get()) == 1) return has_strong_keys();
    remember(context.get());
    return false;
  }

  void set_parameters(X509_VERIFY_PARAM* parameters) const {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time_).time_since_epoch();
    X509_VERIFY_PARAM_set_time(parameters, static_cast<std::time_t>(seconds.count()));
    X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_PARTIAL_CHAIN);  // A pinned root may be
    X509_VERIFY_PARAM_set_depth(parameters, kIntermediateLimit);         // signed by another CA.
    X509_VERIFY_PARAM_set_auth_level(parameters, kSecurityLevel);
  }

  bool has_strong_keys() {
    for (const X509* certificate : path_)
      if (!has_strong_key(certificate)) return weak(certificate);
    return has_strong_key(signer_) || weak(signer_);
  }

  bool weak(const X509* certificate) {
    last_ = {untrusted_authority, "expected a strong key, found a weak one in the certificate of " +
                                      subject_of(certificate)};
    return false;
  }

  void remember(X509_STORE_CTX* context) {
    const int error = X509_STORE_CTX_get_error(context);
    const X509* certificate = X509_STORE_CTX_get_current_cert(context);
    last_ = {state_of(error, X509_STORE_CTX_get_error_depth(context)),
             "expected a chain valid at " + format_time(time_) + ", found " +
                 X509_verify_cert_error_string(error) + ": " +
                 subject_of(certificate != nullptr ? certificate : signer_)};
  }

  X509* root_;
  X509* signer_;
  Time time_;
  std::vector<X509*> others_;
  std::vector<X509*> path_;  ///< Below the root, above the signer.
  TimestampRefusal last_{untrusted_authority, "expected a chain to the pinned root, found none"};
};

}  // namespace

Certificate parse_root(ByteView der) {
  const auto refuse_root = [](const std::string& message) {
    ERR_clear_error();
    throw Error(ErrorKind::invalid_argument, "time-stamping authority", message);
  };
  const unsigned char* cursor = data(der);
  Certificate root(d2i_X509(nullptr, &cursor, static_cast<long>(der.size())));
  if (!root || cursor != data(der) + der.size())
    refuse_root("expected der of one root certificate, found " + std::to_string(der.size()) +
                " other bytes");
  if (X509_check_ca(root.get()) != 1)
    refuse_root("expected the certificate of a ca as root, found that of " +
                subject_of(root.get()));
  if (!has_strong_key(root.get()))
    refuse_root(
        "expected a root key of rsa with 2048 bits or more, p-256, p-384 or p-521, found "
        "another");
  return root;
}

void check_usage(X509* signer) {
  if (X509_check_ca(signer) != 0)
    refuse(wrong_usage, "expected a signer that is no ca, found " + subject_of(signer));
  int critical = 0;
  const Owned<EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free> usage(static_cast<EXTENDED_KEY_USAGE*>(
      X509_get_ext_d2i(signer, NID_ext_key_usage, &critical, nullptr)));
  if (!usage) refuse(wrong_usage, "expected one extended key usage, found none or several");
  if (critical != 1) refuse(wrong_usage, "expected a critical extended key usage, found another");
  if (sk_ASN1_OBJECT_num(usage.get()) != 1 ||
      OBJ_obj2nid(sk_ASN1_OBJECT_value(usage.get(), 0)) != NID_time_stamp)
    refuse(wrong_usage, "expected time-stamping alone as extended key usage, found another");
  if ((X509_get_key_usage(signer) & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)) == 0)
    refuse(wrong_usage, "expected a key usage of digital signatures, found another");
}

Time check_chain(X509* root, std::span<X509* const> others, X509* signer, Time time) {
  Chain chain(root, others, signer, time);
  if (!chain.find(root)) chain.refuse_last();
  return chain.end();
}

}  // namespace crypto
}  // namespace v0
}  // namespace atp
