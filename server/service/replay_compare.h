// Compares two decisions for the same intake, as bytes where that is enough.

#ifndef PLUMBLINE_SERVER_SERVICE_REPLAY_COMPARE_H_
#define PLUMBLINE_SERVER_SERVICE_REPLAY_COMPARE_H_

#include <array>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "plumbline/v1/decision.pb.h"
#include "plumbline/v1/disposition.pb.h"
#include "server/service/decision_effects.h"

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
  // As the counts of these names in plumbline.v1.ImpactReport.
  bool time_limit_changed = false;
  bool referrals_changed = false;
  bool follow_up_changed = false;
  bool open_questions_changed = false;
  bool availability_changed = false;
  v1::Level old_level = v1::LEVEL_UNSPECIFIED;
  v1::Level new_level = v1::LEVEL_UNSPECIFIED;
  v1::Gate old_gate = v1::GATE_UNSPECIFIED;
  v1::Gate new_gate = v1::GATE_UNSPECIFIED;
  // By element of the ruleset.
  EffectChanges effects;

  bool rules_changed() const {
    return !effects.appeared.empty() || !effects.disappeared.empty() || !effects.altered.empty();
  }
  // kDifferent, but only in wording: nobody gets anything else, sooner or for another reason. Words
  // that are the thing itself are more: limits, doses, steps, stop rules, what to watch for. Those
  // of cautions and questions are not, though a comparison of rulesets calls them clinical: whoever
  // is asked a question would count, and hide those for whom something changes.
  bool only_words() const {
    return kind == Kind::kDifferent && !level_changed && !gate_changed && !programme_changed &&
           !time_limit_changed && !referrals_changed && !follow_up_changed &&
           !open_questions_changed && !availability_changed && !rules_changed();
  }
};

// The top-level fields of a decision, each with all its elements in one piece; views into its
// bytes.
struct DecisionRegions {
  static constexpr int kMaxField = 31;
  std::array<absl::string_view, kMaxField + 1> of{};
};

// Walks the wire form field by field; parses only the parts that differ and say who gets what, when
// and why.
// Thread-compatible: keeps memory from call to call.
class DecisionComparator {
 public:
  // The result is valid until the next call.
  const DecisionChange& Compare(absl::string_view recorded, absl::string_view replayed);

 private:
  void Gather(const DecisionRegions& was, const DecisionRegions& is,
              absl::FunctionRef<bool(int field)> wanted);
  // False: unreadable, and `change_` says so.
  bool ParseParts();
  void Differ();

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
