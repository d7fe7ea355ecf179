#include "server/engine/encoder.h"

#include <algorithm>

#include "plumbline/v1/decision.pb.h"

namespace plumbline::engine {
namespace {

using ::plumbline::expr::NodeId;
using ::plumbline::expr::SlotIndex;
using ::plumbline::expr::SlotSet;
using ::plumbline::ruleset::kNoIndex;
using ::plumbline::ruleset::kNoNode;

const char* LeftOutText(LeftOutBy why) {
  switch (why) {
    case LeftOutBy::kNothing:
      return "";
    case LeftOutBy::kSize:
      return "size";
    case LeftOutBy::kTime:
      return "time";
    case LeftOutBy::kFamily:
      return "family";
    case LeftOutBy::kQuota:
      return "quota";
    case LeftOutBy::kPairing:
      return "pairing";
  }
  return "";
}

v1::ExclusionKind KindOf(ExerciseStatus status) {
  switch (status) {
    case ExerciseStatus::kContraindicated:
      return v1::EXCLUSION_KIND_CONTRAINDICATED;
    case ExerciseStatus::kWithheld:
      return v1::EXCLUSION_KIND_WITHHELD;
    case ExerciseStatus::kNotIndicated:
      return v1::EXCLUSION_KIND_NOT_INDICATED;
    case ExerciseStatus::kResponse:
      return v1::EXCLUSION_KIND_RESPONSE;
    case ExerciseStatus::kNeverPrescribed:
      return v1::EXCLUSION_KIND_NEVER_PRESCRIBED;
    case ExerciseStatus::kLimited:
      return v1::EXCLUSION_KIND_LIMITED;
    case ExerciseStatus::kEligible:
    case ExerciseStatus::kLocked:
      break;
  }
  return v1::EXCLUSION_KIND_UNSPECIFIED;
}

void WriteDate(WireWriter& writer, int field, absl::CivilDay day) {
  const size_t mark = writer.Begin(field);
  writer.UInt(v1::Date::kYearFieldNumber, static_cast<uint64_t>(day.year()));
  writer.UInt(v1::Date::kMonthFieldNumber, static_cast<uint64_t>(day.month()));
  writer.UInt(v1::Date::kDayFieldNumber, static_cast<uint64_t>(day.day()));
  writer.End(mark);
}

}  // namespace

// One encoding; the writer's position moves strictly forward.
class DecisionEncoder::Run {
 public:
  Run(const DecisionEncoder& encoder, const Context& context, const Evaluation& evaluation,
      absl::CivilDay as_of, View view, EncoderScratch& scratch, std::string& out)
      : f_(encoder.fragments_),
        facts_(encoder.fact_text_),
        ruleset_(encoder.ruleset_),
        source_(encoder.ruleset_.source),
        context_(context),
        e_(evaluation),
        as_of_(as_of),
        full_(view == View::kFull),
        scratch_(scratch),
        w_(&out) {
    scratch_.cited.assign(f_.citations.size(), false);
  }

  void WriteDecision() {
    w_.Raw(f_.decision_head);
    WriteDate(w_, v1::Decision::kAsOfFieldNumber, as_of_);
    WriteDisposition();
    for (size_t i = 0; i < e_.fired.size(); ++i) {
      WriteFired(i < e_.effective_fired ? v1::Decision::kFiredRulesFieldNumber
                                        : v1::Decision::kNotesFieldNumber,
                 e_.fired[i]);
    }
    for (uint32_t index : e_.not_excluded) WriteNotExcluded(index);
    WriteReferrals();
    for (uint32_t index : e_.condition_order) WriteAssessment(index);
    WriteStage();
    WriteExercises();
    WriteAdvice();
    WriteFollowUp();
    WriteSafetyNet();
    for (size_t i = 0; i < e_.questions.size(); ++i) WriteQuestion(e_.questions[i]);
    WriteNotices();
    WriteCitations();
    w_.Raw(f_.disclaimers);
  }

 private:
  void Cite(const std::vector<uint32_t>& passages) {
    for (uint32_t passage : passages) scratch_.cited[passage] = true;
  }

