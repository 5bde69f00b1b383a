// SPDX-License-Identifier: Apache-2.0
#include "atp/model/halt_documents.hpp"

#include "model/document_fields.hpp"

namespace atp {
inline namespace v0 {

void write_members(FieldWriter& out, const Halt& halt) {
  out("number", halt.number)("haltedAt", halt.halted_at);
  out("subject", halt.subject)("reason", halt.reason);
}

template <>
Halt read_members(FieldReader& in, DocumentHeader header) {
  return {.header = std::move(header),
          .number = in["number"],
          .halted_at = in["haltedAt"],
          .subject = in["subject"],
          .reason = in["reason"]};
}

}  // namespace v0
}  // namespace atp
