// SPDX-License-Identifier: Apache-2.0
/// The functions where the time goes, each by itself.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "atp/core/clock.hpp"
#include "atp/core/random.hpp"
#include "atp/crypto/age.hpp"
#include "atp/crypto/chacha20.hpp"
#include "atp/crypto/sha256.hpp"
#include "atp/merkle/frontier.hpp"
#include "atp/segment/package_scan.hpp"
#include "atp/segment/package_writer.hpp"
#include "atp/storage/memory_store.hpp"
#include "records.hpp"

namespace atp::bench {
namespace {

constexpr std::size_t kSegmentSize = 64 << 20;
constexpr std::size_t kFrameRecords = 4096;
constexpr std::size_t kSaltSize = 16;
constexpr const char* kPackageKey = "segments/bench/default/0.0123456789abcdef.jsonl.zst.age";

const std::string& segment_text() {
  static const std::string text = records(kSegmentSize);
  return text;
}

class TextSource final : public ByteSource {
 public:
  explicit TextSource(std::string_view text) : rest_(as_bytes(text)) {}
  std::size_t read(MutableByteView out) override {
    const std::size_t size = std::min(out.size(), rest_.size());
    std::ranges::copy(rest_.first(size), out.begin());
    rest_ = rest_.subspan(size);
    return size;
  }

 private:
  ByteView rest_;
};

class NoSink final : public ByteSink {
 public:
  void write(ByteView bytes) override { benchmark::DoNotOptimize(bytes.data()); }
};

void count_bytes(benchmark::State& state, std::size_t size) {
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * size));
}

void count_items(benchmark::State& state, std::size_t number) {
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * number));
}

PackageSummary write(ByteSink& sink, const age::Recipient& recipient, Random& random) {
  TextSource source(segment_text());
  return std::get<PackageSummary>(
      write_package(source, sink, recipient, random, {.time_path = "time"}));
}

void package_write(benchmark::State& state) {
  SystemRandom random;
  const age::Identity identity = age::Identity::generate(random);
  const age::Recipient recipient = identity.recipient();
  NoSink sink;
  for (auto _ : state) benchmark::DoNotOptimize(write(sink, recipient, random));
  count_bytes(state, segment_text().size());
}
BENCHMARK(package_write)->Unit(benchmark::kMillisecond);

void package_scan(benchmark::State& state) {
  SystemRandom random;
  const age::Identity identity = age::Identity::generate(random);
  const auto store = memory_store(std::make_shared<SystemClock>());
  const auto writer = store->create(kPackageKey, {});
  const PackageSummary summary = write(*writer, identity.recipient(), random);
  writer->commit(summary.stored_sha256);
  const SegmentManifest manifest =
      manifest_of(summary, StreamId("default"), SegmentId("0"), kPackageKey);
  for (auto _ : state) {
    if (scan_package(*store, manifest, {&identity, 1}, nullptr, {}).empty()) continue;
    state.SkipWithError("the package is damaged");
    return;
  }
  count_bytes(state, summary.bytes);
}
BENCHMARK(package_scan)->Unit(benchmark::kMillisecond);

void frame_leaves(benchmark::State& state) {
  const Bytes seed(32);
  std::vector<std::string> texts;
  for (std::uint64_t number = 0; number < kFrameRecords; ++number) texts.push_back(record(number));
  Bytes salts(kFrameRecords * kSaltSize);
  for (auto _ : state) {
    chacha20_stream(seed, 0, salts);
    ByteView left = salts;
    for (const std::string& text : texts) {
      const std::byte leaf_prefix[] = {std::byte{0}};
      benchmark::DoNotOptimize(Sha256()
                                   .update(leaf_prefix)
                                   .update(left.first(kSaltSize))
                                   .update(as_bytes(text))
                                   .finish());
      left = left.subspan(kSaltSize);
    }
  }
  count_items(state, kFrameRecords);
}
BENCHMARK(frame_leaves)->Unit(benchmark::kMillisecond);

void seal(benchmark::State& state) {
  SystemRandom random;
  const age::Recipient recipient = age::Identity::generate(random).recipient();
  const ByteView plain = as_bytes(segment_text());
  NoSink sink;
  for (auto _ : state) {
    age::Encryptor encryptor({&recipient, 1}, random, sink);
    encryptor.write(plain);
    encryptor.finish();
  }
  count_bytes(state, plain.size());
}
BENCHMARK(seal)->Unit(benchmark::kMillisecond);

void hash(benchmark::State& state) {
  const ByteView plain = as_bytes(segment_text());
  for (auto _ : state) benchmark::DoNotOptimize(sha256(plain));
  count_bytes(state, plain.size());
}
BENCHMARK(hash)->Unit(benchmark::kMillisecond);

void merkle_root(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  std::vector<Digest> leaves;
  for (std::size_t i = 0; i < size; ++i) leaves.push_back(sha256(as_bytes(std::to_string(i))));
  for (auto _ : state) {
    merkle::Frontier<Rfc9162Hasher> tree;
    for (const Digest& leaf : leaves) tree.push(leaf);
    benchmark::DoNotOptimize(tree.root());
  }
  count_items(state, size);
}
BENCHMARK(merkle_root)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace atp::bench

BENCHMARK_MAIN();