  void WriteFields(int field, const SlotSet& slots) {
    slots.ForEach(
        [&](SlotIndex slot) { w_.RepeatedString(field, ruleset_.schema->slot(slot).name); });
  }

  void WriteFacts(const SlotSet& deciding) {
    deciding.ForEach([&](SlotIndex slot) {
      if (!context_.frame.known(slot)) return;
      scratch_.fact.clear();
      facts_.AppendFact(slot, context_.frame, scratch_.fact);
      w_.Message(v1::Rationale::kFactsFieldNumber, scratch_.fact);
    });
  }

  // `when` names the node whose facts are shown; kNoNode: no facts.
  void WriteRationale(int field, const RationaleFragment& fragment, NodeId when) {
    const size_t mark = w_.Begin(field);
    w_.Raw(fragment.head);
    if (fragment.text != nullptr) {
      scratch_.text.clear();
      facts_.AppendText(*fragment.text, context_.frame, scratch_.text);
      w_.String(v1::Rationale::kTextFieldNumber, scratch_.text);
    }
    if (when != kNoNode) WriteFacts(context_.explainer.Deciding(when));
    w_.Raw(fragment.tail);
    w_.End(mark);
    Cite(fragment.passages);
  }

  const std::string& IdOf(const Fired& fired) const {
    const int index = static_cast<int>(fired.index);
    return fired.is_screen ? source_.safety_screens(index).id() : source_.red_flags(index).id();
  }

  void WriteDisposition() {
    using D = v1::Disposition;
    const size_t level = static_cast<size_t>(e_.level);
    const size_t gate = static_cast<size_t>(e_.gate);
    const size_t mark = w_.Begin(v1::Decision::kDispositionFieldNumber);
    w_.UInt(D::kLevelFieldNumber, level);
    w_.UInt(D::kGateFieldNumber, gate);
    w_.Raw(f_.level_titles[level]);
    w_.Raw(f_.gate_titles[gate]);
    w_.Raw(f_.level_time_frames[level]);
    if (e_.due_days >= 0) {
      w_.OptionalUInt(D::kDueDaysFieldNumber, static_cast<uint64_t>(e_.due_days));
    }
    w_.Raw(f_.level_words[level]);
    w_.Raw(f_.gate_words[gate]);
    for (size_t i = 0; i < e_.effective_fired; ++i) {
      if (e_.level > v1::LEVEL_EXERCISE_OK && e_.fired[i].level == e_.level) {
        w_.RepeatedString(D::kLevelRuleIdsFieldNumber, IdOf(e_.fired[i]));
      }
    }
    for (size_t i = 0; i < e_.effective_fired; ++i) {
      if (e_.gate > v1::GATE_ALLOW && e_.fired[i].gate == e_.gate) {
        w_.RepeatedString(D::kGateRuleIdsFieldNumber, IdOf(e_.fired[i]));
      }
    }
    w_.End(mark);
  }

  void WriteFired(int field, const Fired& fired) {
    using F = v1::FiredRule;
    const size_t mark = w_.Begin(field);
    w_.Raw(fired.is_screen ? f_.screens[fired.index].head : f_.red_flags[fired.index].head);
    w_.UInt(F::kFiredByFieldNumber, fired.by);
    w_.UInt(F::kLevelFieldNumber, fired.level);
    w_.UInt(F::kGateFieldNumber, fired.gate);
    if (fired.due_days >= 0) {
      w_.OptionalUInt(F::kDueDaysFieldNumber, static_cast<uint64_t>(fired.due_days));
    }
    if (fired.is_screen) {
      WriteScreenRationale(fired);
      w_.String(F::kClinicianNoteFieldNumber,
                source_.safety_screens(static_cast<int>(fired.index)).clinician_note());
    } else {
      const ruleset::CompiledTriageRule& compiled = ruleset_.red_flags[fired.index];
      const RuleFragment& fragment = f_.red_flags[fired.index];
      if (fired.by == v1::FIRED_BY_RAISE) {
        WriteRationale(F::kRationaleFieldNumber, fragment.raise_rationale, compiled.raise_when);
      } else {
        WriteRationale(F::kRationaleFieldNumber, fragment.rationale, compiled.when);
      }
      scratch_.text.clear();
      facts_.AppendText(compiled.clinician_note, context_.frame, scratch_.text);
      w_.String(F::kClinicianNoteFieldNumber, scratch_.text);
    }
    WriteFields(F::kMissingFieldsFieldNumber, fired.missing);
    w_.End(mark);
  }

