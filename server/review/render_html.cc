#include "server/review/render_html.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/review/criterion.h"
#include "server/review/html_writer.h"
#include "server/review/render_style.h"

namespace plumbline::review {
namespace {

using Attributes = HtmlWriter::Attributes;

// Parts that fit on one line: "A AND B".
constexpr size_t kInlineParts = 2;

class Renderer {
 public:
  explicit Renderer(const ReviewPage& page)
      : page_(page), html_(page.title, kReviewStyle, kReviewScript) {}

  RenderedHtml Run() && {
    Contents();
    html_.Open("main");
    Cover();
    for (const Section& section : page_.sections) Write(section);
    RenderedHtml rendered;
    rendered.html = html_.Finish();
    rendered.problems = html_.problems();
    return rendered;
  }

 private:
  void Contents() {
    html_.Open("nav", {{"class", "contents"}});
    html_.Element("h2", {{"id", "contents"}}, "Contents");
    // Shown by the script, which makes it work.
    html_.Open("p", {{"class", "filter"}, {"id", "filter"}, {"hidden", "hidden"}});
    html_.Open("label");
    html_.Text("Show only what holds ");
    html_.Void("input", {{"type", "search"}, {"id", "filter-text"}});
    html_.Close();
    html_.Element("span", {{"id", "filter-count"}, {"aria-live", "polite"}}, "");
    html_.Close();
    html_.Open("ol");
    for (const Section& section : page_.sections) {
      html_.Open("li");
      html_.Element("a", {{"href", "#" + section.anchor}}, section.title);
      if (!section.entries.empty()) {
        html_.Open("details");
        html_.Element("summary", absl::StrCat(section.entries.size(),
                                              section.entries.size() == 1 ? " part" : " parts"));
        html_.Open("ul");
        for (const Section::Entry& entry : section.entries) {
          html_.Open("li");
          html_.Element("a", {{"href", "#" + entry.anchor}}, entry.title);
          html_.Close();
        }
        html_.Close();
        html_.Close();
      }
      html_.Close();
      html_.Newline();
    }
    html_.Close();
    html_.Close();
    html_.Newline();
  }

  void Cover() {
    html_.Open("header", {{"class", "cover"}});
    html_.Element("h1", page_.title);
    html_.Element("p", {{"class", "subtitle"}}, page_.subtitle);
    for (const Block& block : page_.cover) Write(block);
    html_.Close();
    html_.Newline();
  }

  void Write(const Section& section) {
    html_.Open("section", {{"class", section.anchor}});
    html_.Open("h2", {{"id", section.anchor}});
    html_.Text(section.title);
    html_.Close();
    html_.Newline();
    for (const Block& block : section.blocks) Write(block);
    html_.Close();
    html_.Newline();
  }

  void Write(const Line& line) {
    for (const Span& span : line) Write(span);
  }

  void Write(const Span& span) {
    Attributes attributes;
    const auto add = [&attributes](const char* name, const std::string& value) {
      if (!value.empty()) attributes.push_back({name, value});
    };
    add("title", span.title);
    switch (span.kind) {
      case Span::Kind::kText:
        html_.Text(span.text);
        return;
      case Span::Kind::kStrong:
        html_.Element("strong", attributes, span.text);
        return;
      case Span::Kind::kSoft:
        html_.Element("small", attributes, span.text);
        return;
      case Span::Kind::kCode:
        html_.Element("code", attributes, span.text);
        return;
      case Span::Kind::kLink:
        add("class", span.style);
        add("href", "#" + span.target);
        html_.Element("a", attributes, span.text);
        return;
      case Span::Kind::kWeb:
        add("class", "web");
        add("href", span.target);
        add("rel", "noreferrer");
        html_.Element("a", attributes, span.text);
        return;
      case Span::Kind::kBadge:
        add("class", absl::StrCat("badge ", span.style));
        html_.Element("span", attributes, span.text);
        return;
      case Span::Kind::kBreak:
        html_.Void("br");
        return;
    }
  }

  void Write(const std::vector<Block>& blocks) {
    for (const Block& block : blocks) Write(block);
  }

  static Attributes Named(const Block& block, const std::string& own = "") {
    Attributes attributes;
    if (!block.anchor.empty()) attributes.push_back({"id", block.anchor});
    const std::string style =
        absl::StrCat(own, own.empty() || block.style.empty() ? "" : " ", block.style);
    if (!style.empty()) attributes.push_back({"class", style});
    return attributes;
  }

