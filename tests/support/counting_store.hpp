// SPDX-License-Identifier: Apache-2.0
/// What is asked of a store, in requests as an object store charges them. Thread-safe.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "atp/storage/object_store.hpp"

namespace atp::test {

/// Holds and their release count as EXTEND: both change an object's retention.
enum class StoreCall { get, head, list, put, remove, extend };

/// Passes everything on. Calls that fail count like others; a put counts when it is committed.
class CountingStore final : public ObjectStore {
 public:
  explicit CountingStore(std::shared_ptr<ObjectStore> inner);
  ~CountingStore() override;

  /// How many since the last reset; of keys, or listings, that begin with `prefix`.
  std::uint64_t count(StoreCall call, std::string_view prefix = {}) const;
  /// Of all kinds.
  std::uint64_t total(std::string_view prefix = {}) const;
  void reset();
  /// A line for each kind and first element of a key: `GET ledger/ 12`. For messages of tests.
  std::string print() const;

  std::string describe() const override;
  Capabilities capabilities() const override;
  std::unique_ptr<ObjectWriter> create(const std::string& key, const PutOptions& options) override;
  std::unique_ptr<ByteSource> get(const std::string& key, const ByteRange& range = {}) override;
  std::optional<ObjectInfo> stat(const std::string& key) override;
  ListPageOfKeys list(const std::string& prefix, const std::string& after = {},
                      std::size_t limit = 1000) override;
  FolderPage list_folders(const std::string& prefix, const std::string& after = {},
                          std::size_t limit = 1000) override;
  void remove(const std::string& key) override;
  Time extend_retention(const std::string& key, Time retain_until) override;
  void set_legal_hold(const std::string& key, bool held) override;
  std::size_t tidy() override { return inner_->tidy(); }
  std::optional<Time> time() override { return inner_->time(); }

 private:
  class Counts;
  class Writer;

  ObjectStore& counted(StoreCall call, const std::string& key);

  std::shared_ptr<ObjectStore> inner_;
  std::shared_ptr<Counts> counts_;  ///< Shared with writers, which may outlive the store.
};

}  // namespace atp::test
