#include "server/ruletest/condition_tables.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"

namespace plumbline::ruletest {
namespace {

using expr::Frame;
using expr::Outcome;
using ruleset::Probe;

constexpr Want kWantOfOutcome[] = {Want::kFalse, Want::kTrue, Want::kUnknown};
constexpr const char* kOutcomeNames[] = {"no match", "a match", "indeterminate"};
// Patients of vignettes that name the rule.
constexpr size_t kMostNamed = 3;

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

}  // namespace

ConditionTables::ConditionTables(const Subject& subject, const CaseSet& cases, CaseSearch& search,
                                 const Probe& probe)
    : subject_(subject), search_(search), probe_(probe), one_probe_{{probe}, {}} {
  coverage_.emplace(*subject.ruleset, one_probe_);
  for (const size_t index : cases.NamedByVignettes(probe.name.rule_id)) {
    for (size_t b = 0; b < search.bases().size(); ++b) {
      if (search.bases()[b].source == &cases.cases()[index]) named_.push_back(b);
    }
    if (named_.size() >= kMostNamed) break;
  }
}

void ConditionTables::Keep(const Found& found, bool holds) {
  Add(found);
  if (!holds) touched_ = true;
}

void ConditionTables::Complete() {
  if (coverage_->conditions()[0].constant) {
    tables_.clear();
    return;
  }
  if (touched_) Prune();
  if (tables_.empty()) touched_ = true;
  for (size_t leaf = 0; leaf < probe_.leaves.size(); ++leaf) {
    if (touched_ || IsNew(leaf)) wanted_.push_back(leaf);
  }
  // Again after an addition, until nothing more is found: what is there must be all that the next
  // run could find from it.
  while (AddMissing() && failed_) {
  }
}

std::optional<Found> ConditionTables::Find(const CaseSearch::Distance& distance) {
  using Effort = CaseSearch::Effort;
  return search_.Find(probe_, distance, Preferred(), touched_ ? Effort::kOften : Effort::kOnce);
}

bool ConditionTables::AddMissing() {
  bool added = false;
  failed_ = false;
  not_found_.clear();
  for (const size_t leaf : wanted_) {
    for (const bool value : {true, false}) added |= AddDecision(leaf, value);
    added |= AddBoundary(leaf);
  }
  for (const Outcome outcome : {Outcome::kMatch, Outcome::kNoMatch, Outcome::kIndeterminate}) {
    added |= AddOutcome(outcome);
  }
  return added;
}

bool ConditionTables::IsNew(size_t leaf) const {
  if (Decided(leaf, true) || Decided(leaf, false)) return false;
  const CaseSearch::Boundary boundary = search_.BoundaryOf(probe_.leaves[leaf]);
  const auto at_boundary = [&](const Found& row) {
    return boundary.values.empty() ||
           std::any_of(boundary.values.begin(), boundary.values.end(),
                       [&](double number) { return search_.Is(row.frame, boundary.slot, number); });
  };
  bool known = false;
  subject_.ruleset->plan.Support(probe_.leaves[leaf].outcome).ForEach([&](expr::SlotIndex slot) {
    for (const Table& table : tables_) {
      known = known || std::any_of(table.rows.begin(), table.rows.end(), [&](const Found& row) {
                return search_.Changes(row, slot) && at_boundary(row);
              });
    }
  });
  return !known;
}

bool ConditionTables::AddDecision(size_t leaf, bool value) {
  if (!coverage_->conditions()[0].possible[leaf][value ? 1 : 0] || Decided(leaf, value)) {
    return false;
  }
  const std::optional<Found> found = Find(
      [&](const Frame& frame) { return search_.meter().ToDecision(probe_, leaf, value, frame); });
  if (!found.has_value() || !Decides(leaf, found->frame)) {
    failed_ = true;
    return false;
  }
  return Add(*found);
}

bool ConditionTables::AddBoundary(size_t leaf) {
  const CaseSearch::Boundary boundary = search_.BoundaryOf(probe_.leaves[leaf]);
  bool added = false;
  for (const double number : boundary.values) {
    if (search_.CanBe(boundary.slot, number) && !HasBoundary(leaf, boundary, number)) {
      added |= AddBoundaryRow(leaf, boundary, number);
    }
  }
  return added;
}

bool ConditionTables::AddBoundaryRow(size_t leaf, const CaseSearch::Boundary& boundary,
                                     double number) {
  const auto try_from = [&](const Found& found) {
    const std::optional<Found> row = search_.With(probe_, found, boundary.slot, number);
    return row.has_value() && IsAtBoundary(leaf, boundary, number, *row) && Add(*row);
  };
  for (const Table& table : tables_) {
    for (const Found& row : table.rows) {
      // Adding moves the rows: nothing of them is used after that.
      if (Decides(leaf, row.frame) && try_from(Found(row))) return true;
    }
  }
  for (const bool value : {true, false}) {
    const std::optional<Found> found = Find(
        [&](const Frame& frame) { return search_.meter().ToDecision(probe_, leaf, value, frame); });
    if (found.has_value() && try_from(*found)) return true;
  }
  failed_ = true;
  return false;
}

bool ConditionTables::AddOutcome(Outcome outcome) {
  if (Seen(outcome)) return false;
  const size_t index = static_cast<size_t>(outcome);
  if (outcome == Outcome::kIndeterminate && !coverage_->conditions()[0].indeterminate_possible) {
    return false;
  }
  const std::optional<Found> found = Find(
      [&](const Frame& frame) { return search_.meter().To(probe_, kWantOfOutcome[index], frame); });
  if (found.has_value() && Add(*found)) return true;
  failed_ = true;
  not_found_.push_back(
      absl::StrCat(ruleset::DisplayName(probe_.name), ": never ", kOutcomeNames[index]));
  return false;
}

bool ConditionTables::IsThere(const Found& found) const {
  for (const Table& table : tables_) {
    if (table.base != found.base) continue;
    return std::any_of(table.rows.begin(), table.rows.end(),
                       [&found](const Found& row) { return row.with == found.with; });
  }
  return false;
}

bool ConditionTables::Add(const Found& found) {
  if (IsThere(found)) return false;
  coverage_->Record(found.frame);
  auto table = std::find_if(tables_.begin(), tables_.end(),
                            [&found](const Table& one) { return one.base == found.base; });
  if (table == tables_.end()) table = tables_.insert(table, Table{found.base, {}});
  table->rows.push_back(found);
  return true;
}

void ConditionTables::Prune() {
  std::vector<Table> old = std::move(tables_);
  tables_.clear();
  coverage_.emplace(*subject_.ruleset, one_probe_);
  std::vector<CaseSearch::Boundary> boundaries;
  for (const ruleset::ProbeLeaf& leaf : probe_.leaves) {
    boundaries.push_back(search_.BoundaryOf(leaf));
  }
  const auto serves = [&](const Found& row) {
    std::vector<Outcome> leaves;
    ReadLeaves(probe_, row.frame, leaves);
    if (!Seen(Combine(probe_, leaves))) return true;
    for (size_t leaf = 0; leaf < leaves.size(); ++leaf) {
      if (leaves[leaf] != Outcome::kIndeterminate &&
          !Decided(leaf, leaves[leaf] == Outcome::kMatch) && Decides(leaf, row.frame)) {
        return true;
      }
      for (const double number : boundaries[leaf].values) {
        if (!HasBoundary(leaf, boundaries[leaf], number) &&
            IsAtBoundary(leaf, boundaries[leaf], number, row)) {
          return true;
        }
      }
    }
    return false;
  };
  for (const Table& table : old) {
    for (const Found& row : table.rows) {
      if (serves(row)) Add(row);
    }
  }
}

bool ConditionTables::Seen(Outcome outcome) const {
  return coverage_->conditions()[0].seen[static_cast<size_t>(outcome)];
}

bool ConditionTables::Decided(size_t leaf, bool value) const {
  return coverage_->conditions()[0].decided[leaf][value ? 1 : 0];
}

bool ConditionTables::Decides(size_t leaf, const Frame& frame) const {
  std::vector<Outcome> leaves;
  ReadLeaves(probe_, frame, leaves);
  return leaves[leaf] != Outcome::kIndeterminate && ruletest::Decides(probe_, leaves, leaf);
}

bool ConditionTables::IsAtBoundary(size_t leaf, const CaseSearch::Boundary& boundary, double number,
                                   const Found& row) const {
  if (!search_.Is(row.frame, boundary.slot, number)) return false;
  if (Decides(leaf, row.frame)) return true;
  return search_.AnyOf(boundary.slot, row.frame,
                       [&](const Frame& frame) { return Decides(leaf, frame); });
}

bool ConditionTables::HasBoundary(size_t leaf, const CaseSearch::Boundary& boundary,
                                  double number) const {
  for (const Table& table : tables_) {
    for (const Found& row : table.rows) {
      if (IsAtBoundary(leaf, boundary, number, row)) return true;
    }
  }
  return false;
}

std::vector<size_t> ConditionTables::Preferred() const {
  std::vector<size_t> bases;
  std::transform(tables_.rbegin(), tables_.rend(), std::back_inserter(bases),
                 [](const Table& table) { return table.base; });
  for (const size_t base : named_) {
    if (std::find(bases.begin(), bases.end(), base) == bases.end()) bases.push_back(base);
  }
  return bases;
}

void ConditionTables::AppendTo(v1::Ruleset& out) const {
  for (const Table& table : tables_) {
    v1::OutcomeTable& written = *out.add_outcome_tables();
    written.set_rule_id(probe_.name.rule_id);
    written.set_part(probe_.name.part);
    written.set_patient(search_.bases()[table.base].source->patient);
    for (const Found& found : table.rows) {
      v1::OutcomeRow& row = *written.add_rows();
      for (const std::string& answer : found.with) row.add_with(answer);
      row.set_outcome(ToProto(expr::Plan::OutcomeOf(probe_.outcome, found.frame)));
    }
  }
}

}  // namespace plumbline::ruletest
