// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>
#include <memory>

#include "atp/core/error.hpp"
#include "atp/core/parallel.hpp"
#include "atp/restore/restore.hpp"
#include "restore/restore_folder.hpp"
#include "restore/scope.hpp"
#include "verify/work.hpp"

namespace atp {
inline namespace v0 {
namespace {

using restore::Item;
using restore::RestoreFolder;

/// Writes frames in large pieces from aligned memory: the page cache would cost as much as all the
/// hashing, and nobody may be about to read what was restored.
class FileSink final : public FrameSink {
 public:
  explicit FileSink(File& file) : file_(file) {}

  void frame(const FrameEntry&, ByteView raw) override {
    while (!raw.empty()) {
      const ByteView part = raw.first(std::min(raw.size(), kPiece - filled_));
      std::memcpy(piece_->data() + filled_, part.data(), part.size());
      filled_ += part.size();
      raw = raw.subspan(part.size());
      if (filled_ == kPiece) flush();
    }
  }

  /// After the last frame.
  void flush() {
    file_.write_at(size_, ByteView(*piece_).first(filled_));
    size_ += filled_;
    filled_ = 0;
  }

 private:
  static constexpr std::size_t kPiece = 2 << 20;
  struct alignas(kDiskBlock) Piece : std::array<std::byte, kPiece> {};

  File& file_;
  std::unique_ptr<Piece> piece_ = std::make_unique_for_overwrite<Piece>();
  std::size_t filled_ = 0;
  std::uint64_t size_ = 0;
};

Check resumed_check(const Item& item) {
  return {.name = "restore.file",
          .state = CheckState::verified,
          .subject = item.path().string(),
          .stream = item.manifest().stream.str(),
          .segment = item.manifest().segment.str()};
}

/// One segment's way from the store to its staged file.
struct Outcome {
  std::vector<Check> checks;
  bool resumed = false;
};

Outcome restore_item(ObjectStore& store, RestoreFolder& target, const Item& item,
                     const EpochIdentities& identities, const ScanOptions& options) {
  if (target.find_whole(item, options.stop)) {
    if (options.on_bytes) options.on_bytes(item.manifest().stored_bytes);
    return {{resumed_check(item)}, true};
  }
  auto file = target.begin(item);
  FileSink sink(*file);
  Outcome outcome{check_package(store, *item.segment, identities, &sink, options), false};
  if (verdict_of(outcome.checks) == CheckState::verified) {
    sink.flush();
    target.finish(item, std::move(file));
  } else {
    target.discard(item, std::move(file));
  }
  return outcome;
}

void take_in(RestoreResult& result, const Item& item, Outcome outcome) {
  const bool whole = verdict_of(outcome.checks) == CheckState::verified;
  auto& checks = result.report.checks;
  checks.insert(checks.end(), std::make_move_iterator(outcome.checks.begin()),
                std::make_move_iterator(outcome.checks.end()));
  if (!whole) return;
  ++result.segments;
  result.segments_resumed += outcome.resumed ? 1 : 0;
  result.records += item.manifest().records;
  result.bytes += item.manifest().bytes;
}

/// One segment is found past all others.
ResolvedPoint resolve(ObjectStore& store, const PointName& point, const TrustPolicy& trust,
                      const RestoreOptions& options) {
  if (options.segment && options.segment_stream) {
    return resolve_segment(store, point, {*options.segment_stream, *options.segment}, trust,
                           options.stop);
  }
  return resolve_point(store, point, &trust, LedgerDepth::statement, options.workers, options.stop);
}

}  // namespace

RestoreResult restore_point(ObjectStore& store, FileSystem& files, Random& random,
                            const PointName& point, const Path& folder, const TrustPolicy& trust,
                            std::span<const age::Identity> identities,
                            const RestoreOptions& options) {
  ResolvedPoint resolved = resolve(store, point, trust, options);
  RestoreResult result{.recovery_point_id = point.id, .folder = folder, .report = {point.id, {}}};
  auto& checks = result.report.checks;
  checks = std::move(resolved.checks);
  const EpochIdentities opened = open_epochs(store, resolved.epochs, identities, checks);
  if (result.report.verdict() == CheckState::failed) return result;
  const std::vector<Item> items = restore::select_items(resolved, options);
  if (!items.empty()) require_identities(identities);
  for (const Item& item : items) require_identity(item.manifest(), opened);
  RestoreFolder target(files, random, folder, items);
  target.prepare(restore::identify(resolved, options));
  std::vector<const ResolvedSegment*> segments;
  for (const Item& item : items) segments.push_back(item.segment);
  ProgressMeter progress(options.progress, verify::total_of("restore", segments));
  const ScanOptions scan_options = verify::scan_options(progress, options.stop);
  std::vector<Outcome> outcomes(items.size());
  parallel_for(items.size(), options.workers, options.stop, [&](std::size_t i) {
    outcomes[i] = restore_item(store, target, items[i], opened, scan_options);
    progress.add(0, 1);
  });
  for (std::size_t i = 0; i < items.size(); ++i) take_in(result, items[i], std::move(outcomes[i]));
  if (result.segments == items.size()) {
    target.publish();
  } else {
    result.segments = result.segments_resumed = result.records = result.bytes = 0;
  }
  return result;
}

RestorePlan plan_restore(ObjectStore& store, const PointName& point, const TrustPolicy& trust,
                         const RestoreOptions& options) {
  const ResolvedPoint resolved = resolve(store, point, trust, options);
  require_sound(resolved.checks);
  RestorePlan plan;
  for (const Item& item : restore::select_items(resolved, options)) {
    plan.items.push_back({item.manifest().stream.str() + "/" + item.manifest().segment.str(),
                          item.manifest().records, item.manifest().bytes});
  }
  return plan;
}

}  // namespace v0
}  // namespace atp
