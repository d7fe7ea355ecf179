// Mutation run: which mutants of a ruleset do its tests notice?
//
// Each mutant is compiled like any ruleset. One that the checks refuse could never be released: it
// counts apart. One that some case tells from the original is killed. One that none does survived:
// either a test is missing, or the change makes no difference.

#ifndef PLUMBLINE_SERVER_RULETEST_MUTATION_RUN_H_
#define PLUMBLINE_SERVER_RULETEST_MUTATION_RUN_H_

#include <functional>
#include <string>
#include <vector>

#include "server/ruletest/cases.h"
#include "server/ruletest/mutants.h"

namespace plumbline::ruletest {

struct MutantResult {
  Mutant mutant;
  enum class Fate { kKilled, kSurvived, kRefused } fate = Fate::kSurvived;
  std::string by;  // killed: the first difference; refused: the first issue
};

struct MutationReport {
  std::vector<MutantResult> results;  // in the order of the document
  double seconds = 0;

  size_t Count(MutantResult::Fate fate) const;
  // Killed among those that were not refused; 1 if there are none.
  double KilledShare() const;
};

struct MutationOptions {
  int threads = 2;
  // Take every n-th mutant only (a sample for quick runs).
  int every = 1;
  // Only mutants of rules whose id holds this text.
  std::string filter;
  std::function<void(double)> progress;  // share done, from any thread, one call at a time
};

// `ruleset` and what `cases` refer to must outlive the call. The unchanged ruleset must pass its
// cases; otherwise every mutant would count as killed.
MutationReport RunMutants(const Subject& subject, const CaseSet& cases,
                          const MutationOptions& options);

}  // namespace plumbline::ruletest

#endif  // PLUMBLINE_SERVER_RULETEST_MUTATION_RUN_H_
