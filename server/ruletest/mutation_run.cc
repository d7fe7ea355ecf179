#include "server/ruletest/mutation_run.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "plumbline/v1/intake.pb.h"
#include "server/ruleset/compiler.h"
#include "server/ruleset/document.h"

namespace plumbline::ruletest {
namespace {

// What a mutant's fate can be judged by, shared by the threads.
struct Bench {
  v1::Ruleset original;  // without tests: those belong to the cases
  const CaseSet& cases;
  std::vector<size_t> by_length;  // all cases, those with most rows first
};

std::string FirstError(const std::vector<Issue>& issues) {
  for (const Issue& issue : issues) {
    if (issue.severity == Severity::kError) return absl::StrCat(issue.code, ": ", issue.message);
  }
  return "it cannot be compiled";
}

void Judge(const Bench& bench, MutantResult& result) {
  v1::Ruleset changed = bench.original;
  if (!ApplyMutant(result.mutant, changed)) {
    result.fate = MutantResult::Fate::kRefused;
    result.by = absl::StrCat("nothing is at ", result.mutant.path);
    return;
  }
  const ruleset::RulesetDocument document =
      ruleset::RulesetDocument::OfMessage(std::move(changed), "mutant");
  Subject subject;
  ruleset::CompileOptions options;
  options.lint = false;
  options.probes = &subject.probes;
  ruleset::CompileResult compiled =
      ruleset::Compile(document, *v1::Intake::descriptor(), {}, options);
  if (compiled.ruleset == nullptr) {
    result.fate = MutantResult::Fate::kRefused;
    result.by = FirstError(compiled.issues);
    return;
  }
  subject.ruleset = compiled.ruleset;
  PrepareSubject(subject);
  const std::vector<std::string> doses = CompareRegisters(subject.ruleset->source, bench.cases);
  if (!doses.empty()) {
    result.fate = MutantResult::Fate::kKilled;
    result.by = doses.front();
    return;
  }
  CaseRunner runner(subject);
  const auto kills = [&](size_t index) {
    const std::vector<std::string> differences = runner.Run(bench.cases.cases()[index]);
    if (differences.empty()) return false;
    result.fate = MutantResult::Fate::kKilled;
    result.by = absl::StrCat(bench.cases.cases()[index].patient, ": ", differences.front());
    return true;
  };
  for (const size_t index : bench.cases.About(result.mutant.rule_id)) {
    if (kills(index)) return;
  }
  for (const size_t index : bench.by_length) {
    if (kills(index)) return;
  }
}

}  // namespace

size_t MutationReport::Count(MutantResult::Fate fate) const {
  return static_cast<size_t>(
      std::count_if(results.begin(), results.end(),
                    [fate](const MutantResult& result) { return result.fate == fate; }));
}

double MutationReport::KilledShare() const {
  const size_t killed = Count(MutantResult::Fate::kKilled);
  const size_t judged = killed + Count(MutantResult::Fate::kSurvived);
  return judged == 0 ? 1 : static_cast<double>(killed) / static_cast<double>(judged);
}

MutationReport RunMutants(const Subject& subject, const CaseSet& cases,
                          const MutationOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  Bench bench{subject.ruleset->source, cases, {}};
  bench.original.clear_vignettes();
  bench.original.clear_outcome_tables();
  bench.original.clear_hazards();  // they name tests
  bench.original.clear_dose_registers();
  for (size_t i = 0; i < cases.cases().size(); ++i) bench.by_length.push_back(i);
  std::stable_sort(bench.by_length.begin(), bench.by_length.end(), [&cases](size_t a, size_t b) {
    return cases.cases()[a].outcomes.size() > cases.cases()[b].outcomes.size();
  });

  MutationReport report;
  size_t number = 0;
  for (Mutant& mutant : MakeMutants(bench.original, subject.probes)) {
    if (!absl::StrContains(mutant.rule_id, options.filter)) continue;
    if (number++ % static_cast<size_t>(std::max(1, options.every)) != 0) continue;
    report.results.push_back({std::move(mutant), MutantResult::Fate::kSurvived, ""});
  }
  std::atomic<size_t> next{0};
  std::atomic<size_t> done{0};
  std::mutex progress_lock;
  const auto work = [&] {
    for (size_t i = next++; i < report.results.size(); i = next++) {
      Judge(bench, report.results[i]);
      const size_t count = ++done;
      if (options.progress && (count % 16 == 0 || count == report.results.size())) {
        const std::lock_guard<std::mutex> guard(progress_lock);
        options.progress(static_cast<double>(count) / static_cast<double>(report.results.size()));
      }
    }
  };
  std::vector<std::thread> threads;
  for (int i = 1; i < options.threads; ++i) threads.emplace_back(work);
  work();
  for (std::thread& thread : threads) thread.join();
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return report;
}

}  // namespace plumbline::ruletest
