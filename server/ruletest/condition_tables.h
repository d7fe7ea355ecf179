// ConditionTables: the rows that show how one condition comes out.
//
// Goals are one row for each outcome that the condition can have, rows in which each of its leaves
// decides as true and as false, and rows just below, at and above every number that a leaf compares
// an answer with. Rows that are there already come first and stay; patients are looked for only
// where they leave a goal out. When one of them no longer holds, those that serve no goal any more
// go. So a condition that no change touches keeps its rows, byte for byte: of what they leave out
// only outcomes, and leaves that they do not know, are looked for. The rest was looked for in vain.
//
// Which rows come out depends on the ruleset without its tables and on the rows that were there:
// completing what Complete() has left adds nothing. Thread-compatible. Refers to its arguments,
// which must outlive it.

#ifndef PLUMBLINE_SERVER_RULETEST_CONDITION_TABLES_H_
#define PLUMBLINE_SERVER_RULETEST_CONDITION_TABLES_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "plumbline/v1/ruleset.pb.h"
#include "server/ruletest/case_search.h"
#include "server/ruletest/coverage.h"

namespace plumbline::ruletest {

class ConditionTables {
 public:
  ConditionTables(const Subject& subject, const CaseSet& cases, CaseSearch& search,
                  const ruleset::Probe& probe);

  // A row that is there already, as the rules see its patient now; `holds` if its outcome is still
  // the one that was written down.
  void Keep(const Found& found, bool holds);
  // A row that is there and can be no more: its patient is gone, or its answers contradict.
  void Drop() { touched_ = true; }

  // Adds rows for the goals that are left out. Once.
  void Complete();

  // One table for each patient, in the order of their first rows.
  void AppendTo(v1::Ruleset& out) const;
  // Outcomes that no patient was found for: "RF-CA-5: never indeterminate".
  const std::vector<std::string>& not_found() const { return not_found_; }

 private:
  // Rows that start from the same patient.
  struct Table {
    size_t base = 0;
    std::vector<Found> rows;
  };

  std::optional<Found> Find(const CaseSearch::Distance& distance);
  // True for a leaf that was not there when the rows were written: none decides it, and none
  // answers what it reads.
  bool IsNew(size_t leaf) const;
  bool AddMissing();
  bool AddDecision(size_t leaf, bool value);
  bool AddBoundary(size_t leaf);
  bool AddBoundaryRow(size_t leaf, const CaseSearch::Boundary& boundary, double number);
  bool AddOutcome(expr::Outcome outcome);

  // False if it is there already.
  bool Add(const Found& found);
  bool IsThere(const Found& found) const;
  // Takes out what adds nothing to the rows before it.
  void Prune();

  bool Seen(expr::Outcome outcome) const;
  bool Decided(size_t leaf, bool value) const;
  bool Decides(size_t leaf, const expr::Frame& frame) const;
  // True if the row has `number`, and the leaf decides for it or for another number in its place.
  bool IsAtBoundary(size_t leaf, const CaseSearch::Boundary& boundary, double number,
                    const Found& row) const;
  bool HasBoundary(size_t leaf, const CaseSearch::Boundary& boundary, double number) const;
  // Patients to start from: the latest first, then those of vignettes that name the rule.
  std::vector<size_t> Preferred() const;

  const Subject& subject_;
  CaseSearch& search_;
  const ruleset::Probe& probe_;
  ruleset::Probes one_probe_;
  std::optional<Coverage> coverage_;
  std::vector<size_t> named_;
  std::vector<Table> tables_;
  std::vector<std::string> not_found_;
  bool touched_ = false;
  std::vector<size_t> wanted_;  // leaves whose goals are looked for
  // A goal was out of reach; with other patients to start from it may not be.
  bool failed_ = false;
};

}  // namespace plumbline::ruletest

#endif  // PLUMBLINE_SERVER_RULETEST_CONDITION_TABLES_H_
