#include "server/service/audit_log_service.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "server/base/uuid.h"
#include "server/service/earlier_request.h"
#include "server/service/log_status.h"
#include "server/service/record_filter.h"
#include "server/service/record_lookup.h"
#include "server/service/record_view.h"
#include "server/service/request_checks.h"
#include "server/service/rpc_error.h"

namespace plumbline::service {
namespace {

constexpr int kDefaultPage = 100;
constexpr int kMaxPage = 1000;
// Newest ones that are shown beside a record.
constexpr size_t kMaxRelated = 1000;
// Damaged records that one call settles.
constexpr int kMaxSettled = 1000;

// What a record summary lists beside a record; reads and replays do not say anything about it.
bool IsRelated(v1::RecordKind kind) {
  return kind == v1::RECORD_KIND_DECISION || kind == v1::RECORD_KIND_FEEDBACK ||
         kind == v1::RECORD_KIND_ERASURE;
}

void AddCounts(const std::vector<std::pair<std::string, uint64_t>>& counts,
               google::protobuf::RepeatedPtrField<v1::NamedCount>& out) {
  for (const auto& [name, count] : counts) {
    v1::NamedCount& added = *out.Add();
    added.set_name(name);
    added.set_count(count);
  }
}

template <typename NameOf>
void AddCounts(const std::vector<std::pair<int, uint64_t>>& counts, NameOf name_of,
               google::protobuf::RepeatedPtrField<v1::NamedCount>& out) {
  for (const auto& [number, count] : counts) {
    v1::NamedCount& added = *out.Add();
    added.set_name(name_of(number));
    added.set_count(count);
  }
}

}  // namespace

AuditLogService::AuditLogService(const AuditLogParts& parts)
    : parts_(parts), payloads_(parts.store), events_(parts.log, parts.engine_build) {}

absl::Status AuditLogService::WaitForIndex() const {
  return parts_.indexer->WaitUntilIndexed(parts_.log->size(), absl::Now() + parts_.index_wait);
}

absl::StatusOr<uint64_t> AuditLogService::IndexOf(const v1::RecordName& name) const {
  switch (name.name_case()) {
    case v1::RecordName::kIndex:
      return name.index();
    case v1::RecordName::kId: {
      const absl::StatusOr<Uuid> id = Uuid::Parse(name.id());
      if (!id.ok()) {
        return RequestStatus({{"name.id", "must be a UUID"}});
      }
      return FindRecord(*parts_.log, *parts_.indexer, *id, parts_.index_wait);
    }
    case v1::RecordName::NAME_NOT_SET:
      break;
  }
  return RequestStatus({{"name", "is required: the id or the index of a record"}});
}

absl::StatusOr<v1::RecordSummary> AuditLogService::SummaryAt(uint64_t index) const {
  const absl::StatusOr<audit::Record> record =
      ReadRecord(*parts_.log, index, store::Parts::kLeafAndDetails);
  absl::StatusOr<v1::RecordSummary> summary = record.ok() ? ToSummary(*record) : record.status();
  if (absl::IsDataLoss(summary.status())) {
    // It must be seen, and must not hide the others.
    v1::RecordSummary damaged;
    damaged.set_index(index);
    damaged.set_summary("damaged: this record cannot be read");
    return damaged;
  }
  return summary;
}

absl::StatusOr<v1::ListRecordsResponse> AuditLogService::ListRecords(
    const v1::ListRecordsRequest& request, const Caller& caller) {
  std::vector<FieldProblem> problems;
  store::IndexQuery query = ToIndexQuery(*parts_.log, "filter", request.filter(), problems);
  if (request.page_size() < 0 || request.page_size() > kMaxPage) {
    problems.push_back({"page_size", absl::StrCat("must be 0 to ", kMaxPage)});
  }
  if (absl::Status checked = RequestStatus(problems); !checked.ok()) {
    return checked;
  }
  if (!request.page_token().empty()) {
    const absl::StatusOr<uint64_t> before =
        ReadPageToken(*parts_.log, request.filter(), request.page_token());
    if (!before.ok()) {
      return before.status();
    }
    query.before_index = *before;
  }
  if (absl::Status ready = WaitForIndex(); !ready.ok()) {
    return ready;
  }
  const auto page =
      static_cast<size_t>(request.page_size() == 0 ? kDefaultPage : request.page_size());
  absl::StatusOr<std::vector<uint64_t>> found = parts_.indexer->index().Find(query, page + 1);
  if (!found.ok()) {
    return ToApiStatus(found.status());
  }
  v1::ListRecordsResponse response;
  if (found->size() > page) {
    found->resize(page);
    response.set_next_page_token(MakePageToken(*parts_.log, request.filter(), found->back()));
  }
  for (const uint64_t index : *found) {
    absl::StatusOr<v1::RecordSummary> summary = SummaryAt(index);
    if (!summary.ok()) {
      return summary.status();
    }
    *response.add_records() = *std::move(summary);
  }
  if (request.page_token().empty()) {
    if (absl::Status recorded = RecordLookup(request.filter(), "list", *found, caller);
        !recorded.ok()) {
      return recorded;
    }
  }
  return response;
}

absl::Status AuditLogService::RecordLookup(const v1::RecordFilter& filter, absl::string_view what,
                                           absl::Span<const uint64_t> found, const Caller& caller,
                                           absl::string_view reason) {
  if (filter.patient_pseudonym().empty() && filter.request_id().empty()) {
    return absl::OkStatus();
  }
  Event event;
  event.kind = v1::RECORD_KIND_ACCESS;
  event.summary = absl::StrCat("patient data was read: ", what,
                               filter.patient_pseudonym().empty() ? " of one request's records"
                                                                  : " of one patient's records");
  event.attributes = {{"what", std::string(what)}};
  if (!reason.empty()) event.attributes.emplace_back("reason", reason);
  event.caller = caller;
  event.request_id = filter.request_id();
  event.patient_pseudonym = filter.patient_pseudonym();
  // A request belongs to a patient: what is on record about the look must go when the patient's
  // records go.
  for (auto index = found.begin(); index != found.end() && event.patient_pseudonym.empty();
       ++index) {
    const absl::StatusOr<audit::Record> record =
        ReadRecord(*parts_.log, *index, store::Parts::kLeafAndDetails);
    if (record.ok() && !record->erased) {
      if (const auto details = ParseDetails(*record); details.ok()) {
        event.patient_pseudonym = details->patient_pseudonym();
      }
    }
  }
  return events_.Append(std::move(event)).status();
}

absl::Status AuditLogService::AddRelated(const audit::Record& record, v1::Record& view) const {
  if (absl::Status ready = WaitForIndex(); !ready.ok()) {
    return ready;
  }
  const absl::StatusOr<std::vector<uint64_t>> linked =
      parts_.indexer->index().FindLinked(record.id.bytes);
  if (!linked.ok()) {
    return ToApiStatus(linked.status());
  }
  for (auto index = linked->rbegin();
       index != linked->rend() && static_cast<size_t>(view.related_size()) < kMaxRelated; ++index) {
    absl::StatusOr<v1::RecordSummary> summary = SummaryAt(*index);
    if (!summary.ok()) {
      return summary.status();
    }
    if (IsRelated(summary->kind())) {
      *view.add_related() = *std::move(summary);
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::GetRecordResponse> AuditLogService::GetRecord(
    const v1::GetRecordRequest& request, const Caller& caller) {
  std::vector<FieldProblem> problems;
  CheckPurpose("purpose", request.purpose(), problems);
  if (absl::Status checked = RequestStatus(problems); !checked.ok()) {
    return checked;
  }
  const absl::StatusOr<uint64_t> index = IndexOf(request.name());
  if (!index.ok()) {
    return index.status();
  }
  const absl::StatusOr<audit::Record> record = ReadRecord(*parts_.log, *index, store::Parts::kAll);
  if (!record.ok()) {
    return record.status();
  }
  absl::StatusOr<v1::Record> view = ToRecordView(*record, payloads_);
  if (!view.ok()) {
    return view.status();
  }
  if (absl::Status added = AddRelated(*record, *view); !added.ok()) {
    return added;
  }
  const auto accessed = events_.RecordAccess(caller, "record", request.purpose(), {record->id});
  if (!accessed.ok()) {
    return accessed.status();
  }
  v1::GetRecordResponse response;
  *response.mutable_record() = *std::move(view);
  return response;
}

absl::StatusOr<v1::GetLogStatisticsResponse> AuditLogService::GetLogStatistics(
    const v1::GetLogStatisticsRequest& request, const Caller& caller) {
  std::vector<FieldProblem> problems;
  const store::IndexQuery query = ToIndexQuery(*parts_.log, "filter", request.filter(), problems);
  if (absl::Status checked = RequestStatus(problems); !checked.ok()) {
    return checked;
  }
  const absl::StatusOr<store::IndexCounts> counts = parts_.indexer->index().Count(query);
  if (!counts.ok()) {
    return ToApiStatus(counts.status());
  }
  const absl::StatusOr<SizedCheckpoint> checkpoint = LatestCheckpoint(0);
  if (!checkpoint.ok()) {
    return checkpoint.status();
  }
  const absl::StatusOr<store::Space> space = parts_.store->GetSpace();
  if (!space.ok()) {
    return ToApiStatus(space.status());
  }
  std::vector<uint64_t> found;
  if (!request.filter().request_id().empty()) {
    absl::StatusOr<std::vector<uint64_t>> latest =
        parts_.indexer->index().Find(query, kDefaultPage);
    if (!latest.ok()) {
      return ToApiStatus(latest.status());
    }
    found = *std::move(latest);
  }
  if (absl::Status recorded = RecordLookup(request.filter(), "count", found, caller);
      !recorded.ok()) {
    return recorded;
  }
  v1::GetLogStatisticsResponse response;
  response.set_origin(parts_.log->origin());
  response.set_size(parts_.log->size());
  response.set_checkpoint_size(checkpoint->size);
  response.set_indexed_size(parts_.indexer->progress().indexed);
  response.set_bytes_on_disk(space->used_bytes);
  response.set_erased(counts->erased);
  if (counts->first_us) {
    *response.mutable_first_time() = ToTimestamp(absl::FromUnixMicros(*counts->first_us));
  }
  if (counts->last_us) {
    *response.mutable_last_time() = ToTimestamp(absl::FromUnixMicros(*counts->last_us));
  }
  AddCounts(
      counts->by_kind,
      [](int kind) { return v1::RecordKind_Name(static_cast<v1::RecordKind>(kind)); },
      *response.mutable_by_kind());
  AddCounts(
      counts->by_level, [](int level) { return v1::Level_Name(static_cast<v1::Level>(level)); },
      *response.mutable_by_level());
  AddCounts(counts->by_revision, *response.mutable_by_revision());
  AddCounts(counts->by_rule, *response.mutable_by_rule());
  AddCounts(counts->by_day, *response.mutable_by_day());
  return response;
}

absl::StatusOr<v1::ErasePatientResponse> AuditLogService::ErasePatient(
    const v1::ErasePatientRequest& request, const Caller& caller) {
  std::vector<FieldProblem> problems;
  if (request.patient_pseudonym().empty()) {
    problems.push_back({"patient_pseudonym", "is required"});
  }
  CheckShortText("patient_pseudonym", request.patient_pseudonym(), problems);
  CheckPurpose("reason", request.reason(), problems);
  if (absl::Status checked = RequestStatus(problems); !checked.ok()) {
    return checked;
  }
  const absl::StatusOr<Erasure::Erased> erased = parts_.erasure->ErasePatient(
      request.patient_pseudonym(), request.reason(), request.dry_run(), caller);
  // Both answers tell something about the patient, and no erasure is on record that says so.
  const bool is_held = ReasonOf(erased.status()) == v1::ERROR_REASON_LEGAL_HOLD;
  if (is_held || (erased.ok() && request.dry_run())) {
    v1::RecordFilter patient;
    patient.set_patient_pseudonym(request.patient_pseudonym());
    if (absl::Status recorded = RecordLookup(
            patient, is_held ? "refused erasure (legal hold)" : "dry run of an erasure", {}, caller,
            request.reason());
        !recorded.ok()) {
      return recorded;
    }
  }
  if (!erased.ok()) {
    return erased.status();
  }
  v1::ErasePatientResponse response;
  response.set_erased_records(erased->records);
  if (erased->erasure_id) {
    response.set_erasure_id(erased->erasure_id->ToString());
  }
  response.mutable_damaged_records()->Assign(erased->damaged.begin(), erased->damaged.end());
  return response;
}

absl::StatusOr<v1::SetLegalHoldResponse> AuditLogService::SetLegalHold(
    const v1::SetLegalHoldRequest& request, const Caller& caller) {
  std::vector<FieldProblem> problems;
  CheckShortText("patient_pseudonym", request.patient_pseudonym(), problems);
  if (request.settled_records_size() > kMaxSettled) {
    problems.push_back(
        {"settled_records", absl::StrCat("has more than ", kMaxSettled, " records")});
  }
  if (!request.settled_records().empty() &&
      (request.hold() || !request.patient_pseudonym().empty())) {
    problems.push_back(
        {"settled_records", "goes without `hold` and `patient_pseudonym`: settle first"});
  }
  CheckPurpose("reason", request.reason(), problems);
  if (absl::Status checked = RequestStatus(problems); !checked.ok()) {
    return checked;
  }
  const absl::StatusOr<Uuid> id =
      request.settled_records().empty()
          ? parts_.erasure->SetLegalHold(request.patient_pseudonym(), request.hold(),
                                         request.reason(), caller)
          : parts_.erasure->SettleDamaged(request.settled_records(), request.reason(), caller);
  if (!id.ok()) {
    return id.status();
  }
  v1::SetLegalHoldResponse response;
  response.set_record_id(id->ToString());
  return response;
}

absl::Status AuditLogService::ReplayDecisions(
    const v1::ReplayDecisionsRequest& request, const Caller& caller,
    absl::FunctionRef<bool(const v1::ReplayDecisionsResponse&)> emit) {
  std::vector<FieldProblem> problems;
  CheckTimeRange("", request.has_from(), request.from(), request.has_until(), request.until(),
                 problems);
  const std::string& revision = request.revision();
  if (!revision.empty() && (revision.size() != 64 ||
                            !std::all_of(revision.begin(), revision.end(), absl::ascii_isxdigit))) {
    problems.push_back({"revision", "must be empty or 64 hexadecimal digits"});
  }
  if (request.shards() == 0 ? request.shard() != 0 : request.shard() >= request.shards()) {
    problems.push_back({"shard", "must be less than `shards`"});
  }
  CheckPurpose("purpose", request.purpose(), problems);
  if (absl::Status checked = RequestStatus(problems); !checked.ok()) {
    return checked;
  }
  if (parts_.replayer == nullptr) {
    return MakeError(absl::StatusCode::kUnimplemented, v1::ERROR_REASON_NOT_PERMITTED,
                     "this server does not replay decisions");
  }
  return parts_.replayer->Replay(request, caller, emit);
}

}  // namespace plumbline::service
