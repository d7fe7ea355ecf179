#include "server/ruletest/effect_tables.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "server/ruletest/answers.h"

namespace plumbline::ruletest {
namespace {

// What the effect says of single exercises.
std::vector<std::string> Facets(const v1::RuleEffect& effect) {
  std::vector<std::string> facets;
  for (const std::string& id : effect.exercises()) facets.push_back("+" + id);
  for (const std::string& id : effect.keeps_out()) facets.push_back("-" + id);
  for (const std::string& id : effect.locks()) facets.push_back("?" + id);
  return facets;
}

size_t Gain(const v1::RuleEffect& effect, const std::set<std::string>& covered) {
  size_t gain = 0;
  for (const std::string& facet : Facets(effect)) gain += covered.count(facet) == 0 ? 1 : 0;
  return gain;
}

void Cover(const v1::RuleEffect& effect, std::set<std::string>& covered) {
  for (std::string& facet : Facets(effect)) covered.insert(std::move(facet));
}

v1::ConditionOutcome ToProto(expr::Outcome outcome) {
  switch (outcome) {
    case expr::Outcome::kMatch:
      return v1::CONDITION_OUTCOME_MATCH;
    case expr::Outcome::kNoMatch:
      return v1::CONDITION_OUTCOME_NO_MATCH;
    default:
      return v1::CONDITION_OUTCOME_INDETERMINATE;
  }
}

}  // namespace

bool EffectTables::Key::operator<(const Key& other) const {
  return std::tie(rule_id, outcome, fired) < std::tie(other.rule_id, other.outcome, other.fired);
}

EffectTables::EffectTables(const Subject& subject, const CaseSet& cases,
                           const v1::Ruleset& conditions)
    : subject_(subject), cases_(cases), conditions_(conditions) {
  const v1::Ruleset& ruleset = subject.ruleset->source;
  for (const v1::TriageRule& rule : ruleset.red_flags()) silent_.insert(rule.id());
  for (const v1::Contraindication& rule : ruleset.contraindications()) silent_.insert(rule.id());
  for (const Case& one : cases.cases()) {
    if (one.vignette != nullptr) patients_.emplace(one.patient, &one);
  }
}

EffectTables::Run EffectTables::Evaluate(const v1::Intake& intake, absl::CivilDay as_of) {
  Run run;
  v1::Decision decision;
  run.ok =
      subject_.engine->Evaluate(intake, as_of, engine::View::kFull, workspace_, bytes_).empty() &&
      decision.ParseFromString(bytes_);
  if (!run.ok) return run;
  run.has_programme = decision.programme_size() > 0;
  run.effects = EffectsOf(decision);
  return run;
}

const v1::RuleEffect* EffectTables::EffectOf(const Run& run, const std::string& rule_id) const {
  static const v1::RuleEffect* const kSilence = new v1::RuleEffect();
  const auto found = run.effects.find(rule_id);
  if (found != run.effects.end()) return &found->second;
  // A rule that stays open and says nothing: that it is passed over is an effect too, if the
  // decision speaks of exercises at all.
  const bool passed_over = run.has_programme && silent_.count(rule_id) > 0 &&
                           OutcomeOf(rule_id) == v1::CONDITION_OUTCOME_INDETERMINATE;
  return passed_over ? kSilence : nullptr;
}

// Screens have no condition of their own: firing is their match. So it is with what always holds.
v1::ConditionOutcome EffectTables::OutcomeOf(const std::string& rule_id) const {
  const auto node = subject_.nodes.find(rule_id);
  return node == subject_.nodes.end()
             ? v1::CONDITION_OUTCOME_MATCH
             : ToProto(expr::Plan::OutcomeOf(node->second, subject_.engine->FrameOf(workspace_)));
}

void EffectTables::Keep(const v1::Ruleset& previous) {
  for (const v1::OutcomeTable& table : previous.outcome_tables()) {
    for (const v1::OutcomeRow& row : table.rows()) {
      if (row.has_effect()) KeepRow(table, row);
    }
  }
}

void EffectTables::KeepRow(const v1::OutcomeTable& table, const v1::OutcomeRow& row) {
  const std::string& rule_id = table.rule_id();
  const auto patient = patients_.find(table.patient());
  bool readable = patient != patients_.end();
  v1::Intake intake;
  if (readable) intake = patient->second->intake;
  for (const std::string& answer : row.with()) {
    readable = readable && SetAnswer(answer, *subject_.ruleset->schema, intake).ok();
  }
  const Run run = readable ? Evaluate(intake, patient->second->as_of) : Run();
  const v1::RuleEffect* effect = run.ok ? EffectOf(run, rule_id) : nullptr;
  if (effect == nullptr) {
    touched_.insert(rule_id);
    return;
  }
  has_rows_.insert(rule_id);
  const Key key{rule_id, OutcomeOf(rule_id), effect->fired()};
  if (key.outcome != row.outcome() ||
      effect->SerializeAsString() != row.effect().SerializeAsString()) {
    touched_.insert(rule_id);
  }
  kept_[key].push_back({table.patient(), {row.with().begin(), row.with().end()}, *effect});
}

void EffectTables::CollectVignettes() {
  for (const Case& one : cases_.cases()) {
    if (one.vignette != nullptr) Collect(one.patient, {}, one.intake, one.as_of, "");
  }
}

void EffectTables::CollectFound() {
  for (const v1::OutcomeTable& table : conditions_.outcome_tables()) {
    const Case& base = *patients_.at(table.patient());
    for (const v1::OutcomeRow& row : table.rows()) {
      if (row.with_size() == 0) continue;
      v1::Intake intake = base.intake;
      for (const std::string& answer : row.with()) {
        // It was read off a frame in the same form: it can be set.
        (void)SetAnswer(answer, *subject_.ruleset->schema, intake);
      }
      Collect(table.patient(), {row.with().begin(), row.with().end()}, intake, base.as_of,
              table.rule_id());
    }
  }
}

void EffectTables::Collect(const std::string& patient, const std::vector<std::string>& with,
                           const v1::Intake& intake, absl::CivilDay as_of, const std::string& own) {
  const Run run = Evaluate(intake, as_of);
  if (!run.ok) return;
  const auto wanted = [&](const std::string& id) {
    return own.empty() || own == id || has_rows_.count(id) == 0;
  };
  for (const std::string& id : silent_) {
    if (run.effects.count(id) > 0 || !wanted(id)) continue;
    if (EffectOf(run, id) != nullptr) Offer({patient, with, {}}, id);
  }
  for (const auto& [id, effect] : run.effects) {
    if (wanted(id)) Offer({patient, with, effect}, id);
  }
}

void EffectTables::Offer(Shown shown, const std::string& rule_id) {
  const Key key{rule_id, OutcomeOf(rule_id), shown.effect.fired()};
  // Only what shows something new is worth keeping.
  std::set<std::string>& seen = facets_[key];
  std::vector<Shown>& offered = offered_[key];
  if (!offered.empty() && Gain(shown.effect, seen) == 0) return;
  Cover(shown.effect, seen);
  offered.push_back(std::move(shown));
}

void EffectTables::AppendTo(v1::Ruleset& out) {
  CollectVignettes();
  CollectFound();
  std::set<Key> keys;
  for (const auto& [key, shown] : kept_) keys.insert(key);
  for (const auto& [key, shown] : offered_) keys.insert(key);
  for (const Key& key : keys) Write(key, out);
}

void EffectTables::Write(const Key& key, v1::Ruleset& out) const {
  std::set<std::string> covered;
  bool any = false;
  const auto add = [&](const Shown& shown) {
    v1::OutcomeTable& table = *out.add_outcome_tables();
    table.set_rule_id(key.rule_id);
    table.set_patient(shown.patient);
    v1::OutcomeRow& row = *table.add_rows();
    for (const std::string& answer : shown.with) row.add_with(answer);
    row.set_outcome(key.outcome);
    *row.mutable_effect() = shown.effect;
    Cover(shown.effect, covered);
    any = true;
  };
  if (const auto kept = kept_.find(key); kept != kept_.end()) {
    for (const Shown& shown : kept->second) {
      if (any && touched_.count(key.rule_id) > 0 && Gain(shown.effect, covered) == 0) continue;
      add(shown);
    }
  }
  const auto offered = offered_.find(key);
  if (offered == offered_.end()) return;
  while (true) {
    const auto best = std::max_element(offered->second.begin(), offered->second.end(),
                                       [&covered](const Shown& a, const Shown& b) {
                                         return Gain(a.effect, covered) < Gain(b.effect, covered);
                                       });
    if (any && Gain(best->effect, covered) == 0) return;
    add(*best);
  }
}

}  // namespace plumbline::ruletest
