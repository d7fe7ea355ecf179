// EffectTables: rows that show what each rule does.
//
// For every rule, outcome and way of firing the patients in whom the rule does most: as many as it
// takes to see it do to every exercise what it ever does to one. Rows that are there already come
// first and stay; others are looked for only for what they do not show. When the effect of one of
// them has changed, those of that rule that show nothing of their own go.
//
// Candidates are the patients of vignettes and of the rows that were found for the rule's own
// condition; for a rule that has no row yet also those that were found for other rules. So a change
// of one rule asks for no row of another. Thread-compatible. Refers to its arguments, which must
// outlive it.

#ifndef PLUMBLINE_SERVER_RULETEST_EFFECT_TABLES_H_
#define PLUMBLINE_SERVER_RULETEST_EFFECT_TABLES_H_

#include <map>
#include <set>
#include <string>
#include <vector>

#include "plumbline/v1/ruleset.pb.h"
#include "server/ruletest/cases.h"
#include "server/ruletest/effects.h"

namespace plumbline::ruletest {

class EffectTables {
 public:
  // `conditions`: outcome tables of conditions, as ConditionTables writes them.
  EffectTables(const Subject& subject, const CaseSet& cases, const v1::Ruleset& conditions);

  // Rows that are there already: those of `previous` that hold an effect.
  void Keep(const v1::Ruleset& previous);

  void AppendTo(v1::Ruleset& out);

 private:
  struct Key {
    std::string rule_id;
    v1::ConditionOutcome outcome = v1::CONDITION_OUTCOME_UNSPECIFIED;
    std::string fired;  // "match", "raise", "not excluded": each is shown
    bool operator<(const Key& other) const;
  };
  struct Shown {
    std::string patient;
    std::vector<std::string> with;
    v1::RuleEffect effect;
  };
  // One patient under the rules as they are.
  struct Run {
    bool ok = false;
    bool has_programme = false;
    Effects effects;
  };

  Run Evaluate(const v1::Intake& intake, absl::CivilDay as_of);
  // Of the patient of the latest Evaluate(): the effect of a rule, if there is anything to show.
  const v1::RuleEffect* EffectOf(const Run& run, const std::string& rule_id) const;
  v1::ConditionOutcome OutcomeOf(const std::string& rule_id) const;

  void KeepRow(const v1::OutcomeTable& table, const v1::OutcomeRow& row);
  void CollectVignettes();
  void CollectFound();
  // `own`: the rule that the patient was found for; empty for a patient of a vignette.
  void Collect(const std::string& patient, const std::vector<std::string>& with,
               const v1::Intake& intake, absl::CivilDay as_of, const std::string& own);
  void Offer(Shown shown, const std::string& rule_id);
  void Write(const Key& key, v1::Ruleset& out) const;

  const Subject& subject_;
  const CaseSet& cases_;
  const v1::Ruleset& conditions_;
  std::map<std::string, const Case*> patients_;
  std::set<std::string> silent_;  // rules whose silence is recorded
  engine::Workspace workspace_;
  std::string bytes_;
  std::set<std::string> has_rows_;  // rules of which a row was kept
  std::set<std::string> touched_;   // rules of which a row no longer holds
  std::map<Key, std::vector<Shown>> kept_;
  std::map<Key, std::vector<Shown>> offered_;
  std::map<Key, std::set<std::string>> facets_;
};

}  // namespace plumbline::ruletest

#endif  // PLUMBLINE_SERVER_RULETEST_EFFECT_TABLES_H_
