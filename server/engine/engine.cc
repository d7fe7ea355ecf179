#include "server/engine/engine.h"

#include <atomic>
#include <utility>

#include "server/engine/binder.h"
#include "server/engine/encoder.h"
#include "server/engine/evaluation.h"
#include "server/engine/explainer.h"
#include "server/engine/steps.h"

namespace plumbline::engine {

namespace {

using ::plumbline::expr::ListCell;
using ::plumbline::expr::Outcome;
using ::plumbline::expr::SlotIndex;

constexpr int64_t kSecondsPerDay = 86'400;

// Tells engines apart for workspaces; an address would not do, because addresses are reused.
uint64_t NextEngineId() {
  static std::atomic<uint64_t> next{1};
  return next.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

absl::string_view EngineVersion() { return "0.1.0"; }

struct WorkspaceImpl {
  uint64_t engine_id = 0;  // engine that the frame was made for; 0: none yet
  expr::Frame frame;
  Explainer explainer;
  Evaluation evaluation;
  EncoderScratch scratch;
  std::vector<ListCell> cells;
};

struct EngineImpl {
  explicit EngineImpl(std::shared_ptr<const ruleset::CompiledRuleset> ruleset_in)
      : ruleset(std::move(ruleset_in)),
        landmarks(*ruleset),
        selection(*ruleset),
        binder(*ruleset),
        encoder(*ruleset) {}

  void Prepare(WorkspaceImpl& workspace) const;
  Context ContextOf(WorkspaceImpl& workspace) const {
    return {*ruleset, workspace.frame, workspace.explainer, selection};
  }
  void CheckConsistency(const Context& context, std::vector<FieldViolation>& violations) const;
  void ReadResponses(const expr::Frame& frame, Evaluation& evaluation) const;

  const uint64_t id = NextEngineId();
  std::shared_ptr<const ruleset::CompiledRuleset> ruleset;
  Landmarks landmarks;
  SelectionTables selection;
  Binder binder;
  DecisionEncoder encoder;
};

void EngineImpl::Prepare(WorkspaceImpl& workspace) const {
  if (workspace.engine_id == id) return;
  workspace.frame = ruleset->plan.MakeFrame();
  workspace.explainer = Explainer();
  workspace.engine_id = id;
}

void EngineImpl::CheckConsistency(const Context& context,
                                  std::vector<FieldViolation>& violations) const {
  for (size_t i = 0; i < ruleset->consistency_rules.size(); ++i) {
    const ruleset::CompiledConsistencyRule& rule = ruleset->consistency_rules[i];
    if (context.OutcomeOf(rule.when) != Outcome::kMatch) continue;
    if (rule.unless != ruleset::kNoNode && context.OutcomeOf(rule.unless) == Outcome::kMatch) {
      continue;
    }
    const v1::ConsistencyRule& source = ruleset->source.consistency_rules(static_cast<int>(i));
    for (SlotIndex slot : rule.fields) {
      violations.push_back({FieldViolation::Kind::kContradiction,
                            ruleset->schema->slot(slot).path(), source.message()});
    }
  }
}

void EngineImpl::ReadResponses(const expr::Frame& frame, Evaluation& evaluation) const {
  evaluation.exercises.assign(ruleset->exercises.size(), ExerciseResult{});
  if (ruleset->exercise_responses_slot == ruleset::kNoIndex) return;
  const SlotIndex slot = static_cast<SlotIndex>(ruleset->exercise_responses_slot);
  if (!frame.known(slot)) return;
  // Columns as in ExerciseResponse: exercise_id, response, dose_step, aggravated_count.
  constexpr size_t kColumns = 4;
  const absl::Span<const ListCell> cells = frame.slot_list(slot);
  for (size_t row = 0; (row + 1) * kColumns <= cells.size(); ++row) {
    const ListCell* cell = &cells[row * kColumns];
    const uint32_t index = binder.FindExercise({cell[0].cell.s.data, cell[0].cell.s.size});
    if (index == ruleset::kNoIndex || !cell[1].known) continue;
    ExerciseResult& result = evaluation.exercises[index];
    switch (static_cast<v1::ResponseKind>(cell[1].cell.i)) {
      case v1::RESPONSE_KIND_EASY:
        result.response = Response::kEasy;
        break;
      case v1::RESPONSE_KIND_TOLERATED:
        result.response = Response::kTolerated;
        break;
      case v1::RESPONSE_KIND_AGGRAVATED:
        result.response = Response::kAggravated;
        break;
      default:
        break;
    }
    result.prior_dose = cell[2].known ? static_cast<uint32_t>(cell[2].cell.i)
                                      : ruleset->exercises[index].start_dose;
    result.aggravated_count = cell[3].known ? static_cast<int32_t>(cell[3].cell.i) : 1;
  }
}

Workspace::Workspace() : impl_(std::make_unique<WorkspaceImpl>()) {}
Workspace::Workspace(Workspace&&) noexcept = default;
Workspace& Workspace::operator=(Workspace&&) noexcept = default;
Workspace::~Workspace() = default;

Engine::Engine(std::shared_ptr<const ruleset::CompiledRuleset> ruleset)
    : impl_(std::make_unique<EngineImpl>(std::move(ruleset))) {}
Engine::~Engine() = default;

const ruleset::CompiledRuleset& Engine::ruleset() const { return *impl_->ruleset; }
std::shared_ptr<const PieceTable> Engine::pieces() const { return impl_->encoder.pieces(); }

std::vector<FieldViolation> Engine::Evaluate(const google::protobuf::Message& intake,
                                             absl::CivilDay as_of, View view, Workspace& workspace,
                                             std::string& decision) const {
  WorkspaceImpl& w = *workspace.impl_;
  std::vector<FieldViolation> violations = Run(intake, as_of, w);
  if (violations.empty()) {
    impl_->encoder.Encode(impl_->ContextOf(w), w.evaluation, as_of, view, w.scratch, decision);
  }
  return violations;
}

std::vector<FieldViolation> Engine::EvaluateInPieces(const google::protobuf::Message& intake,
                                                     absl::CivilDay as_of, View view,
                                                     Workspace& workspace,
                                                     DecisionInPieces& decision) const {
  WorkspaceImpl& w = *workspace.impl_;
  std::vector<FieldViolation> violations = Run(intake, as_of, w);
  if (violations.empty()) {
    impl_->encoder.EncodeInPieces(impl_->ContextOf(w), w.evaluation, as_of, view, w.scratch,
                                  decision.message);
    Summarize(impl_->ruleset->source, w.evaluation, decision.summary);
  }
  return violations;
}

std::vector<FieldViolation> Engine::Run(const google::protobuf::Message& intake,
                                        absl::CivilDay as_of, WorkspaceImpl& w) const {
  impl_->Prepare(w);
  std::vector<FieldViolation> violations;
  impl_->binder.Bind(intake, w.cells, w.frame, violations);
  if (!violations.empty()) return violations;
  w.frame.SetAsOf((as_of - absl::CivilDay(1970, 1, 1)) * kSecondsPerDay);
  impl_->ruleset->plan.Evaluate(w.frame);
  w.explainer.Start(impl_->ruleset->plan, w.frame, impl_->landmarks);
  const Context context = impl_->ContextOf(w);
  impl_->CheckConsistency(context, violations);
  if (!violations.empty()) return violations;
  impl_->ReadResponses(w.frame, w.evaluation);
  Triage(context, w.evaluation);
  Assess(context, w.evaluation);
  Select(context, w.evaluation);
  Compose(context, w.evaluation);
  FindOpenQuestions(context, w.evaluation);
  return violations;
}

expr::Outcome Engine::RedFlagOutcome(size_t index, const Workspace& workspace) const {
  return expr::Plan::OutcomeOf(impl_->ruleset->red_flags[index].when, workspace.impl_->frame);
}

const expr::Frame& Engine::FrameOf(const Workspace& workspace) const {
  return workspace.impl_->frame;
}

}  // namespace plumbline::engine
