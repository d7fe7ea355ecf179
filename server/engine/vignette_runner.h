// Runs the vignettes of a ruleset: given this patient, is the answer what the author expects?

#ifndef PLUMBLINE_SERVER_ENGINE_VIGNETTE_RUNNER_H_
#define PLUMBLINE_SERVER_ENGINE_VIGNETTE_RUNNER_H_

#include <string>
#include <vector>

#include "plumbline/v1/decision.pb.h"
#include "server/engine/engine.h"

namespace plumbline::engine {

struct VignetteResult {
  std::string id;
  std::string title;
  bool passed = false;
  // Level less urgent than anything accepted: a safety failure. More urgent: over-triage.
  bool safety_failure = false;
  bool over_triage = false;
  // What differs, one line each: "level: expected URGENT_2W, got EXERCISE_OK".
  std::vector<std::string> differences;
  v1::Decision decision;
};

// The intake of a vignette with `otherwise_negative` filled in.
v1::Intake VignetteIntake(const v1::Vignette& vignette, const ruleset::CompiledRuleset& ruleset);

// Checks `decision` against what is expected; fills everything except id and title.
VignetteResult CompareWithExpectation(const v1::Decision& decision, const v1::Expectation& expected,
                                      const ruleset::CompiledRuleset& ruleset);

// One vignette of the engine's ruleset.
VignetteResult RunVignette(const Engine& engine, const v1::Vignette& vignette,
                           Workspace& workspace);

std::vector<VignetteResult> RunVignettes(const Engine& engine);

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_VIGNETTE_RUNNER_H_
