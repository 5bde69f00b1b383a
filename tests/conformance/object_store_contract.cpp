// SPDX-License-Identifier: Apache-2.0
#include "conformance/object_store_contract.hpp"

#include "support/error_kind.hpp"

namespace atp::test {

void ObjectStoreContract::put(const std::string& key, std::string_view text,
                              const PutOptions& options) {
  put_object(*store, key, as_bytes(text), options);
}

std::string ObjectStoreContract::get(const std::string& key, const ByteRange& range) {
  const auto source = store->get(key, range);
  return std::string(as_text(read_all(*source, 1 << 24)));
}

std::vector<std::string> ObjectStoreContract::keys(const std::string& prefix) {
  std::vector<std::string> found;
  for_each_key(*store, prefix, [&](const std::string& key) { found.push_back(key); });
  return found;
}

std::optional<ErrorKind> ObjectStoreContract::removal(const std::string& key) {
  return error_kind([&] { store->remove(key); });
}

}  // namespace atp::test
