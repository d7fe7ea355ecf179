#include "server/ruletest/table_writer.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/ruletest/answers.h"
#include "server/ruletest/effects.h"

namespace plumbline::ruletest {
namespace {

using expr::Outcome;
using ruleset::Probe;

constexpr Want kWantOfOutcome[] = {Want::kFalse, Want::kTrue, Want::kUnknown};

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

// Patients and their rows for one condition, in the order in which they were found.
class ConditionTables {
 public:
  ConditionTables(const Subject& subject, CaseSearch& search, const CaseSet& cases,
                  const Probe& probe, WrittenTables& out)
      : search_(search),
        probe_(probe),
        out_(out),
        one_probe_{{probe}, {}},
        coverage_(*subject.ruleset, one_probe_) {
    for (const size_t index : cases.About(probe.name.rule_id)) {
      for (size_t b = 0; b < search.bases().size(); ++b) {
        if (search.bases()[b].source == &cases.cases()[index]) preferred_.push_back(b);
      }
      if (preferred_.size() >= 3) break;
    }
  }

  void Write() {
    if (coverage_.conditions()[0].constant) return;
    for (size_t leaf = 0; leaf < probe_.leaves.size(); ++leaf) {
      for (const bool value : {true, false}) WriteDecision(leaf, value);
      WriteBoundary(leaf);
    }
    for (const Outcome outcome : {Outcome::kMatch, Outcome::kNoMatch, Outcome::kIndeterminate}) {
      WriteOutcome(outcome);
    }
  }

 private:
  bool Seen(Outcome outcome) const {
    return coverage_.conditions()[0].seen[static_cast<size_t>(outcome)];
  }

  void WriteDecision(size_t leaf, bool value) {
    if (coverage_.conditions()[0].decided[leaf][value ? 1 : 0]) return;
    std::optional<Found> found = search_.Find(
        probe_,
        [&](const expr::Frame& frame) {
          return search_.meter().ToDecision(probe_, leaf, value, frame);
        },
        preferred_);
    if (found.has_value()) Take(*found);
  }

  void WriteBoundary(size_t leaf) {
    const CaseSearch::Boundary boundary = search_.BoundaryOf(probe_.leaves[leaf]);
    if (boundary.values.empty()) return;
    std::optional<Found> found;
    for (const bool value : {true, false}) {
      if (found.has_value()) break;
      found = search_.Find(
          probe_,
          [&](const expr::Frame& frame) {
            return search_.meter().ToDecision(probe_, leaf, value, frame);
          },
          preferred_);
    }
    if (!found.has_value()) return;
    for (const double number : boundary.values) {
      if (std::optional<Found> row = search_.With(*found, boundary.slot, number)) Take(*row);
    }
  }

  void WriteOutcome(Outcome outcome) {
    if (Seen(outcome)) return;
    if (outcome == Outcome::kIndeterminate && !coverage_.conditions()[0].indeterminate_possible) {
      return;
    }
    std::optional<Found> found = search_.Find(
        probe_,
        [&](const expr::Frame& frame) {
          return search_.meter().To(probe_, kWantOfOutcome[static_cast<size_t>(outcome)], frame);
        },
        preferred_);
    if (found.has_value()) {
      Take(*found);
    } else {
      static constexpr const char* kNames[] = {"no match", "a match", "indeterminate"};
      out_.not_found.push_back(absl::StrCat(ruleset::DisplayName(probe_.name), ": never ",
                                            kNames[static_cast<size_t>(outcome)]));
    }
  }

  void Take(const Found& found) {
    // The next rows start from the same patient where they can.
    if (preferred_.empty() || preferred_.front() != found.base) {
      preferred_.insert(preferred_.begin(), found.base);
    }
    const std::string& patient = search_.bases()[found.base].source->patient;
    if (!rows_.insert(absl::StrCat(patient, "\n", absl::StrJoin(found.with, "\n"))).second) return;
    coverage_.Record(found.frame);
    v1::OutcomeRow& row = *TableOf(patient).add_rows();
    for (const std::string& answer : found.with) row.add_with(answer);
    row.set_outcome(ToProto(expr::Plan::OutcomeOf(probe_.outcome, found.frame)));
  }

