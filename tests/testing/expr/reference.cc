#include "tests/testing/expr/reference.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

namespace plumbline::testing {
namespace {

using Tag = RefValue::Tag;
using State = RefResult::State;

RefResult Error() { return {}; }

RefResult Known(RefValue value) {
  RefResult result;
  result.state = State::kValue;
  result.value = std::move(value);
  return result;
}
RefResult Bool(bool flag) {
  RefValue value;
  value.tag = Tag::kBool;
  value.flag = flag;
  return Known(value);
}
RefResult Number(Tag tag, int64_t number) {
  RefValue value;
  value.tag = tag;
  value.number = number;
  return Known(value);
}
RefResult Real(double real) {
  RefValue value;
  value.tag = Tag::kDouble;
  value.real = real;
  return Known(value);
}
RefResult Unknown(std::set<std::string> missing) {
  RefResult result;
  result.state = State::kUnknown;
  result.missing = std::move(missing);
  return result;
}

bool IsTrue(const RefResult& r) { return r.state == State::kValue && r.value.flag; }

// A strict function whose operands are not all values: error first, then the union of what is
// missing.
RefResult NotAllKnown(const std::vector<RefResult>& operands) {
  std::set<std::string> missing;
  for (const RefResult& operand : operands) {
    if (operand.state == State::kError) return Error();
    missing.insert(operand.missing.begin(), operand.missing.end());
  }
  return Unknown(missing);
}
bool AllKnown(const std::vector<RefResult>& operands) {
  for (const RefResult& operand : operands) {
    if (operand.state != State::kValue) return false;
  }
  return true;
}

// langdef: an operand that decides the result makes the other one irrelevant; <error> op <unknown>
// is unknown; unknowns merge.
RefResult Or(const RefResult& a, const RefResult& b) {
  if (IsTrue(a) || IsTrue(b)) return Bool(true);
  if (a.state == State::kUnknown || b.state == State::kUnknown) {
    std::set<std::string> missing = a.missing;
    missing.insert(b.missing.begin(), b.missing.end());
    return Unknown(missing);
  }
  if (a.state == State::kError || b.state == State::kError) return Error();
  return Bool(false);
}
RefResult Not(const RefResult& a) {
  if (a.state != State::kValue) return a;
  return Bool(!a.value.flag);
}
RefResult And(const RefResult& a, const RefResult& b) { return Not(Or(Not(a), Not(b))); }

bool Same(const RefValue& a, const RefValue& b) {
  if (a.tag != b.tag) return false;
  switch (a.tag) {
    case Tag::kBool:
      return a.flag == b.flag;
    case Tag::kDouble:
      return a.real == b.real;
    case Tag::kText:
    case Tag::kEnum:
      return a.text == b.text;
    default:
      return a.number == b.number;
  }
}

bool Less(const RefValue& a, const RefValue& b) {
  switch (a.tag) {
    case Tag::kBool:
      return !a.flag && b.flag;
    case Tag::kDouble:
      return a.real < b.real;
    case Tag::kText:
      return a.text < b.text;
    default:
      return a.number < b.number;
  }
}

bool LessOrEqual(const RefValue& a, const RefValue& b) { return Less(a, b) || Same(a, b); }

__extension__ typedef __int128 Wide;

// Exact arithmetic, then the question whether it fits.
RefResult Fit(Tag tag, Wide exact) {
  const Wide limit = static_cast<Wide>(1) << 63;
  if (exact >= limit || exact < -limit) return Error();
  return Number(tag, static_cast<int64_t>(exact));
}

RefResult IntArithmetic(const std::string& op, int64_t left, int64_t right) {
  const Wide a = left;
  const Wide b = right;
  if (op == "+") return Fit(Tag::kInt, a + b);
  if (op == "-") return Fit(Tag::kInt, a - b);
  if (op == "*") return Fit(Tag::kInt, a * b);
  if (b == 0) return Error();
  // CEL implementations fail min % -1 as they fail min / -1.
  if (op == "%" && Fit(Tag::kInt, a / b).state == State::kError) return Error();
  return Fit(Tag::kInt, op == "/" ? a / b : a % b);
}

RefResult RealArithmetic(const std::string& op, double a, double b) {
  if (op == "+") return Real(a + b);
  if (op == "-") return Real(a - b);
  return Real(op == "*" ? a * b : a / b);
}

RefResult TimeArithmetic(const std::string& op, const RefValue& a, const RefValue& b) {
  const Wide sign = op == "+" ? 1 : -1;
  const Wide nanos = 1'000'000'000;
  if (a.tag == Tag::kSpan) return Fit(Tag::kSpan, a.number + sign * b.number);
  if (b.tag == Tag::kTime) {
    return Fit(Tag::kSpan, (static_cast<Wide>(a.number) - b.number) * nanos);
  }
  const Wide moved = a.number + sign * (b.number / nanos);
  if (moved < -62'135'596'800 || moved > 253'402'300'799) return Error();
  return Number(Tag::kTime, static_cast<int64_t>(moved));
}

// "2026-01-31T00:00:00Z", the only form that the tests write. Counted day by day.
int64_t ParseTime(const std::string& text) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  if (std::sscanf(text.c_str(), "%4d-%2d-%2dT%2d:%2d:%2dZ", &year, &month, &day, &hour, &minute,
                  &second) != 6) {
    std::abort();
  }
  const auto leap = [](int y) { return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0; };
  int64_t days = 0;
  for (int y = 1970; y < year; ++y) days += leap(y) ? 366 : 365;
  for (int y = year; y < 1970; ++y) days -= leap(y) ? 366 : 365;
  static constexpr int kLengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  for (int m = 1; m < month; ++m) days += kLengths[m - 1] + (m == 2 && leap(year) ? 1 : 0);
  days += day - 1;
  return ((days * 24 + hour) * 60 + minute) * 60 + second;
}

// "36h", "90m", "5s".
int64_t ParseSpan(const std::string& text) {
  char* end = nullptr;
  const int64_t count = std::strtoll(text.c_str(), &end, 10);
  const int64_t second = 1'000'000'000;
  switch (*end) {
    case 'h':
      return count * 3600 * second;
    case 'm':
      return count * 60 * second;
    case 's':
      return count * second;
    default:
      std::abort();
  }
}

int64_t CodePoints(const std::string& text) {
  int64_t count = 0;
  for (size_t i = 0; i < text.size(); ++count) {
    const unsigned char lead = static_cast<unsigned char>(text[i]);
    i += lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  }
  return count;
}

class Evaluator {
 public:
  explicit Evaluator(const RefIntake& intake) : intake_(intake) {}

