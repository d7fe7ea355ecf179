// A small, complete ruleset for tests of the engine: made-up rules, every kind of part once or
// twice, so that expectations can be worked out by hand. Not clinical content.

#ifndef PLUMBLINE_TESTS_TESTING_ENGINE_SMALL_RULESET_H_
#define PLUMBLINE_TESTS_TESTING_ENGINE_SMALL_RULESET_H_

#include <memory>
#include <string>

#include "server/ruleset/compiled_ruleset.h"

namespace plumbline::testing {

// The ruleset's text, for tests that edit it.
std::string SmallRulesetText();

// Compiles a ruleset text; fails the running test and returns null if it has errors.
std::shared_ptr<const ruleset::CompiledRuleset> CompileText(const std::string& text);

// `text` with the first occurrence of `from` replaced; fails the running test if there is none.
std::string Replaced(std::string text, const std::string& from, const std::string& to);

}  // namespace plumbline::testing

#endif  // PLUMBLINE_TESTS_TESTING_ENGINE_SMALL_RULESET_H_
