// SlotSet: a set of intake slots, as a fixed-size bitset (no allocation, cheap union).

#ifndef PLUMBLINE_SERVER_EXPR_SLOT_SET_H_
#define PLUMBLINE_SERVER_EXPR_SLOT_SET_H_

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace plumbline::expr {

using SlotIndex = uint16_t;

// Upper limit on the number of leaf fields of an intake message. Schema::Create enforces it.
inline constexpr size_t kMaxSlots = 256;

class SlotSet {
 public:
  void Add(SlotIndex slot) { words_[slot / 64] |= uint64_t{1} << (slot % 64); }
  void Remove(SlotIndex slot) { words_[slot / 64] &= ~(uint64_t{1} << (slot % 64)); }
  bool Contains(SlotIndex slot) const { return (words_[slot / 64] >> (slot % 64)) & 1; }
  void Clear() { words_ = {}; }

  bool empty() const { return (words_[0] | words_[1] | words_[2] | words_[3]) == 0; }
  size_t size() const {
    size_t n = 0;
    for (uint64_t word : words_) n += static_cast<size_t>(std::popcount(word));
    return n;
  }

  SlotSet& operator|=(const SlotSet& other) {
    for (size_t i = 0; i < words_.size(); ++i) words_[i] |= other.words_[i];
    return *this;
  }
  SlotSet& operator&=(const SlotSet& other) {
    for (size_t i = 0; i < words_.size(); ++i) words_[i] &= other.words_[i];
    return *this;
  }
  // Slots 64 * i to 64 * i + 63 as bits.
  uint64_t word(size_t i) const { return words_[i]; }
  void set_word(size_t i, uint64_t bits) { words_[i] = bits; }
  friend bool operator==(const SlotSet&, const SlotSet&) = default;

  // Calls visit(SlotIndex) in ascending order.
  template <typename Visitor>
  void ForEach(Visitor&& visit) const {
    for (size_t i = 0; i < words_.size(); ++i) {
      for (uint64_t word = words_[i]; word != 0; word &= word - 1) {
        visit(static_cast<SlotIndex>(i * 64 + static_cast<size_t>(std::countr_zero(word))));
      }
    }
  }

 private:
  std::array<uint64_t, kMaxSlots / 64> words_{};
};

}  // namespace plumbline::expr

#endif  // PLUMBLINE_SERVER_EXPR_SLOT_SET_H_
