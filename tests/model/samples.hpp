// SPDX-License-Identifier: Apache-2.0
/// One full document of every kind, and small tools of the model tests.
#pragma once

#include <gtest/gtest.h>
#include <stdio.h>

#include <functional>
#include <memory>
#include <string>

#include "atp/core/error.hpp"
#include "atp/crypto/sha256.hpp"
#include "atp/model/documents.hpp"
#include "atp/model/json.hpp"

namespace atp::test {

inline const std::string kVaultId = "00112233445566778899aabbccddeeff";
inline const std::string kOtherVaultId = "ffeeddccbbaa99887766554433221100";
inline const TenantId kTenant("acme-corp");

inline Time time_of(const char* text) { return parse_time(text).value(); }
inline Digest digest_of(const char* text) { return sha256(as_bytes(text)); }

inline DocumentHeader header_of(std::optional<TenantId> tenant = kTenant) {
  return {.vault_id = kVaultId,
          .tenant = std::move(tenant),
          .nonce = "0123456789abcdef0123456789abcdef",
          .created_at = time_of("2026-11-23T07:56:29.123456789Z")};
}

template <class T>
T sample();

template <>
inline VaultDocument sample() {
  return {.header = header_of(std::nullopt),
          .region = Region("westeurope"),
          .domain = "vault.example",
          .recipients = {"age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq",
                         "age1pppppppppppppppppppppppppppppppppppppppppppppppppppppppppp"}};
}

template <>
inline TenantPolicy sample() {
  return {.header = header_of(),
          .version = 3,
          .field_map = default_field_map(),
          .retention = CalendarPeriod::parse("P7Y")};
}

template <>
inline KeyEpoch sample() {
  return {.header = header_of(),
          .epoch = "202611",
          .index = 0,
          .recipient = "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq",
          .wrap_key = "keys/acme-corp/202611/0123456789abcdef.age",
          .wrap_sha256 = digest_of("wrap")};
}

template <>
inline SegmentManifest sample() {
  return {.header = header_of(),
          .stream = StreamId("audit.default"),
          .segment = SegmentId("2026-11-22T17"),
          .sequence = 41,
          .key = "segments/acme-corp/audit.default/2026-11-22=5417.0123456789abcdef.jsonl.zst.age",
          .stored_bytes = 700,
          .stored_sha256 = digest_of("stored"),
          .index_sha256 = digest_of("index"),
          .key_epoch = "202611",
          .records = 9,
          .opaque_records = 2,
          .frames = 2,
          .first_time = time_of("2026-11-22T17:00:00Z"),
          .last_time = time_of("2026-11-22T17:59:59.5Z"),
          .bytes = 2000,
          .sha256 = digest_of("bytes"),
          .final_newline = true,
          .input_encoding = InputEncoding::gzip,
          .input_bytes = 600,
          .input_sha256 = digest_of("input"),
          .sealed_at = time_of("2026-11-22T18:00:00Z"),
          .policy_version = 3,
          .merkle_root = digest_of("root"),
          .previous = digest_of("previous")};
}

template <>
inline RecoveryPoint sample() {
  const StreamId stream("audit.default");
  return {.header = header_of(),
          .recovery_point_id = "RP-20261123T075629Z-westeurope-acme-corp.k3v9qd2m",
          .region = Region("westeurope"),
          .backup_type = BackupType::incremental,
          .as_of = time_of("2026-11-23T07:50:00Z"),
          .completed_at = time_of("2026-11-23T07:56:00Z"),
          .parent = ParentPoint{.id = "RP-20261122T075629Z-westeurope-acme-corp.aaaaaaaa",
                                .sha256 = digest_of("parent")},
          .covered_to = {{.stream = stream, .sequences = 42, .head = digest_of("head")}},
          .lists = {{.stream = stream, .page = 0, .sha256 = digest_of("p0"), .descriptors = 42}},
          .merkle_root = digest_of("point root"),
          .segments = 42,
          .records = 900,
          .bytes = 100000,
          .stored_bytes = 30000,
          .skipped = {{.name = "audit.default/Größe \t\x01.jsonl",
                       .reason = "not_sealed",
                       .detail = "changed while read"}},
          .alarms = {{.stream = stream,
                      .segment = SegmentId("2026-11-21T17"),
                      .sequence = 40,
                      .found_bytes = 1999,
                      .found_changed_at = time_of("2026-11-22T09:00:00Z")}},
          .policy_version = 3,
          .ledger_size_seen = 17};
}

template <>
inline Statement sample() {
  return {
      .header = header_of(),
      .origin = "vault.example/acme-corp/1",
      .index = 0,
      .action = "ledger.opened",
      .job_id = "00000000000000000000000000000001",
      .subject_id = "RP-20261123T075629Z-westeurope-acme-corp.k3v9qd2m",
      .subject_sha256 = digest_of("subject"),
      .predecessor =
          LogPosition{.origin = "vault.example/acme-corp/0", .size = 5, .root = digest_of("log")},
      .approved_by = ApprovedBy{.request = digest_of("request"),
                                .approvals = {digest_of("one"), digest_of("two")}}};
}

template <>
inline ApprovalRequest sample() {
  return {.header = header_of(),
          .action = "halt.resolve",
          .subject_id = "acme-corp",
          .plan = {{"halted.by", "ledger/acme-corp/0/entries/00000000000000000001"},
                   {"ledger.root", digest_of("log").hex()}},
          .ledger_size = 5,
          .expires_at = header_of().created_at + std::chrono::hours(24)};
}

template <>
inline Approval sample() {
  const auto request = sample<ApprovalRequest>();
  return {.header = header_of(),
          .action = request.action,
          .subject_id = request.subject_id,
          .plan_sha256 = plan_digest(request.plan),
          .request_sha256 = digest_of("request"),
          .ledger_size = request.ledger_size,
          .expires_at = request.expires_at,
          .role = "dpo"};
}

template <>
inline ExportManifest sample() {
  const StreamId stream("audit.default");
  return {.header = header_of(),
          .export_id = "EX-20261123T075629Z-westeurope-acme-corp.k3v9qd2m",
          .region = Region("westeurope"),
          .recovery_point_id = "RP-20261123T075629Z-westeurope-acme-corp.k3v9qd2m",
          .records = 1,
          .ranges = {{.stream = stream,
                      .first = SegmentId("2026-11-22T17"),
                      .last = SegmentId("2026-11-22T17")}},
          .files = {{.name = "checkpoint.txt", .bytes = 200, .sha256 = digest_of("checkpoint")},
                    {.name = "data/audit.default/2026-11-22=5417.jsonl",
                     .bytes = 90,
                     .sha256 = digest_of("data")},
                    {.name = "proofs/audit.default/2026-11-22=5417/00000000000000000003.txt",
                     .bytes = 4000,
                     .sha256 = digest_of("proof")}},
          .timestamp = to_bytes("a reply")};
}

inline Descriptor sample_descriptor(std::uint64_t sequence = 41) {
  Descriptor descriptor = descriptor_of(sample<SegmentManifest>(), digest_of("manifest"));
  descriptor.sequence = sequence;
  return descriptor;
}

/// Calls `visit` with every value below `json`, depth first; `json` may be changed and restored.
inline void for_each_value(Json& json, const std::function<void(Json&)>& visit) {
  if (json.is_object()) {
    for (auto& [name, value] : json.as_object()) for_each_value(value, visit);
  } else if (json.is_array()) {
    for (Json& value : json.as_array()) for_each_value(value, visit);
  }
  visit(json);
}

/// The message of the Error that `act` throws, which must be of that kind.
inline std::string refusal(ErrorKind kind, const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "nothing was refused";
  return "";
}

}  // namespace atp::test