  void WriteScreenRationale(const Fired& fired) {
    using R = v1::Rationale;
    const ScreenFragment& fragment = f_.screens[fired.index];
    const ruleset::CompiledScreen& compiled = ruleset_.safety_screens[fired.index];
    const size_t mark = w_.Begin(v1::FiredRule::kRationaleFieldNumber);
    w_.Raw(fragment.rationale.head);
    scratch_.text.clear();
    facts_.AppendText(compiled.because, context_.frame, scratch_.text);
    SlotSet deciding;
    for (size_t i = 0; i < compiled.escalations.size(); ++i) {
      if (((fired.escalations >> i) & 1) == 0) continue;
      scratch_.text += " ";
      facts_.AppendText(compiled.escalations[i].because, context_.frame, scratch_.text);
      deciding |= context_.explainer.Deciding(compiled.escalations[i].when);
      Cite(fragment.escalation_passages[i]);
    }
    w_.String(R::kTextFieldNumber, scratch_.text);
    WriteFacts(deciding);
    w_.Raw(fragment.rationale.tail);
    w_.End(mark);
    Cite(fragment.rationale.passages);
  }

  void WriteNotExcluded(uint32_t index) {
    const size_t mark = w_.Begin(v1::Decision::kNotExcludedRulesFieldNumber);
    w_.Raw(f_.red_flags[index].not_excluded);
    WriteFields(v1::NotExcludedRule::kMissingFieldsFieldNumber,
                context_.explainer.Missing(ruleset_.red_flags[index].when));
    w_.End(mark);
  }

  // Most urgent first (the fired rules are in that order), each target once.
  void WriteReferrals() {
    for (size_t i = 0; i < e_.fired.size(); ++i) {
      const uint32_t target = TargetOf(e_.fired[i]);
      if (target == kNoIndex) continue;
      bool seen = false;
      for (size_t j = 0; j < i; ++j) seen |= TargetOf(e_.fired[j]) == target;
      if (!seen) WriteReferral(target, i);
    }
  }

  uint32_t TargetOf(const Fired& fired) const {
    return fired.is_screen ? kNoIndex : ruleset_.red_flags[fired.index].referral;
  }

  void WriteReferral(uint32_t target, size_t first) {
    using R = v1::Referral;
    const size_t mark = w_.Begin(v1::Decision::kReferralsFieldNumber);
    w_.Raw(f_.referral_targets[target]);
    w_.UInt(R::kLevelFieldNumber, e_.fired[first].level);
    for (size_t i = first; i < e_.fired.size(); ++i) {
      if (TargetOf(e_.fired[i]) == target) {
        w_.RepeatedString(R::kRuleIdsFieldNumber, IdOf(e_.fired[i]));
      }
    }
    for (size_t i = first; i < e_.fired.size(); ++i) {
      if (TargetOf(e_.fired[i]) != target) continue;
      const std::string& note =
          source_.red_flags(static_cast<int>(e_.fired[i].index)).referral_note();
      if (!note.empty()) w_.RepeatedString(R::kNotesFieldNumber, note);
    }
    w_.End(mark);
  }

