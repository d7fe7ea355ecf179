#include "server/audit/log_export.h"

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/audit/checkpoint.h"
#include "server/audit/merkle.h"
#include "server/audit/tile.h"
#include "server/store/memory/memory_log_store.h"
#include "tests/testing/audit/test_log.h"
#include "tests/testing/store/scratch_folder.h"

namespace plumbline::audit {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Key;
using ::testing::Not;
namespace fs = std::filesystem;

std::string ReadText(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

void WriteText(const fs::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

class LogExportTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(log_.Open().ok()); }
  void Append(int count) {
    for (int i = 0; i < count; ++i) {
      ASSERT_TRUE(log_->AppendAndWait(TestDraft("patient P. Thorne", "payload")).ok());
    }
  }
  // Path -> content.
  std::map<std::string, std::string> Files() const {
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(folder_.path())) {
      if (!entry.is_regular_file()) continue;
      files[fs::relative(entry.path(), folder_.path()).string()] = ReadText(entry.path());
    }
    return files;
  }
  ExportCheckReport Check() const {
    ExportCheckOptions options;
    options.folder = folder_.path();
    options.origin = kTestOrigin;
    options.verifier_keys = {log_.vkey()};
    return *CheckExport(options);
  }

  store::MemoryLogStore store_;
  TestLog log_{&store_};
  const plumbline::testing::ScratchFolder folder_;
};

TEST_F(LogExportTest, FolderHoldsCheckpointTilesAndEntriesAndNoPatient) {
  Append(600);
  const absl::StatusOr<LogExport> exported = ExportLog(*log_, folder_.path());
  ASSERT_TRUE(exported.ok()) << exported.status();
  EXPECT_EQ(exported->size, 600u);
  const auto files = Files();
  EXPECT_EQ(exported->files, files.size());
  for (const char* path : {"checkpoint", "tile/0/000", "tile/0/001", "tile/0/002.p/88",
                           "tile/1/000.p/2", "tile/entries/000", "tile/entries/002.p/88"}) {
    EXPECT_THAT(files, Contains(Key(std::string(path))));
  }
  for (const auto& [path, content] : files) {
    EXPECT_THAT(content, Not(HasSubstr("Thorne"))) << path;
    EXPECT_THAT(content, Not(HasSubstr("payload"))) << path;
  }
  EXPECT_EQ(files.at("checkpoint"), *log_->Checkpoint(600));
  EXPECT_EQ(files.at("tile/0/001"), *store_.ReadTile(0, 1));
  const ExportCheckReport report = Check();
  EXPECT_THAT(report.problems, IsEmpty());
  EXPECT_EQ(report.size, 600u);
  EXPECT_EQ(report.plumbline_leaves, 600u);
}

TEST_F(LogExportTest, GrownLogExtendsTheExport) {
  Append(300);
  ASSERT_TRUE(ExportLog(*log_, folder_.path()).ok());
  const auto before = Files();
  Append(300);
  const absl::StatusOr<LogExport> exported = ExportLog(*log_, folder_.path());
  ASSERT_TRUE(exported.ok()) << exported.status();
  const auto after = Files();
  // What was complete was not written again.
  EXPECT_LT(exported->files, after.size());
  EXPECT_EQ(before.at("tile/0/000"), after.at("tile/0/000"));
  EXPECT_THAT(Check().problems, IsEmpty());
  // Nothing new: the checkpoint alone.
  EXPECT_EQ(ExportLog(*log_, folder_.path())->files, 1u);
}

TEST_F(LogExportTest, EmptyLogIsACheckpoint) {
  ASSERT_TRUE(ExportLog(*log_, folder_.path()).ok());
  EXPECT_EQ(Files().size(), 1u);
  EXPECT_THAT(Check().problems, IsEmpty());
}

