// ChildProcess: a program run by a test, with its output in files.

#ifndef PLUMBLINE_TESTS_TESTING_GRPC_CHILD_PROCESS_H_
#define PLUMBLINE_TESTS_TESTING_GRPC_CHILD_PROCESS_H_

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace plumbline::testing {

// A folder of its own below the system's temporary one, removed in the end.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string path(const std::string& name = "") const { return (path_ / name).string(); }
  // Writes a file, makes its folders, returns its path.
  std::string Write(const std::string& name, const std::string& text) const;

 private:
  std::filesystem::path path_;
};

std::string ReadWholeFile(const std::string& path);

// Killed and waited for in the destructor if it still runs.
class ChildProcess {
 public:
  // Starts at once; fails the running test if it cannot.
  explicit ChildProcess(const std::vector<std::string>& arguments,
                        const std::string& standard_input = "");
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // Waits until the standard output holds a line that begins with `start`; returns the rest of it.
  // Fails the running test after `limit`.
  std::string WaitForLine(const std::string& start, absl::Duration limit = absl::Seconds(30));
  void Signal(int signal) const;
  // Exit code, or 128 + signal. Kills the child after `limit`, and fails the running test.
  int Wait(absl::Duration limit = absl::Seconds(60));

  std::string output() const;
  std::string errors() const;
  pid_t pid() const { return pid_; }

 private:
  TemporaryFolder folder_;
  pid_t pid_ = -1;
  bool waited_ = false;
  int exit_code_ = -1;
};

}  // namespace plumbline::testing

#endif  // PLUMBLINE_TESTS_TESTING_GRPC_CHILD_PROCESS_H_
