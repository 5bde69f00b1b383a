// SPDX-License-Identifier: Apache-2.0
#include "support/faulty_store.hpp"

#include <algorithm>
#include <limits>

namespace atp::test {
namespace {

class BytesSource final : public ByteSource {
 public:
  explicit BytesSource(Bytes bytes) : bytes_(std::move(bytes)) {}

  std::size_t read(MutableByteView out) override {
    const ByteView left = ByteView(bytes_).subspan(done_);
    const ByteView next = left.first(std::min(left.size(), out.size()));
    std::copy(next.begin(), next.end(), out.begin());
    done_ += next.size();
    return next.size();
  }

 private:
  Bytes bytes_;
  std::size_t done_ = 0;
};

Bytes range_of(const Bytes& bytes, const ByteRange& range) {
  const std::uint64_t from = std::min<std::uint64_t>(range.offset, bytes.size());
  const std::uint64_t left = bytes.size() - from;
  const ByteView part = ByteView(bytes).subspan(from, std::min(left, range.length.value_or(left)));
  return {part.begin(), part.end()};
}

}  // namespace

struct FaultyStore::Faults {
  struct Failure {
    std::uint64_t countdown;
    Error error;
  };
  using Damage = std::function<Bytes(Bytes)>;

  mutable std::mutex mutex;
  std::uint64_t operations = 0;
  std::vector<Failure> failures;
  std::vector<Failure> read_failures;
  std::vector<std::uint64_t> lost_answers;
  std::map<std::string, Damage> damage;

  void begin(const std::string& subject) {
    const std::lock_guard guard(mutex);
    ++operations;
    throw_due(failures, subject);
  }

  void begin_read(const std::string& subject) {
    const std::lock_guard guard(mutex);
    throw_due(read_failures, subject);
  }

  static void throw_due(std::vector<Failure>& failures, const std::string& subject) {
    for (Failure& failure : failures) --failure.countdown;
    const auto due = std::find_if(failures.begin(), failures.end(),
                                  [](const Failure& failure) { return failure.countdown == 0; });
    if (due == failures.end()) return;
    const Error error = due->error;
    failures.erase(due);
    throw Error(error.kind(), subject, error.message(),
                error.temporary() ? Error::Retry::temporary : Error::Retry::permanent);
  }

  bool answer_is_lost() {
    const std::lock_guard guard(mutex);
    for (std::uint64_t& countdown : lost_answers) --countdown;
    return std::erase(lost_answers, 0U) > 0;
  }

  std::optional<Damage> damage_of(const std::string& key) const {
    const std::lock_guard guard(mutex);
    const auto found = damage.find(key);
    if (found == damage.end()) return std::nullopt;
    return found->second;
  }

  void set_damage(const std::string& key, Damage how) {
    const std::lock_guard guard(mutex);
    damage[key] = std::move(how);
  }
};

class FaultyStore::Source final : public ByteSource {
 public:
  Source(std::unique_ptr<ByteSource> inner, std::shared_ptr<Faults> faults, std::string key)
      : inner_(std::move(inner)), faults_(std::move(faults)), key_(std::move(key)) {}

  std::size_t read(MutableByteView out) override {
    faults_->begin_read(key_);
    return inner_->read(out);
  }

 private:
  std::unique_ptr<ByteSource> inner_;
  std::shared_ptr<Faults> faults_;
  std::string key_;
};

class FaultyStore::Writer final : public ObjectWriter {
 public:
  Writer(std::unique_ptr<ObjectWriter> inner, std::shared_ptr<Faults> faults, std::string key)
      : inner_(std::move(inner)), faults_(std::move(faults)), key_(std::move(key)) {}

  void write(ByteView bytes) override { inner_->write(bytes); }

  ObjectInfo commit(const std::optional<Digest>& expected) override {
    faults_->begin(key_);
    const ObjectInfo info = inner_->commit(expected);
    if (faults_->answer_is_lost()) {
      throw Error(ErrorKind::unavailable, key_, "no answer to a commit", Error::Retry::temporary);
    }
    return info;
  }

