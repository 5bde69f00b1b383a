// SPDX-License-Identifier: Apache-2.0
/// What one run of a tenant leaves to the next. Not restored by a rebuild: what is missing here,
/// the next run asks of the store.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "atp/core/export.hpp"
#include "atp/core/ids.hpp"
#include "atp/core/time.hpp"

namespace atp {
inline namespace v0 {

/// A tenant whose ledger was found not to be what it was. Nothing is written for it until an
/// operator has looked at it.
struct HaltRow {
  TenantId tenant;
  Time halted_at;
  std::string subject;  ///< Key of the object.
  std::string message;  ///< What was expected, and found.
  bool operator==(const HaltRow&) const = default;
};

/// Until when the store has promised to keep a tenant's objects, as it was read back.
struct KeptRow {
  TenantId tenant;
  Time documents_until;          ///< At least: every document, of whatever age.
  std::uint64_t policy_version;  ///< Every package that a point lists, as policies up to this ask.
  /// Until when the documents up to the key `round_after` are kept: a round of growing them that
  /// goes on in later runs. No earlier than `documents_until`.
  Time round_until;
  std::string round_after = {};
  bool operator==(const KeptRow&) const = default;
};

/// When a backup of a tenant last found all its source in the vault.
struct CheckedRow {
  TenantId tenant;
  Time checked_at;
  Time stated_at;  ///< When one last said so in the ledger.
  bool operator==(const CheckedRow&) const = default;
};

/// What runs read again of what is old.
enum class ScrubKind {
  entries,   ///< Of the ledger.
  packages,  ///< And the manifests of their segments.
  dates,     ///< Until when objects are kept.
};
ATP_EXPORT std::string_view to_string(ScrubKind kind);

/// How far runs have come in a pass over all there is of a kind.
struct ScrubRow {
  TenantId tenant;
  ScrubKind kind;
  Time began_at;  ///< The pass that goes on.
  Time since;     ///< The one before it began: what is older has been read again since.
  std::string after = {};
  std::string state = {};
  bool operator==(const ScrubRow&) const = default;
};

/// Throws as `Catalog` says.
class ATP_EXPORT RunMemory {
 public:
  virtual ~RunMemory() = default;

  /// The first halt of a tenant stays as it is.
  virtual void halt(const HaltRow& row) = 0;
  /// Of every tenant, in order.
  virtual std::vector<HaltRow> halts() = 0;
  virtual std::optional<HaltRow> find_halt(const TenantId& tenant) = 0;
  virtual void lift_halt(const TenantId& tenant) = 0;
  /// Index of the ledger entry that resolved a tenant's halts last, as far as anybody looked.
  virtual std::optional<std::uint64_t> halt_resolution(const TenantId& tenant) = 0;
  virtual void record_halt_resolution(const TenantId& tenant, std::uint64_t ledger_index) = 0;

  virtual std::optional<KeptRow> kept(const TenantId& tenant) = 0;
  virtual void record_kept(const KeptRow& row) = 0;
  virtual std::optional<CheckedRow> checked(const TenantId& tenant) = 0;
  virtual void record_checked(const CheckedRow& row) = 0;
  virtual std::optional<ScrubRow> scrub(const TenantId& tenant, ScrubKind kind) = 0;
  virtual void record_scrub(const ScrubRow& row) = 0;
};

}  // namespace v0
}  // namespace atp
