#include "server/service/replay_tally.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace plumbline::service {
namespace {

bool Earlier(const ReplayExample& a, const ReplayExample& b) { return a.index < b.index; }

using ExampleIds = google::protobuf::RepeatedPtrField<std::string>;

void WriteExamples(const ExampledCount& count, bool with_indices, ExampleIds& out) {
  for (const ReplayExample& example : count.examples) {
    *out.Add() = with_indices ? absl::StrCat(example.index, "/", example.id) : example.id;
  }
}

bool ReadExample(const std::string& text, ReplayExample& example) {
  const size_t slash = text.find('/');
  if (slash == std::string::npos || !absl::SimpleAtoi(text.substr(0, slash), &example.index)) {
    return false;
  }
  example.id = text.substr(slash + 1);
  return true;
}

bool ReadExamples(const ExampleIds& ids, uint64_t count, ExampledCount& out) {
  out.count = count;
  for (const std::string& text : ids) {
    ReplayExample example;
    if (!ReadExample(text, example)) return false;
    out.examples.push_back(std::move(example));
  }
  return std::is_sorted(out.examples.begin(), out.examples.end(), Earlier) &&
         out.examples.size() <= ReplayTally::kMaxExamples;
}

template <typename Changes, typename Counts>
void MergeCounts(const Changes& from, Counts& into) {
  for (const auto& [key, count] : from) into[key].Merge(count);
}

}  // namespace

void ExampledCount::Add(const ReplayExample& example) { Merge({1, {example}}); }

void ExampledCount::Merge(const ExampledCount& other) {
  count += other.count;
  const bool room = examples.size() < ReplayTally::kMaxExamples;
  if (other.examples.empty() || (!room && !Earlier(other.examples.front(), examples.back()))) {
    return;
  }
  const auto middle = static_cast<std::ptrdiff_t>(examples.size());
  examples.insert(examples.end(), other.examples.begin(), other.examples.end());
  std::inplace_merge(examples.begin(), examples.begin() + middle, examples.end(), Earlier);
  if (examples.size() > ReplayTally::kMaxExamples) examples.resize(ReplayTally::kMaxExamples);
}

void ReplayTally::Omit(absl::string_view reason, const ReplayExample& decision) {
  ++decisions_;
  omissions_[std::string(reason)].Add(decision);
}

void ReplayTally::Add(const DecisionChange& change, const ReplayExample& decision) {
  ++decisions_;
  ++evaluated_;
  if (change.kind == DecisionChange::Kind::kIdentical) {
    ++identical_;
    return;
  }
  if (change.kind == DecisionChange::Kind::kNamesOnly) {
    ++names_only_;
    return;
  }
  if (change.level_changed) {
    ++level_changed_;
    levels_[{change.old_level, change.new_level}].Add(decision);
  }
  if (change.gate_changed) {
    ++gate_changed_;
    gates_[{change.old_gate, change.new_gate}].Add(decision);
  }
  programme_changed_ += change.programme_changed ? 1 : 0;
  if (!change.level_changed && !change.gate_changed && !change.programme_changed) {
    ++otherwise_changed_;
  }
  for (const std::string& id : change.appeared) AddRule(id, true, change, decision);
  for (const std::string& id : change.disappeared) AddRule(id, false, change, decision);
}

void ReplayTally::AddRule(const std::string& id, bool appears, const DecisionChange& change,
                          const ReplayExample& decision) {
  RuleCounts& rule = rules_[id];
  ++(appears ? rule.appears : rule.disappears);
  rule.level_changed += change.level_changed ? 1 : 0;
  rule.gate_changed += change.gate_changed ? 1 : 0;
  rule.programme_changed += change.programme_changed ? 1 : 0;
  rule.examples.Add(decision);
}

void ReplayTally::AddOwn(DecisionChange::Kind kind, const std::string& path,
                         const ReplayExample& decision) {
  ++decisions_;
  ++evaluated_;
  identical_ += kind == DecisionChange::Kind::kIdentical ? 1 : 0;
  names_only_ += kind == DecisionChange::Kind::kNamesOnly ? 1 : 0;
  if (path.empty()) return;
  ++otherwise_changed_;
  differences_.emplace_back(decision, path);
  KeepFirstDifferences();
}

void ReplayTally::KeepFirstDifferences() {
  std::stable_sort(differences_.begin(), differences_.end(),
                   [](const auto& a, const auto& b) { return Earlier(a.first, b.first); });
  if (differences_.size() > kMaxDifferences) differences_.resize(kMaxDifferences);
}

