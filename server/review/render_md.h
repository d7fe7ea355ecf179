// The review page as Markdown with tables (the dialect of GitHub): for diffs and code review.
//
// Anchors are `<a id="...">`. Text is escaped, so that nothing in a rule becomes markup, and what
// stands in a table stays within its cell.

#ifndef PLUMBLINE_SERVER_REVIEW_RENDER_MD_H_
#define PLUMBLINE_SERVER_REVIEW_RENDER_MD_H_

#include <string>

#include "server/review/render_model.h"

namespace plumbline::review {

// The same bytes for the same page.
std::string RenderMarkdown(const ReviewPage& page);

}  // namespace plumbline::review

#endif  // PLUMBLINE_SERVER_REVIEW_RENDER_MD_H_
