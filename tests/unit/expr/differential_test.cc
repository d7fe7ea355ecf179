// The plan against an independent evaluator, and properties that hold for every expression. The
// seed is printed; PLUMBLINE_SEED and PLUMBLINE_DIFFERENTIAL_CASES change the run.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/expr/checked_ast.h"
#include "server/expr/checker.h"
#include "server/expr/plan.h"
#include "tests/testing/expr/random_expression.h"
#include "tests/testing/expr/reference.h"
#include "tests/testing/expr/test_intake.h"

namespace plumbline::expr {
namespace {

using testing::RandomExpression;
using testing::RefIntake;
using testing::RefNode;
using testing::RefResult;
using testing::RefValue;

// Sanitizers make the same cases some thirty times slower; they look for other mistakes.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kNormalCases = 10'000;
#else
constexpr int kNormalCases = 100'000;
#endif

constexpr int kBatch = 50;
constexpr int kIntakesPerBatch = 3;

std::mt19937_64 MakeRandom(const char* test) {
  const uint64_t seed = testing::Seed();
  std::printf("%s: PLUMBLINE_SEED=%llu\n", test, static_cast<unsigned long long>(seed));
  return std::mt19937_64(seed);
}

struct Case {
  std::string text;
  CheckedExpr checked;
  RefNode reference;
  NodeId shared = 0;    // in the batch's plan
  NodeId unfolded = 0;  // in the batch's plan without constant folding
  Plan alone;
  NodeId in_alone = 0;
};

// Which sign a NaN has depends on the order of operands that the compiler chose; nothing reads it.
std::string DescribeReal(double value) {
  if (std::isnan(value)) return "nan";
  char buffer[64];
  std::snprintf(buffer, sizeof(buffer), "%a", value);
  return buffer;
}

std::string Describe(const RefResult& result) {
  if (result.state == RefResult::State::kError) return "error";
  if (result.state == RefResult::State::kUnknown) {
    std::string text = "unknown:";
    for (const std::string& name : result.missing) absl::StrAppend(&text, " ", name);
    return text;
  }
  const RefValue& value = result.value;
  switch (value.tag) {
    case RefValue::Tag::kBool:
      return value.flag ? "true" : "false";
    case RefValue::Tag::kDouble:
      return DescribeReal(value.real);
    case RefValue::Tag::kText:
      return absl::StrCat("\"", value.text, "\"");
    case RefValue::Tag::kEnum:
      return value.text.substr(value.text.find('.') + 1);
    default:
      return std::to_string(value.number);
  }
}

// The plan's answer in the same words.
std::string Describe(const Plan& plan, NodeId node, const Type& type, const Frame& frame) {
  const State state = frame.node_states()[node];
  if (state == State::kError) return "error";
  if (state == State::kUnknown) {
    SlotSet missing;
    plan.CollectMissing(node, frame, missing);
    std::string text = "unknown:";
    for (const std::string& name : testing::Names(missing)) absl::StrAppend(&text, " ", name);
    return text;
  }
  const Cell& cell = frame.node_cells()[node];
  switch (type.kind) {
    case Kind::kBool:
      return state == State::kTrue ? "true" : "false";
    case Kind::kDouble:
      return DescribeReal(cell.d);
    case Kind::kString:
      return absl::StrCat("\"", absl::string_view(cell.s.data, cell.s.size), "\"");
    case Kind::kEnum:
      return std::string(
          ShortEnumValueName(*type.enum_type->FindValueByNumber(static_cast<int>(cell.i))));
    default:
      return std::to_string(cell.i);
  }
}

// The intake with nothing but the fields in `kept`.
RefIntake Restrict(const RefIntake& intake, const std::set<std::string>& kept) {
  RefIntake result;
  result.as_of = intake.as_of;
  for (const auto& [name, field] : intake.fields) {
    if (kept.contains(name)) result.fields[name] = field;
  }
  return result;
}

std::vector<Case> MakeBatch(RandomExpression& random_expression, std::mt19937_64& random,
                            const Environment& environment, PlanBuilder& shared,
                            PlanBuilder& unfolded) {
  std::vector<Case> batch;
  for (int i = 0; i < kBatch; ++i) {
    Case one;
    const int depth = 1 + static_cast<int>(random() % 4);
    one.text = random_expression.Any(depth);
    one.checked = testing::MustCheck(one.text, environment);
    const std::string printed = Print(one.checked);
    const CheckedExpr again = testing::MustCheck(printed, environment);
    EXPECT_EQ(Print(again), printed) << one.text;
    EXPECT_EQ(again.Slots(), one.checked.Slots()) << one.text;
    one.reference = testing::ParseReference(printed);
    one.shared = shared.Add(one.checked).value();
    one.unfolded = unfolded.Add(one.checked).value();
    PlanBuilder builder(&testing::TestSchema());
    one.in_alone = builder.Add(one.checked).value();
    one.alone = std::move(builder).Build();
    batch.push_back(std::move(one));
  }
  return batch;
}

// The decided outcome follows from the deciding slots alone.
void CheckDeciding(const Case& one, const Plan& plan, const Frame& frame, const RefIntake& intake) {
  SlotSet deciding;
  plan.CollectDeciding(one.shared, frame, deciding);
  Frame reduced = one.alone.MakeFrame();
  const RefIntake kept = Restrict(intake, testing::Names(deciding));
  testing::Bind(kept, reduced);
  one.alone.Evaluate(reduced);
  EXPECT_EQ(Plan::OutcomeOf(one.in_alone, reduced), Plan::OutcomeOf(one.shared, frame)) << one.text;
  SlotSet outside = deciding;
  outside |= plan.Support(one.shared);
  EXPECT_EQ(outside, plan.Support(one.shared)) << one.text;
}

// A reason that was worked out in the sweep over all nodes is the one that is worked out alone.
void CheckReason(const Case& one, const Plan& plan, const Frame& frame, const Reason& reason) {
  SlotSet expected;
  if (Plan::OutcomeOf(one.shared, frame) == Outcome::kIndeterminate) {
    plan.CollectMissing(one.shared, frame, expected);
  } else {
    plan.CollectDeciding(one.shared, frame, expected);
  }
  EXPECT_EQ(reason.slots, expected) << one.text;
}

TEST(DifferentialTest, PlanAgreesWithTheReferenceAloneSharedAndUnfolded) {
  std::mt19937_64 random = MakeRandom("differential");
  const int cases = testing::Cases("PLUMBLINE_DIFFERENTIAL_CASES", kNormalCases);
  const Environment environment(&testing::TestSchema());
  int64_t comparisons = 0;
  int64_t tally[4] = {0, 0, 0, 0};
  for (int done = 0; done < cases && !::testing::Test::HasFailure(); done += kBatch) {
    RandomExpression random_expression(random, {});
    PlanBuilder shared_builder(&testing::TestSchema());
    PlanBuilder unfolded_builder(&testing::TestSchema(), /*fold_constants=*/false);
    const std::vector<Case> batch =
        MakeBatch(random_expression, random, environment, shared_builder, unfolded_builder);
    const Plan shared = std::move(shared_builder).Build();
    const Plan unfolded = std::move(unfolded_builder).Build();
    Frame shared_frame = shared.MakeFrame();
    Frame unfolded_frame = unfolded.MakeFrame();
    std::vector<Reason> reasons;  // kept from intake to intake, as the engine does
    for (int i = 0; i < kIntakesPerBatch; ++i) {
      const RefIntake intake = testing::RandomIntake(random);
      testing::Bind(intake, shared_frame);
      testing::Bind(intake, unfolded_frame);
      shared.Evaluate(shared_frame);
      unfolded.Evaluate(unfolded_frame);
      shared.ExplainAll(shared_frame, {}, reasons);
      for (const Case& one : batch) {
        const RefResult expected = testing::EvaluateReference(one.reference, intake);
        const Type& type = one.checked.type();
        Frame alone_frame = one.alone.MakeFrame();
        testing::Bind(intake, alone_frame);
        one.alone.Evaluate(alone_frame);
        ASSERT_EQ(Describe(shared, one.shared, type, shared_frame), Describe(expected)) << one.text;
        ASSERT_EQ(Describe(one.alone, one.in_alone, type, alone_frame), Describe(expected))
            << one.text;
        ASSERT_EQ(Describe(unfolded, one.unfolded, type, unfolded_frame), Describe(expected))
            << one.text;
        ++comparisons;
        const State state = shared_frame.node_states()[one.shared];
        ++tally[static_cast<size_t>(state)];
        const bool decided = state == State::kFalse || state == State::kTrue;
        if (type.kind == Kind::kBool && decided) CheckDeciding(one, shared, shared_frame, intake);
        if (type.kind == Kind::kBool && state != State::kError) {
          CheckReason(one, shared, shared_frame, reasons[one.shared]);
        }
      }
    }
  }
  std::printf(
      "differential: %d expressions, %lld comparisons; false %lld, true or value %lld, "
      "unknown %lld, error %lld\n",
      cases, static_cast<long long>(comparisons), static_cast<long long>(tally[0]),
      static_cast<long long>(tally[1]), static_cast<long long>(tally[2]),
      static_cast<long long>(tally[3]));
}

// Revealing an answer never flips a decided condition: only has() reacts to being asked.
TEST(MetamorphicTest, RevealingAnAnswerNeverFlipsADecidedCondition) {
  std::mt19937_64 random = MakeRandom("metamorphic");
  const int cases = testing::Cases("PLUMBLINE_METAMORPHIC_CASES", kNormalCases / 5);
  const Environment environment(&testing::TestSchema());
  int64_t reveals = 0;
  for (int done = 0; done < cases && !::testing::Test::HasFailure(); ++done) {
    RandomExpression random_expression(random, {.has = false});
    PlanBuilder builder(&testing::TestSchema());
    const std::string text = random_expression.Condition(1 + static_cast<int>(random() % 4));
    const NodeId node = testing::MustAdd(text, environment, builder);
    const Plan plan = std::move(builder).Build();
    Frame frame = plan.MakeFrame();
    RefIntake intake = testing::RandomIntake(random);
    const RefIntake full = testing::RandomIntake(random);
    testing::Bind(intake, frame);
    plan.Evaluate(frame);
    Outcome before = Plan::OutcomeOf(node, frame);
    for (const auto& [name, field] : full.fields) {
      if (!field.known || (intake.fields.contains(name) && intake.fields[name].known)) continue;
      intake.fields[name] = field;
      testing::Bind(intake, frame);
      plan.Evaluate(frame);
      const Outcome after = Plan::OutcomeOf(node, frame);
      ++reveals;
      if (before == Outcome::kMatch || before == Outcome::kNoMatch) {
        ASSERT_EQ(after, before) << text << "\nrevealed " << name;
      }
      before = after;
    }
  }
  std::printf("metamorphic: %d conditions, %lld answers revealed\n", cases,
              static_cast<long long>(reveals));
}

// One field of a read-once formula: how it is written, and its possible answers.
struct Atom {
  std::string name;
  std::string text;
  std::vector<testing::RefField> answers;
};

std::vector<Atom> Atoms() {
  using testing::KnownBool;
  using testing::KnownDouble;
  using testing::KnownEnum;
  using testing::KnownInt;
  using testing::KnownList;
  using testing::KnownText;
  std::vector<Atom> atoms;
  for (const char* name : {"a", "b", "c", "d", "e"}) {
    atoms.push_back({name, name, {KnownBool(false), KnownBool(true)}});
  }
  atoms.push_back({"age", "age >= 2", {KnownInt(1), KnownInt(2), KnownInt(3)}});
  atoms.push_back({"days", "between(days, 2, 3)", {KnownInt(1), KnownInt(2), KnownInt(4)}});
  atoms.push_back({"weight", "weight < 1.5", {KnownDouble(1), KnownDouble(2)}});
  atoms.push_back({"note", "note.contains('x')", {KnownText("x"), KnownText("y")}});
  atoms.push_back({"trauma",
                   "trauma in [Trauma.MAJOR, Trauma.MINOR]",
                   {KnownEnum("Trauma.NONE"), KnownEnum("Trauma.MAJOR")}});
  atoms.push_back({"numbers",
                   "numbers.exists(n, n > 2)",
                   {KnownList({}), KnownList({KnownInt(1), KnownInt(3)})}});
  return atoms;
}

// A formula over `atoms`, each used once.
std::string ReadOnce(std::vector<Atom> atoms, std::mt19937_64& random) {
  if (atoms.size() == 1) {
    return random() % 3 == 0 ? absl::StrCat("!(", atoms[0].text, ")") : atoms[0].text;
  }
  const size_t parts = std::min<size_t>(atoms.size(), 2 + random() % 3);
  std::vector<std::vector<Atom>> groups(parts);
  for (size_t i = 0; i < atoms.size(); ++i) {
    groups[i < parts ? i : random() % parts].push_back(std::move(atoms[i]));
  }
  const uint64_t shape = random() % 3;
  std::string text;
  for (size_t i = 0; i < parts; ++i) {
    if (i > 0) text += shape == 0 ? " && " : shape == 1 ? " || " : ", ";
    absl::StrAppend(&text, "(", ReadOnce(std::move(groups[i]), random), ")");
  }
  if (shape == 2) text = absl::StrCat("atLeast(", 1 + random() % parts, ", [", text, "])");
  return random() % 5 == 0 ? absl::StrCat("!(", text, ")") : text;
}

// Whether some completion of `open` makes the answer to `field` matter. Plain enumeration.
bool Matters(const Atom& field, const std::vector<Atom>& open, const RefNode& formula,
             const RefIntake& known) {
  size_t completions = 1;
  for (const Atom& atom : open) completions *= atom.name == field.name ? 1 : atom.answers.size();
  for (size_t code = 0; code < completions; ++code) {
    RefIntake intake = known;
    size_t rest = code;
    for (const Atom& atom : open) {
      if (atom.name == field.name) continue;
      intake.fields[atom.name] = atom.answers[rest % atom.answers.size()];
      rest /= atom.answers.size();
    }
    bool seen[2] = {false, false};
    for (const testing::RefField& answer : field.answers) {
      intake.fields[field.name] = answer;
      seen[testing::EvaluateReference(formula, intake).value.flag ? 1 : 0] = true;
    }
    if (seen[0] && seen[1]) return true;
  }
  return false;
}

TEST(MissingTest, IsExactlyWhatCanStillMatterInReadOnceFormulas) {
  std::mt19937_64 random = MakeRandom("read-once");
  const int cases = testing::Cases("PLUMBLINE_READ_ONCE_CASES", kNormalCases / 25);
  const Environment environment(&testing::TestSchema());
  for (int done = 0; done < cases && !::testing::Test::HasFailure(); ++done) {
    std::vector<Atom> atoms = Atoms();
    std::shuffle(atoms.begin(), atoms.end(), random);
    atoms.resize(1 + random() % 7);
    const std::string text = ReadOnce(atoms, random);
    PlanBuilder builder(&testing::TestSchema());
    const CheckedExpr checked = testing::MustCheck(text, environment);
    const NodeId node = builder.Add(checked).value();
    const Plan plan = std::move(builder).Build();
    const RefNode formula = testing::ParseReference(Print(checked));
    RefIntake intake;
    std::vector<Atom> open;
    for (const Atom& atom : atoms) {
      if (open.size() < 6 && random() % 5 < 3) {
        open.push_back(atom);
      } else {
        intake.fields[atom.name] = atom.answers[random() % atom.answers.size()];
      }
    }
    Frame frame = plan.MakeFrame();
    testing::Bind(intake, frame);
    plan.Evaluate(frame);
    SlotSet missing;
    plan.CollectMissing(node, frame, missing);
    std::set<std::string> expected;
    for (const Atom& atom : open) {
      if (Matters(atom, open, formula, intake)) expected.insert(atom.name);
    }
    ASSERT_EQ(testing::Names(missing), expected) << text;
    ASSERT_EQ(Plan::OutcomeOf(node, frame) == Outcome::kIndeterminate, !expected.empty()) << text;
  }
}

}  // namespace
}  // namespace plumbline::expr