  RefResult Evaluate(const RefNode& node) {
    switch (node.kind) {
      case RefNode::Kind::kLiteral:
        return Known(node.literal);
      case RefNode::Kind::kName:
        return Name(node.name);
      case RefNode::Kind::kList:
        return List(node);
      case RefNode::Kind::kCall:
        return Call(node);
    }
    std::abort();
  }

 private:
  // A macro's variable: the element, and the name of the list that it would be asked with.
  struct Variable {
    std::string name;
    RefField element;
    std::string list;
  };

  const Variable* FindVariable(const std::string& name) const {
    for (auto it = variables_.rbegin(); it != variables_.rend(); ++it) {
      if (it->name == name) return &*it;
    }
    return nullptr;
  }

  static RefResult FromField(const RefField& field, const std::string& asked) {
    return field.known ? Known(field.value) : Unknown({asked});
  }

  RefField Field(const std::string& name) const {
    const auto it = intake_.fields.find(name);
    return it == intake_.fields.end() ? RefField{} : it->second;
  }

  RefResult Name(const std::string& path) {
    const size_t dot = path.find('.');
    const std::string head = path.substr(0, dot);
    if (const Variable* variable = FindVariable(head)) {
      if (dot == std::string::npos) return FromField(variable->element, variable->list);
      const auto& row = variable->element.value.row;
      const auto it = row.find(path.substr(dot + 1));
      return it == row.end() ? Unknown({variable->list}) : FromField(it->second, variable->list);
    }
    if (path == "as_of") return intake_.as_of ? Number(Tag::kTime, *intake_.as_of) : Error();
    if (head == "intake") return FromField(Field(path.substr(dot + 1)), path.substr(dot + 1));
    if (dot == std::string::npos) return FromField(Field(path), path);
    RefValue constant;
    constant.tag = Tag::kEnum;
    constant.text = path;
    return Known(constant);
  }

  RefResult List(const RefNode& node) {
    std::vector<RefResult> elements;
    for (const RefNode& operand : node.operands) elements.push_back(Evaluate(operand));
    if (!AllKnown(elements)) return NotAllKnown(elements);
    RefValue list;
    list.tag = Tag::kList;
    for (RefResult& element : elements) list.list.push_back({true, true, std::move(element.value)});
    return Known(list);
  }

  RefResult Call(const RefNode& node) {
    const std::string& name = node.name;
    if (name == "has") return Has(node.operands[0].name);
    if (name == "exists" || name == "all" || name == "exists_one") return Macro(node);
    if (name == "atLeast") return AtLeast(node);
    if (name == "between") {
      const RefResult x = Evaluate(node.operands[0]);
      return And(Strict(">=", {x, Evaluate(node.operands[1])}),
                 Strict("<=", {x, Evaluate(node.operands[2])}));
    }
    if (name == "?:") {
      const RefResult condition = Evaluate(node.operands[0]);
      if (condition.state != State::kValue) return condition;
      return Evaluate(node.operands[condition.value.flag ? 1 : 2]);
    }
    std::vector<RefResult> operands;
    for (const RefNode& operand : node.operands) operands.push_back(Evaluate(operand));
    if (name == "||") return Or(operands[0], operands[1]);
    if (name == "&&") return And(operands[0], operands[1]);
    // The number of elements is known even where the elements are not; all other uses of a whole
    // list need all of it.
    if (name == "size") return Strict(name, operands);
    for (size_t i = 0; i < operands.size(); ++i) {
      if (operands[i].state != State::kValue || operands[i].value.tag != Tag::kList) continue;
      for (const RefField& element : operands[i].value.list) {
        if (!element.known) operands[i] = Unknown({node.operands[i].name});
        if (operands[i].state != State::kValue) break;
      }
    }
    return Strict(name, operands);
  }

