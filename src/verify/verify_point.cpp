// SPDX-License-Identifier: Apache-2.0
#include <iterator>

#include "atp/core/error.hpp"
#include "atp/core/parallel.hpp"
#include "atp/verify/resolved_point.hpp"
#include "atp/verify/verify.hpp"
#include "verify/anchors.hpp"
#include "verify/resolve.hpp"
#include "verify/shared_documents.hpp"
#include "verify/tenant_memory.hpp"
#include "verify/work.hpp"

namespace atp {
inline namespace v0 {
namespace {

std::vector<const ResolvedSegment*> select(const ResolvedPoint& resolved, const std::string& id,
                                           const std::optional<SegmentName>& name) {
  std::vector<const ResolvedSegment*> selected;
  for (const ResolvedSegment& segment : resolved.segments) {
    const bool wanted =
        !name || (segment.stream == name->stream && segment.name() == name->segment.str());
    if (wanted) selected.push_back(&segment);
  }
  if (name && selected.empty() && resolved.point) {
    throw Error(ErrorKind::not_found, name->stream.str() + "/" + name->segment.str(),
                "is no segment of " + id);
  }
  return selected;
}

void append(std::vector<Check>& to, std::vector<Check>&& from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

/// What outsiders have added to the ledger, and to the point and its parents.
std::vector<Check> check_anchors(const verify::Context& context, const verify::PointChain& points) {
  std::vector<Check> checks;
  if (points.statement) {
    verify::check_cosignatures(context, *points.ledger, points.statement->statement.index,
                               verify::root_at(*points.ledger), checks);
  }
  for (const verify::LinkedPoint& link : points.points) {
    verify::check_timestamps_of(context, "point.timestamp", link.key, link.sha256, checks);
  }
  return checks;
}

/// What was compared with the package where its manifest is not there.
std::optional<Descriptor> compared(const ResolvedSegment& segment) {
  return segment.manifest ? std::nullopt : segment.descriptor;
}

/// What is remembered of the package; null where that is nothing, or of another one.
const std::vector<Check>* remembered(const verify::Context& context,
                                     const ResolvedSegment& segment) {
  if (!context.memory) return nullptr;
  const auto known = context.memory->packages.find({segment.stream, segment.sequence});
  const bool same = known != context.memory->packages.end() && known->second.key == segment.key() &&
                    known->second.descriptor == compared(segment);
  return same ? &known->second.checks : nullptr;
}

Report verify_one(const verify::Context& context, const std::string& id,
                  std::span<const age::Identity> identities, const VerifyOptions& options) {
  std::vector<Check> before;
  verify::check_vault(context, before);
  const verify::PointChain points =
      verify::read_point_chain(context, id, LedgerDepth::whole, before);
  ResolvedPoint resolved = verify::resolve(context, points, std::move(before));
  const auto segments = select(resolved, id, options.segment);
  std::vector<Check> wrap_checks;
  const EpochIdentities opened =
      options.depth == VerifyDepth::content
          ? open_epochs(context.store, resolved.epochs, identities, wrap_checks)
          : EpochIdentities();
  ProgressMeter progress(options.progress, verify::total_of("verify", segments));
  const ScanOptions scan_options = verify::scan_options(progress, options.stop);
  std::vector<std::vector<Check>> package_checks(segments.size());
  parallel_for(segments.size(), options.workers, options.stop, [&](std::size_t i) {
    const ResolvedSegment& segment = *segments[i];
    if (const auto* known = remembered(context, segment)) {
      package_checks[i] = *known;
      progress.add(segment.stored_bytes(), 1);
      return;
    }
    package_checks[i] = options.depth == VerifyDepth::content
                            ? check_package(context.store, segment, opened, nullptr, scan_options)
                            : check_stored_package(context.store, segment, scan_options);
    progress.add(0, 1);
  });
  Report report{id, std::move(resolved.checks)};
  append(report.checks, check_anchors(context, points));
  append(report.checks, std::move(wrap_checks));
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const ResolvedSegment& segment = *segments[i];
    if (context.memory) {
      context.memory->packages.insert_or_assign(
          {segment.stream, segment.sequence},
          verify::CheckedPackage{segment.key(), compared(segment), package_checks[i]});
    }
    append(report.checks, std::move(package_checks[i]));
  }
  return report;
}

}  // namespace

struct PointVerifier::State {
  verify::Context context;
  std::span<const age::Identity> identities;
  VerifyOptions options;
  verify::TenantMemory memory = {};
};

PointVerifier::PointVerifier(ObjectStore& store, const TenantId& tenant, const TrustPolicy* trust,
                             std::span<const age::Identity> identities,
                             const VerifyOptions& options)
    : state_(std::make_unique<State>(
          State{{store, trust, tenant, options.workers, options.stop, options.now},
                identities,
                options})) {
  state_->context.memory = &state_->memory;
}
PointVerifier::~PointVerifier() = default;

Report PointVerifier::verify(const std::string& id) {
  return verify_one(state_->context, id, state_->identities, state_->options);
}

Report verify_point(ObjectStore& store, const PointName& name, const TrustPolicy* trust,
                    std::span<const age::Identity> identities, const VerifyOptions& options) {
  return verify_one({store, trust, name.tenant, options.workers, options.stop, options.now},
                    name.id, identities, options);
}

}  // namespace v0
}  // namespace atp