  void WriteAssessment(uint32_t index) {
    using A = v1::Assessment;
    const ConditionResult& result = e_.conditions[index];
    const ruleset::CompiledCondition& compiled = ruleset_.conditions[index];
    const v1::ClinicalCondition& condition = source_.conditions(static_cast<int>(index));
    const ConditionFragment& fragment = f_.conditions[index];
    const size_t mark = w_.Begin(v1::Decision::kAssessmentsFieldNumber);
    w_.Raw(fragment.head);
    w_.UInt(A::kLikelihoodFieldNumber, result.likelihood);
    w_.Bool(A::kLeadingFieldNumber, result.leading);
    w_.SInt(A::kPointsFieldNumber, result.points);
    w_.SInt(A::kPointsMinFieldNumber, result.points_min);
    w_.SInt(A::kPointsMaxFieldNumber, result.points_max);
    w_.Bool(A::kOpenFieldNumber, result.open);
    for (const bool speaks_for : {true, false}) {
      for (size_t i = 0; i < compiled.findings.size(); ++i) {
        if ((condition.findings(static_cast<int>(i)).points() > 0) != speaks_for) continue;
        if (!context_.Matches(compiled.findings[i].when)) continue;
        WriteRationale(speaks_for ? A::kFindingsForFieldNumber : A::kFindingsAgainstFieldNumber,
                       fragment.findings[i], compiled.findings[i].when);
      }
    }
    for (size_t i = 0; i < compiled.findings.size(); ++i) {
      if (!context_.Open(compiled.findings[i].when) || result.ruled_out) continue;
      const size_t unknown = w_.Begin(A::kUnknownFieldNumber);
      w_.Raw(fragment.unknown_findings[i]);
      WriteFields(v1::UnknownFinding::kMissingFieldsFieldNumber,
                  context_.explainer.Missing(compiled.findings[i].when));
      w_.End(unknown);
    }
    w_.Raw(fragment.codings);
    w_.Bool(A::kRuledOutFieldNumber, result.ruled_out);
    w_.End(mark);
  }

  void WriteStage() {
    using S = v1::StageAssessment;
    if (ruleset_.stages.empty()) return;
    const NodeId when = ruleset_.stages[e_.stage].when;
    const size_t mark = w_.Begin(v1::Decision::kStageFieldNumber);
    w_.Raw(f_.stage_heads[e_.stage]);
    WriteRationale(S::kRationaleFieldNumber, f_.stages[e_.stage],
                   e_.stage_assumed ? kNoNode : when);
    w_.Bool(S::kAssumedFieldNumber, e_.stage_assumed);
    if (e_.stage_assumed) {
      WriteFields(S::kMissingFieldsFieldNumber, context_.explainer.Missing(when));
    }
    w_.End(mark);
  }

  // When the gate holds exercise back, nothing about exercises leaves the engine.
  void WriteExercises() {
    if (!e_.releases_programme) return;
    for (uint32_t index : e_.programme) {
      WritePrescription(v1::Decision::kProgrammeFieldNumber, index);
    }
    int alternatives = source_.programme().has_max_alternatives()
                           ? source_.programme().max_alternatives()
                           : INT32_MAX;
    for (uint32_t index : e_.ranking) {
      if (e_.exercises[index].in_programme || alternatives-- <= 0) continue;
      WritePrescription(v1::Decision::kAlternativesFieldNumber, index);
    }
    for (uint32_t i = 0; i < e_.exercises.size(); ++i) {
      if (e_.exercises[i].status == ExerciseStatus::kLocked) WriteLocked(i);
    }
    for (uint32_t i = 0; i < e_.exercises.size(); ++i) {
      if (KindOf(e_.exercises[i].status) != v1::EXCLUSION_KIND_UNSPECIFIED) WriteExcluded(i);
    }
  }

  void WritePrescription(int field, uint32_t index) {
    using P = v1::Prescription;
    const ExerciseResult& result = e_.exercises[index];
    const ExerciseFragment& fragment = f_.exercises[index];
    const size_t mark = w_.Begin(field);
    w_.UInt(P::kRankFieldNumber, result.rank);
    w_.Raw(fragment.head);
    w_.Message(P::kDoseFieldNumber, fragment.doses[result.dose]);
    w_.UInt(P::kDoseStepFieldNumber, result.dose);
    w_.SInt(P::kPointsFieldNumber, result.points);
    WriteReasons(index);
    WriteCautions(index);
    w_.Raw(full_ ? fragment.traits_full : fragment.traits_basic);
    if (result.variant != kNoIndex) WriteVariant(index, result.variant);
    w_.Raw(fragment.tail);
    w_.String(P::kLeftOutByFieldNumber, LeftOutText(result.left_out_by));
    w_.End(mark);
    Cite(fragment.passages);
  }

