// Which entries of a list have moved, where their order counts.

#ifndef PLUMBLINE_SERVER_DIFF_PLACES_H_
#define PLUMBLINE_SERVER_DIFF_PLACES_H_

#include <functional>
#include <vector>

namespace plumbline::diff {

// `places` are the old places of entries in their new order. Returns indices into it of as few
// entries as explain why pairs for which `counts` holds (called with old places) are now the other
// way round; sorted. An entry that jumped over others is named, not those that it jumped over.
std::vector<int> FindMoved(const std::vector<int>& places,
                           const std::function<bool(int, int)>& counts);

}  // namespace plumbline::diff

#endif  // PLUMBLINE_SERVER_DIFF_PLACES_H_
