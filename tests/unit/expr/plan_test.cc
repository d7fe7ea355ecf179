// The plan as the engine uses it: sharing, terms, combinators, explanations.

#include "server/expr/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "server/expr/checker.h"
#include "tests/testing/expr/test_intake.h"

namespace plumbline::expr {
namespace {

using testing::KnownBool;
using testing::KnownInt;
using testing::KnownList;
using testing::KnownRow;
using testing::RefIntake;
using Set = std::set<std::string>;

const Schema& TheSchema() { return testing::TestSchema(); }

class PlanTest : public ::testing::Test {
 protected:
  NodeId Add(const std::string& text) { return testing::MustAdd(text, environment_, builder_); }

  void Evaluate(const RefIntake& intake) {
    intake_ = intake;
    plan_ = std::move(builder_).Build();
    frame_ = plan_.MakeFrame();
    testing::Bind(intake_, frame_);
    plan_.Evaluate(frame_);
  }
  Outcome Of(NodeId node) const { return Plan::OutcomeOf(node, frame_); }
  Set Missing(NodeId node) const {
    SlotSet slots;
    plan_.CollectMissing(node, frame_, slots);
    return testing::Names(slots);
  }
  Set Deciding(NodeId node) const {
    SlotSet slots;
    plan_.CollectDeciding(node, frame_, slots);
    return testing::Names(slots);
  }

