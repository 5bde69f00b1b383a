// SPDX-License-Identifier: Apache-2.0
#include "support/counting_store.hpp"

namespace atp::test {
namespace {

constexpr std::array<std::string_view, 6> kNames{"GET", "HEAD", "LIST", "PUT", "REMOVE", "EXTEND"};

std::string first_element(const std::string& key) {
  const auto slash = key.find('/');
  return slash == std::string::npos ? key : key.substr(0, slash + 1);
}

}  // namespace

class CountingStore::Counts {
 public:
  void add(StoreCall call, const std::string& key) {
    const std::lock_guard guard(mutex_);
    ++of_[{call, key}];
  }

  void reset() {
    const std::lock_guard guard(mutex_);
    of_.clear();
  }

  std::map<std::pair<StoreCall, std::string>, std::uint64_t> all() const {
    const std::lock_guard guard(mutex_);
    return of_;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::pair<StoreCall, std::string>, std::uint64_t> of_;
};

class CountingStore::Writer final : public ObjectWriter {
 public:
  Writer(std::unique_ptr<ObjectWriter> inner, std::shared_ptr<Counts> counts, std::string key)
      : inner_(std::move(inner)), counts_(std::move(counts)), key_(std::move(key)) {}

  void write(ByteView bytes) override { inner_->write(bytes); }

  ObjectInfo commit(const std::optional<Digest>& expected) override {
    counts_->add(StoreCall::put, key_);
    return inner_->commit(expected);
  }

 private:
  std::unique_ptr<ObjectWriter> inner_;
  std::shared_ptr<Counts> counts_;
  std::string key_;
};

CountingStore::CountingStore(std::shared_ptr<ObjectStore> inner)
    : inner_(std::move(inner)), counts_(std::make_shared<Counts>()) {}

CountingStore::~CountingStore() = default;

std::uint64_t CountingStore::count(StoreCall call, std::string_view prefix) const {
  std::uint64_t sum = 0;
  for (const auto& [what, times] : counts_->all()) {
    if (what.first == call && what.second.starts_with(prefix)) sum += times;
  }
  return sum;
}

std::uint64_t CountingStore::total(std::string_view prefix) const {
  std::uint64_t sum = 0;
  for (const auto& [what, times] : counts_->all()) {
    if (what.second.starts_with(prefix)) sum += times;
  }
  return sum;
}

void CountingStore::reset() { counts_->reset(); }

std::string CountingStore::print() const {
  std::map<std::pair<StoreCall, std::string>, std::uint64_t> sums;
  for (const auto& [what, times] : counts_->all()) {
    sums[{what.first, first_element(what.second)}] += times;
  }
  std::string text;
  for (const auto& [what, times] : sums) {
    text += std::string(kNames.at(static_cast<std::size_t>(what.first))) + " " + what.second + " " +
            std::to_string(times) + "\n";
  }
  return text;
}

ObjectStore& CountingStore::counted(StoreCall call, const std::string& key) {
  counts_->add(call, key);
  return *inner_;
}

std::string CountingStore::describe() const { return inner_->describe(); }

Capabilities CountingStore::capabilities() const { return inner_->capabilities(); }

std::unique_ptr<ObjectWriter> CountingStore::create(const std::string& key,
                                                    const PutOptions& options) {
  return std::make_unique<Writer>(inner_->create(key, options), counts_, key);
}

std::unique_ptr<ByteSource> CountingStore::get(const std::string& key, const ByteRange& range) {
  return counted(StoreCall::get, key).get(key, range);
}

std::optional<ObjectInfo> CountingStore::stat(const std::string& key) {
  return counted(StoreCall::head, key).stat(key);
}

ListPageOfKeys CountingStore::list(const std::string& prefix, const std::string& after,
                                   std::size_t limit) {
  return counted(StoreCall::list, prefix).list(prefix, after, limit);
}

FolderPage CountingStore::list_folders(const std::string& prefix, const std::string& after,
                                       std::size_t limit) {
  return counted(StoreCall::list, prefix).list_folders(prefix, after, limit);
}

void CountingStore::remove(const std::string& key) { counted(StoreCall::remove, key).remove(key); }

Time CountingStore::extend_retention(const std::string& key, Time retain_until) {
  return counted(StoreCall::extend, key).extend_retention(key, retain_until);
}

void CountingStore::set_legal_hold(const std::string& key, bool held) {
  counted(StoreCall::extend, key).set_legal_hold(key, held);
}

}  // namespace atp::test
