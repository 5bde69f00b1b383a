// SPDX-License-Identifier: Apache-2.0
#include "atp/verify/report.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

namespace atp {
inline namespace v0 {
namespace {

constexpr int kNotCheckedExit = 3;
constexpr std::array<std::pair<CheckClass, int>, 4> kFailureExits{{{CheckClass::integrity, 20},
                                                                   {CheckClass::trust, 21},
                                                                   {CheckClass::timestamp, 22},
                                                                   {CheckClass::gap, 23}}};

bool has(const std::vector<Check>& checks, CheckState state) {
  return std::any_of(checks.begin(), checks.end(),
                     [&](const Check& check) { return check.state == state; });
}

}  // namespace

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
  if (state == CheckState::not_checked) return kNotCheckedExit;
  for (const auto& [check_class, code] : kFailureExits) {
    for (const Check& check : checks) {
      if (check.state == CheckState::failed && check.check_class == check_class) return code;
    }
  }
  return kNotCheckedExit;
}

}  // namespace v0
}  // namespace atp
