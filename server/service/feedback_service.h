// FeedbackService: the use case "what became of a decision".

#ifndef PLUMBLINE_SERVER_SERVICE_FEEDBACK_SERVICE_H_
#define PLUMBLINE_SERVER_SERVICE_FEEDBACK_SERVICE_H_

#include "absl/status/statusor.h"
#include "plumbline/v1/triage_service.pb.h"
#include "server/service/caller.h"
#include "server/service/log_recorder.h"

namespace plumbline::service {

// Thread-safe. The recorder must outlive it; null: this server keeps no log, and every call gets
// FAILED_PRECONDITION (ERROR_REASON_NO_LOG).
class FeedbackService {
 public:
  explicit FeedbackService(LogRecorder* recorder) : recorder_(recorder) {}

  // Blocks until the feedback is durable. Errors: INVALID_ARGUMENT with every wrong field;
  // NOT_FOUND (UNKNOWN_RECORD), also when the id is that of a record that is no decision;
  // FAILED_PRECONDITION (RECORD_ERASED); ALREADY_EXISTS (REQUEST_ID_REUSED); those of the log.
  absl::StatusOr<v1::RecordFeedbackResponse> RecordFeedback(
      const v1::RecordFeedbackRequest& request, const Caller& caller) const;

 private:
  LogRecorder* recorder_;
};

}  // namespace plumbline::service

#endif  // PLUMBLINE_SERVER_SERVICE_FEEDBACK_SERVICE_H_
