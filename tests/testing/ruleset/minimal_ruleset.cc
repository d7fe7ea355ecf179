#include "tests/testing/ruleset/minimal_ruleset.h"

#include <utility>

#include "gtest/gtest.h"
#include "plumbline/v1/intake.pb.h"

namespace plumbline::testing {
namespace {

constexpr char kText[] = R"(manifest {
  ruleset_id: "minimal"
  version: "1.2.3"
  title: "A minimal ruleset"
  status: PUBLICATION_STATUS_DRAFT
  intended_use: "Tests"
  intended_users: "Developers"
  intended_population: "Nobody"
  effective_from { year: 2026 month: 1 day: 31 }
  effective_until { year: 2026 month: 12 day: 31 }
}

sources {
  id: "BOOK"
  title: "A book"
  citation: "Author A. A book. 2020."
  doi: "10.1000/182"
  status: SOURCE_STATUS_VERIFIED
  passages { id: "BOOK/1" summary: "What it says." }
  passages { id: "BOOK/2" summary: "What else." status: SOURCE_STATUS_UNVERIFIED }
}

questions {
  field: "age_years"
  label: "Age"
  wording: "How old are you?"
  unit: "a"
  min: 18
  max: 110
}
questions {
  field: "fever"
  label: "Fever"
  wording: "Do you have a fever?"
}
questions {
  field: "unwell"
  label: "Feeling ill"
  wording: "Do you feel ill?"
  ask_when: "fever"
}
questions {
  field: "leg_pain"
  label: "Leg pain"
  wording: "Does the pain go into the leg?"
  options { value: "NONE" label: "no" }
  options { value: "ABOVE_KNEE" label: "to the knee" }
  options { value: "BELOW_KNEE" label: "below the knee" }
}
questions {
  field: "cancer_type"
  label: "Kind of cancer"
  wording: "Which cancer?"
  max_length: 200
}

consistency_rules {
  id: "CON-1"
  when: "fever && leg_pain == LegPain.NONE"
  unless: "unwell"
  fields: "fever"
  fields: "leg_pain"
  message: "These do not go together."
}

terms {
  id: "older"
  expression: "age_years >= 60"
  words: "sixty or older"
  sources: "BOOK/1"
}

dispositions {
  levels { level: LEVEL_EXERCISE_OK title: "Go" patient_text: "Go on." }
  levels { level: LEVEL_PRO_REVIEW_BEFORE_EXERCISE title: "Ask" patient_text: "Ask first." }
  levels { level: LEVEL_ROUTINE_REFERRAL title: "Routine" patient_text: "Some day." }
  levels { level: LEVEL_URGENT_2W title: "Soon" patient_text: "Soon." due_days: 14 }
  levels { level: LEVEL_URGENT_SAME_DAY title: "Today" patient_text: "Today." due_days: 1 }
  levels { level: LEVEL_EMERGENCY_NOW title: "Now" patient_text: "Now." due_days: 0 }
  gates { gate: GATE_ALLOW title: "Yes" patient_text: "Yes." release: PROGRAMME_RELEASE_FULL }
  gates {
    gate: GATE_ALLOW_RESTRICTED
    title: "Some"
    patient_text: "Some."
    release: PROGRAMME_RELEASE_FULL
  }
  gates {
    gate: GATE_HOLD_UNTIL_REVIEW
    title: "Wait"
    patient_text: "Wait."
    release: PROGRAMME_RELEASE_NONE
  }
  gates { gate: GATE_HOLD title: "No" patient_text: "No." release: PROGRAMME_RELEASE_NONE }
  limits {
    level: LEVEL_PRO_REVIEW_BEFORE_EXERCISE
    gate: GATE_ALLOW_RESTRICTED
    exercise_ids: "EX-WALK"
    because: "Walking is always fine."
  }
}

safety_screens {
  id: "SCREEN"
  title: "Safety questions"
  level: LEVEL_PRO_REVIEW_BEFORE_EXERCISE
  gate: GATE_HOLD_UNTIL_REVIEW
  because: "Answers are missing."
  sources: "BOOK/1"
  items { group: "infection" answered: "fever" }
  escalations {
    group: "infection"
    when: "unwell"
    level: LEVEL_URGENT_2W
    gate: GATE_HOLD
    because: "You feel ill."
  }
}

red_flags {
  id: "RF-1"
  title: "Fever"
  when: "fever && older"
  level: LEVEL_URGENT_SAME_DAY
  gate: GATE_HOLD
  because: "You are {age_years} years old and have a fever."
  referral: "CLINIC"
  sources: "BOOK/1"
  on_indeterminate {
    action: ACTION_RAISE
    when: "older"
    level: LEVEL_URGENT_2W
    gate: GATE_HOLD
  }
}
red_flags {
  id: "RF-2"
  title: "Leg"
  when: "leg_pain == LegPain.BELOW_KNEE && fever"
  level: LEVEL_ROUTINE_REFERRAL
  gate: GATE_ALLOW
  because: "Leg pain {{and}} fever."
  sources: "BOOK/1"
  sources: "BOOK/2"
  on_indeterminate { action: ACTION_ASK }
}

referral_targets { id: "CLINIC" title: "Clinic" patient_text: "Go to the clinic." }

conditions {
  id: "leggy"
  title: "Leg pattern"
  patient_title: "Leg pain"
  patient_text: "It is the leg."
  required: "leg_pain != LegPain.NONE"
  findings { id: "F-1" points: 2 when: "leg_pain == LegPain.BELOW_KNEE" because: "Far down." }
  findings { id: "F-2" points: -1 when: "fever" because: "Fever." }
  possible_at: 1
  likely_at: 2
  priority: 1
  sources: "BOOK/1"
}
conditions {
  id: "rest"
  title: "What remains"
  patient_title: "Plain pain"
  patient_text: "Nothing special."
  residual: true
  priority: 2
  sources: "BOOK/1"
}

stages {
  id: "A"
  title: "Early"
  patient_text: "It is early."
  when: "suspected.leggy && !older"
  on_indeterminate: ON_INDETERMINATE_ASSUME
  because: "Leg pain."
  sources: "BOOK/1"
  rank: 1
}
stages {
  id: "B"
  title: "Late"
  patient_text: "It is late."
  because: "All else."
  sources: "BOOK/1"
  rank: 2
}

exercises {
  id: "EX-WALK"
  name: "Walking"
  purpose: "Moving"
  position: START_POSITION_STANDING
  direction: DIRECTION_NEUTRAL
  type: EXERCISE_TYPE_AEROBIC
  load: 1
  steps: "Walk."
  doses { start: true text: "Ten minutes" duration_minutes: 10 }
  doses { text: "Twenty minutes" duration_minutes: 20 }
  progressions: "EX-BEND"
  tags: "upright"
  earliest_stage: "A"
  sources: "BOOK/1"
}
exercises {
  id: "EX-BEND"
  name: "Bending"
  purpose: "Bending"
  position: START_POSITION_STANDING
  direction: DIRECTION_FLEXION
  type: EXERCISE_TYPE_MOBILITY
  load: 2
  steps: "Bend."
  doses { start: true text: "Five times" reps: 5 }
  regressions: "EX-WALK"
  variants { name: "Seated" steps: "Sit." when: "older" }
  tags: "flexion"
  earliest_stage: "B"
  earlier_when: "!fever"
  sources: "BOOK/1"
}

indications {
  id: "IN-1"
  selector { exercise_ids: "EX-BEND" }
  when: "likely.leggy"
  points: 5
  because: "Helps the leg."
  sources: "BOOK/1"
}
contraindications {
  id: "CI-1"
  selector { tags: "flexion" }
  when: "fever"
  because: "Not with a fever."
  sources: "BOOK/1"
  on_indeterminate: ON_INDETERMINATE_WITHHOLD
}
cautions {
  id: "CA-1"
  selector { min_load: 2 }
  when: "older"
  text: "Go easy."
  sources: "BOOK/1"
}
prerequisites {
  id: "PR-1"
  selector { exercise_ids: "EX-BEND" }
  when: "stage.B"
  until: "Locked until later."
  sources: "BOOK/1"
}
score_adjustments {
  id: "SA-1"
  selector { all: true }
  when: "older"
  points: -1
  because: "Less is more."
  sources: "BOOK/1"
}

programme {
  neutral_set: "EX-WALK"
  neutral_because: "Fits everyone."
  sizes {
    id: "SZ-1"
    when: "older"
    max_exercises: 3
    because: "A short one."
    sources: "BOOK/1"
  }
  sizes { id: "SZ-2" max_exercises: 5 because: "A long one." sources: "BOOK/1" }
  quotas {
    id: "QU-1"
    types: EXERCISE_TYPE_AEROBIC
    min: 1
    max: 1
    because: "Some air."
    sources: "BOOK/1"
  }
  pairings {
    id: "PA-1"
    for_tag: "flexion"
    with_tag: "upright"
    because: "Balance."
    sources: "BOOK/1"
  }
  responses {
    reduce_after: 1
    skip_after: 2
    easy_points: 1
    tolerated_points: 1
    aggravated_points: -5
    easy_because: "It went well."
    tolerated_because: "It went."
    reduce_because: "Less of it."
    skip_because: "None of it."
    sources: "BOOK/1"
  }
}

advice { id: "AD-1" category: "comfort" text: "Keep warm." sources: "BOOK/1" }
follow_up_rules { id: "FU-1" after_days: 14 text: "Look again." sources: "BOOK/1" }
safety_net {
  title: "Watch out"
  text: "Act on these:"
  items: "Numbness"
  sources: "BOOK/1"
}
notices { id: "NO-1" trigger: TRIGGER_WHEN when: "older" text: "You are not that young." }

vignettes {
  id: "V-1"
  title: "Fever at seventy"
  given {
    person { age_years: 70 }
    general_illness { fever: TRI_YES }
  }
  otherwise_negative: "leg_nerve_cord"
  expect {
    level: LEVEL_URGENT_SAME_DAY
    fires: "RF-1"
    stage: "B"
    not_in_programme: "EX-BEND"
    excluded { exercise_id: "EX-BEND" rule_id: "CI-1" }
    asks_not: "fever"
    advice: "AD-1"
    referrals: "CLINIC"
  }
  covers: "RF-1"
}
)";

}  // namespace

