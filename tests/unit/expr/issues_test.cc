// What the checker says: exact code and place for each kind of mistake, all of them in one run.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/expr/checker.h"
#include "tests/testing/expr/test_intake.h"

namespace plumbline::expr {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Environment TestEnvironment(Limits limits = {}) {
  Environment environment(&testing::TestSchema(), limits);
  Type type;
  type.kind = Kind::kBool;
  environment.DeclareTerm("acute", type);
  environment.DeclareTerm("suspected.lss", type);
  type.kind = Kind::kInt;
  environment.DeclareTerm("total", type);
  return environment;
}

// "line:column code", a warning with a leading "w".
std::vector<std::string> Codes(const std::vector<Issue>& issues) {
  std::vector<std::string> codes;
  for (const Issue& issue : issues) {
    codes.push_back(absl::StrCat(issue.severity == Severity::kWarning ? "w" : "",
                                 issue.location.line, ":", issue.location.column, " ", issue.code));
  }
  return codes;
}

std::vector<std::string> CodesOf(const std::string& text, Limits limits = {}) {
  return Codes(CheckCondition(text, TestEnvironment(limits), {"rules", 1, 1}).issues);
}

struct Bad {
  const char* text;
  std::vector<std::string> codes;
  const char* says = "";  // part of the first issue's message or hint
};

void PrintTo(const Bad& bad, std::ostream* out) { *out << bad.text; }

class BadExpressionTest : public ::testing::TestWithParam<Bad> {};

TEST_P(BadExpressionTest, IsReportedAtItsPlace) {
  const Bad& bad = GetParam();
  const CheckResult result = CheckCondition(bad.text, TestEnvironment(), {"rules", 1, 1});
  EXPECT_EQ(Codes(result.issues), bad.codes) << bad.text;
  EXPECT_EQ(result.expr.valid(), !HasErrors(result.issues)) << bad.text;
  ASSERT_FALSE(result.issues.empty());
  EXPECT_THAT(FormatIssue(result.issues[0]), HasSubstr(bad.says)) << bad.text;
  for (const Issue& issue : result.issues) {
    EXPECT_EQ(issue.location.file, "rules");
    EXPECT_FALSE(issue.message.empty());
  }
}

INSTANTIATE_TEST_SUITE_P(
    Characters, BadExpressionTest,
    ::testing::Values(Bad{"age = 3", {"1:5 invalid-character"}, "write =="},
                      Bad{"a & b", {"1:3 invalid-character"}, "write &&"},
                      Bad{"a | b", {"1:3 invalid-character"}, "write ||"},
                      Bad{"a # b", {"1:3 invalid-character", "1:5 syntax"}, "//"},
                      Bad{"a \u201cb", {"1:3 invalid-character", "1:4 syntax"}},
                      Bad{"note == 'abc", {"1:9 unterminated-string"}, "closing quote"},
                      Bad{"note == 'a\nb'", {"1:9 unterminated-string", "2:1 unterminated-string"}},
                      Bad{"note == 'a\\qb'", {"1:11 invalid-escape"}, "\\\\"},
                      Bad{"note == '\\u12'", {"1:10 invalid-escape"}, "4 hexadecimal"},
                      Bad{"note == '\\ud800'", {"1:10 invalid-escape"}, "Unicode"},
                      Bad{"note == '\\U00110000'", {"1:10 invalid-escape"}},
                      Bad{"note == '\\12'", {"1:10 invalid-escape"}, "octal"},
                      Bad{"note == '''a\rb'''", {"1:13 invalid-escape"}, "\\r"},
                      Bad{"age > 9223372036854775808", {"1:7 invalid-number"}},
                      Bad{"age > 99999999999999999999999", {"1:7 invalid-number"}},
                      Bad{"age > 0x", {"1:7 invalid-number"}},
                      Bad{"age > 0x10000000000000000", {"1:7 invalid-number"}},
                      Bad{"weight > 1e400", {"1:10 invalid-number"}},
                      Bad{"age > 3u", {"1:7 unsupported"}, "leave out the u"},
                      Bad{"note == b'x'", {"1:9 unsupported"}, "byte"},
                      Bad{"a && \xff", {"1:6 invalid-utf8"}}));

INSTANTIATE_TEST_SUITE_P(
    Syntax, BadExpressionTest,
    ::testing::Values(
        Bad{"", {"1:1 syntax"}, "ends where an operand"}, Bad{"  // nothing", {"1:13 syntax"}},
        Bad{"a &&", {"1:5 syntax"}}, Bad{"&& a", {"1:1 syntax"}}, Bad{"a && && b", {"1:6 syntax"}},
        Bad{"a b", {"1:3 syntax"}, "expected an operator"},
        Bad{"age > 60 years", {"1:10 syntax", "1:10 unknown-field"}, "no unit"},
        Bad{"(a && b", {"1:8 syntax"}, "close the one at 1:1"}, Bad{"a && b)", {"1:7 syntax"}},
        Bad{"a) && b", {"1:2 syntax"}}, Bad{"age in [1, 2", {"1:13 syntax"}, "1:8"},
        Bad{"a ? b", {"1:6 syntax"}, "otherwise"}, Bad{"a and b", {"1:3 syntax"}, "write &&"},
        Bad{"a or b", {"1:3 syntax"}, "write ||"}, Bad{"not a", {"1:1 syntax"}, "write !"},
        Bad{"!-age", {"1:2 syntax"}}, Bad{".a", {"1:1 unsupported"}, "leave out the dot"},
        Bad{"a.", {"1:3 syntax"}}, Bad{"age == null", {"1:8 unsupported"}, "has(intake.field)"},
        Bad{"while || a", {"1:1 reserved-word"}}, Bad{"{'a': 1}['a'] == 1", {"1:1 unsupported"}},
        Bad{"Visit{points: 1} == 2", {"1:6 unsupported"}},
        Bad{"age > 3 &&\n  (b ||\n )", {"3:2 syntax"}}));

INSTANTIATE_TEST_SUITE_P(
    Names, BadExpressionTest,
    ::testing::Values(
        Bad{"agee > 3", {"1:1 unknown-field"}, "did you mean `age`"},
        Bad{"wieght > 3.0", {"1:1 unknown-field"}, "did you mean `weight`"},
        Bad{"acut && a", {"1:1 unknown-field"}, "did you mean `acute`"},
        Bad{"suspected.lsss", {"1:1 unknown-field"}, "did you mean `suspected.lss`"},
        Bad{"qqqqqq", {"1:1 unknown-field"}},
        Bad{"intake.agee > 3", {"1:8 unknown-field"}, "did you mean `age`"},
        Bad{"person.age > 3", {"1:1 unknown-field"}, "write age"},
        Bad{"intake.person.age > 3", {"1:8 unknown-field"}, "write age"},
        Bad{"intake", {"1:1 unknown-field"}},
        Bad{"Trauma == trauma", {"1:1 unknown-field"}, "Trauma.NONE"},
        Bad{"trauma == Trauma.MAJR", {"1:18 unknown-enum-value"}, "did you mean `MAJOR`"},
        Bad{"trauma == Trauma.X", {"1:18 unknown-enum-value"}, "NONE, MINOR, MAJOR"},
        Bad{"trauma == Trauma.TRAUMA_MAJOR", {"1:18 unknown-enum-value"}},
        Bad{"trauma == Trauma.UNKNOWN", {"1:18 unknown-value"}, "unknown is not a value"},
        Bad{"trauma != Trauma.UNSPECIFIED", {"1:18 unknown-value"}},
        Bad{"trauma in [Trauma.MAJOR, Trauma.UNKNOWN]", {"1:33 unknown-value"}},
        Bad{"a == Tri.YES", {"1:6 unknown-field"}, "!field"},
        Bad{"age.years > 3", {"1:5 no-such-field"}, "int has no field"},
        Bad{"visits.exists(v, v.pionts > 1)", {"1:20 no-such-field"}, "did you mean `points`"},
        Bad{"visits.exists(v, w.points > 1)", {"1:18 unknown-field"}},
        Bad{"x.exists(v, v)", {"1:1 unknown-field"}}));

INSTANTIATE_TEST_SUITE_P(
    Types, BadExpressionTest,
    ::testing::Values(
        Bad{"age", {"1:1 not-a-condition"}, "this is int"}, Bad{"age + 1", {"1:1 not-a-condition"}},
        Bad{"visits", {"1:1 not-a-condition"}, "list(Visit)"},
        Bad{"[true]", {"1:1 not-a-condition"}},
        Bad{"a && age", {"1:6 type-mismatch"}, "compare it with a value"},
        Bad{"!age", {"1:2 type-mismatch"}}, Bad{"-a", {"1:2 type-mismatch"}, "write !"},
        Bad{"age == 'x'", {"1:5 type-mismatch"}, "int and string"},
        Bad{"age == a", {"1:5 type-mismatch"}},
        Bad{"weight > 70", {"1:10 mixed-numbers"}, "write 70.0"},
        Bad{"age > 60.0", {"1:7 mixed-numbers"}, "write 60"},
        Bad{"age > weight", {"1:5 mixed-numbers"}, "one type"},
        Bad{"age + 1.5 > 2", {"1:5 mixed-numbers"}, "no conversion"},
        Bad{"2 * weight > 3.0", {"1:1 mixed-numbers"}, "write 2.0"},
        Bad{"weight in [70, 80]", {"1:8 mixed-numbers"}},
        Bad{"between(weight, 70, 80.0)", {"1:17 mixed-numbers"}, "write 70.0"},
        Bad{"1 == 1.0", {"1:6 mixed-numbers"}, "write 1"},
        Bad{"trauma < Trauma.MAJOR", {"1:8 enum-order"}, "in [Trauma"},
        Bad{"between(trauma, Trauma.NONE, Trauma.MAJOR)", {"1:1 enum-order"}},
        Bad{"trauma == 3", {"1:8 type-mismatch"}, "Trauma.NAME"},
        Bad{"trauma == main_site", {"1:8 type-mismatch"}, "Trauma and PainSite"},
        Bad{"trauma in [PainSite.LEG]", {"1:8 type-mismatch"}},
        Bad{"a ? 1 : 'x'", {"1:3 type-mismatch"}}, Bad{"(a ? 1 : 2.0) > 1", {"1:10 mixed-numbers"}},
        Bad{"age % 2.0 == 0", {"1:7 mixed-numbers"}},
        Bad{"weight % 2.0 == 0.0", {"1:8 type-mismatch"}},
        Bad{"age in 3", {"1:5 type-mismatch"}, "takes a list"},
        Bad{"note + code == 'x'", {"1:6 runtime-concatenation"}, "constants"},
        Bad{"numbers + [1] == [1]", {"1:9 runtime-concatenation"}},
        Bad{"numbers == [1, 2]", {"1:9 unsupported"}, "exists()"},
        Bad{"numbers[0] == 1", {"1:8 unsupported"}, "constant list"},
        Bad{"age in [1, days]", {"1:12 not-a-constant"}, "||"},
        Bad{"age in [1, 'x']", {"1:8 mixed-list"}},
        Bad{"[1, 'x'].exists(k, k == age)", {"1:20 mixed-list"}},
        Bad{"[Trauma.MAJOR, 1] == []", {"1:1 mixed-list"}},
        Bad{"visits.exists(v, v == v)", {"1:20 unsupported"}},
        Bad{"visits.exists(v, v)", {"1:18 type-mismatch"}},
        Bad{"(a ? numbers : numbers) == []", {"1:4 unsupported"}}));

INSTANTIATE_TEST_SUITE_P(
    Calls, BadExpressionTest,
    ::testing::Values(
        Bad{"foo(age)", {"1:1 unknown-function"}},
        Bad{"betwen(age, 1, 2)", {"1:1 unknown-function"}, "did you mean `between`"},
        Bad{"note.matches('x')", {"1:6 unsupported"}}, Bad{"int(weight) > 3", {"1:1 unsupported"}},
        Bad{"numbers.map(n, n + 1) == []", {"1:9 unsupported"}},
        Bad{"contains(note, 'x')", {"1:1 wrong-arguments"}, "text.contains"},
        Bad{"note.contains()", {"1:6 wrong-arguments"}},
        Bad{"note.contains(3)", {"1:15 type-mismatch"}},
        Bad{"size(age) > 1", {"1:6 type-mismatch"}},
        Bad{"has(age)", {"1:5 has-argument"}, "has(intake.age)"},
        Bad{"has(acute)", {"1:5 has-argument"}},
        Bad{"has(intake.agee)", {"1:12 unknown-field"}, "did you mean `age`"},
        Bad{"has()", {"1:1 wrong-arguments"}},
        Bad{"visits.exists(v, has(v.helped))", {"1:24 has-argument"}},
        Bad{"atLeast(2, a, b)", {"1:1 wrong-arguments"}, "atLeast(2, [a, b, c])"},
        Bad{"atLeast(age, [a, b])", {"1:1 wrong-arguments"}},
        Bad{"atLeast(0, [a, b])", {"1:9 at-least"}, "from 1 to 2"},
        Bad{"atLeast(3, [a, b])", {"1:9 at-least"}},
        Bad{"atLeast(1, [a, age])", {"1:16 type-mismatch"}},
        Bad{"between(age, 1)", {"1:1 wrong-arguments"}},
        Bad{"numbers.exists(n > 1)", {"1:9 wrong-arguments"}, "list.exists(x, condition on x)"},
        Bad{"numbers.exists(n + 1, true)", {"1:16 wrong-arguments"}},
        Bad{"age.exists(n, true)", {"1:1 type-mismatch"}, "takes a list"},
        Bad{"timestamp(note) > as_of", {"1:11 not-a-literal"}},
        Bad{"timestamp('2026-02-30T00:00:00Z') > as_of", {"1:11 invalid-time"}},
        Bad{"timestamp('2026-01-31') > as_of", {"1:11 invalid-time"}, "2026-01-31T00:00:00Z"},
        Bad{"timestamp('2026-01-31T00:00:00.5Z') > as_of", {"1:11 invalid-time"}},
        Bad{"duration('3d') > duration('1h')", {"1:10 invalid-time"}, "72h"},
        Bad{"duration('300000000h') > duration('1h')", {"1:10 invalid-time"}},
        Bad{"as_of + as_of > as_of", {"1:7 type-mismatch"}},
        Bad{"as_of - duration('1ms') < as_of", {"1:9 unsupported"}, "whole seconds"},
        Bad{"as_of > age", {"1:7 type-mismatch"}},
        Bad{"daysBetween(as_of, age) > 3", {"1:20 type-mismatch"}},
        Bad{"visits.exists(v, visits.exists(w, v.points == w.points))", {"1:25 too-deep"}}));

INSTANTIATE_TEST_SUITE_P(
    Warnings, BadExpressionTest,
    ::testing::Values(Bad{"weight == 70.5", {"w1:8 double-equality"}, "between()"},
                      Bad{"weight in [70.5]", {"w1:8 double-equality"}},
                      Bad{"100 / age > 3", {"w1:5 unguarded-division"}},
                      Bad{"1 / 0 > 3", {"w1:3 constant-error"}, "always fails"},
                      Bad{"[1][3] == 2", {"w1:4 constant-error"}},
                      Bad{"numbers.exists(age, age > 3)", {"w1:16 shadowed-name"}}));

TEST(IssuesTest, AllProblemsAreReportedInOneRunWithoutFollowUps) {
  EXPECT_THAT(CodesOf("agee > 3 && weight > 70 || trauma < Trauma.MAJR && a b"),
              ElementsAre("1:1 unknown-field", "1:22 mixed-numbers", "1:44 unknown-enum-value",
                          "1:54 syntax"));
  EXPECT_THAT(CodesOf("foo(agee) && bar.baz(wieght)"),
              ElementsAre("1:1 unknown-function", "1:5 unknown-field", "1:18 unknown-function",
                          "1:22 unknown-field"));
  EXPECT_THAT(CodesOf("atLeast(9, [agee, age]) || (x.y == 1)"),
              ElementsAre("1:9 at-least", "1:13 unknown-field", "1:19 type-mismatch",
                          "1:29 unknown-field"));
  EXPECT_THAT(CodesOf("a = = b &&\n\n  (agee >"),
              ElementsAre("1:3 invalid-character", "1:5 invalid-character", "1:5 syntax",
                          "3:4 unknown-field", "3:10 syntax"));
}

TEST(IssuesTest, PlacesCountFromTheOriginAndInCharacters) {
  const Environment environment = TestEnvironment();
  const CheckResult result =
      CheckCondition("a && agee > 1 ||\n  note == '\u00e9\u00e9' && wieght > 1.0", environment,
                     {"red_flags.textproto", 17, 9});
  EXPECT_THAT(Codes(result.issues), ElementsAre("17:14 unknown-field", "18:19 unknown-field"));
  EXPECT_EQ(result.issues[0].location.file, "red_flags.textproto");
}

TEST(IssuesTest, UnknownOriginCountsFromOne) {
  EXPECT_THAT(Codes(Check("agee > 1", TestEnvironment()).issues), ElementsAre("1:1 unknown-field"));
}

TEST(IssuesTest, CheckWithoutConditionTakesAnyType) {
  EXPECT_THAT(Codes(Check("age + 1", TestEnvironment()).issues), IsEmpty());
  EXPECT_THAT(Codes(Check("[17, 'pancakes']", TestEnvironment()).issues),
              ElementsAre("1:1 mixed-list"));
}

TEST(LimitsTest, HostileNestingIsAnIssueNotACrash) {
  for (const char* piece :
       {"(",      "!",    "-",  "[", "a?",         "size(", "a.all(x,", "!(", "-(",   "a[",
        "((a)==", "a.b.", "a+", "{", "true?true:", "\"",    "'''",      "//", "a&&(", "()"}) {
    std::string text;
    while (text.size() < 100'000) text += piece;
    EXPECT_THAT(CodesOf(text), ElementsAre("1:1 too-long")) << piece;
    // The same again with the length out of the way: depth and number of parts must hold alone.
    const CheckResult result =
        CheckCondition(text, TestEnvironment({.max_code_points = 1'000'000}), {"", 1, 1});
    EXPECT_FALSE(result.expr.valid()) << piece;
    EXPECT_TRUE(HasErrors(result.issues)) << piece;
  }
}

TEST(LimitsTest, DepthIsReportedOnce) {
  EXPECT_THAT(CodesOf(std::string(70, '(') + "a" + std::string(70, ')')),
              ElementsAre("1:65 too-deep"));
  EXPECT_THAT(CodesOf(std::string(70, '!') + "a"), ElementsAre("1:1 too-deep"));
  EXPECT_THAT(CodesOf(std::string(60, '(') + "a" + std::string(60, ')')), IsEmpty());
  EXPECT_THAT(CodesOf(std::string(60, '!') + "a"), IsEmpty());
}

TEST(LimitsTest, ManyPartsAreTooCostly) {
  std::string wide = "a";
  for (int i = 0; i < 1'500; ++i) wide += "||b";
  EXPECT_THAT(CodesOf(wide), IsEmpty());
  for (int i = 0; i < 1'000; ++i) wide += "||b";
  EXPECT_THAT(CodesOf(wide), ElementsAre("1:6145 too-costly"));
}

TEST(LimitsTest, MacrosCountWhatTheyExpandTo) {
  std::string list = "[0";
  for (int i = 1; i < 60; ++i) absl::StrAppend(&list, ", ", i);
  list += "]";
  const std::string nested = absl::StrCat(list, ".exists(x, ", list, ".exists(y, x + y == age))");
  EXPECT_THAT(CodesOf(nested), ElementsAre("1:232 too-costly"));
  std::string condition = "v.points == 0";
  for (int i = 1; i < 60; ++i) absl::StrAppend(&condition, " || v.points == ", i);
  EXPECT_THAT(CodesOf(absl::StrCat("visits.exists(v, ", condition, ")")),
              ElementsAre("1:8 too-costly"));
}

TEST(LimitsTest, AreAboveTheFloorOfCel) {
  std::string ternaries;
  for (int i = 0; i < 24; ++i) ternaries += "a ? b : ";
  EXPECT_THAT(CodesOf(ternaries + "c"), IsEmpty());
  std::string sum = "1";
  for (int i = 0; i < 32; ++i) sum += " + 1";
  EXPECT_THAT(CodesOf(sum + " == 33"), IsEmpty());
  std::string disjunction = "a";
  for (int i = 0; i < 32; ++i) disjunction += " || b";
  EXPECT_THAT(CodesOf(disjunction), IsEmpty());
}

TEST(EnvironmentTest, NamesAreDeclaredOnce) {
  Environment environment = TestEnvironment();
  const Type type{.kind = Kind::kBool};
  EXPECT_TRUE(environment.DeclareTerm("chronic", type));
  for (const char* name : {"chronic", "acute", "age", "Trauma", "Trauma.x", "as_of", "intake",
                           "intake.x", "true", "while", "", ".a", "a.", "a..b", "1a", "a b"}) {
    EXPECT_FALSE(environment.DeclareTerm(name, type)) << name;
    EXPECT_FALSE(environment.DeclareConstant(name, Value::Int(1))) << name;
  }
  EXPECT_TRUE(environment.DeclareConstant("limits.age", Value::Int(60)));
  EXPECT_FALSE(environment.DeclareTerm("limits.age", type));
  EXPECT_FALSE(environment.DeclareConstant("broken", Value::Error()));
  EXPECT_TRUE(CheckCondition("age > limits.age", environment).expr.valid());
}

}  // namespace
}  // namespace plumbline::expr
