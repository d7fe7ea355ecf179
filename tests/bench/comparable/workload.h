// The peers' workload through the engine: rules, intakes as messages and as slot values, and the
// decision in the peers' canonical form.

#ifndef PLUMBLINE_TESTS_BENCH_COMPARABLE_WORKLOAD_H_
#define PLUMBLINE_TESTS_BENCH_COMPARABLE_WORKLOAD_H_

#include <memory>
#include <string>
#include <vector>

#include "bench_intake.pb.h"
#include "server/expr/frame.h"
#include "server/ruleset/compiled_ruleset.h"
#include "tests/bench/comparable/floor.h"

namespace plumbline::bench {

// A value that is ready for its slot.
struct SlotValue {
  expr::SlotIndex slot = 0;
  bool is_bool = false;
  int64_t value = 0;
};

class Workload {
 public:
  // `rules` is the folder that translate.mjs wrote. Says what is wrong and ends the program if the
  // rules do not compile or do not fit the intakes.
  Workload(const std::string& rules, const Floor& floor);

  const std::shared_ptr<const ruleset::CompiledRuleset>& ruleset() const { return ruleset_; }
  size_t size() const { return messages_.size(); }
  const workload::BenchIntake& message(size_t i) const { return messages_[i]; }

  // Resets the frame and sets the slots of an intake from ready values.
  void SetSlots(size_t i, expr::Frame& frame) const;

  // "emergency|condition,...|score,...|exercise:points:reason/reason;..."
  std::string Canonical(const std::string& decision) const;

 private:
  void AddIntake(const Floor& floor, size_t intake);

  std::shared_ptr<const ruleset::CompiledRuleset> ruleset_;
  std::vector<workload::BenchIntake> messages_;
  std::vector<std::vector<SlotValue>> slots_;
};

}  // namespace plumbline::bench

#endif  // PLUMBLINE_TESTS_BENCH_COMPARABLE_WORKLOAD_H_
