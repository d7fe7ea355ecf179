#include "server/review/safety_case.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "server/review/html_writer.h"
#include "server/review/trace.h"
#include "server/ruleset/hazards.h"

namespace plumbline::review {
namespace {

using ruleset::LikelihoodName;
using ruleset::RiskAfter;
using ruleset::RiskBefore;
using ruleset::RiskName;
using ruleset::SeverityName;

constexpr char kNotReviewed[] =
    "No clinician has reviewed this version or accepted its risks. Severity and likelihood are "
    "estimates of the project; a named clinical safety officer has to confirm them before any use "
    "with patients.";

// A piece of a line: plain, or a link to the anchor of a rule, test or hazard of this report.
struct Piece {
  std::string text;
  std::string kind = {};  // "rule", "test", "hazard"; empty: plain
};
using Pieces = std::vector<Piece>;

// What the report consists of, in two forms.
class Page {
 public:
  virtual ~Page() = default;
  virtual void Heading(int level, const std::string& text) = 0;
  virtual void HazardHeading(const v1::Hazard& hazard) = 0;
  virtual void Paragraph(const Pieces& pieces) = 0;
  virtual void Warning(const std::string& text) = 0;
  virtual void Bullets(const std::vector<Pieces>& items) = 0;
  // A row whose first cell is a single rule or test is where links to it lead, if `defines`.
  virtual void Table(const std::vector<std::string>& header,
                     const std::vector<std::vector<Pieces>>& rows, bool defines) = 0;
};

// ---- Markdown

std::string MarkdownText(const std::string& text) {
  return absl::StrReplaceAll(
      text, {{"\\", "\\\\"}, {"|", "\\|"}, {"<", "&lt;"}, {"*", "\\*"}, {"\n", " "}});
}

std::string MarkdownOf(const Pieces& pieces) {
  std::string text;
  for (const Piece& piece : pieces) {
    if (piece.kind == "hazard") {
      absl::StrAppend(&text, "[", piece.text, "](#", absl::AsciiStrToLower(piece.text), ")");
    } else if (!piece.kind.empty()) {
      absl::StrAppend(&text, "`", piece.text, "`");
    } else {
      text += MarkdownText(piece.text);
    }
  }
  return text;
}

class MarkdownPage : public Page {
 public:
  void Heading(int level, const std::string& text) override {
    absl::StrAppend(&out_, out_.empty() ? "" : "\n", std::string(static_cast<size_t>(level), '#'),
                    " ", MarkdownText(text), "\n");
  }
  void HazardHeading(const v1::Hazard& hazard) override {
    absl::StrAppend(&out_, "\n<a id=\"", absl::AsciiStrToLower(hazard.id()), "\"></a>\n");
    Heading(3, absl::StrCat(hazard.id(), " ", hazard.title()));
  }
  void Paragraph(const Pieces& pieces) override {
    absl::StrAppend(&out_, "\n", MarkdownOf(pieces), "\n");
  }
  void Warning(const std::string& text) override {
    absl::StrAppend(&out_, "\n> **", MarkdownText(text), "**\n");
  }
  void Bullets(const std::vector<Pieces>& items) override {
    out_ += "\n";
    for (const Pieces& item : items) absl::StrAppend(&out_, "- ", MarkdownOf(item), "\n");
  }
  void Table(const std::vector<std::string>& header, const std::vector<std::vector<Pieces>>& rows,
             bool) override {
    out_ += "\n|";
    for (const std::string& cell : header) absl::StrAppend(&out_, " ", cell, " |");
    out_ += "\n|";
    for (size_t i = 0; i < header.size(); ++i) out_ += "---|";
    out_ += "\n";
    for (const std::vector<Pieces>& row : rows) {
      out_ += "|";
      for (const Pieces& cell : row) absl::StrAppend(&out_, " ", MarkdownOf(cell), " |");
      out_ += "\n";
    }
  }
  const std::string& text() const { return out_; }

