#include "server/ruletest/cases.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/ruletest/answers.h"
#include "server/ruletest/effects.h"

namespace plumbline::ruletest {
namespace {

using expr::Outcome;

absl::CivilDay AsOf(const v1::Vignette& vignette) {
  if (!vignette.has_as_of()) return absl::CivilDay(2026, 1, 1);
  return absl::CivilDay(vignette.as_of().year(), vignette.as_of().month(), vignette.as_of().day());
}

v1::ConditionOutcome ToProto(Outcome outcome) {
  switch (outcome) {
    case Outcome::kMatch:
      return v1::CONDITION_OUTCOME_MATCH;
    case Outcome::kNoMatch:
      return v1::CONDITION_OUTCOME_NO_MATCH;
    default:
      return v1::CONDITION_OUTCOME_INDETERMINATE;
  }
}

std::string OutcomeText(v1::ConditionOutcome outcome) {
  return v1::ConditionOutcome_Name(outcome).substr(std::string("CONDITION_OUTCOME_").size());
}

// Every rule that the expectation names.
std::vector<std::string> RulesNamed(const v1::Vignette& vignette) {
  std::vector<std::string> ids(vignette.covers().begin(), vignette.covers().end());
  const v1::Expectation& expect = vignette.expect();
  for (const auto* list : {&expect.fires(), &expect.not_fires(), &expect.indeterminate(),
                           &expect.suspected(), &expect.not_suspected(), &expect.in_programme(),
                           &expect.advice(), &expect.not_advice(), &expect.notices()}) {
    ids.insert(ids.end(), list->begin(), list->end());
  }
  for (const v1::ExpectedExclusion& excluded : expect.excluded()) ids.push_back(excluded.rule_id());
  for (const v1::ExpectedFiring& fired : expect.fired_at()) ids.push_back(fired.rule_id());
  for (const v1::ExpectedDose& dose : expect.prescribes()) ids.push_back(dose.exercise_id());
  ids.push_back(expect.leading_condition());
  return ids;
}

const std::vector<size_t>& OfRule(
    const absl::flat_hash_map<std::string, std::vector<size_t>>& by_rule,
    const std::string& rule_id) {
  static const std::vector<size_t>* const kNone = new std::vector<size_t>();
  const auto found = by_rule.find(rule_id);
  return found == by_rule.end() ? *kNone : found->second;
}

bool NeedsDecision(const Case& one) {
  if (one.vignette != nullptr) return true;
  for (const ExpectedOutcome& expected : one.outcomes) {
    if (expected.row->has_effect()) return true;
  }
  return false;
}

}  // namespace

CaseSet::CaseSet(const ruleset::CompiledRuleset& ruleset) {
  AddVignettes(ruleset);
  named_ = about_;
  AddTables(ruleset);
  for (const v1::DoseRegister& one : ruleset.source.dose_registers()) registers_.push_back(&one);
}

void CaseSet::Mention(const std::string& rule_id, size_t index) {
  std::vector<size_t>& cases = about_[rule_id];
  if (cases.empty() || cases.back() != index) cases.push_back(index);
}

void CaseSet::AddVignettes(const ruleset::CompiledRuleset& ruleset) {
  for (const v1::Vignette& vignette : ruleset.source.vignettes()) {
    Case one;
    one.patient = vignette.id();
    one.vignette = &vignette;
    one.intake = engine::VignetteIntake(vignette, ruleset);
    one.as_of = AsOf(vignette);
    for (const std::string& id : RulesNamed(vignette)) {
      if (!id.empty()) Mention(id, cases_.size());
    }
    cases_.push_back(std::move(one));
  }
}

void CaseSet::AddTables(const ruleset::CompiledRuleset& ruleset) {
  std::map<std::string, size_t> by_patient;  // and changes
  for (size_t i = 0; i < cases_.size(); ++i) by_patient.emplace(cases_[i].patient, i);
  for (int t = 0; t < ruleset.source.outcome_tables_size(); ++t) {
    const v1::OutcomeTable& table = ruleset.source.outcome_tables(t);
    const auto patient = by_patient.find(table.patient());
    if (patient == by_patient.end()) continue;  // `rules check` has reported it
    for (int r = 0; r < table.rows_size(); ++r) {
      const v1::OutcomeRow& row = table.rows(r);
      const std::string path = absl::StrCat("outcome_tables[", t, "].rows[", r, "]");
      const std::string key = row.with_size() == 0 ? table.patient()
                                                   : absl::StrCat(table.patient(), "\n",
                                                                  absl::StrJoin(row.with(), "\n"));
      auto at = by_patient.find(key);
      if (at == by_patient.end()) {
        const Case& base = cases_[patient->second];
        Case changed;
        changed.patient = base.patient;
        changed.with.assign(row.with().begin(), row.with().end());
        changed.intake = base.intake;
        changed.as_of = base.as_of;
        absl::Status status;
        for (const std::string& answer : row.with()) {
          status.Update(SetAnswer(answer, *ruleset.schema, changed.intake));
        }
        if (!status.ok()) {
          problems_.push_back(absl::StrCat(path, " (", table.rule_id(), ", ", table.patient(),
                                           "): ", std::string(status.message())));
          continue;
        }
        at = by_patient.emplace(key, cases_.size()).first;
        cases_.push_back(std::move(changed));
      }
      cases_[at->second].outcomes.push_back({{table.rule_id(), table.part()}, &row, path});
      Mention(table.rule_id(), at->second);
      ++row_count_;
    }
  }
}

const std::vector<size_t>& CaseSet::About(const std::string& rule_id) const {
  return OfRule(about_, rule_id);
}

const std::vector<size_t>& CaseSet::NamedByVignettes(const std::string& rule_id) const {
  return OfRule(named_, rule_id);
}

void PrepareSubject(Subject& subject) {
  const ruleset::CompiledRuleset& compiled = *subject.ruleset;
  for (const ruleset::Probe& probe : subject.probes.conditions) {
    subject.nodes.emplace(ruleset::DisplayName(probe.name), probe.outcome);
  }
  for (size_t i = 0; i < compiled.conditions.size(); ++i) {
    subject.nodes.emplace(compiled.source.conditions(static_cast<int>(i)).id(),
                          compiled.conditions[i].suspected);
  }
  for (size_t i = 0; i < compiled.stages.size(); ++i) {
    subject.nodes.emplace(compiled.source.stages(static_cast<int>(i)).id(),
                          compiled.stages[i].active);
  }
  subject.engine = std::make_shared<const engine::Engine>(subject.ruleset);
}

bool CaseRunner::AboutConsistency(const Case& one) const {
  const auto& rules = subject_.ruleset->source.consistency_rules();
  return std::any_of(one.outcomes.begin(), one.outcomes.end(), [&rules](const auto& expected) {
    return std::any_of(rules.begin(), rules.end(), [&expected](const v1::ConsistencyRule& rule) {
      return rule.id() == expected.condition.rule_id;
    });
  });
}

std::vector<std::string> CaseRunner::Run(const Case& one, engine::VignetteResult* result) {
  CaseDifferences found = RunApart(one, result);
  std::vector<std::string> differences = std::move(found.refused);
  for (std::string& line : found.vignette) differences.push_back(std::move(line));
  for (std::vector<std::string>& row : found.rows) {
    for (std::string& line : row) differences.push_back(std::move(line));
  }
  return differences;
}

CaseDifferences CaseRunner::RunApart(const Case& one, engine::VignetteResult* result) {
  CaseDifferences found;
  const std::vector<engine::FieldViolation> violations =
      subject_.engine->Evaluate(one.intake, one.as_of, engine::View::kFull, workspace_, bytes_);
  evaluated_ = std::all_of(violations.begin(), violations.end(), [](const auto& violation) {
    return violation.kind == engine::FieldViolation::Kind::kContradiction;
  });
  // A table of a consistency rule shows contradictory answers on purpose.
  const bool on_purpose = evaluated_ && one.vignette == nullptr && AboutConsistency(one);
  if (!violations.empty() && !on_purpose) {
    for (const engine::FieldViolation& violation : violations) {
      found.refused.push_back(
          absl::StrCat("intake refused: ", violation.field, ": ", violation.description));
    }
    return found;
  }
  v1::Decision decision;
  const bool parsed = violations.empty() && NeedsDecision(one) && decision.ParseFromString(bytes_);
  if (one.vignette != nullptr) {
    engine::VignetteResult compared =
        engine::CompareWithExpectation(decision, one.vignette->expect(), *subject_.ruleset);
    found.vignette = compared.differences;
    if (result != nullptr) *result = std::move(compared);
  }
  Effects effects;
  if (parsed && !one.outcomes.empty()) effects = EffectsOf(decision);
  for (const ExpectedOutcome& expected : one.outcomes) {
    found.rows.push_back(CompareRow(expected, effects));
  }
  return found;
}

std::vector<std::string> CaseRunner::CompareRow(const ExpectedOutcome& expected,
                                                const Effects& effects) {
  std::vector<std::string> differences;
  const std::string name = ruleset::DisplayName(expected.condition);
  const auto node = subject_.nodes.find(name);
  if (node != subject_.nodes.end()) {
    const v1::ConditionOutcome got = ToProto(expr::Plan::OutcomeOf(node->second, frame()));
    if (got != expected.row->outcome()) {
      differences.push_back(absl::StrCat(name, ": expected ", OutcomeText(expected.row->outcome()),
                                         ", got ", OutcomeText(got)));
    }
  } else if (!expected.row->has_effect()) {
    differences.push_back(absl::StrCat(name, ": there is no such condition"));
  }
  if (!expected.row->has_effect()) return differences;
  const auto found = effects.find(expected.condition.rule_id);
  static const v1::RuleEffect* const kNothing = new v1::RuleEffect();
  const v1::RuleEffect& got = found == effects.end() ? *kNothing : found->second;
  if (got.SerializeAsString() != expected.row->effect().SerializeAsString()) {
    differences.push_back(absl::StrCat(name, ": expected effect ",
                                       DescribeEffect(expected.row->effect()), ", got ",
                                       DescribeEffect(got)));
  }
  return differences;
}

std::string CompareRegister(const v1::Ruleset& ruleset, const v1::DoseRegister& one) {
  const std::vector<std::string> expected(one.steps().begin(), one.steps().end());
  std::vector<std::string> got;
  for (const v1::Exercise& exercise : ruleset.exercises()) {
    if (exercise.id() != one.exercise_id()) continue;
    for (const v1::DoseStep& dose : exercise.doses()) got.push_back(DescribeDose(dose));
    break;
  }
  if (got == expected) return "";
  return absl::StrCat("doses of ", one.exercise_id(), ": registered ",
                      absl::StrJoin(expected, "; "), ", got ", absl::StrJoin(got, "; "));
}

std::vector<std::string> CompareRegisters(const v1::Ruleset& ruleset, const CaseSet& cases) {
  std::vector<std::string> differences;
  for (const v1::DoseRegister* one : cases.registers()) {
    std::string difference = CompareRegister(ruleset, *one);
    if (!difference.empty()) differences.push_back(std::move(difference));
  }
  return differences;
}

}  // namespace plumbline::ruletest