  v1::OutcomeTable& TableOf(const std::string& patient) {
    const auto known = tables_.find(patient);
    if (known != tables_.end()) return *out_.tables.mutable_outcome_tables(known->second);
    tables_.emplace(patient, out_.tables.outcome_tables_size());
    v1::OutcomeTable& table = *out_.tables.add_outcome_tables();
    table.set_rule_id(probe_.name.rule_id);
    table.set_part(probe_.name.part);
    table.set_patient(patient);
    return table;
  }

  CaseSearch& search_;
  const Probe& probe_;
  WrittenTables& out_;
  ruleset::Probes one_probe_;
  Coverage coverage_;
  std::vector<size_t> preferred_;
  std::set<std::string> rows_;
  std::map<std::string, int> tables_;
};

// For every rule and outcome the patients in whom the rule does most: as many as it takes to see it
// do to every exercise what it ever does. Patients of vignettes go first; those that were found for
// the conditions fill the gaps.
class EffectTables {
 public:
  EffectTables(const Subject& subject, const CaseSet& cases) : subject_(subject), cases_(cases) {
    const v1::Ruleset& ruleset = subject.ruleset->source;
    for (const v1::TriageRule& rule : ruleset.red_flags()) silent_.push_back(rule.id());
    for (const v1::Contraindication& rule : ruleset.contraindications()) {
      silent_.push_back(rule.id());
    }
  }

  void Write(WrittenTables& out) {
    for (const Case& one : cases_.cases()) {
      if (one.vignette != nullptr) Collect(one.patient, {}, one.intake, one.as_of);
    }
    CollectFound(out.tables);
    for (auto& [key, shown] : shown_) Choose(key, shown, out);
  }

 private:
  struct Key {
    std::string rule_id;
    v1::ConditionOutcome outcome;
    std::string fired;  // "match", "raise", "not excluded": each is shown
    bool operator<(const Key& other) const {
      return std::tie(rule_id, outcome, fired) <
             std::tie(other.rule_id, other.outcome, other.fired);
    }
  };
  struct Shown {
    std::string patient;
    std::vector<std::string> with;
    v1::RuleEffect effect;
  };

  // What the effect says of single exercises.
  static std::vector<std::string> Facets(const v1::RuleEffect& effect) {
    std::vector<std::string> facets;
    for (const std::string& id : effect.exercises()) facets.push_back("+" + id);
    for (const std::string& id : effect.keeps_out()) facets.push_back("-" + id);
    for (const std::string& id : effect.locks()) facets.push_back("?" + id);
    return facets;
  }
  static size_t Gain(const v1::RuleEffect& effect, const std::set<std::string>& covered) {
    size_t gain = 0;
    for (const std::string& facet : Facets(effect)) gain += covered.count(facet) == 0 ? 1 : 0;
    return gain;
  }

  static void Choose(const Key& key, const std::vector<Shown>& shown, WrittenTables& out) {
    std::set<std::string> covered;
    bool first = true;
    while (true) {
      const auto best =
          std::max_element(shown.begin(), shown.end(), [&covered](const Shown& a, const Shown& b) {
            return Gain(a.effect, covered) < Gain(b.effect, covered);
          });
      if (!first && Gain(best->effect, covered) == 0) return;
      v1::OutcomeTable& table = *out.tables.add_outcome_tables();
      table.set_rule_id(key.rule_id);
      table.set_patient(best->patient);
      v1::OutcomeRow& row = *table.add_rows();
      for (const std::string& answer : best->with) row.add_with(answer);
      row.set_outcome(key.outcome);
      *row.mutable_effect() = best->effect;
      for (std::string& facet : Facets(best->effect)) covered.insert(std::move(facet));
      first = false;
    }
  }

