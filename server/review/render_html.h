// The review page as one HTML file: no network, readable without script, prints on A4.

#ifndef PLUMBLINE_SERVER_REVIEW_RENDER_HTML_H_
#define PLUMBLINE_SERVER_REVIEW_RENDER_HTML_H_

#include <string>
#include <vector>

#include "server/review/render_model.h"

namespace plumbline::review {

struct RenderedHtml {
  std::string html;
  // What the writer refused (HtmlWriter::problems); empty for a sound ruleset.
  std::vector<std::string> problems;
};

// The same bytes for the same page.
RenderedHtml RenderHtml(const ReviewPage& page);

}  // namespace plumbline::review

#endif  // PLUMBLINE_SERVER_REVIEW_RENDER_HTML_H_
