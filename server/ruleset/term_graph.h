// TermGraph: which terms read which, for ordering them and for finding circles.
//
// Works on the texts, before anything is typed: the type of a term is not known until those that it
// reads are. A name inside a string literal is not read.

#ifndef PLUMBLINE_SERVER_RULESET_TERM_GRAPH_H_
#define PLUMBLINE_SERVER_RULESET_TERM_GRAPH_H_

#include <functional>
#include <vector>

#include "absl/strings/string_view.h"
#include "plumbline/v1/ruleset.pb.h"
#include "server/ruleset/expressions.h"
#include "server/ruleset/report.h"

namespace plumbline::ruleset {

struct TermOrder {
  std::vector<TermKey> order;     // each after those that it reads
  std::vector<TermKey> circular;  // part of a circle
};

// Reports circles ("term-cycle") and conditions and stages that read a later one
// ("reads-later-condition", "reads-later-stage").
TermOrder OrderTerms(const v1::Ruleset& ruleset, Report& report);

// Calls `visit` for each dotted name in an expression, with its place in the text.
void VisitNames(absl::string_view expression,
                const std::function<void(absl::string_view name, size_t offset)>& visit);

}  // namespace plumbline::ruleset

#endif  // PLUMBLINE_SERVER_RULESET_TERM_GRAPH_H_
