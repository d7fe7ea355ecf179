#include "server/service/earlier_request.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "server/audit/log_error.h"
#include "server/service/log_status.h"
#include "server/service/rpc_error.h"

namespace plumbline::service {
namespace {

// Records of one request id that are looked at: more than a few happen only when callers without a
// name use the same ids.
constexpr size_t kMaxIndexed = 1000;

v1::RecordKind RecordKindOf(RequestKind kind) {
  return kind == RequestKind::kDecision ? v1::RECORD_KIND_DECISION : v1::RECORD_KIND_FEEDBACK;
}

absl::Status ErasedError() {
  return MakeError(absl::StatusCode::kFailedPrecondition, v1::ERROR_REASON_RECORD_ERASED,
                   "what was recorded under this request id has been erased");
}

// Appends what the index knows of requests older than what is remembered.
absl::Status AskIndex(const audit::DecisionLog& log, LogIndexer& indexer,
                      const NamedRequest& request, uint64_t below,
                      std::vector<uint64_t>& candidates) {
  if (below == 0) {
    return absl::OkStatus();
  }
  if (absl::Status ready = indexer.WaitUntilIndexed(below, absl::InfinitePast()); !ready.ok()) {
    return ready;
  }
  store::IndexQuery query;
  query.kinds = {RecordKindOf(request.kind)};
  query.caller = request.caller.name;
  query.request_key = RequestKey(log, request.request_id);
  query.before_index = below;
  absl::StatusOr<std::vector<uint64_t>> found = indexer.index().Find(query, kMaxIndexed);
  if (!found.ok()) {
    return ToApiStatus(found.status());
  }
  candidates.insert(candidates.end(), found->begin(), found->end());
  return absl::OkStatus();
}

bool HasDigest(const storage::v1::RecordDetails& details, const Sha256Digest& digest) {
  return std::equal(digest.begin(), digest.end(), details.request_digest().begin(),
                    details.request_digest().end(), [](uint8_t byte, char character) {
                      return byte == static_cast<uint8_t>(character);
                    });
}

// Reads one candidate into `use`, if it is of this request id.
absl::Status Judge(audit::Record record, const NamedRequest& request, EarlierUse& use) {
  if (record.erased) {
    return ErasedError();
  }
  const absl::StatusOr<storage::v1::RecordDetails> details = ParseDetails(record);
  if (!details.ok()) {
    return details.status();
  }
  if (record.kind != RecordKindOf(request.kind) || details->caller() != request.caller.name ||
      details->request_id() != request.request_id) {
    return absl::OkStatus();  // another id with this fingerprint
  }
  if (details->caller_authenticated() != request.caller.authenticated) {
    use.linked.push_back(record.id);
    return absl::OkStatus();
  }
  if (!HasDigest(*details, request.digest)) {
    return RequestIdReusedError();
  }
  use.record = std::move(record);
  return absl::OkStatus();
}

}  // namespace

absl::Status RequestIdReusedError() {
  return MakeError(absl::StatusCode::kAlreadyExists, v1::ERROR_REASON_REQUEST_ID_REUSED,
                   "the request id was used before, for another request");
}

absl::StatusOr<storage::v1::RecordDetails> ParseDetails(const audit::Record& record) {
  storage::v1::RecordDetails details;
  if (!details.ParseFromString(record.details)) {
    return ToApiStatus(audit::LogCorruptError(
        absl::StrCat("record ", record.index, ": its details are not what was stored")));
  }
  return details;
}

absl::StatusOr<EarlierUse> FindEarlierUse(const audit::DecisionLog& log, LogIndexer& indexer,
                                          const NamedRequest& request,
                                          const RequestClaims::Claim& claim) {
  std::vector<uint64_t> candidates;
  if (absl::Status asked = AskIndex(log, indexer, request, claim.unknown_below, candidates);
      !asked.ok()) {
    return asked;
  }
  candidates.insert(candidates.end(), claim.candidates.begin(), claim.candidates.end());
  std::sort(candidates.begin(), candidates.end());
  candidates.erase(std::unique(candidates.begin(), candidates.end()), candidates.end());
  EarlierUse use;
  for (const uint64_t index : candidates) {
    absl::StatusOr<audit::Record> record = log.Read(index, store::Parts::kAll);
    if (!record.ok()) {
      return ToApiStatus(record.status());
    }
    if (absl::Status judged = Judge(*std::move(record), request, use); !judged.ok()) {
      return judged;
    }
    if (use.record) {
      break;
    }
  }
  return use;
}

absl::StatusOr<std::vector<std::pair<uint64_t, uint64_t>>> ReadRequestIds(
    const audit::DecisionLog& log, const RequestClaims& claims, uint64_t first, uint64_t count) {
  std::vector<std::pair<uint64_t, uint64_t>> uses;
  absl::Status problem;
  const auto visit = [&](absl::StatusOr<audit::Record> record) {
    if (!record.ok()) {
      problem = record.status();
      return false;
    }
    const bool named =
        record->kind == v1::RECORD_KIND_DECISION || record->kind == v1::RECORD_KIND_FEEDBACK;
    if (!named || record->erased) {
      return true;
    }
    const absl::StatusOr<storage::v1::RecordDetails> details = ParseDetails(*record);
    if (!details.ok()) {
      problem = details.status();
      return false;
    }
    if (!details->request_id().empty()) {
      const RequestKind kind = record->kind == v1::RECORD_KIND_DECISION ? RequestKind::kDecision
                                                                        : RequestKind::kFeedback;
      uses.emplace_back(claims.Fingerprint(kind, details->caller(), details->request_id()),
                        record->index);
    }
    return true;
  };
  absl::Status scanned = log.Scan(first, count, store::Parts::kLeafAndDetails, visit);
  if (!problem.ok() || !scanned.ok()) {
    return ToApiStatus(problem.ok() ? scanned : problem);
  }
  return uses;
}

}  // namespace plumbline::service
