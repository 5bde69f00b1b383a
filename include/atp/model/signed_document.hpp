// SPDX-License-Identifier: Apache-2.0
/// Signed documents: canonical JSON with `type`, `formatVersion`, `keyId` and `signature`. Signed
/// are the canonical bytes without `signature` and `coSignatures`; stored are the canonical bytes
/// with them, and nothing else is accepted. Thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "atp/core/export.hpp"
#include "atp/crypto/signature.hpp"
#include "atp/crypto/trust_policy.hpp"
#include "atp/model/documents.hpp"

namespace atp {
inline namespace v0 {

/// Documents over this are refused unread.
inline constexpr std::uint64_t kDocumentLimit = 64 << 20;
/// C2SP tlog-tiles.md has two bytes for an entry's length.
inline constexpr std::uint64_t kStatementLimit = (64 << 10) - 1;

/// What a stored document turned out to be.
enum class DocumentState {
  verified,     ///< Signed by a trusted key of the document's role, valid at `createdAt`.
  not_checked,  ///< Well-formed, but no trust policy was given.
  malformed,    ///< Not canonical, a member missing, unknown or of a wrong form.
  unsupported,  ///< A higher `formatVersion`.
  wrong_type,   ///< Another document's bytes.
  wrong_vault,  ///< Of another vault than the trust policy's.
  wrong_tenant,
  untrusted_key,  ///< No trusted key of that role and time has signed.
  bad_signature,  ///< One of them is said to have, and has not.
};
ATP_EXPORT std::string_view to_string(DocumentState state);

template <class T>
struct CheckedDocument {
  DocumentState state;
  std::string detail;              ///< What was expected and found, where not verified.
  std::optional<T> document = {};  ///< Present in the states `verified` and `not_checked` only.
  std::string key_id = {};  ///< Where verified: the trusted key that signed it, the first of them.
};

/// The bytes to store: signed by the current signer, co-signed by the one it replaces. Throws:
/// invalid_argument for a value the format cannot hold.
template <class T>
ATP_EXPORT std::string sign_document(const T& document, const Signers& signers);

/// The tenant that a stored document claims, unverified. Empty where it is no document or names
/// none.
ATP_EXPORT std::optional<TenantId> tenant_in(std::string_view stored);

/// Requests and approvals are signed by one key of the role `approver`, all others by the role
/// `document`. Checks everything that the bytes alone can show. `trust` may be null: `not_checked`
/// is then the best that comes out. `tenant` is the one whose key space the bytes came from.
template <class T>
ATP_EXPORT CheckedDocument<T> check_document(std::string_view stored, const TrustPolicy* trust,
                                             const std::optional<TenantId>& tenant);

/// The verified document. Throws, with `subject`, for every other state: corrupt, untrusted, or
/// unsupported for a higher version.
template <class T>
ATP_EXPORT T require_document(const std::string& subject, std::string_view stored,
                              const TrustPolicy& trust, const std::optional<TenantId>& tenant);

}  // namespace v0
}  // namespace atp
