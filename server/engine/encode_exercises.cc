// Programme, alternatives, what is locked and what is left out.

#include <algorithm>

#include "server/engine/encoder_run.h"

namespace plumbline::engine {
namespace {

using ::plumbline::expr::NodeId;
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

}  // namespace

void DecisionEncoder::Run::WriteExercises() {
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

void DecisionEncoder::Run::WritePrescription(int field, uint32_t index) {
  using P = v1::Prescription;
  const ExerciseResult& result = e_.exercises[index];
  const ExerciseFragment& fragment = f_.exercises[index];
  const WireWriter::Mark mark = w_.Begin(field);
  w_.UInt(P::kRankFieldNumber, result.rank);
  w_.Raw(fragment.head);
  w_.Raw(fragment.doses[result.dose]);
  w_.UInt(P::kDoseStepFieldNumber, result.dose);
  w_.SInt(P::kPointsFieldNumber, result.points);
  WriteReasons(index);
  WriteCautions(index);
  w_.Raw(full_ ? fragment.traits_full : fragment.traits_basic);
  if (result.variant != kNoIndex) WriteVariant(index, result.variant);
  w_.Raw(fragment.tail);
  w_.String(P::kLeftOutByFieldNumber, LeftOutText(result.left_out_by));
  if (full_) w_.Raw(fragment.clinician_text);
  if (result.in_programme) WriteSessionOrder(index);
  w_.End(mark);
  Cite(fragment.passages);
}

void DecisionEncoder::Run::WriteSessionOrder(uint32_t index) {
  const auto place = std::find(e_.session.begin(), e_.session.end(), index);
  w_.OptionalUInt(v1::Prescription::kSessionOrderFieldNumber,
                  static_cast<uint64_t>(place - e_.session.begin()) + 1);
  const uint32_t step = ruleset_.exercises[index].sequence_step;
  if (step < f_.sequence.size()) w_.Raw(f_.sequence[step]);
}

void DecisionEncoder::Run::WriteReasons(uint32_t index) {
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

void DecisionEncoder::Run::WriteCautions(uint32_t index) {
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

void DecisionEncoder::Run::WriteVariant(uint32_t index, uint32_t variant) {
  const WireWriter::Mark mark = w_.Begin(v1::Prescription::kVariantFieldNumber);
  w_.Raw(f_.exercises[index].variants[variant]);
  const NodeId when = ruleset_.exercises[index].variant_when[variant];
  const WireWriter::Mark rationale = w_.Begin(v1::PrescribedVariant::kRationaleFieldNumber);
  w_.String(v1::Rationale::kRuleIdFieldNumber, source_.exercises(static_cast<int>(index)).id());
  if (when != kNoNode) WriteFacts(context_.explainer.Deciding(when), w_);
  w_.End(rationale);
  w_.End(mark);
}

void DecisionEncoder::Run::WriteLocked(uint32_t index) {
  using L = v1::LockedExercise;
  const ruleset::CompiledExercise& compiled = ruleset_.exercises[index];
  const WireWriter::Mark mark = w_.Begin(v1::Decision::kLaterFieldNumber);
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

void DecisionEncoder::Run::WriteExcluded(uint32_t index) {
  using X = v1::ExcludedExercise;
  const ExerciseStatus status = e_.exercises[index].status;
  const WireWriter::Mark mark = w_.Begin(v1::Decision::kExcludedFieldNumber);
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

void DecisionEncoder::Run::WriteContraindications(uint32_t index) {
  for (uint32_t rule : ruleset_.exercises[index].contraindications) {
    const NodeId when = ruleset_.contraindications[rule].when;
    if (!context_.Matches(when)) continue;
    WriteRationale(v1::ExcludedExercise::kReasonsFieldNumber, f_.contraindications[rule], when);
  }
}

void DecisionEncoder::Run::WriteWithheld(uint32_t index) {
  SlotSet missing;
  for (uint32_t rule : ruleset_.exercises[index].contraindications) {
    const NodeId when = ruleset_.contraindications[rule].when;
    if (!context_.Open(when) ||
        source_.contraindications(static_cast<int>(rule)).on_indeterminate() !=
            v1::Contraindication::ON_INDETERMINATE_WITHHOLD) {
      continue;
    }
    WriteRationale(v1::ExcludedExercise::kReasonsFieldNumber, f_.contraindications[rule], kNoNode);
    missing |= context_.explainer.Missing(when);
  }
  WriteFields(v1::ExcludedExercise::kMissingFieldsFieldNumber, missing);
}

}  // namespace plumbline::engine
