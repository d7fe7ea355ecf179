#include "tests/bench/stepwise_engine.h"

#include <utility>

namespace plumbline::bench {
namespace {

using ::plumbline::engine::Context;
using ::plumbline::expr::NodeId;
using ::plumbline::expr::Outcome;
using ::plumbline::ruleset::kNoNode;

constexpr int64_t kSecondsPerDay = 86'400;

}  // namespace

StepwiseEngine::StepwiseEngine(std::shared_ptr<const ruleset::CompiledRuleset> ruleset)
    : ruleset_(std::move(ruleset)),
      landmarks_(*ruleset_),
      selection_(*ruleset_),
      binder_(*ruleset_),
      encoder_(*ruleset_),
      frame_(ruleset_->plan.MakeFrame()) {
  ListExplained();
}

void StepwiseEngine::ListExplained() {
  const auto add = [this](NodeId node) {
    if (node != kNoNode) explained_.push_back(node);
  };
  for (const auto& rule : ruleset_->red_flags) add(rule.when);
  for (const auto& screen : ruleset_->safety_screens) {
    for (const auto& item : screen.items) add(item.answered);
    for (const auto& escalation : screen.escalations) add(escalation.when);
  }
  for (const auto& condition : ruleset_->conditions) {
    for (const auto& finding : condition.findings) add(finding.when);
  }
  for (const auto& stage : ruleset_->stages) add(stage.when);
  for (const auto* rules :
       {&ruleset_->indications, &ruleset_->contraindications, &ruleset_->cautions,
        &ruleset_->prerequisites, &ruleset_->score_adjustments}) {
    for (const ruleset::CompiledRule& rule : *rules) add(rule.when);
  }
}

bool StepwiseEngine::Bind(const google::protobuf::Message& intake) {
  violations_.clear();
  binder_.Bind(intake, cells_, frame_, violations_);
  return violations_.empty();
}

void StepwiseEngine::EvaluatePlan(absl::CivilDay as_of) {
  frame_.SetAsOf((as_of - absl::CivilDay(1970, 1, 1)) * kSecondsPerDay);
  ruleset_->plan.Evaluate(frame_);
}

bool StepwiseEngine::Decide() {
  explainer_.Start(ruleset_->plan, frame_, landmarks_);
  const Context context{*ruleset_, frame_, explainer_, selection_};
  for (const ruleset::CompiledConsistencyRule& rule : ruleset_->consistency_rules) {
    if (context.OutcomeOf(rule.when) == Outcome::kMatch &&
        (rule.unless == kNoNode || context.OutcomeOf(rule.unless) != Outcome::kMatch)) {
      return false;
    }
  }
  evaluation_.exercises.assign(ruleset_->exercises.size(), engine::ExerciseResult{});
  engine::Triage(context, evaluation_);
  engine::Assess(context, evaluation_);
  engine::Select(context, evaluation_);
  engine::Compose(context, evaluation_);
  engine::FindOpenQuestions(context, evaluation_);
  return true;
}

size_t StepwiseEngine::ExplainAll(Explain what) {
  const Context context{*ruleset_, frame_, explainer_, selection_};
  size_t explained = 0;
  for (const NodeId node : explained_) {
    const expr::SlotSet* fields = nullptr;
    if (context.Open(node)) {
      fields = &explainer_.Missing(node);
    } else if (what == Explain::kEverything || context.Matches(node)) {
      fields = &explainer_.Deciding(node).slots;
    } else {
      continue;
    }
    ++explained;
    asm volatile("" : : "g"(fields) : "memory");  // the fields are there, in memory
  }
  return explained;
}

void StepwiseEngine::Encode(absl::CivilDay as_of, engine::View view, std::string& decision) {
  const Context context{*ruleset_, frame_, explainer_, selection_};
  encoder_.Encode(context, evaluation_, as_of, view, scratch_, decision);
}

bool StepwiseEngine::AgreesWith(const engine::Engine& engine,
                                const google::protobuf::Message& intake, absl::CivilDay as_of) {
  for (const engine::View view : {engine::View::kFull, engine::View::kBasic}) {
    engine::Workspace workspace;
    std::string wanted;
    if (!engine.Evaluate(intake, as_of, view, workspace, wanted).empty()) return false;
    std::string got;
    if (!Bind(intake)) return false;
    EvaluatePlan(as_of);
    if (!Decide()) return false;
    ExplainAll(Explain::kEverything);
    Encode(as_of, view, got);
    if (got != wanted) return false;
  }
  return true;
}

}  // namespace plumbline::bench
