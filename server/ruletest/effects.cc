#include "server/ruletest/effects.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace plumbline::ruletest {
namespace {

const char* FiredText(v1::FiredBy by) {
  switch (by) {
    case v1::FIRED_BY_MATCH:
      return "match";
    case v1::FIRED_BY_RAISE:
      return "raise";
    case v1::FIRED_BY_OPEN_SCREEN:
      return "open screen";
    default:
      return "";
  }
}

class Collector {
 public:
  explicit Collector(Effects& effects) : effects_(effects) {}

  void Triage(const v1::Decision& decision) {
    for (const auto* rules : {&decision.fired_rules(), &decision.notes()}) {
      for (const v1::FiredRule& rule : *rules) {
        v1::RuleEffect& effect = effects_[rule.rationale().rule_id()];
        effect.set_fired(FiredText(rule.fired_by()));
        effect.set_level(rule.level());
        effect.set_gate(rule.gate());
        if (rule.has_due_days()) effect.set_due_days(rule.due_days());
      }
    }
    for (const v1::NotExcludedRule& rule : decision.not_excluded_rules()) {
      v1::RuleEffect& effect = effects_[rule.rule_id()];
      effect.set_fired("not excluded");
      effect.set_level(rule.level());
      effect.set_gate(rule.gate());
    }
    for (const v1::Referral& referral : decision.referrals()) {
      for (const std::string& id : referral.rule_ids()) {
        effects_[id].set_referral(referral.target_id());
      }
    }
  }

  void Patterns(const v1::Decision& decision) {
    for (const v1::Assessment& assessment : decision.assessments()) {
      if (assessment.likelihood() >= v1::LIKELIHOOD_POSSIBLE) {
        effects_[assessment.condition_id()].set_likelihood(assessment.likelihood());
      }
      for (const auto* findings : {&assessment.findings_for(), &assessment.findings_against()}) {
        for (const v1::Rationale& finding : *findings) {
          effects_[finding.rule_id()].set_points(finding.points());
        }
      }
    }
    effects_[decision.stage().rationale().rule_id()].set_shown(true);
    for (const v1::StratumResult& stratum : decision.strata()) {
      effects_[stratum.stratification_id()].set_shown(true);
    }
  }

  void Exercises(const v1::Decision& decision) {
    for (const auto* list : {&decision.programme(), &decision.alternatives()}) {
      for (const v1::Prescription& one : *list) {
        for (const v1::Rationale& reason : one.rationales()) About(one.exercise_id(), reason);
        for (const v1::Rationale& caution : one.cautions()) About(one.exercise_id(), caution);
      }
    }
    for (const v1::LockedExercise& one : decision.later()) {
      for (const v1::Rationale& reason : one.reasons()) {
        effects_[reason.rule_id()].add_locks(one.exercise_id());
      }
    }
    for (const v1::ExcludedExercise& one : decision.excluded()) {
      for (const v1::Rationale& reason : one.reasons()) {
        effects_[reason.rule_id()].add_keeps_out(one.exercise_id());
      }
    }
  }

  void Remarks(const v1::Decision& decision) {
    for (const v1::AdviceItem& item : decision.advice()) {
      effects_[item.rationale().rule_id()].set_shown(true);
    }
    for (const v1::NoticeItem& item : decision.notices()) {
      effects_[item.notice_id()].set_shown(true);
    }
    for (const v1::FollowUpItem& item : decision.follow_up().items()) {
      effects_[item.rationale().rule_id()].set_after_days(item.after_days());
    }
  }

 private:
  // Texts of the programme as a whole have no id; nothing can be said of them here.
  void About(const std::string& exercise, const v1::Rationale& rationale) {
    if (rationale.rule_id().empty()) return;
    v1::RuleEffect& effect = effects_[rationale.rule_id()];
    effect.add_exercises(exercise);
    if (rationale.has_points()) effect.set_points(rationale.points());
  }

  Effects& effects_;
};

}  // namespace

Effects EffectsOf(const v1::Decision& decision) {
  Effects effects;
  Collector collector(effects);
  collector.Triage(decision);
  collector.Patterns(decision);
  collector.Exercises(decision);
  collector.Remarks(decision);
  effects.erase("");
  for (auto& [id, effect] : effects) {
    // In the order of ids, not of the ranking: that is another rule's business.
    for (auto* ids :
         {effect.mutable_exercises(), effect.mutable_keeps_out(), effect.mutable_locks()}) {
      std::sort(ids->begin(), ids->end());
    }
  }
  return effects;
}

std::string DescribeEffect(const v1::RuleEffect& effect) {
  std::vector<std::string> parts;
  if (!effect.fired().empty()) {
    parts.push_back(absl::StrCat(effect.fired(), " ", v1::Level_Name(effect.level()), " ",
                                 v1::Gate_Name(effect.gate())));
  }
  if (effect.has_due_days()) parts.push_back(absl::StrCat("within ", effect.due_days(), " days"));
  if (!effect.referral().empty()) parts.push_back("refers to " + effect.referral());
  if (effect.likelihood() != v1::LIKELIHOOD_UNSPECIFIED) {
    parts.push_back(v1::Likelihood_Name(effect.likelihood()));
  }
  if (effect.has_points()) parts.push_back(absl::StrCat(effect.points(), " points"));
  if (effect.exercises_size() > 0) {
    parts.push_back(absl::StrCat("about ", absl::StrJoin(effect.exercises(), " ")));
  }
  if (effect.keeps_out_size() > 0) {
    parts.push_back(absl::StrCat("keeps out ", absl::StrJoin(effect.keeps_out(), " ")));
  }
  if (effect.locks_size() > 0) {
    parts.push_back(absl::StrCat("locks ", absl::StrJoin(effect.locks(), " ")));
  }
  if (effect.has_after_days())
    parts.push_back(absl::StrCat("after ", effect.after_days(), " days"));
  if (effect.shown()) parts.emplace_back("shown");
  return parts.empty() ? "nothing" : absl::StrJoin(parts, ", ");
}

std::string DescribeDose(const v1::DoseStep& dose) {
  std::vector<std::string> parts;
  if (dose.has_sets() || dose.has_reps()) {
    parts.push_back(absl::StrCat(dose.has_sets() ? absl::StrCat(dose.sets()) : "1", " x ",
                                 dose.has_reps() ? absl::StrCat(dose.reps()) : "1",
                                 dose.per_side() ? " a side" : ""));
  } else if (dose.per_side()) {
    parts.emplace_back("each side");
  }
  if (dose.has_hold_seconds()) parts.push_back(absl::StrCat("hold ", dose.hold_seconds(), " s"));
  if (dose.has_duration_minutes()) {
    parts.push_back(absl::StrCat(dose.duration_minutes(), " min"));
  }
  if (dose.has_times_per_day()) parts.push_back(absl::StrCat(dose.times_per_day(), " a day"));
  if (dose.has_days_per_week()) {
    parts.push_back(absl::StrCat(dose.days_per_week(), " days a week"));
  }
  if (dose.project_choice()) parts.emplace_back("project choice");
  return absl::StrCat(dose.start() ? "start: " : "", absl::StrJoin(parts, ", "));
}

}  // namespace plumbline::ruletest
