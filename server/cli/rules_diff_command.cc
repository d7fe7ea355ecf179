#include "server/cli/rules_diff_command.h"

#include <cstdio>
#include <fstream>
#include <utility>

#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "google/protobuf/util/json_util.h"
#include "server/cli/audit_target.h"
#include "server/cli/load_rules.h"
#include "server/cli/replay_on_log.h"
#include "server/cli/text_layout.h"
#include "server/diff/impact.h"
#include "server/diff/ruleset_diff.h"
#include "server/review/diff_html.h"
#include "server/review/diff_md.h"
#include "server/review/diff_page.h"

namespace plumbline::cli {
namespace {

using review::DiffEntry;
using review::DiffPage;
using review::DiffSection;

// Ids that are named before the rest is counted.
constexpr size_t kMostIds = 12;

std::string Ids(const std::vector<std::string>& ids) {
  const size_t shown = std::min(ids.size(), kMostIds);
  std::string text =
      absl::StrJoin(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(shown), ", ");
  if (ids.size() > shown) absl::StrAppend(&text, " and ", ids.size() - shown, " more");
  return text;
}

class TextForm {
 public:
  TextForm(int width, bool color) : page_(width, color) {}

  std::string Run(const DiffPage& diff) && {
    page_.Line(0, diff.title, Style::kBold);
    page_.Line(0, absl::StrCat(diff.old_name, " -> ", diff.new_name), Style::kDim);
    page_.Blank();
    page_.Line(0, diff.verdict, diff.sufficient ? Style::kGreen : Style::kRed);
    if (!diff.because.empty()) page_.Item(0, "Because: ", diff.because);
    if (!diff.impact.empty()) WriteImpact(diff);
    for (const DiffSection& section : diff.sections) Write(section);
    return page_.text();
  }

 private:
  void WriteImpact(const DiffPage& diff) {
    page_.Heading("Recorded patients");
    for (const std::string& sentence : diff.impact) page_.Line(2, sentence);
    for (const review::DiffTable& table : diff.impact_tables) {
      page_.Blank();
      page_.Line(2, table.title);
      page_.Table(4, table.head, table.rows);
    }
  }

  void Write(const DiffSection& section) {
    page_.Heading(absl::StrCat(section.title, " (", section.size, ")"));
    for (const review::DiffGroup& group : section.groups) {
      for (const DiffEntry& entry : group.entries) Write(entry);
    }
    for (const std::string& count : section.counts) page_.Line(2, count);
  }

  void Write(const DiffEntry& entry) {
    const std::string lead = absl::StrCat(entry.verb, std::string(8 - entry.verb.size(), ' '));
    page_.Item(2, lead, entry.sentence);
    for (const review::DiffValue& value : entry.values) {
      page_.Line(10, absl::StrCat(value.path, ":"), Style::kDim);
      if (!value.old_value.empty()) page_.Item(10, "- ", value.old_value, Style::kRed);
      if (!value.new_value.empty()) page_.Item(10, "+ ", value.new_value, Style::kGreen);
    }
    if (!entry.affects.empty()) page_.Item(10, "On it rest: ", Ids(entry.affects));
    if (!entry.impact.empty()) page_.Item(10, "Recorded patients: ", entry.impact);
  }

  TextPage page_;
};

std::string JsonForm(const v1::RulesetDiff& diff) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.preserve_proto_field_names = true;
  std::string json;
  return google::protobuf::util::MessageToJsonString(diff, &json, options).ok() ? json : "";
}

class RulesDiffCommand : public Command {
 public:
  void Declare(CLI::App& parent) override {
    app_ = parent.add_subcommand("diff", "Say what changed between two revisions, and how much");
    app_->add_option("OLD", old_, "Folder of *.textproto files, or a built ruleset file")
        ->required();
    app_->add_option("NEW", new_, "The same for the newer one")->required();
    app_->add_option("--format", format_, "text, md, html or json")
        ->check(CLI::IsMember({"text", "md", "html", "json"}))
        ->capture_default_str();
    app_->add_option("-o,--output", file_, "File to write (default: the standard output)");
    DeclareReplay();
    app_->footer(
        "\nCompares what the rules mean: layout, files and orders that do not count make no "
        "difference.\n"
        "Each change is clinical (it can change who gets what, what is asked, or what somebody is "
        "told\n"
        "to do) or editorial, and demands a version: docs/reference/versioning.md. JSON is\n"
        "plumbline.v1.RulesetDiff. Exit codes: 0 the version suffices (or nothing changed), 1 it "
        "is too\n"
        "small, 3 the rules cannot be used or the file not written.\n"
        "\nExamples:\n"
        "  plumbline rules diff rules/releases/low_back_pain-0.2.0.plumb rules/low_back_pain\n"
        "  plumbline rules diff old new --format html -o changes.html\n"
        "  plumbline rules diff old new --replay /var/lib/plumbline/log --log-key master.key\n");
  }

