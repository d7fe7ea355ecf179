// The table is complete, and every row of it works: a difference in any field is found, with the
// class and bump that the table gives.

#include "server/diff/fields.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "server/diff/version_policy.h"
#include "server/ruleset/rule_fields.h"
#include "tests/unit/diff/made_ruleset.h"

namespace plumbline::diff {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

void Collect(const Descriptor& type, std::set<const Descriptor*>& types) {
  if (!types.insert(&type).second) return;
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    const DiffField* row = FindDiffField(field);
    if (field.message_type() != nullptr && (row == nullptr || row->match != Match::kOpaque)) {
      Collect(*field.message_type(), types);
    }
  }
}

std::set<const Descriptor*> AllTypes() {
  std::set<const Descriptor*> types;
  Collect(*v1::Ruleset::descriptor(), types);
  return types;
}

bool IsExpression(const FieldDescriptor& field) {
  const ruleset::FieldRole* role = ruleset::FindFieldRole(field);
  return role != nullptr &&
         (role->role == ruleset::Role::kCondition || role->role == ruleset::Role::kExpression);
}

TEST(DiffFieldsTest, EveryFieldOfTheAuthoringFormIsInTheTable) {
  size_t fields = 0;
  for (const Descriptor* type : AllTypes()) {
    for (int i = 0; i < type->field_count(); ++i) {
      ++fields;
      EXPECT_NE(FindDiffField(*type->field(i)), nullptr) << type->field(i)->full_name();
    }
  }
  EXPECT_EQ(fields, DiffFields().size()) << "a row without a field";
}

TEST(DiffFieldsTest, RowsGoWithTheTypesOfTheirFields) {
  for (const Descriptor* type : AllTypes()) {
    for (int i = 0; i < type->field_count(); ++i) {
      const FieldDescriptor& field = *type->field(i);
      const DiffField* row = FindDiffField(field);
      if (row == nullptr) continue;
      const bool list = row->match == Match::kSet || row->match == Match::kSequence ||
                        row->match == Match::kElements;
      const bool either = row->match == Match::kIgnored;
      EXPECT_TRUE(either || field.is_repeated() == list) << field.full_name();
      EXPECT_EQ(row->match == Match::kExpression, IsExpression(field)) << field.full_name();
      const bool whole = row->match == Match::kWhole || row->match == Match::kPart ||
                         row->match == Match::kOpaque || row->match == Match::kElement ||
                         row->match == Match::kElements;
      EXPECT_TRUE(!whole || field.message_type() != nullptr) << field.full_name();
      const bool element = row->match == Match::kElement || row->match == Match::kElements;
      EXPECT_EQ(FindElementRow(field) != nullptr, element) << field.full_name();
      EXPECT_TRUE(row->presence == Weight::kNothing || row->presence > row->weight);
    }
  }
}

TEST(DiffFieldsTest, KeysOfElementsAreFieldsMarkedAsKeys) {
  for (const ElementRow& row : ElementRows()) {
    const auto* holder =
        v1::Ruleset::descriptor()->file()->FindMessageTypeByName(std::string(row.message));
    ASSERT_NE(holder, nullptr) << std::string(row.message);
    const FieldDescriptor* list = holder->FindFieldByName(std::string(row.field));
    ASSERT_NE(list, nullptr) << std::string(row.field);
    std::string keys;
    for (int i = 0; i < list->message_type()->field_count(); ++i) {
      const FieldDescriptor& field = *list->message_type()->field(i);
      if (FindDiffField(field)->match != Match::kKey) continue;
      absl::StrAppend(&keys, keys.empty() ? "" : " ", field.name());
    }
    EXPECT_EQ(keys, std::string(row.keys)) << std::string(row.kind);
  }
}

TEST(DiffFieldsTest, TheReferencePageHasEveryElementWithItsSteps) {
  std::ifstream file(std::string(std::getenv("PLUMBLINE_SOURCE_DIR")) +
                     "/docs/reference/versioning.md");
  std::stringstream page;
  page << file.rdbuf();
  const auto step = [](Weight weight) { return BumpName(BumpOf(weight)); };
  for (const ElementRow& row : ElementRows()) {
    const char* order = row.order == Order::kNone  ? "no"
                        : row.order == Order::kAll ? "yes"
                                                   : "around the residual one";
    const std::string line =
        absl::StrCat("| ", row.kind, " | ", step(row.added), " | ", step(row.removed), " | ",
                     row.keys == "id" ? step(row.renamed) : "-", " | ", order, " |\n");
    EXPECT_NE(page.str().find(line), std::string::npos) << line;
  }
}

