// What changes with the rules files alone: no line of code knows a rule, a question or an exercise.

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/clinical/source_rules.h"

namespace plumbline::clinical {
namespace {

using ruleset::SourceFile;

// Replaces the first `from` after `anchor`, wherever that is in the folder.
void EditAfter(std::vector<SourceFile>& files, const std::string& anchor, const std::string& from,
               const std::string& to) {
  for (SourceFile& file : files) {
    const size_t start = file.bytes.find(anchor);
    if (start == std::string::npos) continue;
    const size_t at = file.bytes.find(from, start);
    ASSERT_NE(at, std::string::npos) << from << " is not after " << anchor;
    file.bytes.replace(at, from.size(), to);
    return;
  }
  FAIL() << "no file holds " << anchor;
}

// A person of 40 without any danger sign, ten days into plain back pain.
v1::Intake PlainBackPain() {
  v1::Intake intake;
  for (const char* group :
       {"person", "injury", "leg_nerve_cord", "cauda_equina", "general_illness", "organs"}) {
    const auto* field = v1::Intake::descriptor()->FindFieldByName(group);
    auto* message = intake.GetReflection()->MutableMessage(&intake, field);
    for (int i = 0; i < message->GetDescriptor()->field_count(); ++i) {
      const auto* leaf = message->GetDescriptor()->field(i);
      if (leaf->enum_type() != nullptr && leaf->enum_type()->name() == "Tri") {
        message->GetReflection()->SetEnumValue(message, leaf, v1::TRI_NO);
      }
    }
  }
  auto& person = *intake.mutable_person();
  person.set_age_years(40);
  person.set_sex(v1::SEX_MALE);
  person.set_pregnancy(v1::PREGNANCY_NA);
  person.set_duration_days(10);
  person.set_nprs_back(4);
  person.set_night_pain(v1::NIGHT_PAIN_NONE);
  person.set_trajectory(v1::TRAJECTORY_STATIC);
  intake.mutable_injury()->set_trauma(v1::TRAUMA_NONE);
  auto& leg = *intake.mutable_leg_nerve_cord();
  leg.set_leg_pain(v1::LEG_PAIN_NONE);
  leg.set_leg_side(v1::LEG_SIDE_NONE);
  leg.set_leg_weakness(v1::LEG_WEAKNESS_NONE);
  intake.mutable_general_illness()->set_cancer(v1::CANCER_NONE);
  return intake;
}

bool Fired(const v1::Decision& decision, const std::string& id) {
  for (const v1::FiredRule& rule : decision.fired_rules()) {
    if (rule.rationale().rule_id() == id) return true;
  }
  return false;
}

bool Selectable(const v1::Decision& decision, const std::string& id) {
  for (const auto* list : {&decision.programme(), &decision.alternatives()}) {
    for (const v1::Prescription& prescription : *list) {
      if (prescription.exercise_id() == id) return true;
    }
  }
  return false;
}

TEST(DataOnlyChangesTest, ThresholdMovesWithTheFile) {
  v1::Intake intake = PlainBackPain();
  intake.mutable_cauda_equina()->set_ces_saddle(v1::TRI_YES);
  intake.mutable_cauda_equina()->set_ces_onset_days(20);

  std::vector<SourceFile> files = SourceRules();
  Evaluator before(CompileFiles(files));
  EXPECT_FALSE(Fired(before.Decide(intake), "RF-CES-1"));

  EditAfter(files, "id: \"RF-CES-1\"", "ces_onset_days <= 14", "ces_onset_days <= 21");
  Evaluator after(CompileFiles(files));
  EXPECT_TRUE(Fired(after.Decide(intake), "RF-CES-1"));
  EXPECT_NE(before.engine().ruleset().revision, after.engine().ruleset().revision);
}

TEST(DataOnlyChangesTest, QuestionIsAskedInTheWordsOfTheFile) {
  std::vector<SourceFile> files = SourceRules();
  EditAfter(files, "field: \"fever\"", "Do you have a fever now",
            "Are you running a temperature now");
  Evaluator evaluator(CompileFiles(files));
  std::string wording;
  const v1::Decision decision = evaluator.Decide({});
  for (const v1::OpenQuestion& question : decision.open_questions()) {
    if (question.field() == "fever") wording = question.wording();
  }
  EXPECT_EQ(wording.substr(0, 33), "Are you running a temperature now");
}

TEST(DataOnlyChangesTest, NewRedFlagFires) {
  v1::Intake intake = PlainBackPain();
  intake.mutable_person()->set_nprs_back(10);
  std::vector<SourceFile> files = SourceRules();
  Evaluator before(CompileFiles(files));
  const v1::Decision without = before.Decide(intake);
  EXPECT_FALSE(Fired(without, "RF-NEW-1"));

  files.push_back({"new_red_flag.textproto",
                   "red_flags {\n"
                   "  id: \"RF-NEW-1\"\n"
                   "  title: \"Worst pain\"\n"
                   "  when: \"nprs_back == 10\"\n"
                   "  level: LEVEL_URGENT_SAME_DAY\n"
                   "  gate: GATE_HOLD\n"
                   "  because: \"You rate your pain {nprs_back}.\"\n"
                   "  sources: \"S0-C1\"\n"
                   "  on_indeterminate { action: ACTION_ASK }\n"
                   "}\n"});
  Evaluator after(CompileFiles(files));
  const v1::Decision with = after.Decide(intake);
  EXPECT_TRUE(Fired(with, "RF-NEW-1"));
  EXPECT_EQ(with.disposition().level(), v1::LEVEL_URGENT_SAME_DAY);
  EXPECT_EQ(with.disposition().gate(), v1::GATE_HOLD);
  EXPECT_LT(without.disposition().level(), with.disposition().level());
}

TEST(DataOnlyChangesTest, NewExerciseIsPrescribed) {
  const v1::Intake intake = PlainBackPain();
  std::vector<SourceFile> files = SourceRules();
  Evaluator before(CompileFiles(files));
  EXPECT_FALSE(Selectable(before.Decide(intake), "CX-NEW"));

  files.push_back({"new_exercise.textproto",
                   "exercises {\n"
                   "  id: \"CX-NEW\"\n"
                   "  name: \"Arm circles\"\n"
                   "  purpose: \"Moves the shoulders.\"\n"
                   "  position: START_POSITION_STANDING\n"
                   "  direction: DIRECTION_NEUTRAL\n"
                   "  type: EXERCISE_TYPE_MOBILITY\n"
                   "  load: 1\n"
                   "  steps: \"Stand, and draw circles with both arms.\"\n"
                   "  doses { start: true text: \"Ten circles\" reps: 10 }\n"
                   "  earliest_stage: \"A\"\n"
                   "  minutes_per_day: 1\n"
                   "  sources: \"S0-C1\"\n"
                   "}\n"
                   "indications {\n"
                   "  id: \"IN-NEW\"\n"
                   "  selector { exercise_ids: \"CX-NEW\" }\n"
                   "  when: \"true\"\n"
                   "  points: 90\n"
                   "  because: \"Everyone may do it.\"\n"
                   "  sources: \"S0-C1\"\n"
                   "}\n"});
  Evaluator after(CompileFiles(files));
  const v1::Decision decision = after.Decide(intake);
  EXPECT_TRUE(Selectable(decision, "CX-NEW")) << decision.ShortDebugString();
}

}  // namespace
}  // namespace plumbline::clinical
