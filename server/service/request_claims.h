// RequestClaims: who works on which request id now, and who did before.
//
// A claim on (caller, request id) is held from the first look until the record is durable. Requests
// that come meanwhile follow it, if they are the same.

#ifndef PLUMBLINE_SERVER_SERVICE_REQUEST_CLAIMS_H_
#define PLUMBLINE_SERVER_SERVICE_REQUEST_CLAIMS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/span.h"
#include "server/base/random.h"
#include "server/base/sha256.h"
#include "server/service/caller.h"
#include "server/service/decision_recorder.h"
#include "server/service/request_memory.h"

namespace plumbline::service {

// A request with an id.
struct NamedRequest {
  RequestKind kind = RequestKind::kDecision;
  const Caller& caller;
  absl::string_view request_id;
  // Of the request's bytes.
  Sha256Digest digest{};
};

// Thread-safe; the lock is held for table look-ups only.
class RequestClaims {
 public:
  using Follower = DecisionRecorder::Follower;

  // Held by whoever works on the request; goes to Release, once.
  struct Claim {
    std::string key;
    uint64_t fingerprint = 0;
    // Records that may be of this request, oldest first.
    std::vector<uint64_t> candidates;
    // Records below this one are not remembered: the index must be asked.
    uint64_t unknown_below = 0;
    // Nothing more can be remembered: a new request must be refused.
    bool no_room = false;
  };
  // The id is claimed for another request.
  struct Taken {};

  // Remembers `remembered` requests, and up to `limit` as long as the index does not have them.
  RequestClaims(RandomSource& random, size_t remembered, size_t limit, int fingerprint_bits);

  // `make_follower`: as in DecisionRecorder::Begin.
  std::variant<Claim, Following, Taken> Take(const NamedRequest& request,
                                             absl::FunctionRef<Follower()> make_follower);

  // Ends a claim. `index`: of the record that was made, if one was. Returns the followers, which
  // the caller must serve.
  std::vector<Follower> Release(const Claim& claim, std::optional<uint64_t> index);

  uint64_t Fingerprint(RequestKind kind, absl::string_view caller,
                       absl::string_view request_id) const {
    return fingerprint_.Of(kind, caller, request_id);
  }
  // Fingerprints and indices of all requests in records first .. reaches_back_to() - 1: the memory
  // reaches back to `first` now. False: it is full, and nothing more is needed.
  bool Remember(uint64_t first, absl::Span<const std::pair<uint64_t, uint64_t>> uses);
  void SetReach(uint64_t index);
  uint64_t reaches_back_to() const;
  // See RequestMemory. True if there is more than what should be remembered.
  bool NeedsTrim() const;
  void Trim(uint64_t indexed_size);
  // Whether a new request can be remembered, with all that are under way.
  bool HasRoom() const;
  size_t size() const;
  size_t limit() const { return limit_; }

 private:
  struct Flight {
    Sha256Digest digest;
    std::vector<Follower> followers;
  };

  bool HasRoomLocked() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return memory_.size() + flights_.size() <= limit_;
  }

  const RequestFingerprint fingerprint_;
  const size_t limit_;
  mutable absl::Mutex mutex_;
  RequestMemory memory_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<std::string, Flight> flights_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace plumbline::service

#endif  // PLUMBLINE_SERVER_SERVICE_REQUEST_CLAIMS_H_
