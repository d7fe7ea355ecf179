// NodeBuilder: puts all expressions of a ruleset into one plan, derived terms included.
//
// Thread-compatible; lives for one compilation. Errors of the plan are kept: see status().

#ifndef PLUMBLINE_SERVER_RULESET_NODE_BUILDER_H_
#define PLUMBLINE_SERVER_RULESET_NODE_BUILDER_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/expr/plan.h"
#include "server/ruleset/compiled_ruleset.h"
#include "server/ruleset/expressions.h"

namespace plumbline::ruleset {

class NodeBuilder {
 public:
  // Adds everything. All arguments must outlive the object.
  NodeBuilder(const v1::Ruleset& ruleset, const expr::Schema& schema,
              const Expressions& expressions);

  // First error of the plan, if any.
  const absl::Status& status() const { return status_; }

  // Node of the expression at `path`; kNoNode if none was written.
  NodeId At(const std::string& path) const;

  // Adds one more expression, a part of one that is there already.
  absl::StatusOr<NodeId> AddPart(const expr::CheckedExpr& part) { return builder_.Add(part); }

  const std::vector<CompiledCondition>& conditions() const { return conditions_; }
  const std::vector<CompiledStage>& stages() const { return stages_; }

  expr::Plan Build() && { return std::move(builder_).Build(); }

 private:
  NodeId Add(const std::string& path);
  void Bind(const std::string& name, NodeId node);
  void AddTerm(const TermKey& key);
  void AddSuspected(int index);
  void AddLikely(int index);
  void AddStage(int index);
  // "a clinician has confirmed this condition"; kNoNode if the intake cannot say so.
  NodeId AddConfirmed(const std::string& condition_id);
  NodeId PointsAtLeast(int index, int threshold);
  // `pattern`, or confirmed.
  NodeId OrConfirmed(const CompiledCondition& condition, NodeId pattern);

  const v1::Ruleset& ruleset_;
  const expr::Schema& schema_;
  const Expressions& expressions_;
  expr::PlanBuilder builder_;
  absl::flat_hash_map<std::string, NodeId> nodes_;
  std::vector<CompiledCondition> conditions_;
  std::vector<CompiledStage> stages_;
  absl::Status status_;
};

}  // namespace plumbline::ruleset

#endif  // PLUMBLINE_SERVER_RULESET_NODE_BUILDER_H_
