#include "server/engine/vignette_runner.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/civil_time.h"
#include "plumbline/v1/intake.pb.h"
#include "server/expr/schema.h"

namespace plumbline::engine {
namespace {

using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::RepeatedPtrField;

// A vignette without a date is set on this day.
constexpr int kDefaultYear = 2026;

absl::CivilDay ToCivilDay(const v1::Date& date) {
  return absl::CivilDay(date.year(), date.month(), date.day());
}

// What "no" is for this enum; null if it has no such value.
const EnumValueDescriptor* NegativeValue(const EnumDescriptor& type) {
  const absl::string_view wanted = expr::IsTriEnum(type) ? "NO" : "NONE";
  const EnumValueDescriptor* not_applicable = nullptr;
  for (int i = 0; i < type.value_count(); ++i) {
    const absl::string_view name = expr::ShortEnumValueName(*type.value(i));
    if (name == wanted) return type.value(i);
    if (name == "NA") not_applicable = type.value(i);
  }
  return not_applicable;
}

void AnswerNegatively(Message& group) {
  const Reflection* reflection = group.GetReflection();
  const auto* type = group.GetDescriptor();
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    if (field->is_repeated() || field->cpp_type() != FieldDescriptor::CPPTYPE_ENUM ||
        reflection->HasField(group, field)) {
      continue;
    }
    if (const EnumValueDescriptor* value = NegativeValue(*field->enum_type()); value != nullptr) {
      reflection->SetEnum(&group, field, value);
    }
  }
}

std::string Listed(const std::set<std::string>& ids) {
  return ids.empty() ? "none" : absl::StrJoin(ids, ", ");
}

template <typename Elements, typename IdOf>
std::set<std::string> IdsOf(const Elements& elements, const IdOf& id_of) {
  std::set<std::string> ids;
  for (const auto& element : elements) ids.insert(id_of(element));
  return ids;
}

// Compares one decision with one expectation, collecting what differs.
class Comparison {
 public:
  Comparison(const v1::Decision& decision, const v1::Expectation& expected)
      : decision_(decision), expected_(expected) {
    result_.decision = decision;
  }

  VignetteResult Run() && {
    CompareDisposition();
    CompareRules();
    CompareConditions();
    CompareFirings();
    CompareExercises();
    CompareDoses();
    CompareSession();
    CompareRest();
    result_.passed = result_.differences.empty();
    return std::move(result_);
  }

 private:
  void Differ(absl::string_view what, absl::string_view expected, absl::string_view got) {
    result_.differences.push_back(absl::StrCat(what, ": expected ", expected, ", got ", got));
  }

  // Every expected id is among those found.
  void Require(absl::string_view what, const RepeatedPtrField<std::string>& expected,
               const std::set<std::string>& found) {
    for (const std::string& id : expected) {
      if (found.count(id) == 0) Differ(what, id, Listed(found));
    }
  }
  // None of the ids is among those found.
  void Forbid(absl::string_view what, const RepeatedPtrField<std::string>& unwanted,
              const std::set<std::string>& found) {
    for (const std::string& id : unwanted) {
      if (found.count(id) > 0) Differ(what, absl::StrCat("not ", id), Listed(found));
    }
  }

  void CompareDisposition() {
    std::set<int> accepted(expected_.accept_levels().begin(), expected_.accept_levels().end());
    if (expected_.level() != v1::LEVEL_UNSPECIFIED) accepted.insert(expected_.level());
    const v1::Level level = decision_.disposition().level();
    if (!accepted.empty() && accepted.count(level) == 0) {
      result_.safety_failure = level < *accepted.begin();
      result_.over_triage = level > *accepted.rbegin();
      Differ("level", v1::Level_Name(expected_.level()), v1::Level_Name(level));
    }
    const v1::Gate gate = decision_.disposition().gate();
    if (expected_.gates_size() > 0 && std::find(expected_.gates().begin(), expected_.gates().end(),
                                                gate) == expected_.gates().end()) {
      std::set<std::string> names;
      for (const int number : expected_.gates()) {
        names.insert(v1::Gate_Name(static_cast<v1::Gate>(number)));
      }
      Differ("gate", Listed(names), v1::Gate_Name(gate));
    }
  }

