// Request bytes -> message, with an error that says where the bytes are wrong.

#ifndef PLUMBLINE_SERVER_SERVICE_REQUEST_DECODER_H_
#define PLUMBLINE_SERVER_SERVICE_REQUEST_DECODER_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

namespace plumbline::service {

// Parses `bytes` into `request`. INVALID_ARGUMENT (ERROR_REASON_INVALID_REQUEST) when they are not
// a message of that type; if a text field that is not UTF-8 is the cause, the field violation names
// it. Messages nest at most 32 deep.
absl::Status DecodeRequest(absl::string_view bytes, google::protobuf::Message& request);

// Keeps protobuf's own complaints off stderr, where they would break the log's format: every
// failure that matters is returned to a caller. For the whole process; call once, from main.
void SilenceProtobufLog();

}  // namespace plumbline::service

#endif  // PLUMBLINE_SERVER_SERVICE_REQUEST_DECODER_H_
