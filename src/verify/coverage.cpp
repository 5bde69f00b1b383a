// SPDX-License-Identifier: Apache-2.0
#include "verify/coverage.hpp"

#include <set>
#include <variant>

#include "atp/merkle/frontier.hpp"
#include "atp/storage/layout.hpp"
#include "atp/verify/stored_point.hpp"

namespace atp {
inline namespace v0 {
namespace verify {
namespace {

constexpr const char* kList = "point.list";
constexpr const char* kCoverage = "point.coverage";

std::optional<ListPage> read_page(const Context& context, const RecoveryPoint& point,
                                  const ListReference& reference, std::vector<Check>& checks) {
  throw_if_stopped(context.stop);
  auto read = read_list_page(context.store, point, reference);
  if (const auto* problem = std::get_if<Problem>(&read)) {
    checks.push_back(failed(kList, *problem));
    return std::nullopt;
  }
  checks.push_back(verified(kList, layout::list_page(context.tenant, reference.sha256)));
  return std::get<ListPage>(std::move(read));
}

std::optional<SegmentManifest> manifest_of(const ManifestChains& chains,
                                           const Descriptor& descriptor) {
  const auto chain = chains.find(descriptor.stream);
  if (chain == chains.end()) return std::nullopt;
  const auto link = chain->second.find(descriptor.sequence);
  return link == chain->second.end() ? std::nullopt : link->second.manifest;
}

struct Totals {
  merkle::Frontier<Rfc9162Hasher> tree;
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;
  std::uint64_t stored_bytes = 0;
  bool whole = true;  ///< The manifest of each descriptor could be believed.
};

std::string count_text(std::uint64_t segments, std::uint64_t records, std::uint64_t bytes,
                       std::uint64_t stored_bytes) {
  return std::to_string(segments) + " segments, " + std::to_string(records) + " records, " +
         std::to_string(bytes) + " bytes, " + std::to_string(stored_bytes) + " stored bytes";
}

/// How far a point covers each stream. A stream named twice is a failed check.
std::map<StreamId, std::uint64_t> ends_of(const LinkedPoint& link, std::vector<Check>& checks) {
  std::map<StreamId, std::uint64_t> ends;
  for (const StreamCoverage& coverage : link.point.covered_to) {
    if (ends.emplace(coverage.stream, coverage.sequences).second) continue;
    checks.push_back(failed(kCoverage, link.key, "each stream once",
                            "stream " + coverage.stream.str() + " twice"));
  }
  return ends;
}

class CoverageCheck {
 public:
  CoverageCheck(const LinkedPoint& link, const Listing& listing, std::vector<Check>& checks)
      : link_(link), checks_(checks), before_(checks.size()), ends_(ends_of(link, checks)) {
    for (const Descriptor& descriptor : listing.descriptors) {
      listed_[descriptor.stream].insert(descriptor.sequence);
    }
  }

  void run(const LinkedPoint* parent, const ManifestChains& chains) {
    if (parent != nullptr) {
      for (const StreamCoverage& coverage : parent->point.covered_to) {
        begins_[coverage.stream] = coverage.sequences;
        ends_.try_emplace(coverage.stream, 0);
      }
    }
    for (const auto& [stream, sequences] : listed_) ends_.try_emplace(stream, 0);
    for (const auto& [stream, end] : ends_) check_stream(stream, begins_[stream], end);
    for (const StreamCoverage& coverage : link_.point.covered_to) check_head(coverage, chains);
    if (checks_.size() == before_) checks_.push_back(verified(kCoverage, link_.key));
  }

 private:
  void fail(const StreamId& stream, std::string expected, std::string found,
            CheckClass check_class = CheckClass::integrity) {
    Check check = failed(kCoverage, link_.key, std::move(expected), std::move(found), check_class);
    check.stream = stream.str();
    checks_.push_back(std::move(check));
  }

  /// Lists are in order and without doubles within a page, pages in order within a point: a set
  /// loses nothing.
  void check_stream(const StreamId& stream, std::uint64_t begin, std::uint64_t end) {
    const std::string expected =
        "manifests " + std::to_string(begin) + " up to " + std::to_string(end) + " listed";
    if (end < begin) {
      return fail(stream, "at least " + std::to_string(begin) + " manifests, as its parent",
                  std::to_string(end));
    }
    std::uint64_t next = begin;
    for (const std::uint64_t sequence : listed_[stream]) {
      if (sequence < begin) return fail(stream, expected, std::to_string(sequence) + " again");
      if (sequence >= end) return fail(stream, expected, std::to_string(sequence) + " beyond");
      if (sequence > next) break;
      next = sequence + 1;
    }
    if (next < end) fail(stream, expected, std::to_string(next) + " not listed", CheckClass::gap);
  }

  void check_head(const StreamCoverage& coverage, const ManifestChains& chains) {
    if (coverage.sequences == 0) return fail(coverage.stream, "a covered manifest", "none");
    const auto chain = chains.find(coverage.stream);
    if (chain == chains.end()) return;
    const auto head = chain->second.find(coverage.sequences - 1);
    if (head == chain->second.end() || head->second.sha256 == coverage.head) return;
    fail(coverage.stream, "head " + coverage.head.hex(), "head " + head->second.sha256.hex());
  }

  const LinkedPoint& link_;
  std::vector<Check>& checks_;
  const std::size_t before_;
  std::map<StreamId, std::uint64_t> begins_;
  std::map<StreamId, std::uint64_t> ends_;
  std::map<StreamId, std::set<std::uint64_t>> listed_;
};

}  // namespace

Listing read_listing(const Context& context, const RecoveryPoint& point,
                     std::vector<Check>& checks) {
  Listing listing;
  for (const ListReference& reference : point.lists) {
    const auto page = read_page(context, point, reference, checks);
    listing.whole = listing.whole && page;
    if (!page) continue;
    listing.descriptors.insert(listing.descriptors.end(), page->descriptors.begin(),
                               page->descriptors.end());
  }
  return listing;
}

void check_totals(const LinkedPoint& link, const Listing& listing, const ManifestChains& chains,
                  std::vector<Check>& checks) {
  constexpr const char* kRoot = "point.merkle_root";
  constexpr const char* kCounts = "point.counts";
  const RecoveryPoint& point = link.point;
  if (!listing.whole) {
    checks.push_back(not_checked(kRoot, link.key, "a list page is damaged"));
    checks.push_back(not_checked(kCounts, link.key, "a list page is damaged"));
    return;
  }
  Totals totals;
  for (const Descriptor& descriptor : listing.descriptors) {
    totals.tree.push(Rfc9162Hasher::leaf(as_bytes(canonical(descriptor))));
    totals.records += descriptor.records;
    totals.stored_bytes += descriptor.bytes;
    const auto manifest = manifest_of(chains, descriptor);
    totals.whole = totals.whole && manifest;
    if (manifest) totals.bytes += manifest->bytes;
  }
  const Digest root = totals.tree.root();
  checks.push_back(root == point.merkle_root
                       ? verified(kRoot, link.key)
                       : failed(kRoot, link.key, point.merkle_root.hex(), root.hex()));
  const std::string expected =
      count_text(point.segments, point.records, point.bytes, point.stored_bytes);
  const std::string found =
      count_text(totals.tree.size(), totals.records, totals.whole ? totals.bytes : point.bytes,
                 totals.stored_bytes);
  if (expected != found) {
    checks.push_back(failed(kCounts, link.key, expected, found));
  } else if (!totals.whole) {
    checks.push_back(not_checked(kCounts, link.key, "a segment manifest is damaged"));
  } else {
    checks.push_back(verified(kCounts, link.key));
  }
}

void check_coverage(const LinkedPoint& link, const LinkedPoint* parent, const Listing& listing,
                    const ManifestChains& chains, std::vector<Check>& checks) {
  if (!listing.whole) {
    checks.push_back(not_checked(kCoverage, link.key, "a list page is damaged"));
  } else if (link.point.parent && parent == nullptr) {
    checks.push_back(not_checked(kCoverage, link.key, "a parent cannot be believed"));
  } else {
    CoverageCheck(link, listing, checks).run(parent, chains);
  }
}

}  // namespace verify
}  // namespace v0
}  // namespace atp
