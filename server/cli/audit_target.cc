#include "server/cli/audit_target.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <utility>
#include <vector>

#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "google/protobuf/util/json_util.h"
#include "server/base/atomic_file.h"
#include "server/cli/server_channel.h"
#include "server/cli/text_layout.h"

namespace plumbline::cli {
namespace {

// Names of an enum without its prefix, in lower case, as flags take them.
std::vector<std::string> FlagNames(const google::protobuf::EnumDescriptor& type,
                                   absl::string_view prefix) {
  std::vector<std::string> names;
  for (int i = 0; i < type.value_count(); ++i) {
    if (type.value(i)->number() == 0) continue;
    names.push_back(
        absl::AsciiStrToLower(absl::StripPrefix(std::string(type.value(i)->name()), prefix)));
  }
  return names;
}

int NumberOf(const google::protobuf::EnumDescriptor& type, absl::string_view prefix,
             const std::string& flag) {
  const auto* value = type.FindValueByName(absl::StrCat(prefix, absl::AsciiStrToUpper(flag)));
  return value == nullptr ? 0 : value->number();
}

}  // namespace

void AuditTarget::Declare(CLI::App& app) {
  auto* folder = app.add_option("--log", log_.folder, "Folder of the log, on this machine");
  app.add_option("--log-key", log_.key_file,
                 "File of its master keys (default: $PLUMBLINE_LOG_KEY)")
      ->needs(folder);
  app.add_option("--log-signing-key", log_.signing_key_file,
                 "File of the key that signs its checkpoints")
      ->needs(folder);
  app.add_option("--log-confirm-date", log_.confirmed_date,
                 "Today's date in UTC, YYYY-MM-DD: the clock is right, the log was unused for long")
      ->needs(folder);
  auto* server = app.add_option("--server", server_.target,
                                "HOST:PORT of a server's administrative address: ask there");
  server->excludes(folder);
  app.add_option("--deadline-ms", deadline_ms_, "Longest wait for the server")
      ->check(CLI::Range(1, 600'000))
      ->capture_default_str();
  DeclareTls(app, server_);
}

std::unique_ptr<AuditClient> AuditTarget::Open(Environment& environment, int& code) const {
  code = kExitUsage;
  if (log_.folder.empty() && server_.target.empty()) {
    environment.err << "plumbline: which log? Give --log DIR or --server HOST:PORT\n";
    return nullptr;
  }
  if (remote()) {
    AuditServer server = server_;
    server.caller = CallerName();
    server.deadline = std::chrono::milliseconds(deadline_ms_);
    server.tls =
        server.tls || !server.tls_files.ca_file.empty() || !server.tls_files.cert_file.empty();
    absl::StatusOr<std::unique_ptr<AuditClient>> client = MakeRemoteAuditClient(server);
    if (client.ok()) return *std::move(client);
    code = ReportError(client.status(), false, environment.err);
    return nullptr;
  }
  if (!environment.open_log) {
    environment.err << "plumbline: this program was built without local logs; use --server\n";
    return nullptr;
  }
  absl::StatusOr<std::unique_ptr<OpenedLog>> opened = environment.open_log(log_);
  if (opened.ok()) return MakeLocalAuditClient(*std::move(opened), CallerName());
  const absl::Status status =
      ExplainLocked(opened.status(), "If that is a server, ask it instead (--server HOST:PORT).");
  code = ReportError(status, false, environment.err);
  return nullptr;
}

absl::Status ExplainLocked(const absl::Status& status, absl::string_view instead) {
  // The store's lock says which process it is.
  const bool locked = absl::IsUnavailable(status) || (absl::IsFailedPrecondition(status) &&
                                                      absl::StrContains(status.message(), "lock"));
  if (!locked) return status;
  return absl::FailedPreconditionError(absl::StrCat(status.message(), "\n  ", instead));
}

std::string CallerName() {
  passwd entry{};
  passwd* found = nullptr;
  char buffer[4096];
  std::string name = absl::StrCat("uid-", geteuid());
  if (getpwuid_r(geteuid(), &entry, buffer, sizeof buffer, &found) == 0 && found != nullptr) {
    name = found->pw_name;
  }
  name = absl::StrCat("cli:", name);
  const bool printable = std::all_of(name.begin(), name.end(), absl::ascii_isprint);
  return printable && name.size() <= 128 ? name : absl::StrCat("cli:uid-", geteuid());
}

int ReportError(const absl::Status& status, bool remote, std::ostream& err) {
  // Lines of a message are kept, all else that could drive a terminal is not.
  std::string message;
  for (absl::string_view rest = status.message(); !rest.empty();) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    absl::StrAppend(&message, message.empty() ? "" : "\n  ",
                    Printable(absl::StripLeadingAsciiWhitespace(rest.substr(0, end))));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  if (message.empty()) message = absl::StatusCodeToString(status.code());
  err << "plumbline: " << message << '\n';
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kOutOfRange:
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kUnauthenticated:
      return kExitBadInput;
    case absl::StatusCode::kDataLoss:
      return kExitCheckFailed;
    case absl::StatusCode::kCancelled:  // here: somebody interrupted
      return remote ? kExitRpcFailed : kExitCheckFailed;
    default:
      return remote ? kExitRpcFailed : kExitInternal;
  }
}

std::optional<absl::Time> ParseTime(absl::string_view text) {
  absl::Time time;
  std::string error;
  if (text.size() == 10) {
    absl::CivilDay day;
    if (absl::ParseCivilTime(text, &day) && absl::FormatCivilTime(day) == text) {
      return absl::FromCivil(day, absl::UTCTimeZone());
    }
    return std::nullopt;
  }
  // "infinite-future" and the like are no times that somebody means.
  if (text.empty() || !absl::ascii_isdigit(static_cast<unsigned char>(text[0])) ||
      !absl::ParseTime(absl::RFC3339_full, text, &time, &error)) {
    return std::nullopt;
  }
  return time;
}

google::protobuf::Timestamp ToTimestamp(absl::Time time) {
  google::protobuf::Timestamp stamp;
  const int64_t seconds = absl::ToUnixSeconds(time);
  stamp.set_seconds(seconds);
  stamp.set_nanos(
      static_cast<int32_t>(absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds))));
  return stamp;
}

