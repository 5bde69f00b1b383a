// SPDX-License-Identifier: Apache-2.0
#include "atp/storage/object_store.hpp"

#include <algorithm>

#include "atp/core/error.hpp"
#include "atp/crypto/sha256.hpp"

namespace atp {
inline namespace v0 {
namespace {

/// Few pages, since some stores read a whole folder for each.
constexpr std::size_t kKeysPerPage = 50'000;

bool holds_same_bytes(ObjectStore& store, const std::string& key, ByteView bytes) {
  const auto source = store.get(key, {.offset = 0, .length = bytes.size() + 1});
  Bytes found(bytes.size() + 1);
  found.resize(read_fully(*source, found));
  return std::equal(found.begin(), found.end(), bytes.begin(), bytes.end());
}

void check_page(const ListPageOfKeys& page, const std::string& prefix, const std::string& after,
                const std::string& store) {
  const std::string* last = &after;
  for (const std::string& key : page.keys) {
    if (key <= *last || !key.starts_with(prefix)) {
      throw Error(ErrorKind::corrupt, store,
                  "listing: expected a key under '" + prefix + "' after '" + *last + "', found '" +
                      key + "'");
    }
    last = &key;
  }
  if (page.next && (*page.next < *last || *page.next <= after)) {
    throw Error(ErrorKind::corrupt, store,
                "listing: expected to go on after '" + *last + "', found '" + *page.next + "'");
  }
}

}  // namespace

void put_object(ObjectStore& store, const std::string& key, ByteView bytes,
                const PutOptions& options) {
  const auto writer = store.create(key, options);
  writer->write(bytes);
  writer->commit(sha256(bytes));
}

void put_same_object(ObjectStore& store, const std::string& key, ByteView bytes,
                     const PutOptions& options) {
  try {
    put_object(store, key, bytes, options);
    return;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::already_exists) throw;
  }
  if (!holds_same_bytes(store, key, bytes)) {
    throw Error(ErrorKind::already_exists, key, "the key is taken by other bytes");
  }
  if (options.retain_until) store.extend_retention(key, *options.retain_until);
  if (options.legal_hold) store.set_legal_hold(key, true);
}

Bytes get_object(ObjectStore& store, const std::string& key, std::uint64_t limit) {
  const auto source = store.get(key);
  try {
    return read_all(*source, limit);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::corrupt) throw;
    throw Error(ErrorKind::corrupt, key, error.message());
  }
}

Bytes require_object(ObjectStore& store, const std::string& key, std::uint64_t limit) {
  if (auto bytes = find_object(store, key, limit)) return std::move(*bytes);
  throw Error(ErrorKind::corrupt, key, "is missing, though other documents need it");
}

std::optional<Bytes> find_object(ObjectStore& store, const std::string& key, std::uint64_t limit) {
  try {
    return get_object(store, key, limit);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::not_found) throw;
    return std::nullopt;
  }
}

std::optional<Bytes> find_small_object(ObjectStore& store, const std::string& key,
                                       std::uint64_t limit) {
  try {
    return find_object(store, key, limit);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::corrupt) throw;
    return std::nullopt;
  }
}

ListPageOfKeys list_keys(ObjectStore& store, const std::string& prefix, const std::string& after,
                         std::size_t limit) {
  ListPageOfKeys page = store.list(prefix, after, limit);
  check_page(page, prefix, after, store.describe());
  return page;
}

void for_each_key(ObjectStore& store, const std::string& prefix,
                  const std::function<void(const std::string&)>& each) {
  std::string after;
  for (;;) {
    const ListPageOfKeys page = list_keys(store, prefix, after, kKeysPerPage);
    for (const std::string& key : page.keys) each(key);
    if (!page.next) return;
    after = *page.next;
  }
}

}  // namespace v0
}  // namespace atp
