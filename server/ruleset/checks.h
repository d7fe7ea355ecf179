// The checks of a ruleset, by topic. Each reports all it finds and stops at nothing; what one check
// has reported, another may run into again only where the author needs to know twice.

#ifndef PLUMBLINE_SERVER_RULESET_CHECKS_H_
#define PLUMBLINE_SERVER_RULESET_CHECKS_H_

#include <string>

#include "absl/strings/string_view.h"
#include "plumbline/v1/ruleset.pb.h"
#include "server/expr/schema.h"
#include "server/ruleset/expressions.h"
#include "server/ruleset/index.h"
#include "server/ruleset/report.h"

namespace plumbline::ruleset {

// What the checks read. All of it outlives them.
struct CheckContext {
  const v1::Ruleset& ruleset;
  const expr::Schema& schema;
  const Index& index;
  const Expressions& expressions;
  Report& report;
};

// From the table of rule_fields.h: what is missing, references, sources, holes in texts.
void CheckFields(const CheckContext& context);

// Manifest, sources, questions, consistency rules.
void CheckManifest(const CheckContext& context);
void CheckSources(const CheckContext& context);
void CheckQuestions(const CheckContext& context);

// Scales, red flags, safety screens, conditions, stages.
void CheckDispositions(const CheckContext& context);
void CheckRedFlags(const CheckContext& context);
void CheckScreens(const CheckContext& context);
void CheckConditions(const CheckContext& context);
void CheckStages(const CheckContext& context);
void CheckStratifications(const CheckContext& context);

// Exercises, the rules that select them, the programme.
void CheckExercises(const CheckContext& context);
void CheckSelection(const CheckContext& context);
void CheckProgramme(const CheckContext& context);

// Advice, follow-up, notices, vignettes.
void CheckTexts(const CheckContext& context);
void CheckVignettes(const CheckContext& context);

// The hazard log.
void CheckHazards(const CheckContext& context);

// Year 1-9999, and a day that exists.
bool IsRealDate(const v1::Date& date);

// "red_flags[3]".
std::string At(absl::string_view field, int index);

}  // namespace plumbline::ruleset

#endif  // PLUMBLINE_SERVER_RULESET_CHECKS_H_
