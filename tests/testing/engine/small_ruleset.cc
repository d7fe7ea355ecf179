#include "tests/testing/engine/small_ruleset.h"

#include <gtest/gtest.h>

#include "plumbline/v1/intake.pb.h"
#include "server/base/issue.h"
#include "server/ruleset/compiler.h"
#include "server/ruleset/document.h"

namespace plumbline::testing {
namespace {

constexpr char kSmallRuleset[] = R"pb(
  manifest {
    ruleset_id: "small"
    version: "1.2.3"
    title: "Small ruleset for tests"
    status: PUBLICATION_STATUS_DRAFT
    intended_use: "Tests of the engine."
    intended_users: "Developers"
    intended_population: "Nobody"
    authors { name: "Test" role: "author" }
    change_summary: "First version."
    disclaimers: "Made up for tests."
  }
  sources {
    id: "T"
    title: "Test source"
    citation: "Test source. 2026."
    status: SOURCE_STATUS_KNOWN
    passages { id: "T/1" locator: "1" summary: "First." }
    passages { id: "T/2" locator: "2" summary: "Second." }
    passages { id: "T/U" summary: "Not verified." status: SOURCE_STATUS_UNVERIFIED }
  }
  questions {
    field: "age_years"
    label: "Age"
    wording: "How old are you?"
    unit: "a"
    unit_text: "years"
    min: 0
    max: 120
    group: "person"
  }
  questions {
    field: "nprs_back"
    label: "Back pain"
    wording: "How strong is the pain?"
    unit: "{score}"
    min: 0
    max: 10
    group: "pain"
  }
  questions {
    field: "temp_c"
    label: "Temperature"
    wording: "What is your temperature?"
    unit: "Cel"
    unit_text: "°C"
    min: 30
    max: 45
    group: "illness"
  }
  questions { field: "fever" label: "Fever" wording: "Do you have a fever?" group: "illness" }
  questions {
    field: "weight_loss"
    label: "Weight loss"
    wording: "Have you lost weight?"
    group: "illness"
  }
  questions {
    field: "ces_saddle"
    label: "Numb saddle"
    wording: "Numb between the legs?"
    group: "cauda"
  }
  questions {
    field: "ces_onset_days"
    label: "Days since"
    wording: "Since when?"
    unit: "d"
    unit_text: "days"
    min: 0
    max: 36525
    group: "cauda"
  }
  questions {
    field: "leg_pain"
    label: "Leg pain"
    wording: "Does the leg hurt?"
    group: "leg"
    options { value: "NONE" label: "none" }
    options { value: "ABOVE_KNEE" label: "above the knee" }
    options { value: "BELOW_KNEE" label: "below the knee" }
    options { value: "UNKNOWN" label: "not known" }
  }
  questions {
    field: "leg_side"
    label: "Side"
    wording: "Which leg?"
    group: "leg"
    options { value: "NONE" label: "none" }
    options { value: "LEFT" label: "left" }
    options { value: "RIGHT" label: "right" }
    options { value: "BOTH" label: "both" }
    options { value: "ALTERNATING" label: "alternating" }
    options { value: "UNKNOWN" label: "not known" }
  }
  questions {
    field: "worse_sitting"
    label: "Worse sitting"
    wording: "Is sitting worse?"
    group: "mechanical"
  }
  questions {
    field: "ease_sitting"
    label: "Eased sitting"
    wording: "Does sitting ease?"
    group: "mechanical"
  }
  questions { field: "osteoporosis" label: "Osteoporosis" wording: "Thin bones?" group: "bone" }
  questions {
    field: "prone_ok"
    label: "Can lie on the front"
    wording: "Can you lie on your front?"
    group: "safety"
  }
  questions {
    field: "balance_poor"
    label: "Poor balance"
    wording: "Unsafe on one leg?"
    group: "safety"
    ask_when: "age_years >= 60"
  }
  questions {
    field: "pain_sites"
    label: "Where"
    wording: "Where does it hurt?"
    group: "pain"
    options { value: "MIDLINE_LOW" label: "middle of the low back" }
    options { value: "LEFT_LOW" label: "left low back" }
    options { value: "RIGHT_LOW" label: "right low back" }
    options { value: "BUTTOCK" label: "buttock" }
    options { value: "SACROILIAC" label: "pelvis joint" }
    options { value: "GROIN" label: "groin" }
    options { value: "THORACIC" label: "mid-back" }
    options { value: "FLANK" label: "flank" }
    options { value: "ABDOMEN" label: "belly" }
    options { value: "PELVIS" label: "pelvis" }
    options { value: "CHEST" label: "chest" }
  }
  consistency_rules {
    id: "K-LEG"
    when: "leg_pain == LegPain.NONE && leg_side in [LegSide.LEFT, LegSide.RIGHT, LegSide.BOTH]"
    unless: "fever"
    fields: "leg_pain"
    fields: "leg_side"
    message: "a side of leg symptoms contradicts leg pain none"
  }
  terms {
    id: "hot"
    expression: "fever || temp_c >= 38.0"
    words: "fever or a temperature of 38 °C or more"
    sources: "T/1"
  }
  dispositions {
    levels {
      level: LEVEL_EXERCISE_OK
      title: "Exercise"
      time_frame: "-"
      patient_text: "p1"
      clinician_text: "c1"
    }
    levels {
      level: LEVEL_PRO_REVIEW_BEFORE_EXERCISE
      title: "Review"
      time_frame: "2 weeks"
      due_days: 14
      patient_text: "p2"
      clinician_text: "c2"
    }
    levels {
      level: LEVEL_ROUTINE_REFERRAL
      title: "Referral"
      time_frame: "weeks"
      patient_text: "p3"
      clinician_text: "c3"
    }
    levels {
      level: LEVEL_URGENT_2W
      title: "Urgent"
      time_frame: "2 weeks"
      due_days: 14
      patient_text: "p4"
      clinician_text: "c4"
    }
    levels {
      level: LEVEL_URGENT_SAME_DAY
      title: "Today"
      time_frame: "24 hours"
      due_days: 1
      patient_text: "p5"
      clinician_text: "c5"
    }
    levels {
      level: LEVEL_EMERGENCY_NOW
      title: "Now"
      time_frame: "now"
      due_days: 0
      patient_text: "p6"
      clinician_text: "c6"
    }
    gates { gate: GATE_ALLOW title: "Go" patient_text: "g1" release: PROGRAMME_RELEASE_FULL }
    gates {
      gate: GATE_ALLOW_RESTRICTED
      title: "Go with care"
      patient_text: "g2"
      release: PROGRAMME_RELEASE_FULL
    }
    gates {
      gate: GATE_HOLD_UNTIL_REVIEW
      title: "Wait"
      patient_text: "g3"
      release: PROGRAMME_RELEASE_NONE
    }
    gates { gate: GATE_HOLD title: "Stop" patient_text: "g4" release: PROGRAMME_RELEASE_NONE }
    limits {
      level: LEVEL_PRO_REVIEW_BEFORE_EXERCISE
      gate: GATE_ALLOW_RESTRICTED
      exercise_ids: "EX-WALK"
      because: "Only walking until the review."
    }
  }
  safety_screens {
    id: "SCREEN"
    title: "Screen incomplete"
    level: LEVEL_PRO_REVIEW_BEFORE_EXERCISE
    gate: GATE_HOLD_UNTIL_REVIEW
    because: "Safety questions are open."
    sources: "T/1"
    items { group: "cauda" answered: "ces_saddle" }
    items { group: "illness" answered: "fever" }
    escalations {
      group: "cauda"
      when: "leg_side == LegSide.BOTH"
      level: LEVEL_URGENT_SAME_DAY
      gate: GATE_HOLD_UNTIL_REVIEW
      because: "Both legs are affected."
      sources: "T/2"
    }
  }
  red_flags {
    id: "RF-FEVER"
    title: "Fever"
    group: "infection"
    when: "hot"
    level: LEVEL_URGENT_SAME_DAY
    gate: GATE_HOLD
    because: "There is a fever; temperature: {temp_c}."
    sources: "T/1"
    referral: "DOCTOR"
    on_indeterminate { action: ACTION_ASK }
  }
  red_flags {
    id: "RF-SADDLE"
    title: "Saddle"
    group: "cauda equina"
    when: "ces_saddle && ces_onset_days <= 14"
    level: LEVEL_EMERGENCY_NOW
    gate: GATE_HOLD
    because: "Numb for {ces_onset_days}."
    sources: "T/1"
    referral: "DOCTOR"
    referral_note: "at once"
    on_indeterminate {
      action: ACTION_RAISE
      when: "ces_saddle"
      level: LEVEL_URGENT_SAME_DAY
      gate: GATE_HOLD
      because: "Numb, since when is not known."
    }
  }
  red_flags {
    id: "RF-WEIGHT"
    title: "Weight loss"
    group: "cancer"
    when: "weight_loss && age_years >= 60"
    level: LEVEL_URGENT_2W
    gate: GATE_HOLD_UNTIL_REVIEW
    due_days: 7
    because: "Weight loss at {age_years}."
    sources: "T/2"
    on_indeterminate { action: ACTION_IGNORE because: "Low value in a test." }
  }
  red_flags {
    id: "RF-PAIN"
    title: "Strong pain"
    group: "pain"
    when: "nprs_back >= 9"
    level: LEVEL_PRO_REVIEW_BEFORE_EXERCISE
    gate: GATE_ALLOW_RESTRICTED
    because: "Strong pain."
    sources: "T/1"
    on_indeterminate { action: ACTION_ASK }
  }
  red_flags {
    id: "RF-NOTE"
    title: "Older"
    group: "note"
    when: "age_years > 80"
    level: LEVEL_EXERCISE_OK
    gate: GATE_ALLOW
    because: "Older than 80."
    sources: "T/1"
    on_indeterminate { action: ACTION_IGNORE because: "Reports only." }
  }
  referral_targets {
    id: "DOCTOR"
    title: "Doctor"
    patient_text: "See a doctor."
    clinician_text: "Refer."
  }
  conditions {
    id: "disc"
    title: "Disc"
    patient_title: "A disc"
    patient_text: "pt"
    prognosis: "good"
    required: "leg_pain == LegPain.BELOW_KNEE"
    cancelled_when: "ease_sitting"
    possible_at: 1
    likely_at: 3
    priority: 1
    sources: "T/1"
    findings {
      id: "D-SIT"
      points: 2
      when: "worse_sitting"
      because: "Worse sitting."
      sources: "T/1"
    }
    findings {
      id: "D-PAIN"
      points: 1
      when: "nprs_back >= 5"
      because: "Pain of {nprs_back}."
      sources: "T/1"
    }
    findings {
      id: "D-AGE"
      points: -1
      when: "age_years > 60"
      because: "Age speaks against it."
      sources: "T/1"
    }
  }
  conditions {
    id: "narrow"
    title: "Narrowing"
    patient_title: "Narrowing"
    patient_text: "pt"
    prognosis: "slow"
    required: "age_years >= 50"
    possible_at: 1
    likely_at: 2
    priority: 2
    sources: "T/1"
    findings {
      id: "N-EASE"
      points: 1
      when: "ease_sitting"
      because: "Eased by sitting."
      sources: "T/1"
    }
    findings {
      id: "N-LEG"
      points: 1
      when: "leg_side == LegSide.BOTH"
      because: "Both legs."
      sources: "T/1"
    }
  }
  conditions {
    id: "plain"
    title: "Plain back pain"
    patient_title: "Plain"
    patient_text: "pt"
    prognosis: "good"
    required: "leg_pain != LegPain.BELOW_KNEE"
    residual: true
    likely_at: 0
    priority: 9
    sources: "T/1"
  }
  stages {
    id: "A"
    rank: 1
    title: "Acute"
    patient_text: "a"
    when: "nprs_back >= 6"
    on_indeterminate: ON_INDETERMINATE_ASSUME
    because: "Pain is high."
    sources: "T/1"
  }
  stages {
    id: "B"
    rank: 2
    title: "Better"
    patient_text: "b"
    because: "Pain is low."
    sources: "T/1"
  }
)pb";

// Exercises differ in little: id, name, type, tags, family, stage, minutes.
std::string Exercise(const std::string& id, const std::string& type, const std::string& tags,
                     const std::string& family, const std::string& stage, int minutes,
                     const std::string& more = "") {
  std::string tag_fields;
  for (size_t at = 0; at < tags.size();) {
    const size_t end = std::min(tags.find(' ', at), tags.size());
    tag_fields += " tags: \"" + tags.substr(at, end - at) + "\"";
    at = end + 1;
  }
  return "exercises { id: \"" + id + "\" name: \"" + id + " name\" clinician_name: \"" + id +
         " clinical\" purpose: \"why\" position: START_POSITION_SUPINE direction: "
         "DIRECTION_NEUTRAL type: EXERCISE_TYPE_" +
         type + " load: 1 environments: PREFERRED_ENV_FLOOR steps: \"do\" cues: \"cue\" " +
         "common_mistakes: \"mistake\" stop_rules: \"stop\" " +
         "doses { start: true sets: 1 reps: 5 text: \"5 times\" } " +
         "doses { sets: 2 reps: 5 text: \"twice 5 times\" } family: \"" + family +
         "\" earliest_stage: \"" + stage + "\" minutes_per_day: " + std::to_string(minutes) +
         " sources: \"T/1\"" + tag_fields + " " + more + " }\n";
}

constexpr char kSelection[] = R"pb(
  indications {
    id: "IN-ALL"
    selector { all: true }
    when: "true"
    points: 1
    because: "Movement helps."
    sources: "T/1"
  }
  indications {
    id: "IN-DISC"
    selector { exercise_ids: "EX-PRONE" }
    when: "suspected.disc"
    points: 5
    because: "Suits the disc."
    sources: "T/2"
  }
  contraindications {
    id: "CI-BONE"
    selector { tags: "flexion" }
    when: "osteoporosis"
    because: "Thin bones."
    sources: "T/1"
    on_indeterminate: ON_INDETERMINATE_WITHHOLD
  }
  contraindications {
    id: "CI-PRONE"
    selector { tags: "prone" }
    when: "!prone_ok"
    because: "Cannot lie on the front."
    sources: "T/1"
    on_indeterminate: ON_INDETERMINATE_CAUTION
  }
  cautions {
    id: "CA-BALANCE"
    selector { exercise_ids: "EX-WALK" }
    when: "balance_poor"
    text: "Hold on to something."
    sources: "T/1"
    show_when_unknown: false
  }
  prerequisites {
    id: "PR-HARD"
    selector { exercise_ids: "EX-HARD" }
    when: "nprs_back <= 2"
    until: "Until pain is 2 or less."
    sources: "T/1"
  }
  score_adjustments {
    id: "AD-WALK"
    selector { exercise_ids: "EX-WALK" }
    when: "age_years >= 50"
    points: 2
    because: "Walking suits {age_years}."
    sources: "T/1"
  }
  programme {
    neutral_set: "EX-WALK"
    neutral_set: "EX-CALM"
    neutral_because: "The picture is unclear."
    sizes { id: "SZ" max_exercises: 5 max_minutes_per_day: 40 because: "Enough." sources: "T/1" }
    quotas {
      id: "Q-STRETCH"
      types: EXERCISE_TYPE_STRETCH
      min: 1
      max: 1
      because: "One stretch."
      sources: "T/1"
    }
    pairings {
      id: "PA"
      for_tag: "abdominal"
      with_tag: "extensor"
      because: "Balance."
      sources: "T/1"
    }
    responses {
      reduce_after: 1
      skip_after: 2
      easy_points: 3
      tolerated_points: 1
      aggravated_points: -2
      easy_because: "It was easy."
      tolerated_because: "It went well."
      reduce_because: "It hurt: less."
      skip_because: "It hurt twice."
      sources: "T/1"
    }
    max_alternatives: 10
  }
  advice {
    id: "ADV-1"
    category: "comfort"
    text: "Keep warm."
    clinician_text: "Heat."
    sources: "T/1"
  }
  advice {
    id: "ADV-2"
    category: "rest"
    text: "Wait for the review."
    sources: "T/1"
    with_hold: true
  }
  follow_up_rules { id: "FU-6" after_days: 42 text: "Look again in 6 weeks." sources: "T/1" }
  follow_up_rules {
    id: "FU-2"
    when: "nprs_back >= 6"
    after_days: 14
    text: "Look again in 2 weeks."
    sources: "T/1"
  }
  safety_net {
    title: "Act at once if"
    text: "any of these"
    items: "new numbness"
    except_levels: LEVEL_EMERGENCY_NOW
    sources: "T/1"
  }
  notices { id: "NO-MIXED" trigger: TRIGGER_MIXED_PATTERN text: "Mixed picture." sources: "T/1" }
  notices {
    id: "NO-UNCLEAR"
    trigger: TRIGGER_UNCLEAR_PATTERN
    text: "Unclear picture."
    sources: "T/1"
  }
  notices {
    id: "NO-NOTHING"
    trigger: TRIGGER_NOTHING_ELIGIBLE
    text: "Nothing fits."
    sources: "T/1"
  }
  notices { id: "NO-PAIR" trigger: TRIGGER_PAIRING_OPEN text: "No partner." sources: "T/1" }
  notices {
    id: "NO-BUTTOCK"
    trigger: TRIGGER_WHEN
    when: "PainSite.BUTTOCK in pain_sites"
    text: "Buttock."
    sources: "T/1"
  }
)pb";

}  // namespace

