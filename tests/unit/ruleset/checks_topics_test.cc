// One mistake at a time: expressions, and the rules of each part.

#include "tests/unit/ruleset/one_mistake.h"

namespace plumbline::ruleset {
namespace {

TEST_P(OneMistakeTest, IsReportedOnceAtItsPlace) { ExpectTheOneIssue(GetParam()); }

constexpr Mistake kExpressionMistakes[] = {
    {"UnknownField", "when: \"likely.leggy\"", "when: \"likely.leggy && @@feverish\"",
     "unknown-field"},
    {"UnknownTerm", "when: \"fever && older\"", "when: \"fever && @@elder\"", "unknown-field"},
    {"WrongType", "when: \"fever && older\"", "when: \"fever && @@age_years\"", "type-mismatch"},
    {"NoCondition", "selector { min_load: 2 }\n  when: \"older\"",
     "selector { min_load: 2 }\n  when: \"@@age_years\"", "not-a-condition"},
    {"UnknownEnumConstant", "required: \"leg_pain != LegPain.NONE\"",
     "required: \"leg_pain != LegPain.@@NOPE\"", "unknown-enum-value"},
    {"SyntaxError", "when: \"fever && older\"", "when: \"fever && @@)\"", "syntax"},
    {"PlaceAfterEscape", "unless: \"unwell\"", "unless: \"\\\"x\\\" in [\\\"y\\\"] || @@nothing\"",
     "unknown-field"},
    {"PlaceInSecondLiteral", "unless: \"unwell\"", "unless:\n    \"unwell ||\"\n    '   @@nothing'",
     "unknown-field"},
    {"PlaceAfterLineBreak", "unless: \"unwell\"", "unless: \"unwell\\n || @@nothing\"",
     "unknown-field"},
    {"PlaceAfterUmlaut", "unless: \"unwell\"", "unless: \"'\xc3\xa4' == '\xc3\xa4' && @@nothing\"",
     "unknown-field"},
    {"Circle", "expression: \"age_years >= 60\"", "expression: @@\"age_years >= 60 && stage.A\"",
     "term-cycle"},
    {"CircleThroughItself", "terms {\n",
     "terms { id: \"loop\" expression: @@\"fever || loop\" words: \"x\" }\nterms {\n",
     "term-cycle"},
    {"ConditionReadsItself", "when: \"fever\" because: \"Fever.\"",
     "when: \"fever && @@suspected.leggy\" because: \"Fever.\"", "reads-later-condition"},
    {"ConditionReadsLater", "when: \"fever\" because: \"Fever.\"",
     "when: \"@@suspected.rest\" because: \"Fever.\"", "reads-later-condition"},
    {"StageReadsLater", "when: \"suspected.leggy && !older\"",
     "when: \"suspected.leggy && @@stage.B\"", "reads-later-stage"},
};
INSTANTIATE_TEST_SUITE_P(Expressions, OneMistakeTest, ::testing::ValuesIn(kExpressionMistakes),
                         [](const auto& mistake) { return mistake.param.name; });

constexpr Mistake kTopicMistakes[] = {
    {"Version", "version: \"1.2.3\"", "version: @@\"1.2\"", "malformed-version"},
    {"VersionWithLeadingZero", "version: \"1.2.3\"", "version: @@\"1.02.3\"", "malformed-version"},
    {"Date", "effective_from { year: 2026 month: 1 day: 31 }",
     "@@effective_from { year: 2026 month: 2 day: 29 }", "malformed-date"},
    {"DatesInverted", "effective_until { year: 2026 month: 12 day: 31 }",
     "@@effective_until { year: 2025 month: 12 day: 31 }", "inverted-range"},
    {"LedgerTooFarUp", "intended_population: \"Nobody\"",
     "intended_population: \"Nobody\"\n  ledgers: @@\"../../sources\"", "malformed-ledger"},
    {"DoiWithResolver", "doi: \"10.1000/182\"", "doi: @@\"https://doi.org/10.1000/182\"",
     "malformed-doi"},
    {"DoiAndUrl", "doi: \"10.1000/182\"", "doi: \"10.1000/182\"\n  url: @@\"https://a.example\"",
     "doi-and-url"},
    {"Url", "doi: \"10.1000/182\"", "url: @@\"a.example\"", "malformed-url"},
    {"UnverifiedAlone", "text: \"Go easy.\"\n  sources: \"BOOK/1\"",
     "text: \"Go easy.\"\n  sources: @@\"BOOK/2\"", "unverified-source"},
    {"UnverifiedAloneForAProjectChoice", "text: \"Go easy.\"\n  sources: \"BOOK/1\"",
     "text: \"Go easy.\"\n  project_choice: true\n  sources: @@\"BOOK/2\"", "unverified-source"},
    {"HazardLikelierAfter", "vignettes {\n",
     "hazards {\n  id: \"HZ-1\" title: \"x\" hazard: \"x\" causes: \"x\" effect: \"x\" owner: "
     "\"x\"\n"
     "  severity_before: HAZARD_SEVERITY_MINOR likelihood_before: HAZARD_LIKELIHOOD_LOW\n"
     "  controls { kind: HAZARD_CONTROL_KIND_RULE text: \"x\" rule_ids: \"RF-1\" test_ids: \"V-1\" "
     "}\n"
     "  severity_after: HAZARD_SEVERITY_MINOR likelihood_after: @@HAZARD_LIKELIHOOD_MEDIUM\n"
     "  status: HAZARD_STATUS_OPEN\n}\nvignettes {\n",
     "risk-raised"},
    {"HazardMoreSevereAfter", "vignettes {\n",
     "hazards {\n  id: \"HZ-1\" title: \"x\" hazard: \"x\" causes: \"x\" effect: \"x\" owner: "
     "\"x\"\n"
     "  severity_before: HAZARD_SEVERITY_MINOR likelihood_before: HAZARD_LIKELIHOOD_LOW\n"
     "  controls { kind: HAZARD_CONTROL_KIND_RULE text: \"x\" rule_ids: \"RF-1\" }\n"
     "  severity_after: @@HAZARD_SEVERITY_SIGNIFICANT likelihood_after: HAZARD_LIKELIHOOD_LOW\n"
     "  status: HAZARD_STATUS_OPEN\n}\nvignettes {\n",
     "risk-raised"},
    {"HazardLeftWithoutReason", "vignettes {\n",
     "@@hazards {\n  id: \"HZ-1\" title: \"x\" hazard: \"x\" causes: \"x\" effect: \"x\" owner: "
     "\"x\"\n"
     "  severity_before: HAZARD_SEVERITY_MAJOR likelihood_before: HAZARD_LIKELIHOOD_HIGH\n"
     "  controls { kind: HAZARD_CONTROL_KIND_RULE text: \"x\" rule_ids: \"RF-1\" }\n"
     "  severity_after: HAZARD_SEVERITY_MAJOR likelihood_after: HAZARD_LIKELIHOOD_LOW\n"
     "  status: HAZARD_STATUS_OPEN\n}\nvignettes {\n",
     "unjustified-risk"},
    {"ControlOfNothing", "vignettes {\n",
     "hazards {\n  id: \"HZ-1\" title: \"x\" hazard: \"x\" causes: \"x\" effect: \"x\" owner: "
     "\"x\"\n"
     "  severity_before: HAZARD_SEVERITY_MINOR likelihood_before: HAZARD_LIKELIHOOD_LOW\n"
     "  @@controls { kind: HAZARD_CONTROL_KIND_DESIGN text: \"x\" }\n"
     "  severity_after: HAZARD_SEVERITY_MINOR likelihood_after: HAZARD_LIKELIHOOD_LOW\n"
     "  status: HAZARD_STATUS_OPEN\n}\nvignettes {\n",
     "control-without-reference"},
    {"ControlByAnUnknownRule", "vignettes {\n",
     "hazards {\n  id: \"HZ-1\" title: \"x\" hazard: \"x\" causes: \"x\" effect: \"x\" owner: "
     "\"x\"\n"
     "  severity_before: HAZARD_SEVERITY_MINOR likelihood_before: HAZARD_LIKELIHOOD_LOW\n"
     "  controls { kind: HAZARD_CONTROL_KIND_RULE text: \"x\" rule_ids: @@\"RF-9\" }\n"
     "  severity_after: HAZARD_SEVERITY_MINOR likelihood_after: HAZARD_LIKELIHOOD_LOW\n"
     "  status: HAZARD_STATUS_OPEN\n}\nvignettes {\n",
     "unknown-rule"},
    {"ControlByAnUnknownVignette", "vignettes {\n",
     "hazards {\n  id: \"HZ-1\" title: \"x\" hazard: \"x\" causes: \"x\" effect: \"x\" owner: "
     "\"x\"\n"
     "  severity_before: HAZARD_SEVERITY_MINOR likelihood_before: HAZARD_LIKELIHOOD_LOW\n"
     "  controls { kind: HAZARD_CONTROL_KIND_RULE text: \"x\" test_ids: @@\"V-9\" }\n"
     "  severity_after: HAZARD_SEVERITY_MINOR likelihood_after: HAZARD_LIKELIHOOD_LOW\n"
     "  status: HAZARD_STATUS_OPEN\n}\nvignettes {\n",
     "unknown-vignette"},
    {"RangeInverted", "  min: 18\n  max: 110\n", "  min: @@118\n  max: 110\n", "inverted-range"},
    {"RangeOfNonNumber", "  wording: \"Do you have a fever?\"\n",
     "  wording: \"Do you have a fever?\"\n  min: @@1\n", "unexpected-range"},
    {"MaxLengthOfNonText", "  wording: \"Do you have a fever?\"\n",
     "  wording: \"Do you have a fever?\"\n  max_length: @@9\n", "unexpected-range"},
    {"OptionsOfNumber", "  unit: \"a\"\n",
     "  unit: \"a\"\n  @@options { value: \"X\" label: \"x\" }\n", "unexpected-options"},
    {"OptionTwice", "  options { value: \"NONE\" label: \"no\" }\n",
     "  options { value: \"NONE\" label: \"no\" }\n"
     "  options { value: @@\"NONE\" label: \"none\" }\n",
     "duplicate-option"},
    {"QuestionTwice", "consistency_rules {",
     "questions { field: @@\"fever\" label: \"x\" wording: \"x\" }\nconsistency_rules {",
     "duplicate-question"},
    {"LevelTextTwice", "  gates { gate: GATE_ALLOW title",
     "  @@levels { level: LEVEL_URGENT_2W title: \"x\" patient_text: \"x\" }\n"
     "  gates { gate: GATE_ALLOW title",
     "duplicate-level-text"},
    {"ReleaseNotMonotone", "patient_text: \"No.\" release: PROGRAMME_RELEASE_NONE",
     "patient_text: \"No.\" release: @@PROGRAMME_RELEASE_FULL", "release-not-monotone"},
    {"LimitTwice", "    because: \"Walking is always fine.\"\n  }\n",
     "    because: \"Walking is always fine.\"\n  }\n"
     "  @@limits { level: LEVEL_PRO_REVIEW_BEFORE_EXERCISE gate: GATE_ALLOW_RESTRICTED\n"
     "    exercise_ids: \"EX-WALK\" because: \"x\" }\n",
     "duplicate-limit"},
    {"NegativeDays", "due_days: 14", "due_days: @@-1", "number-out-of-range"},
    {"RaiseOnly", "on_indeterminate { action: ACTION_ASK }",
     "on_indeterminate { action: ACTION_ASK when: @@\"unwell\" }", "raise-only"},
    {"PointsOutOfReach", "likely_at: 2", "likely_at: @@3", "points-out-of-reach"},
    {"LikelyBelowPossible", "possible_at: 1\n  likely_at: 2", "possible_at: 2\n  likely_at: @@1",
     "inverted-range"},
    {"LikelyWithoutPoints", "  likely_at: 2\n", "  likely_when: @@\"unwell\"\n",
     "likely-without-points"},
    {"ResidualFirst", "  possible_at: 1\n", "  possible_at: 1\n  residual: @@true\n",
     "residual-first"},
    {"PriorityTwice", "priority: 2", "priority: @@1", "duplicate-priority"},
    {"StageForEveryoneFirst",
     "  when: \"suspected.leggy && !older\"\n  on_indeterminate: ON_INDETERMINATE_ASSUME\n", "",
     "stage-order", "stages {\n  id: \"A\""},
    {"LastStageWithCondition", "  patient_text: \"It is late.\"\n",
     "  patient_text: \"It is late.\"\n  when: @@\"unwell\"\n", "stage-order"},
    {"RankTwice", "rank: 2", "rank: @@1", "duplicate-rank"},
    {"RankZero", "rank: 2", "rank: @@0", "number-out-of-range"},
    {"Load", "load: 2\n", "load: @@4\n", "number-out-of-range"},
    {"NegativeRepetitions", "reps: 5", "reps: @@-5", "number-out-of-range"},
    {"StartDoseTwice", "doses { text: \"Twenty minutes\"",
     "doses { start: @@true text: \"Twenty minutes\"", "several-start-doses"},
    {"ProgressionCircle", "  regressions: \"EX-WALK\"\n",
     "  regressions: \"EX-WALK\"\n  progressions: @@\"EX-WALK\"\n", "progression-cycle"},
    {"SelectorSaysAllAndMore", "selector { all: true }", "selector { all: @@true min_load: 1 }",
     "redundant-selector"},
    {"SelectorLoad", "selector { min_load: 2 }",
     "selector { exercise_ids: \"EX-BEND\" min_load: @@9 }", "number-out-of-range"},
    {"NeutralButNeverPrescribed", "  purpose: \"Moving\"\n",
     "  purpose: \"Moving\"\n  not_prescribed_because: \"Old.\"\n", "not-prescribable",
     "\"EX-WALK\"\n  neutral_because"},
    {"SizeForEveryoneFirst", "    when: \"older\"\n    max_exercises: 3\n",
     "    max_exercises: 3\n", "size-order", "sizes {\n"},
    {"LastSizeWithCondition", "sizes { id: \"SZ-2\"", "sizes { when: @@\"unwell\" id: \"SZ-2\"",
     "size-order"},
    {"QuotaInverted", "    min: 1\n", "    min: @@2\n", "inverted-range"},
    {"SkipBeforeReduce", "reduce_after: 1\n    skip_after: 2",
     "reduce_after: 3\n    skip_after: @@2", "inverted-range"},
    {"NegativeFollowUp", "after_days: 14", "after_days: @@-14", "number-out-of-range"},
    {"ConditionWithoutTrigger", "trigger: TRIGGER_WHEN when: \"older\"",
     "trigger: TRIGGER_MIXED_PATTERN when: @@\"older\"", "unexpected-expression"},
    {"TemplateOpen", "because: \"Far down.\"", "because: \"Far @@{down.\"", "malformed-template"},
    {"TemplateClose", "because: \"Far down.\"", "because: \"Far @@} down.\"", "malformed-template"},
    {"TemplateUnknown", "because: \"Far down.\"", "because: \"Far {@@down}.\"",
     "unknown-template-field"},
    {"TemplateTable", "because: \"Far down.\"", "because: \"Far {@@exercise_responses}.\"",
     "unknown-template-field"},
    {"HoleInPlainText", "patient_text: \"It is the leg.\"", "patient_text: \"At @@{age_years}.\"",
     "hole-in-plain-text"},
};
INSTANTIATE_TEST_SUITE_P(Topics, OneMistakeTest, ::testing::ValuesIn(kTopicMistakes),
                         [](const auto& mistake) { return mistake.param.name; });

}  // namespace
}  // namespace plumbline::ruleset
