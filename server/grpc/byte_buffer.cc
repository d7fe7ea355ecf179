#include "server/grpc/byte_buffer.h"

#include <utility>

namespace plumbline::grpc_server {

grpc::ByteBuffer ToByteBuffer(std::string bytes) {
  auto* owned = new std::string(std::move(bytes));
  const grpc::Slice slice(
      owned->data(), owned->size(), [](void* text) { delete static_cast<std::string*>(text); },
      owned);
  return grpc::ByteBuffer(&slice, 1);
}

FlatBytes::FlatBytes(const grpc::ByteBuffer& buffer) {
  if (!buffer.DumpToSingleSlice(&slice_).ok()) {
    slice_ = grpc::Slice();
  }
}

}  // namespace plumbline::grpc_server
