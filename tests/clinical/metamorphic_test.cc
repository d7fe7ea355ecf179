// Properties that the low back pain rules keep for every patient, on random ones. PLUMBLINE_SEED
// repeats a run.

#include <algorithm>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "google/protobuf/text_format.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"
#include "tests/clinical/source_rules.h"
#include "tests/testing/engine/random_intake.h"

namespace plumbline::clinical {
namespace {

using plumbline::testing::CompleteAtRandom;
using plumbline::testing::RandomIntake;
using plumbline::testing::RandomIntakeOptions;
using plumbline::testing::TestSeed;

constexpr int kCases = 2'000;
// Random answers often contradict one another; those intakes are refused and do not count.
constexpr int kAttempts = 200'000;

class MetamorphicTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { ruleset_ = CompileFiles(SourceRules()); }
  static void TearDownTestSuite() { ruleset_.reset(); }

  void SetUp() override { ASSERT_NE(ruleset_, nullptr); }

  static const ruleset::CompiledRuleset& Rules() { return *ruleset_; }
  static std::shared_ptr<const ruleset::CompiledRuleset> ruleset_;
};

std::shared_ptr<const ruleset::CompiledRuleset> MetamorphicTest::ruleset_;

std::vector<expr::Outcome> RedFlagOutcomes(const Evaluator& evaluator) {
  std::vector<expr::Outcome> outcomes;
  const int count = evaluator.engine().ruleset().source.red_flags_size();
  for (int i = 0; i < count; ++i) outcomes.push_back(evaluator.RedFlag(static_cast<size_t>(i)));
  return outcomes;
}

// Sets a tri field by its bare name; false if it is not answered with `from`.
bool Flip(v1::Intake& intake, const expr::Schema& schema, const std::string& field, v1::Tri from,
          v1::Tri to) {
  const auto index = schema.Find(field);
  if (!index.has_value()) {
    ADD_FAILURE() << "no field " << field;
    return false;
  }
  const expr::Slot& slot = schema.slot(*index);
  google::protobuf::Message* group = intake.GetReflection()->MutableMessage(&intake, slot.group);
  if (group->GetReflection()->GetEnumValue(*group, slot.field) != from) return false;
  group->GetReflection()->SetEnumValue(group, slot.field, to);
  return true;
}

// Answers to these count towards danger, never against it.
const std::vector<std::string>& SafetyFields() {
  static const auto* const kFields = new std::vector<std::string>{"ces_saddle",
                                                                  "ces_bladder",
                                                                  "ces_incontinence_urine",
                                                                  "ces_bowel",
                                                                  "ces_sexual",
                                                                  "ces_worsening",
                                                                  "bilateral_new",
                                                                  "weakness_progressive",
                                                                  "foot_drop",
                                                                  "gait_unsteady_new",
                                                                  "hand_clumsy",
                                                                  "other_neuro_new",
                                                                  "umn_signs",
                                                                  "cannot_weight_bear",
                                                                  "trauma_contusion",
                                                                  "osteoporosis",
                                                                  "fragility_fracture",
                                                                  "steroid_use",
                                                                  "midline_bone_tender",
                                                                  "height_loss_or_kyphosis_new",
                                                                  "ankylosed_spine",
                                                                  "severe_sudden_onset",
                                                                  "fever",
                                                                  "night_sweats_rigors",
                                                                  "unwell",
                                                                  "sepsis_signs",
                                                                  "infection_recent",
                                                                  "invasive_recent",
                                                                  "ivdu",
                                                                  "immunosuppressed",
                                                                  "dialysis",
                                                                  "tb_risk",
                                                                  "weight_loss",
                                                                  "abdo_pain",
                                                                  "pulsatile_mass",
                                                                  "known_aaa",
                                                                  "collapse",
                                                                  "chest_pain",
                                                                  "tearing_pain",
                                                                  "flank_colic",
                                                                  "renal_risk",
                                                                  "haematuria",
                                                                  "epigastric_radiating",
                                                                  "vaginal_bleeding",
                                                                  "limb_ischaemia",
                                                                  "calf_swelling",
                                                                  "preg_warning",
                                                                  "wound_problem",
                                                                  "red_eye_now",
                                                                  "self_harm"};
  return *kFields;
}

// A condition that a clinician confirms later overrides its pattern; until then none is confirmed.
void SayThatNoneIsConfirmed(v1::Intake& intake) {
  if (intake.confirmed_conditions().status() == v1::LIST_STATUS_LISTED) return;
  intake.mutable_confirmed_conditions()->set_status(v1::LIST_STATUS_NONE);
}

// Answers about one in eight of the fields that are absent or not known. (All at once, random
// answers nearly always contradict one another.)
void AnswerSome(const ruleset::CompiledRuleset& rules, std::mt19937_64& random,
                v1::Intake& intake) {
  const v1::Intake before = intake;
  CompleteAtRandom(rules, random, intake);
  for (const expr::Slot& slot : rules.schema->slots()) {
    if (random() % 8 == 0) continue;
    const auto* original = &before.GetReflection()->GetMessage(
        before, slot.group == nullptr ? slot.field : slot.group);
    auto* answered = intake.GetReflection()->MutableMessage(
        &intake, slot.group == nullptr ? slot.field : slot.group);
    if (slot.group == nullptr) {
      answered->CopyFrom(*original);
    } else if (!original->GetReflection()->HasField(*original, slot.field)) {
      answered->GetReflection()->ClearField(answered, slot.field);
    }
  }
}

// A pattern may weigh what was not answered (has()), so that rules which rest on one can change
// with more answers. They refer or limit; an alarm may not rest on such a pattern (the lint sees to
// that).
bool RestsOnAPattern(const v1::TriageRule& rule) {
  const bool reads = rule.when().find("suspected.") != std::string::npos ||
                     rule.when().find("likely.") != std::string::npos;
  return reads && rule.level() < v1::LEVEL_URGENT_2W && rule.gate() < v1::GATE_HOLD_UNTIL_REVIEW;
}

TEST_F(MetamorphicTest, MoreAnswersNeverTakeBackADecidedRedFlag) {
  std::mt19937_64 random(TestSeed());
  Evaluator evaluator(ruleset_);
  int cases = 0;
  int matches = 0;
  for (int attempt = 0; attempt < kAttempts && cases < kCases; ++attempt) {
    v1::Intake intake = RandomIntake(Rules(), random, {0.6, 0.1, 0.15});
    SayThatNoneIsConfirmed(intake);
    evaluator.Decide(intake);
    if (!evaluator.refused().empty()) continue;
    const std::vector<expr::Outcome> before = RedFlagOutcomes(evaluator);
    const std::string partial = intake.ShortDebugString();
    AnswerSome(Rules(), random, intake);
    evaluator.Decide(intake);
    if (!evaluator.refused().empty()) continue;
    ++cases;
    const std::vector<expr::Outcome> after = RedFlagOutcomes(evaluator);
    for (size_t i = 0; i < before.size(); ++i) {
      if (before[i] == expr::Outcome::kIndeterminate) continue;
      if (RestsOnAPattern(Rules().source.red_flags(static_cast<int>(i)))) continue;
      matches += before[i] == expr::Outcome::kMatch ? 1 : 0;
      ASSERT_EQ(before[i], after[i])
          << Rules().source.red_flags(static_cast<int>(i)).id() << "\nbefore: " << partial
          << "\nafter: " << intake.ShortDebugString();
    }
  }
  EXPECT_EQ(cases, kCases);
  EXPECT_GT(matches, kCases);
}

TEST_F(MetamorphicTest, OneMoreDangerSignNeverLowersLevelOrGate) {
  std::mt19937_64 random(TestSeed() + 1);
  Evaluator evaluator(ruleset_);
  int cases = 0;
  for (int attempt = 0; attempt < kAttempts && cases < kCases; ++attempt) {
    v1::Intake intake = RandomIntake(Rules(), random, {0.3, 0.1, 0.05});
    const v1::Decision before = evaluator.Decide(intake);
    if (!evaluator.refused().empty()) continue;
    const std::string& field = SafetyFields()[random() % SafetyFields().size()];
    if (!Flip(intake, *Rules().schema, field, v1::TRI_NO, v1::TRI_YES)) continue;
    const v1::Decision after = evaluator.Decide(intake);
    if (!evaluator.refused().empty()) continue;
    ++cases;
    ASSERT_GE(after.disposition().level(), before.disposition().level())
        << field << "\n"
        << intake.ShortDebugString();
    ASSERT_GE(after.disposition().gate(), before.disposition().gate()) << field << "\n"
                                                                       << intake.ShortDebugString();
  }
  EXPECT_EQ(cases, kCases);
}

// What differs, apart from the revision, which is the digest of the exact bytes. Questions, advice,
// citations and the like are shown in the order of the files; what is ranked must keep its order.
std::string Differences(v1::Decision a, v1::Decision b) {
  a.mutable_ruleset()->clear_revision();
  b.mutable_ruleset()->clear_revision();
  google::protobuf::util::MessageDifferencer differencer;
  differencer.set_repeated_field_comparison(google::protobuf::util::MessageDifferencer::AS_SET);
  for (const char* ranked :
       {"fired_rules", "notes", "not_excluded_rules", "assessments", "programme", "alternatives"}) {
    differencer.TreatAsList(v1::Decision::descriptor()->FindFieldByName(ranked));
  }
  std::string text;
  differencer.ReportDifferencesToString(&text);
  return differencer.Compare(a, b) ? "" : text;
}

void ExpectSameDecisions(std::shared_ptr<const ruleset::CompiledRuleset> original,
                         std::shared_ptr<const ruleset::CompiledRuleset> changed, uint64_t seed) {
  ASSERT_NE(changed, nullptr);
  EXPECT_NE(original->revision, changed->revision);
  std::mt19937_64 random(seed);
  Evaluator a(original);
  Evaluator b(changed);
  for (int i = 0; i < 500; ++i) {
    const v1::Intake intake = RandomIntake(*original, random, {i % 2 == 0 ? 0.3 : 0.8, 0.1, 0.05});
    const v1::Decision decision = a.Decide(intake);
    const v1::Decision other = b.Decide(intake);
    ASSERT_EQ(a.refused().size(), b.refused().size());
    ASSERT_EQ(Differences(decision, other), "") << intake.ShortDebugString();
  }
}

TEST_F(MetamorphicTest, OrderOfFilesChangesNothingButTheRevision) {
  std::mt19937_64 random(TestSeed() + 2);
  std::vector<ruleset::SourceFile> files = SourceRules();
  std::shuffle(files.begin(), files.end(), random);
  // Files are merged by path.
  for (size_t i = 0; i < files.size(); ++i) {
    std::string flat = files[i].path;
    std::replace(flat.begin(), flat.end(), '/', '_');
    files[i].path = absl::StrCat(1000 + i, "_", flat);
  }
  ExpectSameDecisions(ruleset_, CompileFiles(std::move(files)), TestSeed());
}

// Fields whose order has a meaning: the first match counts, or later ones may read earlier ones.
bool OrderMatters(const google::protobuf::FieldDescriptor& field) {
  return field.name() == "conditions" || field.name() == "stages";
}

TEST_F(MetamorphicTest, OrderOfRulesChangesNothingButTheRevision) {
  std::mt19937_64 random(TestSeed() + 3);
  v1::Ruleset shuffled = Rules().source;
  const auto* reflection = shuffled.GetReflection();
  for (int f = 0; f < v1::Ruleset::descriptor()->field_count(); ++f) {
    const auto* field = v1::Ruleset::descriptor()->field(f);
    if (!field->is_repeated() || OrderMatters(*field)) continue;
    for (int i = reflection->FieldSize(shuffled, field) - 1; i > 0; --i) {
      reflection->SwapElements(&shuffled, field, i,
                               static_cast<int>(random() % static_cast<uint64_t>(i + 1)));
    }
  }
  std::string text;
  ASSERT_TRUE(google::protobuf::TextFormat::PrintToString(shuffled, &text));
  ExpectSameDecisions(ruleset_, CompileFiles({{"all.textproto", text}}), TestSeed());
}

TEST_F(MetamorphicTest, WithoutOpenQuestionsNoAnswerChangesTheDisposition) {
  std::mt19937_64 random(TestSeed() + 4);
  Evaluator evaluator(ruleset_);
  int promises = 0;
  int completions = 0;
  for (int attempt = 0; attempt < kAttempts && completions < kCases; ++attempt) {
    // Danger signs settle the matter early, few gaps leave little to ask: both give promises.
    const v1::Intake intake =
        RandomIntake(Rules(), random, {attempt % 2 == 0 ? 0.15 : 0.6, 0.1, 0.1});
    const v1::Decision decision = evaluator.Decide(intake);
    if (!evaluator.refused().empty()) continue;
    bool promised = true;
    for (const v1::OpenQuestion& question : decision.open_questions()) {
      promised = promised && !question.can_change_disposition();
    }
    if (!promised) continue;
    ++promises;
    for (int i = 0; i < 20; ++i) {
      v1::Intake complete = intake;
      if (i % 4 == 0) {
        CompleteAtRandom(Rules(), random, complete);
      } else {
        AnswerSome(Rules(), random, complete);
      }
      const v1::Decision other = evaluator.Decide(complete);
      if (!evaluator.refused().empty()) continue;
      ++completions;
      ASSERT_EQ(other.disposition().level(), decision.disposition().level())
          << intake.ShortDebugString() << "\ncompleted: " << complete.ShortDebugString();
      ASSERT_EQ(other.disposition().gate(), decision.disposition().gate())
          << intake.ShortDebugString() << "\ncompleted: " << complete.ShortDebugString();
    }
  }
  EXPECT_GE(completions, kCases);
  EXPECT_GE(promises, 50);
}

}  // namespace
}  // namespace plumbline::clinical
