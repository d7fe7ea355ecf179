// CheckedNode: a typed, resolved expression.
//
// Immutable once the checker has built it; shared between copies of CheckedExpr. Constant parts
// keep their shape (for the printer) and carry their value in `constant`.

#ifndef PLUMBLINE_SERVER_EXPR_CHECKED_AST_H_
#define PLUMBLINE_SERVER_EXPR_CHECKED_AST_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "google/protobuf/descriptor.h"
#include "server/expr/operator.h"
#include "server/expr/slot_set.h"
#include "server/expr/static_type.h"
#include "server/expr/token.h"
#include "server/expr/value.h"

namespace plumbline::expr {

enum class NodeKind : uint8_t {
  kLiteral,
  kConstant,  // a name declared with Environment::DeclareConstant
  kEnumConstant,
  kSlot,
  kTerm,
  kAsOf,
  kVariable,     // a macro's variable
  kRowField,     // children[0] is a variable of record type
  kHas,          // of a slot
  kHasRowField,  // children[0] is a variable of record type
  kUnary,
  kBinary,
  kLogic,  // && or ||, two or more operands
  kTernary,
  kList,
  kIndex,
  kCall,     // a function; children are its arguments, the receiver first
  kAtLeast,  // `threshold` of children
  kBetween,  // x, low, high
  kMacro,    // over children[0] with the condition children[1]
};

enum class Function : uint8_t {
  kNone,
  kSize,
  kContains,
  kStartsWith,
  kEndsWith,
  kTimestamp,
  kDuration,
  kDaysBetween,
};

enum class Macro : uint8_t { kExists, kAll, kExistsOne };

struct CheckedNode;
using CheckedPtr = std::shared_ptr<const CheckedNode>;

// A set of macro variables, one bit each: the nesting depth of the macro that declares it.
using VariableSet = uint32_t;
inline constexpr int kMaxMacroDepth = 8;
// Bound on CheckedNode::cost of the condition of a macro that runs over a list of the intake.
inline constexpr int64_t kMaxBodyCost = 120;

struct CheckedNode {
  NodeKind kind = NodeKind::kLiteral;
  StaticType static_type;
  Type type;  // static_type.ToType()
  Position start;
  Position position;

  Operator op = Operator::kOr;
  Function function = Function::kNone;
  Macro macro = Macro::kExists;
  bool method = false;  // a call written as x.f(): matters to the printer only
  SlotIndex slot = 0;
  int variable = 0;  // kVariable, kMacro: bit number
  int64_t threshold = 0;
  std::string name;  // of a term, constant, enum constant or variable
  const google::protobuf::FieldDescriptor* field = nullptr;  // kRowField, kHasRowField
  std::vector<CheckedPtr> children;

  // Reads something that is not known before evaluation: a slot, a term, as_of, a row.
  bool runtime = false;
  // Free variables.
  VariableSet variables = 0;
  // Upper bound on the plan nodes that this expands to.
  int64_t cost = 1;
  // The value, if it is neither runtime nor has free variables. May be an error (`1 / 0`).
  std::optional<Value> constant;
};

}  // namespace plumbline::expr

#endif  // PLUMBLINE_SERVER_EXPR_CHECKED_AST_H_