  RefResult Has(const std::string& path) {
    const size_t dot = path.find('.');
    const std::string field = path.substr(dot + 1);
    if (const Variable* variable = FindVariable(path.substr(0, dot))) {
      const auto it = variable->element.value.row.find(field);
      return Bool(it != variable->element.value.row.end() && it->second.present);
    }
    return Bool(Field(field).present);
  }

  // Any combination of n conditions that all hold.
  RefResult AtLeast(const RefNode& node) {
    const size_t needed = static_cast<size_t>(node.operands[0].literal.number);
    std::vector<RefResult> conditions;
    for (const RefNode& operand : node.operands[1].operands)
      conditions.push_back(Evaluate(operand));
    RefResult any = Bool(false);
    for (uint32_t subset = 0; subset < (1u << conditions.size()); ++subset) {
      if (static_cast<size_t>(__builtin_popcount(subset)) != needed) continue;
      RefResult all = Bool(true);
      for (size_t i = 0; i < conditions.size(); ++i) {
        if ((subset >> i) & 1) all = And(all, conditions[i]);
      }
      any = Or(any, all);
    }
    return any;
  }

  RefResult Macro(const RefNode& node) {
    const RefResult range = Evaluate(node.operands[0]);
    if (range.state != State::kValue) return range;
    RefResult exists = Bool(false);
    RefResult all = Bool(true);
    std::vector<RefResult> outcomes;
    int64_t matches = 0;
    for (const RefField& element : range.value.list) {
      variables_.push_back({node.operands[1].name, element, node.operands[0].name});
      const RefResult outcome = Evaluate(node.operands[2]);
      variables_.pop_back();
      exists = Or(exists, outcome);
      all = And(all, outcome);
      outcomes.push_back(outcome);
      matches += IsTrue(outcome) ? 1 : 0;
    }
    if (node.name == "exists") return exists;
    if (node.name == "all") return all;
    if (!AllKnown(outcomes)) return NotAllKnown(outcomes);
    return Bool(matches == 1);
  }

  RefResult Strict(const std::string& name, const std::vector<RefResult>& operands) {
    if (!AllKnown(operands)) return NotAllKnown(operands);
    const RefValue& a = operands[0].value;
    if (name == "!") return Bool(!a.flag);
    if (name == "neg") {
      return a.tag == Tag::kDouble ? Real(-a.real) : IntArithmetic("-", 0, a.number);
    }
    if (name == "size") {
      return Number(Tag::kInt,
                    a.tag == Tag::kList ? static_cast<int64_t>(a.list.size()) : CodePoints(a.text));
    }
    if (name == "timestamp") return Number(Tag::kTime, ParseTime(a.text));
    if (name == "duration") return Number(Tag::kSpan, ParseSpan(a.text));
    return StrictBinary(name, a, operands[1].value);
  }

  static RefResult StrictBinary(const std::string& name, const RefValue& a, const RefValue& b) {
    if (name == "==") return Bool(Same(a, b));
    if (name == "!=") return Bool(!Same(a, b));
    if (name == "<") return Bool(Less(a, b));
    if (name == "<=") return Bool(LessOrEqual(a, b));
    if (name == ">") return Bool(Less(b, a));
    if (name == ">=") return Bool(LessOrEqual(b, a));
    if (name == "in") {
      for (const RefField& element : b.list) {
        if (Same(a, element.value)) return Bool(true);
      }
      return Bool(false);
    }
    if (name == "[]") {
      if (b.number < 0 || b.number >= static_cast<int64_t>(a.list.size())) return Error();
      return Known(a.list[static_cast<size_t>(b.number)].value);
    }
    if (name == "contains") return Bool(a.text.find(b.text) != std::string::npos);
    if (name == "startsWith") return Bool(a.text.compare(0, b.text.size(), b.text) == 0);
    if (name == "endsWith") {
      return Bool(a.text.size() >= b.text.size() &&
                  a.text.substr(a.text.size() - b.text.size()) == b.text);
    }
    if (name == "daysBetween") {
      const int64_t seconds = b.number - a.number;
      int64_t days = seconds / 86'400;
      while (days * 86'400 > seconds) --days;
      return Number(Tag::kInt, days);
    }
    if (a.tag == Tag::kInt) return IntArithmetic(name, a.number, b.number);
    if (a.tag == Tag::kDouble) return RealArithmetic(name, a.real, b.real);
    if (a.tag == Tag::kText) {
      RefValue joined = a;
      joined.text += b.text;
      return Known(joined);
    }
    if (a.tag == Tag::kTime || a.tag == Tag::kSpan) return TimeArithmetic(name, a, b);
    std::fprintf(stderr, "reference evaluator: unknown function %s\n", name.c_str());
    std::abort();
  }

  const RefIntake& intake_;
  std::vector<Variable> variables_;
};

}  // namespace

RefResult EvaluateReference(const RefNode& node, const RefIntake& intake) {
  return Evaluator(intake).Evaluate(node);
}

}  // namespace plumbline::testing
