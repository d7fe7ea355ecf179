// PayloadEncoders: for every revision a dictionary, by which its decisions are recorded as a few
// KB.
//
// A dictionary is made of the decisions that the revision gives to its own worked patients. That
// takes a moment: Prepare does it before a revision goes live; for one that nobody has prepared, a
// thread does it while the first decisions are recorded as they are.

#ifndef PLUMBLINE_SERVER_SERVICE_PAYLOAD_ENCODERS_H_
#define PLUMBLINE_SERVER_SERVICE_PAYLOAD_ENCODERS_H_

#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "server/audit/payload.h"
#include "server/service/background_thread.h"
#include "server/service/ruleset_source.h"
#include "server/store/store.h"

namespace plumbline::service {

// Thread-safe. The store must outlive it.
class PayloadEncoders {
 public:
  using Encoder = std::shared_ptr<const audit::PayloadEncoder>;

  explicit PayloadEncoders(store::LogStore* store) : store_(store) {}

  // Never null, never waits.
  Encoder For(const std::shared_ptr<const ServedRuleset>& ruleset);
  // Returns when the revision has its dictionary.
  absl::Status Prepare(const ServedRuleset& ruleset);

 private:
  store::LogStore* const store_;
  const Encoder plain_ = std::make_shared<audit::PayloadEncoder>();
  absl::Mutex mutex_;
  // By revision; plain while the dictionary is being made, or when it cannot be.
  absl::flat_hash_map<std::string, Encoder> encoders_ ABSL_GUARDED_BY(mutex_);
  // Revisions come seldom: the latest one that was not prepared has the thread.
  std::unique_ptr<BackgroundThread> thread_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace plumbline::service

#endif  // PLUMBLINE_SERVER_SERVICE_PAYLOAD_ENCODERS_H_