  void CompareRules() {
    std::set<std::string> fired;
    std::set<std::string> open;
    for (const auto* rules : {&decision_.fired_rules(), &decision_.notes()}) {
      for (const v1::FiredRule& rule : *rules) {
        fired.insert(rule.rationale().rule_id());
        if (rule.fired_by() != v1::FIRED_BY_MATCH) open.insert(rule.rationale().rule_id());
      }
    }
    for (const v1::NotExcludedRule& rule : decision_.not_excluded_rules()) {
      open.insert(rule.rule_id());
    }
    Require("fires", expected_.fires(), fired);
    Forbid("fires", expected_.not_fires(), fired);
    Require("indeterminate", expected_.indeterminate(), open);
    if (expected_.no_red_flag() && decision_.fired_rules_size() > 0) {
      Differ("fires", "no red flag", Listed(IdsOf(decision_.fired_rules(), [](const auto& rule) {
               return rule.rationale().rule_id();
             })));
    }
  }

  void CompareFirings() {
    for (const v1::ExpectedFiring& expected : expected_.fired_at()) {
      const v1::FiredRule* found = nullptr;
      for (const auto* rules : {&decision_.fired_rules(), &decision_.notes()}) {
        for (const v1::FiredRule& rule : *rules) {
          if (rule.rationale().rule_id() == expected.rule_id()) found = &rule;
        }
      }
      if (found == nullptr) {
        Differ("fires", expected.rule_id(), "it did not fire");
        continue;
      }
      const std::string what = absl::StrCat(expected.rule_id(), " ");
      if (expected.level() != v1::LEVEL_UNSPECIFIED && expected.level() != found->level()) {
        Differ(what + "level", v1::Level_Name(expected.level()), v1::Level_Name(found->level()));
      }
      if (expected.gate() != v1::GATE_UNSPECIFIED && expected.gate() != found->gate()) {
        Differ(what + "gate", v1::Gate_Name(expected.gate()), v1::Gate_Name(found->gate()));
      }
      if (expected.has_due_days() &&
          (!found->has_due_days() || expected.due_days() != found->due_days())) {
        Differ(what + "due days", absl::StrCat(expected.due_days()),
               found->has_due_days() ? absl::StrCat(found->due_days()) : "none");
      }
    }
  }

  void CompareDoses() {
    for (const v1::ExpectedDose& expected : expected_.prescribes()) {
      const v1::Prescription* found = nullptr;
      for (const auto* list : {&decision_.programme(), &decision_.alternatives()}) {
        for (const v1::Prescription& one : *list) {
          if (one.exercise_id() == expected.exercise_id()) found = &one;
        }
      }
      if (found == nullptr) {
        Differ("prescribes", expected.exercise_id(), "it is not prescribed");
        continue;
      }
      // A field that is set in `expected` has the same value in the prescribed dose.
      std::vector<const FieldDescriptor*> given;
      const Reflection& reflection = *expected.dose().GetReflection();
      reflection.ListFields(expected.dose(), &given);
      v1::DoseStep shown;
      for (const FieldDescriptor* field : given) CopyField(found->dose(), *field, shown);
      if (shown.SerializeAsString() != expected.dose().SerializeAsString()) {
        Differ(absl::StrCat("dose of ", expected.exercise_id()), expected.dose().ShortDebugString(),
               found->dose().ShortDebugString());
      }
    }
  }

