// TableWriter: writes the outcome tables and dose registers of a ruleset.
//
// For every condition: one row for each outcome that it can have, rows in which each leaf decides
// as true and as false, and three rows around every number that an answer is compared with. For
// every rule with an effect: a vignette's patient who shows it. What the rules say now is what the
// tables will hold; a person reviews them.

#ifndef PLUMBLINE_SERVER_RULETEST_TABLE_WRITER_H_
#define PLUMBLINE_SERVER_RULETEST_TABLE_WRITER_H_

#include <functional>
#include <string>
#include <vector>

#include "plumbline/v1/ruleset.pb.h"
#include "server/ruletest/case_search.h"

namespace plumbline::ruletest {

struct WrittenTables {
  // outcome_tables and dose_registers only.
  v1::Ruleset tables;
  // Goals that no patient was found for: "RF-CA-5: never indeterminate".
  std::vector<std::string> not_found;
};

// `progress` is called with the share done, from 0 to 1; may be empty. Deterministic.
WrittenTables WriteTables(const Subject& subject, const CaseSet& cases,
                          const std::function<void(double)>& progress);

// As the text of one file, rule by rule, one row a line.
std::string FormatTables(const v1::Ruleset& tables);

}  // namespace plumbline::ruletest

#endif  // PLUMBLINE_SERVER_RULETEST_TABLE_WRITER_H_