namespace {

std::string Format(const google::protobuf::Timestamp& time, const char* format) {
  if (time.seconds() == 0 && time.nanos() == 0) return "-";
  const absl::Time moment = absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
  return absl::FormatTime(format, moment, absl::UTCTimeZone());
}

}  // namespace

std::string FormatTime(const google::protobuf::Timestamp& time) {
  return Format(time, "%Y-%m-%d %H:%M:%E3S UTC");
}

std::string FormatTimeShort(const google::protobuf::Timestamp& time) {
  return Format(time, "%Y-%m-%d %H:%M:%S");
}

void AuditFilter::DeclareTimes(CLI::App& app) {
  app.add_option("--from", from_, "First time, RFC 3339 or a date (its midnight, UTC)");
  app.add_option("--to", until_, "Time before which to end, RFC 3339 or a date");
}

void AuditFilter::DeclareAll(CLI::App& app) {
  DeclareTimes(app);
  app.add_option("--kind", kinds_, "decision, feedback, activation, ... (may be repeated)")
      ->check(
          CLI::IsMember(FlagNames(*v1::RecordKind_descriptor(), "RECORD_KIND_"), CLI::ignore_case));
  app.add_option("--revision", revision_, "Revision of the rules, its first 8 digits or more");
  app.add_option("--rule", rule_, "Id of a rule that fired");
  app.add_option("--level", levels_, "urgent_2w, ... (may be repeated)")
      ->check(CLI::IsMember(FlagNames(*v1::Level_descriptor(), "LEVEL_"), CLI::ignore_case));
  app.add_option("--caller", caller_, "Who called");
  app.add_option("--patient", patient_, "Pseudonym of a patient");
  app.add_option("--request-id", request_id_, "The caller's id of a request");
}

