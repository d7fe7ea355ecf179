#include "server/grpc/event_log.h"

#include <atomic>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "grpc/support/log.h"
#include "server/expr/utf8.h"
#include "spdlog/sinks/stdout_sinks.h"

namespace plumbline::grpc_server {
namespace {

std::string Timestamp() {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::Now(), absl::UTCTimeZone());
}

std::atomic<EventLog*> grpc_log_target{nullptr};

void OnGrpcLog(gpr_log_func_args* args) {
  EventLog* log = grpc_log_target.load();
  if (log == nullptr || args->severity != GPR_LOG_SEVERITY_ERROR) {
    return;
  }
  const absl::string_view path = args->file;
  log->OnEvent("grpc-error",
               {{"file", path.substr(path.rfind('/') + 1)}, {"line", absl::StrCat(args->line)}});
}

}  // namespace

std::string JsonString(absl::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const size_t length = expr::Utf8Length(text);
    const char c = text[0];
    if (length == 0) {
      out += "\\ufffd";
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      absl::StrAppendFormat(&out, "\\u%04x", c);
    } else {
      out.append(text.data(), length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out + '"';
}

EventLog::EventLog(std::shared_ptr<spdlog::logger> logger, CallLogging calls)
    : logger_(std::move(logger)), calls_(calls) {}

void EventLog::OnCall(const CallEvent& call) {
  if (metrics_ != nullptr) {
    metrics_->OnCall(call.method, call.code, call.latency_us);
  }
  const bool ok = call.code == "OK";
  if (calls_ == CallLogging::kNone || (ok && calls_ == CallLogging::kFailures)) {
    return;
  }
  std::string line =
      absl::StrCat("{\"time\":\"", Timestamp(), "\",\"event\":\"call\",\"method\":\"", call.method,
                   "\",\"code\":\"", call.code, "\"");
  if (!call.reason.empty()) {
    absl::StrAppend(&line, ",\"reason\":\"", call.reason, "\"");
  }
  if (!call.revision.empty()) {
    absl::StrAppend(&line, ",\"revision\":\"", call.revision, "\"");
  }
  absl::StrAppend(&line, ",\"latency_us\":", call.latency_us,
                  ",\"request_bytes\":", call.request_bytes,
                  ",\"response_bytes\":", call.response_bytes,
                  ",\"request_id\":", call.has_request_id ? "true" : "false");
  if (call.items > 0) {
    absl::StrAppend(&line, ",\"items\":", call.items, ",\"failed_items\":", call.failed_items);
  }
  line += '}';
  logger_->log(ok ? spdlog::level::info : spdlog::level::warn, spdlog::string_view_t(line));
}

void EventLog::OnEvent(absl::string_view event, Fields fields) {
  std::string line = absl::StrCat("{\"time\":\"", Timestamp(), "\",\"event\":", JsonString(event));
  for (const auto& [name, value] : fields) {
    absl::StrAppend(&line, ",", JsonString(name), ":", JsonString(value));
  }
  line += '}';
  logger_->log(spdlog::level::info, spdlog::string_view_t(line));
}

void CaptureGrpcLog(EventLog* log) {
  grpc_log_target = log;
  gpr_set_log_function(&OnGrpcLog);
}

std::shared_ptr<spdlog::logger> MakeStderrLogger() {
  auto logger = std::make_shared<spdlog::logger>("plumbline",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_pattern("%v");
  return logger;
}

}  // namespace plumbline::grpc_server
