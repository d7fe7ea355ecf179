// Frame: the values of one evaluation: slots set by a binder, nodes filled by Plan::Evaluate.
//
// Thread-compatible; reused from evaluation to evaluation. Reset() makes every slot unknown and
// keeps the memory, so that a warm frame allocates nothing.

#ifndef PLUMBLINE_SERVER_EXPR_FRAME_H_
#define PLUMBLINE_SERVER_EXPR_FRAME_H_

#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "server/expr/slot_set.h"

namespace plumbline::expr {

// State of a slot or node. For bool nodes the state is the outcome itself (see Outcome in plan.h);
// for other types kTrue stands for "has a value".
enum class State : uint8_t { kFalse = 0, kTrue = 1, kUnknown = 2, kError = 3 };

// One value; which member is live follows from the static type.
union Cell {
  int64_t i;  // int, enum number, timestamp (seconds), duration (nanoseconds)
  double d;
  struct {
    const char* data;
    uint32_t size;  // bytes
  } s;
};

// One value inside a list; `known` is false for an absent field of a row.
struct ListCell {
  Cell cell;
  bool known;
};

class Frame {
 public:
  Frame() = default;
  Frame(size_t slots, size_t nodes);

  // All slots unknown and not present; lists and strings dropped; memory kept.
  void Reset();

  // Binding. Each call also marks the slot present (for has()). Strings are referenced, not copied:
  // the bytes must live until the last use of the frame.
  void SetBool(SlotIndex slot, bool value);
  void SetInt(SlotIndex slot, int64_t value);  // int and enum slots
  void SetDouble(SlotIndex slot, double value);
  void SetString(SlotIndex slot, absl::string_view value);
  // Takes the answer away: unknown and not present, as after Reset().
  void Clear(SlotIndex slot);
  // A known list of `rows` rows of `columns` cells each, row-major (columns = 1 for scalar lists;
  // otherwise the record's fields in descriptor order). Cells are copied into the frame.
  void SetList(SlotIndex slot, absl::Span<const ListCell> cells, uint32_t columns);
  // Asked, not known: present for has(), unknown to everything else.
  void SetAskedUnknown(SlotIndex slot);
  // Midnight UTC of the as-of date, in seconds since the epoch. Without it `as_of` is an error.
  void SetAsOf(int64_t epoch_seconds);

  // Reading.
  bool present(SlotIndex slot) const { return present_.Contains(slot); }
  bool known(SlotIndex slot) const {
    return slot_states_[slot] == State::kTrue || slot_states_[slot] == State::kFalse;
  }
  State slot_state(SlotIndex slot) const { return slot_states_[slot]; }
  Cell slot_cell(SlotIndex slot) const { return slot_cells_[slot]; }
  // Row-major cells of a known list slot.
  absl::Span<const ListCell> slot_list(SlotIndex slot) const;

  const State* node_states() const { return node_states_.data(); }
  const Cell* node_cells() const { return node_cells_.data(); }

 private:
  friend class Plan;
  friend struct PlanImpl;

  std::vector<State> slot_states_;
  std::vector<Cell> slot_cells_;
  SlotSet present_;
  std::vector<ListCell> list_cells_;  // all lists of this frame, back to back
  std::vector<State> node_states_;
  std::vector<Cell> node_cells_;
  int64_t as_of_ = 0;
  bool has_as_of_ = false;
};

}  // namespace plumbline::expr

#endif  // PLUMBLINE_SERVER_EXPR_FRAME_H_
