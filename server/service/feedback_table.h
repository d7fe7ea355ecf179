// Feedback as the rows of a table, for spreadsheets (CSV) and programs (NDJSON).

#ifndef PLUMBLINE_SERVER_SERVICE_FEEDBACK_TABLE_H_
#define PLUMBLINE_SERVER_SERVICE_FEEDBACK_TABLE_H_

#include <string>

#include "absl/strings/string_view.h"
#include "plumbline/storage/v1/record_details.pb.h"
#include "plumbline/v1/audit_service.pb.h"
#include "server/audit/record.h"

namespace plumbline::service {

// Appends to `out` the header line, if the format has one.
void AppendTableHeader(v1::TableFormat format, std::string& out);

// Appends a row: what was advised, what was done, what people thought of it, who, when, where.
void AppendFeedbackRow(v1::TableFormat format, const audit::Record& record,
                       const storage::v1::RecordDetails& details, std::string& out);

// A field of RFC 4180. A text that a spreadsheet would take for a formula (it begins with = + - @,
// a tab or a line break) gets an apostrophe before it, so that opening the file runs nothing.
std::string CsvField(absl::string_view text);

// A JSON string with its quotes. `text`: UTF-8.
std::string JsonString(absl::string_view text);

}  // namespace plumbline::service

#endif  // PLUMBLINE_SERVER_SERVICE_FEEDBACK_TABLE_H_
