// LogFiles: the files of a decision log, whatever stores they are in.

#ifndef PLUMBLINE_SERVER_CLI_LOG_FILES_H_
#define PLUMBLINE_SERVER_CLI_LOG_FILES_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/store/store.h"

namespace plumbline::cli {

// The files of a log. main.cc knows which stores they are.
struct LogFiles {
  std::unique_ptr<store::LogStore> store;
  std::unique_ptr<store::QueryIndex> index;
  // What was wrong in the files and was put right when they were opened: where and what.
  std::vector<store::Problem> repairs = {};
};
// Opens the files in a folder; if there is none and `create`, makes it. NotFound if there is no log
// and `create` is false; FailedPrecondition or Unavailable if another process has it.
using LogFilesOpener =
    std::function<absl::StatusOr<LogFiles>(const std::string& folder, bool create)>;

}  // namespace plumbline::cli

#endif  // PLUMBLINE_SERVER_CLI_LOG_FILES_H_
