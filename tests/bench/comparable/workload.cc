#include "tests/bench/comparable/workload.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "plumbline/v1/decision.pb.h"
#include "server/base/issue.h"
#include "server/ruleset/compiler.h"
#include "server/ruleset/document.h"

namespace plumbline::bench {
namespace {

using ::google::protobuf::FieldDescriptor;

[[noreturn]] void Die(const std::string& message) {
  std::fprintf(stderr, "%s\n", message.c_str());
  std::exit(1);
}

std::shared_ptr<const ruleset::CompiledRuleset> CompileOrDie(const std::string& folder) {
  auto files = ruleset::ReadRulesetFolder(folder);
  if (!files.ok()) Die(files.status().ToString());
  std::vector<Issue> issues;
  const auto document = ruleset::RulesetDocument::Parse(*std::move(files), issues, folder);
  ruleset::CompileResult result =
      ruleset::Compile(document, *workload::BenchIntake::descriptor(), std::move(issues));
  if (result.ruleset != nullptr) return result.ruleset;
  for (const Issue& issue : result.issues) {
    if (issue.severity == Severity::kError)
      std::fprintf(stderr, "%s\n", FormatIssue(issue).c_str());
  }
  Die(folder + " does not compile");
}

const char* LevelName(v1::Level level) {
  switch (level) {
    case v1::LEVEL_EXERCISE_OK:
      return "self_care";
    case v1::LEVEL_ROUTINE_REFERRAL:
      return "refer";
    case v1::LEVEL_URGENT_SAME_DAY:
      return "urgent";
    case v1::LEVEL_EMERGENCY_NOW:
      return "emergency";
    default:
      return "?";
  }
}

// Reasons are the score adjustments; what an exercise is indicated by carries the base points.
std::string CanonicalExercise(const v1::Prescription& prescription) {
  std::vector<std::string> reasons;
  for (const v1::Rationale& rationale : prescription.rationales()) {
    if (rationale.rule_id()[0] == 'A') reasons.push_back(rationale.text());
  }
  const int id = std::atoi(prescription.exercise_id().c_str() + 1);  // "X007"
  return absl::StrCat(id, ":", prescription.points(), ":", absl::StrJoin(reasons, "/"));
}

}  // namespace

Workload::Workload(const std::string& rules, const Floor& floor) : ruleset_(CompileOrDie(rules)) {
  for (size_t i = 0; i < floor.intakes(); ++i) AddIntake(floor, i);
}

void Workload::AddIntake(const Floor& floor, size_t intake) {
  workload::BenchIntake message;
  std::vector<SlotValue> slots;
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  for (size_t f = 0; f < floor.fields().size(); ++f) {
    const std::string& name = floor.fields()[f].name;
    const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(name);
    const auto slot = ruleset_->schema->Find(name);
    if (field == nullptr || !slot.has_value()) Die("no field " + name);
    if (!floor.Has(intake, f)) continue;
    int32_t value = floor.Value(intake, f);
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_BOOL:
        reflection.SetBool(&message, field, value != 0);
        break;
      case FieldDescriptor::CPPTYPE_ENUM:
        ++value;  // 0 is UNSPECIFIED
        reflection.SetEnumValue(&message, field, value);
        break;
      default:
        reflection.SetInt32(&message, field, value);
        break;
    }
    slots.push_back({*slot, field->cpp_type() == FieldDescriptor::CPPTYPE_BOOL, value});
  }
  messages_.push_back(std::move(message));
  slots_.push_back(std::move(slots));
}

void Workload::SetSlots(size_t i, expr::Frame& frame) const {
  frame.Reset();
  for (const SlotValue& value : slots_[i]) {
    if (value.is_bool) {
      frame.SetBool(value.slot, value.value != 0);
    } else {
      frame.SetInt(value.slot, value.value);
    }
  }
}

std::string Workload::Canonical(const std::string& bytes) const {
  v1::Decision decision;
  if (!decision.ParseFromString(bytes)) return "the decision cannot be parsed";
  std::set<std::string> fired;
  for (const auto* rules : {&decision.fired_rules(), &decision.notes()}) {
    for (const v1::FiredRule& rule : *rules) fired.insert(rule.rationale().rule_id());
  }
  std::vector<std::string> conditions;
  for (const std::string& name : Floor::ConditionNames()) {
    if (fired.count(name) != 0) conditions.push_back(name);
  }
  std::map<std::string, int> points;
  for (const v1::Assessment& assessment : decision.assessments()) {
    points[assessment.condition_id()] = assessment.points();
  }
  std::vector<int> scores;
  for (const char* score : {"nonspecific", "disc", "stenosis", "oa"}) {
    scores.push_back(points[score]);
  }
  std::map<int, std::string> exercises;  // by rank
  for (const auto* list : {&decision.programme(), &decision.alternatives()}) {
    for (const v1::Prescription& prescription : *list) {
      exercises[prescription.rank()] = CanonicalExercise(prescription);
    }
  }
  return absl::StrCat(LevelName(decision.disposition().level()), "|",
                      absl::StrJoin(conditions, ","), "|", absl::StrJoin(scores, ","), "|",
                      absl::StrJoin(exercises, ";", [](std::string* out, const auto& entry) {
                        absl::StrAppend(out, entry.second);
                      }));
}

}  // namespace plumbline::bench
