#include "server/service/decision_effects.h"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace plumbline::service {
namespace {

using google::protobuf::FieldDescriptor;

// One thing that one element does. An element has several, also of the same aspect.
struct Trait {
  std::string id;
  // kAspects: it is there.
  size_t aspect = kAspects;
  std::string value;

  bool operator<(const Trait& other) const {
    return std::tie(id, aspect, value) < std::tie(other.id, other.aspect, other.value);
  }
  bool operator==(const Trait& other) const {
    return aspect == other.aspect && value == other.value && id == other.id;
  }
};
using Traits = std::vector<Trait>;

// The order in which a session has the exercises that stand in both programmes, from 0: one
// exercise more does not move the others.
class CommonOrder {
 public:
  CommonOrder(const v1::Decision& decision, const v1::Decision& other) {
    for (const v1::Prescription& prescription : decision.programme()) {
      if (prescription.has_session_order() && Has(other, prescription.exercise_id())) {
        order_.emplace_back(prescription.session_order(), prescription.exercise_id());
      }
    }
    std::sort(order_.begin(), order_.end());
  }

  // Nothing to tell: the size.
  size_t PlaceOf(const std::string& exercise_id) const {
    const auto found = std::find_if(order_.begin(), order_.end(),
                                    [&](const auto& entry) { return entry.second == exercise_id; });
    return static_cast<size_t>(found - order_.begin());
  }

 private:
  static bool Has(const v1::Decision& decision, const std::string& exercise_id) {
    return std::any_of(decision.programme().begin(), decision.programme().end(),
                       [&](const auto& entry) {
                         return entry.has_session_order() && entry.exercise_id() == exercise_id;
                       });
  }

  std::vector<std::pair<int32_t, std::string>> order_;
};

// As a comparison of rulesets names them, so that the impact is found beside a change of them.
constexpr char kSafetyNetId[] = "safety_net";
std::string StratumId(const v1::StratumResult& stratum) {
  return absl::StrCat(stratum.stratification_id(), "/", stratum.stratum_id());
}

std::string FactsText(const v1::Rationale& rationale) {
  std::string text;
  for (const v1::Fact& fact : rationale.facts()) {
    absl::StrAppend(&text, fact.field(), "=", fact.value(), ";");
  }
  return text;
}

// Collects what the elements of one decision do.
class TraitList {
 public:
  TraitList(const v1::Decision& decision, const v1::Decision& other)
      : decision_(decision), order_(decision, other) {}

  Traits Take() {
    for (const v1::FiredRule& rule : decision_.fired_rules()) TakeRule(rule);
    for (const v1::FiredRule& rule : decision_.notes()) TakeRule(rule);
    for (const v1::Referral& referral : decision_.referrals()) TakeReferral(referral);
    for (const v1::Assessment& assessment : decision_.assessments()) TakeAssessment(assessment);
    TakeStage();
    for (const v1::Prescription& prescription : decision_.programme()) TakeExercise(prescription);
    for (const v1::ExcludedExercise& excluded : decision_.excluded()) TakeExcluded(excluded);
    for (const v1::AdviceItem& item : decision_.advice()) TakeRationale(item.rationale(), "");
    for (const v1::FollowUpItem& item : decision_.follow_up().items()) TakeFollowUp(item);
    for (const v1::NoticeItem& notice : decision_.notices()) Present(notice.notice_id());
    for (const v1::StratumResult& stratum : decision_.strata()) {
      Present(StratumId(stratum));
    }
    TakeSafetyNet();
    std::sort(traits_.begin(), traits_.end());
    traits_.erase(std::unique(traits_.begin(), traits_.end()), traits_.end());
    return std::move(traits_);
  }

 private:
  void Present(std::string id) {
    if (!id.empty()) traits_.push_back({std::move(id), kAspects, ""});
  }
  void Add(const std::string& id, Aspect aspect, std::string value) {
    if (!id.empty()) traits_.push_back({id, static_cast<size_t>(aspect), std::move(value)});
  }

