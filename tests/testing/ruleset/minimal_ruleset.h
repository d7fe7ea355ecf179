// The smallest ruleset without errors and warnings, as text that tests edit: every kind of part
// once. Made-up rules, no clinical content.

#ifndef PLUMBLINE_TESTS_TESTING_RULESET_MINIMAL_RULESET_H_
#define PLUMBLINE_TESTS_TESTING_RULESET_MINIMAL_RULESET_H_

#include <string>
#include <vector>

#include "server/base/issue.h"
#include "server/ruleset/compiler.h"
#include "server/ruleset/document.h"

namespace plumbline::testing {

std::string MinimalRulesetText();

// `text` with the only occurrence of `from` replaced; fails the running test if there is not
// exactly one.
std::string Edited(std::string text, const std::string& from, const std::string& to);

// Takes the only `@@` out of `text` and says where it stood, as line and column; fails the running
// test if there is not exactly one.
SourceLocation TakeMark(std::string& text, const std::string& file);

// Parses and compiles one file named "rules.textproto", or several.
ruleset::CompileResult CompileRules(const std::string& text);
ruleset::CompileResult CompileRules(std::vector<ruleset::SourceFile> files);

// All issues, one line each, as the command line prints them.
std::string Formatted(const std::vector<Issue>& issues);

}  // namespace plumbline::testing

#endif  // PLUMBLINE_TESTS_TESTING_RULESET_MINIMAL_RULESET_H_
