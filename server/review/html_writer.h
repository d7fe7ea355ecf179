// HtmlWriter: writes one self-contained HTML page, and lets nothing unescaped into it.
//
// Names of elements and attributes are literals of the program; everything else is data. Text and
// attribute values are escaped (`& < > " '`), control characters and malformed UTF-8 become U+FFFD.
// Attributes that could run code (`on...`, `style`) are refused; links lead to anchors of the page
// or to http(s) addresses. Ids are unique and have no spaces. What is refused is left out and
// listed in problems(): a page that can be written is a page that can be opened. Elements nest, so
// the page is well-formed XML too, as long as style and script hold no `<` and no `&`.
//
// Thread-compatible; owns its text.

#ifndef PLUMBLINE_SERVER_REVIEW_HTML_WRITER_H_
#define PLUMBLINE_SERVER_REVIEW_HTML_WRITER_H_

#include <initializer_list>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace plumbline::review {

// The anchor of a thing of this page: "rule-RF-CES-1". Characters other than letters, digits and
// `-._/:` are written as `~` and two hexadecimal digits, so that different ids never share an
// anchor. `kind` has letters only.
std::string AnchorOf(absl::string_view kind, absl::string_view id);

// `& < > " '` as character references; control characters and malformed UTF-8 as U+FFFD.
std::string EscapeHtml(absl::string_view text);

// "https://doi.org/..." with everything percent-encoded that a URL cannot hold.
std::string DoiUrl(absl::string_view doi);

class HtmlWriter {
 public:
  struct Attribute {
    const char* name;
    std::string value;
  };
  using Attributes = std::vector<Attribute>;

  // Begins the document: head with a content security policy that allows exactly this style and
  // this script (empty: none) and no network at all, and the open body. Both are parts of the
  // program, not data.
  HtmlWriter(absl::string_view title, absl::string_view style, absl::string_view script);

  HtmlWriter(const HtmlWriter&) = delete;
  HtmlWriter& operator=(const HtmlWriter&) = delete;

  void Open(const char* element, const Attributes& attributes = {});
  // Closes the innermost open element.
  void Close();
  void Text(absl::string_view text);
  // <element ...>text</element>
  void Element(const char* element, const Attributes& attributes, absl::string_view text);
  void Element(const char* element, absl::string_view text) { Element(element, {}, text); }
  // An element without content, such as `input`.
  void Void(const char* element, const Attributes& attributes = {});
  // For people who read the source; no meaning.
  void Newline() { out_ += '\n'; }

  // Closes all that is open and puts the script at the end. Call once; the writer is spent then.
  std::string Finish();

  // What was refused, and after Finish() also links to anchors that the page does not have.
  const std::vector<std::string>& problems() const { return problems_; }

 private:
  void StartTag(const char* element, const Attributes& attributes);
  bool Accept(const char* element, const Attribute& attribute);

  std::string out_;
  std::string script_;
  std::vector<const char*> open_;
  std::set<std::string> ids_;
  std::set<std::string> targets_;
  std::vector<std::string> problems_;
};

}  // namespace plumbline::review

#endif  // PLUMBLINE_SERVER_REVIEW_HTML_WRITER_H_
