// Rulesets for comparing, made from messages: they need not be sound as a whole.

#ifndef PLUMBLINE_TESTS_UNIT_DIFF_MADE_RULESET_H_
#define PLUMBLINE_TESTS_UNIT_DIFF_MADE_RULESET_H_

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "plumbline/v1/intake.pb.h"
#include "server/diff/ruleset_diff.h"
#include "tests/testing/ruleset/minimal_ruleset.h"

namespace plumbline::diff {

// What DiffRulesets reads of a compiled ruleset, and nothing else.
inline ruleset::CompiledRuleset Made(v1::Ruleset source) {
  ruleset::CompiledRuleset made;
  made.source = std::move(source);
  made.revision = "made";
  made.schema =
      std::make_unique<const expr::Schema>(*expr::Schema::Create(*v1::Intake::descriptor()));
  return made;
}

inline v1::RulesetDiff DiffOf(v1::Ruleset from, v1::Ruleset to) {
  return DiffRulesets(Made(std::move(from)), Made(std::move(to)));
}

inline v1::Ruleset ParsedText(const std::string& text) {
  std::vector<Issue> issues;
  auto document = ruleset::RulesetDocument::Parse({{"rules.textproto", text}}, issues);
  EXPECT_TRUE(issues.empty()) << testing::Formatted(issues);
  return document.ruleset();
}

// The minimal ruleset with the kinds of parts that it leaves out.
inline std::string FullText() {
  return testing::Edited(testing::MinimalRulesetText(), "  quotas {\n    id: \"QU-1\"",
                         "  sequence { id: \"SQ-1\" types: EXERCISE_TYPE_MOBILITY "
                         "because: \"First.\" sources: \"BOOK/1\" }\n"
                         "  quotas {\n    id: \"QU-1\"") +
         R"(
stratifications {
  id: "tool"
  title: "A tool"
  strata { id: "low" title: "Low" when: "age_years < 30" text: "Low." }
  strata { id: "high" title: "High" when: "age_years >= 30" text: "High." }
  sources: "BOOK/1"
}
hazards { id: "HZ-1" title: "A hazard" hazard: "Harm." causes: "Chance" effect: "Pain"
  severity_before: HAZARD_SEVERITY_MINOR likelihood_before: HAZARD_LIKELIHOOD_LOW
  controls { kind: HAZARD_CONTROL_KIND_RULE text: "A rule." rule_ids: "RF-1" }
  severity_after: HAZARD_SEVERITY_MINOR likelihood_after: HAZARD_LIKELIHOOD_VERY_LOW
  owner: "Officer" status: HAZARD_STATUS_CONTROLLED }
outcome_tables { rule_id: "RF-2" part: "when" patient: "V-1"
  rows { with: "fever = true" outcome: CONDITION_OUTCOME_MATCH } }
dose_registers { exercise_id: "EX-BEND" steps: "start: 5" }
)";
}

inline v1::RulesetDiff DiffOfTexts(const std::string& from, const std::string& to) {
  return DiffOf(ParsedText(from), ParsedText(to));
}

// The full text against itself with one edit.
inline v1::RulesetDiff DiffOfEdit(const std::string& from, const std::string& to) {
  return DiffOfTexts(FullText(), testing::Edited(FullText(), from, to));
}

}  // namespace plumbline::diff

#endif  // PLUMBLINE_TESTS_UNIT_DIFF_MADE_RULESET_H_
