// SPDX-License-Identifier: Apache-2.0
#include "atp/storage/memory_store.hpp"

#include <algorithm>
#include <map>
#include <mutex>

#include "atp/core/error.hpp"
#include "atp/crypto/sha256.hpp"
#include "storage/driver.hpp"

namespace atp {
inline namespace v0 {
namespace {

struct Stored {
  std::shared_ptr<const Bytes> bytes;
  Time modified;
  Immutability immutability;
};

class MemorySource final : public ByteSource {
 public:
  MemorySource(std::shared_ptr<const Bytes> bytes, const ByteRange& range)
      : bytes_(std::move(bytes)) {
    const std::uint64_t from = std::min<std::uint64_t>(range.offset, bytes_->size());
    const std::uint64_t left = bytes_->size() - from;
    left_ = ByteView(*bytes_).subspan(from, std::min(left, range.length.value_or(left)));
  }

  std::size_t read(MutableByteView out) override {
    const ByteView next = left_.first(std::min(left_.size(), out.size()));
    std::copy(next.begin(), next.end(), out.begin());
    left_ = left_.subspan(next.size());
    return next.size();
  }

 private:
  std::shared_ptr<const Bytes> bytes_;
  ByteView left_;
};

/// The objects, shared with the writers so that these may outlive the store.
class Objects {
 public:
  explicit Objects(std::shared_ptr<const Clock> clock) : clock_(std::move(clock)) {}

  ObjectInfo add(const std::string& key, Bytes bytes, const Immutability& immutability) {
    const std::lock_guard guard(mutex_);
    check_room(key);
    const Stored stored{.bytes = std::make_shared<const Bytes>(std::move(bytes)),
                        .modified = clock_->now(),
                        .immutability = immutability};
    if (!by_key_.emplace(key, stored).second) throw_taken(key);
    return info_of(key, stored);
  }

  std::shared_ptr<const Bytes> bytes_of(const std::string& key) {
    const std::lock_guard guard(mutex_);
    return require(key).bytes;
  }

  std::optional<ObjectInfo> stat(const std::string& key) const {
    const std::lock_guard guard(mutex_);
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return std::nullopt;
    return info_of(key, found->second);
  }

  ListPageOfKeys list(const std::string& prefix, const std::string& after,
                      std::size_t limit) const {
    const std::lock_guard guard(mutex_);
    ListPageOfKeys page;
    auto next = after < prefix ? by_key_.lower_bound(prefix) : by_key_.upper_bound(after);
    for (; next != by_key_.end() && next->first.starts_with(prefix); ++next) {
      if (page.keys.size() == limit) {
        page.next = page.keys.back();
        break;
      }
      page.keys.push_back(next->first);
      page.infos.push_back(
          {.size = next->second.bytes->size(), .immutability = next->second.immutability});
    }
    return page;
  }

  void remove(const std::string& key) {
    const std::lock_guard guard(mutex_);
    check_removable(key, require(key).immutability, clock_->now());
    by_key_.erase(key);
  }

  Time extend_retention(const std::string& key, Time retain_until) {
    const std::lock_guard guard(mutex_);
    auto& in_force = require(key).immutability.retain_until;
    in_force = std::max(in_force.value_or(retain_until), retain_until);
    return *in_force;
  }

  void set_legal_hold(const std::string& key, bool held) {
    const std::lock_guard guard(mutex_);
    require(key).immutability.legal_hold = held;
  }

 private:
  Stored& require(const std::string& key) {
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) throw_no_object(key);
    return found->second;
  }

  /// An object is not also the folder of others, as on a disk.
  void check_room(const std::string& key) const {
    const auto below = by_key_.lower_bound(key + "/");
    if (below != by_key_.end() && below->first.starts_with(key + "/")) {
      throw_no_room(key, below->first);
    }
    for (auto end = key.find('/'); end != std::string::npos; end = key.find('/', end + 1)) {
      if (by_key_.count(key.substr(0, end)) > 0) throw_no_room(key, key.substr(0, end));
    }
  }

  static ObjectInfo info_of(const std::string& key, const Stored& stored) {
    return {.key = key,
            .size = stored.bytes->size(),
            .modified = stored.modified,
            .immutability = stored.immutability};
  }

  std::shared_ptr<const Clock> clock_;
  mutable std::mutex mutex_;
  std::map<std::string, Stored> by_key_;
};

class MemoryWriter final : public ObjectWriter {
 public:
  MemoryWriter(std::shared_ptr<Objects> objects, std::string key, const PutOptions& options)
      : objects_(std::move(objects)),
        key_(std::move(key)),
        immutability_{options.retain_until, options.legal_hold} {}

  void write(ByteView bytes) override {
    check_open();
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  }

  ObjectInfo commit(const std::optional<Digest>& expected) override {
    check_open();
    const auto objects = std::move(objects_);
    if (expected) check_written(key_, sha256(bytes_), *expected);
    return objects->add(key_, std::move(bytes_), immutability_);
  }

 private:
  void check_open() const {
    if (!objects_) throw_writer_closed(key_);
  }

  std::shared_ptr<Objects> objects_;
  std::string key_;
  Immutability immutability_;
  Bytes bytes_;
};

class MemoryStore final : public ObjectStore {
 public:
  explicit MemoryStore(std::shared_ptr<const Clock> clock)
      : objects_(std::make_shared<Objects>(std::move(clock))) {}

  std::string describe() const override { return "memory"; }
  Capabilities capabilities() const override {
    return {.atomic_create = true, .immutability = true};
  }
  std::unique_ptr<ObjectWriter> create(const std::string& key, const PutOptions& options) override {
    check_key(key);
    return std::make_unique<MemoryWriter>(objects_, key, options);
  }
  std::unique_ptr<ByteSource> get(const std::string& key, const ByteRange& range) override {
    check_key(key);
    return std::make_unique<MemorySource>(objects_->bytes_of(key), range);
  }
  std::optional<ObjectInfo> stat(const std::string& key) override {
    check_key(key);
    return objects_->stat(key);
  }
  ListPageOfKeys list(const std::string& prefix, const std::string& after,
                      std::size_t limit) override {
    check_listing(prefix, limit);
    return objects_->list(prefix, after, limit);
  }
  void remove(const std::string& key) override {
    check_key(key);
    objects_->remove(key);
  }
  Time extend_retention(const std::string& key, Time retain_until) override {
    check_key(key);
    return objects_->extend_retention(key, retain_until);
  }
  void set_legal_hold(const std::string& key, bool held) override {
    check_key(key);
    objects_->set_legal_hold(key, held);
  }

 private:
  std::shared_ptr<Objects> objects_;
};

}  // namespace

std::shared_ptr<ObjectStore> memory_store(std::shared_ptr<const Clock> clock) {
  return std::make_shared<MemoryStore>(std::move(clock));
}

}  // namespace v0
}  // namespace atp
