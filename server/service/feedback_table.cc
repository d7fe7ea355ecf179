#include "server/service/feedback_table.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "server/base/uuid.h"
#include "server/service/record_view.h"

namespace plumbline::service {
namespace {

constexpr const char* kColumns[] = {
    "feedback_id",  "decision_id", "recorded_at", "intervention", "action", "override_reason",
    "done_instead", "feedback",    "outcome",     "user",         "date",   "location",
    "caller",       "revision"};
constexpr size_t kColumnCount = std::size(kColumns);
using Row = std::array<std::string, kColumnCount>;

std::string DecisionId(const storage::v1::RecordDetails& details) {
  if (details.linked_ids().empty()) {
    return "";
  }
  const std::string& bytes = details.linked_ids(0);
  Uuid id;
  std::copy_n(bytes.begin(), std::min(bytes.size(), id.bytes.size()), id.bytes.begin());
  return id.ToString();
}

std::string DateText(const v1::Feedback& feedback) {
  if (!feedback.has_observed_on()) {
    return "";
  }
  const v1::Date& date = feedback.observed_on();
  return absl::StrFormat("%04d-%02d-%02d", date.year(), date.month(), date.day());
}

// In the order of kColumns.
Row MakeRow(const audit::Record& record, const storage::v1::RecordDetails& details) {
  const v1::Feedback& feedback = details.feedback().feedback();
  const auto word = [](bool present, const std::string& name, absl::string_view prefix) {
    return present ? EnumWord(name, prefix) : "";
  };
  return {record.id.ToString(),
          DecisionId(details),
          absl::FormatTime("%Y-%m-%d%ET%H:%M:%SZ", record.time, absl::UTCTimeZone()),
          feedback.intervention().empty() ? "decision" : feedback.intervention(),
          word(feedback.verdict() != v1::FEEDBACK_VERDICT_UNSPECIFIED,
               v1::FeedbackVerdict_Name(feedback.verdict()), "FEEDBACK_VERDICT_"),
          word(feedback.override_reason() != v1::OVERRIDE_REASON_UNSPECIFIED,
               v1::OverrideReason_Name(feedback.override_reason()), "OVERRIDE_REASON_"),
          feedback.done_instead(),
          feedback.comment(),
          word(feedback.outcome() != v1::FOLLOW_UP_OUTCOME_UNSPECIFIED,
               v1::FollowUpOutcome_Name(feedback.outcome()), "FOLLOW_UP_OUTCOME_"),
          feedback.user(),
          DateText(feedback),
          feedback.location(),
          details.caller(),
          record.revision};
}

void AppendCsvLine(const std::vector<std::string>& fields, std::string& out) {
  for (size_t i = 0; i < fields.size(); ++i) {
    absl::StrAppend(&out, i == 0 ? "" : ",", CsvField(fields[i]));
  }
  out += "\r\n";
}

// Characters that look like those that begin a formula, and that some spreadsheets take for them.
bool BeginsLikeFormula(absl::string_view text) {
  constexpr const char* kFullWidth[] = {"\xEF\xBC\x9D", "\xEF\xBC\x8B", "\xEF\xBC\x8D",
                                        "\xEF\xBC\xA0"};
  if (text.empty()) {
    return false;
  }
  return absl::string_view("=+-@\t\r\n").find(text[0]) != absl::string_view::npos ||
         std::any_of(std::begin(kFullWidth), std::end(kFullWidth),
                     [&](const char* sign) { return absl::StartsWith(text, sign); });
}

}  // namespace

std::string CsvField(absl::string_view text) {
  std::string field;
  // Spreadsheets skip blanks before they look for a formula.
  if (BeginsLikeFormula(absl::StripLeadingAsciiWhitespace(text)) || BeginsLikeFormula(text)) {
    field.push_back('\'');
  }
  absl::StrAppend(&field, text);
  if (field.find_first_of(",\"\r\n\t; ") == std::string::npos && field.find('\'') != 0) {
    return field;
  }
  std::string quoted = "\"";
  for (const char character : field) {
    quoted.append(character == '"' ? 2 : 1, character);
  }
  return quoted + "\"";
}

std::string JsonString(absl::string_view text) {
  std::string json = "\"";
  for (const char character : text) {
    switch (character) {
      case '"':
      case '\\':
        json += {'\\', character};
        break;
      case '\n':
        json += "\\n";
        break;
      case '\t':
        json += "\\t";
        break;
      default:
        if (static_cast<uint8_t>(character) < 0x20 || character == 0x7f) {
          absl::StrAppendFormat(&json, "\\u%04x", static_cast<uint8_t>(character));
        } else {
          json.push_back(character);
        }
    }
  }
  return json + "\"";
}

void AppendTableHeader(v1::TableFormat format, std::string& out) {
  if (format != v1::TABLE_FORMAT_NDJSON) {
    AppendCsvLine({std::begin(kColumns), std::end(kColumns)}, out);
  }
}

void AppendFeedbackRow(v1::TableFormat format, const audit::Record& record,
                       const storage::v1::RecordDetails& details, std::string& out) {
  const Row row = MakeRow(record, details);
  if (format != v1::TABLE_FORMAT_NDJSON) {
    return AppendCsvLine({row.begin(), row.end()}, out);
  }
  for (size_t i = 0; i < kColumnCount; ++i) {
    absl::StrAppend(&out, i == 0 ? "{" : ",", "\"", kColumns[i], "\":", JsonString(row[i]));
  }
  out += "}\n";
}

}  // namespace plumbline::service
