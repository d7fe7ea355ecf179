// Text for a terminal: display width, wrapping, bullets and aligned columns.

#ifndef PLUMBLINE_SERVER_CLI_TEXT_LAYOUT_H_
#define PLUMBLINE_SERVER_CLI_TEXT_LAYOUT_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace plumbline::cli {

// Columns that `text` (UTF-8) takes: 0 for combining marks, 2 for wide East Asian characters and
// emoji, 1 otherwise.
int DisplayWidth(absl::string_view text);

// What may go to a terminal: control characters and malformed UTF-8 become '?', line breaks and
// tabs a space, so that no text of a ruleset or a patient can drive the terminal.
std::string Printable(absl::string_view text);

// Breaks at spaces; a word longer than a line stays whole. At least one line, no trailing spaces.
std::vector<std::string> WrapText(absl::string_view text, int width);

enum class Style { kPlain, kBold, kDim, kRed, kYellow, kGreen };

// Writes a page of text. Thread-compatible. Everything passes through Printable().
class TextPage {
 public:
  TextPage(int width, bool color);

  // An upper-case heading after an empty line.
  void Heading(absl::string_view text);
  void Line(int indent, absl::string_view text, Style style = Style::kPlain);
  // `lead` stands before the first line, and the following lines hang below the text.
  void Item(int indent, absl::string_view lead, absl::string_view text,
            Style style = Style::kPlain);
  void Blank();

  // Rows of cells. Columns are as wide as their widest cell, except the last, which wraps within
  // what is left of the line (and every other one in at most `max_column` columns).
  void Table(int indent, const std::vector<std::string>& header,
             const std::vector<std::vector<std::string>>& rows, int max_column = 32);

  const std::string& text() const { return text_; }

 private:
  std::string Styled(const std::string& text, Style style) const;
  void Put(int indent, const std::string& line, Style style);

  int width_;
  bool color_;
  std::string text_;
};

}  // namespace plumbline::cli

#endif  // PLUMBLINE_SERVER_CLI_TEXT_LAYOUT_H_