  Environment environment_{&TheSchema()};
  PlanBuilder builder_{&TheSchema()};
  RefIntake intake_;
  Plan plan_;
  Frame frame_;
};

// a, b known true and false; score 0, so that 1 / score is an error; the rest unanswered.
RefIntake SomeAnswers() {
  RefIntake intake;
  intake.fields["a"] = KnownBool(true);
  intake.fields["b"] = KnownBool(false);
  intake.fields["score"] = KnownInt(0);
  intake.fields["age"] = KnownInt(70);
  return intake;
}

TEST_F(PlanTest, EqualPredicatesAreOneNode) {
  EXPECT_EQ(Add("age > 59"), Add("age >= 60"));
  EXPECT_EQ(Add("60 <= age"), Add("age >= 60"));
  EXPECT_EQ(Add("age <= 59"), Add("age < 60"));
  EXPECT_EQ(Add("a && b && c"), Add("c && (b && a)"));
  EXPECT_EQ(Add("a || a"), Add("a"));
  EXPECT_EQ(Add("!!a"), Add("a"));
  EXPECT_EQ(Add("a && true"), Add("a"));
  EXPECT_EQ(Add("a && 1 == 2"), Add("false"));
  EXPECT_EQ(Add("between(age, 1, 2)"), Add("age >= 1 && age <= 2"));
  EXPECT_EQ(Add("atLeast(1, [a, b])"), Add("a || b"));
  EXPECT_EQ(Add("atLeast(2, [b, a])"), Add("a && b"));
  EXPECT_EQ(Add("trauma in [Trauma.MAJOR, Trauma.MINOR]"),
            Add("trauma in [Trauma.MINOR, Trauma.MAJOR, Trauma.MAJOR]"));
  EXPECT_EQ(Add("age in [7, 500, 300]"), Add("age in [300, 500, 7]"));
  EXPECT_EQ(Add("note in ['a', 'b']"), Add("note in ['b', 'a']"));
  EXPECT_EQ(Add("age == days"), Add("days == age"));
  EXPECT_EQ(Add("note < code"), Add("code > note"));
  EXPECT_EQ(Add("visits.exists(v, v.points > 3)"), Add("visits.exists(row, 3 < row.points)"));
  EXPECT_EQ(Add("[true, false].exists(x, x == a) && false"), Add("false"));
  const size_t before = std::move(builder_).Build().node_count();
  EXPECT_GT(before, 0u);
}

TEST_F(PlanTest, DifferentPredicatesAreDifferentNodes) {
  const std::vector<std::string> texts = {"age > 59",
                                          "age > 60",
                                          "days > 59",
                                          "age == 60",
                                          "age != 60",
                                          "weight > 60.0",
                                          "weight >= 60.0",
                                          "age in [1, 2]",
                                          "age in [1, 3]",
                                          "age in [1, 200]",
                                          "age in [1, 300]",
                                          "note in ['a']",
                                          "note in ['b']",
                                          "note in ['a', 'b']",
                                          "note == 'a'",
                                          "visits.exists(v, v.points > 3)",
                                          "visits.exists(v, v.points > 4)",
                                          "visits.all(v, v.points > 3)",
                                          "visits.exists(v, v.dose > 3.0)",
                                          "visits.exists(v, v.kind == 'a')",
                                          "visits.exists(v, v.kind == 'b')",
                                          "numbers.exists(v, v > 3)",
                                          "has(intake.a)",
                                          "a",
                                          "!a",
                                          "atLeast(2, [a, b, c])",
                                          "atLeast(2, [a, b, d])",
                                          "atLeast(2, [a, a, b])",
                                          "a == b",
                                          "a != b",
                                          "a < b",
                                          "b < a",
                                          "weight in [1.0]",
                                          "weight in [2.0]",
                                          "a ? b : c",
                                          "a ? c : b"};
  std::set<NodeId> nodes;
  for (const std::string& text : texts) {
    EXPECT_TRUE(nodes.insert(Add(text)).second) << text;
  }
}

TEST_F(PlanTest, TermsAreReadThrough) {
  ASSERT_TRUE(environment_.DeclareTerm("acute", {.kind = Kind::kBool}));
  ASSERT_TRUE(environment_.DeclareTerm("total", {.kind = Kind::kInt}));
  const CheckedExpr reading = testing::MustCheck("acute && total > 3", environment_);
  EXPECT_EQ(builder_.Add(reading).status().code(), absl::StatusCode::kFailedPrecondition);
  ASSERT_TRUE(builder_.BindTerm("acute", Add("c || d")).ok());
  EXPECT_FALSE(builder_.BindTerm("acute", 0).ok());
  EXPECT_FALSE(builder_.BindTerm("far", 1'000'000).ok());
  // A bool where the environment says int is a mistake of the caller.
  PlanBuilder other(&TheSchema());
  const NodeId bool_node = testing::MustAdd("c", environment_, other);
  ASSERT_TRUE(other.BindTerm("acute", bool_node).ok());
  ASSERT_TRUE(other.BindTerm("total", bool_node).ok());
  EXPECT_EQ(other.Add(reading).status().code(), absl::StatusCode::kFailedPrecondition);

  ASSERT_TRUE(builder_.BindTerm("total", Add("age + days")).ok());
  const NodeId node = builder_.Add(reading).value();
  Evaluate(SomeAnswers());
  EXPECT_EQ(Of(node), Outcome::kIndeterminate);
  EXPECT_EQ(Missing(node), (Set{"c", "d", "days"}));
  EXPECT_EQ(testing::Names(plan_.Support(node)), (Set{"age", "c", "d", "days"}));
}

TEST_F(PlanTest, ListsAreNotValuesOfAPlan) {
  EXPECT_EQ(builder_.Add(testing::MustCheck("numbers", environment_)).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(builder_.Add(testing::MustCheck("[1, 2]", environment_)).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(builder_.Add(CheckedExpr()).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(PlanTest, CombinatorsFollowTheLanguage) {
  const NodeId a = Add("a");
  const NodeId b = Add("b");
  const NodeId c = Add("c");
  EXPECT_EQ(builder_.And({a, b}), Add("a && b"));
  EXPECT_EQ(builder_.Or({c, a}), Add("a || c"));
  EXPECT_EQ(builder_.Not(c), Add("!c"));
  EXPECT_EQ(builder_.And({}), builder_.Constant(true));
  EXPECT_EQ(builder_.Or({}), builder_.Constant(false));
  EXPECT_EQ(builder_.And({a, builder_.Constant(false)}), builder_.Constant(false));
}

TEST_F(PlanTest, KnownTrueAndNotKnownFalseAreNeverIndeterminate) {
  const NodeId error = Add("1 / score == 1");
  struct Row {
    NodeId operand;
    Outcome known_true;
    Outcome not_known_false;
  };
  std::vector<Row> rows = {{Add("a"), Outcome::kMatch, Outcome::kMatch},
                           {Add("b"), Outcome::kNoMatch, Outcome::kNoMatch},
                           {Add("c && d"), Outcome::kNoMatch, Outcome::kMatch},
                           {error, Outcome::kNoMatch, Outcome::kMatch}};
  std::vector<std::pair<NodeId, NodeId>> nodes;
  for (const Row& row : rows) {
    nodes.emplace_back(builder_.KnownTrue(row.operand), builder_.NotKnownFalse(row.operand));
  }
  Evaluate(SomeAnswers());
  for (size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(Of(nodes[i].first), rows[i].known_true) << i;
    EXPECT_EQ(Of(nodes[i].second), rows[i].not_known_false) << i;
    EXPECT_EQ(Missing(nodes[i].first), Set{});
  }
  // What is missing is what made it so.
  EXPECT_EQ(Deciding(nodes[2].first), (Set{"c", "d"}));
}

struct WeightedCase {
  int64_t threshold;
  std::vector<std::pair<int32_t, std::string>> operands;
  Outcome outcome;
  Set missing;
  Set deciding;
};

TEST_F(PlanTest, WeightedSumsAreIntervals) {
  const std::string error = "1 / score == 1";
  const std::vector<WeightedCase> cases = {
      {3, {{3, "a"}, {5, "c"}}, Outcome::kMatch, {}, {"a"}},
      {4, {{3, "a"}, {5, "c"}}, Outcome::kIndeterminate, {"c"}, {}},
      {9, {{3, "a"}, {5, "c"}}, Outcome::kNoMatch, {}, {}},
      {1, {{3, "b"}}, Outcome::kNoMatch, {}, {"b"}},
      {4, {{3, "a"}, {5, "c"}, {-2, "d"}}, Outcome::kIndeterminate, {"c", "d"}, {}},
      {3, {{3, "a"}, {-1, "c"}}, Outcome::kIndeterminate, {"c"}, {}},
      {2, {{3, "a"}, {-1, "c"}}, Outcome::kMatch, {}, {"a"}},
      {3, {{3, "a"}, {-1, "b"}}, Outcome::kMatch, {}, {"a", "b"}},
      {0, {{-1, "a"}}, Outcome::kNoMatch, {}, {"a"}},
      {0, {{5, "c"}}, Outcome::kMatch, {}, {}},
      {0, {}, Outcome::kMatch, {}, {}},
      {1, {}, Outcome::kNoMatch, {}, {}},
      {5, {{3, "a"}, {5, error}}, Outcome::kError, {}, {"score"}},
      {3, {{3, "a"}, {5, error}}, Outcome::kMatch, {}, {"a"}},
      {9, {{3, "a"}, {5, error}}, Outcome::kNoMatch, {}, {}},
      {5, {{3, "c"}, {5, error}}, Outcome::kError, {}, {"score"}},
      {3, {{2, "c"}, {2, "c"}, {0, "d"}}, Outcome::kIndeterminate, {"c"}, {}},
      {4'000'000'000, {{2'000'000'000, "a"}, {2'000'000'000, "a"}}, Outcome::kMatch, {}, {"a"}},
  };
  std::vector<NodeId> nodes;
  for (const WeightedCase& one : cases) {
    std::vector<std::pair<int32_t, NodeId>> operands;
    for (const auto& [points, text] : one.operands) operands.emplace_back(points, Add(text));
    nodes.push_back(builder_.WeightedAtLeast(one.threshold, operands));
  }
  Evaluate(SomeAnswers());
  for (size_t i = 0; i < cases.size(); ++i) {
    EXPECT_EQ(Of(nodes[i]), cases[i].outcome) << i;
    EXPECT_EQ(Missing(nodes[i]), cases[i].missing) << i;
    EXPECT_EQ(Deciding(nodes[i]), cases[i].deciding) << i;
  }
}

TEST_F(PlanTest, DecidingSlotsAreTheOnesThatDecided) {
  RefIntake intake = SomeAnswers();
  intake.fields["visits"] = KnownList({KnownRow({{"points", KnownInt(1)}})});
  const std::vector<std::pair<std::string, Set>> cases = {
      {"a || b", {"a"}},
      {"a || c", {"a"}},
      {"a && b", {"b"}},
      {"b || age < 3", {"age", "b"}},
      {"a && age > 3", {"a", "age"}},
      {"!(a && b)", {"b"}},
      {"a ? age > 3 : score == 1", {"a", "age"}},
      {"atLeast(1, [a, b, c])", {"a"}},
      {"atLeast(2, [b, 1 == 2, age < 3])", {"age", "b"}},
      {"atLeast(2, [a, age > 3, b])", {"a", "age"}},
      {"has(intake.c) || a", {"a"}},
      {"has(intake.c)", {"c"}},
      {"visits.exists(v, v.points == 1 && age > 3)", {"age", "visits"}},
      {"visits.exists(v, v.points == 2 || age < 3)", {"age", "visits"}},
      {"visits.all(v, v.points == 2 && age > 3)", {"visits"}},
      {"size(visits) == 1", {"visits"}},
      {"1 in numbers || a", {"a"}},
      {"age + score > 3", {"age", "score"}},
      {"c || d", {}},
  };
  std::vector<NodeId> nodes;
  for (const auto& [text, deciding] : cases) nodes.push_back(Add(text));
  Evaluate(intake);
  for (size_t i = 0; i < cases.size(); ++i) {
    EXPECT_EQ(Deciding(nodes[i]), cases[i].second) << cases[i].first;
  }
}

TEST_F(PlanTest, FramesAreReused) {
  const NodeId node = Add("note == 'x' && visits.exists(v, v.points == 1)");
  RefIntake intake;
  intake.fields["note"] = testing::KnownText("x");
  intake.fields["visits"] = KnownList({KnownRow({{"points", KnownInt(1)}})});
  Evaluate(intake);
  EXPECT_EQ(Of(node), Outcome::kMatch);
  frame_.Reset();
  plan_.Evaluate(frame_);
  EXPECT_EQ(Of(node), Outcome::kIndeterminate);
  EXPECT_EQ(Missing(node), (Set{"note", "visits"}));
  testing::Bind(intake_, frame_);
  plan_.Evaluate(frame_);
  EXPECT_EQ(Of(node), Outcome::kMatch);
}

// Explaining a deep chain of shared terms must not visit a node once per path.
TEST_F(PlanTest, ExplanationOfSharedTermsIsLinear) {
  NodeId node = Add("c");
  const NodeId d = Add("d");
  const NodeId e = Add("e");
  for (int i = 0; i < 200; ++i) {
    const NodeId left = builder_.Or({node, d});
    const NodeId right = builder_.Or({node, e});
    node = builder_.And({left, right, builder_.Not(builder_.And({left, d}))});
  }
  Evaluate({});
  EXPECT_EQ(Missing(node), (Set{"c", "d", "e"}));
}

TEST_F(PlanTest, DebugStringHasALineForEachNode) {
  Add("atLeast(2, [a, age >= 60, weight < 1.5]) || visits.exists(v, v.points > 1)");
  const Plan plan = std::move(builder_).Build();
  const std::string text = plan.DebugString();
  EXPECT_EQ(static_cast<size_t>(std::count(text.begin(), text.end(), '\n')), plan.node_count());
  EXPECT_THAT(text, ::testing::HasSubstr("SlotIntGe age 60"));
}

}  // namespace
}  // namespace plumbline::expr
