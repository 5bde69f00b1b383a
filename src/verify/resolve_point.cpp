// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>
#include <tuple>

#include "atp/storage/layout.hpp"
#include "atp/verify/resolved_point.hpp"
#include "atp/verify/verify.hpp"
#include "verify/coverage.hpp"
#include "verify/resolve.hpp"
#include "verify/shared_documents.hpp"

namespace atp {
inline namespace v0 {
namespace {

using verify::Context;
using verify::failed;

using SegmentMap = std::map<std::pair<StreamId, std::uint64_t>, ResolvedSegment>;

/// The manifests, and what points list; where they differ, what is listed stands alone.
SegmentMap join(const Context& context, const verify::ManifestChains& chains,
                const std::vector<verify::Listing>& listings, std::vector<Check>& checks) {
  SegmentMap segments;
  for (const auto& [stream, chain] : chains) {
    for (const auto& [sequence, link] : chain) {
      if (!link.manifest) continue;
      segments.emplace(std::pair(stream, sequence),
                       ResolvedSegment{stream, sequence, std::nullopt, link.manifest});
    }
  }
  for (const verify::Listing& listing : listings) {
    for (const Descriptor& descriptor : listing.descriptors) {
      const StreamId& stream = descriptor.stream;
      ResolvedSegment& segment =
          segments
              .try_emplace({stream, descriptor.sequence},
                           ResolvedSegment{stream, descriptor.sequence, std::nullopt, std::nullopt})
              .first->second;
      segment.descriptor = descriptor;
      if (!segment.manifest) continue;
      const Digest& digest = chains.at(stream).at(descriptor.sequence).sha256;
      if (descriptor_of(*segment.manifest, digest) == descriptor) continue;
      segment.manifest.reset();
      checks.push_back(
          failed("manifest.chain", layout::manifest(context.tenant, stream, descriptor.sequence),
                 "the manifest that the point lists, SHA-256 " + descriptor.manifest_sha256.hex(),
                 "another, SHA-256 " + digest.hex()));
    }
  }
  return segments;
}

/// The epochs and policy versions that a point's documents name.
struct Named {
  std::set<std::string> epochs;
  std::set<std::uint64_t> policies;
};

Named named_by(const verify::PointChain& points, const ResolvedPoint& resolved) {
  Named named;
  for (const verify::LinkedPoint& link : points.points) {
    named.policies.insert(link.point.policy_version);
  }
  for (const ResolvedSegment& segment : resolved.segments) {
    if (!segment.manifest) continue;
    named.epochs.insert(segment.manifest->key_epoch);
    named.policies.insert(segment.manifest->policy_version);
  }
  return named;
}

}  // namespace

namespace verify {

ResolvedPoint resolve(const Context& context, const PointChain& points, std::vector<Check> before) {
  ResolvedPoint resolved{.tenant = context.tenant, .checks = std::move(before)};
  std::vector<Check>& checks = resolved.checks;
  if (points.points.empty()) return resolved;
  resolved.point = points.points.front().point;
  resolved.sha256 = points.points.front().sha256;
  std::vector<verify::Listing> listings;
  for (const verify::LinkedPoint& link : points.points) {
    listings.push_back(verify::read_listing(context, link.point, checks));
  }
  verify::ManifestChains chains;
  for (const StreamCoverage& coverage : resolved.point->covered_to) {
    if (chains.count(coverage.stream) > 0) continue;
    chains.emplace(coverage.stream, verify::read_manifest_chain(context, coverage.stream,
                                                                coverage.sequences, checks));
  }
  for (std::size_t i = 0; i < points.points.size(); ++i) {
    const verify::LinkedPoint* parent =
        i + 1 < points.points.size() ? &points.points[i + 1] : nullptr;
    verify::check_totals(points.points[i], listings[i], chains, checks);
    verify::check_coverage(points.points[i], parent, listings[i], chains, checks);
  }
  for (auto& [place, segment] : join(context, chains, listings, checks)) {
    resolved.segments.push_back(segment);
  }
  const Named named = named_by(points, resolved);
  resolved.epochs = read_epochs(context, named.epochs, checks);
  check_policies(context, named.policies, checks);
  return resolved;
}

}  // namespace verify

ResolvedPoint resolve_point(ObjectStore& store, const PointName& name, const TrustPolicy* trust,
                            LedgerDepth ledger, unsigned workers, const std::stop_token& stop) {
  const Context context{store, trust, name.tenant, workers, stop};
  std::vector<Check> checks;
  verify::check_vault(context, checks);
  const verify::PointChain points = verify::read_point_chain(context, name.id, ledger, checks);
  return verify::resolve(context, points, std::move(checks));
}

EpochIdentities open_epochs(ObjectStore& store, const KeyEpochs& epochs,
                            std::span<const age::Identity> identities, std::vector<Check>& checks) {
  EpochIdentities opened;
  for (const auto& [name, documents] : epochs.documents) {
    if (documents.empty() || identities.empty()) continue;
    try {
      KeyEpochs one;
      one.documents.emplace(name, documents);
      auto found = open_key_epochs(store, one, identities);
      if (!found.empty()) opened.emplace(name, std::move(found.front()));
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::unauthenticated) continue;
      if (!verify::is_finding(error)) throw;
      checks.push_back(failed("key_epoch", documents.front().wrap_key,
                              "the identity of " + documents.front().recipient, error.message()));
    }
  }
  return opened;
}

void require_sound(const std::vector<Check>& checks) {
  const Check* gravest = nullptr;
  for (const Check& check : checks) {
    if (check.state != CheckState::failed) continue;
    if (gravest == nullptr || check.check_class < gravest->check_class) gravest = &check;
  }
  if (gravest == nullptr) return;
  throw Error(kind_of(gravest->check_class), gravest->subject,
              "expected " + gravest->expected + ", found " + gravest->found);
}

void require_identities(std::span<const age::Identity> identities) {
  if (!identities.empty()) return;
  throw Error(ErrorKind::unauthenticated, "identity",
              "there is none at hand (vault.key of the key folder)");
}

const age::Identity& require_identity(const SegmentManifest& manifest,
                                      const EpochIdentities& identities) {
  const auto found = identities.find(manifest.key_epoch);
  if (found != identities.end()) return found->second;
  throw Error(ErrorKind::unauthenticated, manifest.key,
              "no identity at hand opens key epoch " + manifest.key_epoch);
}

}  // namespace v0
}  // namespace atp