  void WriteReasons(uint32_t index) {
    constexpr int kField = v1::Prescription::kRationalesFieldNumber;
    const ExerciseResult& result = e_.exercises[index];
    const ruleset::CompiledExercise& compiled = ruleset_.exercises[index];
    for (uint32_t rule : compiled.indications) {
      const NodeId when = ruleset_.indications[rule].when;
      if (context_.Matches(when)) WriteRationale(kField, f_.indications[rule], when);
    }
    if (result.by_neutral_set) WriteRationale(kField, f_.neutral, kNoNode);
    for (uint32_t rule : compiled.score_adjustments) {
      const NodeId when = ruleset_.score_adjustments[rule].when;
      if (context_.Matches(when)) WriteRationale(kField, f_.score_adjustments[rule], when);
    }
    switch (result.response) {
      case Response::kNone:
        break;
      case Response::kEasy:
        WriteRationale(kField, f_.easy, kNoNode);
        break;
      case Response::kTolerated:
        WriteRationale(kField, f_.tolerated, kNoNode);
        break;
      case Response::kAggravated:
        WriteRationale(kField, f_.reduce, kNoNode);
        break;
    }
    if (result.favoured_by_easy) WriteRationale(kField, f_.easy, kNoNode);
    if (result.favoured_by_reduce) WriteRationale(kField, f_.tolerated, kNoNode);
  }

  void WriteCautions(uint32_t index) {
    constexpr int kField = v1::Prescription::kCautionsFieldNumber;
    const ruleset::CompiledExercise& compiled = ruleset_.exercises[index];
    for (uint32_t rule : compiled.contraindications) {
      const NodeId when = ruleset_.contraindications[rule].when;
      if (source_.contraindications(static_cast<int>(rule)).on_indeterminate() ==
              v1::Contraindication::ON_INDETERMINATE_CAUTION &&
          context_.Open(when)) {
        WriteRationale(kField, f_.contraindications[rule], kNoNode);
      }
    }
    for (uint32_t rule : compiled.cautions) {
      const NodeId when = ruleset_.cautions[rule].when;
      if (context_.Matches(when)) {
        WriteRationale(kField, f_.cautions[rule], when);
      } else if (source_.cautions(static_cast<int>(rule)).show_when_unknown() &&
                 context_.Open(when)) {
        WriteRationale(kField, f_.cautions[rule], kNoNode);
      }
    }
  }

  void WriteVariant(uint32_t index, uint32_t variant) {
    const size_t mark = w_.Begin(v1::Prescription::kVariantFieldNumber);
    w_.Raw(f_.exercises[index].variants[variant]);
    const NodeId when = ruleset_.exercises[index].variant_when[variant];
    const size_t rationale = w_.Begin(v1::PrescribedVariant::kRationaleFieldNumber);
    w_.String(v1::Rationale::kRuleIdFieldNumber, source_.exercises(static_cast<int>(index)).id());
    if (when != kNoNode) WriteFacts(context_.explainer.Deciding(when));
    w_.End(rationale);
    w_.End(mark);
  }

  void WriteLocked(uint32_t index) {
    using L = v1::LockedExercise;
    const ruleset::CompiledExercise& compiled = ruleset_.exercises[index];
    const size_t mark = w_.Begin(v1::Decision::kLaterFieldNumber);
    w_.Raw(f_.exercises[index].identity);
    for (uint32_t rule : compiled.prerequisites) {
      if (context_.Matches(ruleset_.prerequisites[rule].when)) continue;
      const NodeId when = ruleset_.prerequisites[rule].when;
      WriteRationale(L::kReasonsFieldNumber, f_.prerequisites[rule],
                     context_.Open(when) ? kNoNode : when);
    }
    if (e_.exercises[index].stage_locked) {
      w_.String(L::kEarliestStageFieldNumber,
                source_.stages(static_cast<int>(compiled.earliest_stage)).id());
    }
    w_.End(mark);
  }

