#include "server/cli/rules_readability_command.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "server/cli/load_rules.h"
#include "server/cli/text_layout.h"
#include "server/ruleset/document.h"
#include "server/ruleset/readability.h"

namespace plumbline::cli {
namespace {

struct Row {
  ruleset::PatientText text;
  ruleset::TextMeasure measure;
  double age = 0;
  std::string place;
};

class RulesReadabilityCommand : public Command {
 public:
  void Declare(CLI::App& parent) override {
    app_ = parent.add_subcommand("readability", "Show the reading age of the texts for patients");
    app_->add_option("DIR", folder_, "Folder of *.textproto files, or a ruleset file")->required();
    app_->add_option("--above", above_, "Only texts above this age");
    app_->add_flag("--texts", texts_, "Show the texts too");
    app_->footer(
        "\nThe Flesch-Kincaid grade plus 5, hardest text first; docs/reference/readability.md "
        "says\n"
        "how it is counted. Exit codes: 0 no text asks for more than 12, 1 some do, 3 the rules "
        "cannot\n"
        "be used.\n"
        "\nExamples:\n"
        "  plumbline rules readability rules/low_back_pain\n"
        "  plumbline rules readability rules/low_back_pain --above 12 --texts\n");
  }

  int Run(Environment& environment) override {
    const auto document = LoadDocument(folder_, environment.err);
    if (document == nullptr) {
      return kExitBadInput;
    }
    return Print(Measure(*document), document->ruleset().manifest(), environment);
  }

 private:
  static std::vector<Row> Measure(const ruleset::RulesetDocument& document) {
    const ruleset::ReadingGlossary glossary(document.ruleset().manifest());
    std::vector<Row> rows;
    for (ruleset::PatientText& text : ruleset::PatientTexts(document.ruleset())) {
      Row row;
      row.measure = ruleset::MeasureTexts(text.texts, glossary);
      row.age = ruleset::ReadingAge(row.measure);
      const SourceLocation place = document.Locate(text.path);
      row.place = absl::StrCat(place.file, ":", place.line);
      row.text = std::move(text);
      rows.push_back(std::move(row));
    }
    std::stable_sort(rows.begin(), rows.end(),
                     [](const Row& a, const Row& b) { return a.age > b.age; });
    return rows;
  }

  int Print(const std::vector<Row>& rows, const v1::Manifest& manifest,
            Environment& environment) const {
    TextPage page(environment.terminal_width, environment.terminal);
    if (manifest.reading_glossary_size() > 0) {
      page.Heading("Words that count as easy");
      std::vector<std::vector<std::string>> terms;
      for (const v1::ReadingTerm& term : manifest.reading_glossary()) {
        terms.push_back({term.term(), term.because()});
      }
      page.Table(0, {"Word", "Because"}, terms);
    }
    page.Heading("Texts for patients, hardest first");
    std::vector<std::vector<std::string>> lines;
    for (const Row& row : rows) {
      if (row.age <= above_) continue;
      std::string last = row.place;
      if (texts_) absl::StrAppend(&last, "  ", absl::StrJoin(row.text.texts, " / "));
      lines.push_back({absl::StrFormat("%.1f", row.age), absl::StrCat(row.measure.words),
                       row.text.owner, row.text.field, last});
    }
    page.Table(0, {"Age", "Words", "Of", "Text", "Place"}, lines);
    const auto hard = std::count_if(rows.begin(), rows.end(), [](const Row& row) {
      return row.age > ruleset::kHighestReadingAge;
    });
    environment.out << page.text() << '\n'
                    << (hard == 0 ? "OK: " : "FAILED: ") << folder_ << ": " << hard << " of "
                    << rows.size() << " texts ask for a reading age above "
                    << absl::StrFormat("%.0f", ruleset::kHighestReadingAge) << '\n';
    return hard == 0 ? kExitOk : kExitCheckFailed;
  }

  std::string folder_;
  double above_ = -1'000;
  bool texts_ = false;
};

}  // namespace

std::unique_ptr<Command> MakeRulesReadabilityCommand() {
  return std::make_unique<RulesReadabilityCommand>();
}

}  // namespace plumbline::cli
