#include "server/service/decision_details.h"

#include "plumbline/storage/v1/record_details.pb.h"
#include "plumbline/v1/date.pb.h"
#include "server/engine/wire_writer.h"

namespace plumbline::service {
namespace {

using storage::v1::DecisionDetails;
using storage::v1::RecordDetails;

absl::string_view BytesOf(const Sha256Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

void WriteDate(absl::CivilDay day, engine::WireWriter& writer) {
  const engine::WireWriter::Mark mark = writer.Begin(DecisionDetails::kAsOfFieldNumber);
  writer.UInt(v1::Date::kYearFieldNumber, static_cast<uint64_t>(day.year()));
  writer.UInt(v1::Date::kMonthFieldNumber, static_cast<uint64_t>(day.month()));
  writer.UInt(v1::Date::kDayFieldNumber, static_cast<uint64_t>(day.day()));
  writer.End(mark);
}

}  // namespace

void WriteDecisionDetails(const RecordedCall& call, const std::optional<Sha256Digest>& digest,
                          absl::Span<const Uuid> linked, const engine::DecisionSummary& summary,
                          absl::string_view alias, std::string& out) {
  out.clear();
  engine::WireWriter writer(&out);
  writer.String(RecordDetails::kCallerFieldNumber, call.caller.name);
  writer.Bool(RecordDetails::kCallerAuthenticatedFieldNumber, call.caller.authenticated);
  writer.String(RecordDetails::kRequestIdFieldNumber, call.request_id);
  if (digest) {
    writer.String(RecordDetails::kRequestDigestFieldNumber, BytesOf(*digest));
  }
  writer.String(RecordDetails::kPatientPseudonymFieldNumber, call.patient_pseudonym);
  for (const Uuid& id : linked) {
    writer.RepeatedString(
        RecordDetails::kLinkedIdsFieldNumber,
        absl::string_view(reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()));
  }
  const engine::WireWriter::Mark mark = writer.Begin(RecordDetails::kDecisionFieldNumber);
  WriteDate(call.as_of, writer);
  writer.UInt(DecisionDetails::kLevelFieldNumber, static_cast<uint64_t>(summary.level));
  writer.UInt(DecisionDetails::kGateFieldNumber, static_cast<uint64_t>(summary.gate));
  for (const absl::string_view id : summary.fired_rule_ids) {
    writer.RepeatedString(DecisionDetails::kFiredRuleIdsFieldNumber, id);
  }
  for (const absl::string_view id : summary.programme_exercise_ids) {
    writer.RepeatedString(DecisionDetails::kProgrammeExerciseIdsFieldNumber, id);
  }
  writer.String(DecisionDetails::kAliasFieldNumber, alias);
  writer.End(mark);
}

}  // namespace plumbline::service
