// One oddity at a time: what is well-formed and cannot be meant.

#include "tests/unit/ruleset/one_mistake.h"

namespace plumbline::ruleset {
namespace {

TEST_P(OneMistakeTest, IsReportedOnceAtItsPlace) { ExpectTheOneIssue(GetParam()); }

constexpr Severity kWarning = Severity::kWarning;

constexpr Mistake kConditions[] = {
    {"ThresholdAboveRange", "expression: \"age_years >= 60\"", "expression: \"age_years >= @@160\"",
     "threshold-out-of-range"},
    {"ThresholdBelowRange", "expression: \"age_years >= 60\"", "expression: \"age_years < @@1\"",
     "threshold-out-of-range"},
    {"ThresholdOnTheLeft", "expression: \"age_years >= 60\"", "expression: \"@@160 < age_years\"",
     "threshold-out-of-range"},
    {"ThresholdOfBetween", "expression: \"age_years >= 60\"",
     "expression: \"between(age_years, 60, @@600)\"", "threshold-out-of-range"},
    {"ThresholdInMultilineExpression", "expression: \"age_years >= 60\"",
     "expression:\n    \"fever || \"\n    \"age_years \"\n    \">= @@160\"",
     "threshold-out-of-range"},
    {"ComparisonNeverTrue", "expression: \"age_years >= 60\"", "expression: \"@@age_years > 110\"",
     "constant-comparison", nullptr, kWarning},
    {"EmptyInterval", "when: \"fever && older\"", "when: \"@@fever && age_years < 50 && older\"",
     "never-matches", nullptr, kWarning},
    {"WholeNumbersHaveGaps", "when: \"fever && older\"",
     "when: \"@@age_years > 60 && age_years < 61\"", "never-matches", nullptr, kWarning},
    {"TwoValuesAtOnce", "when: \"fever && older\"",
     "when: \"@@leg_pain == LegPain.NONE && leg_pain == LegPain.BELOW_KNEE\"", "never-matches",
     nullptr, kWarning},
    {"BothWays", "when: \"fever && older\"", "when: \"@@fever && (unwell || older) && !fever\"",
     "never-matches", nullptr, kWarning},
    {"ContradictionThroughTerm", "when: \"fever && older\"", "when: \"@@!older && age_years > 70\"",
     "never-matches", nullptr, kWarning},
    {"ContradictionInEveryAlternative", "when: \"fever && older\"",
     "when: \"@@older && (age_years < 50 || age_years < 40)\"", "never-matches", nullptr, kWarning},
    {"ContradictionInAtLeast", "when: \"fever && older\"",
     "when: \"@@!fever && !older && atLeast(2, [fever, older, unwell])\"", "never-matches", nullptr,
     kWarning},
    {"SameUnknownBothWays", "when: \"fever && older\"",
     "when: \"@@'x' in confirmed_conditions && !('x' in confirmed_conditions)\"", "never-matches",
     nullptr, kWarning},
    {"AllValues", "when: \"fever && older\"",
     "when: \"@@leg_pain == LegPain.NONE || leg_pain != LegPain.NONE || fever\"", "always-matches",
     nullptr, kWarning},
    {"WholeRange", "when: \"fever && older\"", "when: \"@@age_years < 50 || age_years >= 50\"",
     "always-matches", nullptr, kWarning},
    {"ConstantFalse", "when: \"fever && older\"", "when: \"@@false && fever\"", "never-matches",
     nullptr, kWarning},
    // The mistake is the term's; its readers are not blamed.
    {"TermNeverHolds", "expression: \"age_years >= 60\"",
     "expression: \"@@age_years >= 60 && age_years < 50\"", "never-matches", nullptr, kWarning},
    {"StageNeverReached", "stages {\n  id: \"B\"",
     "stages { id: \"A2\" title: \"x\" patient_text: \"x\" because: \"x\" sources: \"BOOK/1\"\n"
     " when: \"@@suspected.leggy && age_years < 50\" on_indeterminate: ON_INDETERMINATE_SKIP\n"
     " rank: 3 }\nstages {\n  id: \"B\"",
     "shadowed-rule", nullptr, kWarning},
    {"SizeNeverReached", "  sizes { id: \"SZ-2\"",
     "  sizes { id: \"SZ-3\" when: \"@@age_years > 70\" max_exercises: 2 because: \"x\"\n"
     "    sources: \"BOOK/1\" }\n  sizes { id: \"SZ-2\"",
     "shadowed-rule", nullptr, kWarning},
};
INSTANTIATE_TEST_SUITE_P(Conditions, OneMistakeTest, ::testing::ValuesIn(kConditions),
                         [](const auto& mistake) { return mistake.param.name; });

constexpr Mistake kRepetitions[] = {
    {"SameRedFlag", "referral_targets {",
     "red_flags { id: \"RF-3\" title: \"x\" when: \"@@older  &&  fever\"\n"
     " level: LEVEL_URGENT_SAME_DAY gate: GATE_HOLD because: \"x\" sources: \"BOOK/1\"\n"
     " on_indeterminate { action: ACTION_ASK } }\nreferral_targets {",
     "duplicate-rule", nullptr, kWarning},
    {"WeakerRedFlag", "referral_targets {",
     "red_flags { id: \"RF-3\" title: \"x\" when: \"@@fever && older\"\n"
     " level: LEVEL_URGENT_2W gate: GATE_HOLD because: \"x\" sources: \"BOOK/1\"\n"
     " on_indeterminate { action: ACTION_ASK } }\nreferral_targets {",
     "shadowed-rule", nullptr, kWarning},
    {"SameFinding", "  possible_at: 1\n",
     "  findings { id: \"F-3\" points: 1 when: \"@@fever\" because: \"x\" }\n  possible_at: 1\n",
     "duplicate-rule", nullptr, kWarning},
    {"SameContraindicationForFewer", "cautions {",
     "contraindications { id: \"CI-2\" selector { all: true } when: \"fever\" because: \"x\"\n"
     " sources: \"BOOK/1\" on_indeterminate: ON_INDETERMINATE_WITHHOLD }\ncautions {",
     "shadowed-rule", "fever\"\n  because: \"Not with", kWarning},
    {"SameIndication", "contraindications {",
     "indications { id: \"IN-2\" selector { tags: \"flexion\" } when: \"@@likely.leggy\" points: "
     "1\n"
     " because: \"x\" sources: \"BOOK/1\" }\ncontraindications {",
     "duplicate-rule", nullptr, kWarning},
    {"SameConsistencyRule", "terms {\n",
     "consistency_rules { id: \"CON-2\" when: \"@@leg_pain == LegPain.NONE && fever\"\n"
     " unless: \"unwell\" fields: \"fever\" message: \"x\" }\nterms {\n",
     "duplicate-rule", nullptr, kWarning},
};
INSTANTIATE_TEST_SUITE_P(Repetitions, OneMistakeTest, ::testing::ValuesIn(kRepetitions),
                         [](const auto& mistake) { return mistake.param.name; });

constexpr Mistake kReach[] = {
    {"FieldWithoutQuestion", "when: \"fever && older\"", "when: \"fever && older && @@diabetes\"",
     "field-without-question"},
    {"FieldWithoutQuestionInHas", "unless: \"unwell\"",
     "unless: \"unwell && has(@@intake.diabetes)\"", "field-without-question"},
    {"FieldWithoutQuestionInText", "because: \"Far down.\"", "because: \"{@@diabetes}, far down.\"",
     "field-without-question"},
    {"QuestionThatNothingReads", "consistency_rules {",
     "questions { field: @@\"diabetes\" label: \"x\" wording: \"x\" }\nconsistency_rules {",
     "unused-question", nullptr, kWarning},
    {"ExerciseOutOfReach", "indications {\n  id: \"IN-1\"",
     "exercises { id: @@\"EX-ROLL\" name: \"x\" purpose: \"x\" position: START_POSITION_SUPINE\n"
     " direction: DIRECTION_ROTATION type: EXERCISE_TYPE_STRETCH load: 1 steps: \"x\"\n"
     " doses { start: true text: \"x\" } earliest_stage: \"A\" sources: \"BOOK/1\" }\n"
     "indications {\n  id: \"IN-1\"",
     "unreachable-exercise", nullptr, kWarning},
    {"UselessException", "  when: \"fever\"\n  because: \"Not with a fever.\"\n",
     "  except_exercise_ids: @@\"EX-WALK\"\n  when: \"fever\"\n  because: \"Not with a fever.\"\n",
     "useless-exception", nullptr, kWarning},
    {"SafetyRuleReadsPresence", "when: \"fever && older\"",
     "when: \"@@fever && !has(intake.leg_pain)\"", "non-monotone-safety-rule", nullptr, kWarning},
    {"AlarmReadsPresenceThroughPattern", "conditions {\n  id: \"rest\"",
     "red_flags { id: \"RF-3\" title: \"x\" when: \"@@suspected.odd && older\"\n"
     " level: LEVEL_URGENT_2W gate: GATE_HOLD because: \"x\" sources: \"BOOK/1\"\n"
     " on_indeterminate { action: ACTION_ASK } }\n"
     "conditions { id: \"odd\" title: \"x\" patient_title: \"x\" patient_text: \"x\" possible_at: "
     "1\n"
     " findings { id: \"F-9\" points: 1 when: \"fever && !has(intake.unwell)\" because: \"x\" }\n"
     " priority: 9 sources: \"BOOK/1\" }\nconditions {\n  id: \"rest\"",
     "non-monotone-safety-rule", nullptr, kWarning},
    {"SafetyRuleReadsStage", "when: \"fever && older\"", "when: \"@@fever && stage.A\"",
     "non-monotone-safety-rule", nullptr, kWarning},
    {"SafetyRuleReadsResidualThroughTerm", "red_flags {\n  id: \"RF-1\"",
     "terms { id: \"plain\" expression: \"likely.rest\" words: \"x\" }\n"
     "red_flags { id: \"RF-3\" title: \"x\" when: \"@@fever && plain\"\n"
     " level: LEVEL_URGENT_2W gate: GATE_HOLD because: \"x\" sources: \"BOOK/1\"\n"
     " on_indeterminate { action: ACTION_ASK } }\nred_flags {\n  id: \"RF-1\"",
     "non-monotone-safety-rule", nullptr, kWarning},
};
INSTANTIATE_TEST_SUITE_P(Reach, OneMistakeTest, ::testing::ValuesIn(kReach),
                         [](const auto& mistake) { return mistake.param.name; });

constexpr Mistake kReview[] = {
    {"FactThatNothingAccountsFor", "questions {\n  field: \"age_years\"",
     "sources { id: \"S0\" title: \"x\" citation: \"x\" status: SOURCE_STATUS_KNOWN\n"
     "  @@passages { id: \"S0-1\" summary: \"x\" } }\nquestions {\n  field: \"age_years\"",
     "unaccounted-fact", nullptr, kWarning},
    {"CitedAndNotEncoded", "summary: \"What it says.\"",
     "summary: \"What it says.\" not_encoded_because: @@\"x\"", "contradicted-fact", nullptr,
     kWarning},
    {"ChoiceOfTheProjectNotMarked", "text: \"Keep warm.\" sources: \"BOOK/1\" }",
     "text: \"Keep warm.\" sources: @@\"PL/1\" }\n"
     "sources { id: \"PL\" title: \"x\" citation: \"x\" status: SOURCE_STATUS_PROJECT_CHOICE\n"
     "  passages { id: \"PL/1\" summary: \"x\" } }",
     "unmarked-project-choice", nullptr, kWarning},
    {"HardText", "text: \"Keep warm.\"",
     "text: @@\"Continuous superficial thermotherapy administration facilitates muscular "
     "relaxation considerably.\"",
     "reading-age", nullptr, kWarning},
    {"ReadingTermWithoutUse", "intended_population: \"Nobody\"",
     "intended_population: \"Nobody\"\n  @@reading_glossary { term: \"zebra\" because: \"x\" }",
     "unused-reading-term", nullptr, kWarning},
};
INSTANTIATE_TEST_SUITE_P(Review, OneMistakeTest, ::testing::ValuesIn(kReview),
                         [](const auto& mistake) { return mistake.param.name; });

// What must not be reported.
struct Sound {
  const char* name;
  const char* from;
  const char* to;
};

void PrintTo(const Sound& sound, std::ostream* out) { *out << sound.name; }

class SoundTest : public ::testing::TestWithParam<Sound> {};

TEST_P(SoundTest, GivesNoIssue) {
  const CompileResult result = plumbline::testing::CompileRules(plumbline::testing::Edited(
      plumbline::testing::MinimalRulesetText(), GetParam().from, GetParam().to));
  EXPECT_EQ(plumbline::testing::Formatted(result.issues), "");
  EXPECT_NE(result.ruleset, nullptr);
}

constexpr Sound kSound[] = {
    {"NothingChanged", "fever && older", "fever && older"},
    {"FactWithAReasonAgainst", "questions {\n  field: \"age_years\"",
     "sources { id: \"S0\" title: \"x\" citation: \"x\" status: SOURCE_STATUS_KNOWN\n"
     "  passages { id: \"S0-1\" summary: \"x\" not_encoded_because: \"x\" } }\n"
     "questions {\n  field: \"age_years\""},
    {"UncitedPassageOfAStudy", "questions {\n  field: \"age_years\"",
     "sources { id: \"NG59\" title: \"x\" citation: \"x\" status: SOURCE_STATUS_KNOWN\n"
     "  passages { id: \"NG59/1\" summary: \"x\" } }\nquestions {\n  field: \"age_years\""},
    {"ReadingTermInUse", "intended_population: \"Nobody\"",
     "intended_population: \"Nobody\"\n  reading_glossary { term: \"clinic\" because: \"x\" }"},
    {"TrueByIntent", "when: \"likely.leggy\"", "when: \"true\""},
    {"QuestionOfANumberThatNothingReads", "consistency_rules {",
     "questions { field: \"height_cm\" label: \"x\" wording: \"x\" unit: \"cm\" min: 50 max: 250 "
     "}\n"
     "consistency_rules {"},
    {"KnownAtAll", "unless: \"unwell\"", "unless: \"age_years >= 18\""},
    {"UnverifiedPassageBesideAnother", "text: \"Go easy.\"\n  sources: \"BOOK/1\"",
     "text: \"Go easy.\"\n  sources: \"BOOK/2\"\n  sources: \"BOOK/1\"\n  project_choice: true"},
    {"WeakerRedFlagWithItsOwnReferral", "referral_targets {",
     "red_flags { id: \"RF-3\" title: \"x\" when: \"fever && older\"\n"
     " level: LEVEL_URGENT_2W gate: GATE_HOLD because: \"x\" sources: \"BOOK/1\" referral: \"GP\"\n"
     " on_indeterminate { action: ACTION_ASK } }\n"
     "referral_targets { id: \"GP\" title: \"x\" patient_text: \"x\" }\nreferral_targets {"},
    {"NeverPrescribed", "indications {\n  id: \"IN-1\"",
     "exercises { id: \"EX-ROLL\" name: \"x\" purpose: \"x\" position: START_POSITION_SUPINE\n"
     " direction: DIRECTION_ROTATION type: EXERCISE_TYPE_STRETCH load: 1 steps: \"x\"\n"
     " doses { start: true text: \"x\" } not_prescribed_because: \"x\" sources: \"BOOK/1\" }\n"
     "indications {\n  id: \"IN-1\""},
    {"TableOfResponsesNeedsNoQuestion", "unless: \"unwell\"",
     "unless: \"size(exercise_responses) > 2\""},
    {"ReferralMayRestOnAPatternThatReadsPresence", "conditions {\n  id: \"rest\"",
     "red_flags { id: \"RF-3\" title: \"x\" when: \"suspected.odd && older\"\n"
     " level: LEVEL_ROUTINE_REFERRAL gate: GATE_ALLOW because: \"x\" sources: \"BOOK/1\"\n"
     " on_indeterminate { action: ACTION_ASK } }\n"
     "conditions { id: \"odd\" title: \"x\" patient_title: \"x\" patient_text: \"x\" possible_at: "
     "1\n"
     " findings { id: \"F-9\" points: 1 when: \"fever && !has(intake.unwell)\" because: \"x\" }\n"
     " priority: 9 sources: \"BOOK/1\" }\nconditions {\n  id: \"rest\""},
    {"RuleThatOnlyReportsMayReadTheStage",
     "when: \"leg_pain == LegPain.BELOW_KNEE && fever\"\n  level: LEVEL_ROUTINE_REFERRAL",
     "when: \"leg_pain == LegPain.BELOW_KNEE && stage.A\"\n  level: LEVEL_EXERCISE_OK"},
};
INSTANTIATE_TEST_SUITE_P(Lint, SoundTest, ::testing::ValuesIn(kSound),
                         [](const auto& sound) { return sound.param.name; });

}  // namespace
}  // namespace plumbline::ruleset
