// SPDX-License-Identifier: Apache-2.0
#include "atp/model/statement_documents.hpp"

#include <algorithm>
#include <functional>

#include "atp/model/acts.hpp"
#include "model/document_fields.hpp"

namespace atp {
inline namespace v0 {

template <>
struct Codec<LogPosition> {
  static Json encode(const LogPosition& position) {
    FieldWriter out;
    out("origin", position.origin)("size", position.size)("root", position.root);
    return std::move(out).json();
  }
  static LogPosition decode(const Field& field) {
    FieldReader in(field);
    LogPosition position{
        .origin = in.text("origin", kOrigin), .size = in["size"], .root = in["root"]};
    in.finish();
    return position;
  }
};

template <>
struct Codec<ApprovedBy> {
  static Json encode(const ApprovedBy& approved_by) {
    FieldWriter out;
    out("request", approved_by.request)("approvals", approved_by.approvals);
    return std::move(out).json();
  }
  static ApprovedBy decode(const Field& field) {
    FieldReader in(field);
    ApprovedBy approved_by{.request = in["request"], .approvals = in["approvals"]};
    in.finish();
    require(approved_by.approvals.size() >= 2, "member `approvals`: expected two or more");
    return approved_by;
  }
};

void write_members(FieldWriter& out, const Statement& statement) {
  out("origin", statement.origin)("index", statement.index)("action", statement.action);
  out("jobId", statement.job_id)("subjectId", statement.subject_id);
  out("subjectSha256", statement.subject_sha256)("predecessor", statement.predecessor);
  out("approvedBy", statement.approved_by);
  if (statement.header.format_version < 2) return;
  out("binding", statement.binding)("bindingBefore", statement.binding_before);
  out("bindingActs", statement.binding_acts);
}

namespace {

void read_binding(FieldReader& in, Statement& statement) {
  statement.binding = in["binding"];
  statement.binding_before = in.optional<std::uint64_t>("bindingBefore");
  statement.binding_acts = in.optional<std::vector<std::uint64_t>>("bindingActs");
  const bool of_later_release = find_act(statement.action) == nullptr && !statement.approved_by;
  require(of_later_release || statement.binding == binds(statement),
          "member `binding`: expected what the act " + statement.action + " is");
  require(!statement.binding_before || *statement.binding_before < statement.index,
          "member `bindingBefore`: expected an index below the statement's own");
  if (!statement.binding_acts) return;
  const auto& acts = *statement.binding_acts;
  require(statement.action == acts::kSummedUp.action,
          "member `bindingActs`: expected in ledger.summed_up only, found in " + statement.action);
  require(acts.size() <= kSummedActsLimit, "member `bindingActs`: expected at most 4096 indices");
  require(std::ranges::adjacent_find(acts, std::greater_equal<>()) == acts.end() &&
              (acts.empty() || acts.back() < statement.index),
          "member `bindingActs`: expected rising indices below the statement's own");
}

}  // namespace

template <>
Statement read_members(FieldReader& in, DocumentHeader header) {
  Statement statement{.header = std::move(header),
                      .origin = in.text("origin", kOrigin),
                      .index = in["index"],
                      .action = in.text("action", kWord),
                      .job_id = in.optional_text("jobId", kRandomId),
                      .subject_id = in.optional_text("subjectId", kNotEmpty),
                      .subject_sha256 = in.optional<Digest>("subjectSha256"),
                      .predecessor = in.optional<LogPosition>("predecessor"),
                      .approved_by = in.optional<ApprovedBy>("approvedBy")};
  if (statement.header.format_version >= 2) read_binding(in, statement);
  require(!statement.predecessor || statement.action == acts::kLedgerOpened.action,
          "member `predecessor`: expected in ledger.opened only, found in " + statement.action);
  return statement;
}

}  // namespace v0
}  // namespace atp