// ---- Every field makes a difference

void SetScalar(Message& message, const FieldDescriptor& field, bool other) {
  const auto& reflection = *message.GetReflection();
  const std::string text = IsExpression(field) ? (other ? "unwell" : "fever") : other ? "Y" : "X";
  const bool list = field.is_repeated();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      list ? reflection.AddString(&message, &field, text)
           : reflection.SetString(&message, &field, text);
      return;
    case FieldDescriptor::CPPTYPE_INT32:
      reflection.SetInt32(&message, &field, other ? 8 : 7);
      return;
    case FieldDescriptor::CPPTYPE_DOUBLE:
      reflection.SetDouble(&message, &field, other ? 8.5 : 7.5);
      return;
    case FieldDescriptor::CPPTYPE_BOOL:
      reflection.SetBool(&message, &field, !other);
      return;
    case FieldDescriptor::CPPTYPE_ENUM:
      list ? reflection.AddEnumValue(&message, &field, other ? 2 : 1)
           : reflection.SetEnumValue(&message, &field, other ? 2 : 1);
      return;
    default:
      ADD_FAILURE() << "no value for " << field.full_name();
  }
}

void Clear(Message& message, const FieldDescriptor& field) {
  message.GetReflection()->ClearField(&message, &field);
}

Message* PartToChange(Message& message, const FieldDescriptor& field) {
  const auto& reflection = *message.GetReflection();
  if (!field.is_repeated()) return reflection.MutableMessage(&message, &field);
  if (reflection.FieldSize(message, &field) == 0) return reflection.AddMessage(&message, &field);
  return reflection.MutableRepeatedMessage(&message, &field, 0);
}

// One of everything, a value in every field.
void Fill(Message& message) {
  const auto& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (FindDiffField(field)->match == Match::kOpaque) continue;
    if (field.message_type() == nullptr) {
      SetScalar(message, field, /*other=*/false);
    } else {
      Fill(*PartToChange(message, field));
    }
  }
}

// Calls `visit` with the message in `root` and each field of it that is compared by itself; the
// weight is what the table gives, with all that holds the field.
void VisitFields(Message& message, Weight most,
                 const std::function<void(Message&, const FieldDescriptor&, Weight)>& visit) {
  const auto& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    const DiffField& row = *FindDiffField(field);
    Weight weight = std::min(most, row.weight);
    if (row.match == Match::kKey || row.match == Match::kOpaque) continue;
    if (const ElementRow* element = FindElementRow(field)) {
      const bool test = element->added == Weight::kRecord && element->kind != "term";
      weight = test ? Weight::kRecord : Weight::kOutcome;
    }
    if (field.message_type() == nullptr) {
      visit(message, field, weight);
    } else {
      VisitFields(*PartToChange(message, field), weight, visit);
    }
  }
}

TEST(DiffFieldsTest, ADifferenceInAnyFieldIsFoundWithItsWeight) {
  v1::Ruleset base;
  Fill(base);
  v1::Ruleset changed = base;
  int visited = 0;
  VisitFields(changed, Weight::kOutcome,
              [&](Message& message, const FieldDescriptor& field, Weight weight) {
                ++visited;
                SCOPED_TRACE(field.full_name());
                const bool ignored = FindDiffField(field)->match == Match::kIgnored;
                Clear(message, field);
                SetScalar(message, field, /*other=*/true);
                const v1::RulesetDiff diff = DiffOf(base, changed);
                Clear(message, field);
                SetScalar(message, field, /*other=*/false);
                ASSERT_EQ(diff.changes_size(), ignored ? 0 : 1) << diff.DebugString();
                if (ignored) return;
                const v1::ElementChange& change = diff.changes(0);
                EXPECT_EQ(change.kind(), v1::CHANGE_KIND_CHANGED);
                // A boolean that is taken away is another value, not a part that is gone.
                EXPECT_EQ(change.change_class(), ClassOf(weight));
                EXPECT_EQ(change.bump(), BumpOf(weight));
                EXPECT_GE(change.fields_size(), 1);
              });
  EXPECT_GT(visited, 300);
}

// ---- Which words are clinical (docs/decisions/0014)

struct Words {
  const char* field;
  Weight weight;
};

