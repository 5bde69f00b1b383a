// SPDX-License-Identifier: Apache-2.0
// A segment of any bytes: cut into records, told opaque or not, packed, and found again whole.
// covers: src/segment/record_reader.cpp src/segment/record_blocks.cpp
// covers: src/segment/package_writer.cpp
#include <algorithm>
#include <memory>
#include <string>
#include <variant>

#include "atp/crypto/sha256.hpp"
#include "atp/model/json.hpp"
#include "atp/segment/package_scan.hpp"
#include "atp/segment/package_writer.hpp"
#include "atp/storage/memory_store.hpp"
#include "fuzz.hpp"
#include "segment/buffer.hpp"
#include "segment/record_reader.hpp"
#include "segment/records.hpp"
#include "support/manual_clock.hpp"
#include "support/sequence_random.hpp"

using atp::ByteView;
using atp::fuzz::require;

namespace {

const std::string kKey = "segments/acme/default/000001.0123456789abcdef.jsonl.zst.age";

/// In pieces, so that records lie across reads.
class Source final : public atp::ByteSource {
 public:
  explicit Source(ByteView bytes) : rest_(bytes) {}
  std::size_t read(atp::MutableByteView out) override {
    constexpr std::size_t kPiece = 37;
    const std::size_t size = std::min({out.size(), rest_.size(), kPiece});
    std::ranges::copy(rest_.first(size), out.begin());
    rest_ = rest_.subspan(size);
    return size;
  }

 private:
  ByteView rest_;
};

struct Sink final : atp::ByteSink {
  void write(ByteView more) override { bytes.insert(bytes.end(), more.begin(), more.end()); }
  atp::Bytes bytes;
};

struct Frames final : atp::FrameSink {
  void frame(const atp::FrameEntry&, ByteView raw) override { text += atp::as_text(raw); }
  std::string text;
};

bool is_json(std::string_view text) {
  try {
    atp::canonical_json(text);
    return true;
  } catch (const atp::Error&) {
    return false;
  }
}

/// Strict JSON of another parser; where that one is stricter still, nothing can be said.
void check_record(ByteView record) {
  constexpr int kOurDepth = 250;
  atp::segment::Buffer buffer;
  const atp::MutableByteView copy = buffer.reserve(record.size());
  std::ranges::copy(record, copy.begin());
  const bool opaque = !atp::segment::RecordReader("time").time(copy);
  const std::string_view text = atp::as_text(record);
  const bool escaped = text.find("\\u") != std::string_view::npos;
  const auto opens = std::ranges::count_if(text, [](char c) { return c == '[' || c == '{'; });
  if (opaque || escaped || opens > kOurDepth) return;
  require(is_json(text), "a record with a time is strict JSON");
}

atp::SegmentManifest manifest_of(const atp::PackageSummary& summary) {
  return {.header = {.vault_id = std::string(32, 'a'),
                     .tenant = atp::TenantId("acme"),
                     .nonce = std::string(32, 'b')},
          .stream = atp::StreamId("default"),
          .segment = atp::SegmentId("000001"),
          .sequence = 0,
          .key = kKey,
          .stored_bytes = summary.stored_bytes,
          .stored_sha256 = summary.stored_sha256,
          .index_sha256 = summary.index_sha256,
          .key_epoch = "202601",
          .records = summary.records,
          .opaque_records = summary.opaque_records,
          .frames = summary.frames,
          .first_time = summary.first_time,
          .last_time = summary.last_time,
          .bytes = summary.bytes,
          .sha256 = summary.sha256,
          .final_newline = summary.final_newline,
          .input_encoding = atp::InputEncoding::none,
          .input_bytes = summary.bytes,
          .input_sha256 = summary.sha256,
          .policy_version = 1,
          .merkle_root = summary.merkle_root};
}

void check_segment(ByteView bytes) {
  static atp::test::SequenceRandom random;
  static const atp::age::Identity identity = atp::age::Identity::generate(random);
  Source source(bytes);
  Sink sink;
  const auto written =
      atp::write_package(source, sink, identity.recipient(), random, {.time_path = "time"});
  const auto& summary = std::get<atp::PackageSummary>(written);
  require(summary.bytes == bytes.size() && summary.sha256 == atp::sha256(bytes),
          "a package says what was read");
  std::uint64_t records = 0;
  atp::segment::for_each_record(bytes, [&](ByteView record) {
    ++records;
    check_record(record);
  });
  require(summary.records == records, "a package has every record");
  const auto store = atp::memory_store(std::make_shared<atp::test::ManualClock>());
  atp::put_object(*store, kKey, sink.bytes, {});
  Frames frames;
  const auto damage = atp::scan_package(*store, manifest_of(summary), {&identity, 1}, &frames, {});
  require(damage.empty(), "a package that was written is clean");
  require(frames.text == atp::as_text(bytes), "what comes out is what went in");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  check_segment(atp::fuzz::input(data, size));
  return 0;
}
