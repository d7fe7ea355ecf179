// Messages as bytes: gRPC's buffers from and to strings, with as few copies as can be.

#ifndef PLUMBLINE_SERVER_GRPC_BYTE_BUFFER_H_
#define PLUMBLINE_SERVER_GRPC_BYTE_BUFFER_H_

#include <string>

#include "absl/strings/string_view.h"
#include "grpcpp/support/byte_buffer.h"
#include "grpcpp/support/slice.h"

namespace plumbline::grpc_server {

// Without a copy: the slice owns the string.
grpc::ByteBuffer ToByteBuffer(std::string bytes);

// The bytes of a received message in one piece; copied only if they came in several.
class FlatBytes {
 public:
  explicit FlatBytes(const grpc::ByteBuffer& buffer);

  // Valid while this lives.
  absl::string_view view() const {
    return absl::string_view(reinterpret_cast<const char*>(slice_.begin()), slice_.size());
  }

 private:
  grpc::Slice slice_;
};

}  // namespace plumbline::grpc_server

#endif  // PLUMBLINE_SERVER_GRPC_BYTE_BUFFER_H_
