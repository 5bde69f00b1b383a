// SPDX-License-Identifier: Apache-2.0
/// Verifying copies of the small vault.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "atp/verify/verify.hpp"
#include "support/error_kind.hpp"
#include "support/small_vault.hpp"

namespace atp::test {

struct Verification {
  VerifyDepth depth = VerifyDepth::content;
  std::optional<SegmentName> segment = {};
  unsigned workers = 1;
};

inline Report verify(ObjectStore& store, const std::string& id, const Verification& how = {}) {
  const SmallVault& vault = small_vault();
  VerifyOptions options{.segment = how.segment};
  options.depth = how.depth;
  options.workers = how.workers;
  return verify_point(store, vault.name_of(id), &vault.trust(), vault.identities(), options);
}

inline Report verify(ObjectStore& store) { return verify(store, small_vault().incremental); }

inline std::vector<std::string> names(const std::vector<Check>& checks) {
  std::vector<std::string> result = {};
  for (const Check& check : checks) result.push_back(check.name);
  return result;
}

inline std::vector<Check> named(const Report& report, const std::string& name) {
  std::vector<Check> result = {};
  std::copy_if(report.checks.begin(), report.checks.end(), std::back_inserter(result),
               [&](const Check& check) { return check.name == name; });
  return result;
}

/// The subjects of failed checks.
inline std::set<std::string> failed_subjects(const Report& report) {
  std::set<std::string> subjects = {};
  for (const Check& check : report.failures()) subjects.insert(check.subject);
  return subjects;
}

inline std::string text_of(const Report& report) {
  std::string text;
  for (const Check& check : report.checks) {
    if (check.state == CheckState::verified) continue;
    text += std::string(to_string(check.state)) + " " + check.name + " " + check.subject +
            ": expected " + check.expected + ", found " + check.found + "\n";
  }
  return text;
}

/// Remembers which objects are read.
class RecordingStore final : public ObjectStore {
 public:
  explicit RecordingStore(std::shared_ptr<ObjectStore> inner) : inner_(std::move(inner)) {}
  std::set<std::string> read() const { return read_; }
  /// Who reads `key` again gets the object `other`.
  void show_another_later(const std::string& key, const std::string& other) {
    later_.emplace(key, other);
  }

  std::string describe() const override { return inner_->describe(); }
  Capabilities capabilities() const override { return inner_->capabilities(); }
  std::unique_ptr<ObjectWriter> create(const std::string& key, const PutOptions& put) override {
    return inner_->create(key, put);
  }
  std::unique_ptr<ByteSource> get(const std::string& key, const ByteRange& range) override {
    const std::lock_guard lock(mutex_);
    const auto other = later_.find(key);
    const bool again = !read_.insert(key).second;
    return inner_->get(again && other != later_.end() ? other->second : key, range);
  }
  std::optional<ObjectInfo> stat(const std::string& key) override { return inner_->stat(key); }
  ListPageOfKeys list(const std::string& prefix, const std::string& after,
                      std::size_t limit) override {
    return inner_->list(prefix, after, limit);
  }
  void remove(const std::string& key) override { inner_->remove(key); }
  Time extend_retention(const std::string& key, Time until) override {
    return inner_->extend_retention(key, until);
  }
  void set_legal_hold(const std::string& key, bool held) override {
    inner_->set_legal_hold(key, held);
  }

 private:
  std::shared_ptr<ObjectStore> inner_;
  std::map<std::string, std::string> later_;
  std::mutex mutex_;
  std::set<std::string> read_;
};

}  // namespace atp::test
