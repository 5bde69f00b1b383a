// SPDX-License-Identifier: Apache-2.0
#include "atp/ledger/binding_trail.hpp"

#include <algorithm>

#include "atp/model/acts.hpp"

namespace atp {
inline namespace v0 {
namespace {

constexpr std::uint64_t kVersion = 2;

std::string pointer_text(const std::optional<std::uint64_t>& index) {
  return index ? "bindingBefore " + std::to_string(*index) : "no bindingBefore";
}

std::string version_text(const Statement& statement) {
  return "formatVersion " + std::to_string(statement.header.format_version);
}

/// What a summary says of so many; nothing where a statement has no room for them.
std::optional<std::vector<std::uint64_t>> summed_up(const std::vector<std::uint64_t>& acts) {
  if (acts.size() > kSummedActsLimit) return std::nullopt;
  return acts;
}

}  // namespace

BindingTrail BindingTrail::behind(const Statement& last) {
  BindingTrail trail;
  trail.take(last);
  return trail;
}

std::optional<BindingTrail::Mismatch> BindingTrail::mismatch(const Statement& next) const {
  const bool is_summary = next.action == acts::kSummedUp.action;
  if (next.header.format_version < kVersion) {
    if (is_old_) return std::nullopt;
    return Mismatch{"formatVersion 2, as before", version_text(next)};
  }
  if (is_summary != wants_summary()) {
    return Mismatch{wants_summary() ? "ledger.summed_up, or formatVersion 1 as before"
                                    : "another action than ledger.summed_up",
                    next.action + " of " + version_text(next)};
  }
  if (next.binding_before != newest_) {
    return Mismatch{pointer_text(newest_), pointer_text(next.binding_before)};
  }
  if (is_summary && next.binding_acts != summed_up(old_)) {
    return Mismatch{
        "the " + std::to_string(old_.size()) + " binding entries before it",
        next.binding_acts ? std::to_string(next.binding_acts->size()) + " others" : "none"};
  }
  return std::nullopt;
}

void BindingTrail::take(const Statement& next) {
  empty_ = false;
  if (next.header.format_version < kVersion) {
    if (is_binding(next)) old_.push_back(next.index);
    return;
  }
  is_old_ = false;
  newest_ = next.binding ? std::optional(next.index) : next.binding_before;
}

void BindingTrail::complete(Statement& next) const {
  next.header.format_version = kVersion;
  next.binding = binds(next);
  next.binding_before = newest_;
  if (next.action == acts::kSummedUp.action) next.binding_acts = summed_up(old_);
}

}  // namespace v0
}  // namespace atp
