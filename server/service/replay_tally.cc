#include "server/service/replay_tally.h"

#include <algorithm>
#include <iterator>

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

uint64_t PatientsOf(const v1::RuleImpact& rule) {
  return rule.appears() + rule.disappears() + rule.altered();
}

template <typename Changes, typename Counts>
void MergeCounts(const Changes& from, Counts& into) {
  for (const auto& [key, count] : from) into[key].Merge(count);
}

// A count, and the field of a message that it is written to and read from.
template <typename Counts, typename Message>
struct CountField {
  uint64_t Counts::*count;
  uint64_t (Message::*get)() const;
  void (Message::*set)(uint64_t);
};

template <typename Fields, typename Counts>
void AddCounts(const Fields& fields, const Counts& from, Counts& into) {
  for (const auto& field : fields) into.*field.count += from.*field.count;
}

template <typename Fields, typename Counts, typename Message>
void WriteCounts(const Fields& fields, const Counts& counts, Message& message) {
  for (const auto& field : fields) (message.*field.set)(counts.*field.count);
}

template <typename Fields, typename Counts, typename Message>
void ReadCounts(const Fields& fields, const Message& message, Counts& counts) {
  for (const auto& field : fields) counts.*field.count = (message.*field.get)();
}

}  // namespace

struct ReplayTally::Fields {
  using Report = v1::ImpactReport;
  using Rule = v1::RuleImpact;
  static constexpr CountField<Totals, Report> kTotals[] = {
      {&Totals::identical, &Report::identical, &Report::set_identical},
      {&Totals::names_only, &Report::same_apart_from_revision,
       &Report::set_same_apart_from_revision},
      {&Totals::level_changed, &Report::level_changed, &Report::set_level_changed},
      {&Totals::gate_changed, &Report::gate_changed, &Report::set_gate_changed},
      {&Totals::programme_changed, &Report::programme_changed, &Report::set_programme_changed},
      {&Totals::otherwise_changed, &Report::otherwise_changed, &Report::set_otherwise_changed},
      {&Totals::time_limit_changed, &Report::time_limit_changed, &Report::set_time_limit_changed},
      {&Totals::referrals_changed, &Report::referrals_changed, &Report::set_referrals_changed},
      {&Totals::follow_up_changed, &Report::follow_up_changed, &Report::set_follow_up_changed},
      {&Totals::open_questions_changed, &Report::open_questions_changed,
       &Report::set_open_questions_changed},
      {&Totals::availability_changed, &Report::availability_changed,
       &Report::set_availability_changed},
      {&Totals::rules_changed, &Report::rules_changed, &Report::set_rules_changed},
  };
  static_assert(sizeof(Totals) == std::size(kTotals) * sizeof(uint64_t), "one for each count");
  static constexpr CountField<RuleCounts, Rule> kOfRule[] = {
      {&RuleCounts::appears, &Rule::appears, &Rule::set_appears},
      {&RuleCounts::disappears, &Rule::disappears, &Rule::set_disappears},
      {&RuleCounts::level_changed, &Rule::level_changed, &Rule::set_level_changed},
      {&RuleCounts::gate_changed, &Rule::gate_changed, &Rule::set_gate_changed},
      {&RuleCounts::programme_changed, &Rule::programme_changed, &Rule::set_programme_changed},
      {&RuleCounts::altered, &Rule::altered, &Rule::set_altered},
  };
};

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
    ++totals_.identical;
    return;
  }
  if (change.kind == DecisionChange::Kind::kNamesOnly) {
    ++totals_.names_only;
    return;
  }
  if (change.level_changed) levels_[{change.old_level, change.new_level}].Add(decision);
  if (change.gate_changed) gates_[{change.old_gate, change.new_gate}].Add(decision);
  Totals one;
  one.level_changed = change.level_changed ? 1 : 0;
  one.gate_changed = change.gate_changed ? 1 : 0;
  one.programme_changed = change.programme_changed ? 1 : 0;
  one.otherwise_changed = change.only_words() ? 1 : 0;
  one.time_limit_changed = change.time_limit_changed ? 1 : 0;
  one.referrals_changed = change.referrals_changed ? 1 : 0;
  one.follow_up_changed = change.follow_up_changed ? 1 : 0;
  one.open_questions_changed = change.open_questions_changed ? 1 : 0;
  one.availability_changed = change.availability_changed ? 1 : 0;
  one.rules_changed = change.rules_changed() ? 1 : 0;
  AddCounts(Fields::kTotals, one, totals_);
  for (const std::string& id : change.effects.appeared) ++CountRule(id, change, decision).appears;
  for (const std::string& id : change.effects.disappeared) {
    ++CountRule(id, change, decision).disappears;
  }
  for (const Alteration& alteration : change.effects.altered) {
    RuleCounts& rule = CountRule(alteration.id, change, decision);
    ++rule.altered;
    AddAspects(alteration.aspects, rule.alterations);
  }
}

