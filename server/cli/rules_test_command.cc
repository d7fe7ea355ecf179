#include "server/cli/rules_test_command.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "server/cli/load_rules.h"
#include "server/cli/text_layout.h"
#include "server/cli/text_renderer.h"
#include "server/ruletest/cases.h"
#include "server/ruletest/mutation_run.h"
#include "server/ruletest/table_text.h"
#include "server/ruletest/table_writer.h"

namespace plumbline::cli {
namespace {

// A ruleset with its conditions taken apart, and the document for the places of things.
struct LoadedSubject {
  ruletest::Subject subject;
  std::unique_ptr<const ruleset::RulesetDocument> document;
};

// Empty if the rules cannot be used; what is wrong is written to `err`.
std::unique_ptr<LoadedSubject> LoadSubject(const std::string& folder, std::ostream& err) {
  auto loaded = std::make_unique<LoadedSubject>();
  ruleset::CompileOptions options;
  options.lint = false;
  options.probes = &loaded->subject.probes;
  LoadedRules rules = LoadRulesWithDocument(folder, options, err);
  if (rules.ruleset == nullptr) return nullptr;
  loaded->subject.ruleset = std::move(rules.ruleset);
  loaded->document = std::move(rules.document);
  ruletest::PrepareSubject(loaded->subject);
  return loaded;
}

// A line that is written over while work goes on; nothing where no person is watching.
class ProgressLine {
 public:
  explicit ProgressLine(Environment& environment, std::string what)
      : environment_(environment), what_(std::move(what)) {}
  ~ProgressLine() {
    if (shown_) environment_.err << "\r\x1b[K" << std::flush;
  }
  void operator()(double share) {
    if (!environment_.terminal) return;
    shown_ = true;
    environment_.err << absl::StrFormat("\r%s %3.0f %%", what_, share * 100) << std::flush;
  }

