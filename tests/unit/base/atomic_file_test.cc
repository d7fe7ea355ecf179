#include "server/base/atomic_file.h"

#include <sys/stat.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include <sys/resource.h>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace plumbline {
namespace {

using ::testing::HasSubstr;

class AtomicFileTest : public ::testing::Test {
 protected:
  AtomicFileTest() {
    std::string name = ::testing::TempDir() + "atomic_file.XXXXXX";
    folder_ = mkdtemp(name.data());
  }
  ~AtomicFileTest() override { std::filesystem::remove_all(folder_); }

  std::string Path(absl::string_view name) const { return absl::StrCat(folder_, "/", name); }

  static std::string Content(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream content;
    content << file.rdbuf();
    return content.str();
  }

  int FileCount() const {
    int count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
      static_cast<void>(entry);
      ++count;
    }
    return count;
  }

  std::string folder_;
};

TEST_F(AtomicFileTest, ContentIsThereAndReplacesWhatWas) {
  const std::string bytes("zero \0 and more\n", 16);
  ASSERT_TRUE(WriteFileAtomically(Path("f"), bytes).ok());
  EXPECT_EQ(Content(Path("f")), bytes);
  ASSERT_TRUE(WriteFileAtomically(Path("f"), "short").ok());
  EXPECT_EQ(Content(Path("f")), "short");
  ASSERT_TRUE(WriteFileAtomically(Path("f"), "").ok());
  EXPECT_EQ(Content(Path("f")), "");
  EXPECT_EQ(FileCount(), 1);
}

TEST_F(AtomicFileTest, PermissionsAreThoseAskedFor) {
  ASSERT_TRUE(WriteFileAtomically(Path("secret"), "s", 0600).ok());
  struct stat status;
  ASSERT_EQ(stat(Path("secret").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  ASSERT_TRUE(WriteFileAtomically(Path("public"), "p").ok());
  ASSERT_EQ(stat(Path("public").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0644u);
}

TEST_F(AtomicFileTest, ErrorNamesPathAndStep) {
  const std::string path = Path("absent/f");
  const absl::Status status = WriteFileAtomically(path, "x");
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr(absl::StrCat("cannot write ", path, ": create a temporary file")));
}

TEST_F(AtomicFileTest, PathThatIsAFolderIsLeftAndNothingRemains) {
  std::filesystem::create_directory(Path("folder"));
  const absl::Status status = WriteFileAtomically(Path("folder"), "x");
  EXPECT_THAT(std::string(status.message()), HasSubstr(": rename: "));
  EXPECT_EQ(FileCount(), 1);
}

TEST_F(AtomicFileTest, FullDiskLeavesTheOldContentAndNoTemporaryFile) {
  ASSERT_TRUE(WriteFileAtomically(Path("f"), "old").ok());
  // The limit on the size of a file stands for a disk without space.
  rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit small = before;
  small.rlim_cur = 4096;
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const absl::Status status = WriteFileAtomically(Path("f"), std::string(100'000, 'n'));
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);
  EXPECT_THAT(std::string(status.message()), HasSubstr("f: write: "));
  EXPECT_EQ(Content(Path("f")), "old");
  EXPECT_EQ(FileCount(), 1);
}

TEST_F(AtomicFileTest, FolderThatIsNotThereCannotBeSynced) {
  EXPECT_TRUE(SyncFolder(folder_).ok());
  EXPECT_EQ(SyncFolder(Path("absent")).code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace plumbline
