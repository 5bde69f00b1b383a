// SPDX-License-Identifier: Apache-2.0
/// From a store to a proof file.
#include <algorithm>
#include <map>
#include <optional>

#include "atp/core/error.hpp"
#include "atp/keys/key_epochs.hpp"
#include "atp/ledger/log_proof.hpp"
#include "atp/merkle/kept_tree.hpp"
#include "atp/model/record_evidence.hpp"
#include "atp/records/record_reader.hpp"
#include "atp/segment/package_reader.hpp"
#include "atp/storage/layout.hpp"
#include "atp/verify/open_segment.hpp"
#include "atp/verify/record_proof.hpp"
#include "atp/verify/resolved_point.hpp"
#include "ledger/stored_tiles.hpp"
#include "verify/anchors.hpp"
#include "verify/checkpoint_over.hpp"
#include "verify/coverage.hpp"
#include "verify/point_chain.hpp"

namespace atp {
inline namespace v0 {
namespace {

using verify::Context;

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

LogProof prove_entry(const Context& context, const LedgerEntry& entry) {
  const std::uint64_t index = entry.statement.index;
  const auto over = verify::first_witnessed_over(context, entry.statement);
  if (!over) {
    const bool covered = verify::first_checkpoint_over(context, entry.statement).has_value();
    throw Error(ErrorKind::precondition_failed, layout::ledger_checkpoints(context.tenant, 0),
                "no checkpoint covers entry " + std::to_string(index) +
                    (covered ? " that enough witnesses have cosigned; atp ledger anchor asks them"
                             : " yet; the next backup, or atp doctor, adds one"));
  }
  ledger::StoredTree tree(context.store, context.tenant, over->checkpoint.size,
                          over->checkpoint.root, context.stop);
  return {.index = index,
          .path = tree->inclusion_proof(index, Rfc9162Hasher::leaf(as_bytes(entry.stored))),
          .checkpoint = over->note};
}

verify::PointChain read_chain(const Context& context, const std::string& id) {
  std::vector<Check> checks;
  verify::PointChain chain = verify::read_point_chain(context, id, LedgerDepth::statement, checks);
  require_sound(checks);
  return chain;
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

bool has_id(const FieldValue& value, std::string_view id) {
  const bool has_text = value.kind == FieldKind::string || value.kind == FieldKind::number;
  return has_text && value.text == id;
}

}  // namespace

struct RecordProver::State {
  /// All that the records of one segment have in common.
  struct Segment {
    SegmentName name;
    RecordEvidence evidence;
    PackageReader reader;
  };

  State(ObjectStore& store, const PointName& point, const TrustPolicy& trust,
        std::span<const age::Identity> identities, const std::stop_token& stop)
      : context{store, &trust, point.tenant, 1, stop},
        given(identities),
        chain(read_chain(context, point.id)),
        entry(prove_entry(context, *chain.statement)),
        timestamps(verify::sound_replies(context, chain.points.front().sha256)),
        listings(chain.points.size()) {
    require_identities(identities);
  }

  const std::string& id() const { return chain.points.front().point.recovery_point_id; }

  /// What a point of the chain lists.
  struct Listing {
    explicit Listing(std::vector<Descriptor> listed)
        : descriptors(std::move(listed)), tree(leaves_of(descriptors)) {
      for (std::size_t i = 0; i < descriptors.size(); ++i) {
        const Descriptor& each = descriptors[i];
        if (each.kind == DescriptorKind::segment)
          index_of.emplace(std::pair(each.stream, each.name), i);
      }
    }
    static std::vector<Digest> leaves_of(const std::vector<Descriptor>& descriptors) {
      std::vector<Digest> leaves;
      for (const Descriptor& each : descriptors) {
        leaves.push_back(Rfc9162Hasher::leaf(as_bytes(canonical(each))));
      }
      return leaves;
    }

    std::vector<Descriptor> descriptors;
    merkle::KeptTree<Rfc9162Hasher> tree;
    std::map<std::pair<StreamId, std::string>, std::size_t> index_of;
  };

  const Listing& listing(std::size_t link) {
    if (listings[link]) return *listings[link];
    throw_if_stopped(context.stop);
    std::vector<Check> checks;
    auto read = verify::read_listing(context, chain.points[link].point, checks).descriptors;
    require_sound(checks);
    return listings[link].emplace(std::move(read));
  }

  struct Listed {
    std::size_t link;  ///< Of the point that lists it: the first, or a parent.
    const Listing* listing;
    std::size_t index;
  };
  Listed find(const SegmentName& segment) {
    for (std::size_t link = 0; link < chain.points.size(); ++link) {
      const Listing& found = listing(link);
      const auto index = found.index_of.find(std::pair(segment.stream, segment.segment.str()));
      if (index != found.index_of.end()) return {link, &found, index->second};
    }
    throw Error(ErrorKind::not_found, id(),
                "has no segment " + segment.stream.str() + "/" + segment.segment.str());
  }

  PackageReader open(const Descriptor& descriptor) {
    const SegmentManifest manifest = read_manifest(context, descriptor);
    if (!opened) {
      const KeyEpochs epochs = read_key_epochs(context.store, context.trust, context.tenant);
      if (!epochs.problems.empty()) throw_problem(epochs.problems.front());
      std::vector<Check> checks;
      opened = open_epochs(context.store, epochs, given, checks);
      require_sound(checks);
    }
    const age::Identity& identity = require_identity(manifest, *opened);
    return PackageReader(context.store, manifest, {&identity, 1});
  }

  Segment& enter(const SegmentName& name) {
    if (current && current->name == name) return *current;
    current.reset();
    const Listed listed = find(name);
    const auto& descriptors = listed.listing->descriptors;
    RecordEvidence evidence{.tenant = context.tenant,
                            .number = 0,
                            .descriptor = descriptors[listed.index],
                            .descriptor_index = listed.index,
                            .descriptors = descriptors.size(),
                            .descriptor_path = listed.listing->tree.path(listed.index),
                            .timestamps = timestamps,
                            .statement = chain.statement->stored};
    for (std::size_t i = 0; i <= listed.link; ++i) {
      evidence.points.emplace_back(
          as_text(get_object(context.store, chain.points[i].key, kDocumentLimit)));
    }
    PackageReader reader = open(evidence.descriptor);
    return current.emplace(Segment{name, std::move(evidence), std::move(reader)});
  }

  /// Of a record of the segment entered last.
  RecordProof prove(std::uint64_t number, RecordInclusion inclusion) {
    RecordEvidence& evidence = current->evidence;
    evidence.number = number;
    evidence.record = std::move(inclusion.record);
    evidence.salt = std::move(inclusion.salt);
    evidence.record_path = std::move(inclusion.path);
    LogProof proof = entry;
    proof.extra = canonical(evidence);
    std::string text = format_log_proof(proof);
    if (text.size() > kLogProofLimit) {
      throw Error(ErrorKind::unsupported, id(),
                  "its proof would have " + std::to_string(text.size()) +
                      " bytes, over the limit of " + std::to_string(kLogProofLimit));
    }
    CheckedProof checked = check_record_proof(text, *context.trust);
    require_sound(checked.report.checks);
    return {std::move(text), *std::move(checked.proven)};
  }

  const verify::Context context;
  const std::span<const age::Identity> given;
  const verify::PointChain chain;
  const LogProof entry;
  const std::vector<Bytes> timestamps;
  std::vector<std::optional<Listing>> listings;
  std::optional<EpochIdentities> opened;
  std::optional<Segment> current;
};

RecordProver::RecordProver(ObjectStore& store, const PointName& point, const TrustPolicy& trust,
                           std::span<const age::Identity> identities, const std::stop_token& stop)
    : state_(std::make_unique<State>(store, point, trust, identities, stop)) {}
RecordProver::~RecordProver() = default;
RecordProver::RecordProver(RecordProver&&) noexcept = default;
RecordProver& RecordProver::operator=(RecordProver&&) noexcept = default;

const std::string& RecordProver::checkpoint() const { return state_->entry.checkpoint; }

std::uint64_t RecordProver::entry() const { return state_->entry.index; }

std::uint64_t RecordProver::records(const SegmentName& segment) const {
  const State::Listed listed = state_->find(segment);
  return listed.listing->descriptors[listed.index].records;
}

RecordProof RecordProver::prove(const RecordPlace& place) const {
  return state_->prove(place.number, state_->enter(place.segment).reader.prove(place.number));
}

void RecordProver::prove(const SegmentName& segment, std::span<const RecordRange> ranges,
                         const Each& each) const {
  state_->enter(segment).reader.prove(
      ranges,
      [&](std::uint64_t number, RecordInclusion&& inclusion) {
        each(state_->prove(number, std::move(inclusion)));
      },
      state_->context.stop);
}

std::string prove_record(ObjectStore& store, const PointName& point, const RecordPlace& place,
                         const TrustPolicy& trust, std::span<const age::Identity> identities,
                         const std::stop_token& stop) {
  return RecordProver(store, point, trust, identities, stop).prove(place).text;
}

FoundRecords find_records(ObjectStore& store, const PointName& point, std::string_view record_id,
                          const TrustPolicy& trust, std::span<const age::Identity> identities,
                          ProgressSink* progress, const std::stop_token& stop) {
  require_identities(identities);
  ResolvedPoint resolved = resolve_point(store, point, &trust, LedgerDepth::statement, 1, stop);
  const EpochIdentities opened = open_epochs(store, resolved.epochs, identities, resolved.checks);
  require_sound(resolved.checks);
  const Context context{store, &trust, resolved.tenant, 1, stop};
  std::uint64_t total = 0;
  for (const ResolvedSegment& segment : resolved.segments) total += segment.manifest->bytes;
  ProgressMeter meter(
      progress, {.stage = "find", .bytes_total = total, .items_total = resolved.segments.size()});
  FoundRecords found;
  std::map<std::uint64_t, RecordReader> readers;  // By policy version.
  for (const ResolvedSegment& segment : resolved.segments) {
    const SegmentManifest& manifest = *segment.manifest;
    const std::uint64_t version = manifest.policy_version;
    if (!readers.contains(version)) {
      readers.try_emplace(version, FieldMap{{"id", id_path(context, version)}});
    }
    RecordReader& records = readers.at(version);
    const age::Identity& identity = require_identity(manifest, opened);
    const PackageReader reader(store, manifest, {&identity, 1});
    reader.read(
        0, manifest.records,
        [&](std::uint64_t number, ByteView record) {
          const auto fields = records.read(record);
          if (!fields) ++found.unsearched;
          if (fields && has_id(fields->front(), record_id)) {
            found.places.push_back({{manifest.stream, manifest.segment}, number});
          }
          meter.add(record.size() + 1, 0);
        },
        stop);
    meter.add(0, 1);
  }
  return found;
}

}  // namespace v0
}  // namespace atp
