// CosignatureCollector: shows the log's checkpoints to its witnesses, and keeps what they cosign.
//
// Beside serving, never in its way: nothing here makes a request wait, a record fail or the server
// end. What goes wrong is an event and a metric, for an operator to look at.

#ifndef PLUMBLINE_SERVER_WITNESS_COSIGNATURE_COLLECTOR_H_
#define PLUMBLINE_SERVER_WITNESS_COSIGNATURE_COLLECTOR_H_

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/audit/decision_log.h"
#include "server/audit/witness_client.h"
#include "server/base/cosignature.h"
#include "server/base/event_sink.h"
#include "server/metrics/metric.h"
#include "server/service/background_thread.h"

namespace plumbline::witness {

struct CollectorWitness {
  std::unique_ptr<CosignatureVerifier> key;
  std::unique_ptr<audit::WitnessTransport> transport;
};

struct CollectorOptions {
  // From the end of a round to the begin of the next.
  absl::Duration interval = absl::Seconds(30);
  // For the operator: "witness-cosigns" at the first cosignature and the first after a failure,
  // "witness-failed" when a witness fails or fails otherwise than before, "witness-contradicts"
  // each time one says that this log has lost records or has another history, or shows that it has
  // lost its own. Called on the collector's thread. May be null.
  EventSink on_event;
};

// What is known of one witness.
struct WitnessState {
  // Name and id of its key ("w.example+59a21ca9"): during a rotation two have the same name.
  std::string label;
  // Of the latest checkpoint that it cosigned; 0 and the infinite past: none.
  uint64_t cosigned_records = 0;
  absl::Time cosigned_at = absl::InfinitePast();
  // Rounds in which it was asked, by what came of them: "cosigned", or the name of a status code.
  std::map<std::string, uint64_t> outcomes;
  // OK, or why it failed last.
  absl::Status last;
};

// In each round every witness is asked about the same checkpoint, the latest of the log, one after
// the other; not if it has cosigned that one. A witness that failed is left out of one round, then
// of three, seven, ..., kMaxRoundsLeftOut.
//
// Thread-safe, except that AskAll is called by one thread at a time. The log must outlive it.
class CosignatureCollector {
 public:
  static constexpr int kMaxRoundsLeftOut = 31;

  // Learns from the log's cosigned checkpoint what the witnesses cosigned before.
  CosignatureCollector(CollectorOptions options, audit::DecisionLog* log,
                       std::vector<CollectorWitness> witnesses);
  ~CosignatureCollector();

  // Asks at once and then every `interval`, on a thread of its own.
  void Start();
  // One round.
  void AskAll();
  // Cancels what is under way, for good. Further calls do nothing; one thread at a time.
  void Stop();

  std::vector<WitnessState> states() const;
  std::vector<metrics::Metric> Metrics() const;

 private:
  struct Asked {
    std::string label;
    std::unique_ptr<audit::WitnessTransport> transport;
    std::unique_ptr<audit::WitnessClient> client;
    // Text of the note that it cosigned last.
    std::string cosigned_text;
    int failures = 0;
    int rounds_to_leave_out = 0;
    WitnessState state;
  };

  static void Remember(const CosignatureVerifier& key, absl::string_view cosigned_checkpoint,
                       Asked& asked);
  void Ask(Asked& asked, const std::string& checkpoint, const std::string& text, uint64_t size);
  absl::StatusOr<NoteSignature> Cosign(Asked& asked, const std::string& checkpoint);
  void Report(const Asked& asked, const absl::Status& before, const absl::Status& now,
              uint64_t size) const;

  const CollectorOptions options_;
  audit::DecisionLog* const log_;
  std::vector<std::unique_ptr<Asked>> witnesses_;  // the same ones from the beginning
  std::atomic<bool> stopping_{false};
  mutable absl::Mutex mutex_;  // guards `state` of each; all else of it belongs to AskAll
  std::unique_ptr<service::BackgroundThread> thread_;
};

}  // namespace plumbline::witness

#endif  // PLUMBLINE_SERVER_WITNESS_COSIGNATURE_COLLECTOR_H_
