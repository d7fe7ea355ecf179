#include "server/service/legal_holds.h"

#include "absl/strings/str_cat.h"
#include "server/audit/log_error.h"
#include "server/service/earlier_request.h"
#include "server/service/log_status.h"

namespace plumbline::service {

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
  for (const storage::v1::EventAttribute& attribute : details->event().attributes()) {
    if (attribute.name() == kHoldAttribute &&
        (attribute.value() == kHoldSet || attribute.value() == kHoldLifted)) {
      Set(details->patient_pseudonym(), attribute.value() == kHoldSet);
      return absl::OkStatus();
    }
  }
  return ToApiStatus(audit::LogCorruptError(
      absl::StrCat("record ", record.index, " is a legal hold that does not say what it does")));
}

}  // namespace plumbline::service
