#include "tests/conformance/cel_test_case.h"

#include <cmath>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "server/expr/checked_ast.h"
#include "server/expr/checker.h"
#include "server/expr/plan.h"
#include "tests/conformance/cel_test_enums.pb.h"

namespace plumbline::conformance {
namespace {

using expr::Kind;
using CelValue = expr::Value;

// A value of the suite as ours; nullopt if ours has no such type.
std::optional<CelValue> FromSuite(const Value& value) {
  switch (value.kind_case()) {
    case Value::kBoolValue:
      return CelValue::Bool(value.bool_value());
    case Value::kInt64Value:
      return CelValue::Int(value.int64_value());
    case Value::kDoubleValue:
      return CelValue::Double(value.double_value());
    case Value::kStringValue:
      return CelValue::String(value.string_value());
    case Value::kListValue: {
      std::vector<CelValue> elements;
      for (const Value& element : value.list_value().values()) {
        std::optional<CelValue> converted = FromSuite(element);
        if (!converted.has_value()) return std::nullopt;
        elements.push_back(*std::move(converted));
      }
      return CelValue::List(std::move(elements));
    }
    case Value::kObjectValue: {
      google::protobuf::Timestamp timestamp;
      google::protobuf::Duration duration;
      if (value.object_value().UnpackTo(&timestamp) && timestamp.nanos() == 0) {
        return CelValue::Timestamp(timestamp.seconds());
      }
      if (value.object_value().UnpackTo(&duration)) {
        return CelValue::Duration(duration.seconds() * 1'000'000'000 + duration.nanos());
      }
      return std::nullopt;
    }
    default:
      return std::nullopt;
  }
}

// Identity, not CEL's ==: types must be the same, NaN is NaN, -0.0 is not 0.0.
bool Identical(const CelValue& a, const CelValue& b) {
  if (a.kind != b.kind) return false;
  switch (a.kind) {
    case Kind::kError:
      return true;
    case Kind::kDouble:
      if (std::isnan(a.d) || std::isnan(b.d)) return std::isnan(a.d) && std::isnan(b.d);
      return std::memcmp(&a.d, &b.d, sizeof(double)) == 0;
    case Kind::kString:
      return a.s == b.s;
    case Kind::kList:
      if (a.list.size() != b.list.size()) return false;
      for (size_t i = 0; i < a.list.size(); ++i) {
        if (!Identical(a.list[i], b.list[i])) return false;
      }
      return true;
    default:
      return a.i == b.i && a.enum_type == b.enum_type;
  }
}

std::string Describe(const CelValue& value) {
  switch (value.kind) {
    case Kind::kError:
      return "error";
    case Kind::kBool:
      return value.is_true() ? "true" : "false";
    case Kind::kDouble:
      return absl::StrCat(value.d, " (double)");
    case Kind::kString:
      return absl::StrCat("\"", value.s, "\"");
    case Kind::kList: {
      std::string text = "[";
      for (const CelValue& element : value.list) absl::StrAppend(&text, Describe(element), " ");
      return text + "]";
    }
    default:
      return absl::StrCat(value.i);
  }
}

// Enums are ints in the suite's legacy mode and types of their own in its strong mode.
void DeclareEnum(const google::protobuf::EnumDescriptor& type, const std::string& name, bool strong,
                 expr::Environment& environment) {
  for (int i = 0; i < type.value_count(); ++i) {
    const auto& value = *type.value(i);
    environment.DeclareConstant(
        absl::StrCat(name, ".", std::string(value.name())),
        strong ? CelValue::Enum(&type, value.number()) : CelValue::Int(value.number()));
  }
}

expr::Environment MakeEnvironment(const CelTest& test) {
  expr::Environment environment(nullptr);
  environment.SetContainer(test.test.container());
  for (const Decl& declaration : test.test.type_env()) {
    const auto bound = test.test.bindings().find(declaration.name());
    if (bound == test.test.bindings().end() || !bound->second.has_value()) continue;
    const std::optional<CelValue> value = FromSuite(bound->second.value());
    if (value.has_value()) environment.DeclareConstant(declaration.name(), *value);
  }
  const bool strong = absl::StrContains(test.id, "/strong_");
  for (const char* package : {"cel.expr.conformance.proto2", "cel.expr.conformance.proto3"}) {
    DeclareEnum(*enums::GlobalEnum_descriptor(), absl::StrCat(package, ".GlobalEnum"), strong,
                environment);
    DeclareEnum(*enums::TestAllTypes_NestedEnum_descriptor(),
                absl::StrCat(package, ".TestAllTypes.NestedEnum"), strong, environment);
  }
  return environment;
}

CelValue FromNode(expr::NodeId node, const expr::Type& type, const expr::Frame& frame) {
  const expr::State state = frame.node_states()[node];
  const expr::Cell& cell = frame.node_cells()[node];
  if (state == expr::State::kError || state == expr::State::kUnknown) return CelValue::Error();
  switch (type.kind) {
    case Kind::kBool:
      return CelValue::Bool(state == expr::State::kTrue);
    case Kind::kDouble:
      return CelValue::Double(cell.d);
    case Kind::kString:
      return CelValue::String(std::string(cell.s.data, cell.s.size));
    case Kind::kEnum:
      return CelValue::Enum(type.enum_type, cell.i);
    case Kind::kTimestamp:
      return CelValue::Timestamp(cell.i);
    case Kind::kDuration:
      return CelValue::Duration(cell.i);
    default:
      return CelValue::Int(cell.i);
  }
}

// The results of all ways to evaluate: folded by the checker, and computed by the plan with and
// without folding. Lists exist as constants only.
std::vector<CelValue> EvaluateAllWays(const expr::CheckedExpr& checked) {
  std::vector<CelValue> results;
  if (checked.root().constant.has_value()) results.push_back(*checked.root().constant);
  if (checked.type().kind == Kind::kList) return results;
  for (const bool fold : {true, false}) {
    expr::PlanBuilder builder(nullptr, fold);
    const absl::StatusOr<expr::NodeId> node = builder.Add(checked);
    if (!node.ok()) continue;
    const expr::Plan plan = std::move(builder).Build();
    expr::Frame frame = plan.MakeFrame();
    plan.Evaluate(frame);
    results.push_back(FromNode(*node, checked.type(), frame));
  }
  return results;
}

// What CEL says: a value, an error, or nothing that we can express.
std::optional<CelValue> Expected(const SimpleTest& test) {
  switch (test.result_matcher_case()) {
    case SimpleTest::kValue:
      return FromSuite(test.value());
    case SimpleTest::kTypedResult:
      return test.typed_result().has_result() ? FromSuite(test.typed_result().result())
                                              : std::nullopt;
    case SimpleTest::kEvalError:
    case SimpleTest::kAnyEvalErrors:
      return CelValue::Error();
    case SimpleTest::RESULT_MATCHER_NOT_SET:
      return CelValue::Bool(true);
    default:
      return std::nullopt;
  }
}

// Whether our static type is the one that the suite deduces. Types that we do not have never match.
bool SameType(const Type& expected, const expr::StaticType& actual) {
  switch (expected.type_kind_case()) {
    case Type::kDyn:
      return actual.open();
    case Type::kListType:
      return actual.Is(Kind::kList) && SameType(expected.list_type().elem_type(), *actual.element);
    case Type::kPrimitive:
      switch (expected.primitive()) {
        case Type::BOOL:
          return actual.Is(Kind::kBool);
        case Type::INT64:
          return actual.Is(Kind::kInt);
        case Type::DOUBLE:
          return actual.Is(Kind::kDouble);
        case Type::STRING:
          return actual.Is(Kind::kString);
        default:
          return false;
      }
    default:
      return false;
  }
}

}  // namespace

Outcome RunCelTest(const CelTest& test) {
  const expr::Environment environment = MakeEnvironment(test);
  const expr::CheckResult checked = expr::Check(test.test.expr(), environment, {"", 1, 1});
  if (!checked.expr.valid()) {
    if (checked.issues.empty()) return {Verdict::kWrong, "rejected without an issue"};
    return {Verdict::kRejected, FormatIssue(checked.issues[0])};
  }
  if (test.test.result_matcher_case() == SimpleTest::kTypedResult &&
      test.test.typed_result().has_deduced_type() &&
      !SameType(test.test.typed_result().deduced_type(), checked.expr.root().static_type)) {
    return {Verdict::kWrong,
            absl::StrCat("another type: ", checked.expr.root().static_type.ToString())};
  }
  if (test.test.check_only()) return {Verdict::kRight, ""};
  // The suite's enum types go by their name there.
  if (test.test.value().has_enum_value()) {
    const CelValue actual = EvaluateAllWays(checked.expr).at(0);
    const EnumValue& expected = test.test.value().enum_value();
    const std::string ours =
        std::string(actual.enum_type == nullptr ? "" : actual.enum_type->name());
    const bool same = actual.kind == Kind::kEnum && actual.i == expected.value() &&
                      absl::EndsWith(expected.type(), absl::StrCat(".", ours));
    return {same ? Verdict::kRight : Verdict::kWrong, Describe(actual)};
  }
  const std::optional<CelValue> expected = Expected(test.test);
  if (!expected.has_value()) return {Verdict::kWrong, "the suite's result is of no type of ours"};
  const std::vector<CelValue> results = EvaluateAllWays(checked.expr);
  if (results.empty()) return {Verdict::kWrong, "accepted, but not evaluated"};
  for (const CelValue& result : results) {
    if (!Identical(result, *expected)) {
      return {Verdict::kWrong,
              absl::StrCat("expected ", Describe(*expected), ", got ", Describe(result))};
    }
  }
  return {Verdict::kRight, ""};
}

}  // namespace plumbline::conformance
