// Engine: one intake in, one decision out. A pure function of (ruleset, intake, as-of date, view).
//
// The engine knows no clock, no I/O, no rule and no clinical text: it walks a CompiledRuleset in
// the order of design.md section 3 (bind, plan, triage, assess, select, compose, open questions,
// explain) and writes the decision as the wire bytes of plumbline.v1.Decision, or as the numbers of
// the texts that they consist of. Bytes, not objects, because they are what is sent and recorded;
// constant texts are encoded once, when the engine is made.
//
// Engine is immutable and thread-safe. A Workspace belongs to one thread at a time; reusing it
// makes evaluation free of allocation apart from growth of the output.

#ifndef PLUMBLINE_SERVER_ENGINE_ENGINE_H_
#define PLUMBLINE_SERVER_ENGINE_ENGINE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "google/protobuf/message.h"
#include "server/base/pieces.h"
#include "server/engine/decision_summary.h"
#include "server/ruleset/compiled_ruleset.h"

namespace plumbline::engine {

// "0.1.0", the version of the evaluating code; part of every decision.
absl::string_view EngineVersion();

enum class View { kBasic, kFull };

// Something wrong with the intake. `field` is the path inside the intake ("person.age_years").
// `description` never repeats free text that a patient wrote.
struct FieldViolation {
  enum class Kind { kInvalid, kContradiction };
  Kind kind = Kind::kInvalid;
  std::string field;
  std::string description;
};

// The same bytes that Evaluate gives, some twenty times smaller, and what lists show of them, in
// views that are good as long as the engine. Keeps its memory from evaluation to evaluation.
struct DecisionInPieces {
  PiecedMessage message;
  DecisionSummary summary;
};

struct WorkspaceImpl;

class Workspace {
 public:
  Workspace();
  Workspace(Workspace&&) noexcept;
  Workspace& operator=(Workspace&&) noexcept;
  ~Workspace();

 private:
  friend class Engine;
  std::unique_ptr<WorkspaceImpl> impl_;
};

struct EngineImpl;

class Engine {
 public:
  explicit Engine(std::shared_ptr<const ruleset::CompiledRuleset> ruleset);
  ~Engine();

  const ruleset::CompiledRuleset& ruleset() const;

  // Evaluates `intake` (of the ruleset's intake message type). On success replaces the contents of
  // `decision` with the wire bytes of a plumbline.v1.Decision and returns an empty list. On a bad
  // intake leaves `decision` alone and returns every problem found, in field order.
  std::vector<FieldViolation> Evaluate(const google::protobuf::Message& intake,
                                       absl::CivilDay as_of, View view, Workspace& workspace,
                                       std::string& decision) const;
  // The same decision for those who keep it: in pieces(), with its summary. Replaces what is in
  // `decision`, or leaves it alone, as Evaluate does.
  std::vector<FieldViolation> EvaluateInPieces(const google::protobuf::Message& intake,
                                               absl::CivilDay as_of, View view,
                                               Workspace& workspace,
                                               DecisionInPieces& decision) const;

  // Constant texts that its decisions are put together from: the same ones, in the same order, for
  // the same ruleset and version of the engine.
  std::shared_ptr<const PieceTable> pieces() const;

  // Rule outcomes of the latest evaluation in `workspace`, for tests and coverage:
  // by index in ruleset().source.red_flags().
  expr::Outcome RedFlagOutcome(size_t index, const Workspace& workspace) const;

  // The frame of the latest evaluation in `workspace`: node outcomes, for traces and coverage.
  const expr::Frame& FrameOf(const Workspace& workspace) const;

 private:
  // Everything before encoding.
  std::vector<FieldViolation> Run(const google::protobuf::Message& intake, absl::CivilDay as_of,
                                  WorkspaceImpl& workspace) const;

  std::unique_ptr<EngineImpl> impl_;
};

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_ENGINE_H_
