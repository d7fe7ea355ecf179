#include "server/engine/encoder.h"

#include <bit>

#include "absl/strings/str_cat.h"
#include "server/engine/encoder_run.h"

namespace plumbline::engine {
namespace {

using ::plumbline::expr::NodeId;
using ::plumbline::expr::SlotIndex;
using ::plumbline::expr::SlotSet;
using ::plumbline::ruleset::kNoNode;

struct LikelihoodText {
  absl::string_view value;
  absl::string_view display;
};

LikelihoodText TextOf(v1::Likelihood likelihood) {
  switch (likelihood) {
    case v1::LIKELIHOOD_CONFIRMED:
      return {"CONFIRMED", "confirmed by a clinician"};
    case v1::LIKELIHOOD_LIKELY:
      return {"LIKELY", "likely"};
    case v1::LIKELIHOOD_POSSIBLE:
      return {"POSSIBLE", "possible"};
    default:
      return {"UNLIKELY", "unlikely"};
  }
}

}  // namespace

void WriteDate(WireWriter& writer, int field, absl::CivilDay day) {
  const size_t mark = writer.Begin(field);
  writer.UInt(v1::Date::kYearFieldNumber, static_cast<uint64_t>(day.year()));
  writer.UInt(v1::Date::kMonthFieldNumber, static_cast<uint64_t>(day.month()));
  writer.UInt(v1::Date::kDayFieldNumber, static_cast<uint64_t>(day.day()));
  writer.End(mark);
}

void DecisionEncoder::Run::WriteDecision() {
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
  CiteStrata();
  WriteCitations();
  w_.Raw(f_.disclaimers);
  WriteStrata();
}

void DecisionEncoder::Run::Cite(const std::vector<uint32_t>& passages) {
  for (uint32_t passage : passages) scratch_.cited[passage] = true;
}

void DecisionEncoder::Run::WriteFields(int field, const SlotSet& slots) {
  slots.ForEach(
      [&](SlotIndex slot) { w_.RepeatedString(field, ruleset_.schema->slot(slot).name); });
}

void DecisionEncoder::Run::WriteFacts(const Deciders& deciding, WireWriter& writer) {
  EncodedOnce& once = scratch_.facts;
  deciding.slots.ForEach([&](SlotIndex slot) {
    if (!context_.frame.known(slot)) return;
    writer.Raw(once.Has(slot) ? once.Get(slot) : once.Put(slot, [&](std::string& out) {
      scratch_.fact.clear();
      facts_.AppendFact(slot, context_.frame, scratch_.fact);
      WireWriter(&out).Message(v1::Rationale::kFactsFieldNumber, scratch_.fact);
    }));
  });
  for (uint64_t left = deciding.landmarks; left != 0; left &= left - 1) {
    const int number = std::countr_zero(left);
    const size_t entry = ruleset_.schema->slots().size() + static_cast<size_t>(number);
    writer.Raw(once.Has(entry) ? once.Get(entry) : once.Put(entry, [&](std::string& out) {
      WireWriter landmark(&out);
      WriteLandmark(number, landmark);
    }));
  }
}

// A pattern or the stage, as a fact.
void DecisionEncoder::Run::WriteLandmark(int number, WireWriter& writer) {
  using F = v1::Fact;
  const size_t mark = writer.Begin(v1::Rationale::kFactsFieldNumber);
  if (number == Landmarks::kStage) {
    const v1::Stage& stage = source_.stages(static_cast<int>(e_.stage));
    writer.String(F::kFieldFieldNumber, "stage");
    writer.String(F::kLabelFieldNumber, "Stage");
    writer.String(F::kValueFieldNumber, stage.id());
    writer.String(F::kDisplayFieldNumber, stage.title());
  } else {
    const v1::ClinicalCondition& condition = source_.conditions(number);
    const LikelihoodText text = TextOf(e_.conditions[static_cast<size_t>(number)].likelihood);
    writer.String(F::kFieldFieldNumber, absl::StrCat("suspected.", condition.id()));
    writer.String(F::kLabelFieldNumber, condition.title());
    writer.String(F::kValueFieldNumber, text.value);
    writer.String(F::kDisplayFieldNumber, text.display);
  }
  writer.End(mark);
}

void DecisionEncoder::Run::WriteRationaleBody(const RationaleFragment& fragment, NodeId when,
                                              std::string& out) {
  WireWriter writer(&out);
  writer.Raw(fragment.head);
  if (fragment.text != nullptr) {
    scratch_.text.clear();
    facts_.AppendText(*fragment.text, context_.frame, scratch_.text);
    writer.String(v1::Rationale::kTextFieldNumber, scratch_.text);
  }
  if (when != kNoNode) WriteFacts(context_.explainer.Deciding(when), writer);
  writer.Raw(fragment.tail);
}

void DecisionEncoder::Run::WriteRationale(int field, const RationaleFragment& fragment,
                                          NodeId when) {
  EncodedOnce& once = scratch_.rationales;
  const size_t entry = size_t{2} * fragment.number + (when != kNoNode ? 1 : 0);
  w_.Message(field, once.Has(entry) ? once.Get(entry) : once.Put(entry, [&](std::string& out) {
    WriteRationaleBody(fragment, when, out);
  }));
  Cite(fragment.passages);
}

DecisionEncoder::DecisionEncoder(const ruleset::CompiledRuleset& ruleset)
    : ruleset_(ruleset), fragments_(ruleset), fact_text_(ruleset) {}

void DecisionEncoder::Encode(const Context& context, const Evaluation& evaluation,
                             absl::CivilDay as_of, View view, EncoderScratch& scratch,
                             std::string& out) const {
  out.clear();
  Run(*this, context, evaluation, as_of, view, scratch, out).WriteDecision();
}

}  // namespace plumbline::engine
