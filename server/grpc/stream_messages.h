// The messages of EvaluateStream as bytes: a request's inner bytes go on record exactly as they
// came, and a response is put around the engine's bytes without parsing them.

#ifndef PLUMBLINE_SERVER_GRPC_STREAM_MESSAGES_H_
#define PLUMBLINE_SERVER_GRPC_STREAM_MESSAGES_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "grpcpp/support/byte_buffer.h"
#include "plumbline/v1/triage_service.pb.h"

namespace plumbline::grpc_server {

// The bytes of `request` in a v1::EvaluateStreamRequest. They point into `bytes`, or into `joined`
// if the field came in several parts (which protobuf merges). Empty if it is not there.
// INVALID_ARGUMENT if the bytes are malformed.
absl::StatusOr<absl::string_view> InnerRequest(absl::string_view bytes, std::string& joined);

// A v1::EvaluateStreamResponse with `response`, the bytes of a v1::EvaluateResponse.
grpc::ByteBuffer MakeStreamAnswer(uint64_t position, std::string response);

// A v1::EvaluateStreamResponse with the error and the details that `status` carries.
grpc::ByteBuffer MakeStreamError(uint64_t position, const absl::Status& status,
                                 const std::string& request_id);

v1::ItemError ToItemError(const absl::Status& status);

}  // namespace plumbline::grpc_server

#endif  // PLUMBLINE_SERVER_GRPC_STREAM_MESSAGES_H_