ReplayTally::RuleCounts& ReplayTally::CountRule(const std::string& id, const DecisionChange& change,
                                                const ReplayExample& decision) {
  RuleCounts& rule = rules_[id];
  rule.level_changed += change.level_changed ? 1 : 0;
  rule.gate_changed += change.gate_changed ? 1 : 0;
  rule.programme_changed += change.programme_changed ? 1 : 0;
  rule.examples.Add(decision);
  return rule;
}

void ReplayTally::AddOwn(DecisionChange::Kind kind, const std::string& path,
                         const ReplayExample& decision) {
  ++decisions_;
  ++evaluated_;
  totals_.identical += kind == DecisionChange::Kind::kIdentical ? 1 : 0;
  totals_.names_only += kind == DecisionChange::Kind::kNamesOnly ? 1 : 0;
  if (path.empty()) return;
  ++totals_.otherwise_changed;
  differences_.emplace_back(decision, path);
  KeepFirstDifferences();
}

void ReplayTally::KeepFirstDifferences() {
  std::stable_sort(differences_.begin(), differences_.end(),
                   [](const auto& a, const auto& b) { return Earlier(a.first, b.first); });
  if (differences_.size() > kMaxDifferences) differences_.resize(kMaxDifferences);
}

void ReplayTally::Join(const RuleCounts& from, RuleCounts& into) {
  AddCounts(Fields::kOfRule, from, into);
  for (size_t i = 0; i < kAspects; ++i) into.alterations[i] += from.alterations[i];
  into.examples.Merge(from.examples);
}

void ReplayTally::Merge(const ReplayTally& other) {
  decisions_ += other.decisions_;
  evaluated_ += other.evaluated_;
  AddCounts(Fields::kTotals, other.totals_, totals_);
  MergeCounts(other.levels_, levels_);
  MergeCounts(other.gates_, gates_);
  MergeCounts(other.omissions_, omissions_);
  for (const auto& [id, counts] : other.rules_) Join(counts, rules_[id]);
  if (other.differences_.empty()) return;
  differences_.insert(differences_.end(), other.differences_.begin(), other.differences_.end());
  KeepFirstDifferences();
}

v1::ImpactReport ReplayTally::ToReport(bool with_indices) const {
  v1::ImpactReport report;
  report.set_decisions(decisions_);
  report.set_evaluated(evaluated_);
  WriteCounts(Fields::kTotals, totals_, report);
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
  WriteRules(with_indices, report);
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

void ReplayTally::WriteRules(bool with_indices, v1::ImpactReport& report) const {
  for (const auto& [id, counts] : rules_) {
    v1::RuleImpact& rule = *report.add_rules();
    rule.set_rule_id(id);
    WriteCounts(Fields::kOfRule, counts, rule);
    if (counts.altered > 0) *rule.mutable_alterations() = ToAlterations(counts.alterations);
    WriteExamples(counts.examples, with_indices, *rule.mutable_example_ids());
  }
  std::stable_sort(report.mutable_rules()->begin(), report.mutable_rules()->end(),
                   [](const v1::RuleImpact& a, const v1::RuleImpact& b) {
                     return PatientsOf(a) > PatientsOf(b);
                   });
}

absl::StatusOr<ReplayTally> ReplayTally::FromReport(const v1::ImpactReport& report) {
  ReplayTally tally;
  tally.decisions_ = report.decisions();
  tally.evaluated_ = report.evaluated();
  ReadCounts(Fields::kTotals, report, tally.totals_);
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
    ReadCounts(Fields::kOfRule, rule, counts);
    counts.alterations = FromAlterations(rule.alterations());
    good &= ReadExamples(rule.example_ids(), PatientsOf(rule), counts.examples);
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
