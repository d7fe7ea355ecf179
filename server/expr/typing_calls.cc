#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/expr/time_literal.h"
#include "server/expr/typing.h"

namespace plumbline::expr {
namespace {

struct Signature {
  absl::string_view name;
  Function function;
  absl::string_view usage;
  size_t arguments;  // a receiver included
  bool method;       // x.f(…)
  bool global;       // f(x, …)
};

constexpr std::array<Signature, 7> kSignatures = {{
    {"size", Function::kSize, "size(x), of a string or a list", 1, true, true},
    {"contains", Function::kContains, "text.contains(\"part\")", 2, true, false},
    {"startsWith", Function::kStartsWith, "text.startsWith(\"part\")", 2, true, false},
    {"endsWith", Function::kEndsWith, "text.endsWith(\"part\")", 2, true, false},
    {"timestamp", Function::kTimestamp, "timestamp(\"2026-01-31T00:00:00Z\")", 1, false, true},
    {"duration", Function::kDuration, "duration(\"36h\")", 1, false, true},
    {"daysBetween", Function::kDaysBetween, "daysBetween(from, to)", 2, false, true},
}};

// Functions of CEL and its extensions that are out on purpose: worth a better message than a typo.
constexpr std::array<absl::string_view, 30> kUnsupported = {
    "matches",      "map",          "filter",
    "int",          "uint",         "double",
    "string",       "bytes",        "bool",
    "dyn",          "type",         "getFullYear",
    "getMonth",     "getDate",      "getDayOfMonth",
    "getDayOfWeek", "getDayOfYear", "getHours",
    "getMinutes",   "getSeconds",   "getMilliseconds",
    "lowerAscii",   "upperAscii",   "replace",
    "split",        "join",         "substring",
    "trim",         "indexOf",      "format"};

}  // namespace

void TypeChecker::CheckAll(absl::Span<const AstPtr> asts) {
  for (const AstPtr& ast : asts) Check(*ast);
}

bool TypeChecker::CheckCount(const AstNode& ast, size_t expected, absl::string_view usage) {
  if (ast.children.size() == expected && !(ast.has_receiver && expected == 0)) return true;
  issues_.Error(ast.position, "wrong-arguments",
                absl::StrCat(ast.name, "() does not take these arguments"),
                absl::StrCat("write ", usage));
  return false;
}

CheckedPtr TypeChecker::CheckCall(const AstNode& ast) {
  if (ast.has_receiver && ast.name == "exists") return CheckMacro(ast, Macro::kExists);
  if (ast.has_receiver && ast.name == "all") return CheckMacro(ast, Macro::kAll);
  if (ast.has_receiver && ast.name == "exists_one") return CheckMacro(ast, Macro::kExistsOne);
  if (!ast.has_receiver && ast.name == "has") return CheckHas(ast);
  if (!ast.has_receiver && ast.name == "atLeast") return CheckAtLeast(ast);
  if (!ast.has_receiver && ast.name == "between") return CheckBetween(ast);
  for (const Signature& signature : kSignatures) {
    if (signature.name == ast.name) return CheckFunction(ast, signature.function);
  }
  return CheckUnknownFunction(ast);
}

CheckedPtr TypeChecker::CheckUnknownFunction(const AstNode& ast) {
  const bool unsupported =
      std::find(kUnsupported.begin(), kUnsupported.end(), ast.name) != kUnsupported.end();
  if (unsupported) {
    issues_.Error(ast.position, "unsupported",
                  absl::StrCat(ast.name, "() is not part of the language"));
  } else {
    std::vector<std::string> names = {"exists", "all", "exists_one", "has", "atLeast", "between"};
    for (const Signature& signature : kSignatures) names.emplace_back(signature.name);
    issues_.Error(ast.position, "unknown-function",
                  absl::StrCat("there is no function ", ast.name, "()"),
                  ast.name == "not" ? "write !" : DidYouMean(ast.name, names));
  }
  // Arguments may hide further problems; a receiver may be a namespace, and the variable of a macro
  // that does not exist is not a name.
  const bool macro = ast.has_receiver && ast.children.size() == 3;
  if (!macro) {
    CheckAll(absl::MakeConstSpan(ast.children).subspan(ast.has_receiver ? 1 : 0));
  }
  return Wrong(ast);
}

CheckedPtr TypeChecker::CheckFunction(const AstNode& ast, Function function) {
  const Signature& signature =
      *std::find_if(kSignatures.begin(), kSignatures.end(),
                    [function](const Signature& s) { return s.function == function; });
  std::vector<CheckedPtr> arguments;
  bool good = true;
  for (const AstPtr& child : ast.children) {
    arguments.push_back(Check(*child));
    good &= !arguments.back()->static_type.wrong();
  }
  if ((ast.has_receiver ? !signature.method : !signature.global) ||
      ast.children.size() != signature.arguments) {
    issues_.Error(ast.position, "wrong-arguments",
                  absl::StrCat(ast.name, "() does not take these arguments"),
                  absl::StrCat("write ", signature.usage));
    return Wrong(ast);
  }
  if (!good || !CheckArguments(ast, function, arguments)) return Wrong(ast);
  Kind result = Kind::kBool;
  if (function == Function::kSize || function == Function::kDaysBetween) result = Kind::kInt;
  if (function == Function::kTimestamp) result = Kind::kTimestamp;
  if (function == Function::kDuration) result = Kind::kDuration;
  NodePtr node = New(NodeKind::kCall, ast, StaticType::Of(result), std::move(arguments));
  node->function = function;
  node->name = ast.name;
  node->method = ast.has_receiver;
  return Finish(std::move(node));
}

bool TypeChecker::CheckArguments(const AstNode& ast, Function function,
                                 const std::vector<CheckedPtr>& arguments) {
  for (const CheckedPtr& argument : arguments) {
    const StaticType& type = argument->static_type;
    bool fits = type.open() || type.Is(Kind::kString);
    if (function == Function::kSize) fits |= type.Is(Kind::kList);
    if (function == Function::kDaysBetween) fits = type.open() || type.Is(Kind::kTimestamp);
    if (fits) continue;
    issues_.Error(argument->start, "type-mismatch",
                  absl::StrCat(ast.name, "() does not take ", type.ToString()));
    return false;
  }
  if (function == Function::kTimestamp || function == Function::kDuration) {
    return CheckTimeLiteral(function, *arguments[0]);
  }
  return true;
}

bool TypeChecker::CheckTimeLiteral(Function function, const CheckedNode& argument) {
  const bool timestamp = function == Function::kTimestamp;
  if (argument.kind != NodeKind::kLiteral) {
    issues_.Error(
        argument.start, "not-a-literal",
        absl::StrCat(timestamp ? "timestamp" : "duration", "() takes a literal"),
        timestamp ? "write timestamp(\"2026-01-31T00:00:00Z\")" : "write duration(\"36h\")");
    return false;
  }
  int64_t parsed = 0;
  const std::string& text = argument.constant->s;
  if (timestamp ? ParseTimestamp(text, parsed) : ParseDuration(text, parsed)) return true;
  issues_.Error(argument.start, "invalid-time",
                timestamp ? "not a time of the form 2026-01-31T00:00:00Z, in whole seconds"
                          : "not a duration of the form 1h30m, with h, m, s, ms, us or ns",
                timestamp ? "" : "write days as hours: duration(\"72h\")");
  return false;
}

CheckedPtr TypeChecker::CheckAtLeast(const AstNode& ast) {
  const bool shaped = ast.children.size() == 2 && ast.children[1]->kind == AstKind::kList &&
                      ast.children[0]->kind == AstKind::kLiteral &&
                      ast.children[0]->literal.kind == Kind::kInt;
  if (!shaped) {
    issues_.Error(ast.position, "wrong-arguments", "atLeast() takes a number and a list",
                  "write atLeast(2, [a, b, c]) with the number as a literal");
    for (const AstPtr& child : ast.children) {
      if (child->kind != AstKind::kList) {
        Check(*child);
      } else {
        CheckAll(child->children);
      }
    }
    return Wrong(ast);
  }
  const AstNode& list = *ast.children[1];
  const int64_t threshold = ast.children[0]->literal.i;
  bool good = true;
  std::vector<CheckedPtr> conditions;
  for (const AstPtr& child : list.children) {
    conditions.push_back(Check(*child));
    good &= RequireBool(*conditions.back(), "atLeast()");
  }
  if (threshold < 1 || threshold > static_cast<int64_t>(list.children.size())) {
    issues_.Error(ast.children[0]->start, "at-least",
                  absl::StrCat("the number must be from 1 to ", list.children.size(),
                               ", the number of conditions"));
    good = false;
  }
  NodePtr node =
      New(NodeKind::kAtLeast, ast, good ? StaticType::Of(Kind::kBool) : StaticType::Wrong(),
          std::move(conditions));
  node->threshold = threshold;
  return Finish(std::move(node));
}

CheckedPtr TypeChecker::CheckBetween(const AstNode& ast) {
  std::vector<CheckedPtr> arguments;
  for (const AstPtr& child : ast.children) arguments.push_back(Check(*child));
  if (!CheckCount(ast, 3, "between(x, low, high)")) return Wrong(ast);
  bool good = true;
  for (const CheckedPtr& argument : arguments) {
    good = good && CheckOrderable(*argument, ast.position, "between()");
  }
  for (size_t i = 1; good && i < 3; ++i) {
    if (Unify(arguments[0]->static_type, arguments[i]->static_type).has_value()) continue;
    good = false;
    if (ReportMixedNumbers(ast.position, *arguments[0], *arguments[i])) continue;
    issues_.Error(arguments[i]->start, "type-mismatch",
                  absl::StrCat("between() does not compare ", arguments[0]->static_type.ToString(),
                               " with ", arguments[i]->static_type.ToString()));
  }
  NodePtr node =
      New(NodeKind::kBetween, ast, good ? StaticType::Of(Kind::kBool) : StaticType::Wrong(),
          std::move(arguments));
  // It stands for x >= low && x <= high, with x twice.
  node->cost += 2 + (good ? node->children[0]->cost : 0);
  return Finish(std::move(node));
}

bool TypeChecker::CheckMacroRange(const CheckedNode& range, const AstNode& ast) {
  if (range.static_type.wrong()) return false;
  if (!range.static_type.Is(Kind::kList)) {
    issues_.Error(range.start, "type-mismatch",
                  absl::StrCat(ast.name, "() takes a list, not ", range.static_type.ToString()));
    return false;
  }
  if (range.variables != 0) {
    issues_.Error(range.start, "unsupported", "a macro cannot run over another macro's element");
    return false;
  }
  if (static_cast<int>(variables_.size()) >= kMaxMacroDepth) {
    issues_.Error(ast.position, "too-deep", "macros are nested too deep");
    return false;
  }
  const bool nested = std::any_of(variables_.begin(), variables_.end(),
                                  [](const Variable& variable) { return variable.runtime; });
  if (range.runtime && nested) {
    issues_.Error(ast.position, "too-deep",
                  "one macro over a list of the intake cannot hold another",
                  "name the inner one as a term");
    return false;
  }
  return true;
}

CheckedPtr TypeChecker::CheckMacro(const AstNode& ast, Macro macro) {
  if (!CheckCount(ast, 3, absl::StrCat("list.", ast.name, "(x, condition on x)"))) {
    return Wrong(ast);
  }
  CheckedPtr range = Check(*ast.children[0]);
  const AstNode& name = *ast.children[1];
  bool good = CheckMacroRange(*range, ast);
  if (name.kind != AstKind::kName) {
    if (name.kind != AstKind::kError) {
      issues_.Error(name.start, "wrong-arguments", "the variable of a macro is a plain name",
                    absl::StrCat("write list.", ast.name, "(x, condition on x)"));
    }
    return Wrong(ast);
  }
  if (environment_.schema() != nullptr && environment_.schema()->Find(name.name).has_value()) {
    issues_.Warning(name.start, "shadowed-name",
                    absl::StrCat("`", name.name, "` hides the field of that name"),
                    "use another name");
  }
  StaticType element = StaticType::Wrong();
  if (range->static_type.Is(Kind::kList)) element = *range->static_type.element;
  const bool runtime = range->runtime;
  const int variable = static_cast<int>(variables_.size());
  // Beyond the bound the condition is not checked: its variable would have no bit.
  if (variable >= kMaxMacroDepth) return Wrong(ast);
  variables_.push_back({name.name, std::move(element), runtime});
  CheckedPtr condition = Check(*ast.children[2]);
  variables_.pop_back();
  good = RequireBool(*condition, absl::StrCat(ast.name, "()")) && good;
  NodePtr node =
      New(NodeKind::kMacro, ast, good ? StaticType::Of(Kind::kBool) : StaticType::Wrong(),
          {std::move(range), std::move(condition)});
  node->macro = macro;
  node->variable = variable;
  node->name = name.name;
  node->variables &= ~(VariableSet{1} << variable);
  return FinishMacro(std::move(node), runtime);
}

CheckedPtr TypeChecker::FinishMacro(NodePtr node, bool runtime_range) {
  if (node->static_type.wrong()) return Finish(std::move(node));
  const CheckedNode& range = *node->children[0];
  const int64_t body = node->children[1]->cost;
  if (!runtime_range) {
    // A constant list is written out: one copy of the condition for each element.
    node->cost = 1 + range.cost + static_cast<int64_t>(range.constant->list.size()) * (body + 1);
    node->runtime = node->children[1]->runtime;
  } else if (body > kMaxBodyCost) {
    issues_.Error(node->position, "too-costly",
                  absl::StrCat("the condition of a macro over the intake has more than ",
                               kMaxBodyCost, " parts"),
                  "name the parts that do not read the row as terms");
    node->static_type = StaticType::Wrong();
  }
  return Finish(std::move(node));
}

}  // namespace plumbline::expr
