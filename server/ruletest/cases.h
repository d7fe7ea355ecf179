// Cases: all that the tests of a ruleset expect, in a form that can be run against any ruleset with
// the same ids: the one they belong to, or a changed one.
//
// A case is one patient. It carries the vignette's expectation (when it is the vignette's own
// patient) and the rows of outcome tables that are about this patient.
//
// CaseSet is immutable and thread-safe once built; it refers to the ruleset that it was built from,
// which must outlive it. CaseRunner belongs to one thread.

#ifndef PLUMBLINE_SERVER_RULETEST_CASES_H_
#define PLUMBLINE_SERVER_RULETEST_CASES_H_

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/civil_time.h"
#include "plumbline/v1/decision.pb.h"
#include "plumbline/v1/intake.pb.h"
#include "server/base/issue.h"
#include "server/engine/engine.h"
#include "server/engine/vignette_runner.h"
#include "server/ruleset/probes.h"
#include "server/ruletest/coverage.h"
#include "server/ruletest/effects.h"

namespace plumbline::ruletest {

struct ExpectedOutcome {
  ruleset::ConditionName condition;
  const v1::OutcomeRow* row = nullptr;
  std::string path;  // of the row in the ruleset
};

struct Case {
  std::string patient;                     // vignette id
  std::vector<std::string> with;           // what differs from it
  const v1::Vignette* vignette = nullptr;  // its expectation counts; null for a changed patient
  v1::Intake intake;
  absl::CivilDay as_of;
  std::vector<ExpectedOutcome> outcomes;
};

class CaseSet {
 public:
  // Rows that cannot be read (unknown field, unknown patient) become issues with the row's path as
  // file; they are left out.
  explicit CaseSet(const ruleset::CompiledRuleset& ruleset);

  const std::vector<Case>& cases() const { return cases_; }
  // Cases that name the rule: rows about it, vignettes that cover or expect it.
  const std::vector<size_t>& About(const std::string& rule_id) const;
  // Of these the vignettes' own patients, by what people wrote alone: outcome tables have no say.
  const std::vector<size_t>& NamedByVignettes(const std::string& rule_id) const;
  const std::vector<const v1::DoseRegister*>& registers() const { return registers_; }
  const std::vector<std::string>& problems() const { return problems_; }
  size_t row_count() const { return row_count_; }

 private:
  void AddVignettes(const ruleset::CompiledRuleset& ruleset);
  void AddTables(const ruleset::CompiledRuleset& ruleset);
  void Mention(const std::string& rule_id, size_t index);

  std::vector<Case> cases_;
  std::vector<const v1::DoseRegister*> registers_;
  absl::flat_hash_map<std::string, std::vector<size_t>> about_;
  absl::flat_hash_map<std::string, std::vector<size_t>> named_;
  std::vector<std::string> problems_;
  size_t row_count_ = 0;
};

// A ruleset under test: compiled with its conditions taken apart.
struct Subject {
  std::shared_ptr<const ruleset::CompiledRuleset> ruleset;
  ruleset::Probes probes;
  // Node of each condition by DisplayName; of conditions and stages also by their id.
  absl::flat_hash_map<std::string, expr::NodeId> nodes;
  std::shared_ptr<const engine::Engine> engine;
};

// Completes a subject whose ruleset and probes are set.
void PrepareSubject(Subject& subject);

// What differs from the expectations of a case, one line each.
struct CaseDifferences {
  // Why the patient was refused: then nothing was compared, and nothing of the case holds.
  std::vector<std::string> refused;
  std::vector<std::string> vignette;
  // Of each row, in the order of Case::outcomes.
  std::vector<std::vector<std::string>> rows;
};

class CaseRunner {
 public:
  // `subject` must outlive the runner.
  explicit CaseRunner(const Subject& subject) : subject_(subject) {}

  // What differs from the expectations, one line each; empty: passed. `result` (may be null) takes
  // the vignette's own result.
  std::vector<std::string> Run(const Case& one, engine::VignetteResult* result = nullptr);
  // The same, by what was expected.
  CaseDifferences RunApart(const Case& one, engine::VignetteResult* result = nullptr);

  // The frame of the last run, for coverage.
  const expr::Frame& frame() const { return subject_.engine->FrameOf(workspace_); }
  // False if the last patient could not be bound: the frame was not evaluated. (Contradictory
  // answers are refused as well, but only after the evaluation.)
  bool evaluated() const { return evaluated_; }

 private:
  bool AboutConsistency(const Case& one) const;
  std::vector<std::string> CompareRow(const ExpectedOutcome& expected, const Effects& effects);

  const Subject& subject_;
  engine::Workspace workspace_;
  std::string bytes_;
  bool evaluated_ = false;
};

// What the ruleset's dose ladders do not share with their registers: one line for each register
// that differs; of one register, that line or nothing.
std::string CompareRegister(const v1::Ruleset& ruleset, const v1::DoseRegister& one);
std::vector<std::string> CompareRegisters(const v1::Ruleset& ruleset, const CaseSet& cases);

}  // namespace plumbline::ruletest

#endif  // PLUMBLINE_SERVER_RULETEST_CASES_H_