void ReplayTally::Merge(const ReplayTally& other) {
  decisions_ += other.decisions_;
  evaluated_ += other.evaluated_;
  identical_ += other.identical_;
  names_only_ += other.names_only_;
  level_changed_ += other.level_changed_;
  gate_changed_ += other.gate_changed_;
  programme_changed_ += other.programme_changed_;
  otherwise_changed_ += other.otherwise_changed_;
  MergeCounts(other.levels_, levels_);
  MergeCounts(other.gates_, gates_);
  MergeCounts(other.omissions_, omissions_);
  for (const auto& [id, counts] : other.rules_) {
    RuleCounts& rule = rules_[id];
    rule.appears += counts.appears;
    rule.disappears += counts.disappears;
    rule.level_changed += counts.level_changed;
    rule.gate_changed += counts.gate_changed;
    rule.programme_changed += counts.programme_changed;
    rule.examples.Merge(counts.examples);
  }
  if (other.differences_.empty()) return;
  differences_.insert(differences_.end(), other.differences_.begin(), other.differences_.end());
  KeepFirstDifferences();
}

v1::ImpactReport ReplayTally::ToReport(bool with_indices) const {
  v1::ImpactReport report;
  report.set_decisions(decisions_);
  report.set_evaluated(evaluated_);
  report.set_identical(identical_);
  report.set_same_apart_from_revision(names_only_);
  report.set_level_changed(level_changed_);
  report.set_gate_changed(gate_changed_);
  report.set_programme_changed(programme_changed_);
  report.set_otherwise_changed(otherwise_changed_);
  for (const auto& [pair, count] : levels_) {
    v1::LevelChange& change = *report.add_level_changes();
    change.set_from(static_cast<v1::Level>(pair.first));
    change.set_to(static_cast<v1::Level>(pair.second));
    change.set_count(count.count);
    WriteExamples(count, with_indices, *change.mutable_example_ids());
  }
  for (const auto& [pair, count] : gates_) {
    v1::GateChange& change = *report.add_gate_changes();
    change.set_from(static_cast<v1::Gate>(pair.first));
    change.set_to(static_cast<v1::Gate>(pair.second));
    change.set_count(count.count);
    WriteExamples(count, with_indices, *change.mutable_example_ids());
  }
  for (const auto& [id, counts] : rules_) {
    v1::RuleImpact& rule = *report.add_rules();
    rule.set_rule_id(id);
    rule.set_appears(counts.appears);
    rule.set_disappears(counts.disappears);
    rule.set_level_changed(counts.level_changed);
    rule.set_gate_changed(counts.gate_changed);
    rule.set_programme_changed(counts.programme_changed);
    WriteExamples(counts.examples, with_indices, *rule.mutable_example_ids());
  }
  std::stable_sort(report.mutable_rules()->begin(), report.mutable_rules()->end(),
                   [](const v1::RuleImpact& a, const v1::RuleImpact& b) {
                     return a.appears() + a.disappears() > b.appears() + b.disappears();
                   });
  for (const auto& [reason, count] : omissions_) {
    v1::ReplayOmission& omission = *report.add_left_out();
    omission.set_reason(reason);
    omission.set_count(count.count);
    WriteExamples(count, with_indices, *omission.mutable_example_ids());
  }
  for (const auto& [decision, path] : differences_) {
    v1::ReplayDifference& difference = *report.add_differences();
    difference.set_decision_id(decision.id);
    difference.set_record_index(decision.index);
    difference.set_path(path);
  }
  return report;
}

absl::StatusOr<ReplayTally> ReplayTally::FromReport(const v1::ImpactReport& report) {
  ReplayTally tally;
  tally.decisions_ = report.decisions();
  tally.evaluated_ = report.evaluated();
  tally.identical_ = report.identical();
  tally.names_only_ = report.same_apart_from_revision();
  tally.level_changed_ = report.level_changed();
  tally.gate_changed_ = report.gate_changed();
  tally.programme_changed_ = report.programme_changed();
  tally.otherwise_changed_ = report.otherwise_changed();
  bool good = true;
  for (const v1::LevelChange& change : report.level_changes()) {
    good &= ReadExamples(change.example_ids(), change.count(),
                         tally.levels_[{change.from(), change.to()}]);
  }
  for (const v1::GateChange& change : report.gate_changes()) {
    good &= ReadExamples(change.example_ids(), change.count(),
                         tally.gates_[{change.from(), change.to()}]);
  }
  for (const v1::RuleImpact& rule : report.rules()) {
    RuleCounts& counts = tally.rules_[rule.rule_id()];
    counts = {rule.appears(),      rule.disappears(),        rule.level_changed(),
              rule.gate_changed(), rule.programme_changed(), {}};
    good &= ReadExamples(rule.example_ids(), rule.appears() + rule.disappears(), counts.examples);
  }
  for (const v1::ReplayOmission& omission : report.left_out()) {
    good &=
        ReadExamples(omission.example_ids(), omission.count(), tally.omissions_[omission.reason()]);
  }
  for (const v1::ReplayDifference& difference : report.differences()) {
    tally.differences_.push_back(
        {{difference.record_index(), difference.decision_id()}, difference.path()});
  }
  if (!good) return absl::InvalidArgumentError("its examples are not \"index/id\", in order");
  return tally;
}

}  // namespace plumbline::service