  void TakeRule(const v1::FiredRule& rule) {
    const std::string& id = rule.rationale().rule_id();
    Present(id);
    Add(id, Aspect::kLevel, absl::StrCat(rule.level()));
    Add(id, Aspect::kGate, absl::StrCat(rule.gate()));
    Add(id, Aspect::kTimeLimit, rule.has_due_days() ? absl::StrCat(rule.due_days()) : "");
    Add(id, Aspect::kBasis,
        absl::StrCat(rule.fired_by(), " ", FactsText(rule.rationale()), " ",
                     absl::StrJoin(rule.missing_fields(), ",")));
  }

  void TakeReferral(const v1::Referral& referral) {
    const std::string& id = referral.target_id();
    Present(id);
    Add(id, Aspect::kLevel, absl::StrCat(referral.level()));
    Add(id, Aspect::kReferral, absl::StrJoin(referral.notes(), "\n"));
    for (const std::string& rule : referral.rule_ids()) Add(rule, Aspect::kReferral, id);
  }

  // `about`: the condition or exercise for which the rationale is given.
  void TakeRationale(const v1::Rationale& rationale, absl::string_view about) {
    const std::string& id = rationale.rule_id();
    Present(id);
    if (rationale.has_points()) {
      Add(id, Aspect::kPoints, absl::StrCat(about, " ", rationale.points()));
    }
    Add(id, Aspect::kBasis, FactsText(rationale));
  }

  void TakeAssessment(const v1::Assessment& assessment) {
    const std::string& id = assessment.condition_id();
    if (assessment.likelihood() >= v1::LIKELIHOOD_POSSIBLE) Present(id);
    Add(id, Aspect::kLikelihood,
        absl::StrCat(assessment.likelihood(), assessment.leading() ? " leading" : "",
                     assessment.ruled_out() ? " ruled out" : ""));
    for (const v1::Rationale& finding : assessment.findings_for()) TakeRationale(finding, id);
    for (const v1::Rationale& finding : assessment.findings_against()) TakeRationale(finding, id);
  }

  void TakeStage() {
    const v1::StageAssessment& stage = decision_.stage();
    Present(stage.stage_id());
    Add(stage.stage_id(), Aspect::kBasis,
        absl::StrCat(stage.assumed(), " ", FactsText(stage.rationale()), " ",
                     absl::StrJoin(stage.missing_fields(), ",")));
  }

  void TakeExercise(const v1::Prescription& prescription) {
    const std::string& id = prescription.exercise_id();
    Present(id);
    Add(id, Aspect::kDose, DoseKey(prescription));
    Add(id, Aspect::kVariant, MovementKey(prescription));
    Add(id, Aspect::kSessionOrder, absl::StrCat(order_.PlaceOf(id)));
    for (const v1::Rationale& reason : prescription.rationales()) TakeRationale(reason, id);
    for (const v1::Rationale& caution : prescription.cautions()) {
      TakeRationale(caution, id);
      Add(caution.rule_id(), Aspect::kExclusion, absl::StrCat("caution ", id));
    }
  }

  void TakeExcluded(const v1::ExcludedExercise& excluded) {
    for (const v1::Rationale& reason : excluded.reasons()) {
      TakeRationale(reason, excluded.exercise_id());
      Add(reason.rule_id(), Aspect::kExclusion,
          absl::StrCat(excluded.exercise_id(), " ", excluded.kind()));
    }
  }

  void TakeFollowUp(const v1::FollowUpItem& item) {
    TakeRationale(item.rationale(), "");
    Add(item.rationale().rule_id(), Aspect::kTimeLimit,
        absl::StrCat(item.has_after_days() ? item.after_days() : -1, " ", item.date().year(), "-",
                     item.date().month(), "-", item.date().day()));
  }

  // A patient may get it or not, and then what to watch for.
  void TakeSafetyNet() {
    if (!decision_.has_safety_net()) return;
    Present(kSafetyNetId);
    Add(kSafetyNetId, Aspect::kBasis, absl::StrJoin(decision_.safety_net().items(), "\n"));
  }