  void Write(const Block& block) {
    switch (block.kind) {
      case Block::Kind::kParagraph:
        html_.Open("p", Named(block));
        Write(block.line);
        html_.Close();
        return;
      case Block::Kind::kHeading:
        html_.Open("h3", Named(block));
        Write(block.line);
        html_.Close();
        return;
      case Block::Kind::kBullets:
      case Block::Kind::kSteps:
        if (block.items.empty()) return;
        html_.Open(block.kind == Block::Kind::kSteps ? "ol" : "ul", Named(block));
        for (const auto& item : block.items) {
          html_.Open("li");
          WriteItem(item);
          html_.Close();
        }
        html_.Close();
        return;
      case Block::Kind::kTable:
        WriteTable(block);
        return;
      case Block::Kind::kFacts:
        WriteFacts(block);
        return;
      case Block::Kind::kCriterion:
        html_.Open("div", Named(block, "criterion"));
        Write(block.criterion);
        if (!block.line.empty()) {
          html_.Open("p", {{"class", "exact"}});
          Write(block.line);
          html_.Close();
        }
        html_.Close();
        return;
      case Block::Kind::kCard:
        html_.Open("article", Named(block, "card"));
        html_.Open("h3");
        Write(block.line);
        html_.Close();
        Write(block.children);
        html_.Close();
        html_.Newline();
        return;
      case Block::Kind::kNote:
        html_.Open("div", Named(block, "note"));
        Write(block.children);
        html_.Close();
        return;
      case Block::Kind::kMore:
        html_.Open("details", Named(block, "more"));
        html_.Open("summary");
        Write(block.line);
        html_.Close();
        Write(block.children);
        html_.Close();
        return;
    }
  }

  // A single paragraph needs no element of its own.
  void WriteItem(const std::vector<Block>& item) {
    if (item.size() == 1 && item[0].kind == Block::Kind::kParagraph && item[0].style.empty()) {
      Write(item[0].line);
    } else {
      Write(item);
    }
  }

  void WriteTable(const Block& block) {
    html_.Open("table", Named(block));
    html_.Open("thead");
    html_.Open("tr");
    for (const std::string& title : block.head) html_.Element("th", {{"scope", "col"}}, title);
    html_.Close();
    html_.Close();
    html_.Newline();
    html_.Open("tbody");
    for (const Block::Row& row : block.rows) {
      html_.Open("tr", row.anchor.empty() ? Attributes{} : Attributes{{"id", row.anchor}});
      for (size_t i = 0; i < row.cells.size(); ++i) {
        // The head of the column, for narrow screens that show cells below each other.
        html_.Open("td", {{"data-label", i < block.head.size() ? block.head[i] : ""}});
        WriteItem(row.cells[i]);
        html_.Close();
      }
      html_.Close();
      html_.Newline();
    }
    html_.Close();
    html_.Close();
    html_.Newline();
  }

  void WriteFacts(const Block& block) {
    html_.Open("dl", Named(block));
    for (const Block::Row& row : block.rows) {
      html_.Open("div");
      html_.Open("dt");
      WriteItem(row.cells[0]);
      html_.Close();
      html_.Open("dd");
      WriteItem(row.cells[1]);
      html_.Close();
      html_.Close();
    }
    html_.Close();
  }

  static bool FitsOneLine(const Criterion& criterion) {
    if (criterion.lead.empty()) return true;
    if (criterion.lead != "all of" && criterion.lead != "any of") return false;
    for (const Criterion& part : criterion.parts) {
      if (!part.lead.empty()) return false;
    }
    return criterion.parts.size() <= kInlineParts;
  }

  void Write(const Criterion& criterion) {
    if (FitsOneLine(criterion)) {
      html_.Open("p");
      Write(Inline(criterion));
      html_.Close();
      return;
    }
    html_.Element("p", {{"class", "lead"}}, criterion.lead);
    html_.Open("ul");
    for (const Criterion& part : criterion.parts) {
      html_.Open("li");
      Write(part);
      html_.Close();
    }
    html_.Close();
  }

  const ReviewPage& page_;
  HtmlWriter html_;
};

}  // namespace

RenderedHtml RenderHtml(const ReviewPage& page) { return Renderer(page).Run(); }

}  // namespace plumbline::review
