// SPDX-License-Identifier: Apache-2.0
#include "atp/storage/prefix_store.hpp"

#include "atp/core/error.hpp"
#include "storage/driver.hpp"

namespace atp {
inline namespace v0 {
namespace {

/// Between the keys of the part and those of the whole. A part's errors name its own keys.
class Naming {
 public:
  explicit Naming(std::string prefix) : prefix_(std::move(prefix)) {}

  const std::string& prefix() const { return prefix_; }
  /// Throws: corrupt for what the whole should not have listed.
  void make_outer(std::string& name) const {
    if (!name.starts_with(prefix_)) {
      throw Error(ErrorKind::corrupt, name, "listing: expected a key under '" + prefix_ + "'");
    }
    name.erase(0, prefix_.size());
  }

  /// What `act` does with the key in the whole.
  template <class Act>
  auto with(const std::string& key, const Act& act) const {
    check_key(key);
    return about(key, [&] { return act(prefix_ + key); });
  }

 private:
  std::string prefix_;
};

class PrefixSource final : public ByteSource {
 public:
  PrefixSource(std::unique_ptr<ByteSource> inner, std::string key)
      : inner_(std::move(inner)), key_(std::move(key)) {}
  std::size_t read(MutableByteView out) override {
    return about(key_, [&] { return inner_->read(out); });
  }

 private:
  std::unique_ptr<ByteSource> inner_;
  std::string key_;
};

class PrefixWriter final : public ObjectWriter {
 public:
  PrefixWriter(std::unique_ptr<ObjectWriter> inner, std::string key)
      : inner_(std::move(inner)), key_(std::move(key)) {}
  void write(ByteView bytes) override {
    about(key_, [&] { inner_->write(bytes); });
  }
  ObjectInfo commit(const std::optional<Digest>& expected) override {
    ObjectInfo info = about(key_, [&] { return inner_->commit(expected); });
    info.key = key_;
    return info;
  }

 private:
  std::unique_ptr<ObjectWriter> inner_;
  std::string key_;
};

class PrefixStore final : public ObjectStore {
  template <class Act>
  auto about_listing(const std::string& prefix, const Act& act) const {
    return about(prefix.empty() ? describe() : prefix, act);
  }

 public:
  PrefixStore(std::shared_ptr<ObjectStore> inner, std::string prefix)
      : inner_(std::move(inner)), naming_(std::move(prefix)) {}

  std::string describe() const override {
    return inner_->describe() + " under " + naming_.prefix();
  }
  Capabilities capabilities() const override { return inner_->capabilities(); }
  std::unique_ptr<ObjectWriter> create(const std::string& key, const PutOptions& options) override {
    return naming_.with(key, [&](const std::string& whole) {
      return std::make_unique<PrefixWriter>(inner_->create(whole, options), key);
    });
  }
  std::unique_ptr<ByteSource> get(const std::string& key, const ByteRange& range) override {
    return naming_.with(key, [&](const std::string& whole) {
      return std::make_unique<PrefixSource>(inner_->get(whole, range), key);
    });
  }
  std::optional<ObjectInfo> stat(const std::string& key) override {
    auto info = naming_.with(key, [&](const std::string& whole) { return inner_->stat(whole); });
    if (info) info->key = key;
    return info;
  }
  ListPageOfKeys list(const std::string& prefix, const std::string& after,
                      std::size_t limit) override {
    check_listing(prefix, limit);
    return about_listing(prefix, [&] {
      ListPageOfKeys page =
          inner_->list(naming_.prefix() + prefix, naming_.prefix() + after, limit);
      for (std::string& key : page.keys) naming_.make_outer(key);
      if (page.next) naming_.make_outer(*page.next);
      for (ForeignName& foreign : page.foreign) naming_.make_outer(foreign.name);
      return page;
    });
  }
  FolderPage list_folders(const std::string& prefix, const std::string& after,
                          std::size_t limit) override {
    check_listing(prefix, limit);
    return about_listing(prefix, [&] {
      FolderPage page =
          inner_->list_folders(naming_.prefix() + prefix, naming_.prefix() + after, limit);
      for (std::string& folder : page.folders) naming_.make_outer(folder);
      if (page.next) naming_.make_outer(*page.next);
      return page;
    });
  }
  void remove(const std::string& key) override {
    naming_.with(key, [&](const std::string& whole) { inner_->remove(whole); });
  }
  Time extend_retention(const std::string& key, Time retain_until) override {
    return naming_.with(key, [&](const std::string& whole) {
      return inner_->extend_retention(whole, retain_until);
    });
  }
  void set_legal_hold(const std::string& key, bool held) override {
    naming_.with(key, [&](const std::string& whole) { inner_->set_legal_hold(whole, held); });
  }
  std::size_t tidy() override { return inner_->tidy(); }
  std::optional<Time> time() override { return inner_->time(); }

 private:
  std::shared_ptr<ObjectStore> inner_;
  Naming naming_;
};

}  // namespace

std::shared_ptr<ObjectStore> prefix_store(std::shared_ptr<ObjectStore> inner, std::string prefix) {
  check_listing(prefix, 1);
  if (prefix.empty() || prefix.size() > kStoredKeyLimit - kKeyLimit) {
    throw Error(
        ErrorKind::invalid_argument, prefix,
        "expected a prefix of 1 to " + std::to_string(kStoredKeyLimit - kKeyLimit) + " bytes");
  }
  return std::make_shared<PrefixStore>(std::move(inner), std::move(prefix));
}

}  // namespace v0
}  // namespace atp
