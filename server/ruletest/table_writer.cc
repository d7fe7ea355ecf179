#include "server/ruletest/table_writer.h"

#include <deque>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/ruletest/answers.h"
#include "server/ruletest/condition_tables.h"
#include "server/ruletest/effect_tables.h"

namespace plumbline::ruletest {
namespace {

using ruleset::Probe;

// The rows of conditions in tables that are there already, as the rules see their patients now.
class PreviousRows {
 public:
  // All must outlive the object, and the object the tables that it was read into.
  PreviousRows(const Subject& subject, const CaseSearch& search, const v1::Ruleset& previous)
      : subject_(subject), search_(search) {
    for (size_t b = 0; b < search.bases().size(); ++b) {
      bases_.emplace(search.bases()[b].source->patient, b);
    }
    for (const v1::OutcomeTable& table : previous.outcome_tables()) {
      tables_[{table.rule_id(), table.part()}].push_back(&table);
    }
  }

  void ReadInto(const Probe& probe, ConditionTables& out) {
    const auto tables = tables_.find(probe.name);
    if (tables == tables_.end()) return;
    for (const v1::OutcomeTable* table : tables->second) {
      for (const v1::OutcomeRow& row : table->rows()) {
        if (row.has_effect()) continue;
        std::optional<Found> found = Read(probe, *table, row);
        if (!found.has_value()) {
          out.Drop();
          continue;
        }
        const expr::Outcome outcome = expr::Plan::OutcomeOf(probe.outcome, found->frame);
        out.Keep(*found, WrittenAs(outcome) == row.outcome());
      }
    }
  }

 private:
  static v1::ConditionOutcome WrittenAs(expr::Outcome outcome) {
    return outcome == expr::Outcome::kMatch     ? v1::CONDITION_OUTCOME_MATCH
           : outcome == expr::Outcome::kNoMatch ? v1::CONDITION_OUTCOME_NO_MATCH
                                                : v1::CONDITION_OUTCOME_INDETERMINATE;
  }

  std::optional<Found> Read(const Probe& probe, const v1::OutcomeTable& table,
                            const v1::OutcomeRow& row) {
    const auto base = bases_.find(table.patient());
    if (base == bases_.end()) return std::nullopt;
    const Case& patient = *search_.bases()[base->second].source;
    // The frame refers to texts in the intake.
    v1::Intake& intake = intakes_.emplace_back(patient.intake);
    for (const std::string& answer : row.with()) {
      if (!SetAnswer(answer, *subject_.ruleset->schema, intake).ok()) return std::nullopt;
    }
    const bool contradictions_allowed = absl::StartsWith(probe.path, "consistency_rules[");
    for (const engine::FieldViolation& violation : subject_.engine->Evaluate(
             intake, patient.as_of, engine::View::kBasic, workspace_, bytes_)) {
      if (!contradictions_allowed ||
          violation.kind != engine::FieldViolation::Kind::kContradiction) {
        return std::nullopt;
      }
    }
    return Found{
        base->second, {row.with().begin(), row.with().end()}, subject_.engine->FrameOf(workspace_)};
  }

  const Subject& subject_;
  const CaseSearch& search_;
  std::map<std::string, size_t> bases_;
  std::map<ruleset::ConditionName, std::vector<const v1::OutcomeTable*>> tables_;
  std::deque<v1::Intake> intakes_;
  engine::Workspace workspace_;
  std::string bytes_;
};

void WriteRegisters(const v1::Ruleset& ruleset, v1::Ruleset& out) {
  for (const v1::Exercise& exercise : ruleset.exercises()) {
    v1::DoseRegister& one = *out.add_dose_registers();
    one.set_exercise_id(exercise.id());
    for (const v1::DoseStep& dose : exercise.doses()) one.add_steps(DescribeDose(dose));
  }
}

// Of each row: what it is about, and what it says.
std::map<std::string, std::string> RowsOf(const v1::Ruleset& tables) {
  std::map<std::string, std::string> rows;
  for (const v1::OutcomeTable& table : tables.outcome_tables()) {
    for (const v1::OutcomeRow& row : table.rows()) {
      const char* const kind = row.has_effect() ? "effect" : "outcome";
      rows.emplace(absl::StrCat(table.rule_id(), "\n", table.part(), "\n", kind, "\n",
                                table.patient(), "\n", absl::StrJoin(row.with(), "\n")),
                   row.SerializeAsString());
    }
  }
  return rows;
}

}  // namespace

WrittenTables WriteTables(const Subject& subject, const CaseSet& cases, const v1::Ruleset& previous,
                          const std::function<void(double)>& progress) {
  WrittenTables out;
  CaseSearch search(subject, cases);
  PreviousRows rows(subject, search, previous);
  const std::vector<Probe>& conditions = subject.probes.conditions;
  for (size_t i = 0; i < conditions.size(); ++i) {
    ConditionTables tables(subject, cases, search, conditions[i]);
    rows.ReadInto(conditions[i], tables);
    tables.Complete();
    tables.AppendTo(out.tables);
    out.not_found.insert(out.not_found.end(), tables.not_found().begin(), tables.not_found().end());
    if (progress) progress(static_cast<double>(i + 1) / static_cast<double>(conditions.size()));
  }
  const v1::Ruleset of_conditions = out.tables;
  EffectTables effects(subject, cases, of_conditions);
  effects.Keep(previous);
  effects.AppendTo(out.tables);
  WriteRegisters(subject.ruleset->source, out.tables);
  return out;
}

RowCounts CountRows(const v1::Ruleset& before, const v1::Ruleset& after) {
  const std::map<std::string, std::string> old_rows = RowsOf(before);
  const std::map<std::string, std::string> new_rows = RowsOf(after);
  RowCounts counts;
  for (const auto& [key, row] : new_rows) {
    const auto old_row = old_rows.find(key);
    if (old_row == old_rows.end()) {
      ++counts.added;
    } else {
      ++(old_row->second == row ? counts.kept : counts.changed);
    }
  }
  for (const auto& [key, row] : old_rows) counts.removed += new_rows.count(key) == 0 ? 1 : 0;
  return counts;
}

}  // namespace plumbline::ruletest
