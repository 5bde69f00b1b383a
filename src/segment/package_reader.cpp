// SPDX-License-Identifier: Apache-2.0
#include "atp/segment/package_reader.hpp"

#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "atp/core/error.hpp"
#include "atp/core/progress.hpp"
#include "atp/merkle/kept_tree.hpp"
#include "segment/envelope.hpp"
#include "segment/frame_codec.hpp"
#include "segment/frame_hasher.hpp"
#include "segment/frame_totals.hpp"
#include "segment/proven_index.hpp"
#include "segment/records.hpp"

namespace atp {
inline namespace v0 {
namespace {

std::string span_of(std::uint64_t from, std::uint64_t to) {
  return "[" + std::to_string(from) + ", " + std::to_string(to) + ")";
}

[[noreturn]] void throw_damaged(const SegmentManifest& manifest, const FrameEntry& frame,
                                const std::string& message) {
  throw Error(ErrorKind::corrupt, manifest.key,
              "records " + span_of(frame.first_record, frame.first_record + frame.records) + ": " +
                  message);
}

}  // namespace

struct PackageReader::State {
  State(ObjectStore& store, const SegmentManifest& of, std::span<const age::Identity> identities)
      : manifest(of),
        envelope(store, manifest, identities),
        index(segment::read_proven_index(envelope, manifest)) {
    const bool agreed = merkle_root(index) == manifest.merkle_root &&
                        segment::total(index.frames).records == manifest.records;
    if (agreed) return;
    throw Error(ErrorKind::corrupt, manifest.key,
                "its index and its manifest are of other records");
  }

  /// A frame's bytes, proven; valid until `decoder` is used again. `ends` is then where its records
  /// end.
  ByteView proven_frame(const FrameEntry& frame, segment::FrameDecoder& decoder,
                        std::vector<std::size_t>& ends) const {
    try {
      const Bytes stored = envelope.read(frame.offset, frame.compressed_size);
      const ByteView raw = decoder.decode(stored, frame.raw_size);
      segment::find_record_ends(raw, frame.records, ends);
      segment::FrameHasher hasher(index.salt_seed.view());
      const auto root = hasher.root(raw, frame.first_record, ends);
      if (ends.size() == frame.records && root == frame.root) return raw;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::corrupt) throw;
      throw_damaged(manifest, frame, error.message());
    }
    throw_damaged(manifest, frame, "their leaves do not give the root in the index");
  }

  /// The frame's number, its raw bytes, and where its records end in them.
  using EachFrame = std::function<void(std::size_t, ByteView, std::span<const std::size_t>)>;

  /// Calls `each` for every frame for which `wants(first_record, end_record)` is true.
  void for_each_frame(const std::function<bool(std::uint64_t, std::uint64_t)>& wants,
                      const std::stop_token& stop, const EachFrame& each) const {
    segment::FrameDecoder decoder;
    std::vector<std::size_t> ends;
    for (std::size_t at = 0; at < index.frames.size(); ++at) {
      const FrameEntry& frame = index.frames[at];
      if (!wants(frame.first_record, frame.first_record + frame.records)) continue;
      throw_if_stopped(stop);
      const ByteView raw = proven_frame(frame, decoder, ends);
      each(at, raw, ends);
    }
  }

  SegmentManifest manifest;
  segment::Envelope envelope;
  PackageIndex index;
};

PackageReader::PackageReader(ObjectStore& store, const SegmentManifest& manifest,
                             std::span<const age::Identity> identities)
    : state_(std::make_unique<State>(store, manifest, identities)) {}
PackageReader::~PackageReader() = default;
PackageReader::PackageReader(PackageReader&&) noexcept = default;
PackageReader& PackageReader::operator=(PackageReader&&) noexcept = default;

const SegmentManifest& PackageReader::manifest() const { return state_->manifest; }
const PackageIndex& PackageReader::index() const { return state_->index; }

RecordInclusion PackageReader::prove(std::uint64_t number) const {
  if (number >= state_->manifest.records) {
    throw Error(ErrorKind::invalid_argument, "record " + std::to_string(number),
                "expected one of " + span_of(0, state_->manifest.records));
  }
  RecordInclusion found;
  const RecordRange one{number, number};
  prove({&one, 1},
        [&](std::uint64_t, RecordInclusion&& inclusion) { found = std::move(inclusion); });
  return found;
}

void PackageReader::prove(std::span<const RecordRange> ranges, const EachProven& each,
                          const std::stop_token& stop) const {
  for (const RecordRange& range : ranges) {
    if (range.first <= range.last && range.last < state_->manifest.records) continue;
    throw Error(ErrorKind::invalid_argument,
                std::to_string(range.first) + " to " + std::to_string(range.last),
                "expected records within " + span_of(0, state_->manifest.records));
  }
  const auto wants = [&](std::uint64_t first, std::uint64_t end) {
    const auto range = std::ranges::lower_bound(ranges, first, {}, &RecordRange::last);
    return range != ranges.end() && range->first < end;
  };
  const ByteView seed = state_->index.salt_seed.view();
  state_->for_each_frame(wants, stop, [&](std::size_t at, ByteView raw, const auto& ends) {
    const FrameEntry& frame = state_->index.frames[at];
    std::vector<Digest> leaves;
    std::vector<std::pair<std::uint64_t, RecordInclusion>> wanted;
    segment::for_each_record(raw, ends, [&](ByteView record) {
      const std::uint64_t number = frame.first_record + leaves.size();
      Bytes salt = segment::salt_of(seed, number);
      leaves.push_back(segment::leaf_of(salt, record));
      if (!wants(number, number + 1)) return;
      wanted.push_back({number, {Bytes(record.begin(), record.end()), std::move(salt), {}}});
    });
    const merkle::KeptTree<Rfc9162Hasher> tree(std::move(leaves));
    const auto rest = path_of_frame(state_->index, at);
    for (auto& [number, inclusion] : wanted) {
      inclusion.path = tree.path(number - frame.first_record);
      inclusion.path.insert(inclusion.path.end(), rest.begin(), rest.end());
      each(number, std::move(inclusion));
    }
  });
}

void PackageReader::read(std::uint64_t from, std::uint64_t to, const Each& each,
                         const std::stop_token& stop) const {
  if (from > to || to > state_->manifest.records) {
    throw Error(ErrorKind::invalid_argument, span_of(from, to),
                "expected records within " + span_of(0, state_->manifest.records));
  }
  const auto wants = [&](std::uint64_t first, std::uint64_t end) {
    return first < to && end > from;
  };
  state_->for_each_frame(wants, stop, [&](std::size_t at, ByteView raw, const auto& ends) {
    std::uint64_t number = state_->index.frames[at].first_record;
    segment::for_each_record(raw, ends, [&](ByteView record) {
      if (number >= from && number < to) each(number, record);
      ++number;
    });
  });
}

}  // namespace v0
}  // namespace atp
