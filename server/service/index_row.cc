#include <algorithm>
#include <string>
#include <utility>

#include "server/service/earlier_request.h"
#include "server/service/log_indexer.h"

namespace plumbline::service {
namespace {

// Of the 32 bytes of a keyed hash: two that are equal do not occur among any number of records, and
// a row has two.
constexpr size_t kKeyBytes = 16;

std::array<uint8_t, 16> ToIdBytes(absl::string_view bytes) {
  std::array<uint8_t, 16> id{};
  std::copy_n(bytes.begin(), std::min(bytes.size(), id.size()), id.begin());
  return id;
}

// Without repetition.
template <typename List>
void SortUnique(List& list) {
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
}

}  // namespace

std::string RequestKey(const audit::DecisionLog& log, absl::string_view request_id) {
  return request_id.empty() ? "" : log.IndexHash("request", request_id).substr(0, kKeyBytes);
}

std::string PatientKey(const audit::DecisionLog& log, absl::string_view pseudonym) {
  return pseudonym.empty() ? "" : log.IndexHash("patient", pseudonym).substr(0, kKeyBytes);
}

absl::StatusOr<store::IndexRow> MakeIndexRow(const audit::DecisionLog& log,
                                             const audit::Record& record) {
  store::IndexRow row;
  row.index = record.index;
  row.kind = record.kind;
  row.id = record.id.bytes;
  row.time_us = absl::ToUnixMicros(record.time);
  row.revision = record.revision;
  row.erased = record.erased;
  if (record.erased) {
    return row;
  }
  const absl::StatusOr<storage::v1::RecordDetails> details = ParseDetails(record);
  if (!details.ok()) {
    return details.status();
  }
  row.caller = details->caller();
  row.request_key = RequestKey(log, details->request_id());
  row.patient_key = PatientKey(log, details->patient_pseudonym());
  for (const std::string& id : details->linked_ids()) {
    row.linked_ids.push_back(ToIdBytes(id));
  }
  SortUnique(row.linked_ids);
  row.level = details->decision().level();
  row.gate = details->decision().gate();
  const auto& fired = details->decision().fired_rule_ids();
  row.rule_ids.assign(fired.begin(), fired.end());
  SortUnique(row.rule_ids);
  return row;
}

}  // namespace plumbline::service
