// SPDX-License-Identifier: Apache-2.0
#include "atp/verify/resolved_point.hpp"
#include "verify/checks.hpp"

namespace atp {
inline namespace v0 {
namespace {

constexpr const char* kStored = "package.stored";
constexpr const char* kContent = "package.content";

/// By the descriptor where the manifest is damaged.
StoredPackage stored_of(const ResolvedSegment& segment) {
  if (segment.manifest) return stored_of(*segment.manifest);
  const Descriptor& descriptor = *segment.descriptor;
  return {.key = descriptor.key, .bytes = descriptor.bytes, .sha256 = descriptor.sha256};
}

bool is_of_stored_bytes(const PackageDamage& damage) { return damage.check.starts_with("stored_"); }

class PackageCheck {
 public:
  PackageCheck(ObjectStore& store, const ResolvedSegment& segment, const ScanOptions& options)
      : store_(store), segment_(segment), options_(options) {}

  std::vector<Check> stored() {
    guard([&] { take(scan_stored(store_, stored_of(segment_), options_), false); });
    return std::move(checks_);
  }

  std::vector<Check> content(const EpochIdentities& identities, FrameSink* sink) {
    if (!segment_.manifest) return stored_only("its segment manifest is damaged");
    const SegmentManifest& manifest = *segment_.manifest;
    const auto identity = identities.find(manifest.key_epoch);
    if (identity == identities.end()) {
      return stored_only("no identity opens key epoch " + manifest.key_epoch);
    }
    std::string unopened;
    guard(
        [&] {
          try {
            const std::span<const age::Identity> one(&identity->second, 1);
            take(scan_package(store_, manifest, one, sink, options_), true);
          } catch (const Error& error) {
            if (error.kind() != ErrorKind::unauthenticated &&
                error.kind() != ErrorKind::unsupported) {
              throw;
            }
            unopened = error.message();
          }
        },
        sink);
    return unopened.empty() ? std::move(checks_) : stored_only(unopened);
  }

 private:
  std::vector<Check> stored_only(const std::string& why) {
    guard([&] { take(scan_stored(store_, stored_of(segment_), options_), false); });
    add(verify::not_checked(kContent, segment_.key(), why));
    return std::move(checks_);
  }

  /// A package that is not there is a finding; so is one that the store cannot give whole. One that
  /// cannot be read is not checked; where there is a sink the error may be the sink's.
  template <class Scan>
  void guard(const Scan& scan, const FrameSink* sink = nullptr) {
    try {
      scan();
    } catch (const Error& error) {
      const bool unreadable = error.kind() == ErrorKind::permission_denied ||
                              (error.kind() == ErrorKind::unavailable && !error.temporary());
      if (sink == nullptr && unreadable) {
        Check check = unread_check(kStored, error);
        check.subject = segment_.key();
        return add(std::move(check));
      }
      const bool missing = error.kind() == ErrorKind::not_found && !store_.stat(segment_.key());
      if (!missing && error.kind() != ErrorKind::corrupt) throw;
      add(verify::failed(kStored, segment_.key(),
                         "a package of " + std::to_string(segment_.stored_bytes()) + " bytes",
                         missing ? "none" : error.message()));
    }
  }

  void take(const std::vector<PackageDamage>& damages, bool with_content) {
    bool stored_is_sound = true;
    bool content_is_sound = true;
    for (const PackageDamage& damage : damages) {
      (is_of_stored_bytes(damage) ? stored_is_sound : content_is_sound) = false;
      Check check =
          verify::failed("package." + damage.check, segment_.key(), damage.expected, damage.found);
      check.frame = damage.frame;
      if (damage.first_record && damage.last_record) {
        check.records = RecordRange{*damage.first_record, *damage.last_record};
      }
      add(std::move(check));
    }
    if (stored_is_sound) add(verify::verified(kStored, segment_.key()));
    if (content_is_sound && with_content) add(verify::verified(kContent, segment_.key()));
  }

  void add(Check check) {
    check.stream = segment_.stream.str();
    check.segment = segment_.name();
    checks_.push_back(std::move(check));
  }

  ObjectStore& store_;
  const ResolvedSegment& segment_;
  const ScanOptions& options_;
  std::vector<Check> checks_;
};

}  // namespace

std::vector<Check> check_stored_package(ObjectStore& store, const ResolvedSegment& segment,
                                        const ScanOptions& options) {
  return PackageCheck(store, segment, options).stored();
}

std::vector<Check> check_package(ObjectStore& store, const ResolvedSegment& segment,
                                 const EpochIdentities& identities, FrameSink* sink,
                                 const ScanOptions& options) {
  return PackageCheck(store, segment, options).content(identities, sink);
}

}  // namespace v0
}  // namespace atp
