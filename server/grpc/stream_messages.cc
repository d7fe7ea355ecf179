#include "server/grpc/stream_messages.h"

#include <utility>

#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/wire_format_lite.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "server/grpc/byte_buffer.h"
#include "server/service/rpc_error.h"

namespace plumbline::grpc_server {
namespace {

using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;
using google::protobuf::io::CodedOutputStream;

constexpr uint8_t kPositionTag = (v1::EvaluateStreamResponse::kPositionFieldNumber << 3) | 0;
constexpr uint8_t kResponseTag = (v1::EvaluateStreamResponse::kResponseFieldNumber << 3) | 2;
constexpr uint32_t kRequestTag = (v1::EvaluateStreamRequest::kRequestFieldNumber << 3) | 2;

absl::Status Malformed() {
  return service::MakeError(absl::StatusCode::kInvalidArgument, v1::ERROR_REASON_INVALID_REQUEST,
                            "the item is not a plumbline.v1.EvaluateStreamRequest: malformed or "
                            "truncated bytes");
}

}  // namespace

absl::StatusOr<absl::string_view> InnerRequest(absl::string_view bytes, std::string& joined) {
  CodedInputStream input(reinterpret_cast<const uint8_t*>(bytes.data()),
                         static_cast<int>(bytes.size()));
  absl::string_view found;
  int parts = 0;
  while (input.CurrentPosition() < static_cast<int>(bytes.size())) {
    const uint32_t tag = input.ReadTag();
    if (tag != kRequestTag) {
      if (tag == 0 || !WireFormatLite::SkipField(&input, tag)) {
        return Malformed();
      }
      continue;
    }
    uint32_t size = 0;
    if (!input.ReadVarint32(&size)) {
      return Malformed();
    }
    const auto start = static_cast<size_t>(input.CurrentPosition());
    if (size > bytes.size() - start || !input.Skip(static_cast<int>(size))) {
      return Malformed();
    }
    const absl::string_view part = bytes.substr(start, size);
    if (++parts == 2) {
      joined.assign(found.data(), found.size());
    }
    if (parts >= 2) {
      joined.append(part.data(), part.size());
    }
    found = parts >= 2 ? absl::string_view(joined) : part;
  }
  return found;
}

grpc::ByteBuffer MakeStreamAnswer(uint64_t position, std::string response) {
  uint8_t head[24];
  uint8_t* end = head;
  if (position != 0) {
    *end++ = kPositionTag;
    end = CodedOutputStream::WriteVarint64ToArray(position, end);
  }
  *end++ = kResponseTag;
  end = CodedOutputStream::WriteVarint32ToArray(static_cast<uint32_t>(response.size()), end);
  auto* owned = new std::string(std::move(response));
  const grpc::Slice slices[] = {
      grpc::Slice(head, static_cast<size_t>(end - head)),
      grpc::Slice(
          owned->data(), owned->size(), [](void* text) { delete static_cast<std::string*>(text); },
          owned)};
  return grpc::ByteBuffer(slices, 2);
}

v1::ItemError ToItemError(const absl::Status& status) {
  v1::ItemError error;
  error.set_code(static_cast<int32_t>(status.code()));
  error.set_message(std::string(status.message()));
  error.set_reason(service::ReasonOf(status));
  const google::rpc::Status rpc = service::ToRpcStatus(status);
  for (const google::protobuf::Any& any : rpc.details()) {
    google::rpc::BadRequest bad_request;
    google::rpc::RetryInfo retry;
    if (any.UnpackTo(&bad_request)) {
      for (const auto& violation : bad_request.field_violations()) {
        v1::ItemFieldViolation& item = *error.add_field_violations();
        item.set_field(violation.field());
        item.set_description(violation.description());
      }
    } else if (any.UnpackTo(&retry)) {
      *error.mutable_retry_after() = retry.retry_delay();
    }
  }
  return error;
}

grpc::ByteBuffer MakeStreamError(uint64_t position, const absl::Status& status,
                                 const std::string& request_id) {
  v1::EvaluateStreamResponse response;
  response.set_position(position);
  *response.mutable_error() = ToItemError(status);
  response.mutable_error()->set_request_id(request_id);
  return ToByteBuffer(response.SerializeAsString());
}

}  // namespace plumbline::grpc_server
