// The binary `plumbline`: wires the commands to the process.

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "server/cli/cli.h"
#include "server/service/request_decoder.h"

namespace {

constexpr int kDefaultWidth = 100;

int TerminalWidth() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40) {
    return std::min<int>(size.ws_col, 160);
  }
  return kDefaultWidth;
}

}  // namespace

int main(int argc, char** argv) {
  plumbline::service::SilenceProtobufLog();
  plumbline::cli::Environment environment{std::cin, std::cout, std::cerr};
  environment.terminal = isatty(STDOUT_FILENO) == 1;
  environment.terminal_width = environment.terminal ? TerminalWidth() : kDefaultWidth;
  environment.today = [] { return absl::ToCivilDay(absl::Now(), absl::LocalTimeZone()); };
  return plumbline::cli::RunCli(argc, argv, environment);
}
