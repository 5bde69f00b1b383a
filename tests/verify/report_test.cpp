// SPDX-License-Identifier: Apache-2.0
#include "atp/verify/report.hpp"

#include <gtest/gtest.h>

#include "atp/verify/resolved_point.hpp"

namespace atp {
namespace {

Check check(CheckState state, CheckClass check_class = CheckClass::integrity) {
  return {.name = "package.stored",
          .state = state,
          .check_class = check_class,
          .subject = "segments/a"};
}

int exit_code(std::vector<Check> checks) { return Report{"RP-1", std::move(checks)}.exit_code(); }

TEST(Report, T045_WithoutChecksIsNotVerified) {
  EXPECT_EQ(verdict_of({}), CheckState::not_checked);
  EXPECT_FALSE((Report{"RP-1", {}}.passed()));
  EXPECT_EQ(exit_code({}), 3);
}

TEST(Report, T045_OneThingNotCheckedIsNotVerified) {
  const std::vector<Check> checks{check(CheckState::verified), check(CheckState::not_checked)};
  EXPECT_EQ(verdict_of(checks), CheckState::not_checked);
  EXPECT_EQ(exit_code(checks), 3);
}

TEST(Report, OneFailureOutweighsAllElse) {
  const std::vector<Check> checks{check(CheckState::not_checked), check(CheckState::failed),
                                  check(CheckState::verified)};
  EXPECT_EQ(verdict_of(checks), CheckState::failed);
  const Report report{"RP-1", checks};
  EXPECT_EQ(report.failures(), std::vector<Check>{check(CheckState::failed)});
  EXPECT_EQ(report.exit_code(), 20);
}

TEST(Report, PassesWhereAllIsVerified) {
  EXPECT_TRUE((Report{"RP-1", {check(CheckState::verified)}}.passed()));
  EXPECT_EQ(exit_code({check(CheckState::verified), check(CheckState::attested)}), 0);
}

TEST(Report, TellsTheClassOfItsWorstFailureByExitCode) {
  const Check integrity = check(CheckState::failed, CheckClass::integrity);
  const Check trust = check(CheckState::failed, CheckClass::trust);
  const Check timestamp = check(CheckState::failed, CheckClass::timestamp);
  const Check gap = check(CheckState::failed, CheckClass::gap);
  EXPECT_EQ(exit_code({gap, timestamp, trust, integrity}), 20);
  EXPECT_EQ(exit_code({gap, timestamp, trust}), 21);
  EXPECT_EQ(exit_code({gap, timestamp}), 22);
  EXPECT_EQ(exit_code({gap}), 23);
  EXPECT_EQ(exit_code({gap, check(CheckState::verified, CheckClass::integrity)}), 23);
}

TEST(Report, SaysWhereTheMachineWasInTheWay) {
  const Check unread = unread_check("package.stored", Error(ErrorKind::unavailable, "key", "EIO"));
  const Check unknown = unread_check("package.stored", Error(ErrorKind::permission_denied, "", ""));
  EXPECT_EQ(exit_code({unread}), 5);
  EXPECT_EQ(exit_code({unknown}), 3);
  EXPECT_EQ(exit_code({unknown, unread, check(CheckState::verified, CheckClass::trust)}), 5);
  EXPECT_EQ(exit_code({unread, check(CheckState::failed, CheckClass::gap)}), 23);
  EXPECT_EQ(exit_code({}), 3);
}

TEST(Report, AFailureIsThrownAsItsClassWithTheSameExitCode) {
  for (const CheckClass each :
       {CheckClass::integrity, CheckClass::trust, CheckClass::timestamp, CheckClass::gap}) {
    const Check failure = check(CheckState::failed, each);
    try {
      require_sound({failure});
      ADD_FAILURE() << "nothing was thrown";
    } catch (const Error& error) {
      EXPECT_EQ(error_kind_info(error.kind()).exit_code, exit_code({failure}));
    }
  }
}

TEST(Report, NamesItsStates) {
  EXPECT_EQ(to_string(CheckState::verified), "verified");
  EXPECT_EQ(to_string(CheckState::failed), "failed");
  EXPECT_EQ(to_string(CheckState::attested), "attested");
  EXPECT_EQ(to_string(CheckState::not_checked), "not_checked");
}

}  // namespace
}  // namespace atp
