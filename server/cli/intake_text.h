// The answers of an intake as a person would say them.

#ifndef PLUMBLINE_SERVER_CLI_INTAKE_TEXT_H_
#define PLUMBLINE_SERVER_CLI_INTAKE_TEXT_H_

#include <string>
#include <vector>

#include "absl/time/civil_time.h"
#include "plumbline/v1/intake.pb.h"
#include "server/cli/text_layout.h"
#include "server/ruleset/compiled_ruleset.h"

namespace plumbline::cli {

struct IntakeAnswers {
  struct Answer {
    std::string label;  // "Age"
    std::string text;   // "44 years"
  };
  // In the order of the questions.
  std::vector<Answer> given;
  // Labels of what was answered with "no", and of what was asked and is not known.
  std::vector<std::string> no;
  std::vector<std::string> asked_not_known;
};

// With the labels and units of `ruleset`, or, if it is null, with the names of the fields.
IntakeAnswers ReadAnswers(const v1::Intake& intake, const ruleset::CompiledRuleset* ruleset);

void PutAnswers(const IntakeAnswers& answers, int indent, TextPage& page);

}  // namespace plumbline::cli

#endif  // PLUMBLINE_SERVER_CLI_INTAKE_TEXT_H_
