// What a decision log checks before it takes a record, and what it begins with.

#ifndef PLUMBLINE_SERVER_AUDIT_LOG_OPENING_H_
#define PLUMBLINE_SERVER_AUDIT_LOG_OPENING_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/audit/checkpointer.h"
#include "server/audit/decision_log.h"
#include "server/audit/keyring.h"
#include "server/audit/log_tree.h"

namespace plumbline::audit {

// Documents of the store; "checkpoint" and "checkpoint.cosigned" are checkpointer.h's.
inline constexpr absl::string_view kIndexKeyDocument = "index-key";
inline constexpr absl::string_view kPendingErasureDocument = "erasure-pending";

// The index key is wrapped as if it belonged to this record, which no record can be.
inline constexpr Uuid kIndexKeyId{};

struct OpenedState {
  std::unique_ptr<LogTree> tree;
  Checkpointer::Stored checkpoints;
  RecordKey index_key{};
  // Of the last record; 0: none.
  int64_t last_time_us = 0;
};

// See DecisionLog::Open. Writes nothing before everything has been checked, and then only what a
// log that is empty begins with.
absl::StatusOr<OpenedState> OpenState(const LogOptions& options, const LogIdentity& identity,
                                      store::LogStore* store, const Keyring& keyring,
                                      const Clock& clock, RandomSource& random);

// The identity of a log that is only read: without a signer. InvalidArgument for keys that are
// missing, not well-formed, or not named like the origin.
absl::StatusOr<LogIdentity> MakeReaderIdentity(const std::string& origin,
                                               const std::vector<std::string>& verifier_keys);
// The identity of a log that is written: InvalidArgument also if the signer's key is not the first.
absl::StatusOr<LogIdentity> MakeIdentity(const LogOptions& options, const NoteSigner* signer);

// The index key that the store holds. NotFound if there is none yet.
absl::StatusOr<RecordKey> ReadIndexKey(const store::LogStore& store, const Keyring& keyring);
absl::Status WriteIndexKey(const RecordKey& key, store::LogStore* store, const Keyring& keyring,
                           RandomSource& random);

}  // namespace plumbline::audit

#endif  // PLUMBLINE_SERVER_AUDIT_LOG_OPENING_H_