TEST_F(LogExportTest, ExportOfAnotherLogIsNotOverwritten) {
  Append(3);
  ASSERT_TRUE(ExportLog(*log_, folder_.path()).ok());
  const auto before = Files();
  store::MemoryLogStore other_store;
  TestLog other(&other_store);
  ASSERT_TRUE(other.Open().ok());
  const auto shorter = ExportLog(*other, folder_.path());
  EXPECT_EQ(shorter.status().code(), absl::StatusCode::kFailedPrecondition);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(other->AppendAndWait(TestDraft("other")).ok());
  const auto different = ExportLog(*other, folder_.path());
  EXPECT_EQ(different.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(different.status().message()), HasSubstr("not this log's"));
  EXPECT_EQ(Files(), before);
  EXPECT_EQ(ExportLog(*log_, folder_.path() + "/none").status().code(),
            absl::StatusCode::kNotFound);
}

TEST_F(LogExportTest, EveryFileThatIsChangedOrMissingIsNamed) {
  Append(600);
  ASSERT_TRUE(ExportLog(*log_, folder_.path()).ok());
  for (const auto& [path, content] : Files()) {
    const fs::path file = fs::path(folder_.path()) / path;
    for (const size_t at : {size_t{0}, content.size() / 2, content.size() - 1}) {
      std::string changed = content;
      changed[at] = static_cast<char>(changed[at] ^ 0x04);
      WriteText(file, changed);
      const ExportCheckReport report = Check();
      ASSERT_FALSE(report.ok()) << path << " byte " << at;
      // A changed entry shows as a hash that is not its own.
      const std::string wanted = path.rfind("tile/entries", 0) == 0 ? "tile/" : path;
      EXPECT_THAT(report.problems[0].place, HasSubstr(wanted)) << path << " byte " << at;
    }
    WriteText(file, content.substr(0, content.size() - 1));
    EXPECT_FALSE(Check().ok()) << path;
    fs::remove(file);
    ExportCheckOptions options;
    options.folder = folder_.path();
    options.origin = kTestOrigin;
    options.verifier_keys = {log_.vkey()};
    const absl::StatusOr<ExportCheckReport> report = CheckExport(options);
    EXPECT_TRUE(path == "checkpoint" ? absl::IsNotFound(report.status())
                                     : report.ok() && !report->ok())
        << path;
    WriteText(file, content);
  }
  EXPECT_TRUE(Check().ok());
}

TEST_F(LogExportTest, FolderOfAnotherProgramIsChecked) {
  // Another log of the same form, with leaves that are none of ours, and without the partial tile
  // that a full one has replaced.
  const std::vector<std::string> entries(256, "their entry");
  MerkleFrontier frontier;
  std::vector<Sha256Digest> hashes;
  for (const std::string& entry : entries) {
    hashes.push_back(HashLeaf(entry));
    frontier.Append(hashes.back());
  }
  Checkpoint checkpoint;
  checkpoint.origin = kTestOrigin;
  checkpoint.size = 200;
  MerkleFrontier at_200;
  for (int i = 0; i < 200; ++i) at_200.Append(hashes[static_cast<size_t>(i)]);
  checkpoint.root = at_200.Root();
  fs::create_directories(fs::path(folder_.path()) / "tile/entries");
  fs::create_directories(fs::path(folder_.path()) / "tile/0");
  WriteText(fs::path(folder_.path()) / "checkpoint", *SignCheckpoint(checkpoint, {&log_.signer()}));
  WriteText(fs::path(folder_.path()) / "tile/0/000", EncodeHashTile(hashes));
  const std::vector<absl::string_view> views(entries.begin(), entries.end());
  WriteText(fs::path(folder_.path()) / "tile/entries/000", *EncodeEntryBundle(views));
  const ExportCheckReport report = Check();
  EXPECT_THAT(report.problems, IsEmpty());
  EXPECT_EQ(report.size, 200u);
  EXPECT_EQ(report.plumbline_leaves, 0u);
}

}  // namespace
}  // namespace plumbline::audit
