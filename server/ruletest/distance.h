// Distance: how far a patient is from a wanted outcome of a condition.
//
// 0 when the outcome is met; otherwise roughly the number of parts that have to change. Follows &&,
// ||, !, ?: and atLeast, and looks into terms. Refers to its arguments, which must outlive it.

#ifndef PLUMBLINE_SERVER_RULETEST_DISTANCE_H_
#define PLUMBLINE_SERVER_RULETEST_DISTANCE_H_

#include <cstddef>

#include "server/expr/frame.h"
#include "server/ruleset/probes.h"

namespace plumbline::ruletest {

enum class Want { kFalse, kTrue, kUnknown, kNotFalse, kNotTrue };

class DistanceMeter {
 public:
  explicit DistanceMeter(const ruleset::Probes& probes) : probes_(probes) {}

  // To the outcome of the whole condition.
  int To(const ruleset::Probe& probe, Want want, const expr::Frame& frame) const;

  // To a state in which leaf `leaf` has this value and decides the condition.
  int ToDecision(const ruleset::Probe& probe, size_t leaf, bool value,
                 const expr::Frame& frame) const;

 private:
  // A part of a condition: its node, and the number of its first leaf.
  struct Part {
    const ruleset::Probe& probe;
    const expr::CheckedNode& node;
    size_t first_leaf;
  };
  int Of(const Part& part, Want want, const expr::Frame& frame, int depth) const;
  int OfLeaf(const Part& part, Want want, const expr::Frame& frame, int depth) const;
  int OfCount(const Part& part, Want want, const expr::Frame& frame, int depth) const;
  int OfTernary(const Part& part, Want want, const expr::Frame& frame, int depth) const;
  // Everything beside the way to the leaf must let it decide.
  int Unmask(const Part& part, size_t leaf, const expr::Frame& frame) const;

  const ruleset::Probes& probes_;
};

}  // namespace plumbline::ruletest

#endif  // PLUMBLINE_SERVER_RULETEST_DISTANCE_H_
