// Tables of mistakes: the minimal ruleset with one edit, and the one issue that it must give.

#ifndef PLUMBLINE_TESTS_UNIT_RULESET_ONE_MISTAKE_H_
#define PLUMBLINE_TESTS_UNIT_RULESET_ONE_MISTAKE_H_

#include <ostream>
#include <string>

#include "gtest/gtest.h"
#include "tests/testing/ruleset/minimal_ruleset.h"

namespace plumbline::ruleset {

// `from` becomes `to`. The issue stands at the mark `@@` in `to`, or where `at` begins.
struct Mistake {
  const char* name;
  const char* from;
  const char* to;
  const char* code;
  const char* at = nullptr;
  Severity severity = Severity::kError;
};

inline void PrintTo(const Mistake& mistake, std::ostream* out) { *out << mistake.name; }

class OneMistakeTest : public ::testing::TestWithParam<Mistake> {
 protected:
  static void ExpectTheOneIssue(const Mistake& mistake) {
    std::string text = plumbline::testing::Edited(plumbline::testing::MinimalRulesetText(),
                                                  mistake.from, mistake.to);
    if (mistake.at != nullptr) {
      text = plumbline::testing::Edited(text, mistake.at, std::string("@@") + mistake.at);
    }
    const SourceLocation place = plumbline::testing::TakeMark(text, "rules.textproto");
    const CompileResult result = plumbline::testing::CompileRules(text);
    const std::string all = plumbline::testing::Formatted(result.issues);
    ASSERT_EQ(result.issues.size(), 1u) << all;
    EXPECT_EQ(result.issues[0].code, mistake.code) << all;
    EXPECT_EQ(result.issues[0].location.file, place.file) << all;
    EXPECT_EQ(result.issues[0].location.line, place.line) << all;
    EXPECT_EQ(result.issues[0].location.column, place.column) << all;
    EXPECT_EQ(result.issues[0].severity, mistake.severity) << all;
    EXPECT_FALSE(result.issues[0].message.empty());
    EXPECT_EQ(result.ruleset != nullptr, mistake.severity == Severity::kWarning);
  }
};

}  // namespace plumbline::ruleset

#endif  // PLUMBLINE_TESTS_UNIT_RULESET_ONE_MISTAKE_H_
