#include "server/service/legal_holds.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "server/audit/log_error.h"
#include "server/service/earlier_request.h"
#include "server/service/log_status.h"

namespace plumbline::service {
namespace {

absl::Status UnclearError(uint64_t index) {
  return ToApiStatus(audit::LogCorruptError(
      absl::StrCat("record ", index, " is a legal hold that does not say what it does")));
}

}  // namespace

void LegalHolds::Set(absl::string_view pseudonym, bool hold) {
  if (pseudonym.empty()) {
    everybody_ = hold;
  } else if (hold) {
    patients_.emplace(pseudonym);
  } else {
    patients_.erase(pseudonym);
  }
}

bool LegalHolds::Holds(absl::string_view pseudonym) const {
  return everybody_ || (!pseudonym.empty() && patients_.contains(pseudonym));
}

absl::Status LegalHolds::Apply(const audit::Record& record) {
  if (record.erased) {
    return absl::OkStatus();
  }
  const absl::StatusOr<storage::v1::RecordDetails> details = ParseDetails(record);
  if (!details.ok()) {
    return details.status();
  }
  bool settles = false;
  for (const storage::v1::EventAttribute& attribute : details->event().attributes()) {
    settles |= attribute.name() == kHoldAttribute && attribute.value() == kHoldSettled;
    if (settles && attribute.name() == kSettledAttribute) {
      return SettleAll(attribute.value(), record.index);
    }
    if (attribute.name() == kHoldAttribute &&
        (attribute.value() == kHoldSet || attribute.value() == kHoldLifted)) {
      Set(details->patient_pseudonym(), attribute.value() == kHoldSet);
      return absl::OkStatus();
    }
  }
  return UnclearError(record.index);
}

absl::Status LegalHolds::SettleAll(absl::string_view indices, uint64_t by) {
  for (const absl::string_view text : absl::StrSplit(indices, ',')) {
    uint64_t index = 0;
    if (!absl::SimpleAtoi(text, &index)) {
      return UnclearError(by);
    }
    Settle(index);
  }
  return absl::OkStatus();
}

}  // namespace plumbline::service
