// ShadowDisagreement: where two revisions differ about one request, and how that goes on record.

#ifndef PLUMBLINE_SERVER_SERVICE_SHADOW_DISAGREEMENT_H_
#define PLUMBLINE_SERVER_SERVICE_SHADOW_DISAGREEMENT_H_

#include <cstdint>
#include <string>

#include "server/service/event_records.h"
#include "server/service/replay_compare.h"

namespace plumbline::service {

// No patient data apart from the pseudonym: ids of rules and records only.
struct ShadowDisagreement {
  // Of the record; empty without a log.
  std::string decision_id;
  // For the sealed details of the record, so that it is erased with the patient's others.
  std::string patient_pseudonym;
  std::string active_revision;
  std::string shadow_revision;
  uint64_t manifest_serial = 0;
  // The shadow refused the intake as wrong; then there is no `change`.
  bool refused = false;
  // From the active revision's answer to the shadow's; not only words.
  DecisionChange change;
};

// An event of kind SHADOW_DISAGREEMENT. Its attributes: `active_revision`; `level`, `gate`,
// `programme`, `time_limit`, `referrals`, `follow_up`, `open_questions`, `availability` ("yes",
// "no"); `shadow_only`, `active_only` (ids, separated by spaces); `altered`
// ("RF-1:level,time_limit RF-2:basis").
Event ToEvent(const ShadowDisagreement& disagreement);

}  // namespace plumbline::service

#endif  // PLUMBLINE_SERVER_SERVICE_SHADOW_DISAGREEMENT_H_