  const v1::Decision& decision_;
  const CommonOrder order_;
  Traits traits_;
};

using TraitIterator = Traits::iterator;

TraitIterator EndOfId(TraitIterator begin, TraitIterator end) {
  return std::find_if(begin, end, [&](const Trait& trait) { return trait.id != begin->id; });
}

bool IsPresent(TraitIterator begin, TraitIterator end) {
  // Being there sorts last.
  return begin != end && std::prev(end)->aspect == kAspects;
}

AspectSet DifferingAspects(TraitIterator a, TraitIterator a_end, TraitIterator b,
                           TraitIterator b_end) {
  Traits differing;
  std::set_symmetric_difference(a, a_end, b, b_end, std::back_inserter(differing));
  AspectSet aspects;
  for (const Trait& trait : differing) aspects.set(trait.aspect);
  return aspects;
}

void Settle(const std::string& id, TraitIterator a, TraitIterator a_end, TraitIterator b,
            TraitIterator b_end, EffectChanges& changes) {
  const bool was = IsPresent(a, a_end);
  const bool is = IsPresent(b, b_end);
  if (was != is) {
    (is ? changes.appeared : changes.disappeared).push_back(id);
  } else if (was) {
    const AspectSet aspects = DifferingAspects(a, a_end, b, b_end);
    if (aspects.any()) changes.altered.push_back({id, aspects});
  }
}

const FieldDescriptor& FieldOf(size_t aspect) {
  return *v1::RuleAlterations::descriptor()->FindFieldByNumber(static_cast<int>(aspect) + 1);
}

}  // namespace

EffectChanges CompareEffects(const v1::Decision& was, const v1::Decision& is) {
  Traits old_traits = TraitList(was, is).Take();
  Traits new_traits = TraitList(is, was).Take();
  EffectChanges changes;
  auto a = old_traits.begin();
  auto b = new_traits.begin();
  while (a != old_traits.end() || b != new_traits.end()) {
    const bool in_old = a != old_traits.end() && (b == new_traits.end() || a->id <= b->id);
    const bool in_new = b != new_traits.end() && (a == old_traits.end() || b->id <= a->id);
    const auto a_end = in_old ? EndOfId(a, old_traits.end()) : a;
    const auto b_end = in_new ? EndOfId(b, new_traits.end()) : b;
    Settle(in_old ? a->id : b->id, a, a_end, b, b_end, changes);
    a = a_end;
    b = b_end;
  }
  return changes;
}

std::string DoseKey(const v1::Prescription& prescription) {
  v1::DoseStep dose = prescription.dose();
  dose.clear_sources();
  dose.clear_project_choice();
  return absl::StrCat(prescription.dose_step(), " ", dose.SerializeAsString());
}

std::string MovementKey(const v1::Prescription& prescription) {
  const v1::PrescribedVariant& variant = prescription.variant();
  return absl::StrCat(variant.name(), "\n\n", absl::StrJoin(variant.steps(), "\n"), "\n\n",
                      absl::StrJoin(prescription.steps(), "\n"), "\n\n",
                      absl::StrJoin(prescription.stop_rules(), "\n"));
}

const char* AspectName(Aspect aspect) {
  return FieldOf(static_cast<size_t>(aspect)).name().c_str();
}

void AddAspects(const AspectSet& aspects, AspectCounts& counts) {
  for (size_t i = 0; i < kAspects; ++i) counts[i] += aspects.test(i) ? 1 : 0;
}

v1::RuleAlterations ToAlterations(const AspectCounts& counts) {
  v1::RuleAlterations alterations;
  for (size_t i = 0; i < kAspects; ++i) {
    if (counts[i] > 0) {
      alterations.GetReflection()->SetUInt64(&alterations, &FieldOf(i), counts[i]);
    }
  }
  return alterations;
}

AspectCounts FromAlterations(const v1::RuleAlterations& alterations) {
  AspectCounts counts{};
  for (size_t i = 0; i < kAspects; ++i) {
    counts[i] = alterations.GetReflection()->GetUInt64(alterations, &FieldOf(i));
  }
  return counts;
}

}  // namespace plumbline::service
