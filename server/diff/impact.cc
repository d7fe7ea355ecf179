#include "server/diff/impact.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

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

// Every count of `from` is added.
void AddAlterations(const v1::RuleAlterations& from, v1::RuleAlterations& to) {
  const google::protobuf::Descriptor& type = *v1::RuleAlterations::descriptor();
  const google::protobuf::Reflection& reflection = *to.GetReflection();
  for (int i = 0; i < type.field_count(); ++i) {
    const google::protobuf::FieldDescriptor* const field = type.field(i);
    const uint64_t count = reflection.GetUInt64(from, field);
    if (count > 0) reflection.SetUInt64(&to, field, count + reflection.GetUInt64(to, field));
  }
}

void Add(const v1::RuleImpact& from, v1::RuleImpact& to) {
  to.set_appears(to.appears() + from.appears());
  to.set_disappears(to.disappears() + from.disappears());
  to.set_altered(to.altered() + from.altered());
  if (from.has_alterations()) AddAlterations(from.alterations(), *to.mutable_alterations());
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

std::string AlterationsText(const v1::RuleAlterations& alterations) {
  const google::protobuf::Descriptor& type = *v1::RuleAlterations::descriptor();
  std::vector<std::string> parts;
  for (int i = 0; i < type.field_count(); ++i) {
    const google::protobuf::FieldDescriptor& field = *type.field(i);
    const uint64_t count = alterations.GetReflection()->GetUInt64(alterations, &field);
    if (count == 0) continue;
    std::string name = field.name();
    std::replace(name.begin(), name.end(), '_', ' ');
    parts.push_back(absl::StrCat(name, " ", count));
  }
  return absl::StrJoin(parts, ", ");
}

}  // namespace plumbline::diff
