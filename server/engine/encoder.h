// DecisionEncoder: puts an Evaluation into words and bytes.
//
// Immutable after construction, thread-safe; what changes from run to run is in the Scratch, which
// belongs to a workspace.

#ifndef PLUMBLINE_SERVER_ENGINE_ENCODER_H_
#define PLUMBLINE_SERVER_ENGINE_ENCODER_H_

#include <string>
#include <vector>

#include "absl/time/civil_time.h"
#include "server/engine/engine.h"
#include "server/engine/evaluation.h"
#include "server/engine/fact_text.h"
#include "server/engine/fragments.h"
#include "server/engine/steps.h"
#include "server/engine/wire_writer.h"

namespace plumbline::engine {

// Memory of the encoder that is kept from run to run.
struct EncoderScratch {
  std::string text;
  std::string fact;
  std::vector<bool> cited;  // by citation
};

class DecisionEncoder {
 public:
  // `ruleset` must outlive the encoder.
  explicit DecisionEncoder(const ruleset::CompiledRuleset& ruleset);

  // Replaces `out` with the wire bytes of the Decision.
  void Encode(const Context& context, const Evaluation& evaluation, absl::CivilDay as_of, View view,
              EncoderScratch& scratch, std::string& out) const;

 private:
  class Run;

  const ruleset::CompiledRuleset& ruleset_;
  Fragments fragments_;
  FactText fact_text_;
};

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_ENCODER_H_
