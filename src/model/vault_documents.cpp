// SPDX-License-Identifier: Apache-2.0
#include "atp/model/vault_documents.hpp"

#include "model/document_fields.hpp"

namespace atp {
inline namespace v0 {

void write_members(FieldWriter& out, const VaultDocument& document) {
  out("region", document.region)("domain", document.domain)("recipients", document.recipients);
}

template <>
VaultDocument read_members(FieldReader& in, DocumentHeader header) {
  return {.header = std::move(header),
          .region = in["region"],
          .domain = in.text("domain", kDomain),
          .recipients = in.texts("recipients", kRecipient)};
}

}  // namespace v0
}  // namespace atp