  void CollectFound(const v1::Ruleset& tables) {
    std::map<std::string, const Case*> patients;
    for (const Case& one : cases_.cases()) {
      if (one.vignette != nullptr) patients.emplace(one.patient, &one);
    }
    for (const v1::OutcomeTable& table : tables.outcome_tables()) {
      const Case& base = *patients.at(table.patient());
      for (const v1::OutcomeRow& row : table.rows()) {
        if (row.with_size() == 0) continue;
        v1::Intake intake = base.intake;
        for (const std::string& answer : row.with()) {
          // It was read off a frame in the same form: it can be set.
          (void)SetAnswer(answer, *subject_.ruleset->schema, intake);
        }
        Collect(table.patient(), {row.with().begin(), row.with().end()}, intake, base.as_of);
      }
    }
  }

  void Collect(const std::string& patient, const std::vector<std::string>& with,
               const v1::Intake& intake, absl::CivilDay as_of) {
    if (!subject_.engine->Evaluate(intake, as_of, engine::View::kFull, workspace_, bytes_)
             .empty()) {
      return;
    }
    v1::Decision decision;
    if (!decision.ParseFromString(bytes_)) return;
    const expr::Frame& frame = subject_.engine->FrameOf(workspace_);
    Effects effects = EffectsOf(decision);
    // A rule that stays open and says nothing: that it is passed over is an effect too, if the
    // decision speaks of exercises at all.
    if (decision.programme_size() > 0) {
      for (const std::string& id : silent_) {
        if (effects.count(id) == 0 && OutcomeOf(id, frame) == v1::CONDITION_OUTCOME_INDETERMINATE) {
          Offer({patient, with, {}}, id, frame);
        }
      }
    }
    for (const auto& [id, effect] : effects) Offer({patient, with, effect}, id, frame);
  }

  // Screens have no condition of their own: firing is their match. So it is with what always holds.
  v1::ConditionOutcome OutcomeOf(const std::string& id, const expr::Frame& frame) const {
    const auto node = subject_.nodes.find(id);
    return node == subject_.nodes.end() ? v1::CONDITION_OUTCOME_MATCH
                                        : ToProto(expr::Plan::OutcomeOf(node->second, frame));
  }

  void Offer(Shown shown, const std::string& id, const expr::Frame& frame) {
    const Key key{id, OutcomeOf(id, frame), shown.effect.fired()};
    // Only what shows something new is worth keeping.
    std::set<std::string>& seen = facets_[key];
    if (!shown_[key].empty() && Gain(shown.effect, seen) == 0) return;
    for (std::string& facet : Facets(shown.effect)) seen.insert(std::move(facet));
    shown_[key].push_back(std::move(shown));
  }

