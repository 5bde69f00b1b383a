// SPDX-License-Identifier: Apache-2.0
// Names in keys, and keys of objects: no two names make one key, no key leaves its place.
// covers: src/core/ids.cpp src/model/object_key.cpp src/storage/layout.cpp
#include <string>

#include "atp/model/object_key.hpp"
#include "atp/storage/layout.hpp"
#include "fuzz.hpp"

using atp::fuzz::parse;
using atp::fuzz::require;

namespace {

void check_name(const std::string& text) {
  const atp::TenantId tenant(text);
  require(atp::is_key_element(tenant.encoded()), "an encoded name is an element of a key");
  require(atp::TenantId::decode(tenant.encoded()) == tenant, "an encoded name is the name");
  const std::string key = atp::layout::ledger_entry(tenant, 0, text.size());
  require(atp::is_key(key), "a name makes keys");
  require(atp::TenantId::decode(atp::layout::element(key, 1)) == tenant, "a key has its tenant");
  require(atp::parse_sequence(atp::layout::element(key, 4)) == text.size(), "a key has its index");
}

void check_key(std::string_view text) {
  if (!atp::is_key(text)) return;
  require(text.find("//") == std::string_view::npos && text.front() != '/' && text.back() != '/' &&
              text.find("..") != 0 && text.find("/.") == std::string_view::npos,
          "a key stays where it is");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(atp::as_text(atp::fuzz::input(data, size)));
  parse([&] { check_name(text); });
  parse([&] { require(atp::encode_name(atp::decode_name(text)) == text, "one encoding"); });
  parse([&] { atp::layout::element(text, 2); });
  atp::layout::find_manifest(text);
  atp::layout::find_package(text);
  check_key(text);
  return 0;
}
