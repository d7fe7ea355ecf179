#include "server/cli/text_layout.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "server/expr/utf8.h"

namespace plumbline::cli {
namespace {

constexpr int kMinTextWidth = 24;

struct Range {
  uint32_t first;
  uint32_t last;
};

constexpr Range kZeroWidth[] = {
    {0x0300, 0x036F}, {0x200B, 0x200F}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}};
constexpr Range kDoubleWidth[] = {{0x1100, 0x115F}, {0x2E80, 0xA4CF},   {0xAC00, 0xD7A3},
                                  {0xF900, 0xFAFF}, {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},
                                  {0xFFE0, 0xFFE6}, {0x1F300, 0x1FAFF}, {0x20000, 0x3FFFD}};

template <size_t N>
bool Contains(const Range (&ranges)[N], uint32_t code_point) {
  return std::any_of(std::begin(ranges), std::end(ranges), [code_point](const Range& range) {
    return code_point >= range.first && code_point <= range.last;
  });
}

// `bytes` is one well-formed code point.
uint32_t Decode(absl::string_view bytes) {
  const auto lead = static_cast<unsigned char>(bytes[0]);
  if (bytes.size() == 1) {
    return lead;
  }
  uint32_t code_point = lead & (0x7Fu >> bytes.size());
  for (const char c : bytes.substr(1)) {
    code_point = code_point << 6 | (static_cast<unsigned char>(c) & 0x3Fu);
  }
  return code_point;
}

bool IsControl(uint32_t code_point) {
  return code_point < 0x20 || (code_point >= 0x7F && code_point <= 0x9F) ||
         (code_point >= 0x202A && code_point <= 0x202E) ||  // direction overrides
         (code_point >= 0x2066 && code_point <= 0x2069);
}

std::string Padded(const std::string& text, int width) {
  const int missing = width - DisplayWidth(text);
  return missing > 0 ? text + std::string(static_cast<size_t>(missing), ' ') : text;
}

}  // namespace

int DisplayWidth(absl::string_view text) {
  int width = 0;
  while (!text.empty()) {
    const size_t length = std::max<size_t>(expr::Utf8Length(text), 1);
    const uint32_t code_point = Decode(text.substr(0, length));
    width += Contains(kZeroWidth, code_point) ? 0 : Contains(kDoubleWidth, code_point) ? 2 : 1;
    text.remove_prefix(length);
  }
  return width;
}

std::string Printable(absl::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const size_t length = expr::Utf8Length(text);
    if (length == 0) {
      out += '?';
      text.remove_prefix(1);
      continue;
    }
    const absl::string_view bytes = text.substr(0, length);
    if (bytes == "\n" || bytes == "\t" || bytes == "\r") {
      out += ' ';
    } else if (IsControl(Decode(bytes))) {
      out += '?';
    } else {
      out.append(bytes.data(), bytes.size());
    }
    text.remove_prefix(length);
  }
  return out;
}

std::vector<std::string> WrapText(absl::string_view text, int width) {
  std::vector<std::string> lines;
  std::string line;
  int used = 0;
  for (const absl::string_view word : absl::StrSplit(text, ' ', absl::SkipEmpty())) {
    const int word_width = DisplayWidth(word);
    if (!line.empty() && used + 1 + word_width > width) {
      lines.push_back(std::exchange(line, ""));
      used = 0;
    }
    if (!line.empty()) {
      line += ' ';
      ++used;
    }
    line.append(word.data(), word.size());
    used += word_width;
  }
  if (!line.empty() || lines.empty()) {
    lines.push_back(line);
  }
  return lines;
}

TextPage::TextPage(int width, bool color) : width_(std::max(width, 40)), color_(color) {}

std::string TextPage::Styled(const std::string& text, Style style) const {
  if (!color_ || style == Style::kPlain || text.empty()) {
    return text;
  }
  static constexpr const char* kCodes[] = {"0", "1", "2", "1;31", "33", "32"};
  return absl::StrCat("\033[", kCodes[static_cast<int>(style)], "m", text, "\033[0m");
}

void TextPage::Put(int indent, const std::string& line, Style style) {
  if (!line.empty()) {
    text_ += std::string(static_cast<size_t>(indent), ' ') + Styled(line, style);
  }
  text_ += '\n';
}

void TextPage::Heading(absl::string_view text) {
  Blank();
  Put(0, absl::AsciiStrToUpper(Printable(text)), Style::kBold);
}

void TextPage::Line(int indent, absl::string_view text, Style style) {
  for (const std::string& line :
       WrapText(Printable(text), std::max(width_ - indent, kMinTextWidth))) {
    Put(indent, line, style);
  }
}

void TextPage::Item(int indent, absl::string_view lead, absl::string_view text, Style style) {
  const std::string bullet = Printable(lead);
  const int hang = indent + DisplayWidth(bullet);
  const std::vector<std::string> lines =
      WrapText(Printable(text), std::max(width_ - hang, kMinTextWidth));
  text_ += std::string(static_cast<size_t>(indent), ' ') + bullet + Styled(lines[0], style) + '\n';
  for (size_t i = 1; i < lines.size(); ++i) {
    Put(hang, lines[i], style);
  }
}

void TextPage::Blank() {
  if (!text_.empty() && !absl::EndsWith(text_, "\n\n")) {
    text_ += '\n';
  }
}

void TextPage::Table(int indent, const std::vector<std::string>& header,
                     const std::vector<std::vector<std::string>>& rows, int max_column) {
  // A narrow page gives every column the same share.
  const int share = (width_ - indent) / static_cast<int>(header.size()) - 2;
  const int widest = std::max(std::min(max_column, share), 8);
  std::vector<int> widths(header.size(), 0);
  const auto measure = [&](const std::vector<std::string>& row) {
    for (size_t i = 0; i < row.size() && i < widths.size(); ++i) {
      for (const std::string& line : WrapText(Printable(row[i]), widest)) {
        widths[i] = std::max(widths[i], DisplayWidth(line));
      }
    }
  };
  measure(header);
  std::for_each(rows.begin(), rows.end(), measure);
  int used = indent;
  for (size_t i = 0; i + 1 < widths.size(); ++i) {
    used += widths[i] + 2;
  }
  widths.back() = std::max(width_ - used, 8);

  const auto put_row = [&](const std::vector<std::string>& row, Style style) {
    std::vector<std::vector<std::string>> cells;
    size_t height = 1;
    for (size_t i = 0; i < widths.size(); ++i) {
      cells.push_back(WrapText(i < row.size() ? Printable(row[i]) : "", widths[i]));
      height = std::max(height, cells.back().size());
    }
    for (size_t k = 0; k < height; ++k) {
      std::string line;
      for (size_t i = 0; i < cells.size(); ++i) {
        const std::string cell = k < cells[i].size() ? cells[i][k] : "";
        line += i + 1 < cells.size() ? Padded(cell, widths[i]) + "  " : cell;
      }
      absl::StripTrailingAsciiWhitespace(&line);
      Put(indent, line, style);
    }
  };
  put_row(header, Style::kDim);
  for (const std::vector<std::string>& row : rows) {
    put_row(row, Style::kPlain);
  }
}

}  // namespace plumbline::cli
