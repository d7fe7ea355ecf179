// PayloadEncoders: for every revision an encoder, by which its decisions are recorded as the
// numbers of the texts that they are put together from.

#ifndef PLUMBLINE_SERVER_SERVICE_PAYLOAD_ENCODERS_H_
#define PLUMBLINE_SERVER_SERVICE_PAYLOAD_ENCODERS_H_

#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/audit/payload.h"
#include "server/service/ruleset_source.h"
#include "server/store/store.h"

namespace plumbline::service {

// Thread-safe. The store must outlive it.
class PayloadEncoders {
 public:
  using Encoder = std::shared_ptr<const audit::PayloadEncoder>;

  explicit PayloadEncoders(store::LogStore* store) : store_(store) {}

  // Never null. Prepares a revision that was not prepared before, which writes its texts to the
  // store; when that fails, decisions are recorded as they are, some twenty times larger, and the
  // next call after a minute tries again.
  Encoder For(const ServedRuleset& ruleset);
  // Returns when the texts of the revision are in the store.
  absl::Status Prepare(const ServedRuleset& ruleset);

 private:
  struct Entry {
    Encoder encoder;
    // When to try again to prepare it.
    absl::Time retry = absl::InfiniteFuture();
  };

  store::LogStore* const store_;
  const Encoder plain_ = std::make_shared<audit::PayloadEncoder>();
  absl::Mutex mutex_;
  // By revision.
  absl::flat_hash_map<std::string, Entry> entries_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace plumbline::service

#endif  // PLUMBLINE_SERVER_SERVICE_PAYLOAD_ENCODERS_H_
