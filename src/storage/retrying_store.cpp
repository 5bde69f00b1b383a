// SPDX-License-Identifier: Apache-2.0
#include "atp/storage/retrying_store.hpp"

#include <algorithm>
#include <array>

#include "atp/core/error.hpp"

namespace atp {
inline namespace v0 {
namespace {

using std::chrono::milliseconds;

void check_pause(milliseconds pause) {
  constexpr milliseconds kLongest = std::chrono::hours(1);
  if (pause >= milliseconds(0) && pause <= kLongest) return;
  throw Error(ErrorKind::invalid_argument, "pause",
              "expected one of at most an hour, found " + std::to_string(pause.count()) + " ms");
}

/// Shared with sources, which may outlive the store.
class Retries {
 public:
  Retries(std::shared_ptr<Random> random, Sleeper sleep, const RetryOptions& options)
      : random_(std::move(random)), sleep_(std::move(sleep)), options_(options) {}

  template <class Act>
  auto run(const Act& act) const {
    milliseconds most = options_.first_pause;
    for (unsigned attempt = 1;; ++attempt) {
      try {
        return act();
      } catch (const Error& error) {
        if (!error.temporary() || attempt >= options_.attempts) throw;
      }
      most = std::min(most, options_.longest_pause);
      sleep_(up_to(most));
      most *= 2;
    }
  }

 private:
  milliseconds up_to(milliseconds most) const {
    std::array<std::byte, 4> bytes{};
    random_->fill(bytes);
    std::uint64_t number = 0;
    for (const std::byte byte : bytes) number = number << 8 | std::to_integer<std::uint64_t>(byte);
    const auto choices = static_cast<std::uint64_t>(most.count()) + 1;
    return milliseconds(number % choices);
  }

  std::shared_ptr<Random> random_;
  Sleeper sleep_;
  RetryOptions options_;
};

class RetryingSource final : public ByteSource {
 public:
  using Open = std::function<std::unique_ptr<ByteSource>()>;

  RetryingSource(std::shared_ptr<const Retries> retries, Open open)
      : retries_(std::move(retries)), open_(std::move(open)), source_(open_()) {}

  std::size_t read(MutableByteView out) override {
    if (begun_) return source_->read(out);
    const std::size_t count = retries_->run([&] {
      if (!source_) source_ = open_();
      try {
        return source_->read(out);
      } catch (const Error&) {
        source_.reset();
        throw;
      }
    });
    begun_ = true;
    return count;
  }

 private:
  std::shared_ptr<const Retries> retries_;
  Open open_;
  std::unique_ptr<ByteSource> source_;
  bool begun_ = false;
};

class RetryingStore final : public ObjectStore {
 public:
  RetryingStore(std::shared_ptr<ObjectStore> inner, std::shared_ptr<const Retries> retries)
      : inner_(std::move(inner)), retries_(std::move(retries)) {}

  std::string describe() const override { return inner_->describe(); }
  Capabilities capabilities() const override { return inner_->capabilities(); }
  std::unique_ptr<ObjectWriter> create(const std::string& key, const PutOptions& options) override {
    return retries_->run([&] { return inner_->create(key, options); });
  }
  std::unique_ptr<ByteSource> get(const std::string& key, const ByteRange& range) override {
    return retries_->run([&] {
      return std::make_unique<RetryingSource>(
          retries_, [inner = inner_, key, range] { return inner->get(key, range); });
    });
  }
  std::optional<ObjectInfo> stat(const std::string& key) override {
    return retries_->run([&] { return inner_->stat(key); });
  }
  ListPageOfKeys list(const std::string& prefix, const std::string& after,
                      std::size_t limit) override {
    return retries_->run([&] { return inner_->list(prefix, after, limit); });
  }
  FolderPage list_folders(const std::string& prefix, const std::string& after,
                          std::size_t limit) override {
    return retries_->run([&] { return inner_->list_folders(prefix, after, limit); });
  }
  void remove(const std::string& key) override { inner_->remove(key); }
  Time extend_retention(const std::string& key, Time retain_until) override {
    return retries_->run([&] { return inner_->extend_retention(key, retain_until); });
  }
  void set_legal_hold(const std::string& key, bool held) override {
    retries_->run([&] { inner_->set_legal_hold(key, held); });
  }
  std::size_t tidy() override { return inner_->tidy(); }
  std::optional<Time> time() override {
    return retries_->run([&] { return inner_->time(); });
  }

 private:
  std::shared_ptr<ObjectStore> inner_;
  std::shared_ptr<const Retries> retries_;
};

}  // namespace

std::shared_ptr<ObjectStore> retrying_store(std::shared_ptr<ObjectStore> inner,
                                            std::shared_ptr<Random> random, Sleeper sleep,
                                            const RetryOptions& options) {
  check_pause(options.first_pause);
  check_pause(options.longest_pause);
  if (options.attempts == 0) {
    throw Error(ErrorKind::invalid_argument, "attempts", "expected at least 1, found 0");
  }
  return std::make_shared<RetryingStore>(
      std::move(inner),
      std::make_shared<const Retries>(std::move(random), std::move(sleep), options));
}

}  // namespace v0
}  // namespace atp
