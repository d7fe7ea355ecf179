// What the log's lists show of a decision, read from its wire bytes.
//
// A decision has some 40 KB, and parsing it costs more than evaluating it. This walks the tags of
// its top level up to the programme, skips what is not needed, and copies nothing.

#ifndef PLUMBLINE_SERVER_SERVICE_DECISION_SUMMARY_H_
#define PLUMBLINE_SERVER_SERVICE_DECISION_SUMMARY_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "plumbline/v1/disposition.pb.h"

namespace plumbline::service {

// Views into the decision's bytes.
struct DecisionSummary {
  v1::Level level = v1::LEVEL_UNSPECIFIED;
  v1::Gate gate = v1::GATE_UNSPECIFIED;
  // Of `fired_rules` and of `notes`, in their order.
  std::vector<absl::string_view> fired_rule_ids;
  std::vector<absl::string_view> programme_exercise_ids;
};

// Reads plumbline.v1.Decision with its fields in ascending order, as the engine and every
// serializer write it; the result is what a full parse would give. Clears and refills `summary`,
// which keeps its memory. InvalidArgument for bytes that are not a message, as far as they were
// read.
absl::Status ReadDecisionSummary(absl::string_view decision_bytes, DecisionSummary& summary);

}  // namespace plumbline::service

#endif  // PLUMBLINE_SERVER_SERVICE_DECISION_SUMMARY_H_
