#include "server/expr/program_builder.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace plumbline::expr {
namespace {

template <typename T>
void AppendBytes(std::string& key, const T& value) {
  char bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof(T));
  key.append(bytes, sizeof(T));
}

// Identity of a node: all that its value depends on.
std::string KeyOf(const Draft& draft) {
  std::string key;
  AppendBytes(key, draft.op);
  AppendBytes(key, draft.kind);
  AppendBytes(key, draft.a);
  return key;
}

}  // namespace

uint32_t ProgramBuilder::Insert(const std::string& key, const Draft& draft,
                                Instruction instruction) {
  const auto id = static_cast<uint32_t>(program_->nodes.size());
  if (const auto [it, inserted] = known_.emplace(key, id); !inserted) return it->second;
  instruction.dst = id;
  PlanNode node{draft.op, draft.kind, draft.level, instruction, draft.support};
  for (const uint32_t operand : OperandsOf(*program_, node)) {
    node.support |= program_->nodes[operand].support;
    node.level = std::max(node.level, program_->nodes[operand].level + 1);
  }
  program_->nodes.push_back(node);
  return id;
}

uint32_t ProgramBuilder::Add(const Draft& draft) {
  std::string key = KeyOf(draft);
  AppendBytes(key, draft.b);
  AppendBytes(key, draft.c);
  Instruction instruction{};
  instruction.a = draft.a;
  instruction.n = {draft.b, draft.c};
  return Insert(key, draft, instruction);
}

uint32_t ProgramBuilder::AddInt(const Draft& draft, int64_t constant) {
  std::string key = KeyOf(draft);
  AppendBytes(key, constant);
  Instruction instruction{};
  instruction.a = draft.a;
  instruction.i = constant;
  return Insert(key, draft, instruction);
}

uint32_t ProgramBuilder::AddDouble(const Draft& draft, double constant) {
  std::string key = KeyOf(draft);
  AppendBytes(key, constant);
  Instruction instruction{};
  instruction.a = draft.a;
  instruction.d = constant;
  return Insert(key, draft, instruction);
}

uint32_t ProgramBuilder::AddList(Draft draft, absl::Span<const uint32_t> operands) {
  draft.a = 0;
  std::string key = KeyOf(draft);
  AppendBytes(key, draft.c);
  for (const uint32_t operand : operands) AppendBytes(key, operand);
  if (const auto it = known_.find(key); it != known_.end()) return it->second;
  Instruction instruction{};
  instruction.a = static_cast<uint32_t>(program_->operands.size());
  instruction.n = {static_cast<uint32_t>(operands.size()), draft.c};
  program_->operands.insert(program_->operands.end(), operands.begin(), operands.end());
  return Insert(key, draft, instruction);
}

uint32_t ProgramBuilder::AddWeighted(int64_t threshold,
                                     absl::Span<const std::pair<int32_t, uint32_t>> operands) {
  const Draft draft{.op = Op::kWeighted, .support = {}};
  std::string key = KeyOf(draft);
  AppendBytes(key, threshold);
  for (const auto& [points, node] : operands) {
    AppendBytes(key, points);
    AppendBytes(key, node);
  }
  if (const auto it = known_.find(key); it != known_.end()) return it->second;
  Instruction instruction{};
  instruction.a = static_cast<uint32_t>(program_->operands.size());
  instruction.i = threshold;
  program_->operands.push_back(static_cast<uint32_t>(operands.size()));
  for (const auto& [points, node] : operands) {
    program_->operands.push_back(static_cast<uint32_t>(points));
    program_->operands.push_back(node);
  }
  return Insert(key, draft, instruction);
}

uint32_t ProgramBuilder::StoreConstant(const Value& value) {
  Constant constant{State::kTrue, Cell{0}};
  switch (value.kind) {
    case Kind::kError:
      constant.state = State::kError;
      break;
    case Kind::kBool:
      constant.state = value.is_true() ? State::kTrue : State::kFalse;
      break;
    case Kind::kDouble:
      constant.cell.d = value.d;
      break;
    case Kind::kString: {
      const std::string& bytes = pools_->bytes.emplace_back(value.s);
      constant.cell.s = {bytes.data(), static_cast<uint32_t>(bytes.size())};
      break;
    }
    default:
      constant.cell.i = value.i;
      break;
  }
  pools_->cells.push_back(constant);
  return static_cast<uint32_t>(pools_->cells.size() - 1);
}

uint32_t ProgramBuilder::AddConstant(const Value& value) {
  Draft draft{.op = Op::kConst, .kind = value.kind, .support = {}};
  std::string key = KeyOf(draft);
  AppendBytes(key, value.i);
  AppendBytes(key, value.d);
  key += value.s;
  if (const auto it = known_.find(key); it != known_.end()) return it->second;
  Instruction instruction{};
  instruction.a = StoreConstant(value);
  return Insert(key, draft, instruction);
}

State ProgramBuilder::ConstantState(uint32_t id) const {
  const PlanNode& constant = program_->nodes[id];
  if (constant.op != Op::kConst) return State::kUnknown;
  return pools_->cells[constant.instruction.a].state;
}

}  // namespace plumbline::expr
