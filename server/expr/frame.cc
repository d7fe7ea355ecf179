#include "server/expr/frame.h"

#include <algorithm>

namespace plumbline::expr {
namespace {

// A list slot keeps where its cells are, not a pointer: the cell store may move while it grows.
int64_t PackRange(size_t offset, size_t count) {
  return static_cast<int64_t>((static_cast<uint64_t>(offset) << 32) | count);
}

}  // namespace

Frame::Frame(size_t slots, size_t nodes)
    : slot_states_(slots, State::kUnknown),
      slot_cells_(slots, Cell{0}),
      node_states_(nodes, State::kUnknown),
      node_cells_(nodes, Cell{0}) {}

void Frame::Reset() {
  std::fill(slot_states_.begin(), slot_states_.end(), State::kUnknown);
  present_.Clear();
  list_cells_.clear();
  as_of_ = 0;
  has_as_of_ = false;
}

void Frame::SetBool(SlotIndex slot, bool value) {
  present_.Add(slot);
  slot_states_[slot] = value ? State::kTrue : State::kFalse;
}

void Frame::SetInt(SlotIndex slot, int64_t value) {
  present_.Add(slot);
  slot_states_[slot] = State::kTrue;
  slot_cells_[slot].i = value;
}

void Frame::SetDouble(SlotIndex slot, double value) {
  present_.Add(slot);
  slot_states_[slot] = State::kTrue;
  slot_cells_[slot].d = value;
}

void Frame::SetString(SlotIndex slot, absl::string_view value) {
  present_.Add(slot);
  slot_states_[slot] = State::kTrue;
  slot_cells_[slot].s = {value.data(), static_cast<uint32_t>(value.size())};
}

void Frame::SetList(SlotIndex slot, absl::Span<const ListCell> cells, uint32_t /*columns*/) {
  present_.Add(slot);
  slot_states_[slot] = State::kTrue;
  slot_cells_[slot].i = PackRange(list_cells_.size(), cells.size());
  list_cells_.insert(list_cells_.end(), cells.begin(), cells.end());
}

void Frame::Clear(SlotIndex slot) {
  slot_states_[slot] = State::kUnknown;
  present_.Remove(slot);
}

void Frame::SetAskedUnknown(SlotIndex slot) {
  present_.Add(slot);
  slot_states_[slot] = State::kUnknown;
}

void Frame::SetAsOf(int64_t epoch_seconds) {
  as_of_ = epoch_seconds;
  has_as_of_ = true;
}

absl::Span<const ListCell> Frame::slot_list(SlotIndex slot) const {
  if (slot_states_[slot] != State::kTrue) return {};
  const uint64_t range = static_cast<uint64_t>(slot_cells_[slot].i);
  return absl::MakeConstSpan(list_cells_).subspan(range >> 32, range & 0xffffffffu);
}

}  // namespace plumbline::expr
