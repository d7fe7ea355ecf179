// The difference of two rulesets as one HTML file: no network, no script, prints on A4.

#ifndef PLUMBLINE_SERVER_REVIEW_DIFF_HTML_H_
#define PLUMBLINE_SERVER_REVIEW_DIFF_HTML_H_

#include "server/review/diff_page.h"
#include "server/review/render_html.h"

namespace plumbline::review {

// The same bytes for the same page.
RenderedHtml DiffHtml(const DiffPage& page);

}  // namespace plumbline::review

#endif  // PLUMBLINE_SERVER_REVIEW_DIFF_HTML_H_