std::string SmallRulesetText() {
  return std::string(kSmallRuleset) + Exercise("EX-WALK", "AEROBIC", "standing", "walk", "A", 15) +
         Exercise("EX-CALM", "STABILITY", "supine", "calm", "A", 5) +
         Exercise("EX-ABS", "STABILITY", "abdominal", "abs", "B", 5) +
         Exercise("EX-BACK", "STRENGTH", "extensor prone", "back", "B", 5) +
         Exercise("EX-CURL", "STRETCH", "flexion", "curl", "A", 5) +
         Exercise("EX-FOLD", "STRETCH", "flexion", "fold", "A", 5) +
         Exercise("EX-PRONE", "MOBILITY", "prone", "prone", "A", 5,
                  "progressions: \"EX-BACK\" regressions: \"EX-CALM\"") +
         Exercise("EX-HARD", "STRENGTH", "standing", "hard", "B", 10) +
         Exercise("EX-NEVER", "STRENGTH", "flexion", "never", "B", 5,
                  "not_prescribed_because: \"Too hard for the back.\"") +
         kSelection;
}

std::shared_ptr<const ruleset::CompiledRuleset> CompileText(const std::string& text) {
  std::vector<Issue> issues;
  ruleset::RulesetDocument document =
      ruleset::RulesetDocument::Parse({{"small.textproto", text}}, issues);
  ruleset::CompileResult result =
      ruleset::Compile(document, *v1::Intake::descriptor(), std::move(issues));
  for (const Issue& issue : result.issues) {
    if (issue.severity == Severity::kError) ADD_FAILURE() << FormatIssue(issue);
  }
  return result.ruleset;
}

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  if (at == std::string::npos) {
    ADD_FAILURE() << "not in the text: " << from;
    return text;
  }
  return text.replace(at, from.size(), to);
}

}  // namespace plumbline::testing
