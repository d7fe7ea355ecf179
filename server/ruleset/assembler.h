// Assembles the compiled ruleset from a document that has no errors.

#ifndef PLUMBLINE_SERVER_RULESET_ASSEMBLER_H_
#define PLUMBLINE_SERVER_RULESET_ASSEMBLER_H_

#include <memory>

#include "absl/status/statusor.h"
#include "server/expr/schema.h"
#include "server/ruleset/compiled_ruleset.h"
#include "server/ruleset/document.h"
#include "server/ruleset/expressions.h"
#include "server/ruleset/index.h"

namespace plumbline::ruleset {

struct Probes;

// Fails only if the plan refuses what the checker accepted. Fills `probes` unless it is null.
absl::StatusOr<std::shared_ptr<const CompiledRuleset>> Assemble(
    const RulesetDocument& document, std::unique_ptr<const expr::Schema> schema, const Index& index,
    const Expressions& expressions, Probes* probes);

}  // namespace plumbline::ruleset

#endif  // PLUMBLINE_SERVER_RULESET_ASSEMBLER_H_
