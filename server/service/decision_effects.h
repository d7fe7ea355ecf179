// What rules, exercises and conditions do in a decision, compared between two decisions, each
// element with itself by its id.

#ifndef PLUMBLINE_SERVER_SERVICE_DECISION_EFFECTS_H_
#define PLUMBLINE_SERVER_SERVICE_DECISION_EFFECTS_H_

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "plumbline/v1/decision.pb.h"
#include "plumbline/v1/impact.pb.h"

namespace plumbline::service {

// What can be another about an element that stands in both decisions: the fields of
// plumbline.v1.RuleAlterations, in their order.
enum class Aspect : uint8_t {
  kLevel,
  kGate,
  kTimeLimit,
  kReferral,
  kDose,
  kVariant,
  kSessionOrder,
  kLikelihood,
  kPoints,
  kExclusion,
  kBasis,
};
inline constexpr size_t kAspects = static_cast<size_t>(Aspect::kBasis) + 1;
using AspectSet = std::bitset<kAspects>;

// Name of the field of RuleAlterations: "time_limit".
const char* AspectName(Aspect aspect);

// Decisions counted by what was altered about one element.
using AspectCounts = std::array<uint64_t, kAspects>;
void AddAspects(const AspectSet& aspects, AspectCounts& counts);
v1::RuleAlterations ToAlterations(const AspectCounts& counts);
AspectCounts FromAlterations(const v1::RuleAlterations& alterations);

// An element that stands in both decisions with another effect.
struct Alteration {
  std::string id;
  AspectSet aspects;  // at least one
};

// Sorted by id, each id once and in one of the three only.
struct EffectChanges {
  std::vector<std::string> appeared;
  std::vector<std::string> disappeared;
  std::vector<Alteration> altered;
};

// Elements are triage rules (fired or noted), findings, suspected conditions, referrals, the stage,
// exercises of the programme with their indications and cautions, contraindications, advice,
// follow-up, notices, strata ("start_back/low") and the safety net ("safety_net"). One that moved
// to another part of the decision is the same one. Wording, titles and sources are nobody's effect,
// apart from words that are the thing itself: doses, steps, stop rules, what to watch for.
EffectChanges CompareEffects(const v1::Decision& was, const v1::Decision& is);

// What makes two doses of an exercise the same: the step and all of it but its sources. Opaque.
std::string DoseKey(const v1::Prescription& prescription);

// What makes two versions of an exercise the same: the variant with its steps, the steps and the
// stop rules (both empty in the basic view). Opaque.
std::string MovementKey(const v1::Prescription& prescription);

}  // namespace plumbline::service

#endif  // PLUMBLINE_SERVER_SERVICE_DECISION_EFFECTS_H_
