// SPDX-License-Identifier: Apache-2.0
#include "atp/model/halt_documents.hpp"

#include "model/document_fields.hpp"

namespace atp {
inline namespace v0 {

void write_members(FieldWriter& out, const Halt& halt) {
  out("number", halt.number)("haltedAt", halt.halted_at);
  out("subject", halt.subject)("reason", halt.reason)("beforeSha256", halt.before_sha256);
}

template <>
Halt read_members(FieldReader& in, DocumentHeader header) {
  Halt halt{.header = std::move(header),
            .number = in["number"],
            .halted_at = in["haltedAt"],
            .subject = in["subject"],
            .reason = in["reason"],
            .before_sha256 = in.optional<Digest>("beforeSha256")};
  require(halt.before_sha256.has_value() == (halt.number > 0),
          "member `beforeSha256`: expected in all halts but the first");
  return halt;
}

}  // namespace v0
}  // namespace atp
