// SPDX-License-Identifier: Apache-2.0
/// From a time-stamp's signer to a pinned root, for this layer's sources only.
#pragma once

#include "crypto/timestamp_token.hpp"

namespace atp {
inline namespace v0 {
namespace crypto {

using Certificate = Owned<X509, X509_free>;

/// Throws: invalid_argument unless `der` is one certificate of a CA with a strong key.
Certificate parse_root(ByteView der);

/// Whether the certificate is for time-stamping alone (RFC 3161, section 2.3), and no CA's.
void check_usage(X509* signer);

/// Whether a chain of certificates leads from `root`, the only anchor, over some of `others` to
/// `signer`, each of them valid at `time`. Returns the earliest end of those of the chain.
Time check_chain(X509* root, std::span<X509* const> others, X509* signer, Time time);

}  // namespace crypto
}  // namespace v0
}  // namespace atp
