// SPDX-License-Identifier: Apache-2.0
/// A store that fails, forgets and lies on demand, around one that does not. Thread-safe.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "atp/core/error.hpp"
#include "atp/storage/object_store.hpp"

namespace atp::test {

class FaultyStore final : public ObjectStore {
 public:
  explicit FaultyStore(std::shared_ptr<ObjectStore> inner);
  ~FaultyStore() override;

  /// Calls of `create`, `commit`, `get`, `stat`, `list`, `list_folders`, `remove`,
  /// `extend_retention` and `set_legal_hold` so far.
  std::uint64_t operations() const;
  /// The `nth` of these calls from here (1 is the next) does nothing and throws `error`, about the
  /// key or prefix of the call.
  void fail_operation(std::uint64_t nth, Error error);
  /// Likewise the `nth` read of a source, which reads nothing.
  void fail_read(std::uint64_t nth, Error error);
  /// The `nth` commit from here stores its object, and throws unavailable.
  void lose_commit_answer(std::uint64_t nth);

  /// From here on `get` of `key` gives other bytes than are stored.
  void flip_bit(const std::string& key, std::uint64_t bit);
  void cut(const std::string& key, std::uint64_t size);
  void answer_with(const std::string& key, const std::string& other_key);
  void heal();

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
  struct Faults;
  class Source;
  class Writer;

  std::shared_ptr<ObjectStore> inner_;
  std::shared_ptr<Faults> faults_;
};

}  // namespace atp::test
