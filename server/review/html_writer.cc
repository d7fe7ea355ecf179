#include "server/review/html_writer.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/base/sha256.h"
#include "server/expr/utf8.h"

namespace plumbline::review {
namespace {

constexpr absl::string_view kReplacement = "\xef\xbf\xbd";

bool IsPlain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_';
}

bool IsAnchor(absl::string_view id) {
  if (id.empty()) return false;
  for (const char c : id) {
    if (!IsPlain(c) && c != '/' && c != ':' && c != '~') return false;
  }
  return true;
}

// Bytes of the character at the beginning of `text` if it is one that HTML and XML allow, else 0.
size_t CharacterLength(absl::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return first >= 0x20 || first == '\n' || first == '\t' ? 1 : 0;
  const size_t length = expr::Utf8Length(text);
  if (length == 3 && absl::StartsWith(text, "\xef\xbf") &&
      (text[2] == '\xbe' || text[2] == '\xbf')) {
    return 0;  // U+FFFE, U+FFFF
  }
  // C1 control characters.
  return length == 2 && first == 0xc2 && static_cast<unsigned char>(text[1]) < 0xa0 ? 0 : length;
}

std::string PolicySource(const char* directive, absl::string_view content) {
  if (content.empty()) return absl::StrCat("; ", directive, " 'none'");
  const Sha256Digest digest = Sha256Of(content);
  const std::string bytes(digest.begin(), digest.end());
  return absl::StrCat("; ", directive, " 'sha256-", absl::Base64Escape(bytes), "'");
}

}  // namespace

std::string AnchorOf(absl::string_view kind, absl::string_view id) {
  std::string anchor = absl::StrCat(kind, "-");
  for (const char c : id) {
    if (IsPlain(c) || c == '/' || c == ':') {
      anchor += c;
    } else {
      absl::StrAppendFormat(&anchor, "~%02x", static_cast<unsigned char>(c));
    }
  }
  return anchor;
}

std::string EscapeHtml(absl::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    const size_t length = CharacterLength(text.substr(i));
    if (length == 0) {
      out.append(kReplacement.data(), kReplacement.size());
      ++i;
      continue;
    }
    const char c = text[i];
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '"') {
      out += "&quot;";
    } else if (c == '\'') {
      out += "&#39;";
    } else {
      out.append(text.data() + i, length);
    }
    i += length;
  }
  return out;
}

std::string DoiUrl(absl::string_view doi) {
  std::string url = "https://doi.org/";
  for (const char c : doi) {
    if (IsPlain(c) || c == '/' || c == ':' || c == '(' || c == ')' || c == ';') {
      url += c;
    } else {
      absl::StrAppendFormat(&url, "%%%02X", static_cast<unsigned char>(c));
    }
  }
  return url;
}

HtmlWriter::HtmlWriter(absl::string_view title, absl::string_view style, absl::string_view script)
    : script_(script) {
  out_ = "<!DOCTYPE html>\n";
  Open("html", {{"lang", "en"}});
  Newline();
  Open("head");
  Void("meta", {{"charset", "utf-8"}});
  Newline();
  Void("meta", {{"http-equiv", "Content-Security-Policy"},
                {"content", absl::StrCat("default-src 'none'", PolicySource("style-src", style),
                                         PolicySource("script-src", script),
                                         "; base-uri 'none'; form-action 'none'")}});
  Newline();
  Void("meta", {{"name", "viewport"}, {"content", "width=device-width, initial-scale=1"}});
  Void("meta", {{"name", "referrer"}, {"content", "no-referrer"}});
  Newline();
  Element("title", title);
  Newline();
  if (!style.empty()) absl::StrAppend(&out_, "<style>", style, "</style>\n");
  Close();
  Newline();
  Open("body");
  Newline();
}

bool HtmlWriter::Accept(const char* element, const Attribute& attribute) {
  const absl::string_view name = attribute.name;
  const auto refuse = [&](absl::string_view why) {
    problems_.push_back(absl::StrCat(element, " ", name, "=\"", attribute.value, "\": ", why));
    return false;
  };
  if (absl::StartsWith(name, "on") || name == "style" || name == "srcdoc") {
    return refuse("attribute that is not allowed");
  }
  if (name == "id") {
    if (!IsAnchor(attribute.value)) return refuse("not an anchor");
    if (!ids_.insert(attribute.value).second) return refuse("used before");
  }
  if (name == "href" || name == "src") {
    const absl::string_view value = attribute.value;
    if (absl::StartsWith(value, "#")) {
      if (!IsAnchor(value.substr(1))) return refuse("not an anchor");
      targets_.insert(std::string(value.substr(1)));
    } else if (!absl::StartsWith(value, "https://") && !absl::StartsWith(value, "http://")) {
      return refuse("neither an anchor nor a web address");
    }
  }
  return true;
}

void HtmlWriter::StartTag(const char* element, const Attributes& attributes) {
  absl::StrAppend(&out_, "<", element);
  std::set<absl::string_view> seen;
  for (const Attribute& attribute : attributes) {
    if (!seen.insert(attribute.name).second || !Accept(element, attribute)) continue;
    absl::StrAppend(&out_, " ", attribute.name, "=\"", EscapeHtml(attribute.value), "\"");
  }
}

void HtmlWriter::Open(const char* element, const Attributes& attributes) {
  StartTag(element, attributes);
  out_ += '>';
  open_.push_back(element);
}

void HtmlWriter::Close() {
  if (open_.empty()) return;
  absl::StrAppend(&out_, "</", open_.back(), ">");
  open_.pop_back();
}

void HtmlWriter::Text(absl::string_view text) { out_ += EscapeHtml(text); }

void HtmlWriter::Element(const char* element, const Attributes& attributes,
                         absl::string_view text) {
  Open(element, attributes);
  Text(text);
  Close();
}

void HtmlWriter::Void(const char* element, const Attributes& attributes) {
  StartTag(element, attributes);
  out_ += "/>";
}

std::string HtmlWriter::Finish() {
  while (!open_.empty()) {
    if (open_.size() == 2 && !script_.empty()) {
      absl::StrAppend(&out_, "\n<script>", script_, "</script>");
    }
    Close();
    Newline();
  }
  for (const std::string& target : targets_) {
    if (ids_.count(target) == 0) problems_.push_back(absl::StrCat("#", target, ": no such anchor"));
  }
  return std::move(out_);
}

}  // namespace plumbline::review
