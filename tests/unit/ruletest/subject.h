// Subjects for tests of ruletest, made from ruleset texts.

#ifndef PLUMBLINE_TESTS_UNIT_RULETEST_SUBJECT_H_
#define PLUMBLINE_TESTS_UNIT_RULETEST_SUBJECT_H_

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "plumbline/v1/intake.pb.h"
#include "server/ruleset/compiler.h"
#include "server/ruleset/document.h"
#include "server/ruletest/cases.h"
#include "tests/testing/engine/safe_answers.h"
#include "tests/testing/engine/small_ruleset.h"

namespace plumbline::ruletest {

// The patient of kSafeAnswers, as a vignette.
inline const std::string kPlainVignette =
    absl::StrCat("vignettes { id: \"V-PLAIN\" title: \"Nothing special\" given {",
                 testing::kSafeAnswers, "} expect { level: LEVEL_EXERCISE_OK } }\n");

// Null, and the test fails, when the text has errors.
inline std::unique_ptr<Subject> MakeSubject(const std::string& text) {
  auto subject = std::make_unique<Subject>();
  std::vector<Issue> issues;
  const auto document = ruleset::RulesetDocument::Parse({{"small.textproto", text}}, issues);
  ruleset::CompileOptions options;
  options.lint = false;
  options.probes = &subject->probes;
  ruleset::CompileResult compiled =
      ruleset::Compile(document, *v1::Intake::descriptor(), std::move(issues), options);
  for (const Issue& issue : compiled.issues) {
    EXPECT_NE(issue.severity, Severity::kError) << FormatIssue(issue);
  }
  if (compiled.ruleset == nullptr) return nullptr;
  subject->ruleset = std::move(compiled.ruleset);
  PrepareSubject(*subject);
  return subject;
}

// Differences of all cases, one line each.
inline std::vector<std::string> RunAll(const Subject& subject, const CaseSet& cases) {
  std::vector<std::string> differences;
  CaseRunner runner(subject);
  for (const Case& one : cases.cases()) {
    for (const std::string& difference : runner.Run(one)) {
      differences.push_back(one.patient + ": " + difference);
    }
  }
  return differences;
}

}  // namespace plumbline::ruletest

#endif  // PLUMBLINE_TESTS_UNIT_RULETEST_SUBJECT_H_
