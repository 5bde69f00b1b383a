// SPDX-License-Identifier: Apache-2.0
/// The segment manifests of one stream, read and checked in order of commit.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "verify/checks.hpp"

namespace atp {
inline namespace v0 {
namespace verify {

struct ChainedManifest {
  Digest sha256;                                 ///< Of the bytes as stored.
  std::optional<SegmentManifest> manifest = {};  ///< Absent where it cannot be believed.
};

/// By sequence; what is missing in the store is missing here.
using ManifestChain = std::map<std::uint64_t, ChainedManifest>;

/// Reads each manifest once, however often and up to where it is asked.
class ManifestChainReader {
 public:
  explicit ManifestChainReader(StreamId stream) : stream_(std::move(stream)) {}

  /// Manifests 0 to `sequences`, exclusive: `manifest.chain`.
  ManifestChain read(const Context& context, std::uint64_t sequences, std::vector<Check>& checks);

 private:
  struct Reading {
    std::optional<Digest> sha256;
    std::optional<SegmentManifest> manifest;
    std::vector<Check> checks;
  };

  std::string key(const Context& context, std::uint64_t sequence) const;
  void extend(const Context& context, std::uint64_t sequences);
  std::vector<std::uint64_t> list_present(const Context& context, std::uint64_t sequences);
  std::vector<Reading> read_all(const Context& context,
                                const std::vector<std::uint64_t>& sequences) const;
  Check gap(const Context& context, std::uint64_t from, std::uint64_t to) const;
  bool follows(const Context& context, std::uint64_t sequence, const SegmentManifest& manifest);

  StreamId stream_;
  std::uint64_t read_to_ = 0;
  ManifestChain chain_;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> gaps_;  ///< From, to.
  std::vector<std::pair<std::uint64_t, Check>> failures_;      ///< With the sequence.
  std::set<SegmentId> segments_;
};

/// The same, each manifest once where the context has a memory.
ManifestChain read_manifest_chain(const Context& context, const StreamId& stream,
                                  std::uint64_t sequences, std::vector<Check>& checks);

/// Why a package of that segment cannot be under `key`; nothing where it can. A key outside of the
/// segment's own place is never read.
std::optional<std::string> misplaced_package(const TenantId& tenant, const StreamId& stream,
                                             std::string_view segment, std::string_view key);

}  // namespace verify
}  // namespace v0
}  // namespace atp
