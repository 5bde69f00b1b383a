// SPDX-License-Identifier: Apache-2.0
/// What the passes of a scrub share: the budget of a run, what it finds, and the catalog's rows.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>

#include "atp/vault/scrub.hpp"

namespace atp {
inline namespace v0 {
namespace vault {

class ScrubRun {
 public:
  ScrubRun(OpenTenant& tenant, const ScrubBudget& budget, const std::stop_token& stop,
           Scrub& result);

  OpenTenant& tenant() const { return tenant_; }
  const Vault& vault() const { return tenant_.vault(); }
  ObjectStore& store() const { return tenant_.vault().store(); }
  const std::stop_token& stop() const { return stop_; }
  Time now() const { return now_; }
  /// The most bytes of one package.
  std::uint64_t bytes() const { return bytes_; }
  Scrub& result() const { return result_; }

  /// Requests that are left.
  std::uint64_t operations() const { return operations_; }
  /// False where so many are not left. Throws: cancelled.
  bool spend(std::uint64_t operations = 1);

  void report(const std::string& key, std::string expected, std::string found);
  /// What the error that was caught says: damage, or trouble of the machine. Throws it anew where
  /// it is cancelled.
  void take_in(const Error& error);

 private:
  OpenTenant& tenant_;
  const std::stop_token& stop_;
  const Time now_;
  const std::uint64_t bytes_;
  std::uint64_t operations_;
  Scrub& result_;
};

/// How far a pass has come. Without a record, or with one of a clock that stood ahead, all there is
/// counts as never read.
ScrubRow scrub_row(OpenTenant& tenant, ScrubKind kind);

/// The pass ends, and begins anew.
void finish_pass(ScrubRow& row, Time now);

/// Each goes on with its pass, with so many of the run's operations.
void scrub_entries(ScrubRun& run, std::uint64_t share);
void scrub_packages(ScrubRun& run, std::uint64_t share);
/// With all that are left.
void scrub_dates(ScrubRun& run);

/// Packages, or their manifests, that were damaged when they were last looked at.
void look_at_damaged(ScrubRun& run);
/// A whole pass.
void scrub_all_dates(ScrubRun& run);

}  // namespace vault
}  // namespace v0
}  // namespace atp
