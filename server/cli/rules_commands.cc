#include "server/cli/rules_commands.h"

#include <algorithm>
#include <string>
#include <vector>

#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "server/cli/load_rules.h"
#include "server/cli/text_layout.h"
#include "server/cli/text_renderer.h"
#include "server/engine/vignette_runner.h"
#include "server/ruleset/compiler.h"

namespace plumbline::cli {
namespace {

// As JSON, so that editors and CI can place the problems.
google::protobuf::Value IssueToJson(const Issue& issue) {
  google::protobuf::Value value;
  auto& fields = *value.mutable_struct_value()->mutable_fields();
  fields["severity"].set_string_value(issue.severity == Severity::kError ? "error" : "warning");
  fields["file"].set_string_value(issue.location.file);
  fields["line"].set_number_value(issue.location.line);
  fields["column"].set_number_value(issue.location.column);
  fields["code"].set_string_value(issue.code);
  fields["message"].set_string_value(issue.message);
  fields["hint"].set_string_value(issue.hint);
  return value;
}

std::string Summarize(const ruleset::CompiledRuleset& ruleset) {
  const v1::Ruleset& source = ruleset.source;
  return absl::StrCat(source.manifest().ruleset_id(), " ", source.manifest().version(),
                      ", revision ", ruleset.revision.substr(0, 12), ": ", source.questions_size(),
                      " questions, ", source.red_flags_size(), " triage rules, ",
                      source.conditions_size(), " conditions, ", source.exercises_size(),
                      " exercises, ", source.vignettes_size(), " vignettes");
}

class RulesCheckCommand : public Command {
 public:
  void Declare(CLI::App& parent) override {
    app_ = parent.add_subcommand("check", "Report everything that is wrong with a ruleset");
    app_->add_option("DIR", folder_, "Folder of *.textproto files")->required();
    app_->add_option("--format", format_, "text or json")
        ->check(CLI::IsMember({"text", "json"}))
        ->capture_default_str();
    app_->add_flag("--strict", strict_, "Warnings fail the check too");
    app_->footer(
        "\nPrints one line for each problem, `file:line:col: severity: code: message (hint)`, and "
        "a\n"
        "summary. Exit codes: 0 clean (warnings allowed), 1 problems, 3 the folder cannot be "
        "read.\n"
        "\nExamples:\n"
        "  plumbline rules check rules/low_back_pain\n"
        "  plumbline rules check rules/low_back_pain --strict --format json\n");
  }

  int Run(Environment& environment) override {
    const absl::StatusOr<ruleset::CompileResult> result = ruleset::CompileFolder(folder_);
    if (!result.ok()) {
      environment.err << "plumbline: cannot read the rules: "
                      << std::string(result.status().message()) << '\n';
      return kExitBadInput;
    }
    const bool failed = result->ruleset == nullptr || HasErrors(result->issues) ||
                        (strict_ && !result->issues.empty());
    if (format_ == "json") {
      PrintJson(*result, failed, environment.out);
    } else {
      PrintText(*result, failed, environment.out);
    }
    return failed ? kExitCheckFailed : kExitOk;
  }

 private:
  void PrintText(const ruleset::CompileResult& result, bool failed, std::ostream& out) const {
    for (const Issue& issue : result.issues) {
      out << Printable(FormatIssue(issue)) << '\n';
    }
    if (result.ruleset != nullptr) {
      out << Summarize(*result.ruleset) << '\n';
    }
    out << (failed ? "FAILED: " : "OK: ") << folder_ << ": " << CountIssues(result.issues) << '\n';
  }

  static void PrintJson(const ruleset::CompileResult& result, bool failed, std::ostream& out) {
    google::protobuf::Struct report;
    auto& fields = *report.mutable_fields();
    fields["ok"].set_bool_value(!failed);
    fields["revision"].set_string_value(result.ruleset == nullptr ? "" : result.ruleset->revision);
    auto& issues = *fields["issues"].mutable_list_value();
    for (const Issue& issue : result.issues) {
      *issues.add_values() = IssueToJson(issue);
    }
    google::protobuf::util::JsonPrintOptions options;
    options.add_whitespace = true;
    std::string json;
    if (google::protobuf::util::MessageToJsonString(report, &json, options).ok()) {
      out << json;
    }
  }

