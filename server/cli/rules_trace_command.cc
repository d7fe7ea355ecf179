#include "server/cli/rules_trace_command.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "server/cli/load_rules.h"
#include "server/cli/text_layout.h"
#include "server/review/trace.h"
#include "server/ruleset/document.h"
#include "server/ruleset/lint_sources.h"

namespace plumbline::cli {
namespace {

using google::protobuf::ListValue;
using google::protobuf::Struct;
using review::SourceCount;
using review::Trace;
using review::TracedFact;
using review::TracedRule;
using review::TracedTest;

using Rows = std::vector<std::vector<std::string>>;

std::string StatusName(v1::SourceStatus status) {
  return v1::SourceStatus_Name(status).substr(std::string("SOURCE_STATUS_").size());
}

std::string PlaceOf(const SourceLocation& place) {
  return absl::StrCat(place.file, ":", place.line);
}

// "A, B, C and 4 more": the number of tests is what matters, and where to begin.
std::string Some(const std::vector<std::string>& ids, size_t limit) {
  if (ids.empty()) return "-";
  if (ids.size() <= limit) return absl::StrJoin(ids, ", ");
  return absl::StrCat(
      absl::StrJoin(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(limit), ", "), " and ",
      ids.size() - limit, " more");
}

const std::vector<std::string>& CountHeader() {
  static const auto* const kHeader = new std::vector<std::string>{
      "Source", "Facts", "Cited", "Not encoded", "Unaccounted", "Title"};
  return *kHeader;
}

Rows CountRows(const Trace& trace) {
  Rows rows;
  std::vector<SourceCount> sources = trace.sources;
  // The ledgers, which have to be accounted for, come first.
  std::stable_partition(sources.begin(), sources.end(), [](const SourceCount& count) {
    return ruleset::IsFactLedger(count.source_id);
  });
  for (const SourceCount& count : sources) {
    rows.push_back({count.source_id, absl::StrCat(count.facts), absl::StrCat(count.cited),
                    absl::StrCat(count.not_encoded), absl::StrCat(count.unaccounted), count.title});
  }
  return rows;
}

std::string Summary(const Trace& trace) {
  int cited = 0;
  int not_encoded = 0;
  for (const SourceCount& count : trace.sources) {
    cited += count.cited;
    not_encoded += count.not_encoded;
  }
  return absl::StrCat(trace.facts.size(), " facts (", cited, " cited, ", not_encoded,
                      " not encoded, with the reason), ", trace.rules.size(), " rules, ",
                      trace.tests.size(), " tests");
}

// ---- Text

void PrintFact(const TracedFact& fact, TextPage& page) {
  page.Blank();
  page.Item(0, fact.id + "  ", fact.summary, Style::kBold);
  page.Line(2, absl::StrCat(fact.locator, fact.locator.empty() ? "" : ", ", StatusName(fact.status),
                            ", ", PlaceOf(fact.place)));
  if (!fact.not_encoded_because.empty()) {
    page.Item(2, "not encoded: ", fact.not_encoded_because);
  }
  page.Item(2, "rules: ", absl::StrJoin(fact.rules, ", "));
  page.Item(2, "tests: ", absl::StrJoin(fact.tests, ", "));
}

void PrintRule(const TracedRule& rule, TextPage& page) {
  page.Blank();
  page.Item(0, rule.id + "  ", rule.title, Style::kBold);
  page.Line(2, absl::StrCat(rule.kind, rule.project_choice ? ", project choice" : "", ", ",
                            PlaceOf(rule.place)));
  page.Item(2, "facts: ", absl::StrJoin(rule.facts, ", "));
  page.Item(2, "tests: ", absl::StrJoin(rule.tests, ", "));
}

void PrintMatrix(const Trace& trace, TextPage& page) {
  page.Heading("Sources");
  page.Table(0, CountHeader(), CountRows(trace));
  page.Heading("Facts");
  Rows facts;
  for (const TracedFact& fact : trace.facts) {
    facts.push_back({fact.id, absl::StrCat(fact.tests.size()),
                     fact.not_encoded_because.empty()
                         ? Some(fact.rules, 8)
                         : absl::StrCat("not encoded: ", fact.not_encoded_because)});
  }
  page.Table(0, {"Fact", "Tests", "Rules"}, facts);
  page.Heading("Rules");
  Rows rules;
  for (const TracedRule& rule : trace.rules) {
    rules.push_back({rule.id, rule.kind, Some(rule.facts, 4), Some(rule.tests, 3)});
  }
  page.Table(0, {"Rule", "Kind", "Facts", "Tests"}, rules);
}

// ---- Markdown

std::string Cell(const std::string& text) {
  return absl::StrReplaceAll(text, {{"|", "\\|"}, {"\n", " "}, {"<", "&lt;"}});
}

std::string MarkdownTable(const std::vector<std::string>& header, const Rows& rows) {
  std::string text = absl::StrCat("| ", absl::StrJoin(header, " | "), " |\n|");
  for (size_t i = 0; i < header.size(); ++i) text += "---|";
  text += "\n";
  for (const std::vector<std::string>& row : rows) {
    text += "|";
    for (const std::string& cell : row) absl::StrAppend(&text, " ", Cell(cell), " |");
    text += "\n";
  }
  return text;
}

std::string ToMarkdown(const Trace& trace, const std::string& folder) {
  Rows facts;
  Rows not_encoded;
  for (const TracedFact& fact : trace.facts) {
    if (fact.not_encoded_because.empty()) {
      facts.push_back({fact.id, fact.summary, StatusName(fact.status), Some(fact.rules, 1'000),
                       Some(fact.tests, 12)});
    } else {
      not_encoded.push_back({fact.id, fact.summary, fact.not_encoded_because});
    }
  }
  Rows rules;
  for (const TracedRule& rule : trace.rules) {
    rules.push_back({rule.id, rule.kind + (rule.project_choice ? " (project choice)" : ""),
                     rule.title, Some(rule.facts, 1'000), Some(rule.tests, 12)});
  }
  Rows tests;
  for (const TracedTest& test : trace.tests) {
    tests.push_back({test.id, test.kind, test.title, Some(test.rules, 1'000)});
  }
  std::string text =
      absl::StrCat("# Trace of ", folder, "\n\n", Summary(trace), ".\n\n## Sources\n\n",
                   MarkdownTable(CountHeader(), CountRows(trace)));
  absl::StrAppend(&text, "\n## Facts and the rules that encode them\n\n",
                  MarkdownTable({"Fact", "What it says", "Status", "Rules", "Tests"}, facts));
  absl::StrAppend(&text, "\n## Facts that no rule encodes\n\n",
                  MarkdownTable({"Fact", "What it says", "Why not"}, not_encoded));
  absl::StrAppend(&text, "\n## Rules, and what they rest on\n\n",
                  MarkdownTable({"Rule", "Kind", "Title", "Facts", "Tests"}, rules));
  absl::StrAppend(&text, "\n## Tests, and the rules that they name\n\n",
                  MarkdownTable({"Test", "Kind", "Title", "Rules"}, tests));
  if (!trace.issues.empty()) {
    absl::StrAppend(&text, "\n## Not accounted for\n\n");
    for (const Issue& issue : trace.issues) {
      absl::StrAppend(&text, "- ", Cell(FormatIssue(issue)), "\n");
    }
  }
  return text;
}

// ---- JSON

void SetList(const std::vector<std::string>& ids, google::protobuf::Value& value) {
  ListValue& list = *value.mutable_list_value();
  for (const std::string& id : ids) list.add_values()->set_string_value(id);
}

void SetPlace(const SourceLocation& place, Struct& object) {
  auto& fields = *object.mutable_fields();
  fields["file"].set_string_value(place.file);
  fields["line"].set_number_value(place.line);
}

Struct ToJson(const TracedFact& fact) {
  Struct object;
  auto& fields = *object.mutable_fields();
  fields["id"].set_string_value(fact.id);
  fields["source"].set_string_value(fact.source_id);
  fields["locator"].set_string_value(fact.locator);
  fields["summary"].set_string_value(fact.summary);
  fields["status"].set_string_value(StatusName(fact.status));
  fields["not_encoded_because"].set_string_value(fact.not_encoded_because);
  SetList(fact.rules, fields["rules"]);
  SetList(fact.tests, fields["tests"]);
  SetPlace(fact.place, object);
  return object;
}

Struct ToJson(const TracedRule& rule) {
  Struct object;
  auto& fields = *object.mutable_fields();
  fields["id"].set_string_value(rule.id);
  fields["kind"].set_string_value(rule.kind);
  fields["title"].set_string_value(rule.title);
  fields["project_choice"].set_bool_value(rule.project_choice);
  SetList(rule.facts, fields["facts"]);
  SetList(rule.tests, fields["tests"]);
  SetPlace(rule.place, object);
  return object;
}

Struct ToJson(const TracedTest& test) {
  Struct object;
  auto& fields = *object.mutable_fields();
  fields["id"].set_string_value(test.id);
  fields["kind"].set_string_value(test.kind);
  fields["title"].set_string_value(test.title);
  SetList(test.rules, fields["rules"]);
  SetList(test.facts, fields["facts"]);
  SetPlace(test.place, object);
  return object;
}

Struct ToJson(const SourceCount& count) {
  Struct object;
  auto& fields = *object.mutable_fields();
  fields["id"].set_string_value(count.source_id);
  fields["title"].set_string_value(count.title);
  fields["status"].set_string_value(StatusName(count.status));
  fields["facts"].set_number_value(count.facts);
  fields["cited"].set_number_value(count.cited);
  fields["not_encoded"].set_number_value(count.not_encoded);
  fields["unaccounted"].set_number_value(count.unaccounted);
  return object;
}

Struct ToJson(const Issue& issue) {
  Struct object;
  auto& fields = *object.mutable_fields();
  fields["severity"].set_string_value(issue.severity == Severity::kError ? "error" : "warning");
  fields["code"].set_string_value(issue.code);
  fields["message"].set_string_value(issue.message);
  SetPlace(issue.location, object);
  return object;
}

template <typename Elements>
void SetObjects(const Elements& elements, google::protobuf::Value& value) {
  ListValue& list = *value.mutable_list_value();
  for (const auto& element : elements) *list.add_values()->mutable_struct_value() = ToJson(element);
}

std::string Print(const Struct& object) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  std::string json;
  return google::protobuf::util::MessageToJsonString(object, &json, options).ok() ? json : "";
}

class RulesTraceCommand : public Command {
 public:
  void Declare(CLI::App& parent) override {
    app_ = parent.add_subcommand("trace", "Show which facts, rules and tests belong together");
    app_->add_option("DIR", folder_, "Folder of *.textproto files, or a ruleset file")->required();
    app_->add_option("--format", format_, "text, md or json")
        ->check(CLI::IsMember({"text", "md", "json"}))
        ->capture_default_str();
    app_->add_option("--fact", fact_, "Only this fact: what it says, its rules and tests");
    app_->add_option("--rule", rule_, "Only this rule: its facts and tests");
    app_->footer(
        "\nEvery fact of the seed articles is cited by a rule or says why none encodes it; every "
        "rule\n"
        "cites a source and is named by a test. What is not so is listed. Exit codes: 0 all "
        "accounted\n"
        "for, 1 something is not, 3 the rules cannot be used or have no such fact or rule.\n"
        "\nExamples:\n"
        "  plumbline rules trace rules/low_back_pain\n"
        "  plumbline rules trace rules/low_back_pain --fact S0-RF1\n"
        "  plumbline rules trace rules/low_back_pain --format md > trace.md\n");
  }

  int Run(Environment& environment) override {
    const auto document = LoadDocument(folder_, environment.err);
    if (document == nullptr) {
      return kExitBadInput;
    }
    const Trace trace = review::BuildTrace(*document);
    if (!fact_.empty() || !rule_.empty()) return RunOne(trace, environment);
    if (format_ == "json") {
      PrintJson(trace, environment);
    } else if (format_ == "md") {
      environment.out << ToMarkdown(trace, folder_);
    } else {
      PrintText(trace, environment);
    }
    return HasErrors(trace.issues) ? kExitCheckFailed : kExitOk;
  }

 private:
  int RunOne(const Trace& trace, Environment& environment) const {
    const TracedFact* fact = trace.FindFact(fact_);
    const TracedRule* rule = trace.FindRule(rule_);
    if ((!fact_.empty() && fact == nullptr) || (!rule_.empty() && rule == nullptr)) {
      const bool no_fact = !fact_.empty() && fact == nullptr;
      environment.err << "plumbline: there is no " << (no_fact ? "fact " : "rule ")
                      << (no_fact ? fact_ : rule_) << '\n';
      return kExitBadInput;
    }
    if (format_ == "json") {
      Struct object;
      if (fact != nullptr)
        *(*object.mutable_fields())["fact"].mutable_struct_value() = ToJson(*fact);
      if (rule != nullptr)
        *(*object.mutable_fields())["rule"].mutable_struct_value() = ToJson(*rule);
      environment.out << Print(object);
      return kExitOk;
    }
    TextPage page(environment.terminal_width, environment.terminal);
    if (fact != nullptr) {
      PrintFact(*fact, page);
      for (const std::string& id : fact->rules) PrintRule(*trace.FindRule(id), page);
    }
    if (rule != nullptr) {
      PrintRule(*rule, page);
      for (const std::string& id : rule->facts) {
        if (const TracedFact* cited = trace.FindFact(id); cited != nullptr) {
          page.Item(2, id + ": ", cited->summary);
        }
      }
    }
    environment.out << page.text();
    return kExitOk;
  }

  void PrintText(const Trace& trace, Environment& environment) const {
    TextPage page(environment.terminal_width, environment.terminal);
    PrintMatrix(trace, page);
    environment.out << page.text() << '\n';
    for (const Issue& issue : trace.issues) {
      environment.out << Printable(FormatIssue(issue)) << '\n';
    }
    environment.out << (HasErrors(trace.issues) ? "FAILED: " : "OK: ") << folder_ << ": "
                    << Summary(trace) << "; " << CountIssues(trace.issues) << '\n';
  }

  static void PrintJson(const Trace& trace, Environment& environment) {
    Struct object;
    auto& fields = *object.mutable_fields();
    fields["ok"].set_bool_value(!HasErrors(trace.issues));
    SetObjects(trace.sources, fields["sources"]);
    SetObjects(trace.facts, fields["facts"]);
    SetObjects(trace.rules, fields["rules"]);
    SetObjects(trace.tests, fields["tests"]);
    SetObjects(trace.issues, fields["issues"]);
    environment.out << Print(object);
  }

  std::string folder_;
  std::string format_ = "text";
  std::string fact_;
  std::string rule_;
};

}  // namespace

std::unique_ptr<Command> MakeRulesTraceCommand() { return std::make_unique<RulesTraceCommand>(); }

}  // namespace plumbline::cli
