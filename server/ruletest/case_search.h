// CaseSearch: finds a patient for whom a condition comes out in a wanted way.
//
// It starts from patients that are there already (the vignettes') and changes single answers,
// always the one that brings the goal nearer, until the goal is met; then it takes back every
// change that was not needed. Distances follow the shape of the condition, through terms. The
// search is deterministic: the same ruleset, condition, goal and preference give the same answer,
// whatever was looked for before.
//
// Thread-compatible. Refers to its arguments, which must outlive it.

#ifndef PLUMBLINE_SERVER_RULETEST_CASE_SEARCH_H_
#define PLUMBLINE_SERVER_RULETEST_CASE_SEARCH_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "server/expr/frame.h"
#include "server/ruletest/cases.h"
#include "server/ruletest/distance.h"

namespace plumbline::ruletest {

// A patient found: that of a vignette, with some answers changed.
struct Found {
  size_t base = 0;  // index in CaseSearch::bases()
  std::vector<std::string> with;
  expr::Frame frame;
};

class CaseSearch {
 public:
  CaseSearch(const Subject& subject, const CaseSet& cases);

  struct Base {
    const Case* source = nullptr;
    expr::Frame frame;  // bound and evaluated; its strings live in the case's intake
  };
  const std::vector<Base>& bases() const { return bases_; }

  // How far a frame is from the goal: 0 when it is met.
  using Distance = std::function<int(const expr::Frame&)>;

  // Once from each patient, or again and again from the nearest: what kOnce finds, kOften finds
  // too.
  enum class Effort { kOnce, kOften };

  // Tries `preferred` first. Answers change only in slots that the condition reads.
  std::optional<Found> Find(const ruleset::Probe& probe, const Distance& distance,
                            const std::vector<size_t>& preferred, Effort effort);

  // `found` with one more answer changed; nullopt if the value cannot be, or contradicts others.
  std::optional<Found> With(const ruleset::Probe& probe, const Found& found, expr::SlotIndex slot,
                            double number);

  // True if `found` answers that question otherwise than the patient from whom it starts.
  bool Changes(const Found& found, expr::SlotIndex slot) const;
  // True if the search tries that number as an answer: within the question's range.
  bool CanBe(expr::SlotIndex slot, double number) const;
  // True if `frame` holds that answer. Numbers, bools and enums.
  bool Is(const expr::Frame& frame, expr::SlotIndex slot, double number) const;
  // True if `holds` for the patient of `frame` with some other answer in `slot`.
  bool AnyOf(expr::SlotIndex slot, const expr::Frame& frame,
             const std::function<bool(const expr::Frame&)>& holds) const;

  const DistanceMeter& meter() const { return meter_; }

  // Numbers just below, at and just above the constants that the leaf compares one field with;
  // every value of an enum that the leaf looks up in a list. Empty if it is neither.
  struct Boundary {
    expr::SlotIndex slot = 0;
    std::vector<double> values;
  };
  Boundary BoundaryOf(const ruleset::ProbeLeaf& leaf) const;

 private:
  struct Move {
    expr::SlotIndex slot = 0;
    enum class Kind { kNumber, kUnknown, kAsked } kind = Kind::kNumber;
    double number = 0;  // bools and enums too
  };
  std::vector<Move> MovesOf(const ruleset::Probe& probe) const;
  void Apply(const Move& move, expr::Frame& frame) const;
  // Evaluated distance, contradictory answers counted in.
  int Measure(const Distance& distance, expr::Frame& frame) const;
  bool Climb(const Distance& distance, const std::vector<Move>& moves, expr::Frame& frame);
  Found Minimise(const Distance& distance, size_t base, const expr::Frame& frame) const;
  void CollectNumbers();

  const Subject& subject_;
  const DistanceMeter meter_;
  std::vector<Base> bases_;
  // By slot: what numbers, bools and enums can be; of lists of enums the one element, -1 for none.
  std::vector<std::vector<double>> values_;
  std::mt19937_64 random_;
  bool contradictions_allowed_ = false;
};

}  // namespace plumbline::ruletest

#endif  // PLUMBLINE_SERVER_RULETEST_CASE_SEARCH_H_
