// Lowering: checked AST -> plan nodes.
//
// Private to the plan. One instance lowers one expression; what it adds stays in the builder.

#ifndef PLUMBLINE_SERVER_EXPR_LOWERING_H_
#define PLUMBLINE_SERVER_EXPR_LOWERING_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/types/span.h"
#include "server/expr/checked_ast.h"
#include "server/expr/fold.h"
#include "server/expr/plan.h"
#include "server/expr/program_builder.h"

namespace plumbline::expr {

struct PlanBuilderImpl {
  PlanBuilderImpl(const Schema* plan_schema, bool fold_constants)
      : plan(std::make_unique<PlanImpl>()),
        builder(&plan->program, &plan->pools),
        fold(fold_constants) {
    plan->schema = plan_schema;
  }

  std::unique_ptr<PlanImpl> plan;
  ProgramBuilder builder;
  bool fold;
  absl::flat_hash_map<std::string, NodeId> terms;
  absl::flat_hash_map<std::string, uint32_t> bodies;  // by range, macro-free content and order
};

// && or || over nodes, simplified: constants decide or drop out, equal operands count once.
uint32_t AddLogic(ProgramBuilder& builder, Op op, std::vector<uint32_t> operands, bool simplify);
uint32_t AddNot(ProgramBuilder& builder, uint32_t operand, bool simplify);

class Lowering {
 public:
  explicit Lowering(PlanBuilderImpl& target) : target_(target), current_(&target.builder) {}

  uint32_t Lower(const CheckedNode& node);
  // FailedPrecondition for a term that is not bound, InvalidArgument for a value that is a list.
  const absl::Status& status() const { return status_; }

 private:
  bool ShouldFold(const CheckedNode& node) const;
  uint32_t Fail(absl::Status status);
  uint32_t LowerOuter(const CheckedNode& node);
  uint32_t LowerSlot(const CheckedNode& node);
  uint32_t LowerTerm(const CheckedNode& node);
  uint32_t LowerElement(const CheckedNode& node);
  uint32_t LowerUnary(const CheckedNode& node);
  uint32_t LowerLogic(const CheckedNode& node);
  uint32_t LowerTernary(const CheckedNode& node);
  uint32_t LowerAtLeast(const CheckedNode& node);
  uint32_t LowerBinary(const CheckedNode& node);
  uint32_t LowerCompare(Operator op, const CheckedNode& left, const CheckedNode& right);
  uint32_t CompareWithConstant(Operator op, const CheckedNode& node, const Value& constant);
  uint32_t CompareInt(Operator op, const CheckedNode& node, int64_t constant);
  uint32_t CompareNodes(Operator op, const CheckedNode& left, const CheckedNode& right);
  uint32_t LowerArithmetic(const CheckedNode& node);
  uint32_t LowerIn(const CheckedNode& node);
  uint32_t InConstants(const CheckedNode& item, const Value& list);
  uint32_t InInts(const CheckedNode& item, std::vector<int64_t> values);
  uint32_t InTexts(const CheckedNode& item, const Value& list);
  uint32_t LowerCall(const CheckedNode& node);
  uint32_t LowerMacro(const CheckedNode& node);
  uint32_t LowerMacroOverConstants(const CheckedNode& node);
  uint32_t LowerMacroOverSlot(const CheckedNode& node);
  uint32_t Binary(Op op, Kind kind, const CheckedNode& left, const CheckedNode& right);

  PlanBuilderImpl& target_;
  ProgramBuilder* current_;       // the plan, or the body of the macro being lowered
  VariableSet row_variable_ = 0;  // of that macro
  Bindings bindings_{};
  absl::Status status_;
};

}  // namespace plumbline::expr

#endif  // PLUMBLINE_SERVER_EXPR_LOWERING_H_
