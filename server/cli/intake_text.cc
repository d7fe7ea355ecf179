#include "server/cli/intake_text.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "google/protobuf/text_format.h"
#include "server/engine/binder.h"
#include "server/engine/fact_text.h"
#include "server/expr/frame.h"

namespace plumbline::cli {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

const Message& GroupOf(const v1::Intake& intake, const expr::Slot& slot) {
  if (slot.group == nullptr) return intake;
  return intake.GetReflection()->GetMessage(intake, slot.group);
}

bool IsTri(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM &&
         field.enum_type()->full_name() == v1::Tri_descriptor()->full_name();
}

bool IsNo(const Message& group, const FieldDescriptor& field) {
  return IsTri(field) && group.GetReflection()->GetEnumValue(group, &field) == v1::TRI_NO;
}

// Order of the slots: that of their questions, then the rest.
std::vector<expr::SlotIndex> InOrderOfQuestions(const ruleset::CompiledRuleset& ruleset) {
  std::vector<expr::SlotIndex> slots;
  for (size_t i = 0; i < ruleset.schema->slots().size(); ++i) {
    slots.push_back(static_cast<expr::SlotIndex>(i));
  }
  std::stable_sort(slots.begin(), slots.end(), [&](expr::SlotIndex a, expr::SlotIndex b) {
    return ruleset.question_of_slot[a] < ruleset.question_of_slot[b];
  });
  return slots;
}

IntakeAnswers WithRuleset(const v1::Intake& intake, const ruleset::CompiledRuleset& ruleset) {
  const engine::Binder binder(ruleset);
  PieceTable pieces;
  const engine::FactText facts(ruleset, pieces);
  std::vector<expr::ListCell> scratch;
  expr::Frame frame = ruleset.plan.MakeFrame();
  std::vector<engine::FieldViolation> violations;
  binder.Bind(intake, scratch, frame, violations);
  IntakeAnswers answers;
  if (!violations.empty()) return ReadAnswers(intake, nullptr);
  for (const expr::SlotIndex index : InOrderOfQuestions(ruleset)) {
    const expr::Slot& slot = ruleset.schema->slot(index);
    const Message& group = GroupOf(intake, slot);
    if (!group.GetReflection()->HasField(group, slot.field)) continue;
    const uint32_t question = ruleset.question_of_slot[index];
    const std::string label = question == ruleset::kNoIndex
                                  ? slot.name
                                  : ruleset.source.questions(static_cast<int>(question)).label();
    if (!frame.known(index)) {
      answers.asked_not_known.push_back(label);
    } else if (IsNo(group, *slot.field)) {
      answers.no.push_back(label);
    } else {
      std::string text;
      facts.AppendDisplay(index, frame, text);
      answers.given.push_back({label, std::move(text)});
    }
  }
  return answers;
}

// "age_years" -> "Age years".
std::string Words(absl::string_view name) {
  std::string words(name);
  std::replace(words.begin(), words.end(), '_', ' ');
  if (!words.empty()) words[0] = absl::ascii_toupper(static_cast<unsigned char>(words[0]));
  return words;
}

std::string ShortText(const Message& message, const FieldDescriptor& field) {
  google::protobuf::TextFormat::Printer printer;
  printer.SetSingleLineMode(true);
  std::string text;
  printer.PrintFieldValueToString(message, &field, -1, &text);
  return text;
}

void TakeBareField(const Message& group, const FieldDescriptor& field, IntakeAnswers& answers) {
  const std::string label = Words(field.name());
  if (!IsTri(field)) {
    answers.given.push_back({label, ShortText(group, field)});
    return;
  }
  const int value = group.GetReflection()->GetEnumValue(group, &field);
  if (value == v1::TRI_YES) {
    answers.given.push_back({label, "yes"});
  } else if (value == v1::TRI_NO) {
    answers.no.push_back(label);
  } else {
    answers.asked_not_known.push_back(label);
  }
}

IntakeAnswers WithoutRuleset(const v1::Intake& intake) {
  IntakeAnswers answers;
  std::vector<const FieldDescriptor*> groups;
  intake.GetReflection()->ListFields(intake, &groups);
  for (const FieldDescriptor* group : groups) {
    const Message& message = intake.GetReflection()->GetMessage(intake, group);
    if (message.GetDescriptor()->FindFieldByName("status") != nullptr) {
      TakeBareField(intake, *group, answers);
      continue;
    }
    std::vector<const FieldDescriptor*> fields;
    message.GetReflection()->ListFields(message, &fields);
    for (const FieldDescriptor* field : fields) TakeBareField(message, *field, answers);
  }
  return answers;
}

}  // namespace

IntakeAnswers ReadAnswers(const v1::Intake& intake, const ruleset::CompiledRuleset* ruleset) {
  return ruleset == nullptr ? WithoutRuleset(intake) : WithRuleset(intake, *ruleset);
}

void PutAnswers(const IntakeAnswers& answers, int indent, TextPage& page) {
  for (const IntakeAnswers::Answer& answer : answers.given) {
    page.Item(indent, "- ", absl::StrCat(answer.label, ": ", answer.text));
  }
  if (!answers.no.empty()) {
    page.Item(indent, "No: ", absl::StrJoin(answers.no, "; "));
  }
  if (!answers.asked_not_known.empty()) {
    page.Item(indent, "Asked, and not known: ", absl::StrJoin(answers.asked_not_known, "; "));
  }
  if (answers.given.empty() && answers.no.empty() && answers.asked_not_known.empty()) {
    page.Line(indent, "Nothing was answered.");
  }
}

}  // namespace plumbline::cli
