// SPDX-License-Identifier: Apache-2.0
/// Every action that a statement may name, as one table; docs/format.md has the same rows, and
/// tests/vectors/act freezes them. A new act is a row here, a vector, a row there and its verb.
/// Readers pass over actions that the table lacks: a later version has written them. Constants;
/// thread-safe.
#pragma once

#include <array>
#include <string_view>

#include "atp/core/export.hpp"
#include "atp/model/statement_documents.hpp"

namespace atp {
inline namespace v0 {

/// When the statement is made. What lets out or destroys is told before it happens (`intended`) and
/// is then ended once, as `done` or `abandoned`; all else is told `after` it was done.
enum class ActPhase { after, intended, done, abandoned };

/// What the statement's subject is.
enum class ActSubject {
  none,
  point,     ///< `subject_id` names a recovery point, `subject_sha256` is of it as stored.
  name,      ///< `subject_id` names what is not in the store; there is no digest.
  document,  ///< The same, and `subject_sha256` is of a document that is kept sealed.
  halt,      ///< `subject_id` is the key of a halt, `subject_sha256` is of it as stored.
};

struct Act {
  std::string_view action;     ///< The statement's word.
  std::string_view rule = {};  ///< What a rule of the trust policy calls it; empty: none can.
  ActPhase phase = ActPhase::after;
  ActSubject subject = ActSubject::none;
  /// Whether it decides what later acts may do, so that whoever comes later must know of it.
  bool binding = false;
  bool operator==(const Act&) const = default;
};

namespace acts {

inline constexpr Act kLedgerOpened{.action = "ledger.opened"};
/// The first entry of version 2 behind entries of version 1 names the binding ones among them.
inline constexpr Act kSummedUp{.action = "ledger.summed_up", .binding = true};
/// The first that names a point makes it complete.
inline constexpr Act kPointCompleted{.action = "recovery_point.completed",
                                     .subject = ActSubject::point};
/// A backup found nothing newer than the point.
inline constexpr Act kChecked{.action = "checked", .subject = ActSubject::point};
/// Somebody has looked at a ledger that had been found to be another: it is whole again.
inline constexpr Act kHaltResolved{.action = "halt.resolved",
                                   .rule = "halt.resolve",
                                   .subject = ActSubject::halt,
                                   .binding = true};
/// A clock had stood ahead: `subject_id` is the index of an entry in decimal, and of the entries up
/// to that one those that are later than the statement itself tell no time.
inline constexpr Act kClockCorrected{.action = "clock.corrected",
                                     .rule = "clock.correct",
                                     .subject = ActSubject::name,
                                     .binding = true};
inline constexpr Act kExportIntended{.action = "export.intended",
                                     .rule = "export",
                                     .phase = ActPhase::intended,
                                     .subject = ActSubject::name};
inline constexpr Act kExportDone{
    .action = "export.done", .phase = ActPhase::done, .subject = ActSubject::document};
inline constexpr Act kExportAbandoned{
    .action = "export.abandoned", .phase = ActPhase::abandoned, .subject = ActSubject::name};

}  // namespace acts

inline constexpr std::array kActs{
    acts::kLedgerOpened,   acts::kSummedUp,     acts::kPointCompleted,
    acts::kChecked,        acts::kHaltResolved, acts::kClockCorrected,
    acts::kExportIntended, acts::kExportDone,   acts::kExportAbandoned};

/// Null for an action that the table lacks.
ATP_EXPORT const Act* find_act(std::string_view action);

/// Whether whoever comes later must know of the statement: its act is a binding one, or was done by
/// virtue of approvals, which count once. A statement of version 2 says so itself, whether or not
/// the table has its action.
ATP_EXPORT bool is_binding(const Statement& statement);

/// The same by what the table and the approvals say, whatever the statement's version.
ATP_EXPORT bool binds(const Statement& statement);

}  // namespace v0
}  // namespace atp
