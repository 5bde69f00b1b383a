// SPDX-License-Identifier: Apache-2.0
/// Packages for tests: made by the writer, or put together by hand where a writer would not.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "atp/core/error.hpp"
#include "atp/crypto/chacha20.hpp"
#include "atp/crypto/sha256.hpp"
#include "atp/segment/package_scan.hpp"
#include "atp/segment/package_writer.hpp"
#include "atp/storage/memory_store.hpp"
#include "merkle/plain_tree.hpp"
#include "segment/frame_codec.hpp"
#include "segment/package_tail.hpp"
#include "support/manual_clock.hpp"
#include "support/sequence_random.hpp"

namespace atp::test {

inline const std::string kPackageKey =
    "segments/acme/default/000001.0123456789abcdef.jsonl.zst.age";

/// Gives a text in pieces of at most `piece` bytes.
class TextSource final : public ByteSource {
 public:
  explicit TextSource(std::string_view text, std::size_t piece = 1 << 20)
      : rest_(as_bytes(text)), piece_(piece) {}

  std::size_t read(MutableByteView out) override {
    const std::size_t size = std::min({out.size(), rest_.size(), piece_});
    std::ranges::copy(rest_.first(size), out.begin());
    rest_ = rest_.subspan(size);
    return size;
  }

 private:
  ByteView rest_;
  std::size_t piece_;
};

struct CollectingSink final : ByteSink {
  void write(ByteView more) override { bytes.insert(bytes.end(), more.begin(), more.end()); }
  Bytes bytes;
};

/// Keeps the frames it gets, and where in the segment they stand.
struct CollectingFrames final : FrameSink {
  void frame(const FrameEntry& entry, ByteView raw) override {
    entries.push_back(entry);
    text += as_text(raw);
  }
  std::vector<FrameEntry> entries = {};
  std::string text;
};

struct Package {
  Bytes bytes;
  PackageSummary summary;
};

inline SegmentManifest manifest_of(const PackageSummary& summary) {
  SegmentManifest manifest =
      manifest_of(summary, StreamId("default"), SegmentId("000001"), kPackageKey);
  manifest.header = {
      .vault_id = std::string(32, 'a'), .tenant = TenantId("acme"), .nonce = std::string(32, 'b')};
  manifest.key_epoch = "202601";
  manifest.policy_version = 1;
  return manifest;
}

inline std::string checks(const std::vector<PackageDamage>& damage) {
  std::string names;
  for (const PackageDamage& found : damage) names += (names.empty() ? "" : " ") + found.check;
  return names;
}

inline std::vector<std::string_view> split_records(std::string_view text) {
  std::vector<std::string_view> records = {};
  while (!text.empty()) {
    const std::size_t size = std::min(text.find('\n'), text.size());
    records.push_back(text.substr(0, size));
    text.remove_prefix(std::min(size + 1, text.size()));
  }
  return records;
}

/// Leaves as design.md defines them, one by one.
inline std::vector<Digest> plain_leaves(std::string_view text, ByteView seed) {
  std::vector<Digest> leaves = {};
  const auto records = split_records(text);
  Bytes salts((records.size() * 16 + 63) / 64 * 64);
  chacha20_stream(seed, 0, salts);
  for (std::size_t i = 0; i < records.size(); ++i) {
    Bytes entry(salts.begin() + static_cast<std::ptrdiff_t>(16 * i),
                salts.begin() + static_cast<std::ptrdiff_t>(16 * i + 16));
    const ByteView record = as_bytes(records[i]);
    entry.insert(entry.end(), record.begin(), record.end());
    leaves.push_back(Rfc9162Hasher::leaf(entry));
  }
  return leaves;
}

inline std::string audit_record(std::uint64_t i, std::size_t filler = 40) {
  std::string text = R"({"time":"2025-09-)" + std::to_string(10 + i % 20) + R"(T10:00:00Z","n":)" +
                     std::to_string(i) + R"(,"x":")";
  for (std::uint64_t k = 0; text.size() < filler + 50; ++k) {
    for (std::uint64_t word = splitmix64(i * 1000 + k), left = 8; left > 0; --left, word >>= 8)
      text += static_cast<char>('a' + word % 16);
  }
  return text + "\"}\n";
}

inline std::string audit_text(std::uint64_t records, std::size_t filler = 40) {
  std::string text;
  for (std::uint64_t i = 0; i < records; ++i) text += audit_record(i, filler);
  return text;
}

class PackageTest : public testing::Test {
 protected:
  PackageOptions options() const { return {.time_path = "time"}; }

  PackageOutcome try_write(ByteSource& source, ByteSink& sink, const PackageOptions& options) {
    return write_package(source, sink, identity_.recipient(), random_, options);
  }

  Package write(std::string_view text, std::size_t piece = 1 << 20) {
    TextSource source(text, piece);
    CollectingSink sink;
    const auto result = try_write(source, sink, options());
    return {std::move(sink.bytes), std::get<PackageSummary>(result)};
  }

  std::vector<PackageDamage> scan(ByteView stored, const SegmentManifest& manifest,
                                  FrameSink* sink = nullptr) {
    const auto store = memory_store(std::make_shared<ManualClock>());
    put_object(*store, kPackageKey, stored, {});
    return scan_package(*store, manifest, {&identity_, 1}, sink, {});
  }

  PackageIndex index_of(const Package& package) {
    const SecretBytes plain = age::decrypt(package.bytes, {&identity_, 1});
    const ByteView locator = plain.view().last(segment::kLocatorSize);
    const std::uint64_t size = segment::tail_size(locator, package.summary.frames);
    return decode_index(segment::index_bytes(plain.view().last(size), package.summary.frames));
  }

  /// A package of these compressed frames, and a manifest that fits all its digests.
  Package forge(const std::vector<Bytes>& frames, const PackageIndex& index) {
    Bytes plain;
    for (const Bytes& frame : frames) plain.insert(plain.end(), frame.begin(), frame.end());
    const Bytes index_bytes = encode_index(index);
    const Bytes tail = segment::encode_tail(index_bytes, index);
    plain.insert(plain.end(), tail.begin(), tail.end());
    return seal(plain, index_bytes, index);
  }

  Package seal(ByteView plain, ByteView index_bytes, const PackageIndex& index) {
    const age::Recipient recipient = identity_.recipient();
    Package package{age::encrypt(plain, {&recipient, 1}, random_), {}};
    PackageSummary& summary = package.summary;
    summary.stored_bytes = package.bytes.size();
    summary.stored_sha256 = sha256(package.bytes);
    summary.index_sha256 = sha256(index_bytes);
    summary.frames = index.frames.size();
    for (const FrameEntry& entry : index.frames) {
      summary.records += entry.records;
      summary.opaque_records += entry.opaque_records;
      summary.bytes += entry.raw_size;
    }
    summary.merkle_root = merkle_root(index);
    return package;
  }

  /// An index of one frame whose records are all opaque.
  static PackageIndex index_of_one(std::size_t compressed, std::uint32_t raw,
                                   std::uint32_t records = 1) {
    PackageIndex index{.salt_seed = SecretBytes(32)};
    index.frames.push_back({.offset = 0,
                            .compressed_size = static_cast<std::uint32_t>(compressed),
                            .raw_size = raw,
                            .first_record = 0,
                            .records = records,
                            .opaque_records = records});
    return index;
  }

  SequenceRandom random_;
  age::Identity identity_ = age::Identity::generate(random_);
};

}  // namespace atp::test
