#include "src/error_details.h"

#include <cstdint>
#include <vector>

#include "google/protobuf/unknown_field_set.h"

namespace plumbline::client::internal {
namespace {

using google::protobuf::UnknownField;
using google::protobuf::UnknownFieldSet;

// Field numbers of google/rpc/status.proto, error_details.proto and google/protobuf/duration.proto.
constexpr int kStatusDetails = 3;
constexpr int kAnyTypeUrl = 1;
constexpr int kAnyValue = 2;
constexpr int kErrorInfoReason = 1;
constexpr int kErrorInfoDomain = 2;
constexpr int kBadRequestViolations = 1;
constexpr int kViolationField = 1;
constexpr int kViolationDescription = 2;
constexpr int kRetryInfoDelay = 1;
constexpr int kDurationSeconds = 1;
constexpr int kDurationNanos = 2;

// A message whose type is not known, by field number. Malformed bytes are an empty message.
class Fields {
 public:
  explicit Fields(const std::string& bytes) {
    if (!set_.ParseFromString(bytes)) {
      set_.Clear();
    }
  }

  // Of a singular field the last one counts; these are all of them, in order.
  std::vector<std::string> AllBytes(int number) const {
    std::vector<std::string> all;
    for (int i = 0; i < set_.field_count(); ++i) {
      const UnknownField& field = set_.field(i);
      if (field.number() == number && field.type() == UnknownField::TYPE_LENGTH_DELIMITED) {
        all.push_back(field.length_delimited());
      }
    }
    return all;
  }

  std::string Bytes(int number) const {
    const std::vector<std::string> all = AllBytes(number);
    return all.empty() ? "" : all.back();
  }

  int64_t Integer(int number) const {
    uint64_t value = 0;
    for (int i = 0; i < set_.field_count(); ++i) {
      const UnknownField& field = set_.field(i);
      if (field.number() == number && field.type() == UnknownField::TYPE_VARINT) {
        value = field.varint();
      }
    }
    return static_cast<int64_t>(value);
  }

 private:
  UnknownFieldSet set_;
};

void ReadErrorInfo(const Fields& info, Error& error) {
  v1::ErrorReason reason = v1::ERROR_REASON_UNSPECIFIED;
  if (info.Bytes(kErrorInfoDomain) == "plumbline" &&
      v1::ErrorReason_Parse(info.Bytes(kErrorInfoReason), &reason)) {
    error.reason = reason;
  }
}

void ReadBadRequest(const Fields& bad_request, Error& error) {
  for (const std::string& bytes : bad_request.AllBytes(kBadRequestViolations)) {
    const Fields violation(bytes);
    error.field_violations.push_back(
        {violation.Bytes(kViolationField), violation.Bytes(kViolationDescription)});
  }
}

// A senseless delay is no delay.
void SetRetryAfter(int64_t seconds, int64_t nanos, Error& error) {
  constexpr int64_t kLongest = 24 * 3600;
  if (seconds >= 0 && seconds <= kLongest && nanos >= 0 && nanos < 1'000'000'000) {
    error.retry_after = std::chrono::milliseconds(seconds * 1000 + nanos / 1'000'000);
  }
}

void ReadRetryInfo(const Fields& retry, Error& error) {
  const Fields delay(retry.Bytes(kRetryInfoDelay));
  SetRetryAfter(delay.Integer(kDurationSeconds), delay.Integer(kDurationNanos), error);
}

Code ToCode(int code) { return code >= 0 && code <= 16 ? static_cast<Code>(code) : Code::kUnknown; }

}  // namespace

Error MakeError(int code, const std::string& message, const std::string& details) {
  Error error;
  error.code = ToCode(code);
  error.message = message;
  for (const std::string& bytes : Fields(details).AllBytes(kStatusDetails)) {
    const Fields any(bytes);
    const std::string url = any.Bytes(kAnyTypeUrl);
    const Fields detail(any.Bytes(kAnyValue));
    if (url == "type.googleapis.com/google.rpc.ErrorInfo") {
      ReadErrorInfo(detail, error);
    } else if (url == "type.googleapis.com/google.rpc.BadRequest") {
      ReadBadRequest(detail, error);
    } else if (url == "type.googleapis.com/google.rpc.RetryInfo") {
      ReadRetryInfo(detail, error);
    }
  }
  return error;
}

Error MakeError(const v1::ItemError& item) {
  Error error;
  error.code = ToCode(item.code());
  error.message = item.message();
  if (v1::ErrorReason_IsValid(item.reason())) {
    error.reason = item.reason();
  }
  for (const v1::ItemFieldViolation& violation : item.field_violations()) {
    error.field_violations.push_back({violation.field(), violation.description()});
  }
  if (item.has_retry_after()) {
    SetRetryAfter(item.retry_after().seconds(), item.retry_after().nanos(), error);
  }
  return error;
}

}  // namespace plumbline::client::internal
