// Trace: which fact of the ledger is encoded by which rules, and which tests name those rules; the
// same read in both directions.
//
// A fact is a passage of a source. A rule is everything that cites passages: triage rules, screens,
// conditions and findings, exercises and their doses, selection, programme, advice and the rest. A
// test names a rule when it is written about it: a vignette that `covers` it or expects something
// of it by id, an outcome table, a dose register.
//
// Plain data, owned by value.

#ifndef PLUMBLINE_SERVER_REVIEW_TRACE_H_
#define PLUMBLINE_SERVER_REVIEW_TRACE_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "plumbline/v1/ruleset.pb.h"
#include "server/base/issue.h"
#include "server/ruleset/document.h"

namespace plumbline::review {

struct TracedFact {
  std::string id;         // "S0-RF1"
  std::string source_id;  // "S0"
  std::string locator;
  std::string summary;
  // The passage's own, else its source's.
  v1::SourceStatus status = v1::SOURCE_STATUS_UNSPECIFIED;
  // Why no rule encodes it; empty: rules ought to.
  std::string not_encoded_because;
  SourceLocation place;
  // Ids of the rules that cite it, and of the tests that name one of these; sorted.
  std::vector<std::string> rules;
  std::vector<std::string> tests;
};

struct TracedRule {
  // Its id; for parts without one, a name made from where they stand: "CX-LTR/dose-1",
  // "responses", "safety_net", "<screen>/<group>" of an escalation.
  std::string id;
  std::string kind;   // "red flag", "dose"
  std::string title;  // what it is called or says, in short
  bool project_choice = false;
  // A test can name it. Parts without an id of their own cannot be named.
  bool nameable = true;
  SourceLocation place;
  // Passages that it cites; sorted. A part without citations of its own has those of the rule that
  // it belongs to (findings of a condition, escalations of a screen).
  std::vector<std::string> facts;
  // Tests that name it; sorted.
  std::vector<std::string> tests;
};

struct TracedTest {
  // Id of the vignette; "outcomes RF-CES-1", "outcomes RF-CES-1 on_indeterminate.when" for outcome
  // tables, "doses CX-LTR" for dose registers.
  std::string id;
  std::string kind;   // "vignette", "outcome table", "dose register"
  std::string title;  // empty for tables
  SourceLocation place;
  // Rules that it names, and the facts that these cite; sorted.
  std::vector<std::string> rules;
  std::vector<std::string> facts;
};

// How far one source is accounted for.
struct SourceCount {
  std::string source_id;
  std::string title;
  v1::SourceStatus status = v1::SOURCE_STATUS_UNSPECIFIED;
  int facts = 0;
  int cited = 0;        // by at least one rule
  int not_encoded = 0;  // with a reason, and not cited
  int unaccounted = 0;  // neither
};

struct Trace {
  // In the order of the ruleset.
  std::vector<TracedFact> facts;
  std::vector<TracedRule> rules;
  std::vector<TracedTest> tests;
  std::vector<SourceCount> sources;
  // What is not accounted for, sorted by place. Codes: unaccounted-fact (of a fact ledger: see
  // ruleset::IsFactLedger), contradicted-fact (cited and marked as not encoded), uncited-rule,
  // untested-rule; as a warning: uncited-passage (of any other source).
  std::vector<Issue> issues;

  // Null if there is none.
  const TracedFact* FindFact(absl::string_view id) const;
  const TracedRule* FindRule(absl::string_view id) const;
  const TracedTest* FindTest(absl::string_view id) const;
};

Trace BuildTrace(const ruleset::RulesetDocument& document);

}  // namespace plumbline::review

#endif  // PLUMBLINE_SERVER_REVIEW_TRACE_H_
