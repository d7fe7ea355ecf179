// Advice, follow-up, safety net, open questions, notices, citations.

#include <algorithm>

#include "server/engine/encoder_run.h"

namespace plumbline::engine {
namespace {

using ::plumbline::expr::NodeId;
using ::plumbline::ruleset::kNoIndex;

}  // namespace

void DecisionEncoder::Run::WriteAdvice() {
  using A = v1::AdviceItem;
  for (size_t i = 0; i < ruleset_.advice.size(); ++i) {
    const v1::Advice& advice = source_.advice(static_cast<int>(i));
    const NodeId when = ruleset_.advice[i].when;
    if ((!e_.releases_programme && !advice.with_hold()) || !context_.Matches(when)) continue;
    const WireWriter::Mark mark = w_.Begin(v1::Decision::kAdviceFieldNumber);
    w_.Raw(f_.advice[i].head);
    WriteRationale(A::kRationaleFieldNumber, f_.advice[i].rationale, when);
    w_.Raw(f_.advice[i].tail);
    w_.End(mark);
  }
}

void DecisionEncoder::Run::WriteFollowUp() {
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
  const WireWriter::Mark mark = w_.Begin(v1::Decision::kFollowUpFieldNumber);
  WriteDate(w_, F::kReviewDateFieldNumber, as_of_ + first);
  if (e_.releases_programme) WriteFollowUpItems();
  w_.End(mark);
}

void DecisionEncoder::Run::WriteFollowUpItems() {
  using I = v1::FollowUpItem;
  for (size_t i = 0; i < ruleset_.follow_up_rules.size(); ++i) {
    const NodeId when = ruleset_.follow_up_rules[i].when;
    if (!context_.Matches(when)) continue;
    const int32_t days = source_.follow_up_rules(static_cast<int>(i)).after_days();
    const WireWriter::Mark mark = w_.Begin(v1::FollowUp::kItemsFieldNumber);
    WriteDate(w_, I::kDateFieldNumber, as_of_ + days);
    w_.OptionalUInt(I::kAfterDaysFieldNumber, static_cast<uint64_t>(days));
    WriteRationale(I::kRationaleFieldNumber, f_.follow_up_rules[i], when);
    w_.End(mark);
  }
}

void DecisionEncoder::Run::WriteSafetyNet() {
  if (!source_.has_safety_net()) return;
  for (int level : source_.safety_net().except_levels()) {
    if (level == e_.level) return;
  }
  w_.Raw(f_.safety_net);
  Cite(f_.safety_net_passages);
}

void DecisionEncoder::Run::WriteQuestion(const OpenQuestion& question) {
  using Q = v1::OpenQuestion;
  const WireWriter::Mark mark = w_.Begin(v1::Decision::kOpenQuestionsFieldNumber);
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
    // Looking the piece up costs more than writing the id.
    const Piece rule = w_.writes_pieces() ? f_.AffectedRule(*id) : Piece();
    if (rule.bytes.empty()) {
      w_.RepeatedString(Q::kAffectsFieldNumber, *id);
    } else {
      w_.Raw(rule);
    }
  }
  w_.End(mark);
}

bool DecisionEncoder::Run::Triggered(size_t index) const {
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

void DecisionEncoder::Run::WriteNotices() {
  for (size_t i = 0; i < f_.notices.size(); ++i) {
    if (!Triggered(i)) continue;
    w_.Raw(f_.notices[i]);
    Cite(f_.notice_passages[i]);
  }
}

void DecisionEncoder::Run::WriteCitations() {
  for (size_t i = 0; i < f_.citations.size(); ++i) {
    if (!scratch_.cited[i]) continue;
    w_.Raw(full_ ? f_.citations[i].full : f_.citations[i].basic);
  }
}

}  // namespace plumbline::engine
