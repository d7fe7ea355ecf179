// DecisionLog: appends records durably and in one order, and proves what it holds.
//
// The way of a record: Admit (is there room? before any work is done for it) -> Append (sealed on
// the caller's thread) -> one sequencer thread takes what has come (group commit: up to `max_batch`
// records, or what came within `max_batch_delay`), gives indices, appends to the store with one
// sync, extends the Merkle tree -> `done` is called. A checkpoint (signed tree head) follows in the
// background; it never covers what is not durable.
//
// Errors carry their reason as log_error.h says.
//
// Failure: when a write or sync fails, the log has failed for good (health()): every record that
// waits and every later one gets UNAVAILABLE (ERROR_REASON_LOG_FAILED), and nothing is acknowledged
// any more, until the log is opened anew. When the disk is nearly full, Admit refuses with
// UNAVAILABLE (ERROR_REASON_LOG_DISK_FULL) and takes records again once there is space. When too
// much waits, Admit refuses with RESOURCE_EXHAUSTED (ERROR_REASON_LOG_OVERLOADED).
//
// Thread-safe. The store, keys, signer, clock and random source must outlive the log, and the log
// its admissions.

#ifndef PLUMBLINE_SERVER_AUDIT_DECISION_LOG_H_
#define PLUMBLINE_SERVER_AUDIT_DECISION_LOG_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/audit/keyring.h"
#include "server/audit/merkle.h"
#include "server/audit/record.h"
#include "server/base/clock.h"
#include "server/base/event_sink.h"
#include "server/base/random.h"
#include "server/base/sha256.h"
#include "server/base/signed_note.h"
#include "server/base/uuid.h"
#include "server/store/store.h"

namespace plumbline::audit {

struct LogOptions {
  // Name of the log in checkpoints ("decisions.clinic.example/plumbline"); must not change.
  std::string origin;
  // Verifier keys (vkey, note_key.h) of checkpoints of this log: the signer's first, then those
  // that signed before the key was changed. All are named like the origin.
  std::vector<std::string> verifier_keys;
  // Largest number of records for one sync, and how long the first of them may wait for others
  // that are admitted but not yet appended; nothing is waited for when there are none. With zero, a
  // batch is whatever came while the one before was being synced.
  size_t max_batch = 256;
  absl::Duration max_batch_delay = absl::ZeroDuration();
  // Records and bytes that may wait.
  size_t max_pending_records = 4096;
  size_t max_pending_bytes = size_t{256} << 20;
  uint64_t min_free_bytes = uint64_t{256} << 20;
  // A checkpoint is made when so many records, or that much time since the first of them, are not
  // covered.
  uint64_t checkpoint_records = 1024;
  absl::Duration checkpoint_interval = absl::Seconds(1);
  // Text of a checkpoint seen elsewhere: a history that does not contain it is refused.
  std::string min_checkpoint;
  // A clock that is behind the last record by more than this is refused at the start. While
  // running, times never go back: the time of the record before is used, and `on_event` tells.
  absl::Duration clock_tolerance = absl::Minutes(2);
  // For the operator's log: "log-failed", "clock-went-back", "torn-batch-dropped",
  // "checkpoint-failed", "disk-nearly-full", "disk-has-space", "erasure-completed"; no patient
  // data. Called on any thread, must not call the log. May be null.
  EventSink on_event;
};

// How many records a master key wraps.
struct KeyUse {
  MasterKeyId key;
  uint64_t records = 0;
};

// Where a record went.
struct Appended {
  uint64_t index = 0;
  Uuid id;
  absl::Time time;
};

class DecisionLog {
 public:
  using Done = absl::AnyInvocable<void(absl::StatusOr<Appended>) &&>;

  // Room for one record. Gives it back when destroyed unused. Movable.
  class Admission {
   public:
    Admission() = default;
    Admission(Admission&& other) noexcept : log_(std::exchange(other.log_, nullptr)) {}
    Admission& operator=(Admission&& other) noexcept;
    ~Admission();

   private:
    friend class DecisionLog;
    explicit Admission(DecisionLog* log) : log_(log) {}
    DecisionLog* log_ = nullptr;
  };

