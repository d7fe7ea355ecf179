// The difference of two rulesets as Markdown (the dialect of GitHub), to put into a pull request.
//
// Text is escaped, so that nothing in a rule becomes markup.

#ifndef PLUMBLINE_SERVER_REVIEW_DIFF_MD_H_
#define PLUMBLINE_SERVER_REVIEW_DIFF_MD_H_

#include <string>

#include "server/review/diff_page.h"

namespace plumbline::review {

// The same bytes for the same page.
std::string DiffMarkdown(const DiffPage& page);

}  // namespace plumbline::review

#endif  // PLUMBLINE_SERVER_REVIEW_DIFF_MD_H_
