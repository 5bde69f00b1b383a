// SPDX-License-Identifier: Apache-2.0
// A package's contents behind the envelope and every digest: the input is the plain package, sealed
// here, with a manifest that believes whatever index and frames are found.
// covers: src/segment/package_scan.cpp src/segment/package_tail.cpp src/segment/frame_scan.cpp
// covers: src/segment/frame_hasher.cpp src/segment/envelope.cpp src/segment/proven_index.cpp
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "atp/crypto/sha256.hpp"
#include "atp/segment/package_scan.hpp"
#include "atp/storage/memory_store.hpp"
#include "fuzz.hpp"
#include "segment/frame_totals.hpp"
#include "segment/package_tail.hpp"
#include "support/manual_clock.hpp"
#include "support/sequence_random.hpp"

using atp::ByteView;
using atp::SegmentManifest;
using atp::fuzz::require;

namespace {

const std::string kKey = "segments/acme/default/000001.0123456789abcdef.jsonl.zst.age";
/// An index may well ask for more, a frame or two at a time: no use in a short run.
constexpr std::uint64_t kRawLimit = 4 << 20;

struct Frames final : atp::FrameSink {
  void frame(const atp::FrameEntry&, ByteView raw) override { text += atp::as_text(raw); }
  std::string text;
};

const atp::age::Identity& identity() {
  static const atp::age::Identity made = [] {
    atp::test::SequenceRandom random;
    return atp::age::Identity::generate(random);
  }();
  return made;
}

std::uint64_t frames_of(ByteView plain) {
  constexpr std::size_t kEntriesAt = 9;
  if (plain.size() < kEntriesAt) return 0;
  std::uint64_t entries = 0;
  for (const std::byte byte : {plain[plain.size() - 6], plain[plain.size() - 7],
                               plain[plain.size() - 8], plain[plain.size() - 9]}) {
    entries = entries << 8 | std::to_integer<std::uint64_t>(byte);
  }
  return entries == 0 ? 0 : entries - 1;
}

SegmentManifest manifest_of(ByteView stored, std::uint64_t frames) {
  return {.header = {.vault_id = std::string(32, 'a'),
                     .tenant = atp::TenantId("acme"),
                     .nonce = std::string(32, 'b')},
          .stream = atp::StreamId("default"),
          .segment = atp::SegmentId("000001"),
          .sequence = 0,
          .key = kKey,
          .stored_bytes = stored.size(),
          .stored_sha256 = atp::sha256(stored),
          .key_epoch = "202601",
          .records = 0,
          .opaque_records = 0,
          .frames = frames,
          .bytes = 0,
          .final_newline = false,
          .input_encoding = atp::InputEncoding::none,
          .input_bytes = 0,
          .policy_version = 1};
}

/// Takes over what the index says of itself. False for one that is none, or asks for a lot.
bool believe_index(SegmentManifest& manifest, ByteView plain) {
  namespace segment = atp::segment;
  if (plain.size() < segment::kLocatorSize) return true;
  const std::uint64_t size = segment::tail_size(plain.last(segment::kLocatorSize), manifest.frames);
  if (size > plain.size()) return true;
  const ByteView bytes = segment::index_bytes(plain.last(size), manifest.frames);
  manifest.index_sha256 = atp::sha256(bytes);
  const atp::PackageIndex index = atp::decode_index(bytes);
  const segment::FrameTotals totals = segment::total(index.frames);
  manifest.records = totals.records;
  manifest.opaque_records = totals.opaque_records;
  manifest.first_time = totals.first_time;
  manifest.last_time = totals.last_time;
  manifest.bytes = totals.bytes;
  manifest.merkle_root = atp::merkle_root(index);
  return totals.bytes <= kRawLimit;
}

bool is_clean(atp::ObjectStore& store, const SegmentManifest& manifest, Frames& frames) {
  return atp::scan_package(store, manifest, {&identity(), 1}, &frames, {}).empty();
}

void check(ByteView plain) {
  atp::test::SequenceRandom random(2);
  const atp::age::Recipient recipient = identity().recipient();
  const atp::Bytes stored = atp::age::encrypt(plain, {&recipient, 1}, random);
  const auto store = atp::memory_store(std::make_shared<atp::test::ManualClock>());
  atp::put_object(*store, kKey, stored, {});
  SegmentManifest manifest = manifest_of(stored, frames_of(plain));
  bool small = true;
  atp::fuzz::parse([&] { small = believe_index(manifest, plain); });
  if (!small) return;
  Frames found;
  require(!is_clean(*store, manifest, found), "a wrong SHA-256 is never clean");
  manifest.sha256 = atp::sha256(atp::as_bytes(found.text));
  manifest.final_newline = found.text.ends_with('\n');
  Frames again;
  if (!is_clean(*store, manifest, again)) return;
  require(again.text == found.text, "a package has the same records each time");
  require(again.text.size() == manifest.bytes, "all bytes came");
  const auto lines = std::ranges::count(again.text, '\n');
  const bool tail = !again.text.empty() && !manifest.final_newline;
  require(static_cast<std::uint64_t>(lines) + (tail ? 1 : 0) == manifest.records,
          "all records came");
  manifest.merkle_root.bytes[0] ^= std::byte{1};
  require(!is_clean(*store, manifest, again), "a wrong root is never clean");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView plain = atp::fuzz::input(data, size);
  atp::fuzz::parse([&] { check(plain); });
  return 0;
}
