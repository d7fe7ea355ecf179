#include "server/ruleset/readability.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "plumbline/v1/ruleset.pb.h"
#include "server/ruleset/rule_fields.h"

namespace plumbline::ruleset {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Word {
  const char* word;
  int syllables;
};

// As a dictionary divides them.
constexpr Word kWords[] = {
    {"a", 1},
    {"ache", 1},
    {"arm", 1},
    {"back", 1},
    {"bend", 1},
    {"bone", 1},
    {"breathe", 1},
    {"bridge", 1},
    {"calf", 1},
    {"care", 1},
    {"cause", 1},
    {"caused", 1},
    {"change", 1},
    {"chair", 1},
    {"choose", 1},
    {"cough", 1},
    {"days", 1},
    {"does", 1},
    {"eased", 1},
    {"edge", 1},
    {"eyes", 1},
    {"feet", 1},
    {"floor", 1},
    {"foot", 1},
    {"four", 1},
    {"hips", 1},
    {"hold", 1},
    {"hours", 1},
    {"knee", 1},
    {"knees", 1},
    {"leg", 1},
    {"legs", 1},
    {"lift", 1},
    {"lumps", 1},
    {"moved", 1},
    {"nerve", 1},
    {"nerves", 1},
    {"numb", 1},
    {"pain", 1},
    {"pause", 1},
    {"raise", 1},
    {"rolled", 1},
    {"scan", 1},
    {"side", 1},
    {"sides", 1},
    {"sneeze", 1},
    {"spine", 1},
    {"squat", 1},
    {"stairs", 1},
    {"stopped", 1},
    {"straight", 1},
    {"strength", 1},
    {"stretched", 1},
    {"thigh", 1},
    {"times", 1},
    {"through", 1},
    {"toes", 1},
    {"used", 1},
    {"walked", 1},
    {"weak", 1},
    {"weeks", 1},
    {"worse", 1},
    {"yes", 1},
    {"you", 1},
    {"you're", 1},
    {"able", 2},
    {"aches", 1},
    {"action", 2},
    {"after", 2},
    {"again", 2},
    {"ankle", 2},
    {"answer", 2},
    {"anxious", 2},
    {"backwards", 2},
    {"bladder", 2},
    {"body", 2},
    {"bowel", 2},
    {"breathing", 2},
    {"buttock", 2},
    {"cancer", 2},
    {"business", 2},
    {"careful", 2},
    {"cauda", 2},
    {"changes", 2},
    {"comfort", 2},
    {"create", 2},
    {"crouches", 2},
    {"cycle", 2},
    {"diet", 2},
    {"doctor", 2},
    {"doing", 2},
    {"easy", 2},
    {"elbow", 2},
    {"emptied", 2},
    {"every", 2},
    {"fever", 2},
    {"fitness", 2},
    {"fluid", 2},
    {"forearm", 2},
    {"forwards", 2},
    {"fracture", 2},
    {"going", 2},
    {"gradual", 3},
    {"headache", 2},
    {"heavy", 2},
    {"illness", 2},
    {"injured", 2},
    {"kidney", 2},
    {"lifted", 2},
    {"little", 2},
    {"loses", 2},
    {"lower", 2},
    {"lying", 2},
    {"middle", 2},
    {"minutes", 2},
    {"movement", 2},
    {"muscle", 2},
    {"muscles", 2},
    {"needed", 2},
    {"needle", 2},
    {"nurses", 2},
    {"patient", 2},
    {"patient's", 2},
    {"pelvis", 2},
    {"people", 2},
    {"pillow", 2},
    {"programme", 2},
    {"quiet", 2},
    {"reach", 1},
    {"relax", 2},
    {"relief", 2},
    {"relieve", 2},
    {"rhythm", 2},
    {"routine", 2},
    {"safely", 2},
    {"seated", 2},
    {"seeing", 2},
    {"shoulder", 2},
    {"sitting", 2},
    {"spasm", 2},
    {"special", 2},
    {"started", 2},
    {"surgeon", 2},
    {"symptom", 2},
    {"table", 2},
    {"tablets", 2},
    {"therefore", 2},
    {"tissue", 2},
    {"toilet", 2},
    {"travel", 2},
    {"treated", 2},
    {"trial", 2},
    {"trying", 2},
    {"urgent", 2},
    {"urine", 2},
    {"walking", 2},
    {"water", 2},
    {"weakness", 2},
    {"wellbeing", 3},
    {"element", 3},
    {"pavement", 2},
    {"settlement", 3},
    {"hopeless", 2},
    {"abdomen", 3},
    {"accident", 3},
    {"activate", 3},
    {"aerobic", 3},
    {"aneurysm", 4},
    {"area", 3},
    {"arthritis", 3},
    {"carefully", 3},
    {"carrying", 3},
    {"clinician", 3},
    {"condition", 3},
    {"continue", 3},
    {"equina", 3},
    {"exercise", 3},
    {"exercises", 4},
    {"family", 3},
    {"gently", 2},
    {"gradually", 4},
    {"hospital", 3},
    {"idea", 3},
    {"infection", 3},
    {"injury", 3},
    {"inflamed", 2},
    {"medicine", 3},
    {"medicines", 3},
    {"nausea", 3},
    {"numbness", 2},
    {"opinion", 3},
    {"operate", 3},
    {"period", 3},
    {"position", 3},
    {"pregnancy", 3},
    {"previous", 3},
    {"professional", 4},
    {"radiate", 3},
    {"recovery", 4},
    {"remember", 3},
    {"rotation", 3},
    {"sciatica", 4},
    {"serious", 3},
    {"specialist", 3},
    {"stenosis", 3},
    {"supported", 3},
    {"surgery", 3},
    {"temperature", 4},
    {"together", 3},
    {"usually", 4},
    {"vertebra", 3},
    {"waterworks", 3},
    {"activity", 4},
    {"alternative", 4},
    {"ambulance", 3},
    {"education", 4},
    {"emergency", 4},
    {"immediately", 5},
    {"operation", 4},
    {"osteoporosis", 6},
    {"physiotherapist", 6},
    {"rheumatologist", 5},
    {"situation", 4},
    {"variety", 4},
    {"12", 1},
    {"follow-up", 3},
};

TEST(SyllablesTest, AreCountedAsADictionaryDividesThem) {
  int count = 0;
  for (const Word& word : kWords) {
    ++count;
    EXPECT_EQ(CountSyllables(word.word), word.syllables) << word.word;
  }
  EXPECT_GE(count, 150);
}

TEST(SyllablesTest, CaseDoesNotMatter) {
  EXPECT_EQ(CountSyllables("Emergency"), 4);
  EXPECT_EQ(CountSyllables("MUSCLE"), 2);
}

TEST(SyllablesTest, EveryWordHasOne) {
  for (const char* word : {"", "-", "'", "hmm", "7", "NHS", "é"}) {
    EXPECT_GE(CountSyllables(word), 1) << word;
  }
}

TextMeasure Measure(const std::vector<std::string>& texts,
                    const std::vector<std::string>& glossary = {}) {
  v1::Manifest manifest;
  for (const std::string& term : glossary) manifest.add_reading_glossary()->set_term(term);
  return MeasureTexts(texts, ReadingGlossary(manifest));
}

TEST(MeasureTest, CountsWordsAndSentences) {
  const TextMeasure measure = Measure({"Lie down. Bend your knees: slowly! Is it 2.5 cm?"});
  EXPECT_EQ(measure.words, 10);
  EXPECT_EQ(measure.sentences, 4);
}

TEST(MeasureTest, EachTextEndsASentence) {
  EXPECT_EQ(Measure({"Lie down", "Bend your knees"}).sentences, 2);
  EXPECT_EQ(Measure({"Lie down.", "Bend your knees."}).sentences, 2);
  EXPECT_EQ(Measure({"Really?!"}).sentences, 1);
  EXPECT_EQ(Measure({""}).sentences, 0);
}

TEST(MeasureTest, HolesAreOneEasyWord) {
  const TextMeasure measure = Measure({"You are {age_years} years old."});
  EXPECT_EQ(measure.words, 5);
  EXPECT_EQ(measure.syllables, 5);
}

TEST(MeasureTest, GlossaryWordsCountAsTwoSyllablesAtMost) {
  EXPECT_EQ(Measure({"See a physiotherapist."}).syllables, 8);
  EXPECT_EQ(Measure({"See a physiotherapist."}, {"physiotherapist"}).syllables, 4);
  EXPECT_EQ(Measure({"See Physiotherapists."}, {"physiotherapist"}).syllables, 3) << "plural";
  EXPECT_EQ(Measure({"The emergency department."}, {"emergency department"}).syllables, 5);
  EXPECT_EQ(Measure({"The emergency exit."}, {"emergency department"}).syllables, 7);
  EXPECT_EQ(Measure({"Back"}, {"back"}).syllables, 1);
}

TEST(ReadingAgeTest, IsTheGradePlusFive) {
  // 40 words, 4 sentences, 60 syllables: grade 0.39 * 10 + 11.8 * 1.5 - 15.59.
  EXPECT_NEAR(ReadingAge({40, 4, 60}), 0.39 * 10 + 11.8 * 1.5 - 15.59 + 5, 1e-9);
}

TEST(ReadingAgeTest, ShortTextsAreJudgedWithinPlainText) {
  const double few_hard_words = ReadingAge({3, 1, 9});
  EXPECT_LT(few_hard_words, 13);
  EXPECT_GT(few_hard_words, ReadingAge({3, 1, 3}));
  EXPECT_GT(ReadingAge({8, 1, 24}), 12) << "eight hard words are hard all the same";
  EXPECT_NEAR(ReadingAge({30, 3, 45}), 0.39 * 10 + 11.8 * 1.5 - 15.59 + 5, 1e-9);
}

TEST(PatientTextsTest, AreJudgedTogetherByFieldOfTheirRule) {
  v1::Ruleset ruleset;
  v1::Exercise& exercise = *ruleset.add_exercises();
  exercise.set_id("EX");
  exercise.set_clinician_text("Not for patients");
  exercise.add_steps("One.");
  exercise.add_steps("Two.");
  exercise.add_doses()->set_text("Five.");
  exercise.add_doses()->set_text("Ten.");
  const std::vector<PatientText> texts = PatientTexts(ruleset);
  ASSERT_EQ(texts.size(), 2u);
  EXPECT_EQ(texts[0].owner, "EX");
  EXPECT_EQ(texts[0].field, "steps");
  EXPECT_EQ(texts[0].path, "exercises[0].steps[0]");
  EXPECT_THAT(texts[0].texts, ElementsAre("One.", "Two."));
  EXPECT_EQ(texts[1].field, "doses.text");
  EXPECT_EQ(texts[1].path, "exercises[0].doses[0].text");
  EXPECT_THAT(texts[1].texts, ElementsAre("Five.", "Ten."));
}

TEST(PatientTextsTest, QuestionsForCliniciansAreLeftOut) {
  v1::Ruleset ruleset;
  v1::Question& question = *ruleset.add_questions();
  question.set_field("crossed_slr");
  question.set_wording("Contralateral straight leg raise?");
  question.add_options()->set_label("positive");
  question.set_clinician_only(true);
  EXPECT_THAT(PatientTexts(ruleset), IsEmpty());
  question.set_clinician_only(false);
  EXPECT_EQ(PatientTexts(ruleset).size(), 2u);
}

TEST(PatientTextsTest, ReasonsOfLowValueAreForAuthors) {
  v1::Ruleset ruleset;
  v1::TriageRule& rule = *ruleset.add_red_flags();
  rule.set_id("RF-1");
  rule.mutable_on_indeterminate()->set_because("Why.");
  rule.mutable_on_indeterminate()->set_action(v1::TriageOnIndeterminate::ACTION_IGNORE);
  EXPECT_THAT(PatientTexts(ruleset), IsEmpty());
  rule.mutable_on_indeterminate()->set_action(v1::TriageOnIndeterminate::ACTION_RAISE);
  ASSERT_EQ(PatientTexts(ruleset).size(), 1u);
  EXPECT_EQ(PatientTexts(ruleset)[0].owner, "RF-1");
  EXPECT_EQ(PatientTexts(ruleset)[0].field, "on_indeterminate.because");
}

// A new text field has to be put on one of the two lists.
TEST(PatientTextsTest, EveryTextFieldIsForPatientsOrIsKnownNotToBe) {
  const std::set<std::string> kMessagesForOthers = {
      "Manifest",     "ReadingTerm", "Contributor", "SourceAttribute", "Source",       "Passage",
      "Coding",       "Term",        "Vignette",    "OutcomeTable",    "OutcomeRow",   "RuleEffect",
      "DoseRegister", "Expectation", "Hazard",      "HazardCause",     "HazardControl"};
  const std::set<std::string> kFieldsForOthers = {"Question.label",
                                                  "Question.clinician_wording",
                                                  "Question.unit",
                                                  "Question.unit_text",
                                                  "Question.group",
                                                  "AnswerOption.value",
                                                  "LevelText.clinician_text",
                                                  "TriageRule.title",
                                                  "TriageRule.group",
                                                  "TriageRule.clinician_note",
                                                  "TriageRule.referral_note",
                                                  "SafetyScreen.title",
                                                  "SafetyScreen.clinician_note",
                                                  "ScreenItem.group",
                                                  "ReferralTarget.title",
                                                  "ReferralTarget.clinician_text",
                                                  "ClinicalCondition.title",
                                                  "Stage.title",
                                                  "Stratification.title",
                                                  "Stratum.id",
                                                  "Stratum.title",
                                                  "Stratum.clinician_text",
                                                  "Exercise.name",
                                                  "Exercise.clinician_name",
                                                  "Exercise.clinician_text",
                                                  "Exercise.family",
                                                  "Advice.category",
                                                  "Advice.clinician_text"};
  for (const FieldRole& role : FieldRoles()) {
    if (role.role != Role::kText && role.role != Role::kTemplate) continue;
    if (kMessagesForOthers.count(std::string(role.message)) > 0) continue;
    const std::string name = absl::StrCat(role.message, ".", role.field);
    EXPECT_NE(IsPatientText(role.message, role.field), kFieldsForOthers.count(name) > 0) << name;
  }
}

}  // namespace
}  // namespace plumbline::ruleset
