#include "tests/bench/typical_intakes.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "absl/strings/str_split.h"
#include "google/protobuf/descriptor.h"
#include "server/base/issue.h"
#include "server/cli/json_intake.h"
#include "server/expr/schema.h"
#include "server/ruleset/compiler.h"

namespace plumbline::bench {
namespace {

using ::google::protobuf::EnumDescriptor;
using ::google::protobuf::EnumValueDescriptor;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;
using ::google::protobuf::Reflection;

[[noreturn]] void Die(const std::string& message) {
  std::fprintf(stderr, "%s\n", message.c_str());
  std::exit(1);
}

// "no" for yes/no questions, else the first value that says something (mostly NONE).
int HarmlessValue(const EnumDescriptor& type) {
  int first = 0;
  for (int i = type.value_count() - 1; i >= 0; --i) {
    const EnumValueDescriptor& value = *type.value(i);
    if (expr::IsUnknownEnumValue(value)) continue;
    if (expr::ShortEnumValueName(value) == "NO") return value.number();
    first = value.number();
  }
  return first;
}

// Lower end of the plausible range.
double HarmlessNumber(const v1::Ruleset& ruleset, const FieldDescriptor& field) {
  for (const v1::Question& question : ruleset.questions()) {
    if (question.field() == field.name()) return question.min();
  }
  return 0;
}

void FillField(const v1::Ruleset& ruleset, const FieldDescriptor& field, Message& message) {
  const Reflection& reflection = *message.GetReflection();
  if (field.is_repeated() || reflection.HasField(message, &field)) return;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_ENUM:
      reflection.SetEnumValue(&message, &field, HarmlessValue(*field.enum_type()));
      return;
    case FieldDescriptor::CPPTYPE_INT32:
      reflection.SetInt32(&message, &field, static_cast<int32_t>(HarmlessNumber(ruleset, field)));
      return;
    case FieldDescriptor::CPPTYPE_DOUBLE:
      reflection.SetDouble(&message, &field, HarmlessNumber(ruleset, field));
      return;
    default:
      return;
  }
}

bool IsList(const FieldDescriptor& field) {
  return field.message_type()->FindFieldByName("status") != nullptr;
}

void FillAll(const v1::Ruleset& ruleset, Message& message) {
  const Reflection& reflection = *message.GetReflection();
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor& field = *message.GetDescriptor()->field(i);
    if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
      FillField(ruleset, field, message);
    } else if (!IsList(field)) {
      FillAll(ruleset, *reflection.MutableMessage(&message, &field));
    } else if (!reflection.HasField(message, &field)) {
      Message& list = *reflection.MutableMessage(&message, &field);
      const FieldDescriptor* status = list.GetDescriptor()->FindFieldByName("status");
      list.GetReflection()->SetEnumValue(&list, status, v1::LIST_STATUS_NONE);
    }
  }
}

// Clears the field at a path like "person.gestation_weeks".
void ClearField(const std::string& path, Message& message) {
  Message* at = &message;
  const std::vector<std::string> names = absl::StrSplit(path, '.');
  for (size_t i = 0; i < names.size(); ++i) {
    const FieldDescriptor* field = at->GetDescriptor()->FindFieldByName(names[i]);
    if (field == nullptr) Die("no intake field " + path);
    if (i + 1 == names.size() || field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE ||
        IsList(*field)) {
      at->GetReflection()->ClearField(at, field);
      return;
    }
    at = at->GetReflection()->MutableMessage(at, field);
  }
}

bool IsSetIn(const std::string& path, const v1::Intake& intake) {
  v1::Intake copy = intake;
  ClearField(path, copy);
  return copy.ByteSizeLong() != intake.ByteSizeLong();
}

// Every round takes away what the engine complains about and `base` does not hold.
v1::Intake CompleteIntake(const engine::Engine& engine, const v1::Intake& base) {
  v1::Intake intake = base;
  FillAll(engine.ruleset().source, intake);
  engine::Workspace workspace;
  std::string decision;
  for (int round = 0; round < 20; ++round) {
    const auto violations =
        engine.Evaluate(intake, AsOf(), engine::View::kFull, workspace, decision);
    if (violations.empty()) return intake;
    for (const engine::FieldViolation& violation : violations) {
      if (!IsSetIn(violation.field, base)) ClearField(violation.field, intake);
    }
  }
  Die("no complete intake without contradictions was found");
}

int CountLeaves(const Message& message) {
  const Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  int count = 0;
  for (const FieldDescriptor* field : fields) {
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && !IsList(*field)) {
      count += CountLeaves(reflection.GetMessage(message, field));
    } else {
      ++count;
    }
  }
  return count;
}

}  // namespace

std::shared_ptr<const ruleset::CompiledRuleset> LoadRulesOrDie() {
  const char* const other = std::getenv("PLUMBLINE_RULES");
  const std::string folder = other != nullptr ? other : PLUMBLINE_SOURCE_DIR "/rules/low_back_pain";
  const auto compiled = ruleset::CompileFolder(folder);
  if (!compiled.ok()) Die(compiled.status().ToString());
  if (compiled->ruleset == nullptr) {
    for (const Issue& issue : compiled->issues) {
      if (issue.severity == Severity::kError) {
        std::fprintf(stderr, "%s\n", FormatIssue(issue).c_str());
      }
    }
    Die(folder + " does not compile");
  }
  return compiled->ruleset;
}

v1::Intake ReadExampleOrDie(const std::string& name) {
  const std::string path = PLUMBLINE_SOURCE_DIR "/deploy/examples/" + name + ".json";
  std::ifstream file(path);
  if (!file) Die("cannot read " + path);
  std::stringstream text;
  text << file.rdbuf();
  v1::Intake intake;
  for (const cli::IntakeProblem& problem : cli::IntakeFromJson(text.str(), intake)) {
    Die(path + ": " + problem.place + ": " + problem.message);
  }
  return intake;
}

std::vector<TypicalIntake> TypicalIntakes(const engine::Engine& engine) {
  const v1::Intake herniation = ReadExampleOrDie("02_disc_herniation");
  return {{"simple_acute", ReadExampleOrDie("01_simple_acute")},
          {"herniation", herniation},
          {"stenosis", ReadExampleOrDie("03_spinal_stenosis")},
          {"cauda_equina", ReadExampleOrDie("06_cauda_equina")},
          {"empty", v1::Intake()},
          {"complete", CompleteIntake(engine, herniation)}};
}

int CountAnswers(const v1::Intake& intake) { return CountLeaves(intake); }

}  // namespace plumbline::bench
