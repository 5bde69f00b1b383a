// SPDX-License-Identifier: Apache-2.0
#include "atp/verify/report.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace atp {
inline namespace v0 {
namespace {

constexpr int kNotCheckedExit = 3;

bool has(const std::vector<Check>& checks, CheckState state) {
  return std::any_of(checks.begin(), checks.end(),
                     [&](const Check& check) { return check.state == state; });
}

/// Of the checks in that state the one whose class comes first; of those not checked, one where the
/// machine was in the way.
const Check* first_of(const std::vector<Check>& checks, CheckState state) {
  const Check* first = nullptr;
  for (const Check& check : checks) {
    if (check.state != state) continue;
    const bool before = first != nullptr &&
                        (state == CheckState::failed ? check.check_class < first->check_class
                                                     : check.check_class == CheckClass::machine);
    if (first == nullptr || before) first = &check;
  }
  return first;
}

}  // namespace

ErrorKind kind_of(CheckClass check_class) {
  switch (check_class) {
    case CheckClass::integrity:
      return ErrorKind::corrupt;
    case CheckClass::trust:
      return ErrorKind::untrusted;
    case CheckClass::timestamp:
      return ErrorKind::bad_timestamp;
    case CheckClass::gap:
      return ErrorKind::gap;
    case CheckClass::machine:
      return ErrorKind::unavailable;
  }
  return ErrorKind::corrupt;
}

std::string_view to_string(CheckState state) {
  switch (state) {
    case CheckState::verified:
      return "verified";
    case CheckState::failed:
      return "failed";
    case CheckState::attested:
      return "attested";
    case CheckState::not_checked:
      return "not_checked";
  }
  return "";
}

Check unread_check(std::string name, const Error& error) {
  const bool machine =
      error.kind() == ErrorKind::unavailable || error.kind() == ErrorKind::no_space;
  Check check{.name = std::move(name),
              .state = CheckState::not_checked,
              .check_class = machine ? CheckClass::machine : CheckClass::integrity,
              .subject = error.subject()};
  check.found = error.message();
  return check;
}

CheckState verdict_of(const std::vector<Check>& checks) {
  if (has(checks, CheckState::failed)) return CheckState::failed;
  if (checks.empty() || has(checks, CheckState::not_checked)) return CheckState::not_checked;
  return CheckState::verified;
}

std::vector<Check> Report::failures() const {
  std::vector<Check> failures;
  std::copy_if(checks.begin(), checks.end(), std::back_inserter(failures),
               [](const Check& check) { return check.state == CheckState::failed; });
  return failures;
}

int Report::exit_code() const {
  const CheckState state = verdict();
  if (state == CheckState::verified) return 0;
  const Check* first = first_of(checks, state);
  const bool partial = state == CheckState::not_checked &&
                       (first == nullptr || first->check_class != CheckClass::machine);
  if (partial) return kNotCheckedExit;
  return error_kind_info(kind_of(first->check_class)).exit_code;
}

}  // namespace v0
}  // namespace atp
