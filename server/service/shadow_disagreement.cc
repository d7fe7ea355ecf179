#include "server/service/shadow_disagreement.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/base/uuid.h"

namespace plumbline::service {
namespace {

std::string YesNo(bool differs) { return differs ? "yes" : "no"; }

// "RF-1:level,time_limit RF-2:basis".
std::string AlteredText(const std::vector<Alteration>& altered) {
  return absl::StrJoin(altered, " ", [](std::string* out, const Alteration& alteration) {
    const char* separator = ":";
    absl::StrAppend(out, alteration.id);
    for (size_t i = 0; i < kAspects; ++i) {
      if (!alteration.aspects.test(i)) continue;
      absl::StrAppend(out, separator, AspectName(static_cast<Aspect>(i)));
      separator = ",";
    }
  });
}

}  // namespace

Event ToEvent(const ShadowDisagreement& disagreement) {
  const DecisionChange& change = disagreement.change;
  Event event;
  event.kind = v1::RECORD_KIND_SHADOW_DISAGREEMENT;
  event.summary = disagreement.refused ? "the shadow revision refuses the intake"
                                       : "the shadow revision answers otherwise";
  event.revision = disagreement.shadow_revision;
  event.manifest_serial = disagreement.manifest_serial;
  event.attributes = {{"active_revision", disagreement.active_revision},
                      {"level", YesNo(change.level_changed)},
                      {"gate", YesNo(change.gate_changed)},
                      {"programme", YesNo(change.programme_changed)},
                      {"time_limit", YesNo(change.time_limit_changed)},
                      {"referrals", YesNo(change.referrals_changed)},
                      {"follow_up", YesNo(change.follow_up_changed)},
                      {"open_questions", YesNo(change.open_questions_changed)},
                      {"availability", YesNo(change.availability_changed)},
                      {"shadow_only", absl::StrJoin(change.effects.appeared, " ")},
                      {"active_only", absl::StrJoin(change.effects.disappeared, " ")},
                      {"altered", AlteredText(change.effects.altered)}};
  event.patient_pseudonym = disagreement.patient_pseudonym;
  if (const auto id = Uuid::Parse(disagreement.decision_id); id.ok()) {
    event.linked_ids.push_back(*id);
  }
  return event;
}

}  // namespace plumbline::service
