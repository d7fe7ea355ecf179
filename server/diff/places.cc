#include "server/diff/places.h"

#include <algorithm>
#include <cstddef>

namespace plumbline::diff {

std::vector<int> FindMoved(const std::vector<int>& places,
                           const std::function<bool(int, int)>& counts) {
  const size_t size = places.size();
  std::vector<bool> moved(size, false);
  std::vector<int> result;
  while (true) {
    // Entries that have turned round against most of the others go first.
    std::vector<int> turned(size, 0);
    for (size_t i = 0; i < size; ++i) {
      for (size_t k = i + 1; k < size; ++k) {
        if (moved[i] || moved[k] || places[i] < places[k] || !counts(places[i], places[k]))
          continue;
        ++turned[i];
        ++turned[k];
      }
    }
    const auto most = std::max_element(turned.begin(), turned.end());
    if (most == turned.end() || *most == 0) break;
    const auto index = static_cast<size_t>(most - turned.begin());
    moved[index] = true;
    result.push_back(static_cast<int>(index));
  }
  std::sort(result.begin(), result.end());
  return result;
}

}  // namespace plumbline::diff
