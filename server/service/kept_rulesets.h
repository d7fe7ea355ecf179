// KeptRulesets: the rulesets that decided, kept beside the decision log for as long as the log.
//
// A recorded decision names its revision; to evaluate it again, or to explain it years later, the
// rules of that revision must still be there. The ruleset file (registry/bundle.h) is an immutable
// object of the log's store, and a document named by the revision says which.

#ifndef PLUMBLINE_SERVER_SERVICE_KEPT_RULESETS_H_
#define PLUMBLINE_SERVER_SERVICE_KEPT_RULESETS_H_

#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "server/ruleset/compiled_ruleset.h"
#include "server/service/replay.h"
#include "server/service/ruleset_source.h"
#include "server/store/store.h"

namespace plumbline::service {

// Thread-safe. The store must outlive it.
class KeptRulesets : public ReplayRulesets {
 public:
  explicit KeptRulesets(store::LogStore* store) : store_(store) {}

  // Keeps the ruleset file `bundle`, whose revision is `revision`; durable when it returns OK.
  // Keeping it again does nothing. Must precede the first decision under it.
  absl::Status Keep(absl::string_view revision, absl::string_view bundle);

  // By all 64 digits. NotFound if it was never kept. DataLoss if what is kept is damaged, or not of
  // that revision; FailedPrecondition if this version of the program cannot compile it any more.
  absl::StatusOr<std::shared_ptr<const ServedRuleset>> Load(absl::string_view revision) override;
  absl::StatusOr<std::shared_ptr<const ruleset::CompiledRuleset>> LoadCompiled(
      absl::string_view revision);
  // The ruleset file.
  absl::StatusOr<std::string> LoadBundle(absl::string_view revision) const;

 private:
  struct Loaded {
    std::shared_ptr<const ruleset::CompiledRuleset> compiled;
    std::shared_ptr<const ServedRuleset> served;
  };
  absl::StatusOr<Loaded> LoadBoth(absl::string_view revision);

  // Compiled ones that are kept in memory: a log has few revisions that are read again and again.
  static constexpr size_t kMaxInMemory = 8;

  store::LogStore* const store_;
  absl::Mutex mutex_;  // also: one compilation at a time
  // Most recently used first.
  std::list<std::pair<std::string, Loaded>> in_memory_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace plumbline::service

#endif  // PLUMBLINE_SERVER_SERVICE_KEPT_RULESETS_H_