 private:
  Environment& environment_;
  std::string what_;
  bool shown_ = false;
};

std::string Percent(size_t part, size_t whole) {
  return absl::StrFormat(
      "%.1f %%",
      whole == 0 ? 100.0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

class RulesTestCommand : public Command {
 public:
  void Declare(CLI::App& parent) override {
    app_ = parent.add_subcommand("test", "Run the tests of a ruleset");
    app_->add_option("DIR", folder_, "Folder of *.textproto files, or a ruleset file")->required();
    app_->add_option("--filter", filter_, "Only vignettes whose id holds this text");
    app_->add_flag("--verbose", verbose_, "Show the fired rules of every vignette");
    app_->add_flag("--coverage", coverage_, "Report which outcomes and parts were exercised");
    app_->add_flag("--mutate", mutate_, "Change the rules one by one: do the tests notice?");
    app_->add_option("--every", every_, "With --mutate: every n-th change only")
        ->check(CLI::Range(1, 1'000'000))
        ->capture_default_str();
    app_->add_option("--threads", threads_, "With --mutate: how many at a time")
        ->check(CLI::Range(1, 256))
        ->capture_default_str();
    app_->add_option("--min-outcomes", min_outcomes_,
                     "With --coverage: fail below this share of outcomes, in percent")
        ->check(CLI::Range(0.0, 100.0));
    app_->add_option("--min-mcdc", min_mcdc_,
                     "With --coverage: fail below this share of deciding parts, in percent")
        ->check(CLI::Range(0.0, 100.0));
    app_->add_option("--min-killed", min_killed_,
                     "With --mutate: fail below this share of noticed changes, in percent")
        ->check(CLI::Range(0.0, 100.0));
    app_->footer(
        "\nA vignette is a worked patient with the answer that the author expects; an outcome "
        "table\n"
        "says where the outcome of a condition changes. Prints a table of vignettes, and for each\n"
        "one that failed the differences and the rules that fired; then what the tables say.\n"
        "--coverage: every condition as match, no match and indeterminate, and every part of it\n"
        "deciding as true and as false (MC/DC). --mutate: thresholds moved, operators turned, "
        "parts\n"
        "dropped, dispositions swapped, contraindications removed, doses changed.\n"
        "Exit codes: 0 all passed, 1 one failed, none ran or a minimum was missed, 3 the rules\n"
        "cannot be used.\n"
        "\nExamples:\n"
        "  plumbline rules test rules/low_back_pain\n"
        "  plumbline rules test rules/low_back_pain --filter V-CES --verbose\n"
        "  plumbline rules test rules/low_back_pain --coverage --mutate\n");
  }

  int Run(Environment& environment) override {
    const std::unique_ptr<LoadedSubject> loaded = LoadSubject(folder_, environment.err);
    if (loaded == nullptr) return kExitBadInput;
    const ruletest::CaseSet cases(*loaded->subject.ruleset);
    bool passed = RunCases(*loaded, cases, environment);
    if (passed && mutate_) passed = Mutate(*loaded, cases, environment);
    return passed ? kExitOk : kExitCheckFailed;
  }

 private:
  struct Tally {
    size_t vignettes = 0;
    size_t vignettes_passed = 0;
    size_t unsafe = 0;
    size_t over_triaged = 0;
    size_t failed_rows = 0;
  };

  bool RunCases(const LoadedSubject& loaded, const ruletest::CaseSet& cases,
                Environment& environment) {
    ruletest::CaseRunner runner(loaded.subject);
    ruletest::Coverage coverage(*loaded.subject.ruleset, loaded.subject.probes);
    std::vector<std::vector<std::string>> table;
    std::vector<engine::VignetteResult> to_show;
    std::vector<std::string> rows;
    Tally tally;
    for (const ruletest::Case& one : cases.cases()) {
      engine::VignetteResult result;
      const std::vector<std::string> differences = runner.Run(one, &result);
      if (runner.evaluated()) coverage.Record(runner.frame());
      if (one.vignette == nullptr) {
        for (const std::string& difference : differences) {
          rows.push_back(absl::StrCat(one.patient, " with ", Joined(one.with), ": ", difference));
        }
        continue;
      }
      if (!absl::StrContains(one.patient, filter_)) continue;
      Finish(one, differences, result);
      ++tally.vignettes;
      tally.vignettes_passed += result.passed ? 1 : 0;
      tally.unsafe += result.safety_failure ? 1 : 0;
      tally.over_triaged += result.over_triage ? 1 : 0;
      table.push_back({result.id, Verdict(result), result.title});
      if (!result.passed || verbose_) to_show.push_back(std::move(result));
    }
    for (const std::string& difference :
         ruletest::CompareRegisters(loaded.subject.ruleset->source, cases)) {
      rows.push_back(difference);
    }
    rows.insert(rows.end(), cases.problems().begin(), cases.problems().end());
    tally.failed_rows = rows.size();

    TextPage page(environment.terminal_width, environment.terminal);
    if (!table.empty()) page.Table(0, {"Vignette", "Result", "Title"}, table);
    environment.out << page.text();
    for (const engine::VignetteResult& result : to_show) PrintDetails(result, environment);
    if (!rows.empty()) environment.out << '\n';
    for (const std::string& row : rows) environment.out << "FAILED  " << Printable(row) << '\n';
    const bool passed = PrintSummary(tally, cases, loaded, environment.out);
    return (!coverage_ || PrintCoverage(coverage, environment.out)) && passed;
  }

  static void Finish(const ruletest::Case& one, const std::vector<std::string>& differences,
                     engine::VignetteResult& result) {
    result.id = one.patient;
    result.title = one.vignette->title();
    result.differences = differences;
    result.passed = differences.empty();
  }

  static std::string Joined(const std::vector<std::string>& answers) {
    std::string text;
    for (const std::string& answer : answers) {
      absl::StrAppend(&text, text.empty() ? "" : ", ", answer);
    }
    return text;
  }

  static std::string Verdict(const engine::VignetteResult& result) {
    if (result.passed) return "ok";
    return result.safety_failure ? "FAILED: UNSAFE"
           : result.over_triage  ? "FAILED: over-triage"
                                 : "FAILED";
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

  bool PrintSummary(const Tally& tally, const ruletest::CaseSet& cases, const LoadedSubject& loaded,
                    std::ostream& out) const {
    if (tally.vignettes == 0) {
      out << "FAILED: no vignette ran (" << loaded.subject.ruleset->source.vignettes_size()
          << " in the ruleset"
          << (filter_.empty() ? "" : ", none with \"" + filter_ + "\" in its id") << ")\n";
      return false;
    }
    const bool passed = tally.vignettes == tally.vignettes_passed && tally.failed_rows == 0;
    out << '\n'
        << (passed ? "OK: " : "FAILED: ") << tally.vignettes_passed << " of " << tally.vignettes
        << " vignettes passed";
    if (tally.vignettes_passed < tally.vignettes) {
      out << ", " << tally.unsafe << " unsafe, " << tally.over_triaged << " over-triaged";
    }
    out << '\n';
    if (cases.row_count() + cases.registers().size() > 0) {
      out << (tally.failed_rows == 0 ? "OK: " : "FAILED: ") << tally.failed_rows << " of "
          << cases.row_count() << " rows of outcome tables and " << cases.registers().size()
          << " dose registers differ\n";
    }
    return passed;
  }

  bool PrintCoverage(const ruletest::Coverage& coverage, std::ostream& out) const {
    const ruletest::Coverage::Totals totals = coverage.Sum();
    out << "\nCoverage of " << coverage.conditions().size() << " conditions\n";
    for (const std::string& gap : coverage.Gaps()) out << "  " << Printable(gap) << '\n';
    out << "outcomes: " << totals.outcomes_seen << " of " << totals.outcomes << ", "
        << Percent(totals.outcomes_seen, totals.outcomes)
        << "\nparts that decided (MC/DC): " << totals.leaf_sides_seen << " of " << totals.leaf_sides
        << ", " << Percent(totals.leaf_sides_seen, totals.leaf_sides) << '\n';
    const auto share = [](size_t part, size_t whole) {
      return whole == 0 ? 100.0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
    };
    bool enough = true;
    if (share(totals.outcomes_seen, totals.outcomes) < min_outcomes_) {
      out << "FAILED: fewer outcomes than " << min_outcomes_ << " %\n";
      enough = false;
    }
    if (share(totals.leaf_sides_seen, totals.leaf_sides) < min_mcdc_) {
      out << "FAILED: fewer deciding parts than " << min_mcdc_ << " %\n";
      enough = false;
    }
    return enough;
  }

  bool Mutate(const LoadedSubject& loaded, const ruletest::CaseSet& cases,
              Environment& environment) const {
    using Fate = ruletest::MutantResult::Fate;
    ruletest::MutationOptions options;
    options.threads = threads_;
    options.every = every_;
    ruletest::MutationReport report;
    {
      ProgressLine line(environment, "changing the rules");
      options.progress = [&line](double share) { line(share); };
      report = ruletest::RunMutants(loaded.subject, cases, options);
    }
    std::map<std::string, std::array<size_t, 3>> kinds;
    for (const ruletest::MutantResult& result : report.results) {
      ++kinds[result.mutant.kind][static_cast<size_t>(result.fate)];
    }
    std::vector<std::vector<std::string>> table;
    for (const auto& [kind, counts] : kinds) {
      table.push_back({kind, absl::StrCat(counts[0] + counts[1] + counts[2]),
                       absl::StrCat(counts[2]), absl::StrCat(counts[0]), absl::StrCat(counts[1])});
    }
    TextPage page(environment.terminal_width, environment.terminal);
    page.Table(0, {"Change", "Made", "Refused by the checks", "Noticed", "Not noticed"}, table);
    std::ostream& out = environment.out;
    out << "\nMutation\n" << page.text();
    for (const ruletest::MutantResult& result : report.results) {
      if (result.fate != Fate::kSurvived) continue;
      const SourceLocation place = loaded.document->Locate(result.mutant.path);
      out << "not noticed: " << place.file << ':' << place.line << ": " << result.mutant.rule_id
          << ": " << result.mutant.kind << ": " << Printable(result.mutant.what) << '\n';
    }
    const size_t killed = report.Count(Fate::kKilled);
    const size_t judged = killed + report.Count(Fate::kSurvived);
    out << "noticed: " << killed << " of " << judged << ", " << Percent(killed, judged) << " ("
        << report.Count(Fate::kRefused) << " more were refused by the checks) in "
        << absl::StrFormat("%.0f", report.seconds) << " s\n";
    if (judged == 0 || report.KilledShare() * 100 < min_killed_) {
      out << "FAILED: fewer changes noticed than " << min_killed_ << " %\n";
      return false;
    }
    return true;
  }

  std::string folder_;
  std::string filter_;
  bool verbose_ = false;
  bool coverage_ = false;
  bool mutate_ = false;
  int every_ = 1;
  int threads_ = 2;
  double min_outcomes_ = 0;
  double min_mcdc_ = 0;
  double min_killed_ = 0;
};

// Where the tables of a ruleset stand in its folder.
constexpr char kTablesPath[] = "tests/outcome_tables.textproto";

class RulesCasesCommand : public Command {
 public:
  void Declare(CLI::App& parent) override {
    app_ = parent.add_subcommand("cases", "Find patients at every turning point of the rules");
    app_->add_option("DIR", folder_, "Folder of *.textproto files, or a ruleset file")->required();
    write_ = app_->add_option("--write", file_,
                              "Write to this file (DIR/tests/outcome_tables.textproto)");
    write_->expected(0, 1);
    app_->add_flag("--afresh", afresh_, "Look for all patients again, whatever is there");
    app_->footer(
        "\nFor every condition: patients for whom it matches, does not match and stays open; for\n"
        "whom each part of it decides; and just below, at and above every number. What the rules\n"
        "say of them is written down as outcome tables, which `plumbline rules test` compares "
        "from\n"
        "then on. Review the difference before you commit it: it is what your change does.\n"
        "Rows that are in FILE (or else in DIR/tests/outcome_tables.textproto) stay as they are "
        "where\n"
        "nothing has changed.\n"
        "Exit codes: 0 done, 3 the rules cannot be used or the file cannot be read or written.\n"
        "\nExamples:\n"
        "  plumbline rules cases rules/low_back_pain > /tmp/tables.textproto\n"
        "  plumbline rules cases rules/low_back_pain --write\n");
  }

  int Run(Environment& environment) override {
    std::unique_ptr<LoadedSubject> loaded = LoadSubject(folder_, environment.err);
    if (loaded == nullptr) return kExitBadInput;
    if (write_->count() > 0 && file_.empty()) {
      file_ = (std::filesystem::path(folder_) / kTablesPath).string();
    }
    v1::Ruleset previous;
    if (!afresh_ && !ReadPrevious(*loaded->document, previous, environment.err)) {
      return kExitBadInput;
    }
    ruletest::WrittenTables written;
    {
      const ruletest::CaseSet cases(*loaded->subject.ruleset);
      ProgressLine line(environment, "looking for patients");
      written = ruletest::WriteTables(loaded->subject, cases, previous,
                                      [&line](double share) { line(share); });
    }
    const std::string text = ruletest::FormatTables(written.tables);
    if (file_.empty()) {
      environment.out << text;
    } else if (!Replace(text)) {
      environment.err << "plumbline: cannot write " << file_ << '\n';
      return kExitBadInput;
    }
    Summarise(written, ruletest::CountRows(previous, written.tables), environment.err);
    return kExitOk;
  }

 private:
  // The tables to start from: those of the file that is to be replaced, or else of the rules.
  bool ReadPrevious(const ruleset::RulesetDocument& document, v1::Ruleset& previous,
                    std::ostream& err) const {
    ruleset::SourceFile source{kTablesPath, ""};
    for (const ruleset::SourceFile& file : document.files()) {
      if (file.ledger.empty() && file.path == kTablesPath) source.bytes = file.bytes;
    }
    if (!file_.empty() && std::filesystem::exists(file_)) {
      std::ifstream file(file_, std::ios::binary);
      std::stringstream text;
      text << file.rdbuf();
      if (!file) {
        err << "plumbline: cannot read " << file_ << '\n';
        return false;
      }
      source = {file_, text.str()};
    }
    std::vector<Issue> issues;
    const auto tables = ruleset::RulesetDocument::Parse({source}, issues);
    for (const Issue& issue : issues) err << FormatIssue(issue) << '\n';
    previous.mutable_outcome_tables()->CopyFrom(tables.ruleset().outcome_tables());
    return issues.empty();
  }

  // Beside the old file first: a full disk must not leave half a table.
  bool Replace(const std::string& text) const {
    const std::string fresh = file_ + ".new";
    std::ofstream file(fresh, std::ios::binary | std::ios::trunc);
    file << text;
    file.close();
    return file && std::rename(fresh.c_str(), file_.c_str()) == 0;
  }

  static void Summarise(const ruletest::WrittenTables& written, const ruletest::RowCounts& rows,
                        std::ostream& err) {
    for (const std::string& goal : written.not_found) {
      err << "not found: " << Printable(goal) << '\n';
    }
    err << written.tables.outcome_tables_size() << " outcome tables with "
        << rows.kept + rows.changed + rows.added << " rows (" << rows.kept << " as they were, "
        << rows.changed << " changed, " << rows.added << " new, " << rows.removed << " gone), "
        << written.tables.dose_registers_size() << " dose registers, " << written.not_found.size()
        << " outcomes that no patient was found for\n";
  }

  std::string folder_;
  CLI::Option* write_ = nullptr;
  std::string file_;
  bool afresh_ = false;
};

}  // namespace

std::unique_ptr<Command> MakeRulesTestCommand() { return std::make_unique<RulesTestCommand>(); }

std::unique_ptr<Command> MakeRulesCasesCommand() { return std::make_unique<RulesCasesCommand>(); }

}  // namespace plumbline::cli
