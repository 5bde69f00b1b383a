// SPDX-License-Identifier: Apache-2.0
#include "atp/storage/read_only_store.hpp"

#include "atp/core/error.hpp"

namespace atp {
inline namespace v0 {
namespace {

class ReadOnlyStore final : public ObjectStore {
 public:
  explicit ReadOnlyStore(std::shared_ptr<ObjectStore> inner) : inner_(std::move(inner)) {}

  std::string describe() const override { return inner_->describe(); }
  Capabilities capabilities() const override { return inner_->capabilities(); }
  std::unique_ptr<ByteSource> get(const std::string& key, const ByteRange& range) override {
    return inner_->get(key, range);
  }
  std::optional<ObjectInfo> stat(const std::string& key) override { return inner_->stat(key); }
  ListPageOfKeys list(const std::string& prefix, const std::string& after,
                      std::size_t limit) override {
    return inner_->list(prefix, after, limit);
  }
  FolderPage list_folders(const std::string& prefix, const std::string& after,
                          std::size_t limit) override {
    return inner_->list_folders(prefix, after, limit);
  }

  std::unique_ptr<ObjectWriter> create(const std::string& key, const PutOptions&) override {
    refuse(key);
  }
  void remove(const std::string& key) override { refuse(key); }
  Time extend_retention(const std::string& key, Time) override { refuse(key); }
  void set_legal_hold(const std::string& key, bool) override { refuse(key); }

 private:
  [[noreturn]] static void refuse(const std::string& key) {
    check_key(key);
    throw Error(ErrorKind::permission_denied, key, "the store was opened for reading only");
  }

  std::shared_ptr<ObjectStore> inner_;
};

}  // namespace

std::shared_ptr<ObjectStore> read_only_store(std::shared_ptr<ObjectStore> inner) {
  return std::make_shared<ReadOnlyStore>(std::move(inner));
}

}  // namespace v0
}  // namespace atp
