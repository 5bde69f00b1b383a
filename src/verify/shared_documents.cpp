// SPDX-License-Identifier: Apache-2.0
#include "verify/shared_documents.hpp"

#include "atp/storage/layout.hpp"

namespace atp {
inline namespace v0 {
namespace verify {

void check_vault(const Context& context, std::vector<Check>& checks) {
  const std::string key(layout::kVault);
  if (read_document<VaultDocument>(context, "vault", key, std::nullopt, checks)) {
    checks.push_back(signed_by_trust(context, "vault", key));
  }
}

KeyEpochs read_epochs(const Context& context, const std::set<std::string>& named,
                      std::vector<Check>& checks) {
  constexpr const char* kName = "key_epoch";
  const std::size_t before = checks.size();
  KeyEpochs epochs;
  for (const std::string& name : named) {
    try {
      KeyEpochs one = read_key_epoch(context.store, context.trust, context.tenant, name);
      for (const Problem& problem : one.problems) checks.push_back(failed(kName, problem));
      epochs.documents.merge(one.documents);
    } catch (const Error& error) {
      if (!is_finding(error)) throw;
      checks.push_back(failed(kName, error.subject(), "readable key epochs", error.message()));
    }
  }
  for (auto& documents : epochs.documents) {
    const std::string& name = documents.first;
    const std::string folder = layout::key_epoch(context.tenant, name);
    std::erase_if(documents.second, [&](const KeyEpoch& epoch) {
      if (epoch.wrap_key.starts_with(folder)) return false;
      checks.push_back(failed(kName, layout::key_epoch_document(context.tenant, name, epoch.index),
                              "a wrap under " + folder, epoch.wrap_key));
      return true;
    });
  }
  for (const std::string& name : named) {
    const auto found = epochs.documents.find(name);
    if (found != epochs.documents.end() && !found->second.empty()) continue;
    checks.push_back(failed(kName, layout::key_epoch_document(context.tenant, name, 0),
                            "the key epoch that a manifest names", "no sound one"));
  }
  if (checks.size() == before) {
    checks.push_back(signed_by_trust(context, kName, layout::key_epochs(context.tenant)));
  }
  return epochs;
}

void check_policies(const Context& context, const std::set<std::uint64_t>& versions,
                    std::vector<Check>& checks) {
  constexpr const char* kName = "policy";
  for (const std::uint64_t version : versions) {
    const std::string key = layout::policy(context.tenant, version);
    const auto stored = read_document<TenantPolicy>(context, kName, key, context.tenant, checks);
    if (!stored) continue;
    const std::uint64_t found = stored->document.version;
    checks.push_back(found == version ? signed_by_trust(context, kName, key)
                                      : failed(kName, key, "version " + std::to_string(version),
                                               "version " + std::to_string(found)));
  }
}

}  // namespace verify
}  // namespace v0
}  // namespace atp
