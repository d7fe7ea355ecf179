// Checkpointer: makes signed checkpoints of a growing log, in the background and on request.
//
// Always in this order: the entries are durable, then the tiles, then the checkpoint is signed,
// then it is stored, then it is shown to anybody. A crash between leaves a signature that nobody
// saw.

#ifndef PLUMBLINE_SERVER_AUDIT_CHECKPOINTER_H_
#define PLUMBLINE_SERVER_AUDIT_CHECKPOINTER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/audit/checkpoint.h"
#include "server/audit/log_tree.h"
#include "server/base/event_sink.h"
#include "server/base/note_key.h"
#include "server/base/signed_note.h"
#include "server/base/steady_cond_var.h"
#include "server/store/store.h"

namespace plumbline::audit {

inline constexpr absl::string_view kCheckpointDocument = "checkpoint";
inline constexpr absl::string_view kCosignedDocument = "checkpoint.cosigned";

// Who a log is: its name, who signs for it, and whose signatures count.
struct LogIdentity {
  std::string origin;
  const NoteSigner* signer = nullptr;
  std::vector<std::unique_ptr<NoteVerifier>> verifiers;

  // A checkpoint of this log. FailedPrecondition for another origin or a signature of an unknown
  // key; DataLoss for a wrong signature, or a text that is no checkpoint.
  absl::StatusOr<Checkpoint> Verify(absl::string_view note) const;
};

// Thread-safe. Borrows all that it is given.
class Checkpointer {
 public:
  struct Options {
    // See LogOptions.
    uint64_t records = 1024;
    absl::Duration interval = absl::Seconds(1);
    // Called when the store can take no more; on any thread.
    std::function<void(absl::Status)> on_failed;
    EventSink on_event;
  };
  // The checkpoints that the store holds; `latest` covers `covered` records.
  struct Stored {
    std::string latest;
    uint64_t covered = 0;
    Sha256Digest root{};
    std::string cosigned;
  };

  Checkpointer(Options options, const LogIdentity* identity, LogTree* tree, store::LogStore* store,
               Stored stored);
  // Makes a last checkpoint.
  ~Checkpointer();
  Checkpointer(const Checkpointer&) = delete;
  Checkpointer& operator=(const Checkpointer&) = delete;

  // The tree has grown to `size`; cheap.
  void Grown(uint64_t size);

  absl::StatusOr<std::string> Latest(uint64_t at_least);
  absl::Status AddCosignature(absl::string_view checkpoint, absl::string_view line);
  std::string Cosigned() const;

  // Signs the tree of `size` records and stores it; for the beginning of a log.
  static absl::StatusOr<Stored> Begin(const LogIdentity& identity, store::LogStore* store);

 private:
  void Run();
  // Waits until `done` or closing, at most for so long.
  void WaitUntil(absl::FunctionRef<bool()> done, absl::Duration at_most)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // A checkpoint of the tree as it is now, if the latest does not cover it.
  absl::Status Make();
  absl::Status MakeAt(uint64_t size);
  void Report(const absl::Status& status);

  const Options options_;
  const LogIdentity* const identity_;
  LogTree* const tree_;
  store::LogStore* const store_;

  // Held while a checkpoint is made or changed: there is one order of checkpoints.
  absl::Mutex make_mutex_;
  mutable absl::Mutex mutex_ ABSL_ACQUIRED_AFTER(make_mutex_);
  SteadyCondVar grown_;
  Stored stored_ ABSL_GUARDED_BY(mutex_);
  uint64_t size_ ABSL_GUARDED_BY(mutex_) = 0;
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace plumbline::audit

#endif  // PLUMBLINE_SERVER_AUDIT_CHECKPOINTER_H_
