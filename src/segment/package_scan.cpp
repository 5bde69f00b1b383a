// SPDX-License-Identifier: Apache-2.0
#include "atp/segment/package_scan.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "atp/core/error.hpp"
#include "atp/core/progress.hpp"
#include "atp/crypto/sha256.hpp"
#include "segment/envelope.hpp"
#include "segment/frame_scan.hpp"
#include "segment/frame_totals.hpp"
#include "segment/proven_index.hpp"

namespace atp {
inline namespace v0 {
namespace {

using segment::Envelope;
using segment::FrameScan;

constexpr std::uint64_t kChunksPerRead = 16;
constexpr std::size_t kReadSize = kChunksPerRead * (age::kChunkSize + age::kTagSize);

void add_damage(std::vector<PackageDamage>& damage, std::string check, std::string expected,
                std::string found) {
  damage.push_back(
      {.check = std::move(check), .expected = std::move(expected), .found = std::move(found)});
}

void compare(std::vector<PackageDamage>& damage, const char* check, std::uint64_t expected,
             std::uint64_t found) {
  if (expected != found) add_damage(damage, check, std::to_string(expected), std::to_string(found));
}

void compare(std::vector<PackageDamage>& damage, const char* check, const Digest& expected,
             const Digest& found) {
  if (expected != found) add_damage(damage, check, expected.hex(), found.hex());
}

void compare(std::vector<PackageDamage>& damage, const char* check,
             const std::optional<Time>& expected, const std::optional<Time>& found) {
  const auto text = [](const std::optional<Time>& time) {
    return time ? format_time(*time) : std::string("no time");
  };
  if (expected != found) add_damage(damage, check, text(expected), text(found));
}

/// A package's stored bytes from first to last, hashed as they pass. Of one that is longer than
/// expected, no more is read than shows it.
class StoredPass {
 public:
  StoredPass(ObjectStore& store, const StoredPackage& expected, const ScanOptions& options)
      : expected_(expected),
        source_(store.get(expected.key, {.length = expected.bytes + 1})),
        options_(options),
        buffer_(kReadSize) {}

  /// The first `size` bytes, which `read` then gives again; fewer only at the end.
  ByteView peek(std::size_t size) {
    peeked_.resize(size);
    peeked_.resize(read_fully(*source_, peeked_));
    return peeked_;
  }

  /// The next `size` bytes (at most `kReadSize`); fewer only at the end.
  ByteView read(std::uint64_t size) {
    throw_if_stopped(options_.stop);
    const MutableByteView wanted = MutableByteView(buffer_).first(size);
    const ByteView again =
        ByteView(peeked_).subspan(std::min<std::uint64_t>(size_, peeked_.size()));
    const std::size_t known = std::min(again.size(), wanted.size());
    std::ranges::copy(again.first(known), wanted.begin());
    const ByteView got = wanted.first(known + read_fully(*source_, wanted.subspan(known)));
    sha256_.update(got);
    size_ += got.size();
    if (options_.on_bytes && !got.empty()) options_.on_bytes(got.size());
    return got;
  }

  /// Takes what is left and compares size and digest with what was expected.
  void finish(std::vector<PackageDamage>& damage) {
    while (!read(kReadSize).empty()) {
    }
    if (size_ > expected_.bytes) {
      add_damage(damage, "stored_bytes", std::to_string(expected_.bytes), "more");
    } else {
      compare(damage, "stored_bytes", expected_.bytes, size_);
    }
    compare(damage, "stored_sha256", expected_.sha256, sha256_.finish());
  }

 private:
  StoredPackage expected_;
  std::unique_ptr<ByteSource> source_;
  const ScanOptions& options_;
  Bytes peeked_;
  Bytes buffer_;
  Sha256 sha256_;
  std::uint64_t size_ = 0;
};

class PackageScan {
 public:
  PackageScan(ObjectStore& store, const SegmentManifest& manifest,
              std::span<const age::Identity> identities, FrameSink* sink,
              const ScanOptions& options)
      : store_(store),
        manifest_(manifest),
        identities_(identities),
        sink_(sink),
        options_(options) {}

  std::vector<PackageDamage> run() {
    segment::StoredTail tail = segment::read_stored_tail(store_, manifest_);
    StoredPass stored(store_, stored_of(manifest_), options_);
    if (!open_envelope(stored, std::move(tail))) return std::move(damage_);
    open_index();
    stored.read(envelope_->header_size());
    read_chunks(stored);
    stored.finish(damage_);
    if (index_) compare_totals();
    return std::move(damage_);
  }

 private:
  /// Whether there is more to look at. If no identity opens the header, that is damage where the
  /// stored bytes differ from the manifest; otherwise the caller lacks the identity, and the error
  /// is passed on.
  bool open_envelope(StoredPass& stored, segment::StoredTail tail) {
    try {
      envelope_.emplace(store_, manifest_, identities_, stored.peek(segment::kEnvelopePrefix),
                        std::move(tail));
      return true;
    } catch (const Error& error) {
      const ErrorKind kind = error.kind();
      if (kind != ErrorKind::corrupt && kind != ErrorKind::unauthenticated &&
          kind != ErrorKind::unsupported)
        throw;
      stored.finish(damage_);
      if (damage_.empty() && kind != ErrorKind::corrupt) throw;
      add_damage(damage_, "envelope", "an age header", error.message());
      return false;
    }
  }

  void open_index() {
    try {
      index_.emplace(segment::read_proven_index(*envelope_, manifest_));
      frames_.emplace(*index_, sink_, damage_);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::corrupt) throw;
      add_damage(damage_, "index", "the index of the manifest", error.message());
    }
  }

  void read_chunks(StoredPass& stored) {
    const std::uint64_t chunks = envelope_->chunks();
    for (std::uint64_t chunk = 0; chunk < chunks;) {
      const std::uint64_t end = std::min(chunk + kChunksPerRead, chunks);
      ByteView sealed = stored.read(envelope_->sealed_size(chunk, end));
      for (; chunk < end && !sealed.empty(); ++chunk) {
        const std::uint64_t size = envelope_->sealed_size(chunk, chunk + 1);
        const ByteView part = sealed.first(std::min<std::uint64_t>(size, sealed.size()));
        sealed = sealed.subspan(part.size());
        take_chunk(chunk, part);
      }
      if (chunk < end) {
        lose_chunks(chunk, chunks);
        chunk = chunks;
      }
    }
    report_lost_chunks();
  }

  void take_chunk(std::uint64_t chunk, ByteView sealed) {
    ByteView plain;
    try {
      plain = envelope_->open_chunk(chunk, sealed, plain_);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::corrupt) throw;
      return lose_chunks(chunk, chunk + 1);
    }
    if (frames_) frames_->take(plain);
  }

  /// Chunks `[from, to)` are missing or damaged; runs of them become one finding.
  void lose_chunks(std::uint64_t from, std::uint64_t to) {
    if (frames_) frames_->lose(envelope_->plain_size(from, to));
    if (lost_to_ != from) {
      report_lost_chunks();
      lost_from_ = from;
    }
    lost_to_ = to;
  }

  void report_lost_chunks() {
    if (lost_from_ == lost_to_) return;
    add_damage(damage_, "envelope", "authenticated chunks",
               "chunks " + std::to_string(lost_from_) + " to " + std::to_string(lost_to_ - 1) +
                   " missing or not authentic");
    lost_from_ = lost_to_;
  }

  void compare_totals() {
    const segment::FrameTotals totals = segment::total(index_->frames);
    compare(damage_, "merkle_root", manifest_.merkle_root, merkle_root(*index_));
    compare(damage_, "records", manifest_.records, totals.records);
    compare(damage_, "opaque_records", manifest_.opaque_records, totals.opaque_records);
    compare(damage_, "times", manifest_.first_time, totals.first_time);
    compare(damage_, "times", manifest_.last_time, totals.last_time);
    compare(damage_, "bytes", manifest_.bytes, totals.bytes);
    if (const auto digest = frames_->sha256())
      compare(damage_, "sha256", manifest_.sha256, *digest);
    const bool found =
        index_->frames.empty() ? false : frames_->final_newline().value_or(manifest_.final_newline);
    if (found == manifest_.final_newline) return;
    const auto text = [](bool newline) { return newline ? "a final line feed" : "none"; };
    add_damage(damage_, "final_newline", text(manifest_.final_newline), text(found));
  }

  ObjectStore& store_;
  const SegmentManifest& manifest_;
  std::span<const age::Identity> identities_;
  FrameSink* sink_;
  const ScanOptions& options_;
  std::vector<PackageDamage> damage_;
  std::optional<Envelope> envelope_;
  std::optional<PackageIndex> index_;
  std::optional<FrameScan> frames_;
  Bytes plain_ = Bytes(age::kChunkSize);
  std::uint64_t lost_from_ = 0;
  std::uint64_t lost_to_ = 0;
};

}  // namespace

std::vector<PackageDamage> scan_package(ObjectStore& store, const SegmentManifest& manifest,
                                        std::span<const age::Identity> identities, FrameSink* sink,
                                        const ScanOptions& options) {
  if (manifest.leaf_scheme != 1) {
    throw Error(ErrorKind::unsupported, manifest.key,
                "expected leaf scheme 1, found " + std::to_string(manifest.leaf_scheme));
  }
  return PackageScan(store, manifest, identities, sink, options).run();
}

StoredPackage stored_of(const SegmentManifest& manifest) {
  return {.key = manifest.key, .bytes = manifest.stored_bytes, .sha256 = manifest.stored_sha256};
}

std::vector<PackageDamage> scan_stored(ObjectStore& store, const StoredPackage& expected,
                                       const ScanOptions& options) {
  std::vector<PackageDamage> damage;
  StoredPass(store, expected, options).finish(damage);
  return damage;
}

}  // namespace v0
}  // namespace atp