  std::string folder_;
  std::string format_ = "text";
  bool strict_ = false;
};

class RulesTestCommand : public Command {
 public:
  void Declare(CLI::App& parent) override {
    app_ = parent.add_subcommand("test", "Run the vignettes of a ruleset");
    app_->add_option("DIR", folder_, "Folder of *.textproto files")->required();
    app_->add_option("--filter", filter_, "Only vignettes whose id holds this text");
    app_->add_flag("--verbose", verbose_, "Show the fired rules of every vignette");
    app_->footer(
        "\nA vignette is a worked patient with the answer that the author expects. Prints a table, "
        "and\n"
        "for each one that failed the differences and the rules that fired. Exit codes: 0 all "
        "passed,\n"
        "1 one failed or none ran, 3 the rules cannot be used.\n"
        "\nExamples:\n"
        "  plumbline rules test rules/low_back_pain\n"
        "  plumbline rules test rules/low_back_pain --filter V-CES --verbose\n");
  }

  int Run(Environment& environment) override {
    const auto rules = LoadRules(folder_, environment.err);
    if (rules == nullptr) {
      return kExitBadInput;
    }
    std::vector<engine::VignetteResult> results = engine::RunVignettes(engine::Engine(rules));
    const size_t total = results.size();
    std::erase_if(results, [this](const engine::VignetteResult& result) {
      return !absl::StrContains(result.id, filter_);
    });
    TextPage page(environment.terminal_width, environment.terminal);
    PrintTable(results, page);
    environment.out << page.text();
    for (const engine::VignetteResult& result : results) {
      if (!result.passed || verbose_) {
        PrintDetails(result, environment);
      }
    }
    return PrintSummary(results, total, environment.out);
  }

 private:
  static std::string Verdict(const engine::VignetteResult& result) {
    if (result.passed) {
      return "ok";
    }
    return result.safety_failure ? "FAILED: UNSAFE"
           : result.over_triage  ? "FAILED: over-triage"
                                 : "FAILED";
  }

  static void PrintTable(const std::vector<engine::VignetteResult>& results, TextPage& page) {
    std::vector<std::vector<std::string>> rows;
    for (const engine::VignetteResult& result : results) {
      rows.push_back({result.id, Verdict(result), result.title});
    }
    if (!rows.empty()) {
      page.Table(0, {"Vignette", "Result", "Title"}, rows);
    }
  }

  static void PrintDetails(const engine::VignetteResult& result, Environment& environment) {
    TextPage page(environment.terminal_width, environment.terminal);
    page.Blank();
    environment.out << '\n';
    page.Item(0, result.passed ? "ok      " : "FAILED  ",
              absl::StrCat(result.id, ": ", result.title), Style::kBold);
    for (const std::string& difference : result.differences) {
      page.Item(2, "- ", difference, Style::kRed);
    }
    const v1::Disposition& disposition = result.decision.disposition();
    page.Line(2, absl::StrCat("answer: ", v1::Level_Name(disposition.level()), " / ",
                              v1::Gate_Name(disposition.gate()), ", stage ",
                              result.decision.stage().stage_id()));
    std::string exercises;
    for (const v1::Prescription& prescription : result.decision.programme()) {
      absl::StrAppend(&exercises, exercises.empty() ? "" : ", ", prescription.exercise_id());
    }
    page.Line(2, absl::StrCat("programme: ", exercises.empty() ? "none" : exercises));
    environment.out << page.text()
                    << RenderTrace(result.decision, {environment.terminal_width,
                                                     environment.terminal, false, false});
  }

  int PrintSummary(const std::vector<engine::VignetteResult>& results, size_t total,
                   std::ostream& out) const {
    const auto count = [&results](bool engine::VignetteResult::*flag) {
      return std::count_if(results.begin(), results.end(),
                           [flag](const engine::VignetteResult& result) { return result.*flag; });
    };
    const auto passed = count(&engine::VignetteResult::passed);
    const auto failed = static_cast<std::ptrdiff_t>(results.size()) - passed;
    if (results.empty()) {
      out << "FAILED: no vignette ran (" << total << " in the ruleset"
          << (filter_.empty() ? "" : ", none with \"" + filter_ + "\" in its id") << ")\n";
      return kExitCheckFailed;
    }
    out << '\n'
        << (failed == 0 ? "OK: " : "FAILED: ") << passed << " of " << results.size()
        << " vignettes passed";
    if (failed > 0) {
      out << ", " << count(&engine::VignetteResult::safety_failure) << " unsafe, "
          << count(&engine::VignetteResult::over_triage) << " over-triaged";
    }
    out << '\n';
    return failed == 0 ? kExitOk : kExitCheckFailed;
  }

  std::string folder_;
  std::string filter_;
  bool verbose_ = false;
};

}  // namespace

std::unique_ptr<Command> MakeRulesCheckCommand() { return std::make_unique<RulesCheckCommand>(); }

std::unique_ptr<Command> MakeRulesTestCommand() { return std::make_unique<RulesTestCommand>(); }

}  // namespace plumbline::cli
