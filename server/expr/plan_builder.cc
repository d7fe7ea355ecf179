#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/expr/lowering.h"
#include "server/expr/plan.h"

namespace plumbline::expr {

PlanBuilder::PlanBuilder(const Schema* schema) : PlanBuilder(schema, true) {}

PlanBuilder::PlanBuilder(const Schema* schema, bool fold_constants)
    : impl_(std::make_unique<PlanBuilderImpl>(schema, fold_constants)) {}

PlanBuilder::~PlanBuilder() = default;

absl::Status PlanBuilder::BindTerm(absl::string_view name, NodeId node) {
  if (node >= impl_->plan->program.nodes.size()) {
    return absl::InvalidArgumentError(absl::StrCat("no such node for term ", name));
  }
  if (!impl_->terms.emplace(std::string(name), node).second) {
    return absl::AlreadyExistsError(absl::StrCat("term bound twice: ", name));
  }
  return absl::OkStatus();
}

absl::StatusOr<NodeId> PlanBuilder::Add(const CheckedExpr& expr) {
  if (!expr.valid()) return absl::InvalidArgumentError("the expression was not accepted");
  Lowering lowering(*impl_);
  const NodeId node = lowering.Lower(expr.root());
  if (!lowering.status().ok()) return lowering.status();
  return node;
}

NodeId PlanBuilder::Constant(bool value) { return impl_->builder.AddConstant(Value::Bool(value)); }

NodeId PlanBuilder::And(absl::Span<const NodeId> operands) {
  return AddLogic(impl_->builder, Op::kAnd, {operands.begin(), operands.end()}, true);
}

NodeId PlanBuilder::Or(absl::Span<const NodeId> operands) {
  return AddLogic(impl_->builder, Op::kOr, {operands.begin(), operands.end()}, true);
}

NodeId PlanBuilder::Not(NodeId operand) { return AddNot(impl_->builder, operand, true); }

NodeId PlanBuilder::WeightedAtLeast(int64_t threshold,
                                    absl::Span<const std::pair<int32_t, NodeId>> operands) {
  // Known operands move into the threshold; an operand without points cannot matter.
  std::vector<std::pair<int32_t, uint32_t>> open;
  for (const auto& [points, node] : operands) {
    const State state = impl_->builder.ConstantState(node);
    if (state == State::kTrue) threshold -= points;
    if (state == State::kTrue || state == State::kFalse || points == 0) continue;
    open.emplace_back(points, node);
  }
  std::sort(open.begin(), open.end(), [](const auto& a, const auto& b) {
    return std::tie(a.second, a.first) < std::tie(b.second, b.first);
  });
  if (open.empty()) return Constant(threshold <= 0);
  return impl_->builder.AddWeighted(threshold, open);
}

NodeId PlanBuilder::KnownTrue(NodeId operand) {
  return impl_->builder.Add({.op = Op::kKnownTrue, .a = operand, .support = {}});
}

NodeId PlanBuilder::NotKnownFalse(NodeId operand) {
  return impl_->builder.Add({.op = Op::kNotKnownFalse, .a = operand, .support = {}});
}

Plan PlanBuilder::Build() && {
  Schedule(impl_->plan->program);
  Plan plan;
  plan.impl_ = std::move(impl_->plan);
  return plan;
}

}  // namespace plumbline::expr
