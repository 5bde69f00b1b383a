// SPDX-License-Identifier: Apache-2.0
#include "atp/storage/object_store.hpp"

#include <algorithm>

#include "atp/core/error.hpp"
#include "atp/crypto/sha256.hpp"
#include "storage/driver.hpp"

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

/// That `names` are under `prefix` and in order after `after`, and that the next page is further
/// on.
void check_page(const std::vector<std::string>& names, const std::optional<std::string>& next,
                const std::string& prefix, const std::string& after, const std::string& store) {
  const std::string* last = &after;
  for (const std::string& name : names) {
    if (name <= *last || !name.starts_with(prefix)) {
      throw Error(ErrorKind::corrupt, store,
                  "listing: expected a key under '" + prefix + "' after '" + *last + "', found '" +
                      name + "'");
    }
    last = &name;
  }
  if (next && (*next < *last || *next <= after)) {
    throw Error(ErrorKind::corrupt, store,
                "listing: expected to go on after '" + *last + "', found '" + *next + "'");
  }
}

bool is_folder_below(const std::string& prefix, const std::string& folder) {
  return folder.ends_with('/') && folder.starts_with(prefix) &&
         is_key_element(
             std::string_view(folder).substr(prefix.size(), folder.size() - prefix.size() - 1));
}

/// The folder directly under `prefix` that `key` is in; nothing for an object beside the folders.
std::optional<std::string> folder_below(const std::string& prefix, const std::string& key) {
  const auto slash = key.find('/', prefix.size());
  if (slash == std::string::npos) return std::nullopt;
  return key.substr(0, slash + 1);
}

/// Comes after every key in `folder` and before every other one: '0' is the byte after '/'.
std::string past(std::string folder) {
  folder.back() = '0';
  return folder;
}

}  // namespace

void require_capabilities(const ObjectStore& store, const Capabilities& needed) {
  const Capabilities found = store.capabilities();
  const auto require = [&](bool has, bool needs, const std::string& what) {
    if (has || !needs) return;
    throw Error(ErrorKind::unsupported, store.describe(), "expected a store that " + what);
  };
  require(found.atomic_create, needed.atomic_create,
          "creates a key for one of several writers alone (atomic_create)");
  require(found.immutability, needed.immutability, "keeps objects until a date (immutability)");
}

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
  check_page(page.keys, page.next, prefix, after, store.describe());
  if (!page.infos.empty() && page.infos.size() != page.keys.size()) {
    throw Error(ErrorKind::corrupt, store.describe(),
                "listing: expected as many infos as keys, found others");
  }
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

FolderPage ObjectStore::list_folders(const std::string& prefix, const std::string& after,
                                     std::size_t limit) {
  check_listing(prefix, limit);
  FolderPage page;
  std::string done = after;
  for (;;) {
    const ListPageOfKeys first = list_keys(*this, prefix, done, 1);
    if (first.keys.empty() && !first.next) return page;
    if (first.keys.empty()) {
      done = *first.next;
      continue;
    }
    const auto folder = folder_below(prefix, first.keys.front());
    done = folder ? past(*folder) : first.keys.front();
    if (!folder || *folder <= after) continue;
    if (page.folders.size() == limit) {
      page.next = page.folders.back();
      return page;
    }
    page.folders.push_back(*folder);
  }
}

void for_each_folder(ObjectStore& store, const std::string& prefix,
                     const std::function<void(const std::string&)>& each) {
  std::string after;
  for (;;) {
    const FolderPage page = store.list_folders(prefix, after, kKeysPerPage);
    check_page(page.folders, page.next, prefix, after, store.describe());
    for (const std::string& folder : page.folders) {
      if (!is_folder_below(prefix, folder)) {
        throw Error(ErrorKind::corrupt, store.describe(),
                    "listing: expected a folder under '" + prefix + "', found '" + folder + "'");
      }
      each(folder.substr(prefix.size(), folder.size() - prefix.size() - 1));
    }
    if (!page.next) return;
    after = *page.next;
  }
}

}  // namespace v0
}  // namespace atp
