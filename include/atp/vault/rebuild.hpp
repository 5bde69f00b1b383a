// SPDX-License-Identifier: Apache-2.0
/// The catalog made anew from the store.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "atp/catalog/catalog.hpp"
#include "atp/core/error.hpp"
#include "atp/core/export.hpp"
#include "atp/core/progress.hpp"
#include "atp/vault/vault.hpp"

namespace atp {
inline namespace v0 {

struct RebuildResult {
  struct Damaged {
    TenantId tenant;
    ErrorKind kind;
    std::string subject;
    std::string message;
  };
  std::size_t tenants = 0;
  std::size_t segments = 0;
  std::size_t points = 0;
  std::vector<Damaged> damaged = {};
  std::optional<Path> kept = {};  ///< Where the old catalog went, if it could not be opened.
};

/// Rebuilds the derived tables from the store alone; a damaged or foreign catalog file is kept
/// beside the new one. Everything read is verified first. A tenant of whom something is damaged or
/// cannot be read, or whose ledger is not any more what the catalog at hand or a stored point saw,
/// keeps the rows that it had, and is named. (Move a catalog away to let go of what it saw.)
/// Throws: precondition_failed while jobs run.
ATP_EXPORT RebuildResult rebuild_catalog(Vault& vault, const std::stop_token& stop,
                                         ProgressSink* progress);

/// The derived rows as the store says they must be. Throws: corrupt, untrusted.
ATP_EXPORT DerivedRows derive_rows(const Vault& vault, const std::stop_token& stop,
                                   ProgressSink* progress);

/// Whether an error is about what is stored for one tenant, damaged or not to be read, so that the
/// others can be looked at; else it is about the store, or ourselves.
ATP_EXPORT bool is_of_one_tenant(const Error& error);

}  // namespace v0
}  // namespace atp
