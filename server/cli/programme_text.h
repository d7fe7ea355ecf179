// The exercises of a decision as text: programme, alternatives, later, excluded.

#ifndef PLUMBLINE_SERVER_CLI_PROGRAMME_TEXT_H_
#define PLUMBLINE_SERVER_CLI_PROGRAMME_TEXT_H_

#include "plumbline/v1/decision.pb.h"
#include "server/cli/rationale_text.h"
#include "server/cli/text_layout.h"

namespace plumbline::cli {

// No programme leaves the engine under this gate.
bool IsOnHold(const v1::Disposition& disposition);

// Writes the sections onto `page`. `how_to`: with steps, cues and every reason of each exercise.
void PutExercises(const v1::Decision& decision, bool how_to, RationaleText& rationales,
                  TextPage& page);

}  // namespace plumbline::cli

#endif  // PLUMBLINE_SERVER_CLI_PROGRAMME_TEXT_H_
