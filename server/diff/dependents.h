// Dependents: which rules and exercises rest on an element that is no rule by itself, or that other
// rules read: through terms, patterns and stages, however many there are in between; through
// citations and referrals.
//
// Immutable once built; thread-safe.

#ifndef PLUMBLINE_SERVER_DIFF_DEPENDENTS_H_
#define PLUMBLINE_SERVER_DIFF_DEPENDENTS_H_

#include <map>
#include <set>
#include <string>
#include <vector>

#include "server/diff/elements.h"
#include "server/diff/side.h"

namespace plumbline::diff {

class Dependents {
 public:
  Dependents(const Side& side, const Element& root);

  // Ids, each once, in the order of the ruleset; without the element itself. `id` of the side that
  // this was built of.
  std::vector<std::string> Of(const Element& element) const;

 private:
  // What reads names: a rule, an exercise, a term, a condition, a stage.
  struct Reader {
    std::string id;  // of the condition, for its findings
    std::string kind;
    std::set<std::string> reads;
  };

  void AddExpressions(const Side& side, const Element& element, const Element& owner);
  void AddReferences(const Element& element, const Element& owner);
  void AddDerived(const v1::Ruleset& ruleset);
  Reader& ReaderOf(const Element& owner);

  std::vector<Reader> readers_;
  std::map<std::string, size_t> reader_index_;
  // "cites BOOK/1", "refers CLINIC": who does.
  std::map<std::string, std::vector<std::string>> referrers_;
};

}  // namespace plumbline::diff

#endif  // PLUMBLINE_SERVER_DIFF_DEPENDENTS_H_
