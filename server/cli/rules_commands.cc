#include "server/cli/rules_commands.h"

#include <string>
#include <vector>

#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/strings/str_cat.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "server/cli/load_rules.h"
#include "server/cli/text_layout.h"
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
    app_->add_option("DIR", folder_, "Folder of *.textproto files, or a ruleset file")->required();
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
    const absl::StatusOr<ruleset::CompileResult> result = CompileRules(folder_);
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

}  // namespace

std::unique_ptr<Command> MakeRulesCheckCommand() { return std::make_unique<RulesCheckCommand>(); }

}  // namespace plumbline::cli
