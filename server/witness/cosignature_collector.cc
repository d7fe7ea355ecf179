#include "server/witness/cosignature_collector.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/audit/checkpoint.h"
#include "server/base/note_key.h"
#include "server/base/signed_note.h"

namespace plumbline::witness {
namespace {

// Below serving, above what only tidies up.
constexpr int kNice = 5;

// One of the two sides has another history than the other: more than a witness that is away.
bool IsContradiction(const absl::Status& status) {
  return absl::IsDataLoss(status) || absl::IsFailedPrecondition(status) || absl::IsAborted(status);
}

std::string OutcomeName(const absl::Status& status) {
  return status.ok() ? "cosigned" : absl::StatusCodeToString(status.code());
}

}  // namespace

CosignatureCollector::CosignatureCollector(CollectorOptions options, audit::DecisionLog* log,
                                           std::vector<CollectorWitness> witnesses)
    : options_(std::move(options)), log_(log) {
  const std::string cosigned = log_->CosignedCheckpoint();
  for (CollectorWitness& witness : witnesses) {
    auto asked = std::make_unique<Asked>();
    asked->label = NoteKeyLabel(witness.key->name(), witness.key->key_id());
    asked->state.label = asked->label;
    Remember(*witness.key, cosigned, *asked);
    asked->transport = std::move(witness.transport);
    asked->client = std::make_unique<audit::WitnessClient>(
        std::move(witness.key), asked->transport.get(), asked->state.cosigned_records);
    witnesses_.push_back(std::move(asked));
  }
}

CosignatureCollector::~CosignatureCollector() { Stop(); }

void CosignatureCollector::Stop() {
  stopping_ = true;
  for (const auto& asked : witnesses_) asked->transport->Cancel();
  thread_.reset();
}

void CosignatureCollector::Remember(const CosignatureVerifier& key,
                                    absl::string_view cosigned_checkpoint, Asked& asked) {
  const absl::StatusOr<SignedNote> note = ParseNote(cosigned_checkpoint);
  if (!note.ok()) return;
  const absl::StatusOr<audit::Checkpoint> checkpoint = audit::ParseCheckpoint(note->text);
  if (!checkpoint.ok()) return;
  for (const NoteSignature& signature : note->signatures) {
    if (signature.key_name != key.name() || signature.key_id != key.key_id()) continue;
    const absl::StatusOr<absl::Time> time = CosignatureTime(signature.signature);
    if (!time.ok() || !key.Verify(note->text, signature.signature)) continue;
    asked.state.cosigned_records = checkpoint->size;
    asked.state.cosigned_at = *time;
    asked.cosigned_text = note->text;
  }
}

void CosignatureCollector::Start() {
  thread_ = std::make_unique<service::BackgroundThread>(kNice, [this](service::StopToken& token) {
    do {
      AskAll();
    } while (token.Rest(options_.interval));
  });
}

void CosignatureCollector::AskAll() {
  const absl::StatusOr<std::string> latest = log_->Checkpoint(0);
  if (!latest.ok()) return;  // the log says itself what is wrong with it
  const absl::StatusOr<SignedNote> note = ParseNote(*latest);
  if (!note.ok()) return;
  const absl::StatusOr<audit::Checkpoint> checkpoint = audit::ParseCheckpoint(note->text);
  if (!checkpoint.ok() || checkpoint->size == 0) return;  // there is nothing to cosign yet
  for (const auto& asked : witnesses_) {
    if (stopping_) return;
    if (asked->rounds_to_leave_out > 0) {
      --asked->rounds_to_leave_out;
    } else if (asked->cosigned_text != note->text) {
      Ask(*asked, *latest, note->text, checkpoint->size);
    }
  }
}

absl::StatusOr<NoteSignature> CosignatureCollector::Cosign(Asked& asked,
                                                           const std::string& checkpoint) {
  absl::StatusOr<NoteSignature> cosignature =
      asked.client->Cosign(checkpoint, [this](uint64_t old_size, uint64_t new_size) {
        return log_->ConsistencyProof(old_size, new_size);
      });
  if (!cosignature.ok()) return cosignature;
  std::string line = FormatNoteSignature(*cosignature);
  line.pop_back();  // the newline
  if (absl::Status added = log_->AddCosignature(checkpoint, line); !added.ok()) {
    return absl::InternalError(absl::StrCat("its cosignature cannot be kept: ", added.message()));
  }
  return cosignature;
}

void CosignatureCollector::Ask(Asked& asked, const std::string& checkpoint, const std::string& text,
                               uint64_t size) {
  const absl::StatusOr<NoteSignature> cosignature = Cosign(asked, checkpoint);
  const absl::Status& now = cosignature.status();
  if (absl::IsCancelled(now)) return;
  absl::Status before;
  bool first = false;
  {
    const absl::MutexLock lock(&mutex_);
    before = asked.state.last;
    first = asked.state.outcomes.empty();
    asked.state.last = now;
    ++asked.state.outcomes[OutcomeName(now)];
    if (now.ok()) {
      asked.state.cosigned_records = size;
      asked.state.cosigned_at = CosignatureTime(cosignature->signature).value_or(absl::Now());
    }
  }
  if (now.ok()) {
    asked.cosigned_text = text;
    asked.failures = 0;
  } else {
    asked.rounds_to_leave_out =
        std::min((1 << std::min(asked.failures, 20)) * 2 - 1, kMaxRoundsLeftOut);
    ++asked.failures;
  }
  Report(asked, first && now.ok() ? absl::UnknownError("never asked") : before, now, size);
}

void CosignatureCollector::Report(const Asked& asked, const absl::Status& before,
                                  const absl::Status& now, uint64_t size) const {
  if (options_.on_event == nullptr) return;
  if (now.ok()) {
    if (!before.ok()) {
      options_.on_event("witness-cosigns",
                        absl::StrCat(asked.label, ": the first ", size, " records"));
    }
  } else if (IsContradiction(now)) {
    options_.on_event("witness-contradicts", absl::StrCat(asked.label, ": ", now.message()));
  } else if (before.code() != now.code()) {
    options_.on_event("witness-failed",
                      absl::StrCat(asked.label, ": ", OutcomeName(now), ": ", now.message()));
  }
}

std::vector<WitnessState> CosignatureCollector::states() const {
  const absl::MutexLock lock(&mutex_);
  std::vector<WitnessState> all;
  for (const auto& asked : witnesses_) all.push_back(asked->state);
  return all;
}

std::vector<metrics::Metric> CosignatureCollector::Metrics() const {
  metrics::Metric records{"plumbline_witness_cosigned_records",
                          "Records that the latest cosigned checkpoint of each witness covers.",
                          metrics::MetricKind::kGauge,
                          {}};
  metrics::Metric times{"plumbline_witness_cosigned_time_seconds",
                        "When each witness cosigned last, since the Unix epoch; 0: never.",
                        metrics::MetricKind::kGauge,
                        {}};
  metrics::Metric answers{"plumbline_witness_answers_total",
                          "Questions to each witness, by what came of them.",
                          metrics::MetricKind::kCounter,
                          {}};
  for (const WitnessState& state : states()) {
    records.values.push_back(
        {{{"witness", state.label}}, static_cast<double>(state.cosigned_records)});
    const bool never = state.cosigned_at == absl::InfinitePast();
    times.values.push_back(
        {{{"witness", state.label}},
         never ? 0 : static_cast<double>(absl::ToUnixSeconds(state.cosigned_at))});
    for (const auto& [outcome, count] : state.outcomes) {
      answers.values.push_back(
          {{{"witness", state.label}, {"outcome", outcome}}, static_cast<double>(count)});
    }
  }
  return {std::move(records), std::move(times), std::move(answers)};
}

}  // namespace plumbline::witness
