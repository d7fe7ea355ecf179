// A decision for a clinician's eyes on a terminal: what to do first, why, then everything else.

#ifndef PLUMBLINE_SERVER_CLI_TEXT_RENDERER_H_
#define PLUMBLINE_SERVER_CLI_TEXT_RENDERER_H_

#include <string>

#include "plumbline/v1/decision.pb.h"

namespace plumbline::cli {

struct TextOptions {
  int width = 100;
  bool color = false;
  // Steps, cues and stop rules below each exercise of the programme.
  bool how_to = false;
  // Set when nobody stated the as-of date: says so beside it.
  bool as_of_is_today = false;
};

// Deterministic. Leaves out sections that have nothing to say; every fact, reason and source that
// the decision holds about what it decided is shown.
std::string RenderDecision(const v1::Decision& decision, const TextOptions& options);

// Fired rules with their rationale and facts; also used to explain a failed vignette.
std::string RenderTrace(const v1::Decision& decision, const TextOptions& options);

}  // namespace plumbline::cli

#endif  // PLUMBLINE_SERVER_CLI_TEXT_RENDERER_H_
