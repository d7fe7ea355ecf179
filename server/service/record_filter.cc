#include "server/service/record_filter.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "google/protobuf/timestamp.pb.h"
#include "server/service/log_indexer.h"
#include "server/service/request_checks.h"

namespace plumbline::service {
namespace {

constexpr size_t kMinRevisionDigits = 8;
constexpr size_t kRevisionDigits = 64;
// Of the page token: index, and the first bytes of a keyed hash.
constexpr size_t kIndexBytes = 8;
constexpr size_t kTagBytes = 16;

std::string Join(absl::string_view path, absl::string_view field) {
  return path.empty() ? std::string(field) : absl::StrCat(path, ".", field);
}

// Records have times in whole microseconds: the first one at `time` or after it.
int64_t CeilMicros(absl::Time time) {
  const int64_t floor = absl::ToUnixMicros(time);
  return absl::FromUnixMicros(floor) < time ? floor + 1 : floor;
}

void CheckRevision(const std::string& field, const std::string& revision,
                   std::vector<FieldProblem>& problems) {
  const bool long_enough =
      revision.size() >= kMinRevisionDigits && revision.size() <= kRevisionDigits;
  if (!revision.empty() &&
      (!long_enough || !std::all_of(revision.begin(), revision.end(), absl::ascii_isxdigit))) {
    problems.push_back({field, "must be 64 hexadecimal digits, or the first 8 or more"});
  }
}

std::string IndexText(uint64_t index) {
  std::string bytes(kIndexBytes, '\0');
  for (size_t i = 0; i < kIndexBytes; ++i) {
    bytes[i] = static_cast<char>(index >> (8 * (kIndexBytes - 1 - i)));
  }
  return bytes;
}

std::string Tag(const audit::DecisionLog& log, const v1::RecordFilter& filter,
                absl::string_view index) {
  return log.IndexHash("page-token", absl::StrCat(index, filter.SerializeAsString()))
      .substr(0, kTagBytes);
}

}  // namespace

TimeRange CheckTimeRange(absl::string_view path, bool has_from,
                         const google::protobuf::Timestamp& from, bool has_until,
                         const google::protobuf::Timestamp& until,
                         std::vector<FieldProblem>& problems) {
  const auto first = CheckTime(Join(path, "from"), has_from, from, problems);
  const auto end = CheckTime(Join(path, "until"), has_until, until, problems);
  TimeRange range;
  if (first) {
    range.from_us = CeilMicros(*first);
  }
  if (end) {
    range.until_us = CeilMicros(*end);
  }
  if (first && end && *first >= *end) {
    problems.push_back({Join(path, "until"), "must be after `from`"});
  }
  return range;
}

store::IndexQuery ToIndexQuery(const audit::DecisionLog& log, absl::string_view path,
                               const v1::RecordFilter& filter,
                               std::vector<FieldProblem>& problems) {
  store::IndexQuery query;
  const TimeRange range = CheckTimeRange(path, filter.has_from(), filter.from(), filter.has_until(),
                                         filter.until(), problems);
  query.from_us = range.from_us;
  query.until_us = range.until_us;
  for (const int kind : filter.kinds()) {
    if (!v1::RecordKind_IsValid(kind) || kind == v1::RECORD_KIND_UNSPECIFIED) {
      problems.push_back({Join(path, "kinds"), absl::StrCat(kind, " is not a known RecordKind")});
    }
    query.kinds.push_back(kind);
  }
  for (const int level : filter.levels()) {
    if (!v1::Level_IsValid(level) || level == v1::LEVEL_UNSPECIFIED) {
      problems.push_back({Join(path, "levels"), absl::StrCat(level, " is not a known Level")});
    }
    query.levels.push_back(level);
  }
  CheckRevision(Join(path, "revision"), filter.revision(), problems);
  CheckShortText(Join(path, "rule_id"), filter.rule_id(), problems);
  CheckShortText(Join(path, "caller"), filter.caller(), problems);
  CheckShortText(Join(path, "patient_pseudonym"), filter.patient_pseudonym(), problems);
  CheckShortText(Join(path, "request_id"), filter.request_id(), problems);
  query.revision_prefix = absl::AsciiStrToLower(filter.revision());
  query.rule_id = filter.rule_id();
  query.caller = filter.caller();
  query.patient_key = PatientKey(log, filter.patient_pseudonym());
  query.request_key = RequestKey(log, filter.request_id());
  return query;
}

std::string MakePageToken(const audit::DecisionLog& log, const v1::RecordFilter& filter,
                          uint64_t last_index) {
  const std::string index = IndexText(last_index);
  return absl::WebSafeBase64Escape(absl::StrCat(index, Tag(log, filter, index)));
}

absl::StatusOr<uint64_t> ReadPageToken(const audit::DecisionLog& log,
                                       const v1::RecordFilter& filter, absl::string_view token) {
  std::string bytes;
  const bool whole = absl::WebSafeBase64Unescape(token, &bytes) &&
                     bytes.size() == kIndexBytes + kTagBytes &&
                     bytes.substr(kIndexBytes) == Tag(log, filter, bytes.substr(0, kIndexBytes));
  if (!whole) {
    return MakeError(absl::StatusCode::kInvalidArgument, v1::ERROR_REASON_INVALID_PAGE_TOKEN,
                     "page_token: is not from an earlier answer with the same filter");
  }
  uint64_t index = 0;
  for (size_t i = 0; i < kIndexBytes; ++i) {
    index = index << 8 | static_cast<uint8_t>(bytes[i]);
  }
  return index;
}

}  // namespace plumbline::service
