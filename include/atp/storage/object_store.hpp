// SPDX-License-Identifier: Apache-2.0
/// Bytes under keys. Every driver passes tests/conformance unchanged; `MemoryStore` is the
/// reference. Stores are thread-safe; a writer or source belongs to one thread at a time.
///
/// A store gives: durability (a committed object survives any crash), read-after-write and
/// list-after-write, atomicity (an object is there whole or not at all), create-only by default.
///
/// The subject of an error about an object, also of its writer's and its source's, is the object's
/// key as the caller gave it, in every store; a path or an address is part of the message. Of a
/// listing it is the prefix, or `describe()` where that is empty or the listing is out of order.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "atp/core/bytes.hpp"
#include "atp/core/error.hpp"
#include "atp/core/export.hpp"
#include "atp/core/stream.hpp"
#include "atp/core/time.hpp"
#include "atp/model/object_key.hpp"

namespace atp {
inline namespace v0 {

/// What keeps an object from being removed.
struct Immutability {
  std::optional<Time> retain_until = {};
  bool legal_hold = false;
  bool operator==(const Immutability&) const = default;
};

struct ObjectInfo {
  std::string key;
  std::uint64_t size = 0;
  Time modified;
  Immutability immutability;
};

struct PutOptions {
  std::optional<Time> retain_until = {};  ///< In force from the instant the object exists.
  bool legal_hold = false;                ///< Likewise.
};

/// `[offset, offset + length)`, cut at the end of the object.
struct ByteRange {
  std::uint64_t offset = 0;
  std::optional<std::uint64_t> length = {};
};

/// What a listing tells of an object besides its key; nothing where the store would have to ask for
/// it object by object, which `stat` does.
struct ListedInfo {
  std::optional<std::uint64_t> size = {};
  std::optional<Immutability> immutability = {};
};

/// Something among the objects that is none, as people, NAS boxes and broken disks leave it: a name
/// that is no key, a link, a device, a folder that may not be read. It hides no object elsewhere.
struct ForeignName {
  std::string
      name;  ///< Like a key, the last element as `encode_name` spells it; a folder's with `/`.
  std::string what;  ///< For people.
  bool operator==(const ForeignName&) const = default;
};

/// That many a page are named, so that a folder full of them does not fill the memory.
inline constexpr std::size_t kForeignNamesPerPage = 100;

struct ListPageOfKeys {
  std::vector<std::string> keys = {};  ///< Sorted by byte.
  /// Give it as `after` for the next page; absent at the end.
  std::optional<std::string> next = {};
  /// Of each of `keys`, in their order; or empty, from a store that knows keys alone.
  std::vector<ListedInfo> infos = {};
  /// What was passed over between `after` and `next`, so each is on one page.
  std::vector<ForeignName> foreign = {};
  std::uint64_t foreign_unnamed = 0;  ///< How many more there were.
};

struct FolderPage {
  std::vector<std::string> folders = {};  ///< Each the prefix, an element and `/`. Sorted by byte.
  std::optional<std::string> next = {};   ///< As in `ListPageOfKeys`.
};

struct Capabilities {
  bool atomic_create = false;  ///< Create-only puts exclude one another.
  bool immutability = false;
};

/// One object being written. Without `commit` nothing of it ever shows.
class ATP_EXPORT ObjectWriter : public ByteSink {
 public:
  /// Makes the object durable and visible at once. The bytes written are checked against
  /// `expected`, when given. Throws: already_exists where the key is taken (then nothing has
  /// changed, and the object there is durable), corrupt where the digest differs, no_space,
  /// unavailable (then the object may be there, whole, or not).
  virtual ObjectInfo commit(const std::optional<Digest>& expected) = 0;
};

class ATP_EXPORT ObjectStore {
 public:
  virtual ~ObjectStore() = default;

  /// Where the objects are, for people.
  virtual std::string describe() const = 0;
  virtual Capabilities capabilities() const = 0;

  /// Begins an object; create-only. Keys are `/`-separated elements of `[A-Za-z0-9._=-]`, none
  /// empty, none beginning with a dot, each at most 200 bytes, `kKeyLimit` in all. Longer ones may
  /// be taken up to `kStoredKeyLimit`, so that there is room for the prefix of a front.
  /// Throws: invalid_argument for another key, and for one that begins with an object's key and
  /// `/` or the other way round (may also come at commit); already_exists (likewise); unsupported
  /// for a retention or hold that the store cannot keep.
  virtual std::unique_ptr<ObjectWriter> create(const std::string& key,
                                               const PutOptions& options) = 0;
  /// Throws: not_found.
  virtual std::unique_ptr<ByteSource> get(const std::string& key, const ByteRange& range = {}) = 0;
  /// Nothing where there is no such object.
  virtual std::optional<ObjectInfo> stat(const std::string& key) = 0;
  /// Keys that begin with `prefix` (empty or ending in `/`) and come after `after`. What is no
  /// object is passed over and named in the page. Throws: permission_denied where `prefix` itself
  /// may not be read; unavailable.
  virtual ListPageOfKeys list(const std::string& prefix, const std::string& after = {},
                              std::size_t limit = 1000) = 0;
  /// The folders directly under `prefix` that come after `after`, without what is in them. One that
  /// holds no object may show. The store's own way where it has one; this one lists one key of each
  /// folder, and each object beside them.
  virtual FolderPage list_folders(const std::string& prefix, const std::string& after = {},
                                  std::size_t limit = 1000);
  /// Throws: not_found, retained, on_hold. On doubt about retention: retained.
  virtual void remove(const std::string& key) = 0;
  /// Moves the date later, durably; an earlier or equal date changes nothing and is no error.
  /// The date in force afterwards, read back. Throws: not_found.
  virtual Time extend_retention(const std::string& key, Time retain_until) = 0;
  /// Throws: not_found.
  virtual void set_legal_hold(const std::string& key, bool held) = 0;

  /// Removes what writers that are gone have left unfinished; how much of it there was. What is
  /// being written stays. A store in which nothing can be left does nothing.
  virtual std::size_t tidy() { return 0; }
  /// The time by the clock of the machine that has the objects, which may be another's; nothing
  /// where the store cannot tell, or only by writing, which it may not.
  virtual std::optional<Time> time() { return std::nullopt; }
};

/// For drivers: `error` with `key` as its subject; what its subject was is in the message.
ATP_EXPORT Error about_key(const std::string& key, const Error& error);

/// For drivers: what `act` does, its errors about `key`.
template <class Act>
auto about(const std::string& key, const Act& act) {
  try {
    return act();
  } catch (const Error& error) {
    throw about_key(key, error);
  }
}

/// Throws: unsupported, naming what is missing, where `store` lacks one of what is `needed`.
ATP_EXPORT void require_capabilities(const ObjectStore& store, const Capabilities& needed);

/// Throws: invalid_argument unless `key` is one that a store may take (`is_stored_key`).
ATP_EXPORT void check_key(std::string_view key);

/// Puts small objects whole. Throws: as `create` and `commit`.
ATP_EXPORT void put_object(ObjectStore& store, const std::string& key, ByteView bytes,
                           const PutOptions& options);

/// As `put_object`; where the key is taken by the same bytes, that is success and the retention is
/// grown. For deterministic objects only. Throws: already_exists for other bytes.
ATP_EXPORT void put_same_object(ObjectStore& store, const std::string& key, ByteView bytes,
                                const PutOptions& options);

/// All bytes. Throws: not_found, corrupt over `limit` bytes.
ATP_EXPORT Bytes get_object(ObjectStore& store, const std::string& key, std::uint64_t limit);
/// All bytes of an object that others say is there. Throws: corrupt, also where it is missing.
ATP_EXPORT Bytes require_object(ObjectStore& store, const std::string& key, std::uint64_t limit);
/// Nothing where there is no such object.
ATP_EXPORT std::optional<Bytes> find_object(ObjectStore& store, const std::string& key,
                                            std::uint64_t limit);

/// As `find_object`; nothing for an object over `limit` bytes, either.
ATP_EXPORT std::optional<Bytes> find_small_object(ObjectStore& store, const std::string& key,
                                                  std::uint64_t limit);

/// A page of keys, whose order, prefix and progress are checked. Throws: corrupt for a store that
/// lists otherwise.
ATP_EXPORT ListPageOfKeys list_keys(ObjectStore& store, const std::string& prefix,
                                    const std::string& after, std::size_t limit);

/// Calls `each` with every key under `prefix`, in order; the pages' order and progress are checked.
ATP_EXPORT void for_each_key(ObjectStore& store, const std::string& prefix,
                             const std::function<void(const std::string&)>& each);

/// Likewise with the name of every folder directly under `prefix`, without prefix and `/`.
ATP_EXPORT void for_each_folder(ObjectStore& store, const std::string& prefix,
                                const std::function<void(const std::string&)>& each);

}  // namespace v0
}  // namespace atp
