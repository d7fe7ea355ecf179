// ScratchFolder: a folder of its own for one test, removed in the end.

#ifndef PLUMBLINE_TESTS_TESTING_STORE_SCRATCH_FOLDER_H_
#define PLUMBLINE_TESTS_TESTING_STORE_SCRATCH_FOLDER_H_

#include <stdlib.h>

#include <filesystem>
#include <string>
#include <system_error>

namespace plumbline::testing {

// Aborts if it cannot be made: a test must not write anywhere else.
class ScratchFolder {
 public:
  ScratchFolder() : path_((std::filesystem::temp_directory_path() / "plumbline_XXXXXX").string()) {
    if (mkdtemp(path_.data()) == nullptr) abort();
  }
  ~ScratchFolder() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace plumbline::testing

#endif  // PLUMBLINE_TESTS_TESTING_STORE_SCRATCH_FOLDER_H_
