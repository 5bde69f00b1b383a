// SPDX-License-Identifier: Apache-2.0
#include "atp/segment/package_writer.hpp"

#include <xxhash.h>

#include <algorithm>

#include "atp/core/error.hpp"
#include "atp/core/progress.hpp"
#include "atp/crypto/sha256.hpp"
#include "atp/records/record_reader.hpp"
#include "atp/segment/package_index.hpp"
#include "segment/frame_codec.hpp"
#include "segment/frame_hasher.hpp"
#include "segment/frame_totals.hpp"
#include "segment/package_tail.hpp"
#include "segment/record_blocks.hpp"
#include "segment/records.hpp"

namespace atp {
inline namespace v0 {
namespace {

using segment::EndOfSegment;
using segment::RecordBlock;
using Probe = std::function<void(PackageStage, MutableByteView)>;

/// Hashes and counts what goes on to another sink.
class StoredBytes final : public ByteSink {
 public:
  StoredBytes(ByteSink& sink, const Probe& probe) : sink_(sink), probe_(probe) {}

  void write(ByteView bytes) override {
    sha256_.update(bytes);
    size_ += bytes.size();
    if (!probe_) return sink_.write(bytes);
    Bytes copy(bytes.begin(), bytes.end());
    probe_(PackageStage::sealed, copy);
    sink_.write(copy);
  }

  std::uint64_t size() const { return size_; }
  Digest finish() { return sha256_.finish(); }

 private:
  ByteSink& sink_;
  const Probe& probe_;
  Sha256 sha256_;
  std::uint64_t size_ = 0;
};

SecretBytes random_seed(Random& random) {
  SecretBytes seed(segment::kSaltSeedSize);
  random.fill(seed.mutable_view());
  return seed;
}

class PackageWriter {
 public:
  PackageWriter(ByteSource& source, ByteSink& sink, const age::Recipient& recipient, Random& random,
                const PackageOptions& options)
      : options_(options),
        blocks_(source),
        index_{.salt_seed = random_seed(random)},
        hasher_(index_.salt_seed.view()),
        reader_(FieldMap{{"time", options.time_path}}),
        stored_(sink, options.probe),
        encryptor_({&recipient, 1}, random, stored_) {}

  PackageOutcome run() {
    for (;;) {
      throw_if_stopped(options_.stop);
      const auto next = blocks_.next();
      if (const auto* record = std::get_if<LongRecord>(&next)) return *record;
      if (const auto* failure = std::get_if<InputFailure>(&next)) return *failure;
      if (const auto* end = std::get_if<EndOfSegment>(&next)) return finish(*end);
      add_frame(std::get<RecordBlock>(next));
    }
  }

 private:
  void add_frame(const RecordBlock& block) {
    const XXH64_hash_t fingerprint = XXH3_64bits(block.raw.data(), block.raw.size());
    probe(PackageStage::read, block.raw);
    const MutableByteView frame = encoder_.encode(block.raw);
    probe(PackageStage::compressed, frame);
    const ByteView decoded = decode_again(frame, block.raw.size(), fingerprint);
    encryptor_.write(frame);
    index_.frames.push_back(describe(block, frame.size(), decoded));
    offset_ += frame.size();
    if (options_.on_bytes) options_.on_bytes(decoded.size());
  }

  /// What a reader will get of `frame`. Hashes and times are taken from it and not from what was
  /// read: it is known to equal what was read, and what we say is then true of the package.
  ByteView decode_again(ByteView frame, std::size_t size, XXH64_hash_t fingerprint) {
    const std::string subject = "frame " + std::to_string(index_.frames.size());
    ByteView decoded;
    try {
      decoded = decoder_.decode(frame, size);
    } catch (const Error& error) {
      throw Error(error.kind(), subject, error.message());
    }
    if (XXH3_64bits(decoded.data(), decoded.size()) == fingerprint) return decoded;
    throw Error(ErrorKind::corrupt, subject,
                "expected the bytes that were read, found others after decoding");
  }

  FrameEntry describe(const RecordBlock& block, std::size_t compressed_size, ByteView decoded) {
    const auto root = hasher_.root(decoded, block.first_record, block.ends);
    if (!root) {
      throw Error(ErrorKind::corrupt, "frame " + std::to_string(index_.frames.size()),
                  "expected " + std::to_string(block.ends.size()) +
                      " records where they were found, found other bytes at an end");
    }
    FrameEntry entry{.offset = offset_,
                     .compressed_size = static_cast<std::uint32_t>(compressed_size),
                     .raw_size = static_cast<std::uint32_t>(decoded.size()),
                     .first_record = block.first_record,
                     .records = static_cast<std::uint32_t>(block.ends.size()),
                     .root = *root};
    segment::for_each_record(decoded, block.ends,
                             [&](ByteView record) { add_time(entry, record); });
    return entry;
  }

  void add_time(FrameEntry& entry, ByteView record) {
    const auto fields = reader_.read_padded(record);  // The decoder's memory goes on behind it.
    const std::optional<Time> time = fields ? time_of(fields->front()) : std::nullopt;
    if (!time) {
      ++entry.opaque_records;
      return;
    }
    entry.first_time = entry.first_time ? std::min(*entry.first_time, *time) : *time;
    entry.last_time = entry.last_time ? std::max(*entry.last_time, *time) : *time;
  }

  PackageSummary finish(const EndOfSegment& end) {
    Bytes index_bytes = encode_index(index_);
    Bytes tail = segment::encode_tail(index_bytes, index_);
    encryptor_.write(tail);
    encryptor_.finish();
    const Digest index_sha256 = sha256(index_bytes);
    wipe(index_bytes);
    wipe(tail);
    const segment::FrameTotals totals = segment::total(index_.frames);
    return {.stored_bytes = stored_.size(),
            .stored_sha256 = stored_.finish(),
            .index_sha256 = index_sha256,
            .records = totals.records,
            .opaque_records = totals.opaque_records,
            .frames = index_.frames.size(),
            .first_time = totals.first_time,
            .last_time = totals.last_time,
            .bytes = totals.bytes,
            .sha256 = hasher_.sha256(),
            .final_newline = end.final_newline,
            .merkle_root = merkle_root(index_)};
  }

  void probe(PackageStage stage, MutableByteView bytes) const {
    if (options_.probe) options_.probe(stage, bytes);
  }

  const PackageOptions& options_;
  segment::RecordBlocks blocks_;
  PackageIndex index_;
  segment::FrameHasher hasher_;
  RecordReader reader_;
  segment::FrameEncoder encoder_;
  segment::FrameDecoder decoder_;
  StoredBytes stored_;
  age::Encryptor encryptor_;
  std::uint64_t offset_ = 0;
};

}  // namespace

SegmentManifest manifest_of(const PackageSummary& summary, const StreamId& stream,
                            const SegmentId& segment, const std::string& key) {
  return {.stream = stream,
          .segment = segment,
          .sequence = 0,
          .key = key,
          .stored_bytes = summary.stored_bytes,
          .stored_sha256 = summary.stored_sha256,
          .index_sha256 = summary.index_sha256,
          .records = summary.records,
          .opaque_records = summary.opaque_records,
          .frames = summary.frames,
          .first_time = summary.first_time,
          .last_time = summary.last_time,
          .bytes = summary.bytes,
          .sha256 = summary.sha256,
          .final_newline = summary.final_newline,
          .input_encoding = InputEncoding::none,
          .input_bytes = summary.bytes,
          .input_sha256 = summary.sha256,
          .policy_version = 0,
          .merkle_root = summary.merkle_root};
}

PackageOutcome write_package(ByteSource& source, ByteSink& sink, const age::Recipient& recipient,
                             Random& random, const PackageOptions& options) {
  return PackageWriter(source, sink, recipient, random, options).run();
}

}  // namespace v0
}  // namespace atp
