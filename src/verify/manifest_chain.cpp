// SPDX-License-Identifier: Apache-2.0
#include "verify/manifest_chain.hpp"

#include <set>

#include "atp/core/parallel.hpp"
#include "atp/storage/layout.hpp"

namespace atp {
inline namespace v0 {
namespace verify {
namespace {

constexpr const char* kName = "manifest.chain";
constexpr std::size_t kAttemptDigits = 16;

bool is_attempt(std::string_view text) {
  return text.size() == kAttemptDigits &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

class ManifestChainReader {
 public:
  ManifestChainReader(const Context& context, const StreamId& stream, std::vector<Check>& checks)
      : context_(context), stream_(stream), checks_(checks), before_(checks.size()) {}

  ManifestChain run(std::uint64_t sequences) {
    const auto present = list_present(sequences);
    const std::vector<Reading> readings = read(present);
    ManifestChain chain;
    for (std::size_t i = 0; i < present.size(); ++i) {
      checks_.insert(checks_.end(), readings[i].checks.begin(), readings[i].checks.end());
      if (!readings[i].sha256) continue;
      ChainedManifest link{*readings[i].sha256, readings[i].manifest};
      if (link.manifest && !follows(chain, present[i], *link.manifest)) link.manifest.reset();
      chain.emplace(present[i], std::move(link));
    }
    if (checks_.size() == before_) {
      checks_.push_back(
          signed_by_trust(context_, kName, layout::manifests(context_.tenant, stream_)));
    }
    return chain;
  }

 private:
  struct Reading {
    std::optional<Digest> sha256;
    std::optional<SegmentManifest> manifest;
    std::vector<Check> checks;
  };

  std::string key(std::uint64_t sequence) const {
    return layout::manifest(context_.tenant, stream_, sequence);
  }

  /// A document may claim any number of manifests: memory is bounded by those there are.
  std::vector<std::uint64_t> list_present(std::uint64_t sequences) {
    std::set<std::uint64_t> present;
    for_each_key(context_.store, layout::manifests(context_.tenant, stream_),
                 [&](const std::string& listed) {
                   const auto found = layout::find_manifest(listed);
                   if (found && found->sequence < sequences) present.insert(found->sequence);
                 });
    std::uint64_t next = 0;
    for (const std::uint64_t sequence : present) {
      report_gap(next, sequence);
      next = sequence + 1;
    }
    report_gap(next, sequences);
    return {present.begin(), present.end()};
  }

  void report_gap(std::uint64_t from, std::uint64_t to) {
    if (from >= to) return;
    const std::string expected =
        to - from == 1 ? "a manifest"
                       : "manifests " + std::to_string(from) + " to " + std::to_string(to - 1);
    checks_.push_back(failed(kName, key(from), expected, "none"));
  }

  std::vector<Reading> read(const std::vector<std::uint64_t>& sequences) const {
    std::vector<Reading> readings(sequences.size());
    parallel_for(sequences.size(), context_.workers, context_.stop, [&](std::size_t i) {
      const std::string name = key(sequences[i]);
      Reading& reading = readings[i];
      const auto bytes = read_object(context_, kName, name, reading.checks);
      if (!bytes) return;
      reading.sha256 = sha256(*bytes);
      auto checked =
          check_document<SegmentManifest>(as_text(*bytes), context_.trust, context_.tenant);
      if (!checked.document) reading.checks.push_back(failed(kName, problem_of(name, checked)));
      reading.manifest = std::move(checked.document);
    });
    return readings;
  }

  bool follows(const ManifestChain& chain, std::uint64_t sequence,
               const SegmentManifest& manifest) {
    const std::string name = key(sequence);
    const auto refuse = [&](std::string expected, std::string found) {
      checks_.push_back(failed(kName, name, std::move(expected), std::move(found)));
      return false;
    };
    if (manifest.stream != stream_ || manifest.sequence != sequence) {
      return refuse(
          "sequence " + std::to_string(sequence) + " of stream " + stream_.str(),
          "sequence " + std::to_string(manifest.sequence) + " of stream " + manifest.stream.str());
    }
    const auto misplaced =
        misplaced_package(context_.tenant, stream_, manifest.segment.str(), manifest.key);
    if (misplaced) return refuse(*misplaced, manifest.key);
    if (!segments_.insert(manifest.segment).second) {
      return refuse("each segment sealed once", "segment " + manifest.segment.str() + " again");
    }
    const auto before = sequence == 0 ? chain.end() : chain.find(sequence - 1);
    if (sequence > 0 && before == chain.end()) return true;  // The gap is reported.
    const auto previous = sequence == 0 ? std::nullopt : std::optional(before->second.sha256);
    if (manifest.previous == previous) return true;
    const auto text = [](const std::optional<Digest>& digest) {
      return "previous " + (digest ? digest->hex() : std::string("none"));
    };
    return refuse(text(previous), text(manifest.previous));
  }

  const Context& context_;
  const StreamId& stream_;
  std::vector<Check>& checks_;
  const std::size_t before_;
  std::set<SegmentId> segments_;
};

}  // namespace

ManifestChain read_manifest_chain(const Context& context, const StreamId& stream,
                                  std::uint64_t sequences, std::vector<Check>& checks) {
  return ManifestChainReader(context, stream, checks).run(sequences);
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
