// Probes: the conditions of a ruleset taken apart, so that tests can see which outcomes they had
// and which of their parts tipped them.
//
// A leaf is a largest part of a condition that is not itself put together by &&, ||, !, ?: or
// atLeast: a field, a comparison, a term, a list macro. Every leaf has a node of its own in the
// plan, so its outcome stands in the frame after an evaluation.
//
// Plain data; refers to nothing outside itself.

#ifndef PLUMBLINE_SERVER_RULESET_PROBES_H_
#define PLUMBLINE_SERVER_RULESET_PROBES_H_

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "plumbline/v1/ruleset.pb.h"
#include "server/expr/checked_ast.h"
#include "server/expr/checker.h"
#include "server/ruleset/compiled_ruleset.h"
#include "server/ruleset/expressions.h"
#include "server/ruleset/node_builder.h"

namespace plumbline::ruleset {

// Name of a condition: the rule (the nearest enclosing thing with an id) and the path inside it.
// `part` is empty for the condition that makes the rule what it is: `when`, or a term's
// `expression`.
struct ConditionName {
  std::string rule_id;
  std::string part;

  bool operator==(const ConditionName& other) const {
    return rule_id == other.rule_id && part == other.part;
  }
  bool operator<(const ConditionName& other) const {
    return rule_id != other.rule_id ? rule_id < other.rule_id : part < other.part;
  }
};

struct ProbeLeaf {
  const expr::CheckedNode* node = nullptr;  // inside the probe's expression
  NodeId outcome = kNoNode;
};

struct Probe {
  std::string path;  // "red_flags[3].when"
  ConditionName name;
  expr::CheckedExpr expr;
  NodeId outcome = kNoNode;
  std::vector<ProbeLeaf> leaves;  // in reading order
};

struct Probes {
  std::vector<Probe> conditions;                     // in the order of the document
  absl::flat_hash_map<std::string, size_t> of_term;  // index in `conditions` by the term's name

  // Null if there is none.
  const Probe* Find(const ConditionName& name) const;
};

// "\"RF-CES-1\"", "\"INCOMPLETE_SAFETY_SCREEN\" items[3].answered": for messages.
std::string DisplayName(const ConditionName& name);

// Names of the conditions at the paths of `expressions`, by path. Conditions of questions are left
// out: they decide what is asked next, not what is answered.
absl::flat_hash_map<std::string, ConditionName> NameConditions(const v1::Ruleset& ruleset,
                                                               const Expressions& expressions);

// True for nodes that put outcomes together.
bool IsComposite(const expr::CheckedNode& node);

// Adds a node for every leaf to the plan in `nodes`. Fails only if the plan does.
absl::Status MakeProbes(const v1::Ruleset& ruleset, const Expressions& expressions,
                        NodeBuilder& nodes, Probes& probes);

}  // namespace plumbline::ruleset

#endif  // PLUMBLINE_SERVER_RULESET_PROBES_H_
