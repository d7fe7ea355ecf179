// Canonical text: one form for expressions that differ in layout alone.

#include <gtest/gtest.h>

#include <string>

#include "server/expr/checker.h"
#include "tests/testing/expr/test_intake.h"

namespace plumbline::expr {
namespace {

struct Form {
  const char* text;
  const char* printed;
};

void PrintTo(const Form& form, std::ostream* out) { *out << form.text; }

class PrinterTest : public ::testing::TestWithParam<Form> {};

TEST_P(PrinterTest, PrintsTheCanonicalTextAndReadsItBack) {
  Environment environment(&testing::TestSchema());
  environment.DeclareTerm("suspected.lss", {.kind = Kind::kBool});
  const std::string printed = Print(testing::MustCheck(GetParam().text, environment));
  EXPECT_EQ(printed, GetParam().printed);
  EXPECT_EQ(Print(testing::MustCheck(printed, environment)), printed);
}

INSTANTIATE_TEST_SUITE_P(
    Forms, PrinterTest,
    ::testing::Values(
        Form{"a&&b||c", "a && b || c"}, Form{"a && (b || c)", "a && (b || c)"},
        Form{"((a)) ||\n\t(b || (c))", "a || b || c"}, Form{"!(a || b)", "!(a || b)"},
        Form{"!!a", "!!a"}, Form{"! (a)", "!a"}, Form{"!(age > 3)", "!(age > 3)"},
        Form{"(age > 3) == (a)", "age > 3 == a"}, Form{"a == (age > 3)", "a == (age > 3)"},
        Form{"1+2*3 == age", "1 + 2 * 3 == age"}, Form{"(1+2)*3 == age", "(1 + 2) * 3 == age"},
        Form{"1-(2-3) == age", "1 - (2 - 3) == age"}, Form{"(1-2)-3 == age", "1 - 2 - 3 == age"},
        Form{"- 5 == age", "-5 == age"}, Form{"-(5) == age", "-5 == age"},
        Form{"--5 == age", "--5 == age"}, Form{"-(0) == age", "0 == age"},
        Form{"-age < 0x10", "-age < 16"}, Form{"-(age+1) < 0", "-(age + 1) < 0"},
        Form{"age - -1 == 007", "age - -1 == 7"}, Form{"weight > 1e2", "weight > 100.0"},
        Form{"weight > .5", "weight > 0.5"}, Form{"weight > 1.0e-300", "weight > 1e-300"},
        Form{"weight > 0.1", "weight > 0.1"}, Form{"weight>-0.0", "weight > -0.0"},
        Form{"note == 'it\\'s \"x\"\\n\\\\\\u00e9\\x01'",
             "note == \"it's \\\"x\\\"\\n\\\\\u00e9\\x01\""},
        Form{"note == r'\\d'", "note == \"\\\\d\""},
        Form{"note == '''a\nb'''", "note == \"a\\nb\""},
        Form{"intake.a && intake . age>3", "a && age > 3"},
        Form{"has( intake.a )", "has(intake.a)"}, Form{"a?b:c?d:e", "a ? b : c ? d : e"},
        Form{"(a?b:c)?d:e", "(a ? b : c) ? d : e"}, Form{"a?(b?c:d):e", "a ? (b ? c : d) : e"},
        Form{"(a ? b : c) && d", "(a ? b : c) && d"},
        Form{"trauma in[Trauma.MAJOR,]", "trauma in [Trauma.MAJOR]"},
        Form{"atLeast(2,[a,b,(c||d)])", "atLeast(2, [a, b, c || d])"},
        Form{"between( age,1,(2) )", "between(age, 1, 2)"},
        Form{"numbers.exists(n,n>2)", "numbers.exists(n, n > 2)"},
        Form{"intake.visits.all(v,(v.points>2)&&v.helped)",
             "visits.all(v, v.points > 2 && v.helped)"},
        // A macro's variable that hides a field leaves the field its longer name.
        Form{"numbers.exists(age, age > intake.age)", "numbers.exists(age, age > intake.age)"},
        Form{"visits.exists_one(v, has( v.points ))", "visits.exists_one(v, has(v.points))"},
        Form{"size(note)>1 && note.size()>1", "size(note) > 1 && note.size() > 1"},
        Form{"(note).contains('a')", "note.contains(\"a\")"},
        Form{"('a'+'b').contains(note)", "(\"a\" + \"b\").contains(note)"},
        Form{"[1,2][0]==age", "[1, 2][0] == age"}, Form{"suspected . lss", "suspected.lss"},
        Form{"as_of>timestamp('2026-01-31T00:00:00Z')",
             "as_of > timestamp(\"2026-01-31T00:00:00Z\")"},
        Form{"a // why\n && b", "a && b"}));

TEST(CheckedExprTest, NamesWhatItReadsDirectly) {
  Environment environment(&testing::TestSchema());
  environment.DeclareTerm("acute", {.kind = Kind::kBool});
  const CheckedExpr expr = testing::MustCheck(
      "acute && age > 3 || has(intake.note) || visits.exists(v, v.points > days)", environment);
  EXPECT_EQ(testing::Names(expr.Slots()), (std::set<std::string>{"age", "days", "note", "visits"}));
  EXPECT_EQ(expr.Terms(), std::vector<std::string>{"acute"});
  EXPECT_EQ(expr.type().ToString(), "bool");
  EXPECT_FALSE(CheckedExpr().valid());
}

}  // namespace
}  // namespace plumbline::expr
