// StepwiseEngine: the steps of engine::Engine, callable one at a time, so that each can be
// measured.
//
// It repeats the order of the steps in engine.cc, nothing else; callers compare its bytes with
// those of the engine itself before they believe a figure (AgreesWith). Intakes with earlier
// exercise responses are outside its reach. Belongs to one thread; keeps its memory from run to
// run.

#ifndef PLUMBLINE_TESTS_BENCH_STEPWISE_ENGINE_H_
#define PLUMBLINE_TESTS_BENCH_STEPWISE_ENGINE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/time/civil_time.h"
#include "google/protobuf/message.h"
#include "server/engine/binder.h"
#include "server/engine/encoder.h"
#include "server/engine/engine.h"
#include "server/engine/evaluation.h"
#include "server/engine/explainer.h"
#include "server/engine/steps.h"
#include "server/expr/frame.h"
#include "server/ruleset/compiled_ruleset.h"

namespace plumbline::bench {

// How much of an evaluation is explained.
enum class Explain {
  // Facts that decided each rule that matched; missing fields of each rule that is open.
  kMatchedAndOpen,
  // That, and the facts that decided each rule that did not match.
  kEverything,
};

class StepwiseEngine {
 public:
  explicit StepwiseEngine(std::shared_ptr<const ruleset::CompiledRuleset> ruleset);

  expr::Frame& frame() { return frame_; }
  const engine::Evaluation& evaluation() const { return evaluation_; }

  // False if the intake was refused.
  bool Bind(const google::protobuf::Message& intake);
  void EvaluatePlan(absl::CivilDay as_of);
  // Consistency, triage, assessment, selection, programme, open questions: the decision as
  // structures. False if answers contradict each other.
  bool Decide();
  // Works out the explanation of every triage rule, screen, finding, stage, indication,
  // contraindication, caution, prerequisite and adjustment. Returns for how many.
  size_t ExplainAll(Explain what);
  void Encode(absl::CivilDay as_of, engine::View view, std::string& decision);

  // True if all steps together give the bytes that `engine` gives.
  bool AgreesWith(const engine::Engine& engine, const google::protobuf::Message& intake,
                  absl::CivilDay as_of);

 private:
  void ListExplained();

  std::shared_ptr<const ruleset::CompiledRuleset> ruleset_;
  engine::Landmarks landmarks_;
  engine::SelectionTables selection_;
  engine::Binder binder_;
  engine::DecisionEncoder encoder_;
  std::vector<expr::NodeId> explained_;  // conditions of all rules, in the order of the steps

  expr::Frame frame_;
  engine::Explainer explainer_;
  engine::Evaluation evaluation_;
  engine::EncoderScratch scratch_;
  std::vector<expr::ListCell> cells_;
  std::vector<engine::FieldViolation> violations_;
};

}  // namespace plumbline::bench

#endif  // PLUMBLINE_TESTS_BENCH_STEPWISE_ENGINE_H_
