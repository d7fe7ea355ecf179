// ProgramBuilder: adds nodes to one program and shares equal ones.
//
// Private to the plan. Thread-compatible. The program and the pools outlive it.

#ifndef PLUMBLINE_SERVER_EXPR_PROGRAM_BUILDER_H_
#define PLUMBLINE_SERVER_EXPR_PROGRAM_BUILDER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/types/span.h"
#include "server/expr/program.h"
#include "server/expr/value.h"

namespace plumbline::expr {

// Operands and constants of a node to be; the operation says which count.
struct Draft {
  Op op;
  Kind kind = Kind::kBool;
  uint32_t a = 0;
  uint32_t b = 0;
  uint32_t c = 0;
  SlotSet support;     // of slots that the node reads itself, or through its body
  uint32_t level = 0;  // at least
};

class ProgramBuilder {
 public:
  ProgramBuilder(Program* program, Pools* pools) : program_(program), pools_(pools) {}

  // A node with up to three fixed fields.
  uint32_t Add(const Draft& draft);
  // A node with an inline constant instead of b and c.
  uint32_t AddInt(const Draft& draft, int64_t constant);
  uint32_t AddDouble(const Draft& draft, double constant);
  // A node over a list of operands (its address and count are filled in).
  uint32_t AddList(Draft draft, absl::Span<const uint32_t> operands);
  uint32_t AddWeighted(int64_t threshold, absl::Span<const std::pair<int32_t, uint32_t>> operands);
  // A scalar constant, or an error.
  uint32_t AddConstant(const Value& value);

  const Program& program() const { return *program_; }
  const PlanNode& node(uint32_t id) const { return program_->nodes[id]; }
  // The outcome of a bool constant node; kUnknown if the node is not constant.
  State ConstantState(uint32_t id) const;

 private:
  uint32_t Insert(const std::string& key, const Draft& draft, Instruction instruction);
  uint32_t StoreConstant(const Value& value);

  Program* program_;
  Pools* pools_;
  absl::flat_hash_map<std::string, uint32_t> known_;
};

}  // namespace plumbline::expr

#endif  // PLUMBLINE_SERVER_EXPR_PROGRAM_BUILDER_H_
