// SPDX-License-Identifier: Apache-2.0
#include "backup/segment_snapshot.hpp"

#include <algorithm>

#include "atp/core/error.hpp"
#include "atp/crypto/sha256.hpp"
#include "atp/policy/retention.hpp"
#include "atp/storage/layout.hpp"

namespace atp {
inline namespace v0 {
namespace {

constexpr std::size_t kReadSize = 1 << 20;

/// Passes bytes on and tells of the source's own bytes that were read for them.
class CountedInput final : public ByteSource {
 public:
  CountedInput(std::unique_ptr<SegmentInput> input,
               const std::function<void(std::uint64_t)>& on_bytes)
      : input_(std::move(input)), on_bytes_(on_bytes) {}

  std::size_t read(MutableByteView out) override {
    const std::uint64_t before = input_->input_bytes();
    const std::size_t size = input_->read(out);
    if (on_bytes_) on_bytes_(input_->input_bytes() - before);
    return size;
  }

  SegmentInput& input() { return *input_; }

 private:
  std::unique_ptr<SegmentInput> input_;
  const std::function<void(std::uint64_t)>& on_bytes_;
};

Snapshotter::Result skipped(const SegmentFile& file, std::string reason, std::string detail) {
  return {.outcome = Snapshotter::Result::Outcome::skipped,
          .skipped = SkippedInput{file.name, std::move(reason), std::move(detail)}};
}

Snapshotter::Result not_sealed(const SegmentFile& file) {
  return skipped(file, "not_sealed", "it changed while it was read");
}

/// A segment whose retention cannot be told: its dates and the clock contradict each other. The
/// detail is the same in each run, else each run would make a point of it.
Snapshotter::Result dated_ahead(const SegmentFile& file, const std::string& what, Time time) {
  return skipped(file, "dated_ahead",
                 what + " is of " + format_time(time) +
                     ", more than a day ahead of this clock; where the clock is right, "
                     "--clock-is-right takes it");
}

std::string reason_of(ErrorKind kind) {
  if (kind == ErrorKind::corrupt) return "damaged";
  return kind == ErrorKind::unsupported ? "unsupported" : "unreadable";
}

/// How an input that cannot be read is listed. Cancellation, and a machine without descriptors or
/// memory, say nothing of it.
Snapshotter::Result unreadable(const SegmentFile& file, const Error& error, bool still_sealed) {
  if (error.kind() == ErrorKind::cancelled || error.temporary()) throw error;
  if (!still_sealed) return not_sealed(file);
  return skipped(file, reason_of(error.kind()), error.message());
}

struct RawDigest {
  Digest sha256;
  std::uint64_t bytes = 0;
};

RawDigest hash_all(ByteSource& source, const std::stop_token& stop) {
  Bytes buffer(kReadSize);
  Sha256 hash;
  RawDigest result;
  while (const std::size_t size = source.read(buffer)) {
    throw_if_stopped(stop);
    hash.update(ByteView(buffer).first(size));
    result.bytes += size;
  }
  result.sha256 = hash.finish();
  return result;
}

}  // namespace

Snapshotter::Snapshotter(Context context)
    : context_(std::move(context)), recipient_(age::Recipient::parse(context_.epoch.recipient)) {}

Snapshotter::Result Snapshotter::snapshot(const SegmentFile& file) {
  std::optional<SegmentManifest> known;
  {
    const std::lock_guard lock(chains_mutex_);
    if (const auto entry = context_.chains.find(file.stream, file.segment)) {
      known = entry->manifest;
    }
  }
  return known ? compare(file, *known) : take(file);
}

std::vector<SegmentRow> Snapshotter::take_new_rows() {
  const std::lock_guard lock(chains_mutex_);
  return context_.chains.take_new_rows();
}

Snapshotter::Result Snapshotter::compare(const SegmentFile& file, const SegmentManifest& known) {
  std::optional<CountedInput> input;
  try {
    input.emplace(context_.source.open(file), context_.on_bytes);
    const RawDigest found = hash_all(*input, context_.options.stop);
    if (!input->input().still_sealed()) return not_sealed(file);
    if (found.sha256 == known.sha256 && found.bytes == known.bytes) {
      return {.outcome = Result::Outcome::unchanged, .sha256 = found.sha256};
    }
    return {.outcome = Result::Outcome::altered,
            .altered = AlteredSegment{file.stream, file.segment, known.sequence, found.bytes,
                                      file.status.changed},
            .sha256 = found.sha256};
  } catch (const Error& error) {
    return unreadable(file, error, !input || input->input().still_sealed());
  }
}

bool Snapshotter::is_doubtful(Time time) const {
  return context_.options.clock == ClockTrust::judge &&
         is_of_the_future(time, context_.vault.environment().clock->now());
}

Snapshotter::Result Snapshotter::take(const SegmentFile& file) {
  const Vault& vault = context_.vault;
  if (is_doubtful(file.status.modified)) {
    return dated_ahead(file, "the file", file.status.modified);
  }
  std::unique_ptr<SegmentInput> opened;
  try {
    opened = context_.source.open(file);
  } catch (const Error& error) {
    return unreadable(file, error, true);
  }
  CountedInput input(std::move(opened), context_.on_bytes);
  const std::string key = layout::package(context_.options.tenant, file.stream, file.segment,
                                          random_hex(*vault.environment().random, 8));
  const auto writer =
      vault.store().create(key, {.retain_until = vault.environment().clock->now() + kGracePeriod});
  const PackageOutcome outcome =
      write_package(input, *writer, recipient_, *vault.environment().random,
                    {.time_path = context_.policy.field_map.at("time"),
                     .stop = context_.options.stop,
                     .probe = context_.options.probe});
  if (const auto* failure = std::get_if<InputFailure>(&outcome)) {
    return unreadable(file, failure->error, input.input().still_sealed());
  }
  if (!input.input().still_sealed()) return not_sealed(file);
  if (const auto* record = std::get_if<LongRecord>(&outcome)) {
    return skipped(file, "record_too_long",
                   "record " + std::to_string(record->record) + " at byte " +
                       std::to_string(record->offset) + " is over " + std::to_string(kRecordLimit) +
                       " bytes");
  }
  const auto& summary = std::get<PackageSummary>(outcome);
  if (summary.bytes == 0 && context_.options.empty_segments == EmptySegments::skip) {
    return skipped(file, "empty", "it holds no bytes; --allow-empty takes it");
  }
  if (summary.last_time && is_doubtful(*summary.last_time)) {
    return dated_ahead(file, "its newest record", *summary.last_time);
  }
  writer->commit(summary.stored_sha256);
  return commit(file, draft_of(file, input.input(), summary, key));
}

/// As far as `SegmentChains::commit` does not fill it in.
SegmentManifest Snapshotter::draft_of(const SegmentFile& file, const SegmentInput& input,
                                      const PackageSummary& summary, const std::string& key) const {
  SegmentManifest draft = manifest_of(summary, file.stream, file.segment, key);
  // Made again by the commit; without this one the golden vault of tests/vectors is another.
  draft.header = context_.vault.new_header(context_.options.tenant);
  draft.key_epoch = context_.epoch.epoch;
  draft.policy_version = context_.policy.version;
  draft.sealed_at = std::min(file.status.modified, context_.vault.environment().clock->now());
  draft.input_encoding = file.encoding;
  draft.input_bytes = input.input_bytes();
  if (const auto sha256 = input.input_sha256()) draft.input_sha256 = *sha256;
  return draft;
}

Snapshotter::Result Snapshotter::commit(const SegmentFile& file, SegmentManifest draft) {
  const PutOptions options{
      .retain_until = retain_document_until(context_.started_at, context_.policy.retention)};
  const Digest found = draft.sha256;
  const std::uint64_t found_bytes = draft.bytes;
  const std::lock_guard lock(chains_mutex_);
  const auto [entry, outcome] = context_.chains.commit(std::move(draft), options);
  using Commit = SegmentChains::Commit::Outcome;
  const SegmentManifest& sealed = entry.manifest;
  if (outcome == Commit::altered) {
    return {.outcome = Result::Outcome::altered,
            .altered = AlteredSegment{file.stream, file.segment, sealed.sequence, found_bytes,
                                      file.status.changed},
            .sha256 = found};
  }
  return {.outcome = Result::Outcome::taken, .sha256 = found};
}

}  // namespace v0
}  // namespace atp
