// The peers' own C++ programs on the workload: the hand-written floor and the slot tree.
//
// Behind an interface, because their header fills the global namespace and wants to be compiled
// with flags of its own.

#ifndef PLUMBLINE_TESTS_BENCH_COMPARABLE_FLOOR_H_
#define PLUMBLINE_TESTS_BENCH_COMPARABLE_FLOOR_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace plumbline::bench {

struct FloorField {
  std::string name;
  std::string type;  // "bool", "int", "enum"
};

// Belongs to one thread.
class Floor {
 public:
  // `folder` holds the generated rules.txt and intakes.tsv. No intakes if they cannot be read.
  explicit Floor(const std::string& folder);
  ~Floor();

  size_t intakes() const;
  const std::vector<FloorField>& fields() const { return fields_; }
  bool Has(size_t intake, size_t field) const;
  // Numbers as they are, bools 0 and 1, enums the index of the value.
  int32_t Value(size_t intake, size_t field) const;

  // Generated if/else over a struct; reasons as bit masks.
  void RunByHand(size_t intake);
  // Interpreted tree with slots and short-circuits.
  void RunTree(size_t intake);
  // The same, three-valued, nothing short-cut, with values and fields of some 470 expressions.
  void RunTreeWithTrace(size_t intake);

  // Result of the latest run in the peers' canonical form.
  std::string Canonical() const;

  // Names of the matched conditions, in the workload's order.
  static std::vector<std::string> ConditionNames();

 private:
  struct Rep;
  std::unique_ptr<Rep> rep_;
  std::vector<FloorField> fields_;
};

}  // namespace plumbline::bench

#endif  // PLUMBLINE_TESTS_BENCH_COMPARABLE_FLOOR_H_
