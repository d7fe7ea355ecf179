// AuditLogService: the export of feedback.

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/service/audit_log_service.h"
#include "server/service/earlier_request.h"
#include "server/service/feedback_table.h"
#include "server/service/log_status.h"
#include "server/service/record_filter.h"
#include "server/service/record_lookup.h"
#include "server/service/request_checks.h"

namespace plumbline::service {
namespace {

constexpr size_t kPage = 1000;
constexpr size_t kPieceBytes = size_t{64} << 10;

// Rows that go out in pieces of some size.
class RowStream {
 public:
  explicit RowStream(absl::FunctionRef<bool(const v1::ExportFeedbackResponse&)> emit)
      : emit_(emit) {}

  std::string& text() { return text_; }

  // False: the reader is gone.
  bool Flush(size_t from_size) {
    if (text_.size() < std::max<size_t>(from_size, 1)) {
      return true;
    }
    v1::ExportFeedbackResponse response;
    response.set_data(std::exchange(text_, {}));
    return emit_(response);
  }

 private:
  absl::FunctionRef<bool(const v1::ExportFeedbackResponse&)> emit_;
  std::string text_;
};

EventAttributes Range(const v1::ExportFeedbackRequest& request, size_t rows) {
  EventAttributes attributes = {{"rows", absl::StrCat(rows)}};
  if (request.has_from()) {
    attributes.emplace_back("from", absl::StrCat(request.from().seconds()));
  }
  if (request.has_until()) {
    attributes.emplace_back("until", absl::StrCat(request.until().seconds()));
  }
  return attributes;
}

}  // namespace

absl::StatusOr<std::vector<uint64_t>> AuditLogService::FindFeedback(
    const store::IndexQuery& query) const {
  store::IndexQuery page = query;
  std::vector<uint64_t> all;
  while (true) {
    const absl::StatusOr<std::vector<uint64_t>> found = parts_.indexer->index().Find(page, kPage);
    if (!found.ok()) {
      return ToApiStatus(found.status());
    }
    all.insert(all.end(), found->begin(), found->end());
    if (found->size() < kPage) {
      std::reverse(all.begin(), all.end());
      return all;
    }
    page.before_index = found->back();
  }
}

absl::Status AuditLogService::ExportFeedback(
    const v1::ExportFeedbackRequest& request, const Caller& caller,
    absl::FunctionRef<bool(const v1::ExportFeedbackResponse&)> emit) {
  std::vector<FieldProblem> problems;
  const TimeRange range = CheckTimeRange("", request.has_from(), request.from(),
                                         request.has_until(), request.until(), problems);
  if (!v1::TableFormat_IsValid(request.format())) {
    problems.push_back({"format", "is not a known TableFormat"});
  }
  CheckPurpose("purpose", request.purpose(), problems);
  if (absl::Status checked = RequestStatus(problems); !checked.ok()) {
    return checked;
  }
  if (absl::Status ready = WaitForIndex(); !ready.ok()) {
    return ready;
  }
  store::IndexQuery query;
  query.from_us = range.from_us;
  query.until_us = range.until_us;
  query.kinds = {v1::RECORD_KIND_FEEDBACK};
  const absl::StatusOr<std::vector<uint64_t>> indices = FindFeedback(query);
  if (!indices.ok()) {
    return indices.status();
  }
  const auto accessed = events_.RecordAccess(caller, "feedback export", request.purpose(), {},
                                             Range(request, indices->size()));
  if (!accessed.ok()) {
    return accessed.status();
  }
  RowStream rows(emit);
  AppendTableHeader(request.format(), rows.text());
  for (const uint64_t index : *indices) {
    const absl::StatusOr<audit::Record> record =
        ReadRecord(*parts_.log, index, store::Parts::kLeafAndDetails);
    if (!record.ok()) {
      return record.status();
    }
    if (record->erased) {
      continue;
    }
    const absl::StatusOr<storage::v1::RecordDetails> details = ParseDetails(*record);
    if (!details.ok()) {
      return details.status();
    }
    AppendFeedbackRow(request.format(), *record, *details, rows.text());
    if (!rows.Flush(kPieceBytes)) {
      return absl::OkStatus();
    }
  }
  rows.Flush(0);
  return absl::OkStatus();
}

}  // namespace plumbline::service