  static void CopyField(const v1::DoseStep& from, const FieldDescriptor& field, v1::DoseStep& to) {
    const Reflection& reflection = *from.GetReflection();
    if (field.is_repeated() || !reflection.HasField(from, &field)) {
      if (field.is_repeated()) *to.mutable_sources() = from.sources();
      return;
    }
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
        return reflection.SetInt32(&to, &field, reflection.GetInt32(from, &field));
      case FieldDescriptor::CPPTYPE_BOOL:
        return reflection.SetBool(&to, &field, reflection.GetBool(from, &field));
      default:
        return reflection.SetString(&to, &field, reflection.GetString(from, &field));
    }
  }

  void CompareSession() {
    int last = 0;
    std::string before;
    for (const std::string& id : expected_.done_in_order()) {
      int place = 0;
      for (const v1::Prescription& one : decision_.programme()) {
        if (one.exercise_id() == id) place = one.session_order();
      }
      if (place == 0) {
        Differ("session", id, "it is not in the programme");
      } else if (place < last) {
        Differ("session", absl::StrCat(before, " before ", id), "the other way round");
      }
      last = std::max(last, place);
      before = id;
    }
  }

  void CompareConditions() {
    std::string leading;
    std::set<std::string> suspected;
    for (const v1::Assessment& assessment : decision_.assessments()) {
      if (assessment.leading()) leading = assessment.condition_id();
      if (assessment.likelihood() >= v1::LIKELIHOOD_POSSIBLE) {
        suspected.insert(assessment.condition_id());
      }
    }
    if (!expected_.leading_condition().empty() && expected_.leading_condition() != leading) {
      Differ("leading condition", expected_.leading_condition(),
             leading.empty() ? "none" : leading);
    }
    Require("suspected", expected_.suspected(), suspected);
    Forbid("suspected", expected_.not_suspected(), suspected);
    if (!expected_.stage().empty() && expected_.stage() != decision_.stage().stage_id()) {
      Differ("stage", expected_.stage(), decision_.stage().stage_id());
    }
  }

  void CompareExercises() {
    const auto id_of = [](const auto& exercise) { return exercise.exercise_id(); };
    const std::set<std::string> programme = IdsOf(decision_.programme(), id_of);
    std::set<std::string> selectable = IdsOf(decision_.alternatives(), id_of);
    selectable.insert(programme.begin(), programme.end());
    Require("programme", expected_.in_programme(), programme);
    Forbid("programme", expected_.not_in_programme(), programme);
    Require("selectable", expected_.selectable(), selectable);
    Require("later", expected_.later(), IdsOf(decision_.later(), id_of));
    if (expected_.empty_programme() && !programme.empty()) {
      Differ("programme", "empty", Listed(programme));
    }
    for (const v1::ExpectedExclusion& exclusion : expected_.excluded()) {
      CompareExclusion(exclusion);
    }
  }

  void CompareExclusion(const v1::ExpectedExclusion& expected) {
    for (const v1::ExcludedExercise& excluded : decision_.excluded()) {
      if (excluded.exercise_id() != expected.exercise_id()) continue;
      const std::set<std::string> rules =
          IdsOf(excluded.reasons(), [](const auto& reason) { return reason.rule_id(); });
      if (!expected.rule_id().empty() && rules.count(expected.rule_id()) == 0) {
        Differ(absl::StrCat("excluded ", expected.exercise_id(), " by"), expected.rule_id(),
               Listed(rules));
      }
      return;
    }
    Differ("excluded", expected.exercise_id(),
           Listed(IdsOf(decision_.excluded(),
                        [](const auto& exercise) { return exercise.exercise_id(); })));
  }

