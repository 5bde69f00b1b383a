// SPDX-License-Identifier: Apache-2.0
/// How the documents stand in JSON; each has a source of its header's name.
#pragma once

#include "atp/model/documents.hpp"
#include "model/fields.hpp"

namespace atp {
inline namespace v0 {

template <>
struct Codec<Descriptor> {
  static Json encode(const Descriptor& descriptor);
  static Descriptor decode(const Field& field);
};

/// The members of a signed document beyond those that all share.
void write_members(FieldWriter& out, const VaultDocument& document);
void write_members(FieldWriter& out, const TenantPolicy& policy);
void write_members(FieldWriter& out, const KeyEpoch& epoch);
void write_members(FieldWriter& out, const SegmentManifest& manifest);
void write_members(FieldWriter& out, const RecoveryPoint& point);
void write_members(FieldWriter& out, const Statement& statement);
void write_members(FieldWriter& out, const ApprovalRequest& request);
void write_members(FieldWriter& out, const Approval& approval);
void write_members(FieldWriter& out, const ExportManifest& manifest);
void write_members(FieldWriter& out, const Halt& halt);

/// Reads them and checks what they say of one another.
template <class T>
T read_members(FieldReader& in, DocumentHeader header);
template <>
VaultDocument read_members(FieldReader& in, DocumentHeader header);
template <>
TenantPolicy read_members(FieldReader& in, DocumentHeader header);
template <>
KeyEpoch read_members(FieldReader& in, DocumentHeader header);
template <>
SegmentManifest read_members(FieldReader& in, DocumentHeader header);
template <>
RecoveryPoint read_members(FieldReader& in, DocumentHeader header);
template <>
Statement read_members(FieldReader& in, DocumentHeader header);
template <>
ApprovalRequest read_members(FieldReader& in, DocumentHeader header);
template <>
Approval read_members(FieldReader& in, DocumentHeader header);
template <>
ExportManifest read_members(FieldReader& in, DocumentHeader header);
template <>
Halt read_members(FieldReader& in, DocumentHeader header);

}  // namespace v0
}  // namespace atp
