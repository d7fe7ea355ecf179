// TableWriter: writes the outcome tables and dose registers of a ruleset.
//
// For every condition: one row for each outcome that it can have, rows in which each leaf decides
// as true and as false, and three rows around every number that an answer is compared with. For
// every rule with an effect: patients who show all of it. What the rules say now is what the tables
// will hold; a person reviews them.
//
// So that the difference is what a change of the rules did, and nothing else, rows that are there
// already stay where they are, with what the rules now say of them, as long as all of their
// condition (or rule) still holds; condition_tables.h and effect_tables.h say what happens to the
// others. Written twice is written once.

#ifndef PLUMBLINE_SERVER_RULETEST_TABLE_WRITER_H_
#define PLUMBLINE_SERVER_RULETEST_TABLE_WRITER_H_

#include <functional>
#include <string>
#include <vector>

#include "plumbline/v1/ruleset.pb.h"
#include "server/ruletest/cases.h"

namespace plumbline::ruletest {

struct WrittenTables {
  // outcome_tables and dose_registers only.
  v1::Ruleset tables;
  // Goals that no patient was found for: "RF-CA-5: never indeterminate".
  std::vector<std::string> not_found;
};

// `previous`: the tables to start from; with none everything is looked for. `progress` is called
// with the share done, from 0 to 1; may be empty. Deterministic.
WrittenTables WriteTables(const Subject& subject, const CaseSet& cases, const v1::Ruleset& previous,
                          const std::function<void(double)>& progress);

// What became of the rows of `before` in `after`.
struct RowCounts {
  size_t kept = 0;
  size_t changed = 0;  // the same patient and condition with another outcome or effect
  size_t added = 0;
  size_t removed = 0;
};
RowCounts CountRows(const v1::Ruleset& before, const v1::Ruleset& after);

}  // namespace plumbline::ruletest

#endif  // PLUMBLINE_SERVER_RULETEST_TABLE_WRITER_H_
