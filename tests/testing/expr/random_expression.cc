#include "tests/testing/expr/random_expression.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "tests/testing/expr/test_intake.h"

namespace plumbline::testing {
namespace {

constexpr const char* kOrdered[] = {"int", "double", "text", "bool"};
constexpr const char* kOrderings[] = {"<", "<=", ">", ">="};
constexpr const char* kEqualities[] = {"==", "!="};
constexpr const char* kInts[] = {"0", "1", "2", "3", "-1", "7", "60", "0x10"};
constexpr const char* kExtremeInts[] = {"9223372036854775807", "-9223372036854775808"};
constexpr const char* kDoubles[] = {"0.0", "0.5", "1.0", "-2.5", "1e3", "70.25"};
constexpr const char* kTexts[] = {"\"\"",       "\"a\"", "'ab'", "'b\\'c'", "\"\\u00e9t\\u00e9\"",
                                  "\"line\\n\""};
constexpr const char* kTraumas[] = {"Trauma.NONE", "Trauma.MINOR", "Trauma.MAJOR"};
constexpr const char* kSites[] = {"PainSite.BACK", "PainSite.LEG", "PainSite.NECK", "PainSite.ARM"};

std::string Parenthesised(const std::string& text) { return absl::StrCat("(", text, ")"); }

}  // namespace

std::string RandomExpression::Condition(int depth) { return Of("bool", depth); }

std::string RandomExpression::Any(int depth) {
  static constexpr const char* kTypes[] = {"bool",   "bool", "bool",  "int",
                                           "double", "text", "Trauma"};
  return Of(OneOf(kTypes), depth);
}

bool RandomExpression::InRow() const {
  for (const Variable& variable : variables_) {
    if (variable.name[0] == 'r') return true;
  }
  return false;
}

// A macro's variable (or a field of its row) of the type; empty if there is none.
std::string RandomExpression::VariableOf(const std::string& type) {
  if (variables_.empty()) return "";
  const Variable& variable =
      variables_[static_cast<size_t>(Pick(static_cast<int>(variables_.size())))];
  if (variable.type == type) return variable.name;
  if (variable.type != "Visit") return "";
  if (type == "int") return variable.name + ".points";
  if (type == "double") return variable.name + ".dose";
  if (type == "text") return variable.name + ".kind";
  if (type == "Trauma") return variable.name + ".cause";
  if (type == "bool") return variable.name + (Chance(50) ? ".helped" : ".paid");
  return "";
}

std::string RandomExpression::Literal(const std::string& type) {
  if (type == "bool") return Chance(50) ? "true" : "false";
  if (type == "int") return options_.errors && Chance(5) ? OneOf(kExtremeInts) : OneOf(kInts);
  if (type == "double") return OneOf(kDoubles);
  if (type == "text") return OneOf(kTexts);
  return type == "Trauma" ? OneOf(kTraumas) : OneOf(kSites);
}

std::string RandomExpression::Leaf(const std::string& type) {
  if (Chance(60)) {
    const std::string variable = VariableOf(type);
    if (!variable.empty()) return variable;
  }
  if (Chance(type == "bool" ? 8 : 35)) return Literal(type);
  std::string name;
  if (type == "bool") {
    static constexpr const char* kNames[] = {"a", "b", "c", "d", "e", "f", "g", "h", "consent"};
    name = OneOf(kNames);
  } else if (type == "int") {
    static constexpr const char* kNames[] = {"age", "days", "score"};
    name = OneOf(kNames);
  } else if (type == "double") {
    name = Chance(50) ? "weight" : "temp";
  } else if (type == "text") {
    name = Chance(50) ? "note" : "code";
  } else if (type == "Trauma") {
    name = Chance(50) ? "trauma" : "trauma_before";
  } else {
    name = "main_site";
  }
  return Chance(10) ? absl::StrCat("intake.", name) : name;
}

std::string RandomExpression::Of(const std::string& type, int depth) {
  if (depth <= 0) return Leaf(type);
  if (Chance(8)) {
    const std::string condition = Of("bool", depth - 1);
    const std::string then = Of(type, depth - 1);
    return absl::StrCat("((", condition, ") ? (", then, ") : ", Of(type, depth - 1), ")");
  }
  if (type == "bool") {
    switch (Pick(12)) {
      case 0:
      case 1:
      case 2:
      case 3:
        return Logic(depth);
      case 4:
        return absl::StrCat("!", Parenthesised(Of("bool", depth - 1)));
      case 5:
      case 6:
        return Comparison(depth);
      case 7:
        return In(depth);
      case 8:
        return AtLeast(depth);
      case 9:
        return options_.has && Chance(50) ? Has() : TextTest(depth);
      case 10:
        return options_.macros ? Macro(depth) : Comparison(depth);
      default:
        return Leaf(type);
    }
  }
  if ((type == "int" || type == "double") && Chance(50)) return Arithmetic(type, depth);
  return Leaf(type);
}

std::string RandomExpression::Logic(int depth) {
  const std::string op = Chance(50) ? " && " : " || ";
  std::string text = Parenthesised(Of("bool", depth - 1));
  for (int more = 1 + Pick(3); more > 0; --more) {
    text += op + Parenthesised(Of("bool", depth - 1));
  }
  return text;
}

std::string RandomExpression::Comparison(int depth) {
  if (options_.errors && Chance(10)) {
    if (Chance(50)) return Time(depth) + " " + OneOf(kOrderings) + " " + Time(depth);
    return Span(depth) + " " + OneOf(kEqualities) + "  " + Span(depth);
  }
  if (Chance(25)) {
    const std::string type = Chance(70) ? "Trauma" : "PainSite";
    return Of(type, depth - 1) + " " + OneOf(kEqualities) + " " + Of(type, depth - 1);
  }
  const std::string type = OneOf(kOrdered);
  const auto operand = [&] { return Parenthesised(Of(type, depth - 1)); };
  if (Chance(15) && type != "bool") {
    const std::string x = operand();
    const std::string low = operand();
    return absl::StrCat("between(", x, ", ", low, ",", operand(), ")");
  }
  return operand() + (Chance(70) ? OneOf(kOrderings) : OneOf(kEqualities)) + operand();
}

std::string RandomExpression::LiteralList(const std::string& type, int size) {
  std::string text = "[";
  for (int i = 0; i < size; ++i) absl::StrAppend(&text, i > 0 ? ", " : "", Literal(type));
  return text + "]";
}

std::string RandomExpression::In(int depth) {
  static constexpr const char* kTypes[] = {"int", "double", "text", "bool", "Trauma", "PainSite"};
  const std::string type = OneOf(kTypes);
  const std::string item = Parenthesised(Of(type, depth - 1)) + " in ";
  if (Chance(60) || type == "Trauma") return item + LiteralList(type, Pick(5));
  if (type == "int") return item + "numbers";
  if (type == "double") return item + "measures";
  if (type == "text") return item + "goals";
  return item + (type == "bool" ? "signs_seen" : "sites");
}

std::string RandomExpression::AtLeast(int depth) {
  const int size = 1 + Pick(4);
  std::string text = absl::StrCat("atLeast(", 1 + Pick(size), ", [");
  for (int i = 0; i < size; ++i) absl::StrAppend(&text, i > 0 ? ", " : "", Of("bool", depth - 1));
  return text + "])";
}

std::string RandomExpression::Has() {
  static constexpr const char* kFields[] = {"a",    "b",      "consent", "age",    "weight",
                                            "note", "trauma", "sites",   "visits", "main_site"};
  static constexpr const char* kRowFields[] = {"points", "dose", "kind", "paid"};
  for (const Variable& variable : variables_) {
    if (variable.type == "Visit" && Chance(50)) {
      return absl::StrCat("has(", variable.name, ".", OneOf(kRowFields), ")");
    }
  }
  return absl::StrCat("has(intake.", OneOf(kFields), ")");
}

std::string RandomExpression::Macro(int depth) {
  static constexpr const char* kMacros[] = {"exists", "all", "exists_one"};
  struct Range {
    const char* text;
    const char* type;
  };
  static constexpr Range kLists[] = {{"numbers", "int"},    {"measures", "double"},
                                     {"goals", "text"},     {"signs_seen", "bool"},
                                     {"sites", "PainSite"}, {"visits", "Visit"},
                                     {"visits", "Visit"},   {"intake.visits", "Visit"}};
  const std::string macro = absl::StrCat(".", OneOf(kMacros));
  const bool literal = InRow() || Chance(25);
  std::string range;
  Variable variable;
  if (literal) {
    static constexpr const char* kTypes[] = {"int", "text", "Trauma"};
    variable = {absl::StrCat("k", variables_.size()), OneOf(kTypes)};
    range = LiteralList(variable.type, Pick(4));
  } else {
    const Range& list = kLists[Pick(8)];
    variable = {absl::StrCat("r", variables_.size()), list.type};
    range = list.text;
  }
  if (variables_.size() >= 3) return Leaf("bool");
  variables_.push_back(variable);
  const std::string condition = Of("bool", std::min(depth - 1, 2));
  variables_.pop_back();
  return range + macro + "(" + variable.name + ", " + condition + ")";
}

std::string RandomExpression::Arithmetic(const std::string& type, int depth) {
  static constexpr const char* kAll[] = {" + ", " - ", " * ", "/", " % "};
  if (type == "int" && Chance(20)) {
    if (Chance(50)) return absl::StrCat("size(", Of("text", depth - 1), ")");
    return Chance(50) ? "size(visits)" : "numbers.size()";
  }
  if (options_.errors && type == "int" && Chance(10)) {
    const std::string from = Time(depth);
    return absl::StrCat("daysBetween(", from, ", ", Time(depth), ")");
  }
  if (Chance(15)) return absl::StrCat("-", Parenthesised(Of(type, depth - 1)));
  std::string op = OneOf(kAll);
  if (type == "double" && op == " % ") op = " * ";
  if (!options_.errors && type == "int") op = " + ";
  return Parenthesised(Of(type, depth - 1)) + op + Parenthesised(Of(type, depth - 1));
}

std::string RandomExpression::TextTest(int depth) {
  static constexpr const char* kTests[] = {".contains(", ".startsWith(", ".endsWith("};
  return Parenthesised(Of("text", depth - 1)) + OneOf(kTests) + Of("text", depth - 1) + ")";
}

std::string RandomExpression::Time(int depth) {
  static constexpr const char* kTimes[] = {"as_of",
                                           "as_of",
                                           "timestamp(\"2026-01-31T00:00:00Z\")",
                                           "timestamp('1969-12-31T23:59:59Z')",
                                           "timestamp('9999-12-31T23:59:59Z')",
                                           "timestamp('0001-01-01T00:00:00Z')"};
  const std::string time = OneOf(kTimes);
  if (depth <= 1 || Chance(60)) return time;
  static constexpr const char* kSpans[] = {" - duration(\"36h\")", " + duration('90m')",
                                           " - duration('5s')"};
  return time + OneOf(kSpans);
}

std::string RandomExpression::Span(int depth) {
  if (Chance(50)) return Parenthesised(Time(depth) + " - " + Time(depth));
  return Chance(50) ? "duration('36h')" : "duration(\"5s\") - duration('1h')";
}

RefIntake RandomIntake(std::mt19937_64& random) {
  const auto pick = [&random](int n) {
    return static_cast<int>(random() % static_cast<uint64_t>(n));
  };
  const auto number = [&] {
    static constexpr int64_t kPool[] = {0, 1, 2, 3, -1, 7, 60, 59, 16, INT64_MAX, INT64_MIN};
    return KnownInt(kPool[pick(pick(8) == 0 ? 11 : 9)]);
  };
  const auto real = [&] {
    static constexpr double kPool[] = {0.0, 0.5, 1.0, -2.5, 1000.0, 70.25, -0.0};
    return KnownDouble(kPool[pick(7)]);
  };
  const auto text = [&] {
    static const char* const kPool[] = {"", "a", "ab", "b'c", "\u00e9t\u00e9", "line\n", "abc"};
    return KnownText(kPool[pick(7)]);
  };
  const auto trauma = [&] { return KnownEnum(kTraumas[pick(3)]); };
  const auto site = [&] { return KnownEnum(kSites[pick(4)]); };
  const auto sign = [&] { return KnownBool(pick(2) == 0); };
  const auto list = [&](const auto& element) {
    std::vector<RefField> elements;
    for (int n = pick(4); n > 0; --n) elements.push_back(pick(10) == 0 ? RefField{} : element());
    return KnownList(std::move(elements));
  };
  const auto visit = [&] {
    std::map<std::string, RefField> row;
    if (pick(3) > 0) row["points"] = number();
    if (pick(3) > 0) row["dose"] = real();
    if (pick(3) > 0) row["kind"] = text();
    if (pick(3) > 0) row["helped"] = sign();
    if (pick(3) > 0) row["cause"] = trauma();
    if (pick(3) > 0) row["paid"] = sign();
    return KnownRow(std::move(row));
  };
  const auto visits = [&] {
    std::vector<RefField> rows;
    for (int n = pick(4); n > 0; --n) rows.push_back(visit());
    return KnownList(std::move(rows));
  };
  RefIntake intake;
  const int unknown = pick(4) * 25;
  const auto set = [&](const char* name, const auto& make) {
    const int roll = pick(100);
    if (roll < unknown) {
      if (roll % 3 == 0) intake.fields[name] = AskedUnknown();
      return;
    }
    intake.fields[name] = make();
  };
  for (const char* name : {"age", "days", "score"}) set(name, number);
  for (const char* name : {"weight", "temp"}) set(name, real);
  for (const char* name : {"note", "code"}) set(name, text);
  for (const char* name : {"trauma", "trauma_before"}) set(name, trauma);
  for (const char* name : {"a", "b", "c", "d", "e", "f", "g", "h", "consent"}) set(name, sign);
  set("main_site", site);
  set("sites", [&] { return list(site); });
  set("numbers", [&] { return list(number); });
  set("measures", [&] { return list(real); });
  set("signs_seen", [&] { return list(sign); });
  set("goals", [&] { return list(text); });
  set("visits", visits);
  if (pick(5) > 0) intake.as_of = int64_t{86'400} * (20'000 + pick(1'000));
  return intake;
}

}  // namespace plumbline::testing
