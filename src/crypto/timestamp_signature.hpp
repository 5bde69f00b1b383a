// SPDX-License-Identifier: Apache-2.0
/// Who signed a time-stamp token, and whether they did, for this layer's sources only.
#pragma once

#include "crypto/timestamp_token.hpp"

namespace atp {
inline namespace v0 {
namespace crypto {

/// The certificate in the token that both the signer info, by issuer and serial number, and the
/// signed attribute SigningCertificateV2 (RFC 5816), by SHA-256, name. Owned by the token.
X509* signer_certificate(const TimestampToken& token);

/// Whether `signer` signed the attributes, and they the content.
void check_signature(const TimestampToken& token, X509* signer);

}  // namespace crypto
}  // namespace v0
}  // namespace atp