std::string MinimalRulesetText() { return kText; }

std::string Edited(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << "not in the text: " << from;
  if (at == std::string::npos) return text;
  EXPECT_EQ(text.find(from, at + 1), std::string::npos) << "more than once: " << from;
  return text.replace(at, from.size(), to);
}

SourceLocation TakeMark(std::string& text, const std::string& file) {
  SourceLocation location{file, 1, 1};
  const size_t at = text.find("@@");
  EXPECT_NE(at, std::string::npos) << "no mark";
  if (at == std::string::npos) return location;
  text.erase(at, 2);
  EXPECT_EQ(text.find("@@"), std::string::npos) << "more than one mark";
  for (size_t i = 0; i < at; ++i) {
    const bool continues = (static_cast<unsigned char>(text[i]) & 0xc0) == 0x80;
    location.column = text[i] == '\n' ? 1 : location.column + (continues ? 0 : 1);
    location.line += text[i] == '\n' ? 1 : 0;
  }
  return location;
}

ruleset::CompileResult CompileRules(const std::string& text) {
  return CompileRules(std::vector<ruleset::SourceFile>{{"rules.textproto", text}});
}

ruleset::CompileResult CompileRules(std::vector<ruleset::SourceFile> files) {
  std::vector<Issue> issues;
  const auto document = ruleset::RulesetDocument::Parse(std::move(files), issues);
  return ruleset::Compile(document, *v1::Intake::descriptor(), std::move(issues));
}

std::string Formatted(const std::vector<Issue>& issues) {
  std::string text;
  for (const Issue& issue : issues) text += FormatIssue(issue) + "\n";
  return text;
}

}  // namespace plumbline::testing