  int Run(Environment& environment) override {
    ruleset::CompileOptions options;
    options.lint = false;
    const LoadedRules before = LoadRulesWithDocument(old_, options, environment.err);
    const LoadedRules after = LoadRulesWithDocument(new_, options, environment.err);
    if (before.ruleset == nullptr || after.ruleset == nullptr) return kExitBadInput;
    v1::RulesetDiff diff = diff::DiffRulesets(*before.ruleset, *after.ruleset);
    if (!log_.folder.empty()) {
      const int code = JoinReplay(before, after, environment, diff);
      if (code != kExitOk) return code;
    }
    const bool to_terminal = environment.terminal && file_.empty();
    const std::string text =
        FormatDiff(diff, format_, environment.terminal_width, to_terminal, environment.err);
    if (text.empty()) return kExitInternal;
    if (!Write(text, environment)) return kExitBadInput;
    if (diff.version_sufficient()) return kExitOk;
    environment.err << "plumbline: " << Printable(review::VersionRefusal(diff)) << '\n';
    return kExitCheckFailed;
  }

 private:
  void DeclareReplay() {
    auto* log = app_->add_option("--replay", log_.folder,
                                 "Folder of a decision log: evaluate the intakes that OLD decided "
                                 "with NEW, and count the patients behind each change");
    app_->add_option("--log-key", log_.key_file,
                     "File of its master keys (default: $PLUMBLINE_LOG_KEY)")
        ->needs(log);
    app_->add_option("--log-signing-key", log_.signing_key_file,
                     "File of the key that signs its checkpoints")
        ->needs(log);
    app_->add_flag("--all-decisions", all_decisions_,
                   "Those of other revisions, too: their changes are not OLD's alone")
        ->needs(log);
    app_->add_option("--jobs", jobs_, "Threads of the replay")
        ->check(CLI::Range(1, 256))
        ->needs(log)
        ->capture_default_str();
  }

  // The replay goes on record in the log.
  int JoinReplay(const LoadedRules& before, const LoadedRules& after, Environment& environment,
                 v1::RulesetDiff& diff) const {
    if (!environment.open_log) {
      environment.err << "plumbline: this program was built without local logs\n";
      return kExitUsage;
    }
    absl::StatusOr<std::unique_ptr<OpenedLog>> log = environment.open_log(log_);
    if (!log.ok()) {
      return ReportError(ExplainLocked(log.status(),
                                       "If that is a server, stop it first, or use a "
                                       "copy of the folder."),
                         false, environment.err);
    }
    const auto client = MakeLocalAuditClient(*std::move(log), CallerName());
    ReplayOnLogOptions options;
    options.candidate = after.ruleset;
    if (!all_decisions_) options.job.only_revision = before.ruleset->revision;
    options.threads = jobs_;
    options.purpose = "rules diff";
    absl::StatusOr<v1::ImpactReport> report = ReplayOnLog(*client, options, environment);
    if (!report.ok()) return ReportError(report.status(), false, environment.err);
    if (report->decisions() == 0 && !all_decisions_) {
      environment.err << "plumbline: no decision of this log was made under revision "
                      << before.ruleset->revision.substr(0, 12)
                      << "; --all-decisions takes those of every revision\n";
    }
    diff::JoinImpact(diff, *std::move(report));
    return kExitOk;
  }

  bool Write(const std::string& text, Environment& environment) const {
    if (file_.empty()) {
      environment.out << text;
      return true;
    }
    // Beside the old file first: a full disk must not leave half a document.
    const std::string fresh = file_ + ".new";
    std::ofstream file(fresh, std::ios::binary | std::ios::trunc);
    file << text;
    file.close();
    if (!file || std::rename(fresh.c_str(), file_.c_str()) != 0) {
      environment.err << "plumbline: cannot write " << Printable(file_) << '\n';
      return false;
    }
    return true;
  }

  std::string old_;
  std::string new_;
  std::string format_ = "text";
  std::string file_;
  OpenLogOptions log_;
  bool all_decisions_ = false;
  int jobs_ = 2;
};

}  // namespace

std::string FormatDiff(const v1::RulesetDiff& diff, const std::string& format, int width,
                       bool color, std::ostream& err) {
  if (format == "json") return JsonForm(diff);
  const DiffPage page = review::BuildDiffPage(diff);
  if (format == "md") return review::DiffMarkdown(page);
  if (format == "text") return TextForm(width, color).Run(page);
  const review::RenderedHtml rendered = review::DiffHtml(page);
  for (const std::string& problem : rendered.problems) {
    err << "plumbline: " << Printable(problem) << '\n';
  }
  return rendered.problems.empty() ? rendered.html : "";
}

std::unique_ptr<Command> MakeRulesDiffCommand() { return std::make_unique<RulesDiffCommand>(); }

}  // namespace plumbline::cli
