#include "server/review/diff_html.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/review/html_writer.h"
#include "server/review/render_style.h"

namespace plumbline::review {
namespace {

// Beside the style of the review page. Colour never stands alone: what is gone is struck through,
// what is new underlined.
constexpr char kDiffStyle[] = R"css(
.verdict{border:1px solid var(--line);border-left:8px solid #3d7a50;background:#f3f9f4;
padding:.8rem 1.1rem;margin:1rem 0 1.4rem;border-radius:4px}
.verdict.refused{border-left-color:#a01313;background:#fdf1f1}
.verdict p{margin:.15rem 0}
.verdict .because{color:var(--soft)}
.tiles{display:flex;flex-wrap:wrap;gap:.8rem;margin:0 0 1.4rem;padding:0;list-style:none}
.tiles li{border:1px solid var(--line);border-radius:4px;padding:.5rem .9rem;min-width:8rem;
margin:0}
.tiles strong{display:block;font-size:1.5rem;line-height:1.2}
.tiles a{text-decoration:none;color:inherit}
article.change{border:1px solid var(--line);border-left:4px solid #7d8894;border-radius:4px;
padding:.6rem .9rem;margin:.7rem 0;break-inside:avoid}
article.change p{margin:.2rem 0}
article.added{border-left-color:#3d7a50}
article.removed{border-left-color:#a01313}
article.changed{border-left-color:#8a6a00}
article.renamed,article.moved{border-left-color:#39689c}
.badge.verb{font-weight:600}
.sentence code{background:var(--tint);padding:.05em .25em;border-radius:3px}
table.values{font-size:.9rem;margin:.5rem 0 .2rem}
table.values th:first-child{width:19%}
del{background:#fde7e7;text-decoration:line-through}
ins{background:#e2f3e6;text-decoration:underline}
.rests,.impact{color:#3b4652;font-size:.92em}
.impact{border-left:3px solid #39689c;padding-left:.6rem}
table.replay{table-layout:auto}
@media print{section{break-before:auto}nav.contents{break-after:auto}}
)css";

using Attributes = HtmlWriter::Attributes;

class Writer {
 public:
  explicit Writer(const DiffPage& page)
      : page_(page), html_(page.title, absl::StrCat(kReviewStyle, kDiffStyle), "") {}

  RenderedHtml Run() && {
    Contents();
    html_.Open("main");
    Cover();
    if (!page_.impact.empty()) Impact();
    for (const DiffSection& section : page_.sections) Write(section);
    RenderedHtml rendered;
    rendered.html = html_.Finish();
    rendered.problems = html_.problems();
    return rendered;
  }

 private:
  void Contents() {
    html_.Open("nav", {{"class", "contents"}});
    html_.Element("h2", "Contents");
    html_.Open("ol");
    if (!page_.impact.empty()) Entry("replay", "Recorded patients");
    for (const DiffSection& section : page_.sections) {
      html_.Open("li");
      html_.Element("a", {{"href", "#" + section.anchor}},
                    absl::StrCat(section.title, " (", section.size, ")"));
      if (!section.groups.empty()) {
        html_.Open("ul");
        for (const DiffGroup& group : section.groups) {
          Entry(GroupAnchor(section, group),
                absl::StrCat(group.title, " (", group.entries.size(), ")"));
        }
        html_.Close();
      }
      html_.Close();
    }
    html_.Close();
    html_.Close();
    html_.Newline();
  }

  void Entry(const std::string& anchor, const std::string& text) {
    html_.Open("li");
    html_.Element("a", {{"href", "#" + anchor}}, text);
    html_.Close();
  }

  static std::string GroupAnchor(const DiffSection& section, const DiffGroup& group) {
    return AnchorOf(section.anchor, group.title);
  }

  void Cover() {
    html_.Open("header", {{"class", "cover"}});
    html_.Element("h1", page_.title);
    html_.Element("p", {{"class", "subtitle"}},
                  absl::StrCat(page_.old_name, " \xe2\x86\x92 ", page_.new_name));
    html_.Open("div", {{"class", page_.sufficient ? "verdict" : "verdict refused"}});
    html_.Open("p");
    html_.Element("strong", page_.verdict);
    html_.Close();
    if (!page_.because.empty()) {
      html_.Open("p", {{"class", "because"}});
      html_.Text("The change that demands the most: ");
      Sentence(page_.because);
      html_.Close();
    }
    html_.Close();
    if (!page_.sections.empty()) Tiles();
    html_.Close();
    html_.Newline();
  }

  void Tiles() {
    html_.Open("ul", {{"class", "tiles"}});
    for (const DiffSection& section : page_.sections) {
      html_.Open("li");
      html_.Open("a", {{"href", "#" + section.anchor}});
      html_.Element("strong", absl::StrCat(section.size));
      html_.Text(section.title);
      html_.Close();
      html_.Close();
    }
    html_.Close();
  }

  void Sentence(const std::string& sentence) {
    for (const SentencePart& part : SplitSentence(sentence)) {
      if (part.code) {
        html_.Element("code", part.text);
      } else {
        html_.Text(part.text);
      }
    }
  }

  void Impact() {
    html_.Open("section", {{"class", "replay"}});
    html_.Element("h2", {{"id", "replay"}}, "Recorded patients");
    for (const std::string& sentence : page_.impact) html_.Element("p", sentence);
    for (const DiffTable& table : page_.impact_tables) Write(table);
    html_.Close();
    html_.Newline();
  }

  void Head(const std::vector<std::string>& titles) {
    html_.Open("thead");
    html_.Open("tr");
    for (const std::string& title : titles) html_.Element("th", {{"scope", "col"}}, title);
    html_.Close();
    html_.Close();
    html_.Open("tbody");
  }

  void Write(const DiffTable& table) {
    html_.Element("h3", table.title);
    html_.Open("table", {{"class", "replay"}});
    Head(table.head);
    for (const std::vector<std::string>& row : table.rows) {
      html_.Open("tr");
      for (size_t i = 0; i < row.size(); ++i) {
        html_.Element("td", {{"data-label", table.head[i]}}, row[i]);
      }
      html_.Close();
    }
    html_.Close();
    html_.Close();
    html_.Newline();
  }

  void Write(const DiffSection& section) {
    html_.Open("section", {{"class", section.anchor}});
    html_.Element("h2", {{"id", section.anchor}},
                  absl::StrCat(section.title, " (", section.size, ")"));
    if (!section.intro.empty()) html_.Element("p", section.intro);
    for (const DiffGroup& group : section.groups) {
      html_.Element("h3", {{"id", GroupAnchor(section, group)}}, group.title);
      for (const DiffEntry& entry : group.entries) Write(entry);
    }
    if (!section.counts.empty()) {
      html_.Open("ul");
      for (const std::string& count : section.counts) html_.Element("li", count);
      html_.Close();
    }
    html_.Close();
    html_.Newline();
  }

  void Write(const DiffEntry& entry) {
    html_.Open("article", {{"class", absl::StrCat("change ", entry.verb)}});
    html_.Open("p", {{"class", "sentence"}});
    html_.Element("span", {{"class", "badge verb"}}, entry.verb);
    html_.Text(" ");
    html_.Element("span", {{"class", "badge"}}, entry.bump);
    html_.Text(" ");
    Sentence(entry.sentence);
    html_.Close();
    if (!entry.values.empty()) Values(entry);
    if (!entry.affects.empty()) {
      html_.Open("p", {{"class", "rests"}});
      html_.Text("On it rest: ");
      html_.Element("code", absl::StrJoin(entry.affects, ", "));
      html_.Close();
    }
    if (!entry.impact.empty()) {
      html_.Element("p", {{"class", "impact"}}, absl::StrCat("Recorded patients: ", entry.impact));
    }
    html_.Close();
    html_.Newline();
  }

  void Values(const DiffEntry& entry) {
    html_.Open("table", {{"class", "values"}});
    Head({"field", "old", "new"});
    for (const DiffValue& value : entry.values) {
      const std::vector<ValuePart> parts = CompareWords(value.old_value, value.new_value);
      html_.Open("tr");
      html_.Open("td", {{"data-label", "field"}});
      html_.Element("code", value.path);
      html_.Close();
      Value("old", ValuePart::Kind::kOld, "del", parts);
      Value("new", ValuePart::Kind::kNew, "ins", parts);
      html_.Close();
    }
    html_.Close();
    html_.Close();
  }

  void Value(const char* label, ValuePart::Kind own, const char* element,
             const std::vector<ValuePart>& parts) {
    html_.Open("td", {{"data-label", label}});
    for (const ValuePart& part : parts) {
      if (part.kind == own) {
        html_.Element(element, part.text);
      } else if (part.kind == ValuePart::Kind::kSame) {
        html_.Text(part.text);
      }
    }
    html_.Close();
  }

  const DiffPage& page_;
  HtmlWriter html_;
};

}  // namespace

RenderedHtml DiffHtml(const DiffPage& page) { return Writer(page).Run(); }

}  // namespace plumbline::review
