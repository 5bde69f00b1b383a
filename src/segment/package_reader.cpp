// SPDX-License-Identifier: Apache-2.0
#include "atp/segment/package_reader.hpp"

#include <algorithm>
#include <string>

#include "atp/core/error.hpp"
#include "atp/core/progress.hpp"
#include "segment/envelope.hpp"
#include "segment/frame_codec.hpp"
#include "segment/frame_hasher.hpp"
#include "segment/frame_totals.hpp"
#include "segment/proven_index.hpp"
#include "segment/records.hpp"

namespace atp::inline v0 {
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
        envelope(store, manifest.key, manifest.stored_bytes, identities),
        index(segment::read_proven_index(envelope, manifest)) {
    const bool agreed = merkle_root(index) == manifest.merkle_root &&
                        segment::total(index.frames).records == manifest.records;
    if (agreed) return;
    throw Error(ErrorKind::corrupt, manifest.key,
                "its index and its manifest are of other records");
  }

  /// Valid until `decoder` is used again.
  ByteView proven_frame(const FrameEntry& frame, segment::FrameDecoder& decoder) const {
    try {
      const Bytes stored = envelope.read(frame.offset, frame.compressed_size);
      const ByteView raw = decoder.decode(stored, frame.raw_size);
      segment::FrameHasher hasher(index.salt_seed.view());
      if (hasher.root(raw, frame.first_record, frame.records) == frame.root) return raw;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::corrupt) throw;
      throw_damaged(manifest, frame, error.message());
    }
    throw_damaged(manifest, frame, "their leaves do not give the root in the index");
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
  const auto& frames = state_->index.frames;
  if (number >= state_->manifest.records) {
    throw Error(ErrorKind::invalid_argument, "record " + std::to_string(number),
                "expected one of " + span_of(0, state_->manifest.records));
  }
  const auto next = std::ranges::upper_bound(frames, number, {}, &FrameEntry::first_record);
  const FrameEntry& frame = *std::prev(next);
  segment::FrameDecoder decoder;
  RecordInclusion found;
  std::vector<Digest> leaves;
  segment::for_each_record(state_->proven_frame(frame, decoder), [&](ByteView record) {
    const std::uint64_t each = frame.first_record + leaves.size();
    const Bytes salt = segment::salt_of(state_->index.salt_seed.view(), each);
    leaves.push_back(segment::leaf_of(salt, record));
    if (each != number) return;
    found.record.assign(record.begin(), record.end());
    found.salt = salt;
  });
  found.path = merkle::inclusion_proof<Rfc9162Hasher>(leaves, number - frame.first_record);
  const auto rest = path_of_frame(state_->index, static_cast<std::size_t>(&frame - frames.data()));
  found.path.insert(found.path.end(), rest.begin(), rest.end());
  return found;
}

void PackageReader::read(std::uint64_t from, std::uint64_t to, const Each& each,
                         const std::stop_token& stop) const {
  const std::uint64_t records = state_->manifest.records;
  if (from > to || to > records) {
    throw Error(ErrorKind::invalid_argument, span_of(from, to),
                "expected records within " + span_of(0, records));
  }
  segment::FrameDecoder decoder;
  for (const FrameEntry& frame : state_->index.frames) {
    const std::uint64_t end = frame.first_record + frame.records;
    if (end <= from || frame.first_record >= to) continue;
    throw_if_stopped(stop);
    std::uint64_t number = frame.first_record;
    segment::for_each_record(state_->proven_frame(frame, decoder), [&](ByteView record) {
      if (number >= from && number < to) each(number, record);
      ++number;
    });
  }
}

}  // namespace atp::inline v0
