#include "server/engine/encoder.h"

#include <bit>

#include "server/engine/encoder_run.h"

namespace plumbline::engine {
namespace {

using ::plumbline::expr::NodeId;
using ::plumbline::expr::SlotIndex;
using ::plumbline::expr::SlotSet;
using ::plumbline::ruleset::kNoNode;

}  // namespace

void WriteDate(WireWriter& writer, int field, absl::CivilDay day) {
  const WireWriter::Mark mark = writer.Begin(field);
  writer.UInt(v1::Date::kYearFieldNumber, static_cast<uint64_t>(day.year()));
  writer.UInt(v1::Date::kMonthFieldNumber, static_cast<uint64_t>(day.month()));
  writer.UInt(v1::Date::kDayFieldNumber, static_cast<uint64_t>(day.day()));
  writer.End(mark);
}

size_t DecisionEncoder::Run::WriteDecision() {
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
  return w_.size();
}

void DecisionEncoder::Run::Cite(const std::vector<uint32_t>& passages) {
  for (uint32_t passage : passages) scratch_.cited[passage] = true;
}

void DecisionEncoder::Run::WriteFields(int field, const SlotSet& slots) {
  const std::vector<Piece>& names = f_.slot_names[static_cast<size_t>(field)];
  slots.ForEach([&](SlotIndex slot) { w_.Raw(names[slot]); });
}

void DecisionEncoder::Run::WriteFacts(const Deciders& deciding, WireWriter& writer) {
  EncodedOnce& once = scratch_.facts;
  deciding.slots.ForEach([&](SlotIndex slot) {
    if (!context_.frame.known(slot)) return;
    if (const Piece* fact = facts_.ConstantFact(slot, context_.frame); fact != nullptr) {
      writer.Raw(*fact);
      return;
    }
    writer.Raw(once.Has(slot) ? once.Get(slot) : once.Put(slot, [&](WireWriter& fact) {
      facts_.WriteFact(slot, context_.frame, fact);
    }));
  });
  for (uint64_t left = deciding.landmarks; left != 0; left &= left - 1) {
    const int number = std::countr_zero(left);
    if (number == Landmarks::kStage) {
      writer.Raw(f_.stage_facts[e_.stage]);
    } else {
      const auto condition = static_cast<size_t>(number);
      const auto likelihood = static_cast<size_t>(e_.conditions[condition].likelihood);
      writer.Raw(f_.condition_facts[condition][likelihood]);
    }
  }
}

void DecisionEncoder::Run::WriteRationaleBody(const RationaleFragment& fragment, NodeId when,
                                              WireWriter& writer) {
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
  w_.Message(field, once.Has(entry) ? once.Get(entry) : once.Put(entry, [&](WireWriter& body) {
    WriteRationaleBody(fragment, when, body);
  }));
  Cite(fragment.passages);
}

DecisionEncoder::DecisionEncoder(const ruleset::CompiledRuleset& ruleset)
    : DecisionEncoder(ruleset, std::make_shared<PieceTable>()) {}

DecisionEncoder::DecisionEncoder(const ruleset::CompiledRuleset& ruleset,
                                 const std::shared_ptr<PieceTable>& pieces)
    : ruleset_(ruleset),
      pieces_(pieces),
      fragments_(ruleset, pieces.get()),
      fact_text_(ruleset, *pieces) {}

void DecisionEncoder::Encode(const Context& context, const Evaluation& evaluation,
                             absl::CivilDay as_of, View view, EncoderScratch& scratch,
                             std::string& out) const {
  out.clear();
  Run(*this, context, evaluation, as_of, view, scratch, out, nullptr).WriteDecision();
}

void DecisionEncoder::EncodeInPieces(const Context& context, const Evaluation& evaluation,
                                     absl::CivilDay as_of, View view, EncoderScratch& scratch,
                                     PiecedMessage& out) const {
  out.loose.clear();
  out.placed.clear();
  out.size =
      Run(*this, context, evaluation, as_of, view, scratch, out.loose, &out.placed).WriteDecision();
}

}  // namespace plumbline::engine
