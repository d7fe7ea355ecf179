// Errors of log and stores -> errors of the API.

#ifndef PLUMBLINE_SERVER_SERVICE_LOG_STATUS_H_
#define PLUMBLINE_SERVER_SERVICE_LOG_STATUS_H_

#include "absl/status/status.h"

namespace plumbline::service {

// Gives a status of server/audit or server/store its ErrorInfo and, where trying again helps, its
// RetryInfo. A status that has an ErrorInfo stays as it is.
absl::Status ToApiStatus(const absl::Status& status);

}  // namespace plumbline::service

#endif  // PLUMBLINE_SERVER_SERVICE_LOG_STATUS_H_
