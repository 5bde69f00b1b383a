// SPDX-License-Identifier: Apache-2.0
/// What a ledger says, an entry at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "atp/core/bytes.hpp"
#include "atp/core/export.hpp"
#include "atp/model/approval_documents.hpp"
#include "atp/model/document_header.hpp"

namespace atp {
inline namespace v0 {

/// Where an earlier log of the tenant ended.
struct LogPosition {
  std::string origin;
  std::uint64_t size;
  Digest root;
  bool operator==(const LogPosition&) const = default;
};

/// A ledger entry: an act, by the digest of what it is about. From version 2 on entries lead to
/// those among them that whoever comes later must know of, the binding ones, each to the one
/// before.
struct ATP_EXPORT Statement {
  static constexpr std::string_view type = "statement";
  static constexpr std::uint64_t newest_version = 2;
  DocumentHeader header;
  std::string origin = {};
  std::uint64_t index;
  std::string action;                      ///< One of acts.hpp, or what a later version has added.
  std::optional<std::string> job_id = {};  ///< 32 hexadecimal digits; the catalog knows the job.
  std::optional<std::string> subject_id = {};   ///< A recovery point's or an export's id.
  std::optional<Digest> subject_sha256 = {};    ///< Of the subject as stored.
  std::optional<LogPosition> predecessor = {};  ///< Only in `ledger.opened` of a later term.
  std::optional<ApprovedBy> approved_by = {};   ///< Where the act needed approvals.
  bool binding = false;                         ///< As `is_binding` says; from version 2 on.
  /// The index of the newest binding entry before this one; absent where there is none, and before
  /// version 2.
  std::optional<std::uint64_t> binding_before = {};
  /// Only in `ledger.summed_up`: the binding entries of the ledger's version 1, in order. Absent
  /// where there are more than `kSummedActsLimit`: then they are looked for.
  std::optional<std::vector<std::uint64_t>> binding_acts = {};
  bool operator==(const Statement&) const = default;
};

/// So many indices fit into a statement.
inline constexpr std::size_t kSummedActsLimit = 4096;

}  // namespace v0
}  // namespace atp
