// SPDX-License-Identifier: Apache-2.0
// A vault of which one document was changed by somebody with its signing key: the first byte says
// which, the rest are the members that change. Never a crash, and verified only where what the
// digests of others cover is as it was.
// covers: src/verify/resolve_point.cpp src/verify/point_chain.cpp src/verify/coverage.cpp
// covers: src/verify/manifest_chain.cpp src/verify/package_check.cpp src/ledger/ledger.cpp
// covers: src/keys/key_epochs.cpp
#include <string>
#include <vector>

#include "atp/model/json.hpp"
#include "atp/verify/verify.hpp"
#include "fuzz.hpp"
#include "support/small_vault.hpp"

using atp::fuzz::parse;
using atp::fuzz::require;
using atp::test::SmallVault;

namespace {

std::vector<std::string> documents(const SmallVault& vault) {
  std::vector<std::string> keys;
  for (const auto& [key, bytes] : vault.objects()) {
    const bool sealed = key.ends_with(".age") || key.find("/checkpoints/") != std::string::npos;
    if (!sealed && !key.starts_with("probes/") && !key.starts_with("lists/")) keys.push_back(key);
  }
  return keys;
}

/// Whether the digest of another document covers it: the rest only a signature keeps.
bool is_covered(const std::string& key) {
  return !key.starts_with("policies/") && !key.starts_with("keys/") && key != "vault.json";
}

void check(const SmallVault& vault, const std::string& key, std::string_view members) {
  const atp::Json::Object changes = atp::parse_json(members).as_object();
  const atp::Bytes bytes = vault.resigned(key, changes);
  const auto store = vault.store_with(key, bytes);
  atp::VerifyOptions options{};
  options.workers = 1;
  options.depth = atp::VerifyDepth::stored;
  const bool same = bytes == vault.objects().at(key);
  const bool other = key.find("/acme/") != std::string::npos;
  const atp::Report report =
      atp::verify_point(*store, find_point(*store, other ? vault.other_point : vault.incremental),
                        &vault.trust(), vault.identities(), options);
  require(same || !report.passed() || !is_covered(key), "another document is never verified");
  parse([&] { atp::list_points(*store, std::nullopt); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const SmallVault vault;
  static const std::vector<std::string> keys = documents(vault);
  if (size == 0) return 0;
  const std::string_view members = atp::as_text(atp::fuzz::input(data, size)).substr(1);
  parse([&] { check(vault, keys[data[0] % keys.size()], members); });
  return 0;
}
