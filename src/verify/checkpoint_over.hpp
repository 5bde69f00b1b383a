// SPDX-License-Identifier: Apache-2.0
/// The checkpoint that covers an entry, without the rest of the ledger.
#pragma once

#include <optional>

#include "atp/ledger/note.hpp"
#include "verify/checks.hpp"

namespace atp {
inline namespace v0 {
namespace verify {

/// The first checkpoint behind `statement` that a trusted ledger key signed; without a trust
/// policy, the first that is one. That its root is that of the entries is not looked at. A thousand
/// are tried at most.
std::optional<SignedCheckpoint> first_checkpoint_over(const Context& context,
                                                      const Statement& statement);

/// The same of those that as many witnesses have cosigned as the policy asks for; their
/// cosignatures are in the note. Without witnesses in the policy: `first_checkpoint_over`.
std::optional<SignedCheckpoint> first_witnessed_over(const Context& context,
                                                     const Statement& statement);

}  // namespace verify
}  // namespace v0
}  // namespace atp