 private:
  std::string out_;
};

// ---- HTML

constexpr char kStyle[] = R"(
body { font: 15px/1.45 system-ui, sans-serif; color: #1c2430; max-width: 68rem; margin: 2rem auto;
  padding: 0 1.2rem; }
h1 { font-size: 1.7rem; margin-bottom: .2rem; }
h2 { font-size: 1.25rem; margin-top: 2.2rem; border-bottom: 1px solid #c8d0da; }
h3 { font-size: 1.05rem; margin-top: 1.8rem; break-after: avoid; }
table { border-collapse: collapse; width: 100%; margin: .8rem 0; }
th, td { text-align: left; vertical-align: top; padding: .3rem .55rem;
  border-bottom: 1px solid #dfe4ea; }
th { background: #eef2f6; font-weight: 600; }
tr { break-inside: avoid; }
a { color: #14508c; text-decoration: none; }
.warning { background: #fff2dc; border-left: .3rem solid #c77700; padding: .6rem .9rem; }
@media print { body { font-size: 10.5pt; margin: 0; max-width: none; } a { color: inherit; } }
)";

class HtmlPage : public Page {
 public:
  // Links lead to what is in `known` only: anchors of the kinds "rule", "test" and "hazard".
  HtmlPage(const std::string& title, std::set<std::string> known)
      : html_(title, kStyle, ""), known_(std::move(known)) {}

  void Heading(int level, const std::string& text) override {
    html_.Element(level == 1 ? "h1" : level == 2 ? "h2" : "h3", text);
    html_.Newline();
  }
  void HazardHeading(const v1::Hazard& hazard) override {
    html_.Element("h3", {{"id", AnchorOf("hazard", hazard.id())}},
                  absl::StrCat(hazard.id(), " ", hazard.title()));
    html_.Newline();
  }
  void Paragraph(const Pieces& pieces) override {
    html_.Open("p");
    Write(pieces, false);
    html_.Close();
    html_.Newline();
  }
  void Warning(const std::string& text) override {
    html_.Element("p", {{"class", "warning"}}, text);
    html_.Newline();
  }
  void Bullets(const std::vector<Pieces>& items) override {
    html_.Open("ul");
    for (const Pieces& item : items) {
      html_.Open("li");
      Write(item, false);
      html_.Close();
    }
    html_.Close();
    html_.Newline();
  }
  void Table(const std::vector<std::string>& header, const std::vector<std::vector<Pieces>>& rows,
             bool defines) override {
    html_.Open("table");
    html_.Open("thead");
    html_.Open("tr");
    for (const std::string& cell : header) html_.Element("th", cell);
    html_.Close();
    html_.Close();
    html_.Open("tbody");
    for (const std::vector<Pieces>& row : rows) {
      html_.Open("tr");
      for (size_t i = 0; i < row.size(); ++i) {
        html_.Open("td");
        Write(row[i], defines && i == 0);
        html_.Close();
      }
      html_.Close();
      html_.Newline();
    }
    html_.Close();
    html_.Close();
    html_.Newline();
  }
  std::string Finish() { return html_.Finish(); }

 private:
  void Write(const Pieces& pieces, bool define) {
    for (const Piece& piece : pieces) {
      const std::string anchor = piece.kind.empty() ? "" : AnchorOf(piece.kind, piece.text);
      if (piece.kind.empty() || (!define && !known_.contains(anchor))) {
        html_.Text(piece.text);
      } else if (define) {
        html_.Element("span", {{"id", anchor}}, piece.text);
      } else {
        html_.Element("a", {{"href", "#" + anchor}}, piece.text);
      }
    }
  }

  HtmlWriter html_;
  std::set<std::string> known_;
};

// ---- The report

std::string RiskText(int risk) { return absl::StrCat(risk, " ", RiskName(risk)); }

std::string StatusName(v1::HazardStatus status) {
  return absl::AsciiStrToLower(
      v1::HazardStatus_Name(status).substr(std::string("HAZARD_STATUS_").size()));
}

std::string KindName(v1::HazardControlKind kind) {
  switch (kind) {
    case v1::HAZARD_CONTROL_KIND_RULE:
      return "Rule: ";
    case v1::HAZARD_CONTROL_KIND_DESIGN:
      return "Design: ";
    case v1::HAZARD_CONTROL_KIND_INFORMATION:
      return "Information: ";
    case v1::HAZARD_CONTROL_KIND_PROCESS:
      return "Process: ";
    default:
      return "";
  }
}

template <typename Ids>
void AddIds(const char* lead, const Ids& ids, const char* kind, Pieces& pieces) {
  const char* separator = lead;
  for (const std::string& id : ids) {
    pieces.push_back({separator});
    pieces.push_back({id, kind});
    separator = ", ";
  }
}

// Hazards by the id of a rule or test that a control names.
using NamedBy = std::map<std::string, std::vector<std::string>>;

void Note(const std::string& id, const std::string& hazard, NamedBy& named) {
  std::vector<std::string>& hazards = named[id];
  if (hazards.empty() || hazards.back() != hazard) hazards.push_back(hazard);
}

class Report {
 public:
  Report(const ruleset::RulesetDocument& document, std::string folder)
      : document_(document),
        folder_(std::move(folder)),
        hazards_(HazardsByRisk(document.ruleset())),
        trace_(BuildTrace(document)) {
    for (const v1::Hazard* hazard : hazards_) {
      for (const v1::HazardControl& control : hazard->controls()) {
        for (const std::string& id : control.rule_ids()) Note(id, hazard->id(), rules_);
        for (const std::string& id : control.test_ids()) Note(id, hazard->id(), tests_);
      }
    }
  }

  std::set<std::string> Anchors() const {
    std::set<std::string> anchors;
    for (const auto& [id, hazards] : rules_) anchors.insert(AnchorOf("rule", id));
    for (const auto& [id, hazards] : tests_) anchors.insert(AnchorOf("test", id));
    for (const v1::Hazard* hazard : hazards_) anchors.insert(AnchorOf("hazard", hazard->id()));
    return anchors;
  }

  std::string Title() const {
    return absl::StrCat("Safety case: ", document_.ruleset().manifest().title());
  }

  void Write(Page& page) const {
    WriteIntroduction(page);
    WriteOverview(page);
    page.Heading(2, "Hazards, worst first");
    for (const v1::Hazard* hazard : hazards_) WriteHazard(*hazard, page);
    WriteIndex(page);
  }

 private:
  void WriteIntroduction(Page& page) const {
    const v1::Manifest& manifest = document_.ruleset().manifest();
    page.Heading(1, Title());
    page.Paragraph({{absl::StrCat(manifest.ruleset_id(), " ", manifest.version(), ", revision ",
                                  document_.revision().substr(0, 12), ", folder ", folder_)}});
    page.Warning(kNotReviewed);
    page.Heading(2, "Intended use");
    page.Paragraph({{manifest.intended_use()}});
    page.Paragraph({{absl::StrCat("Population: ", manifest.intended_population())}});
    std::vector<Pieces> users;
    for (const std::string& user : manifest.intended_users()) users.push_back({{user}});
    page.Bullets(users);
    if (manifest.disclaimers_size() == 0) return;
    page.Paragraph({{"Said with every answer:"}});
    std::vector<Pieces> disclaimers;
    for (const std::string& text : manifest.disclaimers()) disclaimers.push_back({{text}});
    page.Bullets(disclaimers);
  }

  void WriteOverview(Page& page) const {
    page.Heading(2, "Overview");
    std::vector<std::vector<Pieces>> counts;
    for (int risk = 5; risk >= 1; --risk) {
      const auto count = [&](int (*of)(const v1::Hazard&)) {
        return std::count_if(hazards_.begin(), hazards_.end(),
                             [&](const v1::Hazard* hazard) { return of(*hazard) == risk; });
      };
      counts.push_back({{{RiskText(risk)}},
                        {{absl::StrCat(count(&RiskBefore))}},
                        {{absl::StrCat(count(&RiskAfter))}}});
    }
    page.Table({"Risk", "Hazards before controls", "and after"}, counts, false);
    std::vector<std::vector<Pieces>> rows;
    for (const v1::Hazard* hazard : hazards_) {
      rows.push_back({{{hazard->id(), "hazard"}},
                      {{hazard->title()}},
                      {{RiskText(RiskBefore(*hazard))}},
                      {{RiskText(RiskAfter(*hazard))}},
                      {{StatusName(hazard->status())}},
                      {{hazard->owner()}}});
    }
    page.Table({"Hazard", "", "Before", "After", "Status", "Owner"}, rows, false);
  }

  static void WriteHazard(const v1::Hazard& hazard, Page& page) {
    page.HazardHeading(hazard);
    page.Paragraph({{hazard.hazard()}});
    std::vector<std::vector<Pieces>> risk;
    risk.push_back({{{"before"}},
                    {{std::string(SeverityName(hazard.severity_before()))}},
                    {{std::string(LikelihoodName(hazard.likelihood_before()))}},
                    {{RiskText(RiskBefore(hazard))}}});
    risk.push_back({{{"after"}},
                    {{std::string(SeverityName(hazard.severity_after()))}},
                    {{std::string(LikelihoodName(hazard.likelihood_after()))}},
                    {{RiskText(RiskAfter(hazard))}}});
    page.Table({"Controls", "Severity", "Likelihood", "Risk"}, risk, false);
    std::vector<Pieces> facts = {{{absl::StrCat("Effect: ", hazard.effect())}}};
    for (const std::string& cause : hazard.causes()) facts.push_back({{"Cause: " + cause}});
    page.Bullets(facts);
    page.Paragraph({{"Controls, and what proves them:"}});
    std::vector<Pieces> controls;
    for (const v1::HazardControl& control : hazard.controls()) {
      Pieces pieces = {{absl::StrCat(KindName(control.kind()), control.text())}};
      AddIds(" Rules: ", control.rule_ids(), "rule", pieces);
      AddIds(control.rule_ids().empty() ? " Tests: " : "; tests: ", control.test_ids(), "test",
             pieces);
      AddIds(control.rule_ids().empty() && control.test_ids().empty() ? " See: " : "; see: ",
             control.evidence(), "", pieces);
      if (pieces.size() > 1) pieces.push_back({"."});
      controls.push_back(std::move(pieces));
    }
    page.Bullets(controls);
    if (!hazard.residual_acceptability().empty()) {
      page.Paragraph({{"What is left: " + hazard.residual_acceptability()}});
    }
    Pieces last = {
        {absl::StrCat("Owner: ", hazard.owner(), ". Status: ", StatusName(hazard.status()), ".")}};
    AddIds(" Sources: ", hazard.sources(), "", last);
    page.Paragraph(last);
  }

  // Rules and tests that controls name, with the hazards back.
  void WriteIndex(Page& page) const {
    page.Heading(2, "Rules that control hazards");
    std::vector<std::vector<Pieces>> rows;
    for (const auto& [id, hazards] : rules_) {
      const TracedRule* rule = trace_.FindRule(id);
      Pieces named;
      AddIds("", hazards, "hazard", named);
      rows.push_back({{{id, "rule"}},
                      {{rule == nullptr ? "" : rule->title}},
                      {{rule == nullptr ? "" : PlaceOf(rule->place)}},
                      {{rule == nullptr ? "" : absl::StrCat(rule->tests.size())}},
                      named});
    }
    page.Table({"Rule", "", "Place", "Tests", "Hazards"}, rows, true);
    page.Heading(2, "Worked patients that prove controls");
    rows.clear();
    for (const auto& [id, hazards] : tests_) {
      const TracedTest* test = trace_.FindTest(id);
      Pieces named;
      AddIds("", hazards, "hazard", named);
      rows.push_back({{{id, "test"}},
                      {{test == nullptr ? "" : test->title}},
                      {{test == nullptr ? "" : PlaceOf(test->place)}},
                      named});
    }
    page.Table({"Worked patient", "", "Place", "Hazards"}, rows, true);
  }

  static std::string PlaceOf(const SourceLocation& place) {
    return absl::StrCat(place.file, ":", place.line);
  }

  const ruleset::RulesetDocument& document_;
  const std::string folder_;
  const std::vector<const v1::Hazard*> hazards_;
  const Trace trace_;
  NamedBy rules_;
  NamedBy tests_;
};

}  // namespace

std::vector<const v1::Hazard*> HazardsByRisk(const v1::Ruleset& ruleset) {
  std::vector<const v1::Hazard*> hazards;
  for (const v1::Hazard& hazard : ruleset.hazards()) hazards.push_back(&hazard);
  std::stable_sort(hazards.begin(), hazards.end(), [](const v1::Hazard* a, const v1::Hazard* b) {
    return std::pair(RiskBefore(*a), RiskAfter(*a)) > std::pair(RiskBefore(*b), RiskAfter(*b));
  });
  return hazards;
}

std::string SafetyCaseMarkdown(const ruleset::RulesetDocument& document,
                               const std::string& folder) {
  MarkdownPage page;
  Report(document, folder).Write(page);
  return page.text();
}

std::string SafetyCaseHtml(const ruleset::RulesetDocument& document, const std::string& folder) {
  const Report report(document, folder);
  HtmlPage page(report.Title(), report.Anchors());
  report.Write(page);
  return page.Finish();
}

}  // namespace plumbline::review