  void WriteExcluded(uint32_t index) {
    using X = v1::ExcludedExercise;
    const ExerciseStatus status = e_.exercises[index].status;
    const size_t mark = w_.Begin(v1::Decision::kExcludedFieldNumber);
    w_.Raw(f_.exercises[index].identity);
    w_.UInt(X::kKindFieldNumber, KindOf(status));
    switch (status) {
      case ExerciseStatus::kContraindicated:
        WriteContraindications(index);
        break;
      case ExerciseStatus::kWithheld:
        WriteWithheld(index);
        break;
      case ExerciseStatus::kResponse:
        WriteRationale(X::kReasonsFieldNumber, f_.skip, kNoNode);
        break;
      case ExerciseStatus::kNeverPrescribed:
        WriteRationale(X::kReasonsFieldNumber, f_.exercises[index].never, kNoNode);
        break;
      case ExerciseStatus::kLimited:
        if (e_.neutral && !ruleset_.in_neutral_set[index]) {
          WriteRationale(X::kReasonsFieldNumber, f_.neutral, kNoNode);
        } else if (e_.limit != kNoIndex) {
          WriteRationale(X::kReasonsFieldNumber, f_.limits[e_.limit], kNoNode);
        }
        break;
      default:
        break;
    }
    w_.End(mark);
  }

  void WriteContraindications(uint32_t index) {
    for (uint32_t rule : ruleset_.exercises[index].contraindications) {
      const NodeId when = ruleset_.contraindications[rule].when;
      if (!context_.Matches(when)) continue;
      WriteRationale(v1::ExcludedExercise::kReasonsFieldNumber, f_.contraindications[rule], when);
    }
  }

  void WriteWithheld(uint32_t index) {
    SlotSet missing;
    for (uint32_t rule : ruleset_.exercises[index].contraindications) {
      const NodeId when = ruleset_.contraindications[rule].when;
      if (!context_.Open(when) ||
          source_.contraindications(static_cast<int>(rule)).on_indeterminate() !=
              v1::Contraindication::ON_INDETERMINATE_WITHHOLD) {
        continue;
      }
      WriteRationale(v1::ExcludedExercise::kReasonsFieldNumber, f_.contraindications[rule],
                     kNoNode);
      missing |= context_.explainer.Missing(when);
    }
    WriteFields(v1::ExcludedExercise::kMissingFieldsFieldNumber, missing);
  }

  void WriteAdvice() {
    using A = v1::AdviceItem;
    for (size_t i = 0; i < ruleset_.advice.size(); ++i) {
      const v1::Advice& advice = source_.advice(static_cast<int>(i));
      const NodeId when = ruleset_.advice[i].when;
      if ((!e_.releases_programme && !advice.with_hold()) || !context_.Matches(when)) continue;
      const size_t mark = w_.Begin(v1::Decision::kAdviceFieldNumber);
      w_.String(A::kCategoryFieldNumber, advice.category());
      WriteRationale(A::kRationaleFieldNumber, f_.advice[i], when);
      w_.String(A::kClinicianTextFieldNumber, advice.clinician_text());
      w_.End(mark);
    }
  }

  // With exercise held back, the next look is the professional's own; otherwise the rules say when.
  void WriteFollowUp() {
    using F = v1::FollowUp;
    int32_t first = -1;
    if (!e_.releases_programme) {
      first = e_.due_days;
    } else {
      for (size_t i = 0; i < ruleset_.follow_up_rules.size(); ++i) {
        if (!context_.Matches(ruleset_.follow_up_rules[i].when)) continue;
        const int32_t days = source_.follow_up_rules(static_cast<int>(i)).after_days();
        if (first < 0 || days < first) first = days;
      }
    }
    if (first < 0) return;
    const size_t mark = w_.Begin(v1::Decision::kFollowUpFieldNumber);
    WriteDate(w_, F::kReviewDateFieldNumber, as_of_ + first);
    if (e_.releases_programme) WriteFollowUpItems();
    w_.End(mark);
  }

  void WriteFollowUpItems() {
    using I = v1::FollowUpItem;
    for (size_t i = 0; i < ruleset_.follow_up_rules.size(); ++i) {
      const NodeId when = ruleset_.follow_up_rules[i].when;
      if (!context_.Matches(when)) continue;
      const int32_t days = source_.follow_up_rules(static_cast<int>(i)).after_days();
      const size_t mark = w_.Begin(v1::FollowUp::kItemsFieldNumber);
      WriteDate(w_, I::kDateFieldNumber, as_of_ + days);
      w_.OptionalUInt(I::kAfterDaysFieldNumber, static_cast<uint64_t>(days));
      WriteRationale(I::kRationaleFieldNumber, f_.follow_up_rules[i], when);
      w_.End(mark);
    }
  }

