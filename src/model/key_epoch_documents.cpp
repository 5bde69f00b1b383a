// SPDX-License-Identifier: Apache-2.0
#include "atp/model/key_epoch_documents.hpp"

#include "model/document_fields.hpp"

namespace atp {
inline namespace v0 {

void write_members(FieldWriter& out, const KeyEpoch& epoch) {
  out("epoch", epoch.epoch)("index", epoch.index)("recipient", epoch.recipient);
  out("wrapKey", epoch.wrap_key)("wrapSha256", epoch.wrap_sha256);
}

template <>
KeyEpoch read_members(FieldReader& in, DocumentHeader header) {
  return {.header = std::move(header),
          .epoch = in.text("epoch", kEpoch),
          .index = in["index"],
          .recipient = in.text("recipient", kRecipient),
          .wrap_key = in.text("wrapKey", kObjectKey),
          .wrap_sha256 = in["wrapSha256"]};
}

}  // namespace v0
}  // namespace atp
