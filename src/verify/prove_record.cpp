// SPDX-License-Identifier: Apache-2.0
/// From a store to a proof file.
#include <algorithm>
#include <map>

#include "atp/core/error.hpp"
#include "atp/keys/key_epochs.hpp"
#include "atp/ledger/log_proof.hpp"
#include "atp/model/record_evidence.hpp"
#include "atp/segment/package_reader.hpp"
#include "atp/storage/layout.hpp"
#include "atp/verify/open_segment.hpp"
#include "atp/verify/record_proof.hpp"
#include "atp/verify/resolved_point.hpp"
#include "segment/buffer.hpp"
#include "segment/record_reader.hpp"
#include "verify/anchors.hpp"
#include "verify/coverage.hpp"
#include "verify/point_chain.hpp"

namespace atp::inline v0 {
namespace {

using verify::Context;

/// Where a segment is listed: by the first point of the chain, or a parent.
struct Listed {
  std::size_t link;
  std::vector<Descriptor> descriptors;  ///< All that this point lists.
  std::size_t index;                    ///< Of the segment among them.
};

Listed find_listed(const Context& context, const verify::PointChain& chain,
                   const SegmentName& segment) {
  std::vector<Check> checks;
  for (std::size_t link = 0; link < chain.points.size(); ++link) {
    throw_if_stopped(context.stop);
    auto descriptors = verify::read_listing(context, chain.points[link].point, checks).descriptors;
    require_sound(checks);
    const auto found = std::ranges::find_if(descriptors, [&](const Descriptor& each) {
      return each.kind == DescriptorKind::segment && each.stream == segment.stream &&
             each.name == segment.segment.str();
    });
    if (found == descriptors.end()) continue;
    const auto index = static_cast<std::size_t>(found - descriptors.begin());
    return {link, std::move(descriptors), index};
  }
  throw Error(ErrorKind::not_found, chain.points.front().point.recovery_point_id,
              "has no segment " + segment.stream.str() + "/" + segment.segment.str());
}

SegmentManifest read_manifest(const Context& context, const Descriptor& descriptor) {
  std::vector<Check> checks;
  const std::string key = layout::manifest(context.tenant, descriptor.stream, descriptor.sequence);
  auto stored = verify::read_document<SegmentManifest>(context, "manifest.chain", key,
                                                       context.tenant, checks);
  require_sound(checks);
  if (descriptor_of(stored->document, stored->sha256) == descriptor) return stored->document;
  throw Error(ErrorKind::corrupt, key,
              "expected the manifest that the point lists, SHA-256 " +
                  descriptor.manifest_sha256.hex() + ", found SHA-256 " + stored->sha256.hex());
}

RecordInclusion read_record(const Context& context, const Descriptor& descriptor,
                            std::uint64_t number, std::span<const age::Identity> identities) {
  require_identities(identities);
  const SegmentManifest manifest = read_manifest(context, descriptor);
  const KeyEpochs epochs = read_key_epochs(context.store, context.trust, context.tenant);
  if (!epochs.problems.empty()) throw_problem(epochs.problems.front());
  std::vector<Check> checks;
  const EpochIdentities opened = open_epochs(context.store, epochs, identities, checks);
  require_sound(checks);
  const age::Identity& identity = require_identity(manifest, opened);
  return PackageReader(context.store, manifest, {&identity, 1}).prove(number);
}

LogProof prove_entry(const Context& context, const LedgerReading& ledger, std::uint64_t index) {
  const auto witnessed = verify::find_witnessed(context, ledger, index, verify::root_at(ledger));
  if (!witnessed) {
    const bool covered = ledger.newest_checkpoint && ledger.newest_checkpoint->size > index;
    throw Error(ErrorKind::precondition_failed, layout::ledger_checkpoints(context.tenant, 0),
                "no checkpoint covers entry " + std::to_string(index) +
                    (covered ? " that enough witnesses have cosigned; atp ledger anchor asks them"
                             : " yet; the next backup, or atp doctor, adds one"));
  }
  return {.extra = {},
          .index = index,
          .path = merkle::inclusion_proof<Rfc9162Hasher>(ledger.leaves(witnessed->checkpoint.size),
                                                         index),
          .checkpoint = witnessed->note};
}

std::string stored_text(const Context& context, const std::string& key, std::uint64_t limit) {
  return std::string(as_text(get_object(context.store, key, limit)));
}

/// Alarms have digests of whole segments, from which other records could be guessed.
void refuse_alarms(const RecoveryPoint& point) {
  if (point.alarms.empty()) return;
  throw Error(ErrorKind::precondition_failed, point.recovery_point_id,
              "a proof would have to show this point, whose alarms give digests of whole segments "
              "away; prove the record in a point before it, or after a full one");
}

RecordEvidence gather(const Context& context, const verify::PointChain& chain,
                      const RecordPlace& place, std::span<const age::Identity> identities) {
  const Listed listed = find_listed(context, chain, place.segment);
  const Descriptor& descriptor = listed.descriptors[listed.index];
  RecordInclusion inclusion = read_record(context, descriptor, place.number, identities);
  std::vector<Digest> leaves;
  for (const Descriptor& each : listed.descriptors) {
    leaves.push_back(Rfc9162Hasher::leaf(as_bytes(canonical(each))));
  }
  RecordEvidence evidence{
      .tenant = context.tenant,
      .number = place.number,
      .record = std::move(inclusion.record),
      .salt = std::move(inclusion.salt),
      .record_path = std::move(inclusion.path),
      .descriptor = descriptor,
      .descriptor_index = listed.index,
      .descriptors = listed.descriptors.size(),
      .descriptor_path = merkle::inclusion_proof<Rfc9162Hasher>(leaves, listed.index),
      .points = {},
      .timestamps = {},
      .statement = chain.ledger.entries[*chain.statement].stored};
  evidence.timestamps = verify::sound_replies(context, chain.points.front().sha256);
  for (std::size_t i = 0; i <= listed.link; ++i) {
    refuse_alarms(chain.points[i].point);
    evidence.points.push_back(stored_text(context, chain.points[i].key, kDocumentLimit));
  }
  return evidence;
}

/// Where the tenant's records have their id, under one version of its policy.
std::string id_path(const Context& context, std::uint64_t policy_version) {
  std::vector<Check> checks;
  const auto policy = verify::read_document<TenantPolicy>(
      context, "policy", layout::policy(context.tenant, policy_version), context.tenant, checks);
  require_sound(checks);
  const auto mapped = policy->document.field_map.find("id");
  return mapped == policy->document.field_map.end() ? "id" : mapped->second;
}

}  // namespace

std::string prove_record(ObjectStore& store, const std::string& id, const RecordPlace& place,
                         const TrustPolicy& trust, std::span<const age::Identity> identities,
                         const std::stop_token& stop) {
  const Context context{store, &trust, tenant_of_point(store, id), 1, stop};
  std::vector<Check> checks;
  const verify::PointChain chain = verify::read_point_chain(context, id, checks);
  require_sound(checks);
  LogProof proof = prove_entry(context, chain.ledger, *chain.statement);
  proof.extra = canonical(gather(context, chain, place, identities));
  std::string text = format_log_proof(proof);
  if (text.size() > kLogProofLimit) {
    throw Error(ErrorKind::unsupported, id,
                "its proof would have " + std::to_string(text.size()) +
                    " bytes, over the limit of " + std::to_string(kLogProofLimit));
  }
  require_sound(check_record_proof(text, trust).report.checks);
  return text;
}

std::vector<RecordPlace> find_records(ObjectStore& store, const std::string& id,
                                      std::string_view record_id, const TrustPolicy& trust,
                                      std::span<const age::Identity> identities,
                                      ProgressSink* progress, const std::stop_token& stop) {
  require_identities(identities);
  ResolvedPoint resolved = resolve_point(store, id, &trust, 1, stop);
  const EpochIdentities opened = open_epochs(store, resolved.epochs, identities, resolved.checks);
  require_sound(resolved.checks);
  const Context context{store, &trust, resolved.tenant, 1, stop};
  std::uint64_t total = 0;
  for (const ResolvedSegment& segment : resolved.segments) total += segment.manifest->bytes;
  ProgressMeter meter(
      progress, {.stage = "find", .bytes_total = total, .items_total = resolved.segments.size()});
  std::vector<RecordPlace> places;
  segment::Buffer padded;
  std::map<std::uint64_t, segment::RecordReader> readers;  // By policy version.
  for (const ResolvedSegment& segment : resolved.segments) {
    const SegmentManifest& manifest = *segment.manifest;
    const std::uint64_t version = manifest.policy_version;
    if (!readers.contains(version)) readers.try_emplace(version, id_path(context, version));
    segment::RecordReader& fields = readers.at(version);
    const age::Identity& identity = require_identity(manifest, opened);
    const PackageReader reader(store, manifest, {&identity, 1});
    reader.read(
        0, manifest.records,
        [&](std::uint64_t number, ByteView record) {
          const MutableByteView copy = padded.reserve(record.size());
          std::ranges::copy(record, copy.begin());
          if (fields.text(copy) == record_id) {
            places.push_back({{manifest.stream, manifest.segment}, number});
          }
          meter.add(record.size() + 1, 0);
        },
        stop);
    meter.add(0, 1);
  }
  return places;
}

}  // namespace atp::inline v0
