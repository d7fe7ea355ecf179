#include "server/diff/impact.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

namespace plumbline::diff {
namespace {

using ImpactByRule = std::map<std::string, const v1::RuleImpact*>;

constexpr int kMostExamples = 10;

void AddExamples(const v1::RuleImpact& from, v1::RuleImpact& to) {
  for (const std::string& id : from.example_ids()) {
    const auto& known = to.example_ids();
    if (to.example_ids_size() >= kMostExamples) return;
    if (std::find(known.begin(), known.end(), id) == known.end()) to.add_example_ids(id);
  }
}

void Add(const v1::RuleImpact& from, v1::RuleImpact& to) {
  to.set_appears(to.appears() + from.appears());
  to.set_disappears(to.disappears() + from.disappears());
  to.set_level_changed(std::max(to.level_changed(), from.level_changed()));
  to.set_gate_changed(std::max(to.gate_changed(), from.gate_changed()));
  to.set_programme_changed(std::max(to.programme_changed(), from.programme_changed()));
  AddExamples(from, to);
}

bool AddOf(const std::string& id, const ImpactByRule& by_rule, v1::RuleImpact& to) {
  const auto found = id.empty() ? by_rule.end() : by_rule.find(id);
  if (found == by_rule.end()) return false;
  Add(*found->second, to);
  return true;
}

void Join(const ImpactByRule& by_rule, v1::ElementChange& change) {
  v1::RuleImpact impact;
  impact.set_rule_id(change.new_element_id().empty() ? change.element_id()
                                                     : change.new_element_id());
  bool found = AddOf(change.element_id(), by_rule, impact);
  if (change.new_element_id() != change.element_id()) {
    found |= AddOf(change.new_element_id(), by_rule, impact);
  }
  // Words and records change nobody's answer, whoever rests on them.
  if (!found && change.change_class() == v1::CHANGE_CLASS_CLINICAL) {
    for (const std::string& id : change.affects()) found |= AddOf(id, by_rule, impact);
  }
  change.clear_impact();
  if (found) *change.mutable_impact() = std::move(impact);
}

}  // namespace

void JoinImpact(v1::RulesetDiff& diff, v1::ImpactReport report) {
  *diff.mutable_impact() = std::move(report);
  ImpactByRule by_rule;
  for (const v1::RuleImpact& rule : diff.impact().rules()) by_rule.emplace(rule.rule_id(), &rule);
  for (v1::ElementChange& change : *diff.mutable_changes()) Join(by_rule, change);
}

}  // namespace plumbline::diff