bool AuditFilter::Make(v1::RecordFilter& filter, std::ostream& err) const {
  const auto time = [&err](const char* flag, const std::string& text,
                           google::protobuf::Timestamp* stamp) {
    const std::optional<absl::Time> parsed = ParseTime(text);
    if (!parsed) {
      err << "plumbline: " << flag << ": \"" << Printable(text)
          << "\" is not a time: write 2026-01-31 or 2026-01-31T08:00:00Z\n";
      return false;
    }
    *stamp = ToTimestamp(*parsed);
    return true;
  };
  if (!from_.empty() && !time("--from", from_, filter.mutable_from())) return false;
  if (!until_.empty() && !time("--to", until_, filter.mutable_until())) return false;
  for (const std::string& kind : kinds_) {
    filter.add_kinds(
        static_cast<v1::RecordKind>(NumberOf(*v1::RecordKind_descriptor(), "RECORD_KIND_", kind)));
  }
  for (const std::string& level : levels_) {
    filter.add_levels(static_cast<v1::Level>(NumberOf(*v1::Level_descriptor(), "LEVEL_", level)));
  }
  filter.set_revision(absl::AsciiStrToLower(revision_));
  filter.set_rule_id(rule_);
  filter.set_caller(caller_);
  filter.set_patient_pseudonym(patient_);
  filter.set_request_id(request_id_);
  return true;
}

v1::RecordName ParseRecordName(const std::string& text) {
  v1::RecordName name;
  uint64_t index = 0;
  const bool digits = !text.empty() && std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
  if (digits && absl::SimpleAtoi(text, &index)) {
    name.set_index(index);
  } else {
    name.set_id(absl::AsciiStrToLower(text));
  }
  return name;
}

std::string ShortName(v1::Level level) {
  if (level == v1::LEVEL_UNSPECIFIED) return "";
  return std::string(absl::StripPrefix(v1::Level_Name(level), "LEVEL_"));
}

std::string ShortName(v1::Gate gate) {
  if (gate == v1::GATE_UNSPECIFIED) return "";
  return std::string(absl::StripPrefix(v1::Gate_Name(gate), "GATE_"));
}

std::string ShortName(v1::RecordKind kind) {
  std::string name =
      absl::AsciiStrToLower(absl::StripPrefix(v1::RecordKind_Name(kind), "RECORD_KIND_"));
  std::replace(name.begin(), name.end(), '_', ' ');
  return name;
}

std::string ToJson(const google::protobuf::Message& message, bool indented) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.add_whitespace = indented;
  std::string json;
  // None of our messages holds anything that JSON cannot.
  (void)google::protobuf::util::MessageToJsonString(message, &json, options);
  if (json.empty() || json.back() != '\n') json.push_back('\n');
  return json;
}

int WriteOutput(const std::string& path, absl::string_view bytes, Environment& environment) {
  if (path == "-") {
    environment.out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return kExitOk;
  }
  const absl::Status written = WriteFileAtomically(path, bytes);
  if (written.ok()) return kExitOk;
  environment.err << "plumbline: " << Printable(written.message()) << '\n';
  return kExitBadInput;
}

std::optional<std::string> ReadInput(const std::string& path, size_t limit,
                                     Environment& environment) {
  std::ifstream file;
  if (path != "-") {
    file.open(path, std::ios::binary);
    if (!file.is_open()) {
      environment.err << "plumbline: " << Printable(path) << ": cannot be read\n";
      return std::nullopt;
    }
  }
  std::istream& in = path == "-" ? environment.in : file;
  std::string text(limit + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(in.gcount()));
  if (in.bad() || (text.empty() && path != "-" && !in.eof()) || text.size() > limit) {
    environment.err << "plumbline: " << Printable(path)
                    << (text.size() > limit ? ": is larger than is read of such a file\n"
                                            : ": cannot be read\n");
    return std::nullopt;
  }
  return text;
}

}  // namespace plumbline::cli