  void CompareRest() {
    Require("referrals", expected_.referrals(),
            IdsOf(decision_.referrals(), [](const auto& one) { return one.target_id(); }));
    Require("advice", expected_.advice(),
            IdsOf(decision_.advice(), [](const auto& one) { return one.rationale().rule_id(); }));
    Forbid("advice", expected_.not_advice(),
           IdsOf(decision_.advice(), [](const auto& one) { return one.rationale().rule_id(); }));
    Require("notices", expected_.notices(),
            IdsOf(decision_.notices(), [](const auto& one) { return one.notice_id(); }));
    Require("strata", expected_.strata(), IdsOf(decision_.strata(), [](const auto& one) {
              return absl::StrCat(one.stratification_id(), "/", one.stratum_id());
            }));
    const std::set<std::string> asked =
        IdsOf(decision_.open_questions(), [](const auto& one) { return one.field(); });
    Require("asks", expected_.asks(), asked);
    Forbid("asks", expected_.asks_not(), asked);
    const int questions = decision_.open_questions_size();
    if (expected_.has_open_questions_min() && questions < expected_.open_questions_min()) {
      Differ("open questions", absl::StrCat("at least ", expected_.open_questions_min()),
             absl::StrCat(questions));
    }
    if (expected_.has_open_questions_max() && questions > expected_.open_questions_max()) {
      Differ("open questions", absl::StrCat("at most ", expected_.open_questions_max()),
             absl::StrCat(questions));
    }
    if (expected_.has_review_days_max()) CompareReview();
  }

  void CompareReview() {
    const std::string expected = absl::StrCat("within ", expected_.review_days_max(), " days");
    if (!decision_.follow_up().has_review_date()) return Differ("review", expected, "no date");
    const auto days =
        ToCivilDay(decision_.follow_up().review_date()) - ToCivilDay(decision_.as_of());
    if (days > expected_.review_days_max()) {
      Differ("review", expected, absl::StrCat(days, " days"));
    }
  }

  const v1::Decision& decision_;
  const v1::Expectation& expected_;
  VignetteResult result_;
};

}  // namespace

v1::Intake VignetteIntake(const v1::Vignette& vignette,
                          const ruleset::CompiledRuleset& /*ruleset*/) {
  v1::Intake intake = vignette.given();
  const Reflection* reflection = intake.GetReflection();
  for (const std::string& name : vignette.otherwise_negative()) {
    const FieldDescriptor* group = v1::Intake::descriptor()->FindFieldByName(name);
    if (group == nullptr || group->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    AnswerNegatively(*reflection->MutableMessage(&intake, group));
  }
  return intake;
}

VignetteResult CompareWithExpectation(const v1::Decision& decision, const v1::Expectation& expected,
                                      const ruleset::CompiledRuleset& /*ruleset*/) {
  return Comparison(decision, expected).Run();
}

VignetteResult RunVignette(const Engine& engine, const v1::Vignette& vignette,
                           Workspace& workspace) {
  const v1::Intake intake = VignetteIntake(vignette, engine.ruleset());
  const absl::CivilDay as_of =
      vignette.has_as_of() ? ToCivilDay(vignette.as_of()) : absl::CivilDay(kDefaultYear, 1, 1);
  std::string bytes;
  const std::vector<FieldViolation> violations =
      engine.Evaluate(intake, as_of, View::kFull, workspace, bytes);
  VignetteResult result;
  v1::Decision decision;
  if (!violations.empty()) {
    for (const FieldViolation& violation : violations) {
      result.differences.push_back(
          absl::StrCat("intake refused: ", violation.field, ": ", violation.description));
    }
  } else if (!decision.ParseFromString(bytes)) {
    result.differences.push_back("the decision cannot be parsed");
  } else {
    result = CompareWithExpectation(decision, vignette.expect(), engine.ruleset());
  }
  result.id = vignette.id();
  result.title = vignette.title();
  return result;
}

std::vector<VignetteResult> RunVignettes(const Engine& engine) {
  std::vector<VignetteResult> results;
  Workspace workspace;
  for (const v1::Vignette& vignette : engine.ruleset().source.vignettes()) {
    results.push_back(RunVignette(engine, vignette, workspace));
  }
  return results;
}

}  // namespace plumbline::engine
