// What the commands of `plumbline audit` share: which log they ask, times, and errors.

#ifndef PLUMBLINE_SERVER_CLI_AUDIT_TARGET_H_
#define PLUMBLINE_SERVER_CLI_AUDIT_TARGET_H_

#include <memory>
#include <optional>
#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/protobuf/message.h"
#include "google/protobuf/timestamp.pb.h"
#include "plumbline/v1/audit_service.pb.h"
#include "server/cli/audit_client.h"
#include "server/cli/command.h"

namespace plumbline::cli {

// --log DIR with its keys, or --server HOST:PORT with TLS.
class AuditTarget {
 public:
  void Declare(CLI::App& app);
  // Null, and the reason on `err`, if the log cannot be opened; `code` is what to exit with.
  std::unique_ptr<AuditClient> Open(Environment& environment, int& code) const;
  bool remote() const { return !server_.target.empty(); }
  const OpenLogOptions& log() const { return log_; }

 private:
  OpenLogOptions log_;
  AuditServer server_;
  int deadline_ms_ = 10'000;
};

// Whom the records name: "cli:alice".
std::string CallerName();

// Writes "plumbline: ..." and returns the exit code: 3 for what the caller can put right, 4 for
// servers that cannot be reached, 1 for damaged logs and what was interrupted, 5 otherwise.
// `remote`: the error came from a server.
int ReportError(const absl::Status& status, bool remote, std::ostream& err);

// `status` of opening a log, with what to do when another process has it. `instead`: a sentence.
absl::Status ExplainLocked(const absl::Status& status, absl::string_view instead);

// RFC 3339 ("2026-01-31T08:00:00Z", "2026-01-31T09:00:00.5+01:00"), or a date, which is its
// midnight in UTC.
std::optional<absl::Time> ParseTime(absl::string_view text);
// "2026-01-31 08:00:00.123 UTC"; "-" for a time that is not set.
std::string FormatTime(const google::protobuf::Timestamp& time);
// "2026-01-31 08:00:00".
std::string FormatTimeShort(const google::protobuf::Timestamp& time);
google::protobuf::Timestamp ToTimestamp(absl::Time time);

// Flags that say which records. Declare all, or what a command wants.
class AuditFilter {
 public:
  void DeclareTimes(CLI::App& app);
  void DeclareAll(CLI::App& app);
  // False, and the flag that is wrong on `err`.
  bool Make(v1::RecordFilter& filter, std::ostream& err) const;

 private:
  std::string from_;
  std::string until_;
  std::vector<std::string> kinds_;
  std::string revision_;
  std::string rule_;
  std::vector<std::string> levels_;
  std::string caller_;
  std::string patient_;
  std::string request_id_;
};

// A name as the command line takes it: digits are an index, anything else an id.
v1::RecordName ParseRecordName(const std::string& text);

// "URGENT_2W" without its prefix; "" for what is unspecified.
std::string ShortName(v1::Level level);
std::string ShortName(v1::Gate gate);
// "DECISION" -> "decision".
std::string ShortName(v1::RecordKind kind);

// Proto JSON with the field names of the .proto files; on one line, or indented.
std::string ToJson(const google::protobuf::Message& message, bool indented);

// Writes a file whole or not at all, or to `out` for "-". Returns an exit code.
int WriteOutput(const std::string& path, absl::string_view bytes, Environment& environment);
// Reads a regular file or, for "-", standard input; nothing, and the reason on `err`, if it cannot
// be read or is larger than `limit` bytes.
std::optional<std::string> ReadInput(const std::string& path, size_t limit,
                                     Environment& environment);

}  // namespace plumbline::cli

#endif  // PLUMBLINE_SERVER_CLI_AUDIT_TARGET_H_