  // Opens the log in `store`, or begins it if the store is empty. Checks before anything is
  // written: the store against its tiles and its last checkpoint (whose signature must verify), the
  // master key against the log (a wrong key is refused), `min_checkpoint`, the clock, the origin.
  // DataLoss when the history is shorter than or different from a checkpoint; FailedPrecondition
  // for wrong keys, origin or clock; every message says what was found and what was expected.
  static absl::StatusOr<std::unique_ptr<DecisionLog>> Open(LogOptions options,
                                                           store::LogStore* store,
                                                           const Keyring* keyring,
                                                           const NoteSigner* signer, Clock* clock,
                                                           RandomSource* random);
  // Waits for what was appended, makes a last checkpoint, closes.
  virtual ~DecisionLog() = default;

  virtual absl::StatusOr<Admission> Admit() = 0;
  // Calls `done` exactly once, on any thread (not on the caller's before Append returns), when the
  // record is durable or cannot be. The id and time are given here.
  virtual void Append(Admission admission, const RecordDraft& draft, Done done) = 0;
  // Admit and Append for callers that may wait.
  virtual absl::StatusOr<Appended> AppendAndWait(const RecordDraft& draft) = 0;

  // OK, or why the log has failed.
  virtual absl::Status health() const = 0;
  // Durable records.
  virtual uint64_t size() const = 0;
  virtual const std::string& origin() const = 0;
  // The signer's.
  virtual std::string verifier_key() const = 0;

  // FailedPrecondition (wrong key), DataLoss (damaged), NotFound. An erased record is no error.
  virtual absl::StatusOr<Record> Read(uint64_t index, store::Parts parts) const = 0;
  virtual absl::Status Scan(uint64_t first, uint64_t count, store::Parts parts,
                            absl::FunctionRef<bool(absl::StatusOr<Record>)> visit) const = 0;

  // The latest checkpoint, with cosignatures. Makes one first if `at_least` records are not
  // covered.
  virtual absl::StatusOr<std::string> Checkpoint(uint64_t at_least) = 0;
  virtual absl::StatusOr<std::vector<Sha256Digest>> InclusionProof(uint64_t index,
                                                                   uint64_t tree_size) const = 0;
  virtual absl::StatusOr<std::vector<Sha256Digest>> ConsistencyProof(uint64_t old_size,
                                                                     uint64_t new_size) const = 0;
  virtual absl::StatusOr<Sha256Digest> RootAt(uint64_t tree_size) const = 0;
  // Roots of complete subtrees, in the order of `nodes`; for exports. InvalidArgument beyond the
  // log.
  virtual absl::StatusOr<std::vector<Sha256Digest>> ReadHashes(
      absl::Span<const NodeId> nodes) const = 0;
  // Adds a witness's cosignature line to the checkpoint that the witness was shown. The caller has
  // verified it. FailedPrecondition if that checkpoint is neither the latest nor later than the one
  // that CosignedCheckpoint gives.
  virtual absl::Status AddCosignature(absl::string_view checkpoint, absl::string_view line) = 0;
  // The latest checkpoint with a cosignature; empty if there is none.
  virtual std::string CosignedCheckpoint() const = 0;

  // Keyed hash, 32 bytes, for the query index: equal texts can be found, but not guessed without
  // the log's index key, which stays the same for the life of the log. The domain says what the
  // text is ("patient"), so that equal texts of different meaning differ.
  virtual std::string IndexHash(absl::string_view domain, absl::string_view text) const = 0;

  // Destroys the keys of these records, after a record that says so is durable: `draft`, of kind
  // erasure and with an empty payload, which becomes the list of indices (erasure.h). A crash
  // between is made good by the next Open. InvalidArgument for no index, one beyond the end, or
  // that of an erasure record, which must stay readable.
  virtual absl::StatusOr<Appended> Erase(absl::Span<const uint64_t> indices,
                                         const RecordDraft& draft) = 0;
  // Wraps all record keys with the keyring's newest master key. Returns how many were wrapped anew.
  // Safe to interrupt and to repeat; recorded. An older master key may be dropped once this has
  // succeeded and KeyUses does not name it; the error of one that did not says how many are left.
  virtual absl::StatusOr<uint64_t> RotateKeys() = 0;
  // By master key, for the keys of records that are not erased. Reads all records.
  virtual absl::StatusOr<std::vector<KeyUse>> KeyUses() const = 0;

 protected:
  // For implementations: an admission to this log, and its use; false if it is none of this log.
  Admission MakeAdmission() { return Admission(this); }
  bool Use(Admission& admission) { return std::exchange(admission.log_, nullptr) == this; }

 private:
  // Takes back the room of an admission that was not used.
  virtual void Release() = 0;
};

}  // namespace plumbline::audit

#endif  // PLUMBLINE_SERVER_AUDIT_DECISION_LOG_H_