  const Subject& subject_;
  const CaseSet& cases_;
  std::vector<std::string> silent_;  // rules whose silence is recorded
  engine::Workspace workspace_;
  std::string bytes_;
  std::map<Key, std::vector<Shown>> shown_;
  std::map<Key, std::set<std::string>> facets_;
};

void WriteRegisters(const v1::Ruleset& ruleset, WrittenTables& out) {
  for (const v1::Exercise& exercise : ruleset.exercises()) {
    v1::DoseRegister& one = *out.tables.add_dose_registers();
    one.set_exercise_id(exercise.id());
    for (const v1::DoseStep& dose : exercise.doses()) one.add_steps(DescribeDose(dose));
  }
}

std::string Quoted(const std::string& text) {
  return absl::StrCat("\"", absl::CEscape(text), "\"");
}

std::string EffectText(const v1::RuleEffect& effect) {
  std::vector<std::string> parts;
  if (!effect.fired().empty()) parts.push_back("fired: " + Quoted(effect.fired()));
  if (effect.level() != v1::LEVEL_UNSPECIFIED) {
    parts.push_back("level: " + v1::Level_Name(effect.level()));
  }
  if (effect.gate() != v1::GATE_UNSPECIFIED) {
    parts.push_back("gate: " + v1::Gate_Name(effect.gate()));
  }
  if (effect.has_due_days()) parts.push_back(absl::StrCat("due_days: ", effect.due_days()));
  if (!effect.referral().empty()) parts.push_back("referral: " + Quoted(effect.referral()));
  for (const std::string& id : effect.exercises()) parts.push_back("exercises: " + Quoted(id));
  for (const std::string& id : effect.keeps_out()) parts.push_back("keeps_out: " + Quoted(id));
  for (const std::string& id : effect.locks()) parts.push_back("locks: " + Quoted(id));
  if (effect.has_points()) parts.push_back(absl::StrCat("points: ", effect.points()));
  if (effect.shown()) parts.emplace_back("shown: true");
  if (effect.has_after_days()) parts.push_back(absl::StrCat("after_days: ", effect.after_days()));
  if (effect.likelihood() != v1::LIKELIHOOD_UNSPECIFIED) {
    parts.push_back("likelihood: " + v1::Likelihood_Name(effect.likelihood()));
  }
  return absl::StrJoin(parts, " ");
}

// Within 100 columns where the words allow it.
void AppendWrapped(std::string& out, const std::string& indent, const std::string& text) {
  constexpr size_t kColumns = 100;
  size_t column = indent.size();
  absl::StrAppend(&out, indent);
  bool in_quotes = false;
  size_t begin = 0;
  bool first = true;
  const auto word = [&](size_t end) {
    const size_t length = end - begin;
    if (!first && column + 1 + length > kColumns) {
      absl::StrAppend(&out, "\n", indent, "  ");
      column = indent.size() + 2;
    } else if (!first) {
      out += ' ';
      ++column;
    }
    out.append(text, begin, length);
    column += length;
    first = false;
  };
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') in_quotes = !in_quotes;
    // "name: value" stays together.
    if (text[i] == ' ' && !in_quotes && i > 0 && text[i - 1] != ':') {
      word(i);
      begin = i + 1;
    }
  }
  word(text.size());
  out += '\n';
}

}  // namespace

WrittenTables WriteTables(const Subject& subject, const CaseSet& cases,
                          const std::function<void(double)>& progress) {
  WrittenTables out;
  CaseSearch search(subject, cases);
  const std::vector<Probe>& conditions = subject.probes.conditions;
  for (size_t i = 0; i < conditions.size(); ++i) {
    ConditionTables(subject, search, cases, conditions[i], out).Write();
    if (progress) progress(static_cast<double>(i + 1) / static_cast<double>(conditions.size()));
  }
  EffectTables(subject, cases).Write(out);
  WriteRegisters(subject.ruleset->source, out);
  return out;
}

std::string FormatTables(const v1::Ruleset& tables) {
  std::string out =
      "# proto-file: proto/plumbline/v1/ruleset.proto\n"
      "# proto-message: plumbline.v1.Ruleset\n"
      "#\n"
      "# Where the outcome of each condition changes, what each rule does, and every dose.\n"
      "# Written by `plumbline rules cases --write`; review the changes, do not edit by hand.\n";
  for (const v1::OutcomeTable& table : tables.outcome_tables()) {
    absl::StrAppend(&out, "\noutcome_tables {\n");
    std::string head = "rule_id: " + Quoted(table.rule_id());
    if (!table.part().empty()) head += " part: " + Quoted(table.part());
    AppendWrapped(out, "  ", absl::StrCat(head, " patient: ", Quoted(table.patient())));
    for (const v1::OutcomeRow& row : table.rows()) {
      std::string text = "rows {";
      for (const std::string& answer : row.with()) text += " with: " + Quoted(answer);
      absl::StrAppend(&text, " outcome: ", v1::ConditionOutcome_Name(row.outcome()));
      if (row.has_effect()) absl::StrAppend(&text, " effect { ", EffectText(row.effect()), " }");
      AppendWrapped(out, "  ", text + " }");
    }
    out += "}\n";
  }
  for (const v1::DoseRegister& one : tables.dose_registers()) {
    absl::StrAppend(&out, "\ndose_registers {\n  exercise_id: ", Quoted(one.exercise_id()), "\n");
    for (const std::string& step : one.steps()) {
      absl::StrAppend(&out, "  steps: ", Quoted(step), "\n");
    }
    out += "}\n";
  }
  return out;
}

}  // namespace plumbline::ruletest
