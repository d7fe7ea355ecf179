#include "server/cli/rules_render_command.h"

#include <cstdio>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "server/cli/load_rules.h"
#include "server/cli/text_layout.h"
#include "server/review/render_html.h"
#include "server/review/render_md.h"
#include "server/review/render_model.h"

namespace plumbline::cli {
namespace {

class RulesRenderCommand : public Command {
 public:
  void Declare(CLI::App& parent) override {
    app_ = parent.add_subcommand("render", "Write the rules as a document for reviewers");
    app_->add_option("DIR", folder_, "Folder of *.textproto files, or a ruleset file")->required();
    app_->add_option("--format", format_, "html or md")
        ->check(CLI::IsMember({"html", "md"}))
        ->capture_default_str();
    app_->add_option("-o,--output", file_, "File to write (default: the standard output)");
    app_->footer(
        "\nEverything that the rules say, from the same files that the engine runs: scales, red\n"
        "flags, patterns, exercises with dose, selection, advice, questions, hazards, sources,\n"
        "tests, each linked to the others. One HTML file that needs no network and prints on A4,\n"
        "or Markdown. Exit codes: 0 written, 3 the rules cannot be used or the file not written.\n"
        "\nExamples:\n"
        "  plumbline rules render rules/low_back_pain --format html -o rules.html\n"
        "  plumbline rules render rules/low_back_pain --format md > rules.md\n");
  }

  int Run(Environment& environment) override {
    ruleset::CompileOptions options;
    options.lint = false;
    const LoadedRules loaded = LoadRulesWithDocument(folder_, options, environment.err);
    if (loaded.ruleset == nullptr) {
      return kExitBadInput;
    }
    const ruleset::RulesetDocument& document = *loaded.document;
    const absl::StatusOr<review::ReviewPage> page = review::BuildReviewPage(document);
    if (!page.ok()) {
      environment.err << "plumbline: " << std::string(page.status().message()) << '\n';
      return kExitInternal;
    }
    std::string text;
    std::vector<std::string> problems = page->dangling;
    if (format_ == "md") {
      text = review::RenderMarkdown(*page);
    } else {
      review::RenderedHtml rendered = review::RenderHtml(*page);
      text = std::move(rendered.html);
      problems.insert(problems.end(), rendered.problems.begin(), rendered.problems.end());
    }
    for (const std::string& problem : problems) {
      environment.err << "plumbline: " << Printable(problem) << '\n';
    }
    if (!problems.empty()) {
      return kExitInternal;
    }
    return Write(text, environment);
  }

 private:
  int Write(const std::string& text, Environment& environment) const {
    if (file_.empty()) {
      environment.out << text;
      return kExitOk;
    }
    // Beside the old file first: a full disk must not leave half a document.
    const std::string fresh = file_ + ".new";
    std::ofstream file(fresh, std::ios::binary | std::ios::trunc);
    file << text;
    file.close();
    if (!file || std::rename(fresh.c_str(), file_.c_str()) != 0) {
      environment.err << "plumbline: cannot write " << file_ << '\n';
      return kExitBadInput;
    }
    return kExitOk;
  }

  std::string folder_;
  std::string format_ = "html";
  std::string file_;
};

}  // namespace

std::unique_ptr<Command> MakeRulesRenderCommand() { return std::make_unique<RulesRenderCommand>(); }

}  // namespace plumbline::cli
