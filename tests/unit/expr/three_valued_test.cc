// The tables of CEL with unknowns and errors, written out: every operator over every combination of
// operand states. Expected cells come from the text of the specification (langdef.md, and
// eval.proto for unknowns against errors), not from an implementation:
//
//   T F   true, false        E   error        =v   the value v
//   U12   unknown; the digits say which operands' fields are missing
//
// Each table is run as one shared plan, with constant folding and without.

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "server/expr/checker.h"
#include "server/expr/plan.h"
#include "tests/testing/expr/test_intake.h"

namespace plumbline::expr {
namespace {

using testing::AskedUnknown;
using testing::KnownBool;
using testing::KnownDouble;
using testing::KnownEnum;
using testing::KnownInt;
using testing::KnownList;
using testing::KnownRow;
using testing::KnownText;
using testing::RefIntake;

struct Case {
  std::string text;
  std::string expected;
};

// The fields that stand for the digits of an unknown cell.
using MissingNames = std::vector<std::string>;

// c, f, h, temp, note, code, trauma_before and the lists stay unanswered.
RefIntake TableIntake() {
  RefIntake intake;
  for (const char* name : {"a", "d", "g"}) intake.fields[name] = KnownBool(true);
  for (const char* name : {"b", "e", "consent"}) intake.fields[name] = KnownBool(false);
  intake.fields["age"] = KnownInt(7);
  intake.fields["days"] = KnownInt(2);
  intake.fields["score"] = KnownInt(0);
  intake.fields["weight"] = KnownDouble(7.5);
  intake.fields["trauma"] = KnownEnum("Trauma.MAJOR");
  return intake;
}

std::string ActualCell(const Plan& plan, NodeId node, const Type& type, const Frame& frame) {
  switch (frame.node_states()[node]) {
    case State::kError:
      return "E";
    case State::kUnknown: {
      SlotSet missing;
      plan.CollectMissing(node, frame, missing);
      std::string text = "U";
      for (const std::string& name : testing::Names(missing)) absl::StrAppend(&text, " ", name);
      return text;
    }
    default:
      break;
  }
  const Cell& cell = frame.node_cells()[node];
  if (type.kind == Kind::kBool) return frame.node_states()[node] == State::kTrue ? "T" : "F";
  if (type.kind == Kind::kDouble) return absl::StrCat("=", cell.d);
  if (type.kind == Kind::kString) {
    return absl::StrCat("=", absl::string_view(cell.s.data, cell.s.size));
  }
  return absl::StrCat("=", cell.i);
}

// "U13" with {"c", "f", "h"} -> "U c h", in the order of names.
std::string ExpectedCell(const std::string& cell, const MissingNames& names) {
  if (cell[0] != 'U') return cell;
  std::set<std::string> missing;
  for (const char digit : cell.substr(1))
    missing.insert(names.at(static_cast<size_t>(digit - '1')));
  std::string text = "U";
  for (const std::string& name : missing) absl::StrAppend(&text, " ", name);
  return text;
}

int cases_run = 0;

void RunCases(const std::vector<Case>& cases, const MissingNames& names,
              const RefIntake& intake = TableIntake()) {
  const Environment environment(&testing::TestSchema());
  for (const bool fold : {true, false}) {
    PlanBuilder builder(&testing::TestSchema(), fold);
    std::vector<std::pair<NodeId, Type>> nodes;
    for (const Case& one : cases) {
      const CheckedExpr checked = testing::MustCheck(one.text, environment);
      nodes.emplace_back(builder.Add(checked).value(), checked.type());
    }
    const Plan plan = std::move(builder).Build();
    Frame frame = plan.MakeFrame();
    testing::Bind(intake, frame);
    plan.Evaluate(frame);
    for (size_t i = 0; i < cases.size(); ++i) {
      EXPECT_EQ(ActualCell(plan, nodes[i].first, nodes[i].second, frame),
                ExpectedCell(cases[i].expected, names))
          << cases[i].text << (fold ? "" : " (without folding)");
    }
  }
  cases_run += static_cast<int>(cases.size());
  ::testing::Test::RecordProperty("cases", cases_run);
}

template <size_t Rows, size_t Columns>
using Table = const char* [Rows][Columns];

// Cells of `first` op `second`; `form` has $1 and $2 for the operands.
template <size_t Rows, size_t Columns>
void RunTable(const std::string& form, const std::array<const char*, Rows>& first,
              const std::array<const char*, Columns>& second, const Table<Rows, Columns>& table,
              const MissingNames& names) {
  std::vector<Case> cases;
  for (size_t row = 0; row < Rows; ++row) {
    for (size_t column = 0; column < Columns; ++column) {
      cases.push_back({absl::StrReplaceAll(form, {{"$1", first[row]}, {"$2", second[column]}}),
                       table[row][column]});
    }
  }
  RunCases(cases, names);
}

// Conditions in the order true, false, unknown, error.
constexpr std::array<const char*, 4> kFirst = {"a", "b", "c", "(1 / score == 1)"};
constexpr std::array<const char*, 4> kSecond = {"d", "e", "f", "(2 / score == 1)"};
constexpr std::array<const char*, 4> kThird = {"g", "consent", "h", "(3 / score == 1)"};
const MissingNames kConditionNames = {"c", "f", "h"};

TEST(LogicTableTest, And) {
  RunTable("$1 && $2", kFirst, kSecond,
           {{"T", "F", "U2", "E"},
            {"F", "F", "F", "F"},
            {"U1", "F", "U12", "U1"},
            {"E", "F", "U2", "E"}},
           kConditionNames);
}

TEST(LogicTableTest, Or) {
  RunTable("$1 || $2", kFirst, kSecond,
           {{"T", "T", "T", "T"},
            {"T", "F", "U2", "E"},
            {"T", "U1", "U12", "U1"},
            {"T", "E", "U2", "E"}},
           kConditionNames);
}

TEST(LogicTableTest, Not) {
  RunCases({{"!a", "F"}, {"!b", "T"}, {"!c", "U1"}, {"!(1 / score == 1)", "E"}, {"!!c", "U1"}},
           kConditionNames);
}

TEST(LogicTableTest, EqualityAndOrderOfConditionsAreStrict) {
  RunTable("$1 == $2", kFirst, kSecond,
           {{"T", "F", "U2", "E"},
            {"F", "T", "U2", "E"},
            {"U1", "U1", "U12", "E"},
            {"E", "E", "E", "E"}},
           kConditionNames);
  RunTable("$1 != $2", kFirst, kSecond,
           {{"F", "T", "U2", "E"},
            {"T", "F", "U2", "E"},
            {"U1", "U1", "U12", "E"},
            {"E", "E", "E", "E"}},
           kConditionNames);
  RunTable("$1 < $2", kFirst, kSecond,
           {{"F", "F", "U2", "E"},
            {"T", "F", "U2", "E"},
            {"U1", "U1", "U12", "E"},
            {"E", "E", "E", "E"}},
           kConditionNames);
  RunTable("$1 <= $2", kFirst, kSecond,
           {{"T", "F", "U2", "E"},
            {"T", "T", "U2", "E"},
            {"U1", "U1", "U12", "E"},
            {"E", "E", "E", "E"}},
           kConditionNames);
  RunTable("$1 > $2", kFirst, kSecond,
           {{"F", "T", "U2", "E"},
            {"F", "F", "U2", "E"},
            {"U1", "U1", "U12", "E"},
            {"E", "E", "E", "E"}},
           kConditionNames);
  RunTable("$1 >= $2", kFirst, kSecond,
           {{"T", "T", "U2", "E"},
            {"F", "T", "U2", "E"},
            {"U1", "U1", "U12", "E"},
            {"E", "E", "E", "E"}},
           kConditionNames);
}

// Three operands; `form` has $3 too.
void RunCube(const std::string& form, const std::array<Table<4, 4>, 4>& cube) {
  for (size_t i = 0; i < 4; ++i) {
    std::vector<Case> cases;
    for (size_t j = 0; j < 4; ++j) {
      for (size_t k = 0; k < 4; ++k) {
        cases.push_back(
            {absl::StrReplaceAll(form, {{"$1", kFirst[i]}, {"$2", kSecond[j]}, {"$3", kThird[k]}}),
             cube[i][j][k]});
      }
    }
    RunCases(cases, kConditionNames);
  }
}

TEST(LogicTableTest, ConditionalTakesOneBranchAndAnOpenConditionNone) {
  RunCube(
      "$1 ? $2 : $3",
      {{// condition true
        {{"T", "T", "T", "T"},
         {"F", "F", "F", "F"},
         {"U2", "U2", "U2", "U2"},
         {"E", "E", "E", "E"}},
        // condition false
        {{"T", "F", "U3", "E"},
         {"T", "F", "U3", "E"},
         {"T", "F", "U3", "E"},
         {"T", "F", "U3", "E"}},
        // condition unknown
        {{"U1", "U1", "U1", "U1"},
         {"U1", "U1", "U1", "U1"},
         {"U1", "U1", "U1", "U1"},
         {"U1", "U1", "U1", "U1"}},
        // condition in error
        {{"E", "E", "E", "E"}, {"E", "E", "E", "E"}, {"E", "E", "E", "E"}, {"E", "E", "E", "E"}}}});
}

// By its expansion: ($1 && $2) || ($1 && $3) || ($2 && $3).
TEST(LogicTableTest, AtLeastTwoOfThree) {
  RunCube("atLeast(2, [$1, $2, $3])", {{// first true
                                        {{"T", "T", "T", "T"},
                                         {"T", "F", "U3", "E"},
                                         {"T", "U2", "U23", "U2"},
                                         {"T", "E", "U3", "E"}},
                                        // first false
                                        {{"T", "F", "U3", "E"},
                                         {"F", "F", "F", "F"},
                                         {"U2", "F", "U23", "U2"},
                                         {"E", "F", "U3", "E"}},
                                        // first unknown
                                        {{"T", "U1", "U13", "U1"},
                                         {"U1", "F", "U13", "U1"},
                                         {"U12", "U12", "U123", "U12"},
                                         {"U1", "U1", "U13", "U1"}},
                                        // first in error
                                        {{"T", "E", "U3", "E"},
                                         {"E", "F", "U3", "E"},
                                         {"U2", "U2", "U23", "U2"},
                                         {"E", "E", "U3", "E"}}}});
}

TEST(LogicTableTest, AtLeastOneIsOrAndAtLeastAllIsAnd) {
  RunTable("atLeast(1, [$1, $2])", kFirst, kSecond,
           {{"T", "T", "T", "T"},
            {"T", "F", "U2", "E"},
            {"T", "U1", "U12", "U1"},
            {"T", "E", "U2", "E"}},
           kConditionNames);
  RunTable("atLeast(2, [$1, $2])", kFirst, kSecond,
           {{"T", "F", "U2", "E"},
            {"F", "F", "F", "F"},
            {"U1", "F", "U12", "U1"},
            {"E", "F", "U2", "E"}},
           kConditionNames);
  // The same condition twice counts twice, as in the expansion.
  RunCases({{"atLeast(2, [a, a, b])", "T"}, {"atLeast(2, [c, c, b])", "U1"}}, kConditionNames);
}

// Ints in the order 7, 0, unknown, error and 2, 0, unknown, error.
constexpr std::array<const char*, 4> kLeftInt = {"age", "score", "size(code)", "(1 / score)"};
constexpr std::array<const char*, 4> kRightInt = {"days", "score", "size(note)", "(2 / score)"};
const MissingNames kIntNames = {"code", "note"};

TEST(IntTableTest, ArithmeticIsStrict) {
  RunTable("$1 + $2", kLeftInt, kRightInt,
           {{"=9", "=7", "U2", "E"},
            {"=2", "=0", "U2", "E"},
            {"U1", "U1", "U12", "E"},
            {"E", "E", "E", "E"}},
           kIntNames);
  RunTable("$1 - $2", kLeftInt, kRightInt,
           {{"=5", "=7", "U2", "E"},
            {"=-2", "=0", "U2", "E"},
            {"U1", "U1", "U12", "E"},
            {"E", "E", "E", "E"}},
           kIntNames);
  RunTable("$1 * $2", kLeftInt, kRightInt,
           {{"=14", "=0", "U2", "E"},
            {"=0", "=0", "U2", "E"},
            {"U1", "U1", "U12", "E"},
            {"E", "E", "E", "E"}},
           kIntNames);
  RunTable("$1 / $2", kLeftInt, kRightInt,
           {{"=3", "E", "U2", "E"},
            {"=0", "E", "U2", "E"},
            {"U1", "U1", "U12", "E"},
            {"E", "E", "E", "E"}},
           kIntNames);
  RunTable("$1 % $2", kLeftInt, kRightInt,
           {{"=1", "E", "U2", "E"},
            {"=0", "E", "U2", "E"},
            {"U1", "U1", "U12", "E"},
            {"E", "E", "E", "E"}},
           kIntNames);
  RunCases({{"-age", "=-7"}, {"-score", "=0"}, {"-size(code)", "U1"}, {"-(1 / score)", "E"}},
           kIntNames);
}

TEST(IntTableTest, ComparisonIsStrict) {
  RunTable("$1 < $2", kLeftInt, kRightInt,
           {{"F", "F", "U2", "E"},
            {"T", "F", "U2", "E"},
            {"U1", "U1", "U12", "E"},
            {"E", "E", "E", "E"}},
           kIntNames);
  RunTable("$1 <= $2", kLeftInt, kRightInt,
           {{"F", "F", "U2", "E"},
            {"T", "T", "U2", "E"},
            {"U1", "U1", "U12", "E"},
            {"E", "E", "E", "E"}},
           kIntNames);
  RunTable("$1 > $2", kLeftInt, kRightInt,
           {{"T", "T", "U2", "E"},
            {"F", "F", "U2", "E"},
            {"U1", "U1", "U12", "E"},
            {"E", "E", "E", "E"}},
           kIntNames);
  RunTable("$1 >= $2", kLeftInt, kRightInt,
           {{"T", "T", "U2", "E"},
            {"F", "T", "U2", "E"},
            {"U1", "U1", "U12", "E"},
            {"E", "E", "E", "E"}},
           kIntNames);
  RunTable("$1 == $2", kLeftInt, kRightInt,
           {{"F", "F", "U2", "E"},
            {"F", "T", "U2", "E"},
            {"U1", "U1", "U12", "E"},
            {"E", "E", "E", "E"}},
           kIntNames);
  RunTable("$1 != $2", kLeftInt, kRightInt,
           {{"T", "T", "U2", "E"},
            {"T", "F", "U2", "E"},
            {"U1", "U1", "U12", "E"},
            {"E", "E", "E", "E"}},
           kIntNames);
}

TEST(IntTableTest, ComparisonOfAFieldWithAConstant) {
  RunCases({{"age < 7", "F"},
            {"age < 8", "T"},
            {"age <= 6", "F"},
            {"age <= 7", "T"},
            {"age > 7", "F"},
            {"age > 6", "T"},
            {"age >= 8", "F"},
            {"age >= 7", "T"},
            {"age == 7", "T"},
            {"age == 8", "F"},
            {"age != 7", "F"},
            {"age != 8", "T"},
            {"7 > age", "F"},
            {"8 > age", "T"},
            {"7 >= age", "T"},
            {"6 < age", "T"},
            {"7 <= age", "T"},
            {"7 == age", "T"},
            {"size(code) < 1", "U1"},
            {"1 <= size(code)", "U1"},
            {"age > 9223372036854775807", "F"},
            {"age <= 9223372036854775807", "T"},
            {"age < -9223372036854775808", "F"},
            {"age >= -9223372036854775808", "T"},
            {"1 / score > 9223372036854775807", "E"},
            {"1 / score < 1", "E"},
            {"size(code) <= 9223372036854775807", "U1"}},
           kIntNames);
}

TEST(IntTableTest, OverflowIsAnError) {
  RunCases({{"age + 9223372036854775807", "E"},
            {"-9223372036854775808 - age", "E"},
            {"days * 9223372036854775807", "E"},
            {"(score - 9223372036854775807 - 1) / (score - 1)", "E"},
            {"(score - 9223372036854775807 - 1) % (score - 1)", "E"},
            {"-(score - 9223372036854775807 - 1)", "E"},
            {"-age / days", "=-3"},
            {"-age % days", "=-1"}},
           kIntNames);
}

// Doubles in the order 7.5, unknown, error and 2.5, unknown, error.
constexpr std::array<const char*, 3> kLeftDouble = {"weight", "temp",
                                                    "(1 / score == 1 ? 1.0 : 2.0)"};
constexpr std::array<const char*, 3> kRightDouble = {"2.5", "(c ? 1.0 : 1.0)",
                                                     "(2 / score == 1 ? 1.0 : 2.0)"};
const MissingNames kDoubleNames = {"temp", "c"};

TEST(DoubleTableTest, ArithmeticAndComparisonAreStrict) {
  RunTable("$1 + $2", kLeftDouble, kRightDouble,
           {{"=10", "U2", "E"}, {"U1", "U12", "E"}, {"E", "E", "E"}}, kDoubleNames);
  RunTable("$1 - $2", kLeftDouble, kRightDouble,
           {{"=5", "U2", "E"}, {"U1", "U12", "E"}, {"E", "E", "E"}}, kDoubleNames);
  RunTable("$1 * $2", kLeftDouble, kRightDouble,
           {{"=18.75", "U2", "E"}, {"U1", "U12", "E"}, {"E", "E", "E"}}, kDoubleNames);
  RunTable("$1 / $2", kLeftDouble, kRightDouble,
           {{"=3", "U2", "E"}, {"U1", "U12", "E"}, {"E", "E", "E"}}, kDoubleNames);
  RunTable("$1 < $2", kLeftDouble, kRightDouble,
           {{"F", "U2", "E"}, {"U1", "U12", "E"}, {"E", "E", "E"}}, kDoubleNames);
  RunTable("$1 <= $2", kLeftDouble, kRightDouble,
           {{"F", "U2", "E"}, {"U1", "U12", "E"}, {"E", "E", "E"}}, kDoubleNames);
  RunTable("$1 > $2", kLeftDouble, kRightDouble,
           {{"T", "U2", "E"}, {"U1", "U12", "E"}, {"E", "E", "E"}}, kDoubleNames);
  RunTable("$1 >= $2", kLeftDouble, kRightDouble,
           {{"T", "U2", "E"}, {"U1", "U12", "E"}, {"E", "E", "E"}}, kDoubleNames);
  RunTable("$1 == $2", kLeftDouble, kRightDouble,
           {{"F", "U2", "E"}, {"U1", "U12", "E"}, {"E", "E", "E"}}, kDoubleNames);
  RunTable("$1 != $2", kLeftDouble, kRightDouble,
           {{"T", "U2", "E"}, {"U1", "U12", "E"}, {"E", "E", "E"}}, kDoubleNames);
}

// IEEE 754: division by zero is infinite, a NaN equals nothing and has no order.
TEST(DoubleTableTest, InfinityAndNotANumber) {
  RunCases({{"weight / 0.0 > 1e308", "T"},
            {"(weight - 7.5) / 0.0 == (weight - 7.5) / 0.0", "F"},
            {"(weight - 7.5) / 0.0 != (weight - 7.5) / 0.0", "T"},
            {"(weight - 7.5) / 0.0 < 1.0", "F"},
            {"(weight - 7.5) / 0.0 >= 1.0", "F"},
            {"(weight - 7.5) / 0.0 in [1.0, 2.0]", "F"},
            {"-(weight - 7.5) == 0.0", "T"}},
           kDoubleNames);
}

// Texts in the order "abc", unknown, error and "bc", unknown, error.
constexpr std::array<const char*, 3> kLeftText = {"(a ? 'abc' : '')", "code",
                                                  "(1 / score == 1 ? 'x' : 'y')"};
constexpr std::array<const char*, 3> kRightText = {"'bc'", "note", "(2 / score == 1 ? 'x' : 'y')"};
const MissingNames kTextNames = {"code", "note"};

TEST(TextTableTest, TestsAndComparisonsAreStrict) {
  RunTable("$1.contains($2)", kLeftText, kRightText,
           {{"T", "U2", "E"}, {"U1", "U12", "E"}, {"E", "E", "E"}}, kTextNames);
  RunTable("$1.startsWith($2)", kLeftText, kRightText,
           {{"F", "U2", "E"}, {"U1", "U12", "E"}, {"E", "E", "E"}}, kTextNames);
  RunTable("$1.endsWith($2)", kLeftText, kRightText,
           {{"T", "U2", "E"}, {"U1", "U12", "E"}, {"E", "E", "E"}}, kTextNames);
  RunTable("$1 < $2", kLeftText, kRightText,
           {{"T", "U2", "E"}, {"U1", "U12", "E"}, {"E", "E", "E"}}, kTextNames);
  RunTable("$1 >= $2", kLeftText, kRightText,
           {{"F", "U2", "E"}, {"U1", "U12", "E"}, {"E", "E", "E"}}, kTextNames);
  RunTable("$1 == $2", kLeftText, kRightText,
           {{"F", "U2", "E"}, {"U1", "U12", "E"}, {"E", "E", "E"}}, kTextNames);
  RunTable("$1 != $2", kLeftText, kRightText,
           {{"T", "U2", "E"}, {"U1", "U12", "E"}, {"E", "E", "E"}}, kTextNames);
  RunCases({{"size(a ? 'été' : '')", "=3"},
            {"size(code)", "U1"},
            {"(1 / score == 1 ? 'x' : 'y').size()", "E"}},
           kTextNames);
}

TEST(EnumTableTest, EqualityAndMembership) {
  const MissingNames names = {"trauma_before"};
  RunCases({{"trauma == Trauma.MAJOR", "T"},
            {"trauma == Trauma.MINOR", "F"},
            {"trauma != Trauma.MAJOR", "F"},
            {"trauma_before == Trauma.MAJOR", "U1"},
            {"trauma_before != Trauma.MAJOR", "U1"},
            {"trauma == trauma_before", "U1"},
            {"trauma == (1 / score == 1 ? Trauma.MAJOR : Trauma.MINOR)", "E"},
            {"trauma_before == (1 / score == 1 ? Trauma.MAJOR : Trauma.MINOR)", "E"},
            {"trauma in [Trauma.MAJOR, Trauma.MINOR]", "T"},
            {"trauma in [Trauma.NONE, Trauma.MINOR]", "F"},
            {"trauma_before in [Trauma.NONE, Trauma.MINOR]", "U1"},
            {"trauma in []", "F"},
            {"trauma_before in []", "U1"}},
           names);
}

TEST(MembershipTableTest, InAConstantListIsStrict) {
  RunCases({{"age in [1, 7]", "T"},
            {"age in [1, 8]", "F"},
            {"age in [7]", "T"},
            {"age in [100, 7, -5]", "T"},
            {"age in [100, 6, -5]", "F"},
            {"size(code) in [1, 7]", "U1"},
            {"size(code) in [1, 700]", "U1"},
            {"size(code) in []", "U1"},
            {"1 / score in [1]", "E"},
            {"1 / score in []", "E"},
            {"age in [1 / 0]", "E"},
            {"size(code) in [1 / 0]", "E"},
            {"weight in [7.5]", "T"},
            {"weight in [7.25, 1.0]", "F"},
            {"code in ['x']", "U1"},
            {"(a ? 'x' : 'y') in ['y', 'x']", "T"},
            {"(a ? 'x' : 'y') in ['y']", "F"},
            {"a in [true]", "T"},
            {"a in [false]", "F"},
            {"b in [true, false]", "T"},
            {"a in []", "F"}},
           kIntNames);
}

TEST(MembershipTableTest, InAListOfTheIntakeNeedsAllOfIt) {
  RefIntake intake = TableIntake();
  intake.fields["numbers"] = KnownList({KnownInt(1), KnownInt(7)});
  intake.fields["goals"] = KnownList({KnownText("x"), {}});  // one element is not known
  intake.fields["sites"] = KnownList({});
  const MissingNames names = {"code", "goals", "measures", "main_site"};
  RunCases({{"age in numbers", "T"},
            {"days in numbers", "F"},
            {"size(code) in numbers", "U1"},
            {"1 / score in numbers", "E"},
            {"'x' in goals", "U2"},
            {"'y' in goals", "U2"},
            {"code in goals", "U12"},
            {"weight in measures", "U3"},
            {"(1 / score == 1 ? 1.0 : 2.0) in measures", "E"},
            {"PainSite.LEG in sites", "F"},
            {"main_site in sites", "U4"},
            {"size(numbers)", "=2"},
            {"size(goals)", "=2"},
            {"size(sites)", "=0"},
            {"size(measures)", "U3"}},
           names, intake);
}

TEST(HasTableTest, IsAlwaysKnown) {
  RefIntake intake = TableIntake();
  intake.fields["c"] = AskedUnknown();
  intake.fields["numbers"] = KnownList({});
  intake.fields["sites"] = AskedUnknown();
  intake.fields["visits"] = KnownList({KnownRow({{"points", KnownInt(1)}})});
  RunCases({{"has(intake.a)", "T"},
            {"has(intake.b)", "T"},
            {"has(intake.c)", "T"},
            {"c", "U1"},
            {"has(intake.f)", "F"},
            {"has(intake.age)", "T"},
            {"has(intake.temp)", "F"},
            {"has(intake.numbers)", "T"},
            {"has(intake.sites)", "T"},
            {"has(intake.measures)", "F"},
            {"has(intake.temp) && temp > 38.0", "F"},
            {"visits.exists(v, has(v.points))", "T"},
            {"visits.exists(v, has(v.dose))", "F"}},
           kConditionNames, intake);
}

TEST(BetweenTableTest, IsTwoComparisonsJoinedByAnd) {
  RunCases({{"between(age, 7, 9)", "T"},
            {"between(age, 5, 7)", "T"},
            {"between(age, 8, 9)", "F"},
            {"between(age, 5, 6)", "F"},
            {"between(size(code), 1, 2)", "U1"},
            // One comparison is false whatever the other end is.
            {"between(age, 8, size(code))", "F"},
            {"between(age, 7, size(code))", "U1"},
            {"between(age, 8, 1 / score)", "F"},
            {"between(age, 7, 1 / score)", "E"},
            {"between(age, size(code), 1 / score)", "U1"},
            {"between(1 / score, 1, 2)", "E"},
            {"between(weight, 7.0, 8.0)", "T"},
            {"between('b', 'a', 'c')", "T"}},
           kIntNames);
}

// Two rows; the condition 10 / v.points > 1 is true for 1, false for 10, unknown for a row without
// points and an error for 0.
testing::RefField Row(char state) {
  switch (state) {
    case 'T':
      return KnownRow({{"points", KnownInt(1)}});
    case 'F':
      return KnownRow({{"points", KnownInt(10)}});
    case 'E':
      return KnownRow({{"points", KnownInt(0)}});
    default:
      return KnownRow({});
  }
}

void RunMacroTable(const std::string& macro, const Table<4, 4>& table) {
  static constexpr absl::string_view kStates = "TFUE";
  for (size_t i = 0; i < 4; ++i) {
    for (size_t j = 0; j < 4; ++j) {
      RefIntake intake = TableIntake();
      intake.fields["visits"] = KnownList({Row(kStates[i]), Row(kStates[j])});
      RunCases({{absl::StrCat("visits.", macro, "(v, 10 / v.points > 1)"), table[i][j]}},
               {"visits"}, intake);
    }
  }
}

TEST(MacroTableTest, ExistsIsOrOverTheRows) {
  RunMacroTable("exists", {{"T", "T", "T", "T"},
                           {"T", "F", "U1", "E"},
                           {"T", "U1", "U1", "U1"},
                           {"T", "E", "U1", "E"}});
}

TEST(MacroTableTest, AllIsAndOverTheRows) {
  RunMacroTable("all", {{"T", "F", "U1", "E"},
                        {"F", "F", "F", "F"},
                        {"U1", "F", "U1", "U1"},
                        {"E", "F", "U1", "E"}});
}

// langdef: does not absorb; any error is an error of the whole.
TEST(MacroTableTest, ExistsOneIsStrictInItsRows) {
  RunMacroTable("exists_one", {{"F", "T", "U1", "E"},
                               {"T", "F", "U1", "E"},
                               {"U1", "U1", "U1", "E"},
                               {"E", "E", "E", "E"}});
}

TEST(MacroTableTest, EmptyAndUnknownLists) {
  RefIntake intake = TableIntake();
  intake.fields["numbers"] = KnownList({});
  RunCases({{"numbers.exists(n, n > 1)", "F"},
            {"numbers.all(n, n > 1)", "T"},
            {"numbers.exists_one(n, n > 1)", "F"},
            {"measures.exists(m, m > 1.0)", "U1"},
            {"measures.all(m, m > 1.0)", "U1"},
            {"measures.exists_one(m, m > 1.0)", "U1"},
            {"measures.exists(m, true)", "U1"},
            {"[].exists(n, n == age)", "F"},
            {"[].all(n, n == age)", "T"}},
           {"measures"}, intake);
}

// What a row's condition reads outside the row is asked by its own name.
TEST(MacroTableTest, MissingNamesTheListForRowsAndFieldsForTheRest) {
  RefIntake intake = TableIntake();
  intake.fields["visits"] = KnownList({Row('T'), Row('U')});
  intake.fields["numbers"] = KnownList({KnownInt(1), KnownInt(7)});
  RunCases({{"visits.exists(v, v.points == 1 && c)", "U12"},
            {"visits.exists(v, v.points == 1 && !a)", "F"},
            {"visits.all(v, v.points == 1 || c)", "U12"},
            {"visits.exists(v, v.points > 5)", "U1"},
            {"numbers.exists(n, n == age && c)", "U2"},
            {"numbers.exists(n, n == 8 && c)", "F"},
            {"[1, 7].exists(n, n == age && c)", "U2"}},
           {"visits", "c"}, intake);
}

TEST(TimeTableTest, AsOfAndDaysBetween) {
  RefIntake intake = TableIntake();
  intake.as_of = 1'769'817'600;  // 2026-01-31T00:00:00Z
  RunCases({{"as_of == timestamp('2026-01-31T00:00:00Z')", "T"},
            {"as_of < timestamp('2026-01-31T00:00:01Z')", "T"},
            {"as_of >= timestamp('2026-01-31T01:00:00+01:00')", "T"},
            {"daysBetween(timestamp('2026-01-01T00:00:00Z'), as_of)", "=30"},
            {"daysBetween(as_of, timestamp('2026-01-01T00:00:00Z'))", "=-30"},
            {"daysBetween(as_of, timestamp('2026-01-31T23:59:59Z'))", "=0"},
            {"daysBetween(as_of, timestamp('2026-01-30T23:59:59Z'))", "=-1"},
            {"as_of - timestamp('2026-01-30T00:00:00Z') == duration('24h')", "T"},
            {"as_of - duration('24h') == timestamp('2026-01-30T00:00:00Z')", "T"},
            {"as_of + duration('24h') == timestamp('2026-02-01T00:00:00Z')", "T"},
            {"as_of - timestamp('0001-01-01T00:00:00Z') > duration('0s')", "E"},
            {"duration('1h') - duration('30m') == duration('1800s')", "T"},
            {"duration('-1.5h') < duration('-89m')", "T"}},
           {}, intake);
  RunCases({{"as_of > timestamp('2026-01-31T00:00:00Z')", "E"},
            {"daysBetween(as_of, as_of)", "E"},
            {"c && as_of == as_of", "U1"},
            {"b && as_of == as_of", "F"}},
           {"c"});
}

// One error and one unknown, in all shapes of nesting.
TEST(MixedTest, UnknownAndError) {
  RunCases({{"(c || 1 / score == 1) && b", "F"},
            {"(c && 1 / score == 1) || a", "T"},
            {"(c || 1 / score == 1) && f", "U12"},
            {"!(c && 1 / score == 1)", "U1"},
            {"(c && f) || (b && h)", "U12"},
            {"(c || a) && f", "U2"},
            {"size(code ) + 1 / score == 1 || c", "U1"},
            {"(c ? 1 : 2) + 1 / score", "E"},
            {"c == (1 / score == 1)", "E"},
            {"c ? 1 / score : 1", "U1"},
            {"a ? c : 1 / score == 1", "U1"},
            {"b ? c : 1 / score == 1", "E"}},
           {"c", "f", "h"});
}

TEST(TableCountTest, CoversAtLeastThreeHundredCases) {
  // Tests run in order of definition; alone, this one has nothing to count.
  if (cases_run == 0) GTEST_SKIP() << "run with the tables";
  std::printf("three-valued cases: %d\n", cases_run);
  EXPECT_GE(cases_run, 300);
}

}  // namespace
}  // namespace plumbline::expr
