// SPDX-License-Identifier: Apache-2.0
/// A store of one's own, in front of another: what would a verification ask of a store that charges
/// by request and byte? write_store VAULT TRUST POINT
#include <atomic>
#include <iostream>
#include <memory>

#include "atp/core/error.hpp"
#include "atp/storage/object_store.hpp"
#include "atp/vault/vault_folder.hpp"
#include "atp/verify/verify.hpp"

namespace {

struct Usage {
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> bytes{0};
};

class MeteredSource : public atp::ByteSource {
 public:
  MeteredSource(std::unique_ptr<atp::ByteSource> source, Usage& usage)
      : source_(std::move(source)), usage_(usage) {}

  std::size_t read(atp::MutableByteView out) override {
    const std::size_t size = source_->read(out);
    usage_.bytes += size;
    return size;
  }

 private:
  std::unique_ptr<atp::ByteSource> source_;
  Usage& usage_;
};

/// Passes everything on. Thread-safe, as all stores are.
class MeteredStore : public atp::ObjectStore {
 public:
  explicit MeteredStore(std::shared_ptr<atp::ObjectStore> store) : store_(std::move(store)) {}
  const Usage& usage() const { return usage_; }

  std::string describe() const override { return "metered " + store_->describe(); }
  atp::Capabilities capabilities() const override { return store_->capabilities(); }
  std::unique_ptr<atp::ObjectWriter> create(const std::string& key,
                                            const atp::PutOptions& options) override {
    return counted().create(key, options);
  }
  std::unique_ptr<atp::ByteSource> get(const std::string& key,
                                       const atp::ByteRange& range) override {
    return std::make_unique<MeteredSource>(counted().get(key, range), usage_);
  }
  std::optional<atp::ObjectInfo> stat(const std::string& key) override {
    return counted().stat(key);
  }
  atp::ListPageOfKeys list(const std::string& prefix, const std::string& after,
                           std::size_t limit) override {
    return counted().list(prefix, after, limit);
  }
  atp::FolderPage list_folders(const std::string& prefix, const std::string& after,
                               std::size_t limit) override {
    return counted().list_folders(prefix, after, limit);
  }
  void remove(const std::string& key) override { counted().remove(key); }
  atp::Time extend_retention(const std::string& key, atp::Time retain_until) override {
    return counted().extend_retention(key, retain_until);
  }
  void set_legal_hold(const std::string& key, bool held) override {
    counted().set_legal_hold(key, held);
  }

 private:
  atp::ObjectStore& counted() {
    ++usage_.requests;
    return *store_;
  }

  std::shared_ptr<atp::ObjectStore> store_;
  Usage usage_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: write_store VAULT TRUST POINT\n";
    return 2;
  }
  try {
    const atp::Environment environment = atp::system_environment();
    MeteredStore store(atp::open_store(environment, argv[1]));
    const atp::TrustPolicy trust = atp::load_trust_policy(*environment.files, argv[2]);
    atp::VerifyOptions options;
    options.depth = atp::VerifyDepth::stored;
    const atp::Report report =
        atp::verify_point(store, atp::find_point(store, argv[3]), &trust, {}, options);
    std::cout << atp::to_string(report.verdict()) << " with " << store.usage().requests
              << " requests for " << store.usage().bytes << " bytes\n";
    return report.exit_code();
  } catch (const atp::Error& error) {
    std::cerr << "write_store: " << error.what() << "\n";
    return atp::error_kind_info(error.kind()).exit_code;
  }
}