  void WriteSafetyNet() {
    if (!source_.has_safety_net()) return;
    for (int level : source_.safety_net().except_levels()) {
      if (level == e_.level) return;
    }
    w_.Message(v1::Decision::kSafetyNetFieldNumber, f_.safety_net);
    Cite(f_.safety_net_passages);
  }

  void WriteQuestion(const OpenQuestion& question) {
    using Q = v1::OpenQuestion;
    const size_t mark = w_.Begin(v1::Decision::kOpenQuestionsFieldNumber);
    if (question.question != kNoIndex) {
      w_.Raw(f_.questions[question.question]);
    } else {
      w_.String(Q::kFieldFieldNumber, ruleset_.schema->slot(question.slot).name);
    }
    w_.Bool(Q::kAskedNotKnownFieldNumber, context_.frame.present(question.slot));
    w_.Bool(Q::kCanChangeDispositionFieldNumber, question.can_change_disposition);
    w_.UInt(Q::kCouldRaiseLevelToFieldNumber, question.raise_level);
    w_.UInt(Q::kCouldRaiseGateToFieldNumber, question.raise_gate);
    w_.Bool(Q::kCouldLowerFieldNumber, question.could_lower);
    w_.Bool(Q::kCanChangeProgrammeFieldNumber, question.can_change_programme);
    for (const std::string* id : question.affects) {
      w_.RepeatedString(Q::kAffectsFieldNumber, *id);
    }
    w_.End(mark);
  }

  bool Triggered(size_t index) const {
    switch (source_.notices(static_cast<int>(index)).trigger()) {
      case v1::Notice::TRIGGER_WHEN:
        return context_.Matches(ruleset_.notices[index].when);
      case v1::Notice::TRIGGER_MIXED_PATTERN:
        return e_.mixed;
      case v1::Notice::TRIGGER_UNCLEAR_PATTERN:
        return e_.unclear;
      case v1::Notice::TRIGGER_PATTERN_OPEN:
        return std::any_of(e_.conditions.begin(), e_.conditions.end(),
                           [](const ConditionResult& result) { return result.open; });
      case v1::Notice::TRIGGER_NOTHING_ELIGIBLE:
        return e_.releases_programme && e_.nothing_eligible;
      case v1::Notice::TRIGGER_PAIRING_OPEN:
        return e_.open_pairings != 0;
      default:
        return false;
    }
  }

  void WriteNotices() {
    for (size_t i = 0; i < f_.notices.size(); ++i) {
      if (!Triggered(i)) continue;
      w_.Message(v1::Decision::kNoticesFieldNumber, f_.notices[i]);
      Cite(f_.notice_passages[i]);
    }
  }

  void WriteCitations() {
    for (size_t i = 0; i < f_.citations.size(); ++i) {
      if (!scratch_.cited[i]) continue;
      w_.Message(v1::Decision::kCitationsFieldNumber,
                 full_ ? f_.citations[i].full : f_.citations[i].basic);
    }
  }

  const Fragments& f_;
  const FactText& facts_;
  const ruleset::CompiledRuleset& ruleset_;
  const v1::Ruleset& source_;
  const Context& context_;
  const Evaluation& e_;
  const absl::CivilDay as_of_;
  const bool full_;
  EncoderScratch& scratch_;
  WireWriter w_;
};

DecisionEncoder::DecisionEncoder(const ruleset::CompiledRuleset& ruleset)
    : ruleset_(ruleset), fragments_(ruleset), fact_text_(ruleset) {}

void DecisionEncoder::Encode(const Context& context, const Evaluation& evaluation,
                             absl::CivilDay as_of, View view, EncoderScratch& scratch,
                             std::string& out) const {
  out.clear();
  Run(*this, context, evaluation, as_of, view, scratch, out).WriteDecision();
}

}  // namespace plumbline::engine
