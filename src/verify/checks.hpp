// SPDX-License-Identifier: Apache-2.0
/// How findings become checks, and documents are read for them.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <utility>

#include "atp/core/error.hpp"
#include "atp/crypto/sha256.hpp"
#include "atp/model/problem.hpp"
#include "atp/storage/object_store.hpp"
#include "atp/verify/report.hpp"

namespace atp {
inline namespace v0 {
namespace verify {

struct TenantMemory;

/// What all steps of one verification share.
struct Context {
  ObjectStore& store;
  const TrustPolicy* trust;
  TenantId tenant;
  unsigned workers;
  std::stop_token stop = {};
  std::optional<Time> now =
      {};  ///< By the clock of whoever verifies; absent: times are not judged.
  TenantMemory* memory = nullptr;  ///< Of the verifications before, if there were any.
};

Check verified(std::string name, std::string subject);
Check not_checked(std::string name, std::string subject, std::string found);
Check failed(std::string name, std::string subject, std::string expected, std::string found,
             CheckClass check_class = CheckClass::integrity);
Check failed(std::string name, const Problem& problem);
/// Somebody signed it, and what would show it is not there.
Check attested(std::string name, std::string subject, std::string expected, std::string found,
               CheckClass check_class);
/// Verified, or without a trust policy not checked.
Check signed_by_trust(const Context& context, std::string name, std::string subject);

/// Whether the error says something of what is stored, not of whether it can be reached.
bool is_finding(const Error& error);

/// The bytes of `key`; where there are none, or too many, a failed check is added.
std::optional<Bytes> read_object(const Context& context, const std::string& name,
                                 const std::string& key, std::vector<Check>& checks);

template <class T>
struct StoredDocument {
  T document;
  Digest sha256;
};

/// The document under `key`; where it cannot be believed, a failed check is added.
template <class T>
std::optional<StoredDocument<T>> read_document(const Context& context, const std::string& name,
                                               const std::string& key,
                                               const std::optional<TenantId>& tenant,
                                               std::vector<Check>& checks) {
  const auto bytes = read_object(context, name, key, checks);
  if (!bytes) return std::nullopt;
  auto checked = check_document<T>(as_text(*bytes), context.trust, tenant);
  if (checked.document) return StoredDocument<T>{std::move(*checked.document), sha256(*bytes)};
  checks.push_back(failed(name, problem_of(key, checked)));
  return std::nullopt;
}

}  // namespace verify
}  // namespace v0
}  // namespace atp
