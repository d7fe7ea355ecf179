// A record of the decision log as a chart note.

#ifndef PLUMBLINE_SERVER_CLI_AUDIT_SHOW_TEXT_H_
#define PLUMBLINE_SERVER_CLI_AUDIT_SHOW_TEXT_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "plumbline/v1/record.pb.h"
#include "plumbline/v1/ruleset_service.pb.h"
#include "server/cli/text_renderer.h"
#include "server/ruleset/compiled_ruleset.h"

namespace plumbline::cli {

// What is known beside the record itself.
struct RecordContext {
  // The rules that decided; null if they are not kept.
  std::shared_ptr<const ruleset::CompiledRuleset> ruleset;
  // Who approved them, where somebody knows.
  std::optional<v1::Revision> revision;
  // The record of the activation that made them active then.
  std::optional<v1::RecordSummary> activation;
  // Records that the latest checkpoint covers.
  uint64_t checkpoint_size = 0;
};

// Who, when, what was known, what was answered and why, under which rules, what happened since, and
// where it stands in the log. Deterministic.
std::string RenderRecord(const v1::Record& record, const RecordContext& context,
                         const TextOptions& options);

}  // namespace plumbline::cli

#endif  // PLUMBLINE_SERVER_CLI_AUDIT_SHOW_TEXT_H_
