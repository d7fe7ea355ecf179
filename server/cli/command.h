// What every command of the `plumbline` program shares.

#ifndef PLUMBLINE_SERVER_CLI_COMMAND_H_
#define PLUMBLINE_SERVER_CLI_COMMAND_H_

#include <functional>
#include <istream>
#include <ostream>

#include "CLI/App.hpp"
#include "absl/time/civil_time.h"
#include "server/cli/log_files.h"
#include "server/cli/opened_log.h"

namespace plumbline::cli {

// Documented in `plumbline --help`.
enum ExitCode {
  kExitOk = 0,
  // The check or test that was asked for failed.
  kExitCheckFailed = 1,
  kExitUsage = 2,
  // The intake, the rules or another input cannot be used.
  kExitBadInput = 3,
  // The server cannot be reached, or the call failed.
  kExitRpcFailed = 4,
  kExitInternal = 5,
  // The decision log can take no more records: a write or sync failed.
  kExitLogFailed = 6,
};

// The world around a command; tests put their own in its place.
struct Environment {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  // Width to wrap at, and whether `out` is a terminal.
  int terminal_width = 100;
  bool terminal = false;
  // The local date.
  std::function<absl::CivilDay()> today = {};
  // Opens a decision log in a folder. Null: this program can only ask servers.
  LogOpener open_log = {};
  // Opens the files of one, for a server. Null: this program keeps no log.
  LogFilesOpener open_log_files = {};
};

// One command. Declare() is called once, then the command line is parsed, then Run() is called if
// the command was chosen.
class Command {
 public:
  virtual ~Command() = default;
  // Adds the command to `parent`; keeps what it needs to know whether it was chosen.
  virtual void Declare(CLI::App& parent) = 0;
  virtual int Run(Environment& environment) = 0;
  bool chosen() const { return app_ != nullptr && app_->parsed(); }

 protected:
  CLI::App* app_ = nullptr;
};

}  // namespace plumbline::cli

#endif  // PLUMBLINE_SERVER_CLI_COMMAND_H_
