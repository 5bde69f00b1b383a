// SPDX-License-Identifier: Apache-2.0
/// What a tenant's documents and its ledger's head are to the rest of this layer.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "atp/keys/key_epochs.hpp"
#include "atp/ledger/ledger.hpp"
#include "atp/vault/vault.hpp"

namespace atp {
inline namespace v0 {

/// Every policy from version 1 on. Throws: corrupt where one is missing, untrusted.
std::vector<TenantPolicy> read_policies(const Vault& vault, const TenantId& tenant);

/// Throws: corrupt or untrusted, for the first problem of any key epoch.
KeyEpochs require_key_epochs(const Vault& vault, const TenantId& tenant);

/// The first document of a key epoch whose wraps are whole; nothing where there is none. Throws:
/// corrupt, untrusted.
std::optional<KeyEpoch> find_key_epoch(const Vault& vault, const TenantId& tenant,
                                       const std::string& epoch);

/// Puts a wrapped new identity, then the document that makes it the tenant's for the month; where
/// somebody else was faster, theirs is the one.
void begin_key_epoch(const Vault& vault, const TenantId& tenant, const std::string& epoch,
                     const PutOptions& options);

KnownHead known_head(const LedgerHeadRow& row);
LedgerHeadRow head_row(const Ledger& ledger);
/// The key of the checkpoint over `head` that the store has no more, though the catalog had seen it
/// and nobody has looked at the ledger since; `ledger` has all entries from there on.
std::optional<std::string> find_lost_checkpoint(const Vault& vault, const Ledger& ledger,
                                                const LedgerHeadRow& head);
/// Throws: corrupt.
[[noreturn]] void refuse_lost_checkpoint(const Vault& vault, const std::string& key);
/// Throws: corrupt unless the whole `ledger` goes on from what the catalog saw.
void check_head(const Vault& vault, Ledger& ledger, const LedgerHeadRow& head);

/// Throws: corrupt where a stored point after the key `after` had seen a longer ledger.
void require_tail(const Vault& vault, const Ledger& ledger, const std::string& after);

/// The catalog's rows of the points that entries from `from` on complete. Throws: corrupt,
/// untrusted, not_found.
std::vector<PointRow> point_rows(const Vault& vault, const Ledger& ledger, std::uint64_t from);

}  // namespace v0
}  // namespace atp
