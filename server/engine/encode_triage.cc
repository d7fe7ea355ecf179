// Disposition, fired rules, referrals, assessments, stage.

#include "server/engine/encoder_run.h"

namespace plumbline::engine {
namespace {

using ::plumbline::expr::NodeId;
using ::plumbline::ruleset::kNoIndex;
using ::plumbline::ruleset::kNoNode;

}  // namespace

const std::string& DecisionEncoder::Run::IdOf(const Fired& fired) const {
  return FiredId(source_, fired);
}

void DecisionEncoder::Run::WriteDisposition() {
  using D = v1::Disposition;
  const size_t level = static_cast<size_t>(e_.level);
  const size_t gate = static_cast<size_t>(e_.gate);
  const WireWriter::Mark mark = w_.Begin(v1::Decision::kDispositionFieldNumber);
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

void DecisionEncoder::Run::WriteFired(int field, const Fired& fired) {
  using F = v1::FiredRule;
  const WireWriter::Mark mark = w_.Begin(field);
  w_.Raw(fired.is_screen ? f_.screens[fired.index].head : f_.red_flags[fired.index].head);
  w_.UInt(F::kFiredByFieldNumber, fired.by);
  w_.UInt(F::kLevelFieldNumber, fired.level);
  w_.UInt(F::kGateFieldNumber, fired.gate);
  if (fired.due_days >= 0) {
    w_.OptionalUInt(F::kDueDaysFieldNumber, static_cast<uint64_t>(fired.due_days));
  }
  if (fired.is_screen && fired.escalation != kNoIndex) {
    WriteRationale(F::kRationaleFieldNumber,
                   f_.screens[fired.index].escalation_rationales[fired.escalation],
                   ruleset_.safety_screens[fired.index].escalations[fired.escalation].when);
    w_.Raw(f_.screens[fired.index].clinician_note);
  } else if (fired.is_screen) {
    WriteScreenRationale(fired);
    w_.Raw(f_.screens[fired.index].clinician_note);
  } else {
    const ruleset::CompiledTriageRule& compiled = ruleset_.red_flags[fired.index];
    const RuleFragment& fragment = f_.red_flags[fired.index];
    if (fired.by == v1::FIRED_BY_RAISE) {
      WriteRationale(F::kRationaleFieldNumber, fragment.raise_rationale, compiled.raise_when);
    } else {
      WriteRationale(F::kRationaleFieldNumber, fragment.rationale, compiled.when);
    }
    if (compiled.clinician_note.constant()) {
      w_.Raw(fragment.clinician_note);
    } else {
      scratch_.text.clear();
      facts_.AppendText(compiled.clinician_note, context_.frame, scratch_.text);
      w_.String(F::kClinicianNoteFieldNumber, scratch_.text);
    }
  }
  WriteFields(F::kMissingFieldsFieldNumber, fired.missing);
  w_.End(mark);
}

void DecisionEncoder::Run::WriteScreenRationale(const Fired& fired) {
  using R = v1::Rationale;
  const ScreenFragment& fragment = f_.screens[fired.index];
  const ruleset::CompiledScreen& compiled = ruleset_.safety_screens[fired.index];
  const WireWriter::Mark mark = w_.Begin(v1::FiredRule::kRationaleFieldNumber);
  w_.Raw(fragment.rationale.head);
  scratch_.text.clear();
  facts_.AppendText(compiled.because, context_.frame, scratch_.text);
  Deciders deciding;
  for (size_t i = 0; i < compiled.escalations.size(); ++i) {
    if (((fired.escalations >> i) & 1) == 0) continue;
    scratch_.text += " ";
    facts_.AppendText(compiled.escalations[i].because, context_.frame, scratch_.text);
    deciding |= context_.explainer.Deciding(compiled.escalations[i].when);
    Cite(fragment.escalation_passages[i]);
  }
  w_.String(R::kTextFieldNumber, scratch_.text);
  WriteFacts(deciding, w_);
  w_.Raw(fragment.rationale.tail);
  w_.End(mark);
  Cite(fragment.rationale.passages);
}

void DecisionEncoder::Run::WriteNotExcluded(uint32_t index) {
  const WireWriter::Mark mark = w_.Begin(v1::Decision::kNotExcludedRulesFieldNumber);
  w_.Raw(f_.red_flags[index].not_excluded);
  WriteFields(v1::NotExcludedRule::kMissingFieldsFieldNumber,
              context_.explainer.Missing(ruleset_.red_flags[index].when));
  w_.End(mark);
}

void DecisionEncoder::Run::WriteReferrals() {
  for (size_t i = 0; i < e_.fired.size(); ++i) {
    const uint32_t target = TargetOf(e_.fired[i]);
    if (target == kNoIndex) continue;
    bool seen = false;
    for (size_t j = 0; j < i; ++j) seen |= TargetOf(e_.fired[j]) == target;
    if (!seen) WriteReferral(target, i);
  }
}

uint32_t DecisionEncoder::Run::TargetOf(const Fired& fired) const {
  if (fired.is_screen) return kNoIndex;
  // Held back only until a question is answered: nobody is sent to a specialist for that.
  if (fired.by == v1::FIRED_BY_RAISE && fired.level == v1::LEVEL_EXERCISE_OK) return kNoIndex;
  return ruleset_.red_flags[fired.index].referral;
}

void DecisionEncoder::Run::WriteReferral(uint32_t target, size_t first) {
  using R = v1::Referral;
  const WireWriter::Mark mark = w_.Begin(v1::Decision::kReferralsFieldNumber);
  w_.Raw(f_.referral_targets[target]);
  w_.UInt(R::kLevelFieldNumber, e_.fired[first].level);
  for (size_t i = first; i < e_.fired.size(); ++i) {
    if (TargetOf(e_.fired[i]) == target) {
      w_.RepeatedString(R::kRuleIdsFieldNumber, IdOf(e_.fired[i]));
    }
  }
  for (size_t i = first; i < e_.fired.size(); ++i) {
    if (TargetOf(e_.fired[i]) != target) continue;
    w_.Raw(f_.red_flags[e_.fired[i].index].referral_note);
  }
  w_.End(mark);
}

void DecisionEncoder::Run::WriteAssessment(uint32_t index) {
  using A = v1::Assessment;
  const ConditionResult& result = e_.conditions[index];
  const ruleset::CompiledCondition& compiled = ruleset_.conditions[index];
  const v1::ClinicalCondition& condition = source_.conditions(static_cast<int>(index));
  const ConditionFragment& fragment = f_.conditions[index];
  const WireWriter::Mark mark = w_.Begin(v1::Decision::kAssessmentsFieldNumber);
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
    const WireWriter::Mark unknown = w_.Begin(A::kUnknownFieldNumber);
    w_.Raw(fragment.unknown_findings[i]);
    WriteFields(v1::UnknownFinding::kMissingFieldsFieldNumber,
                context_.explainer.Missing(compiled.findings[i].when));
    w_.End(unknown);
  }
  w_.Raw(fragment.codings);
  w_.Bool(A::kRuledOutFieldNumber, result.ruled_out);
  w_.End(mark);
}

uint32_t DecisionEncoder::Run::StratumOf(size_t tool) const {
  const std::vector<ruleset::CompiledRule>& strata = ruleset_.stratifications[tool];
  for (size_t i = 0; i < strata.size(); ++i) {
    if (context_.Matches(strata[i].when)) return static_cast<uint32_t>(i);
    if (context_.Open(strata[i].when)) return kNoIndex;
  }
  return kNoIndex;
}

void DecisionEncoder::Run::CiteStrata() {
  for (size_t tool = 0; tool < ruleset_.stratifications.size(); ++tool) {
    const uint32_t stratum = StratumOf(tool);
    if (stratum != kNoIndex) Cite(f_.strata[tool][stratum].rationale.passages);
  }
}

void DecisionEncoder::Run::WriteStrata() {
  for (size_t tool = 0; tool < ruleset_.stratifications.size(); ++tool) {
    const uint32_t stratum = StratumOf(tool);
    if (stratum == kNoIndex) continue;
    const WireWriter::Mark mark = w_.Begin(v1::Decision::kStrataFieldNumber);
    w_.Raw(f_.strata[tool][stratum].head);
    WriteRationale(v1::StratumResult::kRationaleFieldNumber, f_.strata[tool][stratum].rationale,
                   ruleset_.stratifications[tool][stratum].when);
    w_.End(mark);
  }
}

void DecisionEncoder::Run::WriteStage() {
  using S = v1::StageAssessment;
  if (ruleset_.stages.empty()) return;
  const NodeId when = ruleset_.stages[e_.stage].when;
  const WireWriter::Mark mark = w_.Begin(v1::Decision::kStageFieldNumber);
  w_.Raw(f_.stage_heads[e_.stage]);
  WriteRationale(S::kRationaleFieldNumber, f_.stages[e_.stage], e_.stage_assumed ? kNoNode : when);
  w_.Bool(S::kAssumedFieldNumber, e_.stage_assumed);
  if (e_.stage_assumed) {
    WriteFields(S::kMissingFieldsFieldNumber, context_.explainer.Missing(when));
  }
  w_.End(mark);
}

}  // namespace plumbline::engine
