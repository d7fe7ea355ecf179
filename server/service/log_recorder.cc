#include "server/service/log_recorder.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "server/audit/log_error.h"
#include "server/audit/payload.h"
#include "server/service/background_thread.h"
#include "server/service/decision_details.h"
#include "server/service/earlier_request.h"
#include "server/service/feedback_details.h"
#include "server/service/log_status.h"
#include "server/service/payload_encoders.h"
#include "server/service/request_claims.h"
#include "server/service/rpc_error.h"

namespace plumbline::service {
namespace {

using Follower = DecisionRecorder::Follower;
using Claim = RequestClaims::Claim;

// Records that the thread reads at a time when it looks further back for request ids.
constexpr uint64_t kHistoryChunk = 4096;
constexpr absl::Duration kHistoryRest = absl::Milliseconds(5);
constexpr int kHistoryNice = 19;
constexpr absl::Duration kNoRoomRetry = absl::Seconds(1);

absl::Status NoRoomError(size_t limit) {
  return ToApiStatus(audit::LogOverloadedError(
      absl::StrCat("the index of the decision log is ", limit,
                   " request ids behind: requests with a new id must wait for it"),
      kNoRoomRetry));
}

absl::Status AbandonedError() {
  return MakeError(absl::StatusCode::kInternal, v1::ERROR_REASON_INTERNAL,
                   "the request that came first under this id was given up");
}

// Gives every follower of a request the outcome of the first.
void Serve(std::vector<Follower> followers, const absl::StatusOr<EarlierDecision>& outcome) {
  for (Follower& follower : followers) {
    std::move(follower)(outcome);
  }
}

// A claim on a request id that ends in any case: followers never wait for ever.
class HeldClaim {
 public:
  HeldClaim(RequestClaims* claims, Claim claim) : claims_(claims), claim_(std::move(claim)) {}
  HeldClaim(const HeldClaim&) = delete;
  HeldClaim& operator=(const HeldClaim&) = delete;
  ~HeldClaim() {
    if (claims_ != nullptr) {
      Fail(AbandonedError());
    }
  }

  const Claim& claim() const { return claim_; }

  void Fail(const absl::Status& why) {
    if (claims_ != nullptr) {
      Serve(std::exchange(claims_, nullptr)->Release(claim_, std::nullopt), why);
    }
  }

  // The outcome is an earlier record: nothing new to remember.
  void Repeat(const EarlierDecision& earlier) {
    Serve(std::exchange(claims_, nullptr)->Release(claim_, std::nullopt), earlier);
  }

  // A new record; of a decision, if that is not null. Its bytes are put together only if somebody
  // waits for them.
  void Succeed(const RecordPlace& place, absl::string_view revision,
               const audit::CompactDecision* decision) {
    std::vector<Follower> followers = std::exchange(claims_, nullptr)->Release(claim_, place.index);
    if (!followers.empty()) {
      EarlierDecision earlier{place, std::string(revision), ""};
      if (decision != nullptr) {
        decision->AppendTo(earlier.decision_bytes);
      }
      Serve(std::move(followers), std::move(earlier));
    }
  }

 private:
  RequestClaims* claims_;
  const Claim claim_;
};

struct Ticket : public DecisionTicket {
  void Abandon(const absl::Status& why) override {
    if (held) {
      held->Fail(why);
    }
    admission = {};
  }

  audit::DecisionLog::Admission admission;
  // With a request id.
  std::optional<HeldClaim> held;
  std::optional<Sha256Digest> digest;
  std::vector<Uuid> linked;
};

class LogRecorderImpl final : public LogRecorder {
 public:
  LogRecorderImpl(audit::DecisionLog* log, store::LogStore* store, LogIndexer* indexer,
                  RandomSource* random, RecorderOptions options)
      : log_(log),
        indexer_(indexer),
        encoders_(store),
        payloads_(store),
        options_(std::move(options)),
        claims_(*random, options_.remembered_requests, options_.max_remembered_requests,
                options_.fingerprint_bits) {}

