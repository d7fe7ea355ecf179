// The binary `plumbline`: wires the commands to the process, and the decision log to its stores,
// which only this file knows.

#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "server/base/failpoint.h"
#include "server/cli/cli.h"
#include "server/cli/log_files.h"
#include "server/cli/log_stack.h"
#include "server/service/request_decoder.h"
#include "server/store/segment/segment_log_store.h"
#include "server/store/sqlite/sqlite_query_index.h"

namespace {

using plumbline::cli::LogFiles;
using plumbline::cli::LogStack;
using plumbline::cli::LogStackOptions;
using plumbline::cli::OpenedLog;
using plumbline::cli::OpenLogOptions;

constexpr int kDefaultWidth = 100;
// What every segment store has.
constexpr char kStoreFile[] = "store.id";
constexpr char kIndexFile[] = "index.sqlite";

int TerminalWidth() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40) {
    return std::min<int>(size.ws_col, 160);
  }
  return kDefaultWidth;
}

// Segment files, and beside them the index in SQLite.
absl::StatusOr<LogFiles> OpenLogFiles(const std::string& folder, bool create) {
  const std::filesystem::path path(folder);
  std::error_code error;
  if (!std::filesystem::exists(path / kStoreFile, error)) {
    if (!create) {
      return absl::NotFoundError(absl::StrCat("there is no decision log in ", folder));
    }
    if (std::filesystem::create_directories(path, error)) {
      std::filesystem::permissions(path, std::filesystem::perms::owner_all, error);
    }
    if (error) {
      return absl::UnavailableError(absl::StrCat("cannot make ", folder, ": ", error.message()));
    }
  }
  auto store = plumbline::store::SegmentLogStore::Open(folder);
  if (!store.ok()) {
    return store.status();
  }
  const mode_t mask = umask(0077);  // what can be found through the index is nobody else's business
  auto index = plumbline::store::SqliteQueryIndex::Open((path / kIndexFile).string());
  umask(mask);
  if (!index.ok()) {
    return index.status();
  }
  std::vector<plumbline::store::Problem> repairs = (*store)->repairs();
  return LogFiles{*std::move(store), *std::move(index), std::move(repairs)};
}

absl::StatusOr<std::unique_ptr<OpenedLog>> OpenLog(const OpenLogOptions& options) {
  LogStackOptions stack;
  stack.folder = options.folder;
  stack.key_file = options.key_file;
  stack.signing_key_file = options.signing_key_file;
  stack.clock_limits.confirmed_date = options.confirmed_date;
  auto log = LogStack::Open(stack, &OpenLogFiles);
  if (!log.ok()) {
    return log.status();
  }
  return std::unique_ptr<OpenedLog>(*std::move(log));
}

}  // namespace

int main(int argc, char** argv) {
  // Debian's Abseil looks for deadlocks at every lock; that is for tests, and costs every call.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  plumbline::service::SilenceProtobufLog();
  if (const absl::Status armed = plumbline::ArmFailpointsFromEnvironment(); !armed.ok()) {
    std::cerr << "plumbline: PLUMBLINE_FAILPOINT: " << std::string(armed.message()) << '\n';
    return plumbline::cli::kExitUsage;
  }
  plumbline::cli::Environment environment{std::cin, std::cout, std::cerr};
  environment.terminal = isatty(STDOUT_FILENO) == 1;
  environment.terminal_width = environment.terminal ? TerminalWidth() : kDefaultWidth;
  environment.today = [] { return absl::ToCivilDay(absl::Now(), absl::LocalTimeZone()); };
  environment.open_log = &OpenLog;
  environment.open_log_files = &OpenLogFiles;
  return plumbline::cli::RunCli(argc, argv, environment);
}
