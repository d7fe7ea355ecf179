#include "server/ruleset/node_builder.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace plumbline::ruleset {
namespace {

constexpr absl::string_view kConfirmedConditions = "confirmed_conditions";

}  // namespace

NodeBuilder::NodeBuilder(const v1::Ruleset& ruleset, const expr::Schema& schema,
                         const Expressions& expressions)
    : ruleset_(ruleset),
      schema_(schema),
      expressions_(expressions),
      builder_(&schema),
      conditions_(static_cast<size_t>(ruleset.conditions_size())),
      stages_(static_cast<size_t>(ruleset.stages_size())) {
  for (const TermKey& key : expressions.binding_order()) AddTerm(key);
  for (const Expressions::Site& site : expressions.sites()) Add(site.path);
}

NodeId NodeBuilder::At(const std::string& path) const {
  const auto found = nodes_.find(path);
  return found == nodes_.end() ? kNoNode : found->second;
}

NodeId NodeBuilder::Add(const std::string& path) {
  if (const auto found = nodes_.find(path); found != nodes_.end()) return found->second;
  const expr::CheckedExpr* checked = expressions_.Find(path);
  if (checked == nullptr) return kNoNode;
  absl::StatusOr<NodeId> node = builder_.Add(*checked);
  if (!node.ok()) {
    if (status_.ok()) status_ = node.status();
    return kNoNode;
  }
  nodes_.emplace(path, *node);
  return *node;
}

void NodeBuilder::Bind(const std::string& name, NodeId node) {
  if (node == kNoNode) return;
  const absl::Status bound = builder_.BindTerm(name, node);
  if (!bound.ok() && status_.ok()) status_ = bound;
}

void NodeBuilder::AddTerm(const TermKey& key) {
  const auto index = static_cast<size_t>(key.index);
  switch (key.kind) {
    case TermKey::Kind::kTerm:
      return Bind(key.name, Add(absl::StrCat("terms[", key.index, "].expression")));
    case TermKey::Kind::kSuspected:
      AddSuspected(key.index);
      return Bind(key.name, conditions_[index].suspected);
    case TermKey::Kind::kLikely:
      AddLikely(key.index);
      return Bind(key.name, conditions_[index].likely);
    case TermKey::Kind::kStage:
      AddStage(key.index);
      return Bind(key.name, stages_[index].active);
  }
}

NodeId NodeBuilder::AddConfirmed(const std::string& condition_id) {
  const auto slot = schema_.Find(kConfirmedConditions);
  if (!slot.has_value()) return kNoNode;
  const expr::Type& type = schema_.slot(*slot).type;
  if (type.kind != expr::Kind::kList || type.element != expr::Kind::kString) return kNoNode;
  const expr::CheckResult checked = expr::CheckCondition(
      absl::StrCat("\"", condition_id, "\" in ", kConfirmedConditions), expressions_.environment());
  if (!checked.expr.valid()) {
    status_ =
        absl::InternalError(absl::StrCat("cannot ask whether ", condition_id, " is confirmed"));
    return kNoNode;
  }
  absl::StatusOr<NodeId> node = builder_.Add(checked.expr);
  if (!node.ok()) {
    status_ = node.status();
    return kNoNode;
  }
  return builder_.KnownTrue(*node);
}

NodeId NodeBuilder::PointsAtLeast(int index, int threshold) {
  const v1::ClinicalCondition& condition = ruleset_.conditions(index);
  const CompiledCondition& compiled = conditions_[static_cast<size_t>(index)];
  std::vector<std::pair<int32_t, NodeId>> operands;
  for (int i = 0; i < condition.findings_size(); ++i) {
    operands.emplace_back(condition.findings(i).points(),
                          compiled.findings[static_cast<size_t>(i)].when);
  }
  return builder_.WeightedAtLeast(threshold, operands);
}

NodeId NodeBuilder::OrConfirmed(const CompiledCondition& condition, NodeId pattern) {
  if (condition.confirmed == kNoNode) return pattern;
  const NodeId either[] = {condition.confirmed, pattern};
  return builder_.Or(either);
}

void NodeBuilder::AddSuspected(int index) {
  const v1::ClinicalCondition& condition = ruleset_.conditions(index);
  CompiledCondition& compiled = conditions_[static_cast<size_t>(index)];
  const std::string path = absl::StrCat("conditions[", index, "].");
  compiled.required = Add(path + "required");
  compiled.cancelled = Add(path + "cancelled_when");
  compiled.confirmed = AddConfirmed(condition.id());
  compiled.findings.resize(static_cast<size_t>(condition.findings_size()));
  for (size_t i = 0; i < compiled.findings.size(); ++i) {
    compiled.findings[i].when = Add(absl::StrCat(path, "findings[", i, "].when"));
  }
  std::vector<NodeId> demands;
  if (compiled.required != kNoNode) demands.push_back(compiled.required);
  if (compiled.cancelled != kNoNode) demands.push_back(builder_.Not(compiled.cancelled));
  if (condition.has_possible_at()) {
    demands.push_back(PointsAtLeast(index, condition.possible_at()));
  }
  const NodeId possible_when = Add(path + "possible_when");
  if (possible_when != kNoNode) demands.push_back(possible_when);
  if (condition.residual()) {
    // What remains: an open question about another pattern does not make this one open.
    for (int i = 0; i < index; ++i) {
      demands.push_back(
          builder_.Not(builder_.KnownTrue(conditions_[static_cast<size_t>(i)].suspected)));
    }
  }
  compiled.suspected = OrConfirmed(compiled, builder_.And(demands));
}

void NodeBuilder::AddLikely(int index) {
  const v1::ClinicalCondition& condition = ruleset_.conditions(index);
  CompiledCondition& compiled = conditions_[static_cast<size_t>(index)];
  if (!condition.has_likely_at()) {
    compiled.likely = OrConfirmed(compiled, builder_.Constant(false));
    return;
  }
  std::vector<NodeId> demands = {compiled.suspected, PointsAtLeast(index, condition.likely_at())};
  const NodeId likely_when = Add(absl::StrCat("conditions[", index, "].likely_when"));
  if (likely_when != kNoNode) demands.push_back(likely_when);
  if (condition.residual()) {
    for (int i = 0; i < index; ++i) {
      demands.push_back(builder_.Not(conditions_[static_cast<size_t>(i)].suspected));
    }
  }
  compiled.likely = OrConfirmed(compiled, builder_.And(demands));
}

void NodeBuilder::AddStage(int index) {
  const v1::Stage& stage = ruleset_.stages(index);
  CompiledStage& compiled = stages_[static_cast<size_t>(index)];
  compiled.when = Add(absl::StrCat("stages[", index, "].when"));
  std::vector<NodeId> demands;
  if (compiled.when != kNoNode) {
    demands.push_back(stage.on_indeterminate() == v1::Stage::ON_INDETERMINATE_ASSUME
                          ? builder_.NotKnownFalse(compiled.when)
                          : builder_.KnownTrue(compiled.when));
  }
  for (int i = 0; i < index; ++i) {
    demands.push_back(builder_.Not(stages_[static_cast<size_t>(i)].active));
  }
  compiled.active = builder_.And(demands);
}

}  // namespace plumbline::ruleset