  ~LogRecorderImpl() override {
    history_.reset();
    const absl::MutexLock lock(&recording_mutex_);
    const auto finished = [this]() ABSL_SHARED_LOCKS_REQUIRED(recording_mutex_) {
      return recording_ == 0;
    };
    recording_mutex_.Await(absl::Condition(&finished));
  }

  // Reads what the index does not have; a thread reads further back.
  absl::Status ReadHistory();

  absl::StatusOr<Begun> Begin(const RecordedCall& call,
                              absl::FunctionRef<Follower()> make_follower) override;
  void Record(std::unique_ptr<DecisionTicket> ticket, const DecisionDraft& draft,
              Done done) override;
  absl::StatusOr<RecordedFeedback> RecordFeedback(const FeedbackDraft& draft) override;
  absl::Status Prepare(const ServedRuleset& ruleset) override { return encoders_.Prepare(ruleset); }
  size_t remembered_requests() const override { return claims_.size(); }
  size_t max_remembered_requests() const override { return claims_.limit(); }

 private:
  absl::StatusOr<Begun> BeginNamed(const RecordedCall& call,
                                   absl::FunctionRef<Follower()> make_follower);
  absl::StatusOr<Begun> Admit(std::unique_ptr<Ticket> ticket);
  // Saves the index reading a record back that was here a moment ago.
  void OfferToIndex(const audit::Appended& appended, const ServedRuleset& ruleset,
                    std::string details);
  // The log has answered: serves the followers.
  absl::StatusOr<RecordPlace> Settle(Ticket& ticket, const ServedRuleset& ruleset,
                                     const audit::CompactDecision& decision,
                                     const absl::StatusOr<audit::Appended>& appended);
  absl::StatusOr<RecordedFeedback> RecordNamedFeedback(const FeedbackDraft& draft);
  absl::StatusOr<RecordedFeedback> AppendFeedback(const FeedbackDraft& draft,
                                                  const Sha256Digest* digest);
  // The recorded answer, from its record.
  absl::StatusOr<EarlierDecision> ToEarlierDecision(const audit::Record& record) const;
  // True: there is more to read.
  absl::StatusOr<bool> ReadHistoryChunk();
  // `behind`: requests with an id are refused because of what is not read yet.
  void ReadOlderHistory(StopToken& token, bool behind);
  void TrimMemory();
  // Before a request that is new is taken: OK if it can be remembered.
  absl::Status CheckRoom(const Claim& claim);
  void Tell(absl::string_view event, absl::string_view detail) const {
    if (options_.on_event) {
      options_.on_event(event, detail);
    }
  }
  void AddRecording(int64_t change) {
    const absl::MutexLock lock(&recording_mutex_);
    recording_ += change;
  }

