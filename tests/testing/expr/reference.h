// A second evaluator of the expression language, written from CEL's definitions and nothing else:
// slow, plain, and sharing no code with server/expr. The plan must agree with it, outcome for
// outcome and missing field for missing field.
//
// Values are found by name; what is missing is a set of names. Thread-compatible.

#ifndef PLUMBLINE_TESTS_TESTING_EXPR_REFERENCE_H_
#define PLUMBLINE_TESTS_TESTING_EXPR_REFERENCE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace plumbline::testing {

struct RefField;

// One value. Enum values are their constant's text ("Trauma.MAJOR").
struct RefValue {
  enum class Tag { kBool, kInt, kDouble, kText, kEnum, kTime, kSpan, kList, kRow };
  Tag tag = Tag::kBool;
  bool flag = false;
  int64_t number = 0;  // int; time in seconds; span in nanoseconds
  double real = 0;
  std::string text;
  std::vector<RefField> list;
  std::map<std::string, RefField> row;
};

// What an intake says about one field, or a list about one element.
struct RefField {
  bool present = false;  // for has()
  bool known = false;
  RefValue value;
};

struct RefIntake {
  std::map<std::string, RefField> fields;  // a field that is not here is absent
  std::optional<int64_t> as_of;
};

struct RefResult {
  enum class State { kValue, kUnknown, kError };
  State state = State::kError;
  RefValue value;
  std::set<std::string> missing;  // of an unknown
};

// A parsed expression: an operator, function, name or literal with its operands.
struct RefNode {
  enum class Kind { kLiteral, kName, kList, kCall };
  Kind kind = Kind::kLiteral;
  std::string name;  // kName: the dotted path; kCall: operator or function
  RefValue literal;
  std::vector<RefNode> operands;
};

// Parses the canonical text of an accepted expression. Aborts on anything else: that is a bug of
// the printer.
RefNode ParseReference(const std::string& text);

RefResult EvaluateReference(const RefNode& node, const RefIntake& intake);

}  // namespace plumbline::testing

#endif  // PLUMBLINE_TESTS_TESTING_EXPR_REFERENCE_H_
