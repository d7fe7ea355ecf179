#include <filesystem>
#include <fstream>
#include <string>

#include "gtest/gtest.h"
#include "server/ruleset/compiler.h"
#include "server/ruleset/document.h"
#include "tests/testing/ruleset/minimal_ruleset.h"

namespace plumbline::ruleset {
namespace {

namespace fs = std::filesystem;

class FolderReaderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string name = ::testing::UnitTest::GetInstance()->current_test_info()->name();
    folder_ = fs::path(::testing::TempDir()) / ("plumbline_folder_reader_" + name);
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  void Write(const std::string& path, const std::string& bytes) const {
    fs::create_directories((folder_ / path).parent_path());
    std::ofstream(folder_ / path, std::ios::binary) << bytes;
  }

  fs::path folder_;
};

TEST_F(FolderReaderTest, ReadsTextprotosBelowTheFolderInOrderOfTheirPaths) {
  Write("b.textproto", "B");
  Write("a/z.textproto", std::string("Z\0\r\n", 4));
  Write("a.textproto", "A");
  Write("notes.md", "no part of it");
  const auto files = ReadRulesetFolder(folder_.string());
  ASSERT_TRUE(files.ok()) << files.status().message();
  ASSERT_EQ(files->size(), 3u);
  EXPECT_EQ((*files)[0].path, "a.textproto");
  EXPECT_EQ((*files)[1].path, "a/z.textproto");
  EXPECT_EQ((*files)[1].bytes, std::string("Z\0\r\n", 4)) << "exact bytes";
  EXPECT_EQ((*files)[2].path, "b.textproto");
}

TEST_F(FolderReaderTest, TrailingSlashChangesNothing) {
  Write("a.textproto", "A");
  const auto files = ReadRulesetFolder(folder_.string() + "/");
  ASSERT_TRUE(files.ok());
  EXPECT_EQ((*files)[0].path, "a.textproto");
}

TEST_F(FolderReaderTest, MissingOrEmptyFolderIsNotFound) {
  EXPECT_EQ(ReadRulesetFolder((folder_ / "none").string()).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(ReadRulesetFolder(folder_.string()).status().code(), absl::StatusCode::kNotFound);
  Write("readme.txt", "x");
  EXPECT_EQ(ReadRulesetFolder(folder_.string()).status().code(), absl::StatusCode::kNotFound);
  Write("file.textproto", "x");
  EXPECT_EQ(ReadRulesetFolder((folder_ / "file.textproto").string()).status().code(),
            absl::StatusCode::kNotFound);
}

TEST_F(FolderReaderTest, SymbolicLinksAreRefusedByName) {
  Write("a.textproto", "A");
  fs::create_symlink("a.textproto", folder_ / "link.textproto");
  const auto status = ReadRulesetFolder(folder_.string()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find("link.textproto"), absl::string_view::npos);
}

TEST_F(FolderReaderTest, LinkedFoldersAndBrokenLinksAreRefused) {
  Write("a.textproto", "A");
  fs::create_directory_symlink("/", folder_ / "root");
  EXPECT_EQ(ReadRulesetFolder(folder_.string()).status().code(),
            absl::StatusCode::kInvalidArgument);
  fs::remove(folder_ / "root");
  fs::create_symlink("nowhere", folder_ / "broken.textproto");
  EXPECT_EQ(ReadRulesetFolder(folder_.string()).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(FolderReaderTest, LargeFileIsRefusedByName) {
  Write("ok.textproto", std::string(4u << 20, ' '));
  EXPECT_TRUE(ReadRulesetFolder(folder_.string()).ok()) << "4 MiB is allowed";
  Write("big.textproto", std::string((4u << 20) + 1, ' '));
  const auto status = ReadRulesetFolder(folder_.string()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_NE(status.message().find("big.textproto"), absl::string_view::npos);
}

TEST_F(FolderReaderTest, TooManyBytesInAllAreRefused) {
  for (int i = 0; i < 9; ++i) {
    Write("f" + std::to_string(i) + ".textproto", std::string(4u << 20, ' '));
  }
  EXPECT_EQ(ReadRulesetFolder(folder_.string()).status().code(),
            absl::StatusCode::kResourceExhausted);
}

TEST_F(FolderReaderTest, TooManyFilesAreRefused) {
  for (int i = 0; i < 1'001; ++i) Write("f" + std::to_string(i) + ".textproto", "");
  EXPECT_EQ(ReadRulesetFolder(folder_.string()).status().code(),
            absl::StatusCode::kResourceExhausted);
}

TEST_F(FolderReaderTest, FolderCompilesToTheRevisionOfItsFiles) {
  Write("rules.textproto", plumbline::testing::MinimalRulesetText());
  const auto result = CompileFolder(folder_.string());
  ASSERT_TRUE(result.ok());
  ASSERT_NE(result->ruleset, nullptr) << plumbline::testing::Formatted(result->issues);
  EXPECT_EQ(result->ruleset->revision,
            ComputeRevision({{"rules.textproto", plumbline::testing::MinimalRulesetText()}}));
}

TEST_F(FolderReaderTest, IssuesNameTheFolderAsTyped) {
  Write("sub/rules.textproto", "x: 1");
  const auto result = CompileFolder(folder_.string());
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->ruleset, nullptr);
  ASSERT_FALSE(result->issues.empty());
  EXPECT_EQ(result->issues.back().location.file, folder_.string() + "/sub/rules.textproto");
}

// A ruleset in `<folder>/rules` that names the ledger beside it.
class LedgerTest : public FolderReaderTest {
 protected:
  void WriteRules(const std::string& ledgers) const {
    Write("rules/manifest.textproto",
          "manifest {\n  ruleset_id: \"x\"\n  ledgers: " + ledgers + "\n}\n");
  }
  std::string rules() const { return (folder_ / "rules").string(); }
  absl::Status Refusal() const { return ReadRulesetFolder(rules()).status(); }
};

constexpr char kOneSource[] =
    "sources { id: \"S0\" title: \"t\" citation: \"c\" status: SOURCE_STATUS_KNOWN }\n";

TEST_F(LedgerTest, FilesOfTheLedgerBelongToTheRuleset) {
  WriteRules("\"../sources\"");
  Write("sources/seeds.textproto", kOneSource);
  Write("sources/more/studies.textproto", "");
  Write("sources/readme.md", "no part of it");
  const auto files = ReadRulesetFolder(rules());
  ASSERT_TRUE(files.ok()) << files.status().message();
  ASSERT_EQ(files->size(), 3u);
  EXPECT_EQ((*files)[0].path, "manifest.textproto");
  EXPECT_EQ((*files)[0].ledger, "");
  EXPECT_EQ((*files)[1].path, "sources/more/studies.textproto");
  EXPECT_EQ((*files)[2].path, "sources/seeds.textproto");
  EXPECT_EQ((*files)[2].ledger, "../sources");
  EXPECT_EQ((*files)[2].bytes, kOneSource);
}

TEST_F(LedgerTest, ChangeOfTheLedgerChangesTheRevision) {
  WriteRules("\"../sources\"");
  Write("sources/seeds.textproto", kOneSource);
  const std::string before = ComputeRevision(*ReadRulesetFolder(rules()));
  Write("sources/seeds.textproto", std::string(kOneSource) + "# more\n");
  EXPECT_NE(ComputeRevision(*ReadRulesetFolder(rules())), before);
}

TEST_F(LedgerTest, LedgersAreFoundInBrokenManifestsToo) {
  Write("rules/manifest.textproto", "manifest {\n  versio: 1\n  ledgers: [\"../sources\"]\n}\n");
  Write("sources/seeds.textproto", kOneSource);
  const auto files = ReadRulesetFolder(rules());
  ASSERT_TRUE(files.ok()) << files.status().message();
  EXPECT_EQ(files->size(), 2u);
}

TEST_F(LedgerTest, MissingOrEmptyLedgerIsRefusedByName) {
  WriteRules("\"../sources\"");
  EXPECT_EQ(Refusal().code(), absl::StatusCode::kNotFound);
  EXPECT_NE(Refusal().message().find("ledger `../sources` of " + rules() + "/manifest.textproto"),
            absl::string_view::npos)
      << Refusal().message();
  EXPECT_NE(Refusal().message().find("no folder"), absl::string_view::npos);
  Write("sources/readme.md", "");
  EXPECT_EQ(Refusal().code(), absl::StatusCode::kNotFound);
}

TEST_F(LedgerTest, LedgersElsewhereAreRefused) {
  Write("sources/seeds.textproto", kOneSource);
  for (const char* name : {"/etc", "sources", "./sources", "../../sources", "../a/../../b", "..",
                           "../", "../sources/", "../.hidden", "../a b"}) {
    WriteRules("\"" + std::string(name) + "\"");
    EXPECT_EQ(Refusal().code(), absl::StatusCode::kInvalidArgument) << name;
    EXPECT_NE(Refusal().message().find(std::string("`") + name + "`"), absl::string_view::npos);
  }
}

TEST_F(LedgerTest, LinkedLedgersAreRefused) {
  Write("real/seeds.textproto", kOneSource);
  fs::create_directory_symlink("real", folder_ / "sources");
  WriteRules("\"../sources\"");
  EXPECT_EQ(Refusal().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(Refusal().message().find("symbolic link"), absl::string_view::npos);
}

TEST_F(LedgerTest, TwoFilesOfOneNameAreRefused) {
  WriteRules("\"../sources\"");
  Write("sources/seeds.textproto", kOneSource);
  Write("rules/sources/seeds.textproto", "");
  EXPECT_EQ(Refusal().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(Refusal().message().find("sources/seeds.textproto"), absl::string_view::npos);
}

TEST_F(LedgerTest, LedgersHoldSourcesOnly) {
  WriteRules("\"../sources\"");
  Write("sources/seeds.textproto",
        std::string(kOneSource) + "\nterms { id: \"t\" expression: \"true\" words: \"w\" }\n");
  std::vector<Issue> issues;
  const auto document = RulesetDocument::Parse(*ReadRulesetFolder(rules()), issues, rules());
  ASSERT_EQ(issues.size(), 1u) << plumbline::testing::Formatted(issues);
  EXPECT_EQ(issues[0].code, "not-a-source");
  EXPECT_EQ(issues[0].location.file, (folder_ / "sources/seeds.textproto").string());
  EXPECT_EQ(issues[0].location.line, 3);
  EXPECT_EQ(document.ruleset().sources_size(), 1);
  EXPECT_EQ(document.ruleset().terms_size(), 0);
}

}  // namespace
}  // namespace plumbline::ruleset
