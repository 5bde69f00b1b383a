// SPDX-License-Identifier: Apache-2.0
/// Cosignatures of checkpoints by witnesses (C2SP tlog-cosignature.md, the Ed25519 form): somebody
/// else saw the log at this size, and had never seen it go back or fork. Thread-safe.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "atp/core/export.hpp"
#include "atp/core/ids.hpp"
#include "atp/core/time.hpp"
#include "atp/crypto/signature.hpp"
#include "atp/crypto/trust_policy.hpp"
#include "atp/ledger/note.hpp"
#include "atp/storage/object_store.hpp"

namespace atp {
inline namespace v0 {

struct Cosignature {
  std::string witness;
  Time time;  ///< When it was made, by the witness's clock; whole seconds.
  bool operator==(const Cosignature&) const = default;
};

/// The signature line of `witness` for the checkpoint in `note`. Whoever calls has checked that the
/// log goes on from what it cosigned before. Throws: invalid_argument for a note that is none or a
/// name that is none; unsupported for a key that is not Ed25519.
ATP_EXPORT std::string cosign_checkpoint(std::string_view note, const std::string& witness,
                                         const Signer& signer, Time now);

/// Those in a note by witnesses of `trust`, with a key that was valid then; the earliest of each
/// witness, by name. Signatures by others are passed over.
ATP_EXPORT std::vector<Cosignature> cosignatures_of(std::string_view note,
                                                    const TrustPolicy& trust);

/// Whether so many witnesses are there as `trust` asks for; without witnesses in it, always.
ATP_EXPORT bool has_quorum(std::span<const Cosignature> cosignatures, const TrustPolicy& trust);

/// `note` with those of `lines` that it lacks. What are no signature lines, and what would take it
/// over the limits of a note, is left out.
ATP_EXPORT std::string with_signatures(std::string note, std::string_view lines);

/// Those of `lines` that count for `note`, the first of each witness. Others are not handed on: a
/// false signature under a known name makes other verifiers refuse the whole note.
ATP_EXPORT std::string counting_lines(std::string_view note, std::string_view lines,
                                      const TrustPolicy& trust);

/// `note`, a tenant's stored checkpoint of `size`, with the cosignatures that are stored for it and
/// count. Throws: unavailable.
ATP_EXPORT std::string with_stored_cosignatures(ObjectStore& store, const TenantId& tenant,
                                                std::uint64_t size, std::string note,
                                                const TrustPolicy& trust);

}  // namespace v0
}  // namespace atp