 private:
  std::unique_ptr<ObjectWriter> inner_;
  std::shared_ptr<Faults> faults_;
  std::string key_;
};

FaultyStore::FaultyStore(std::shared_ptr<ObjectStore> inner)
    : inner_(std::move(inner)), faults_(std::make_shared<Faults>()) {}

FaultyStore::~FaultyStore() = default;

std::uint64_t FaultyStore::operations() const {
  const std::lock_guard guard(faults_->mutex);
  return faults_->operations;
}

void FaultyStore::fail_operation(std::uint64_t nth, Error error) {
  const std::lock_guard guard(faults_->mutex);
  faults_->failures.push_back({nth, std::move(error)});
}

void FaultyStore::fail_read(std::uint64_t nth, Error error) {
  const std::lock_guard guard(faults_->mutex);
  faults_->read_failures.push_back({nth, std::move(error)});
}

void FaultyStore::lose_commit_answer(std::uint64_t nth) {
  const std::lock_guard guard(faults_->mutex);
  faults_->lost_answers.push_back(nth);
}

void FaultyStore::flip_bit(const std::string& key, std::uint64_t bit) {
  faults_->set_damage(key, [bit](Bytes bytes) {
    bytes.at(bit / 8) ^= std::byte{1} << (bit % 8);
    return bytes;
  });
}

void FaultyStore::cut(const std::string& key, std::uint64_t size) {
  faults_->set_damage(key, [size](Bytes bytes) {
    bytes.resize(std::min<std::uint64_t>(size, bytes.size()));
    return bytes;
  });
}

void FaultyStore::answer_with(const std::string& key, const std::string& other_key) {
  faults_->set_damage(key, [inner = inner_, other_key](const Bytes&) {
    return get_object(*inner, other_key, std::numeric_limits<std::uint64_t>::max());
  });
}

void FaultyStore::heal() {
  const std::lock_guard guard(faults_->mutex);
  faults_->failures.clear();
  faults_->read_failures.clear();
  faults_->lost_answers.clear();
  faults_->damage.clear();
}

std::string FaultyStore::describe() const { return inner_->describe(); }

Capabilities FaultyStore::capabilities() const { return inner_->capabilities(); }

std::unique_ptr<ObjectWriter> FaultyStore::create(const std::string& key,
                                                  const PutOptions& options) {
  faults_->begin(key);
  return std::make_unique<Writer>(inner_->create(key, options), faults_, key);
}

std::unique_ptr<ByteSource> FaultyStore::get(const std::string& key, const ByteRange& range) {
  faults_->begin(key);
  const auto damage = faults_->damage_of(key);
  if (!damage) return std::make_unique<Source>(inner_->get(key, range), faults_, key);
  const Bytes stored = get_object(*inner_, key, std::numeric_limits<std::uint64_t>::max());
  return std::make_unique<BytesSource>(range_of((*damage)(stored), range));
}

std::optional<ObjectInfo> FaultyStore::stat(const std::string& key) {
  faults_->begin(key);
  return inner_->stat(key);
}

ListPageOfKeys FaultyStore::list(const std::string& prefix, const std::string& after,
                                 std::size_t limit) {
  faults_->begin(prefix);
  return inner_->list(prefix, after, limit);
}

FolderPage FaultyStore::list_folders(const std::string& prefix, const std::string& after,
                                     std::size_t limit) {
  faults_->begin(prefix);
  return inner_->list_folders(prefix, after, limit);
}

void FaultyStore::remove(const std::string& key) {
  faults_->begin(key);
  inner_->remove(key);
}

Time FaultyStore::extend_retention(const std::string& key, Time retain_until) {
  faults_->begin(key);
  return inner_->extend_retention(key, retain_until);
}

void FaultyStore::set_legal_hold(const std::string& key, bool held) {
  faults_->begin(key);
  inner_->set_legal_hold(key, held);
}

}  // namespace atp::test
