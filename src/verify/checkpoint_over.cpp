// SPDX-License-Identifier: Apache-2.0
#include "verify/checkpoint_over.hpp"

#include "atp/core/progress.hpp"
#include "atp/ledger/cosignature.hpp"
#include "atp/storage/layout.hpp"

namespace atp {
inline namespace v0 {
namespace verify {
namespace {

constexpr std::uint64_t kTerm = 0;
constexpr int kMostTried = 1000;  ///< Whoever can write may put any number that nobody signed.

std::optional<SignedCheckpoint> open_signed(const Context& context, const Statement& statement,
                                            std::uint64_t size) {
  const auto stored = find_small_object(
      context.store, layout::ledger_checkpoint(context.tenant, kTerm, size), kCheckpointLimit);
  if (!stored) return std::nullopt;
  const std::string note(as_text(*stored));
  auto checkpoint = context.trust
                        ? open_checkpoint(note, context.trust->keys_of(KeyRole::ledger,
                                                                       statement.header.created_at))
                        : parse_checkpoint(note);
  const bool fits =
      checkpoint && checkpoint->size == size && checkpoint->origin == statement.origin;
  if (!fits) return std::nullopt;
  return SignedCheckpoint{*std::move(checkpoint), note};
}

std::optional<SignedCheckpoint> open_witnessed(const Context& context, const Statement& statement,
                                               std::uint64_t size) {
  auto found = open_signed(context, statement, size);
  if (!found) return std::nullopt;
  found->note =
      with_stored_cosignatures(context.store, context.tenant, size, found->note, *context.trust);
  if (!has_quorum(cosignatures_of(found->note, *context.trust), *context.trust)) {
    return std::nullopt;
  }
  return found;
}

/// `names` have the checkpoint's size as their element `depth`.
template <class Open>
std::optional<SignedCheckpoint> first_that_opens(const Context& context, const Statement& statement,
                                                 const std::vector<std::string>& names,
                                                 std::size_t depth, const Open& open) {
  for (const std::string& name : names) {
    throw_if_stopped(context.stop);
    const auto size = layout::find_number(name, depth);
    auto found = size ? open(context, statement, *size) : std::nullopt;
    if (found) return found;
  }
  return std::nullopt;
}

}  // namespace

std::optional<SignedCheckpoint> first_checkpoint_over(const Context& context,
                                                      const Statement& statement) {
  const std::uint64_t next = statement.index + 1;  // Where it is as a rule.
  if (auto found = open_signed(context, statement, next)) return found;
  const auto page = list_keys(context.store, layout::ledger_checkpoints(context.tenant, kTerm),
                              layout::ledger_checkpoint(context.tenant, kTerm, next), kMostTried);
  return first_that_opens(context, statement, page.keys, 4, open_signed);
}

std::optional<SignedCheckpoint> first_witnessed_over(const Context& context,
                                                     const Statement& statement) {
  if (context.trust == nullptr || !context.trust->witnesses) {
    return first_checkpoint_over(context, statement);
  }
  const auto page = context.store.list_folders(
      layout::cosignatures(context.tenant, kTerm),
      layout::cosignatures(context.tenant, kTerm, statement.index), kMostTried);
  return first_that_opens(context, statement, page.folders, 3, open_witnessed);
}

}  // namespace verify
}  // namespace v0
}  // namespace atp
