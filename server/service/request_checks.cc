#include "server/service/request_checks.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "server/expr/utf8.h"

namespace plumbline::service {
namespace {

constexpr int64_t kFirstSecond = -62'135'596'800;  // 0001-01-01, as google.protobuf.Timestamp says
constexpr int64_t kLastSecond = 253'402'300'799;   // 9999-12-31
constexpr int32_t kNanosPerSecond = 1'000'000'000;

bool IsPlainText(absl::string_view text) {
  while (!text.empty()) {
    const size_t length = expr::Utf8Length(text);
    const bool control = absl::ascii_iscntrl(text[0]) && text[0] != '\n' && text[0] != '\t';
    if (length == 0 || control) {
      return false;
    }
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace

void CheckShortText(absl::string_view field, absl::string_view value,
                    std::vector<FieldProblem>& problems) {
  if (value.size() > kMaxNameBytes ||
      !std::all_of(value.begin(), value.end(), absl::ascii_isprint)) {
    problems.push_back({std::string(field), absl::StrCat("must be at most ", kMaxNameBytes,
                                                         " printable ASCII characters")});
  }
}

void CheckText(absl::string_view field, absl::string_view value, size_t max_bytes,
               std::vector<FieldProblem>& problems) {
  if (value.size() > max_bytes || !IsPlainText(value)) {
    problems.push_back(
        {std::string(field),
         absl::StrCat("must be at most ", max_bytes, " bytes of text without control characters")});
  }
}

void CheckPurpose(absl::string_view field, absl::string_view value,
                  std::vector<FieldProblem>& problems) {
  if (absl::StripAsciiWhitespace(value).empty()) {
    problems.push_back({std::string(field), "is required, and is recorded"});
    return;
  }
  CheckText(field, value, kMaxPurposeBytes, problems);
}

std::optional<absl::Time> CheckTime(absl::string_view field, bool present,
                                    const google::protobuf::Timestamp& value,
                                    std::vector<FieldProblem>& problems) {
  if (!present) {
    return std::nullopt;
  }
  if (value.seconds() < kFirstSecond || value.seconds() > kLastSecond || value.nanos() < 0 ||
      value.nanos() >= kNanosPerSecond) {
    problems.push_back({std::string(field), "is not a time: years 1-9999, nanos 0-999999999"});
    return std::nullopt;
  }
  return absl::FromUnixSeconds(value.seconds()) + absl::Nanoseconds(value.nanos());
}

google::protobuf::Timestamp ToTimestamp(absl::Time time) {
  google::protobuf::Timestamp timestamp;
  const int64_t seconds = absl::ToUnixSeconds(time);
  timestamp.set_seconds(seconds);
  timestamp.set_nanos(
      static_cast<int32_t>(absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds))));
  return timestamp;
}

absl::Status RequestStatus(const std::vector<FieldProblem>& problems) {
  return problems.empty() ? absl::OkStatus()
                          : MakeFieldError(v1::ERROR_REASON_INVALID_REQUEST, problems);
}

}  // namespace plumbline::service
