// Compares two decisions for the same intake, as bytes where that is enough.

#ifndef PLUMBLINE_SERVER_SERVICE_REPLAY_COMPARE_H_
#define PLUMBLINE_SERVER_SERVICE_REPLAY_COMPARE_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "plumbline/v1/decision.pb.h"
#include "plumbline/v1/disposition.pb.h"

namespace plumbline::service {

// What differs between a recorded and a new decision.
struct DecisionChange {
  enum class Kind {
    kIdentical,
    // Only the names: ruleset (version, revision, status) and engine version.
    kNamesOnly,
    kDifferent,
    // One of the two is not a Decision.
    kUnreadable,
  };
  Kind kind = Kind::kIdentical;
  // Of kDifferent:
  bool level_changed = false;
  bool gate_changed = false;
  // Other exercises, another order, other doses or variants.
  bool programme_changed = false;
  v1::Level old_level = v1::LEVEL_UNSPECIFIED;
  v1::Level new_level = v1::LEVEL_UNSPECIFIED;
  v1::Gate old_gate = v1::GATE_UNSPECIFIED;
  v1::Gate new_gate = v1::GATE_UNSPECIFIED;
  // Ids of rules, findings, suspected conditions, referrals, stages, exercises of the programme,
  // contraindications, advice and so on that came and went; sorted, each once. An id that only
  // moved from one part of the answer to another is in neither.
  std::vector<std::string> appeared;
  std::vector<std::string> disappeared;
};

// Walks the wire form field by field; parses only the parts that differ and say who gets what.
// Thread-compatible: keeps memory from call to call.
class DecisionComparator {
 public:
  // The result is valid until the next call.
  const DecisionChange& Compare(absl::string_view recorded, absl::string_view replayed);

 private:
  void Differ(absl::string_view old_parts, absl::string_view new_parts);

  DecisionChange change_;
  v1::Decision old_;
  v1::Decision new_;
  std::string old_parts_;
  std::string new_parts_;
};

// Place of the first difference, in the order of field numbers ("fired_rules[2].rationale.text");
// "programme[3]" when one of the two has no such element. When the contents are equal and only the
// encoding differs: "encoding at byte 17". Names fields only: no values. Differing engine versions
// are looked at last.
std::string FirstDifference(absl::string_view recorded, absl::string_view replayed);

}  // namespace plumbline::service

#endif  // PLUMBLINE_SERVER_SERVICE_REPLAY_COMPARE_H_