// Said here once more, so that a field cannot lose its class unnoticed.
constexpr Words kWordsThatCount[] = {
    // The limit, the warning, the movement, the question.
    {"LevelText.time_frame", Weight::kOutcome},
    {"DoseStep.text", Weight::kOutcome},
    {"Exercise.steps", Weight::kOutcome},
    {"Variant.steps", Weight::kOutcome},
    {"Exercise.stop_rules", Weight::kOutcome},
    {"Caution.text", Weight::kOutcome},
    {"SafetyNetText.items", Weight::kOutcome},
    {"Question.wording", Weight::kOutcome},
    {"Question.clinician_wording", Weight::kOutcome},
    {"Question.help", Weight::kOutcome},
    {"Question.unit_text", Weight::kOutcome},
    {"AnswerOption.value", Weight::kOutcome},
    {"AnswerOption.label", Weight::kOutcome},
    // What to do about it.
    {"LevelText.title", Weight::kInstruction},
    {"LevelText.patient_text", Weight::kInstruction},
    {"LevelText.clinician_text", Weight::kInstruction},
    {"GateText.title", Weight::kInstruction},
    {"GateText.patient_text", Weight::kInstruction},
    {"ProgrammeLimit.because", Weight::kInstruction},
    {"TriageRule.because", Weight::kInstruction},
    {"TriageRule.clinician_note", Weight::kInstruction},
    {"TriageRule.referral_note", Weight::kInstruction},
    {"TriageOnIndeterminate.because", Weight::kInstruction},
    {"SafetyScreen.because", Weight::kInstruction},
    {"SafetyScreen.clinician_note", Weight::kInstruction},
    {"ScreenEscalation.because", Weight::kInstruction},
    {"ReferralTarget.title", Weight::kInstruction},
    {"ReferralTarget.patient_text", Weight::kInstruction},
    {"ReferralTarget.clinician_text", Weight::kInstruction},
    {"ClinicalCondition.patient_text", Weight::kInstruction},
    {"ClinicalCondition.prognosis", Weight::kInstruction},
    {"Stage.patient_text", Weight::kInstruction},
    {"Stratum.text", Weight::kInstruction},
    {"Stratum.clinician_text", Weight::kInstruction},
    {"Exercise.position", Weight::kInstruction},
    {"Exercise.direction", Weight::kInstruction},
    {"Exercise.equipment", Weight::kInstruction},
    {"Exercise.environments", Weight::kInstruction},
    {"Exercise.cues", Weight::kInstruction},
    {"Exercise.common_mistakes", Weight::kInstruction},
    {"Exercise.clinician_text", Weight::kInstruction},
    {"Variant.environment", Weight::kInstruction},
    {"Variant.name", Weight::kInstruction},
    {"Contraindication.because", Weight::kInstruction},
    {"Prerequisite.until", Weight::kInstruction},
    {"Advice.text", Weight::kInstruction},
    {"Advice.clinician_text", Weight::kInstruction},
    {"FollowUpRule.text", Weight::kInstruction},
    {"SafetyNetText.title", Weight::kInstruction},
    {"SafetyNetText.text", Weight::kInstruction},
    {"Notice.text", Weight::kInstruction},
    {"ConsistencyRule.fields", Weight::kInstruction},
    {"ConsistencyRule.message", Weight::kInstruction},
    {"Manifest.disclaimers", Weight::kScope},
    // Names and reasons.
    {"TriageRule.title", Weight::kWords},
    {"SafetyScreen.title", Weight::kWords},
    {"Question.label", Weight::kWords},
    {"ClinicalCondition.title", Weight::kWords},
    {"Exercise.name", Weight::kWords},
    {"Exercise.purpose", Weight::kWords},
    {"Indication.because", Weight::kWords},
    {"Finding.because", Weight::kWords},
    {"Term.words", Weight::kWords},
    {"Advice.category", Weight::kWords},
    // Notes for those who keep the rules.
    {"TriageRule.group", Weight::kRecord},
    {"Source.citation", Weight::kRecord},
    {"Manifest.change_summary", Weight::kRecord},
};

std::string NameOf(const FieldDescriptor& field) {
  return absl::StrCat(field.containing_type()->name(), ".", field.name());
}

// The change that another value of the field in `base` is; fails the test if there is none.
v1::ElementChange ChangeOf(const v1::Ruleset& base, const std::string& name) {
  v1::ElementChange change;
  v1::Ruleset changed = base;
  VisitFields(changed, Weight::kOutcome,
              [&](Message& message, const FieldDescriptor& field, Weight) {
                if (NameOf(field) != name || change.fields_size() > 0) return;
                Clear(message, field);
                SetScalar(message, field, /*other=*/true);
                const v1::RulesetDiff diff = DiffOf(base, changed);
                if (diff.changes_size() == 1) change = diff.changes(0);
                Clear(message, field);
                SetScalar(message, field, /*other=*/false);
              });
  EXPECT_GT(change.fields_size(), 0) << name;
  return change;
}

