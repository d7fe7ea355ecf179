#include "server/cli/rules_render_command.h"

#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "plumbline/v1/intake.pb.h"
#include "server/cli/text_layout.h"
#include "server/review/render_html.h"
#include "server/review/render_md.h"
#include "server/review/render_model.h"
#include "server/ruleset/compiler.h"

namespace plumbline::cli {
namespace {

class RulesRenderCommand : public Command {
 public:
  void Declare(CLI::App& parent) override {
    app_ = parent.add_subcommand("render", "Write the rules as a document for review");
    app_->add_option("DIR", folder_, "Folder of *.textproto files")->required();
    app_->add_option("--format", format_, "md or html")
        ->check(CLI::IsMember({"md", "html"}))
        ->capture_default_str();
    app_->add_option("-o,--output", output_, "File to write; without it, standard output");
    app_->footer(
        "\nRules, exercises, questions, sources and tests with links between them, made from the "
        "same\n"
        "files that the program runs. The HTML is one file that needs no network and no script, "
        "and\n"
        "prints on A4. Exit codes: 0 written, 1 a link leads nowhere (written all the same), 3 the "
        "rules\n"
        "cannot be used or the file cannot be written.\n"
        "\nExamples:\n"
        "  plumbline rules render rules/low_back_pain --format html -o rules.html\n"
        "  plumbline rules render rules/low_back_pain --format md > rules.md\n");
  }

  int Run(Environment& environment) override {
    absl::StatusOr<std::vector<ruleset::SourceFile>> files = ruleset::ReadRulesetFolder(folder_);
    if (!files.ok()) {
      environment.err << "plumbline: cannot read the rules: "
                      << std::string(files.status().message()) << '\n';
      return kExitBadInput;
    }
    std::vector<Issue> mistakes;
    const auto document = ruleset::RulesetDocument::Parse(*std::move(files), mistakes, folder_);
    const ruleset::CompileResult result =
        ruleset::Compile(document, *v1::Intake::descriptor(), std::move(mistakes));
    if (result.ruleset == nullptr) {
      for (const Issue& issue : result.issues) {
        if (issue.severity == Severity::kError) {
          environment.err << Printable(FormatIssue(issue)) << '\n';
        }
      }
      environment.err << "plumbline: the rules in " << folder_
                      << " cannot be used: " << CountIssues(result.issues) << '\n';
      return kExitBadInput;
    }
    const absl::StatusOr<review::ReviewPage> page = review::BuildReviewPage(document);
    if (!page.ok()) {
      environment.err << "plumbline: " << std::string(page.status().message()) << '\n';
      return kExitBadInput;
    }
    return Write(*page, environment);
  }

 private:
  int Write(const review::ReviewPage& page, Environment& environment) const {
    std::vector<std::string> problems = page.dangling;
    std::string text;
    if (format_ == "html") {
      review::RenderedHtml rendered = review::RenderHtml(page);
      text = std::move(rendered.html);
      problems.insert(problems.end(), rendered.problems.begin(), rendered.problems.end());
    } else {
      text = review::RenderMarkdown(page);
    }
    if (output_.empty()) {
      environment.out << text;
    } else {
      std::ofstream file(output_, std::ios::binary | std::ios::trunc);
      file << text;
      file.close();
      if (!file) {
        environment.err << "plumbline: cannot write " << Printable(output_) << '\n';
        return kExitBadInput;
      }
    }
    for (const std::string& problem : problems) {
      environment.err << "plumbline: leads nowhere: " << Printable(problem) << '\n';
    }
    return problems.empty() ? kExitOk : kExitCheckFailed;
  }

  std::string folder_;
  std::string format_ = "md";
  std::string output_;
};

}  // namespace

std::unique_ptr<Command> MakeRulesRenderCommand() { return std::make_unique<RulesRenderCommand>(); }

}  // namespace plumbline::cli
