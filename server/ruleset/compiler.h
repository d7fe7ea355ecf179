// Compile: a document -> a checked, evaluable ruleset, or all that is wrong with it.

#ifndef PLUMBLINE_SERVER_RULESET_COMPILER_H_
#define PLUMBLINE_SERVER_RULESET_COMPILER_H_

#include <memory>
#include <vector>

#include "google/protobuf/descriptor.h"
#include "server/base/issue.h"
#include "server/ruleset/compiled_ruleset.h"
#include "server/ruleset/document.h"

namespace plumbline::ruleset {

struct CompileResult {
  // Null when `issues` holds an error.
  std::shared_ptr<const CompiledRuleset> ruleset;
  std::vector<Issue> issues;  // sorted by place
};

struct Probes;

struct CompileOptions {
  // Look for what is allowed and yet wrong (never matches, overlaps, cannot be reached ...). Costs
  // most of the time of a compilation.
  bool lint = true;
  // Where to put the conditions taken apart (probes.h); null: not wanted.
  Probes* probes = nullptr;
};

// Checks the whole document against the message that intakes come in (plumbline.v1.Intake; any
// message of the shape that expr::Schema accepts) and compiles it. Never stops at the first
// problem. `parse_issues` are the issues from RulesetDocument::Parse; they are included in the
// result.
CompileResult Compile(const RulesetDocument& document, const google::protobuf::Descriptor& intake,
                      std::vector<Issue> parse_issues = {}, const CompileOptions& options = {});

// Read, parse, compile. The status is for failures to read; mistakes in the files are issues.
absl::StatusOr<CompileResult> CompileFolder(const std::string& folder,
                                            const CompileOptions& options = {});

}  // namespace plumbline::ruleset

#endif  // PLUMBLINE_SERVER_RULESET_COMPILER_H_
