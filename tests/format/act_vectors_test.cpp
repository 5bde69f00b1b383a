// SPDX-License-Identifier: Apache-2.0
/// Vectors of the actions that statements name: their words are on disk.
#include "atp/model/acts.hpp"
#include "format/vectors.hpp"

namespace atp::test {
namespace {

class ActCases : public Cases {
 public:
  ActCases() {
    act("ledger.opened", "entry 0", "", "after", "none");
    act("ledger.summed_up", "what entries of version 1 bind to", "", "after", "none", true);
    act("recovery_point.completed", "a point is complete", "", "after", "point");
    act("checked", "nothing newer was found", "", "after", "point");
    act("halt.resolved", "a ledger is whole again", "halt.resolve", "after", "halt", true);
    act("clock.corrected", "a clock stood ahead", "clock.correct", "after", "name", true);
    act("export.intended", "records will be handed over", "export", "intended", "name");
    act("export.done", "they were", "", "done", "document");
    act("export.abandoned", "they were not", "", "abandoned", "name");
  }

 private:
  void act(const std::string& action, const std::string& desc, const std::string& rule,
           const std::string& phase, const std::string& subject, bool binding = false) {
    good(
        action, desc, {{"action", action}},
        Json::Object{{"rule", rule}, {"phase", phase}, {"subject", subject}, {"binding", binding}});
  }
};

std::string phase_of(const Act& act) {
  switch (act.phase) {
    case ActPhase::after:
      return "after";
    case ActPhase::intended:
      return "intended";
    case ActPhase::done:
      return "done";
    case ActPhase::abandoned:
      return "abandoned";
  }
  return "";
}

std::string subject_of(const Act& act) {
  switch (act.subject) {
    case ActSubject::none:
      return "none";
    case ActSubject::point:
      return "point";
    case ActSubject::name:
      return "name";
    case ActSubject::halt:
      return "halt";
    case ActSubject::document:
      return "document";
  }
  return "";
}

Verdict check_act(const Json::Object& body) {
  const Act* act = find_act(text_of(body, "action"));
  if (act == nullptr) return {{}, "unknown"};
  return {Json::Object{{"rule", act->rule},
                       {"phase", phase_of(*act)},
                       {"subject", subject_of(*act)},
                       {"binding", act->binding}},
          ""};
}

TEST(ActVectors, GetTheirVerdicts) { run_vectors("act", ActCases(), check_act); }

TEST(ActVectors, AreOfEachActAndNoOther) {
  const ActCases made;
  EXPECT_EQ(made.files().size(), kActs.size());
  for (const Act& act : kActs) {
    EXPECT_TRUE(made.files().contains(std::string(act.action) + ".json")) << act.action;
  }
}

TEST(Acts, BindWhereTheTableOrAnApprovalSaysSo) {
  Statement statement{.header = {.vault_id = "", .nonce = ""}, .index = 1, .action = "checked"};
  EXPECT_FALSE(is_binding(statement));
  statement.approved_by = ApprovedBy{.request = {}, .approvals = {}};
  EXPECT_TRUE(is_binding(statement)) << "an approval counts once";
  statement = {.header = {.vault_id = "", .nonce = ""}, .index = 1, .action = "halt.resolved"};
  EXPECT_TRUE(is_binding(statement));
  statement.action = "unheard.of";
  EXPECT_FALSE(is_binding(statement));
  statement.header.format_version = 2;
  statement.binding = true;
  EXPECT_TRUE(is_binding(statement)) << "a later release says so itself";
}

}  // namespace
}  // namespace atp::test
