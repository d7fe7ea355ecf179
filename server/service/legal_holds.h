// LegalHolds: whose data must not be erased, whatever a patient or a policy asks.

#ifndef PLUMBLINE_SERVER_SERVICE_LEGAL_HOLDS_H_
#define PLUMBLINE_SERVER_SERVICE_LEGAL_HOLDS_H_

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

  // Takes over what a record of kind LEGAL_HOLD says; an erased one says nothing. DataLoss if it
  // does not say it.
  absl::Status Apply(const audit::Record& record);

 private:
  bool everybody_ = false;
  absl::flat_hash_set<std::string> patients_;
};

// Attribute of the records, and what it can be.
inline constexpr char kHoldAttribute[] = "hold";
inline constexpr char kHoldSet[] = "set";
inline constexpr char kHoldLifted[] = "lifted";

}  // namespace plumbline::service

#endif  // PLUMBLINE_SERVER_SERVICE_LEGAL_HOLDS_H_
