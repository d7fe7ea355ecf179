// Plan: many checked expressions as one flat, typed, slot-based program.
//
// PlanBuilder hash-conses: the same predicate, wherever it occurs, becomes one node and is
// evaluated once per intake. Evaluate() runs all nodes in order, without branches over rules,
// recursion or allocation; outcomes are then read per node. Three values plus error follow CEL with
// commutative absorption (docs/reference/expressions.md has the tables).
//
// Plan is immutable and thread-safe; a Frame belongs to one thread at a time and is reused.

#ifndef PLUMBLINE_SERVER_EXPR_PLAN_H_
#define PLUMBLINE_SERVER_EXPR_PLAN_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "server/expr/checker.h"
#include "server/expr/frame.h"
#include "server/expr/schema.h"
#include "server/expr/slot_set.h"

namespace plumbline::expr {

// Index of a node in the plan. Dense, from 0.
using NodeId = uint32_t;

// Why a node is what it is: for a decided node the slots and landmarks that decided it, for an
// indeterminate one the slots that are missing.
struct Reason {
  SlotSet slots;
  uint64_t landmarks = 0;

  Reason& operator|=(const Reason& other) {
    slots |= other.slots;
    landmarks |= other.landmarks;
    return *this;
  }
};

// Outcome of a bool node.
enum class Outcome : uint8_t { kNoMatch = 0, kMatch = 1, kIndeterminate = 2, kError = 3 };

struct PlanImpl;

class Plan {
 public:
  Plan();
  Plan(Plan&&) noexcept;
  Plan& operator=(Plan&&) noexcept;
  ~Plan();

  // A frame with room for this plan's nodes and the schema's slots, all slots unknown.
  Frame MakeFrame() const;

  // Evaluates every node from the slots set in `frame`. Allocates nothing.
  void Evaluate(Frame& frame) const;

  // Outcome of a bool node after Evaluate.
  static Outcome OutcomeOf(NodeId node, const Frame& frame) {
    return static_cast<Outcome>(frame.node_states()[node]);
  }

  // Adds to `missing` the slots that keep an indeterminate node from being decided: the union over
  // unknown operands that are not absorbed (CEL's unknown set). Adds nothing for a decided node.
  void CollectMissing(NodeId node, const Frame& frame, SlotSet& missing) const;

  // Adds to `deciding` the slots whose values made a decided node what it is: for a true `||` its
  // true operands, for a false `&&` its false operands, otherwise all operands.
  void CollectDeciding(NodeId node, const Frame& frame, SlotSet& deciding) const;

  // As CollectDeciding, but stops at landmarks: nodes that a person knows by a name of their own.
  // `landmark_of_node` has an entry for each node: 0 for an ordinary one, otherwise 1 + the number
  // of its landmark (below kMaxLandmarks). What lies below a landmark is left out; instead the bit
  // of its number is set in `landmarks`.
  static constexpr int kMaxLandmarks = 64;
  void CollectDeciding(NodeId node, const Frame& frame, absl::Span<const uint8_t> landmark_of_node,
                       SlotSet& deciding, uint64_t& landmarks) const;

  // Reasons of all nodes at once, the same as CollectMissing (for indeterminate nodes) and
  // CollectDeciding (for the others) give one by one; for an error, what made it one. `reasons` is
  // empty, or what an earlier call for this plan and these landmarks left there: leaves are written
  // only once. Allocates nothing when it is not empty.
  void ExplainAll(const Frame& frame, absl::Span<const uint8_t> landmark_of_node,
                  std::vector<Reason>& reasons) const;

  // Every slot that the node can read, through terms.
  const SlotSet& Support(NodeId node) const;

  size_t node_count() const;
  const Schema* schema() const;

  // One line per node, for tests and debugging.
  std::string DebugString() const;

 private:
  friend class PlanBuilder;
  std::unique_ptr<PlanImpl> impl_;
};

struct PlanBuilderImpl;

class PlanBuilder {
 public:
  // `schema` may be null (constant expressions only); it must outlive the plan.
  explicit PlanBuilder(const Schema* schema);
  // Without folding, constants are computed by the evaluator wherever it can: for tests that
  // compare the two ways.
  PlanBuilder(const Schema* schema, bool fold_constants);
  ~PlanBuilder();

  // Supplies the value of a declared term. Must precede every Add that reads it.
  absl::Status BindTerm(absl::string_view name, NodeId node);

  // Adds a checked expression; FailedPrecondition if it reads a term that is not bound,
  // InvalidArgument if it is not valid or its value is a list.
  absl::StatusOr<NodeId> Add(const CheckedExpr& expr);

  // Combinators over bool nodes, with the same semantics and sharing as in the language.
  NodeId Constant(bool value);
  NodeId And(absl::Span<const NodeId> operands);  // empty: true
  NodeId Or(absl::Span<const NodeId> operands);   // empty: false
  NodeId Not(NodeId operand);
  // Sum of the points of true operands >= threshold, as an interval: true if already reached by the
  // true ones, false if out of reach even with every unknown one counted in its favour, otherwise
  // unknown (missing: all unknown operands). Points may be negative. Errors make it an error unless
  // the outcome is decided whatever their value.
  NodeId WeightedAtLeast(int64_t threshold, absl::Span<const std::pair<int32_t, NodeId>> operands);
  // Collapses the third value: true only if known true / unless known false. Never indeterminate;
  // not part of the language. An error counts as not known.
  NodeId KnownTrue(NodeId operand);
  NodeId NotKnownFalse(NodeId operand);

  Plan Build() &&;

 private:
  std::unique_ptr<PlanBuilderImpl> impl_;
};

}  // namespace plumbline::expr

#endif  // PLUMBLINE_SERVER_EXPR_PLAN_H_