TEST(DiffFieldsTest, WordsThatInstructAreClinicalAndNamesAreNot) {
  v1::Ruleset base;
  Fill(base);
  for (const Words& words : kWordsThatCount) {
    SCOPED_TRACE(words.field);
    const v1::ElementChange change = ChangeOf(base, words.field);
    const bool clinical = words.weight >= Weight::kInstruction;
    const v1::VersionBump bump = words.weight == Weight::kOutcome  ? v1::VERSION_BUMP_MAJOR
                                 : words.weight == Weight::kRecord ? v1::VERSION_BUMP_PATCH
                                                                   : v1::VERSION_BUMP_MINOR;
    EXPECT_EQ(change.change_class(),
              clinical ? v1::CHANGE_CLASS_CLINICAL : v1::CHANGE_CLASS_EDITORIAL);
    EXPECT_EQ(change.bump(), bump);
    // An option with another value is another option: one gone, one new.
    for (const v1::FieldChange& field : change.fields()) {
      EXPECT_EQ(field.change_class(), change.change_class());
    }
  }
}

TEST(DiffFieldsTest, TheReferencePageNamesEveryFieldOfWordsWithItsStep) {
  std::ifstream file(std::string(std::getenv("PLUMBLINE_SOURCE_DIR")) +
                     "/docs/reference/versioning.md");
  std::map<std::string, std::string> by_step;  // "clinical, MAJOR": the fields
  for (std::string line; std::getline(file, line);) {
    const std::vector<std::string> cells = absl::StrSplit(line, " | ");
    if (cells.size() == 3) by_step[cells[0]] += cells[2];
  }
  std::vector<const FieldDescriptor*> fields;
  for (const Descriptor* type : AllTypes()) {
    for (int i = 0; i < type->field_count(); ++i) fields.push_back(type->field(i));
  }
  for (const FieldDescriptor* field : fields) {
    const DiffField& row = *FindDiffField(*field);
    const ruleset::FieldRole* role = ruleset::FindFieldRole(*field);
    const bool prose = role != nullptr && (role->role == ruleset::Role::kText ||
                                           role->role == ruleset::Role::kTemplate);
    if (!prose || row.weight <= Weight::kRecord) continue;
    const std::string step = absl::StrCat(
        "| ", ClassOf(row.weight) == v1::CHANGE_CLASS_CLINICAL ? "clinical" : "editorial", ", ",
        BumpName(BumpOf(row.weight)));
    const std::string name = absl::StrCat("`", row.message, ".", row.field, "`");
    EXPECT_NE(by_step[step].find(name), std::string::npos) << step << " | ... | " << name;
  }
}

TEST(DiffFieldsTest, ThePatientOfATestIsComparedInFull) {
  const v1::RulesetDiff diff = DiffOfEdit("person { age_years: 70 }", "person { age_years: 71 }");
  ASSERT_EQ(diff.changes_size(), 1);
  EXPECT_EQ(diff.changes(0).element_kind(), "vignette");
  EXPECT_EQ(diff.changes(0).fields(0).path(), "given.person.age_years");
  EXPECT_EQ(diff.changes(0).fields(0).old_value(), "70");
  EXPECT_EQ(diff.changes(0).bump(), v1::VERSION_BUMP_PATCH);
}

TEST(DiffFieldsTest, ListsOfCareCountTheirEntries) {
  // No program can tell another wording from another warning.
  EXPECT_EQ(DiffOfEdit("items: \"Numbness\"", "items: \"Numb skin\"").changes(0).bump(),
            v1::VERSION_BUMP_MAJOR);
  EXPECT_EQ(
      DiffOfEdit("items: \"Numbness\"", "items: \"Numbness\" items: \"Fever\"").changes(0).bump(),
      v1::VERSION_BUMP_MAJOR);
  EXPECT_EQ(DiffOfEdit("earlier_when: \"!fever\"",
                       "earlier_when: \"!fever\" not_prescribed_because: \"No.\"")
                .changes(0)
                .bump(),
            v1::VERSION_BUMP_MAJOR);
}

}  // namespace
}  // namespace plumbline::diff
