// LegalHolds: whose data must not be erased, whatever a patient or a policy asks.

#ifndef PLUMBLINE_SERVER_SERVICE_LEGAL_HOLDS_H_
#define PLUMBLINE_SERVER_SERVICE_LEGAL_HOLDS_H_

#include <cstdint>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "server/audit/record.h"

namespace plumbline::service {

// Thread-compatible: its owner locks. The truth are the records of kind LEGAL_HOLD, in their order;
// this is what they amount to.
class LegalHolds {
 public:
  // The empty pseudonym means everybody.
  void Set(absl::string_view pseudonym, bool hold);
  // Everybody is held, or this patient is. A record without a pseudonym is held with everybody.
  bool Holds(absl::string_view pseudonym) const;
  bool empty() const { return !everybody_ && patients_.empty(); }
  // A damaged record that may have been a hold, and need not be heeded.
  void Settle(uint64_t index) { settled_.insert(index); }
  bool IsSettled(uint64_t index) const { return settled_.contains(index); }

  // Takes over what a record of kind LEGAL_HOLD says; an erased one says nothing. DataLoss if it
  // does not say it.
  absl::Status Apply(const audit::Record& record);

 private:
  absl::Status SettleAll(absl::string_view indices, uint64_t by);

  bool everybody_ = false;
  absl::flat_hash_set<std::string> patients_;
  absl::flat_hash_set<uint64_t> settled_;
};

// Attribute of the records, and what it can be.
inline constexpr char kHoldAttribute[] = "hold";
inline constexpr char kHoldSet[] = "set";
inline constexpr char kHoldLifted[] = "lifted";
inline constexpr char kHoldSettled[] = "settled";
// Which records a settling one settles: indices, separated by commas.
inline constexpr char kSettledAttribute[] = "settled_records";

}  // namespace plumbline::service

#endif  // PLUMBLINE_SERVER_SERVICE_LEGAL_HOLDS_H_
