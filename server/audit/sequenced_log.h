// SequencedLog: the DecisionLog over any store. See decision_log.h for what it promises.
//
// Its threads: the sequencer's two (sequencer.h) and the checkpointer's one (checkpointer.h).

#ifndef PLUMBLINE_SERVER_AUDIT_SEQUENCED_LOG_H_
#define PLUMBLINE_SERVER_AUDIT_SEQUENCED_LOG_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "server/audit/admission_gate.h"
#include "server/audit/checkpointer.h"
#include "server/audit/decision_log.h"
#include "server/audit/log_opening.h"
#include "server/audit/random_pool.h"
#include "server/audit/sequencer.h"

namespace plumbline::audit {

class SequencedLog final : public DecisionLog {
 public:
  SequencedLog(LogOptions options, LogIdentity identity, OpenedState state, store::LogStore* store,
               const Keyring* keyring, Clock* clock, RandomSource* random);
  ~SequencedLog() override;

  absl::StatusOr<Admission> Admit() override;
  void Append(Admission admission, const RecordDraft& draft, Done done) override;
  absl::StatusOr<Appended> AppendAndWait(const RecordDraft& draft) override;

  absl::Status health() const override;
  uint64_t size() const override { return tree_->size(); }
  const std::string& origin() const override { return options_.origin; }
  std::string verifier_key() const override { return options_.verifier_keys[0]; }

  absl::StatusOr<Record> Read(uint64_t index, store::Parts parts) const override;
  absl::Status Scan(uint64_t first, uint64_t count, store::Parts parts,
                    absl::FunctionRef<bool(absl::StatusOr<Record>)> visit) const override;

  absl::StatusOr<std::string> Checkpoint(uint64_t at_least) override;
  absl::StatusOr<std::vector<Sha256Digest>> InclusionProof(uint64_t index,
                                                           uint64_t tree_size) const override;
  absl::StatusOr<std::vector<Sha256Digest>> ConsistencyProof(uint64_t old_size,
                                                             uint64_t new_size) const override;
  absl::StatusOr<Sha256Digest> RootAt(uint64_t tree_size) const override;
  absl::StatusOr<std::vector<Sha256Digest>> ReadHashes(
      absl::Span<const NodeId> nodes) const override;
  absl::Status AddCosignature(absl::string_view checkpoint, absl::string_view line) override;
  std::string CosignedCheckpoint() const override;
  std::string IndexHash(absl::string_view domain, absl::string_view text) const override;

  absl::StatusOr<Appended> Erase(absl::Span<const uint64_t> indices,
                                 const RecordDraft& draft) override;
  absl::StatusOr<uint64_t> RotateKeys() override;
  absl::StatusOr<std::vector<KeyUse>> KeyUses() const override;

  // Destroys the keys that an interrupted erasure has recorded.
  absl::Status FinishErasure() ABSL_LOCKS_EXCLUDED(keys_mutex_);

 private:
  using Rewrapped = std::vector<std::pair<uint64_t, store::WrappedKey>>;

  void Release() override;

  // Seals the draft under a new key. On an error the record carries it.
  std::unique_ptr<PendingRecord> Seal(const RecordDraft& draft, const Uuid& id, Done done);
  // What Append does, with an id that the caller chose.
  void AppendWithId(Admission admission, const RecordDraft& draft, const Uuid& id, Done done);
  absl::StatusOr<Appended> AppendWithIdAndWait(const RecordDraft& draft, const Uuid& id);

  // The sequencer's: gives indices and times, appends, extends the tree.
  absl::Status WriteBatch(Batch& batch);
  void GiveTime(PendingRecord& record);
  absl::Status AppendToStore(uint64_t first, const Batch& batch);
  // For good: the first reason stays.
  void Fail(const absl::Status& why);

  absl::Status CheckErasable(absl::Span<const uint64_t> indices) const;
  absl::Status FinishErasureLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(keys_mutex_);
  // What the note of an erasure under way says is to be erased; empty if its record is not in the
  // log.
  absl::StatusOr<std::vector<uint64_t>> RecordedErasure(absl::string_view note) const;
  absl::Status EraseKeys(absl::Span<const uint64_t> indices);
  absl::StatusOr<Rewrapped> NextToRewrap(uint64_t& next, uint64_t end);
  absl::Status RotateRecords(uint64_t& done, uint64_t& at);
  void Event(absl::string_view event, absl::string_view detail) const;

  const LogOptions options_;
  const LogIdentity identity_;
  store::LogStore* const store_;
  const Keyring* const keyring_;
  Clock* const clock_;
  RandomPool random_;
  UuidV7Generator ids_;
  RecordKey index_key_;

  std::atomic<bool> has_failed_{false};
  mutable absl::Mutex failure_mutex_;
  absl::Status failure_ ABSL_GUARDED_BY(failure_mutex_);

  // The sequencing thread's alone.
  int64_t last_time_us_;
  bool clock_is_behind_ = false;

  // Append, DestroyKeys and ReplaceKeys of the store: one at a time.
  absl::Mutex store_mutex_;
  // Erasures and rotations: one at a time.
  absl::Mutex keys_mutex_ ABSL_ACQUIRED_BEFORE(store_mutex_);

  const std::unique_ptr<LogTree> tree_;
  AdmissionGate gate_;
  // The sequencer ends first, then the checkpointer makes the last checkpoint.
  std::unique_ptr<Checkpointer> checkpointer_;
  std::unique_ptr<Sequencer> sequencer_;
};

}  // namespace plumbline::audit

#endif  // PLUMBLINE_SERVER_AUDIT_SEQUENCED_LOG_H_
