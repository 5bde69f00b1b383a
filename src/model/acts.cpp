// SPDX-License-Identifier: Apache-2.0
#include "atp/model/acts.hpp"

#include <algorithm>

namespace atp {
inline namespace v0 {

const Act* find_act(std::string_view action) {
  const auto found = std::ranges::find(kActs, action, &Act::action);
  return found == kActs.end() ? nullptr : &*found;
}

bool is_binding(const Statement& statement) {
  if (statement.header.format_version >= 2) return statement.binding;
  return binds(statement);
}

bool binds(const Statement& statement) {
  const Act* act = find_act(statement.action);
  return statement.approved_by.has_value() || (act != nullptr && act->binding);
}

}  // namespace v0
}  // namespace atp
