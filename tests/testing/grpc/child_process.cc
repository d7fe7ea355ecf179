#include "tests/testing/grpc/child_process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <system_error>

#include "absl/time/clock.h"

namespace plumbline::testing {

TemporaryFolder::TemporaryFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "plumbline_XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) {
    ADD_FAILURE() << "cannot make a temporary folder";
  }
  path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code error;
  std::filesystem::remove_all(path_, error);
}

std::string TemporaryFolder::Write(const std::string& name, const std::string& text) const {
  const std::filesystem::path file = path_ / name;
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << text;
  return file.string();
}

std::string ReadWholeFile(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

ChildProcess::ChildProcess(const std::vector<std::string>& arguments,
                           const std::string& standard_input) {
  std::vector<char*> argv;
  for (const std::string& argument : arguments) {
    argv.push_back(const_cast<char*>(argument.c_str()));
  }
  argv.push_back(nullptr);
  const std::string input = folder_.Write("in", standard_input);
  const std::string output = folder_.path("out");
  const std::string errors = folder_.path("err");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, input.c_str(), O_RDONLY, 0);
  constexpr int kFlags = O_WRONLY | O_CREAT | O_TRUNC;
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output.c_str(), kFlags, 0600);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, errors.c_str(), kFlags, 0600);
  if (posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environ) != 0) {
    ADD_FAILURE() << "cannot start " << argv[0];
    pid_ = -1;
    waited_ = true;
  }
  posix_spawn_file_actions_destroy(&actions);
}

ChildProcess::~ChildProcess() {
  if (!waited_) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
}

std::string ChildProcess::WaitForLine(const std::string& start, absl::Duration limit) {
  const absl::Time deadline = absl::Now() + limit;
  while (absl::Now() < deadline) {
    std::istringstream lines(output());
    for (std::string line; std::getline(lines, line);) {
      if (line.rfind(start, 0) == 0 && !lines.eof()) {  // a whole line
        return line.substr(start.size());
      }
    }
    absl::SleepFor(absl::Milliseconds(20));
  }
  ADD_FAILURE() << "no line \"" << start << "...\" in\n" << output() << "\nerrors:\n" << errors();
  return "";
}

void ChildProcess::Signal(int signal) const {
  if (!waited_) {
    kill(pid_, signal);
  }
}

int ChildProcess::Wait(absl::Duration limit) {
  const absl::Time deadline = absl::Now() + limit;
  while (!waited_) {
    int status = 0;
    if (waitpid(pid_, &status, WNOHANG) == pid_) {
      waited_ = true;
      exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    } else if (absl::Now() > deadline) {
      ADD_FAILURE() << "child still runs; errors:\n" << errors();
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
      waited_ = true;
    } else {
      absl::SleepFor(absl::Milliseconds(10));
    }
  }
  return exit_code_;
}

std::string ChildProcess::output() const { return ReadWholeFile(folder_.path("out")); }

std::string ChildProcess::errors() const { return ReadWholeFile(folder_.path("err")); }

}  // namespace plumbline::testing
