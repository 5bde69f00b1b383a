// SPDX-License-Identifier: Apache-2.0
#include "verify/manifest_chain.hpp"

#include <algorithm>

#include "atp/core/parallel.hpp"
#include "atp/storage/layout.hpp"
#include "verify/tenant_memory.hpp"

namespace atp {
inline namespace v0 {
namespace verify {
namespace {

constexpr const char* kName = "manifest.chain";
constexpr std::size_t kAttemptDigits = 16;
constexpr std::size_t kListed = 50'000;

bool is_attempt(std::string_view text) {
  return text.size() == kAttemptDigits &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

std::string ManifestChainReader::key(const Context& context, std::uint64_t sequence) const {
  return layout::manifest(context.tenant, stream_, sequence);
}

ManifestChain ManifestChainReader::read(const Context& context, std::uint64_t sequences,
                                        std::vector<Check>& checks) {
  if (sequences > read_to_) extend(context, sequences);
  const std::size_t before = checks.size();
  for (const auto& [from, to] : gaps_) {
    if (from < sequences) checks.push_back(gap(context, from, std::min(to, sequences)));
  }
  for (const auto& [sequence, check] : failures_) {
    if (sequence < sequences) checks.push_back(check);
  }
  if (checks.size() == before) {
    checks.push_back(signed_by_trust(context, kName, layout::manifests(context.tenant, stream_)));
  }
  return {chain_.begin(), chain_.lower_bound(sequences)};
}

void ManifestChainReader::extend(const Context& context, std::uint64_t sequences) {
  const auto present = list_present(context, sequences);
  const std::vector<Reading> readings = read_all(context, present);
  std::uint64_t next = read_to_;
  for (std::size_t i = 0; i < present.size(); ++i) {
    if (next < present[i]) gaps_.emplace_back(next, present[i]);
    next = present[i] + 1;
    for (const Check& check : readings[i].checks) failures_.emplace_back(present[i], check);
    if (!readings[i].sha256) continue;
    ChainedManifest link{*readings[i].sha256, readings[i].manifest};
    if (link.manifest && !follows(context, present[i], *link.manifest)) link.manifest.reset();
    chain_.emplace(present[i], std::move(link));
  }
  if (next < sequences) gaps_.emplace_back(next, sequences);
  read_to_ = sequences;
}

/// A document may claim any number of manifests: memory is bounded by those there are.
std::vector<std::uint64_t> ManifestChainReader::list_present(const Context& context,
                                                             std::uint64_t sequences) {
  std::vector<std::uint64_t> present;
  std::string after = read_to_ == 0 ? "" : key(context, read_to_ - 1);
  for (bool more = true; more;) {
    const ListPageOfKeys page =
        list_keys(context.store, layout::manifests(context.tenant, stream_), after, kListed);
    for (const std::string& listed : page.keys) {
      const auto found = layout::find_manifest(listed);
      if (found && found->sequence < sequences) present.push_back(found->sequence);
    }
    more = page.next.has_value() && *page.next < key(context, sequences);
    after = page.next.value_or("");
  }
  return present;
}

Check ManifestChainReader::gap(const Context& context, std::uint64_t from, std::uint64_t to) const {
  const std::string expected =
      to - from == 1 ? "a manifest"
                     : "manifests " + std::to_string(from) + " to " + std::to_string(to - 1);
  return failed(kName, key(context, from), expected, "none");
}

std::vector<ManifestChainReader::Reading> ManifestChainReader::read_all(
    const Context& context, const std::vector<std::uint64_t>& sequences) const {
  std::vector<Reading> readings(sequences.size());
  parallel_for(sequences.size(), context.workers, context.stop, [&](std::size_t i) {
    const std::string name = key(context, sequences[i]);
    Reading& reading = readings[i];
    const auto bytes = read_object(context, kName, name, reading.checks);
    if (!bytes) return;
    reading.sha256 = sha256(*bytes);
    auto checked = check_document<SegmentManifest>(as_text(*bytes), context.trust, context.tenant);
    if (!checked.document) reading.checks.push_back(failed(kName, problem_of(name, checked)));
    reading.manifest = std::move(checked.document);
  });
  return readings;
}

bool ManifestChainReader::follows(const Context& context, std::uint64_t sequence,
                                  const SegmentManifest& manifest) {
  const std::string name = key(context, sequence);
  const auto refuse = [&](std::string expected, std::string found) {
    failures_.emplace_back(sequence, failed(kName, name, std::move(expected), std::move(found)));
    return false;
  };
  if (manifest.stream != stream_ || manifest.sequence != sequence) {
    return refuse(
        "sequence " + std::to_string(sequence) + " of stream " + stream_.str(),
        "sequence " + std::to_string(manifest.sequence) + " of stream " + manifest.stream.str());
  }
  const auto misplaced =
      misplaced_package(context.tenant, stream_, manifest.segment.str(), manifest.key);
  if (misplaced) return refuse(*misplaced, manifest.key);
  if (!segments_.insert(manifest.segment).second) {
    return refuse("each segment sealed once", "segment " + manifest.segment.str() + " again");
  }
  const auto before = sequence == 0 ? chain_.end() : chain_.find(sequence - 1);
  if (sequence > 0 && before == chain_.end()) return true;  // The gap is reported.
  const auto previous = sequence == 0 ? std::nullopt : std::optional(before->second.sha256);
  if (manifest.previous == previous) return true;
  const auto text = [](const std::optional<Digest>& digest) {
    return "previous " + (digest ? digest->hex() : std::string("none"));
  };
  return refuse(text(previous), text(manifest.previous));
}

ManifestChain read_manifest_chain(const Context& context, const StreamId& stream,
                                  std::uint64_t sequences, std::vector<Check>& checks) {
  ManifestChainReader alone(stream);
  ManifestChainReader& reader =
      context.memory ? context.memory->chains.try_emplace(stream, stream).first->second : alone;
  return reader.read(context, sequences, checks);
}

std::optional<std::string> misplaced_package(const TenantId& tenant, const StreamId& stream,
                                             std::string_view segment, std::string_view key) {
  constexpr std::string_view kSuffix = ".jsonl.zst.age";
  const std::string prefix =
      layout::packages(tenant) + stream.encoded() + "/" + encode_name(segment) + ".";
  const std::string expected = "a key " + prefix + "<16 hex>" + std::string(kSuffix);
  if (key.size() != prefix.size() + kAttemptDigits + kSuffix.size()) return expected;
  if (!key.starts_with(prefix) || !key.ends_with(kSuffix)) return expected;
  if (!is_attempt(key.substr(prefix.size(), kAttemptDigits))) return expected;
  return std::nullopt;
}

}  // namespace verify
}  // namespace v0
}  // namespace atp