  audit::DecisionLog* const log_;
  LogIndexer* const indexer_;
  PayloadEncoders encoders_;
  const audit::PayloadReader payloads_;
  const RecorderOptions options_;
  RequestClaims claims_;
  std::atomic<bool> full_{false};
  absl::Mutex recording_mutex_;
  int64_t recording_ ABSL_GUARDED_BY(recording_mutex_) = 0;  // decisions that the log has not taken
  std::unique_ptr<BackgroundThread> history_;
};

// What is not read here is no danger: an id that could be older is refused until the thread or the
// index has come to it. Starting must not take minutes because an index has to be made anew.
absl::Status LogRecorderImpl::ReadHistory() {
  const uint64_t size = log_->size();
  claims_.SetReach(size);
  const uint64_t indexed = indexer_->index().indexed_size();
  bool more = size > 0;
  while (more && claims_.reaches_back_to() > indexed &&
         size - claims_.reaches_back_to() < options_.history_at_start) {
    const absl::StatusOr<bool> read = ReadHistoryChunk();
    if (!read.ok()) {
      // A record that cannot be read must not keep the server from starting: the memory reaches
      // back to here, and for ids from before the index is asked.
      Tell("request-ids-unread", read.status().message());
      return absl::OkStatus();
    }
    more = *read;
  }
  const uint64_t reach = claims_.reaches_back_to();
  const bool behind = more && reach > indexed;
  if (behind) {
    Tell("request-ids-behind",
         absl::StrCat("of ", size, " records the latest ", size - reach,
                      " are read for request ids, and the first ", indexed,
                      " are in the index: requests with an id are refused until all are"));
  }
  if (more) {
    history_ = std::make_unique<BackgroundThread>(
        kHistoryNice, [this, behind](StopToken& token) { ReadOlderHistory(token, behind); });
  }
  return absl::OkStatus();
}

void LogRecorderImpl::ReadOlderHistory(StopToken& token, bool behind) {
  while (token.Rest(behind ? absl::ZeroDuration() : kHistoryRest)) {
    const absl::StatusOr<bool> read = ReadHistoryChunk();
    const uint64_t reach = claims_.reaches_back_to();
    if (!read.ok()) {
      Tell("request-ids-unread", read.status().message());  // the index knows, once it is there
    } else if (behind && reach <= indexer_->progress().indexed) {
      behind = false;
      Tell("request-ids-read",
           absl::StrCat("back to record ", reach, ", and the index has the rest"));
    }
    if (!read.ok() || !*read) {
      return;
    }
  }
}

absl::StatusOr<bool> LogRecorderImpl::ReadHistoryChunk() {
  const uint64_t end = claims_.reaches_back_to();
  const uint64_t first = end - std::min(end, kHistoryChunk);
  const auto uses = ReadRequestIds(*log_, claims_, first, end - first);
  if (!uses.ok()) {
    return uses.status();
  }
  return claims_.Remember(first, *uses) && first > 0;
}

void LogRecorderImpl::TrimMemory() {
  if (claims_.NeedsTrim()) {
    claims_.Trim(indexer_->progress().indexed);
    if (full_.load(std::memory_order_relaxed) && claims_.HasRoom() && full_.exchange(false)) {
      Tell("request-ids-have-room", "");
    }
  }
}

absl::Status LogRecorderImpl::CheckRoom(const Claim& claim) {
  if (!claim.no_room) {
    return absl::OkStatus();
  }
  TrimMemory();
  if (claims_.HasRoom()) {
    return absl::OkStatus();
  }
  if (!full_.exchange(true)) {
    const IndexProgress progress = indexer_->progress();
    Tell("request-ids-full",
         absl::StrCat("the index has ", progress.indexed, " of ", progress.log_size,
                      " records: requests with a new id are refused until it catches up (",
                      progress.health.message(), ")"));
  }
  return NoRoomError(claims_.limit());
}

absl::StatusOr<Begun> LogRecorderImpl::Begin(const RecordedCall& call,
                                             absl::FunctionRef<Follower()> make_follower) {
  if (call.request_bytes.size() > audit::kMaxPayloadPartBytes) {
    return MakeError(absl::StatusCode::kInvalidArgument, v1::ERROR_REASON_INVALID_REQUEST,
                     absl::StrCat("the request is larger than a record of the decision log holds (",
                                  audit::kMaxPayloadPartBytes, " bytes)"));
  }
  if (call.request_id.empty()) {
    return Admit(std::make_unique<Ticket>());
  }
  return BeginNamed(call, make_follower);
}

absl::StatusOr<Begun> LogRecorderImpl::BeginNamed(const RecordedCall& call,
                                                  absl::FunctionRef<Follower()> make_follower) {
  const NamedRequest request{RequestKind::kDecision, call.caller, call.request_id,
                             Sha256Of(call.request_bytes)};
  auto taken = claims_.Take(request, make_follower);
  if (std::holds_alternative<Following>(taken)) {
    return Begun(Following());
  }
  if (std::holds_alternative<RequestClaims::Taken>(taken)) {
    return RequestIdReusedError();
  }
  auto ticket = std::make_unique<Ticket>();
  ticket->held.emplace(&claims_, std::get<Claim>(std::move(taken)));
  ticket->digest = request.digest;
  absl::StatusOr<EarlierUse> use = FindEarlierUse(*log_, *indexer_, request, ticket->held->claim());
  if (!use.ok()) {
    ticket->Abandon(use.status());
    return use.status();
  }
  if (!use->record) {
    if (absl::Status room = CheckRoom(ticket->held->claim()); !room.ok()) {
      ticket->Abandon(room);
      return room;
    }
    ticket->linked = std::move(use->linked);
    return Admit(std::move(ticket));
  }
  absl::StatusOr<EarlierDecision> earlier = ToEarlierDecision(*use->record);
  if (!earlier.ok()) {
    ticket->Abandon(earlier.status());
    return earlier.status();
  }
  ticket->held->Repeat(*earlier);
  return Begun(*std::move(earlier));
}

absl::StatusOr<EarlierDecision> LogRecorderImpl::ToEarlierDecision(
    const audit::Record& record) const {
  absl::StatusOr<audit::DecisionPayload> payload = payloads_.Read(record.payload);
  if (!payload.ok()) {
    return ToApiStatus(payload.status());
  }
  return EarlierDecision{
      {record.id.ToString(), record.index}, record.revision, std::move(payload->decision)};
}

// Last: a batch of the log waits for whoever is admitted.
absl::StatusOr<Begun> LogRecorderImpl::Admit(std::unique_ptr<Ticket> ticket) {
  absl::StatusOr<audit::DecisionLog::Admission> admission = log_->Admit();
  if (!admission.ok()) {
    absl::Status refusal = ToApiStatus(admission.status());
    ticket->Abandon(refusal);
    return refusal;
  }
  ticket->admission = *std::move(admission);
  return Begun(std::move(ticket));
}

void LogRecorderImpl::Record(std::unique_ptr<DecisionTicket> ticket, const DecisionDraft& draft,
                             Done done) {
  auto& own = static_cast<Ticket&>(*ticket);
  // They keep their memory from call to call.
  thread_local std::string details;
  thread_local std::string payload;
  const ServedRuleset& ruleset = *draft.choice.ruleset;
  WriteDecisionDetails(draft.call, own.digest, own.linked, *draft.summary, draft.choice.alias,
                       details);
  encoders_.For(ruleset)->Encode(draft.call.request_bytes, *draft.decision, payload);
  const audit::RecordDraft record{
      v1::RECORD_KIND_DECISION, ruleset.revision, draft.choice.manifest_serial,
      options_.engine_build,    details,          payload};
  if (draft.decision->size() > audit::kMaxPayloadPartBytes) {
    // It could be written, and never be read again.
    const absl::Status error =
        MakeError(absl::StatusCode::kInternal, v1::ERROR_REASON_INTERNAL,
                  absl::StrCat("the decision is larger than a record of the decision log holds (",
                               audit::kMaxPayloadPartBytes, " bytes)"));
    own.Abandon(error);
    return std::move(done)(error);
  }
  AddRecording(1);
  log_->Append(
      std::move(own.admission), record,
      [this, ticket = std::move(ticket), ruleset = draft.choice.ruleset, decision = draft.decision,
       indexed = details,
       done = std::move(done)](absl::StatusOr<audit::Appended> appended) mutable {
        if (appended.ok()) {
          OfferToIndex(*appended, *ruleset, std::move(indexed));
        }
        std::move(done)(Settle(static_cast<Ticket&>(*ticket), *ruleset, *decision, appended));
        ticket.reset();
        AddRecording(-1);
      });
}

void LogRecorderImpl::OfferToIndex(const audit::Appended& appended, const ServedRuleset& ruleset,
                                   std::string details) {
  audit::Record record;
  record.index = appended.index;
  record.kind = v1::RECORD_KIND_DECISION;
  record.id = appended.id;
  record.time = appended.time;
  record.revision = ruleset.revision;
  record.details = std::move(details);
  indexer_->Offer(std::move(record));
}

absl::StatusOr<RecordPlace> LogRecorderImpl::Settle(
    Ticket& ticket, const ServedRuleset& ruleset, const audit::CompactDecision& decision,
    const absl::StatusOr<audit::Appended>& appended) {
  if (!appended.ok()) {
    absl::Status error = ToApiStatus(appended.status());
    ticket.Abandon(error);
    return error;
  }
  RecordPlace place{appended->id.ToString(), appended->index};
  if (ticket.held) {
    ticket.held->Succeed(place, ruleset.revision, &decision);
    TrimMemory();
  }
  return place;
}

absl::StatusOr<RecordedFeedback> LogRecorderImpl::RecordFeedback(const FeedbackDraft& draft) {
  if (draft.request_id.empty()) {
    return AppendFeedback(draft, nullptr);
  }
  return RecordNamedFeedback(draft);
}

// The place of a feedback that was recorded before.
absl::StatusOr<RecordedFeedback> ToRecordedBefore(const absl::StatusOr<EarlierDecision>& earlier) {
  if (!earlier.ok()) {
    return earlier.status();
  }
  const absl::StatusOr<Uuid> id = Uuid::Parse(earlier->place.id);
  if (!id.ok()) {
    return ToApiStatus(id.status());
  }
  return RecordedFeedback{*id, earlier->place.index, true};
}

absl::StatusOr<RecordedFeedback> LogRecorderImpl::RecordNamedFeedback(const FeedbackDraft& draft) {
  const NamedRequest request{RequestKind::kFeedback, draft.caller, draft.request_id,
                             Sha256Of(draft.request_bytes)};
  // Shared: the follower may be called when this call has nothing to do with it.
  struct Outcome {
    absl::Notification known;
    absl::StatusOr<EarlierDecision> first;
  };
  const auto outcome = std::make_shared<Outcome>();
  auto taken = claims_.Take(request, [&outcome]() -> Follower {
    return [outcome](absl::StatusOr<EarlierDecision> first) {
      outcome->first = std::move(first);
      outcome->known.Notify();
    };
  });
  if (std::holds_alternative<Following>(taken)) {
    outcome->known.WaitForNotification();
    return ToRecordedBefore(outcome->first);
  }
  if (std::holds_alternative<RequestClaims::Taken>(taken)) {
    return RequestIdReusedError();
  }
  HeldClaim held(&claims_, std::get<Claim>(std::move(taken)));
  const absl::StatusOr<EarlierUse> use = FindEarlierUse(*log_, *indexer_, request, held.claim());
  if (!use.ok()) {
    held.Fail(use.status());
    return use.status();
  }
  if (use->record) {
    const EarlierDecision earlier{{use->record->id.ToString(), use->record->index}, "", ""};
    held.Repeat(earlier);
    return ToRecordedBefore(earlier);
  }
  if (absl::Status room = CheckRoom(held.claim()); !room.ok()) {
    held.Fail(room);
    return room;
  }
  absl::StatusOr<RecordedFeedback> recorded = AppendFeedback(draft, &request.digest);
  if (!recorded.ok()) {
    held.Fail(recorded.status());
    return recorded;
  }
  held.Succeed({recorded->id.ToString(), recorded->index}, "", nullptr);
  TrimMemory();
  return recorded;
}

absl::StatusOr<RecordedFeedback> LogRecorderImpl::AppendFeedback(const FeedbackDraft& draft,
                                                                 const Sha256Digest* digest) {
  const absl::StatusOr<audit::Record> decision = ReadDecisionOf(*log_, *indexer_, draft);
  if (!decision.ok()) {
    return decision.status();
  }
  const absl::StatusOr<std::string> details = FeedbackDetailsBytes(*decision, draft, digest);
  if (!details.ok()) {
    return details.status();
  }
  audit::RecordDraft record;
  record.kind = v1::RECORD_KIND_FEEDBACK;
  record.revision = decision->revision;
  record.manifest_serial = decision->manifest_serial;
  record.engine_build = options_.engine_build;
  record.details = *details;
  const absl::StatusOr<audit::Appended> appended = log_->AppendAndWait(record);
  if (!appended.ok()) {
    return ToApiStatus(appended.status());
  }
  return RecordedFeedback{appended->id, appended->index, false};
}

}  // namespace

absl::StatusOr<std::unique_ptr<LogRecorder>> LogRecorder::Make(audit::DecisionLog* log,
                                                               store::LogStore* store,
                                                               LogIndexer* indexer,
                                                               RandomSource* random,
                                                               RecorderOptions options) {
  auto recorder =
      std::make_unique<LogRecorderImpl>(log, store, indexer, random, std::move(options));
  if (absl::Status read = recorder->ReadHistory(); !read.ok()) {
    return read;
  }
  return recorder;
}

}  // namespace plumbline::service
