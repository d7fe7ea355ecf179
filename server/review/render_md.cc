#include "server/review/render_md.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "server/review/criterion.h"
#include "server/review/html_writer.h"

namespace plumbline::review {
namespace {

// Characters that could begin markup, with a backslash before them; control characters and HTML as
// EscapeHtml has them; line breaks as spaces.
std::string Escape(const std::string& text) {
  std::string out;
  for (const char c : EscapeHtml(text)) {
    if (c == '\n' || c == '\t') {
      out += ' ';
      continue;
    }
    if (c == '\\' || c == '`' || c == '*' || c == '_' || c == '[' || c == ']' || c == '|' ||
        c == '~' || c == '!') {
      out += '\\';
    }
    out += c;
  }
  return out;
}

// Written as HTML, so that neither pipes nor back quotes end it.
std::string CodeText(const std::string& text) {
  return absl::StrCat("<code>", absl::StrReplaceAll(Escape(text), {{"\\`", "&#96;"}}), "</code>");
}

std::string Anchor(const std::string& anchor) {
  return anchor.empty() ? "" : absl::StrCat("<a id=\"", EscapeHtml(anchor), "\"></a>");
}

std::string Address(const std::string& url) {
  return absl::StrReplaceAll(EscapeHtml(url),
                             {{"(", "%28"}, {")", "%29"}, {"|", "%7C"}, {" ", "%20"}});
}

class Renderer {
 public:
  std::string Run(const ReviewPage& page) && {
    absl::StrAppend(&out_, "# ", Escape(page.title), "\n\n", Escape(page.subtitle), "\n\n");
    for (const Block& block : page.cover) Write(block);
    out_ += "## Contents\n\n";
    for (const Section& section : page.sections) {
      absl::StrAppend(&out_, "- [", Escape(section.title), "](#", section.anchor, ")\n");
    }
    out_ += "\n";
    for (const Section& section : page.sections) {
      absl::StrAppend(&out_, Anchor(section.anchor), "\n\n## ", Escape(section.title), "\n\n");
      for (const Block& block : section.blocks) Write(block);
    }
    return std::move(out_);
  }

 private:
  static std::string Text(const Line& line) {
    std::string text;
    for (const Span& span : line) {
      const std::string words = Escape(span.text);
      switch (span.kind) {
        case Span::Kind::kText:
          text += words;
          break;
        case Span::Kind::kStrong:
          absl::StrAppend(&text, "<b>", words, "</b>");
          break;
        case Span::Kind::kSoft:
          absl::StrAppend(&text, "<small>", words, "</small>");
          break;
        case Span::Kind::kCode:
          text += CodeText(span.text);
          break;
        case Span::Kind::kLink:
          absl::StrAppend(&text, "[", words, "](#", span.target, ")");
          break;
        case Span::Kind::kWeb:
          absl::StrAppend(&text, "[", words, "](", Address(span.target), ")");
          break;
        case Span::Kind::kBadge:
          absl::StrAppend(&text, "**\\[", words, "\\]**");
          break;
        case Span::Kind::kBreak:
          text += "<br>";
          break;
      }
    }
    return text;
  }

  // Everything on one line, as a table's cell needs it.
  static std::string Flat(const std::vector<Block>& blocks) {
    std::string text;
    for (const Block& block : blocks) {
      const std::string part = Flat(block);
      if (part.empty()) continue;
      absl::StrAppend(&text, text.empty() ? "" : "<br>", Anchor(block.anchor), part);
    }
    return text;
  }

  static std::string Flat(const Block& block) {
    std::string text;
    const auto add = [&text](const std::string& part) {
      if (!part.empty()) absl::StrAppend(&text, text.empty() ? "" : "<br>", part);
    };
    switch (block.kind) {
      case Block::Kind::kBullets:
      case Block::Kind::kSteps:
        for (size_t i = 0; i < block.items.size(); ++i) {
          add(absl::StrCat(block.kind == Block::Kind::kSteps ? absl::StrCat(i + 1, "\\. ") : "• ",
                           Flat(block.items[i])));
        }
        return text;
      case Block::Kind::kCriterion:
        add(Text(Inline(block.criterion)));
        if (!block.line.empty()) add(absl::StrCat("<sub>", Text(block.line), "</sub>"));
        return text;
      case Block::Kind::kTable:
      case Block::Kind::kFacts:
        for (const Block::Row& row : block.rows) {
          std::string cells;
          for (const auto& cell : row.cells) {
            absl::StrAppend(&cells, cells.empty() ? "" : ": ", Flat(cell));
          }
          add(Anchor(row.anchor) + cells);
        }
        return text;
      default:
        add(Text(block.line));
        add(Flat(block.children));
        return text;
    }
  }

  void Write(const Block& block) {
    if (block.kind != Block::Kind::kHeading && block.kind != Block::Kind::kCard &&
        !block.anchor.empty()) {
      absl::StrAppend(&out_, Anchor(block.anchor), "\n");
    }
    switch (block.kind) {
      case Block::Kind::kHeading:
        absl::StrAppend(&out_, Anchor(block.anchor), "\n\n### ", Text(block.line), "\n\n");
        return;
      case Block::Kind::kCard:
        absl::StrAppend(&out_, Anchor(block.anchor), "\n\n### ", Text(block.line), "\n\n");
        for (const Block& child : block.children) Write(child);
        return;
      case Block::Kind::kNote:
        for (const Block& child : block.children) Write(child);
        return;
      case Block::Kind::kBullets:
      case Block::Kind::kSteps:
        for (size_t i = 0; i < block.items.size(); ++i) {
          absl::StrAppend(&out_,
                          block.kind == Block::Kind::kSteps ? absl::StrCat(i + 1, ". ") : "- ",
                          Flat(block.items[i]), "\n");
        }
        out_ += "\n";
        return;
      case Block::Kind::kTable:
      case Block::Kind::kFacts:
        WriteTable(block);
        return;
      default:
        absl::StrAppend(&out_, Flat(block), "\n\n");
        return;
    }
  }

  void WriteTable(const Block& block) {
    if (block.rows.empty()) return;
    const size_t columns =
        block.kind == Block::Kind::kFacts ? block.rows[0].cells.size() : block.head.size();
    out_ += "|";
    for (size_t i = 0; i < columns; ++i) {
      absl::StrAppend(&out_, " ", i < block.head.size() ? Escape(block.head[i]) : "", " |");
    }
    out_ += "\n|";
    for (size_t i = 0; i < columns; ++i) out_ += " --- |";
    out_ += "\n";
    for (const Block::Row& row : block.rows) {
      out_ += "|";
      for (size_t i = 0; i < columns; ++i) {
        absl::StrAppend(&out_, " ", i == 0 ? Anchor(row.anchor) : "",
                        i < row.cells.size() ? Flat(row.cells[i]) : "", " |");
      }
      out_ += "\n";
    }
    out_ += "\n";
  }

  std::string out_;
};

}  // namespace

std::string RenderMarkdown(const ReviewPage& page) { return Renderer().Run(page); }

}  // namespace plumbline::review
