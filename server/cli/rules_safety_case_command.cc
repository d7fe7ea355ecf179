#include "server/cli/rules_safety_case_command.h"

#include <string>
#include <utility>
#include <vector>

#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "server/cli/load_rules.h"
#include "server/cli/text_layout.h"
#include "server/review/safety_case.h"

namespace plumbline::cli {
namespace {

class RulesSafetyCaseCommand : public Command {
 public:
  void Declare(CLI::App& parent) override {
    app_ = parent.add_subcommand("safety-case", "Write the hazard log as a report");
    app_->add_option("DIR", folder_, "Folder of *.textproto files, or a ruleset file")->required();
    app_->add_option("--format", format_, "md or html")
        ->check(CLI::IsMember({"md", "html"}))
        ->capture_default_str();
    app_->footer(
        "\nHazards, worst first, with their controls and what proves these. Exit codes: 0 written, "
        "1 the\n"
        "ruleset has no hazards, 3 the rules cannot be used.\n"
        "\nExamples:\n"
        "  plumbline rules safety-case rules/low_back_pain > safety_case.md\n"
        "  plumbline rules safety-case rules/low_back_pain --format html > safety_case.html\n");
  }

  int Run(Environment& environment) override {
    const LoadedRules loaded = LoadRulesWithDocument(folder_, {}, environment.err);
    if (loaded.ruleset == nullptr) {
      return kExitBadInput;
    }
    const ruleset::RulesetDocument& document = *loaded.document;
    if (document.ruleset().hazards_size() == 0) {
      environment.err << "plumbline: " << folder_ << " has no hazards\n";
      return kExitCheckFailed;
    }
    environment.out << (format_ == "html" ? review::SafetyCaseHtml(document, folder_)
                                          : review::SafetyCaseMarkdown(document, folder_));
    return kExitOk;
  }

 private:
  std::string folder_;
  std::string format_ = "md";
};

}  // namespace

std::unique_ptr<Command> MakeRulesSafetyCaseCommand() {
  return std::make_unique<RulesSafetyCaseCommand>();
}

}  // namespace plumbline::cli
