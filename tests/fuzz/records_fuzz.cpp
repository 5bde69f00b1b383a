// SPDX-License-Identifier: Apache-2.0
// A segment of any bytes: cut into records, told opaque or not, packed, and found again whole.
// covers: src/records/record_reader.cpp src/segment/record_blocks.cpp
// covers: src/segment/package_writer.cpp
#include <algorithm>
#include <memory>
#include <string>
#include <variant>

#include "atp/crypto/sha256.hpp"
#include "atp/model/json.hpp"
#include "atp/records/record_reader.hpp"
#include "atp/segment/package_scan.hpp"
#include "atp/segment/package_writer.hpp"
#include "atp/storage/memory_store.hpp"
#include "fuzz.hpp"
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

/// A number is a piece of the record, and one that stands for itself.
void check_number(std::string_view record, const atp::FieldValue& value) {
  if (value.kind != atp::FieldKind::number) return;
  require(record.find(value.text) != std::string_view::npos, "a number is as it was written");
  const std::string again = "{\"id\":" + std::string(value.text) + "}";
  atp::RecordReader reader(atp::FieldMap{{"id", "id"}});
  const auto fields = reader.read(atp::as_bytes(again));
  require(fields && fields->front().text == value.text, "a number alone is the same");
}

/// Strict JSON of another parser; where that one is stricter still, nothing can be said.
void check_record(ByteView record) {
  constexpr int kOurDepth = 250;
  atp::RecordReader reader(atp::FieldMap{{"time", "time"}, {"id", "id"}});
  const auto fields = reader.read(record);
  if (fields) check_number(atp::as_text(record), fields->front());
  const bool opaque = !fields || !time_of(fields->back());
  const std::string_view text = atp::as_text(record);
  const bool escaped = text.find("\\u") != std::string_view::npos;
  const auto opens = std::ranges::count_if(text, [](char c) { return c == '[' || c == '{'; });
  if (opaque || escaped || opens > kOurDepth) return;
  require(is_json(text), "a record with a time is strict JSON");
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
  std::vector<std::size_t> ends;
  atp::segment::find_record_ends(bytes, bytes.size(), ends);
  atp::segment::for_each_record(bytes, ends, [&](ByteView record) {
    ++records;
    check_record(record);
  });
  require(summary.records == records, "a package has every record");
  const auto store = atp::memory_store(std::make_shared<atp::test::ManualClock>());
  atp::put_object(*store, kKey, sink.bytes, {});
  Frames frames;
  const auto manifest =
      manifest_of(summary, atp::StreamId("default"), atp::SegmentId("000001"), kKey);
  const auto damage = atp::scan_package(*store, manifest, {&identity, 1}, &frames, {});
  require(damage.empty(), "a package that was written is clean");
  require(frames.text == atp::as_text(bytes), "what comes out is what went in");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  check_segment(atp::fuzz::input(data, size));
  return 0;
}
