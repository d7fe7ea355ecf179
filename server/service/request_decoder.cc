#include "server/service/request_decoder.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/stubs/logging.h"
#include "google/protobuf/wire_format_lite.h"
#include "server/expr/utf8.h"
#include "server/service/rpc_error.h"

namespace plumbline::service {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

constexpr int kMaxDepth = 32;

bool IsUtf8(absl::string_view text) {
  while (!text.empty()) {
    const size_t length = expr::Utf8Length(text);
    if (length == 0) {
      return false;
    }
    text.remove_prefix(length);
  }
  return true;
}

// Path of the first text field that is not UTF-8, empty if there is none. Walks the bytes once
// more; only used after a failed parse.
std::string FindBadText(absl::string_view bytes, const Descriptor& type, const std::string& prefix,
                        int depth) {
  CodedInputStream input(reinterpret_cast<const uint8_t*>(bytes.data()),
                         static_cast<int>(bytes.size()));
  while (const uint32_t tag = input.ReadTag()) {
    const FieldDescriptor* field = type.FindFieldByNumber(WireFormatLite::GetTagFieldNumber(tag));
    if (WireFormatLite::GetTagWireType(tag) != WireFormatLite::WIRETYPE_LENGTH_DELIMITED) {
      if (!WireFormatLite::SkipField(&input, tag)) {
        return "";
      }
      continue;
    }
    uint32_t size = 0;
    if (!input.ReadVarint32(&size)) {
      return "";
    }
    const auto start = static_cast<size_t>(input.CurrentPosition());
    if (size > bytes.size() - start || !input.Skip(static_cast<int>(size))) {
      return "";
    }
    if (field == nullptr) {
      continue;
    }
    const absl::string_view value = bytes.substr(start, size);
    std::string path = absl::StrCat(prefix, field->name());
    if (field->type() == FieldDescriptor::TYPE_STRING && !IsUtf8(value)) {
      return path;
    }
    if (field->type() == FieldDescriptor::TYPE_MESSAGE && depth < kMaxDepth) {
      std::string found = FindBadText(value, *field->message_type(), path + ".", depth + 1);
      if (!found.empty()) {
        return found;
      }
    }
  }
  return "";
}

}  // namespace

absl::Status DecodeRequest(absl::string_view bytes, google::protobuf::Message& request) {
  google::protobuf::io::ArrayInputStream array(bytes.data(), static_cast<int>(bytes.size()));
  CodedInputStream input(&array);
  input.SetRecursionLimit(kMaxDepth);
  if (request.ParseFromCodedStream(&input) && input.ConsumedEntireMessage()) {
    return absl::OkStatus();
  }
  const std::string field = FindBadText(bytes, *request.GetDescriptor(), "", 0);
  if (!field.empty()) {
    return MakeFieldError(v1::ERROR_REASON_INVALID_REQUEST, {{field, "must be valid UTF-8"}});
  }
  return MakeError(absl::StatusCode::kInvalidArgument, v1::ERROR_REASON_INVALID_REQUEST,
                   absl::StrCat("the request is not a ", request.GetDescriptor()->full_name(),
                                ": malformed or truncated bytes"));
}

void SilenceProtobufLog() { google::protobuf::SetLogHandler(nullptr); }

}  // namespace plumbline::service
