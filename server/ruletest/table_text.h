// Outcome tables as the text of a file.
//
// Pure functions.

#ifndef PLUMBLINE_SERVER_RULETEST_TABLE_TEXT_H_
#define PLUMBLINE_SERVER_RULETEST_TABLE_TEXT_H_

#include <string>

#include "plumbline/v1/ruleset.pb.h"

namespace plumbline::ruletest {

// The outcome tables and dose registers of `tables`, in their order, one row a line.
std::string FormatTables(const v1::Ruleset& tables);

}  // namespace plumbline::ruletest

#endif  // PLUMBLINE_SERVER_RULETEST_TABLE_TEXT_H_
