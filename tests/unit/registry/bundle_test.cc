#include "server/registry/bundle.h"

#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/sha256.h"
#include "tests/testing/registry/test_deployment.h"
#include "tests/testing/ruleset/minimal_ruleset.h"

namespace plumbline::registry {
namespace {

using ruleset::SourceFile;
using ::testing::HasSubstr;

// "name: byte N: reason".
std::string Refusal(absl::string_view bytes) {
  const auto bundle = ParseBundle(bytes, "a.plumb");
  return bundle.ok() ? "taken" : std::string(bundle.status().message());
}

std::string Number(size_t value, int bytes) {
  std::string text;
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    text.push_back(static_cast<char>(value >> shift));
  }
  return text;
}

std::string Entry(const std::string& path, const std::string& ledger, const std::string& content) {
  return absl::StrCat(Number(path.size(), 2), path, Number(ledger.size(), 2), ledger,
                      Number(content.size(), 4), content);
}

// A container of whatever entries, with the right digest.
std::string Container(const std::vector<std::string>& entries) {
  std::string bytes = absl::StrCat(kBundleMagic, Number(entries.size(), 4));
  for (const std::string& entry : entries) bytes += entry;
  const Sha256Digest digest = Sha256Of(bytes);
  bytes.append(digest.begin(), digest.end());
  return bytes;
}

TEST(BundleTest, BytesAreThoseOfTheReference) {
  const auto bundle = EncodeBundle({{"a.textproto", "AB"}});
  ASSERT_TRUE(bundle.ok());
  const std::string start = bundle->substr(0, bundle->size() - 32);
  EXPECT_EQ(start, std::string("plumbline-ruleset/v1\n\0\0\0\1\0\x0b"
                               "a.textproto\0\0\0\0\0\2"
                               "AB",
                               46));
  EXPECT_EQ(absl::BytesToHexString(bundle->substr(start.size())), ToHex(Sha256Of(start)));
}

TEST(BundleTest, SourcesComeBackByteForByteWithTheRevisionOfTheSources) {
  const std::vector<SourceFile> files = {{"a.textproto", std::string("\0\r\n\xff", 4)},
                                         {"b/c.textproto", ""},
                                         {"sources/x.textproto", "X", "../sources"}};
  const auto bundle = ParseBundle(*EncodeBundle(files), "a.plumb");
  ASSERT_TRUE(bundle.ok()) << bundle.status();
  EXPECT_EQ(bundle->revision, ruleset::ComputeRevision(files));
  ASSERT_EQ(bundle->files.size(), files.size());
  for (size_t i = 0; i < files.size(); ++i) {
    EXPECT_EQ(bundle->files[i].path, files[i].path);
    EXPECT_EQ(bundle->files[i].bytes, files[i].bytes);
    EXPECT_EQ(bundle->files[i].ledger, files[i].ledger);
  }
}

TEST(BundleTest, OrderOfTheSourcesDoesNotMatter) {
  const SourceFile a{"a.textproto", "A"};
  const SourceFile b{"b.textproto", "B"};
  EXPECT_EQ(*EncodeBundle({a, b}), *EncodeBundle({b, a}));
}

TEST(BundleTest, NoBeginningOfABundleIsABundle) {
  const std::string bytes =
      *EncodeBundle({{"a.textproto", "content"}, {"b.textproto", std::string(40, '\0')}});
  for (size_t size = 0; size < bytes.size(); ++size) {
    const auto bundle = ParseBundle(absl::string_view(bytes).substr(0, size), "a.plumb");
    ASSERT_FALSE(bundle.ok()) << size;
    EXPECT_THAT(std::string(bundle.status().message()),
                HasSubstr(size == 0 ? "byte 0: is empty" : ": truncated: "))
        << size;
  }
}

TEST(BundleTest, OneFlippedBitAnywhereIsRefused) {
  const std::string bytes = *EncodeBundle({{"a.textproto", "content"}, {"b.textproto", "more"}});
  for (size_t i = 0; i < 8 * bytes.size(); ++i) {
    std::string flipped = bytes;
    flipped[i / 8] = static_cast<char>(flipped[i / 8] ^ 1 << i % 8);
    const auto bundle = ParseBundle(flipped, "a.plumb");
    ASSERT_FALSE(bundle.ok()) << "bit " << i;
    EXPECT_THAT(std::string(bundle.status().message()), HasSubstr("a.plumb: byte ")) << i;
  }
}

TEST(BundleTest, TruncationNamesFileAndOffset) {
  const std::string bytes = *EncodeBundle({{"a.textproto", "content"}});
  EXPECT_EQ(Refusal(bytes.substr(0, 46)),
            "a.plumb: byte 44: truncated: file 1 of 1, `a.textproto` takes 7 bytes, of which 2 are "
            "there");
  EXPECT_EQ(Refusal(bytes.substr(0, bytes.size() - 1)),
            "a.plumb: byte 51: truncated: the digest takes 32 bytes, of which 31 are there");
}

TEST(BundleTest, WhatFollowsTheEndIsRefused) {
  const std::string bytes = *EncodeBundle({{"a.textproto", "A"}});
  EXPECT_EQ(Refusal(bytes + std::string(7, '\0')),
            absl::StrCat("a.plumb: byte ", bytes.size(),
                         ": 7 bytes follow after the end of the ruleset"));
  EXPECT_THAT(Refusal(bytes + bytes), HasSubstr("follow after the end"));
}

TEST(BundleTest, ChangedContentHasTheWrongDigest) {
  std::string bytes = *EncodeBundle({{"a.textproto", "content"}});
  bytes[45] = 'X';
  EXPECT_EQ(Refusal(bytes),
            "a.plumb: byte 51: the digest is not that of the bytes before it: changed or damaged");
}

TEST(BundleTest, OtherFormatsAndVersionsAreToldApart) {
  EXPECT_THAT(Refusal("manifest {\n  ruleset_id: \"x\"\n}\n"), HasSubstr("not a ruleset file"));
  EXPECT_THAT(Refusal("plumbline-ruleset/v2\n and more"), HasSubstr("another version than v1"));
  EXPECT_THAT(Refusal(Container({})), HasSubstr("holds no file"));
}

TEST(BundleTest, PathsThatAreNotCleanAreRefusedBothWays) {
  struct Case {
    std::string path;
    std::string reason;
  };
  const Case cases[] = {{"../a.textproto", "holds the part \"..\""},
                        {"a/../b.textproto", "holds the part \"..\""},
                        {"./a.textproto", "holds the part \".\""},
                        {"/etc/a.textproto", "absolute"},
                        {"a//b.textproto", "holds an empty part"},
                        {"a\\b.textproto", "holds a backslash"},
                        {std::string("a\0.textproto", 12), "holds a NUL"},
                        {"a\n.textproto", "not UTF-8 text of one line"},
                        {"\xff.textproto", "not UTF-8 text of one line"},
                        {"a.txt", "does not end in"},
                        {"", "empty"}};
  for (const Case& one : cases) {
    const std::string refusal = Refusal(Container({Entry(one.path, "", "A")}));
    EXPECT_THAT(refusal, HasSubstr("a.plumb: byte 25: path `"));
    EXPECT_THAT(refusal, HasSubstr(one.reason));
    EXPECT_THAT(std::string(EncodeBundle({{one.path, "A"}}).status().message()),
                HasSubstr(one.reason));
  }
}

TEST(BundleTest, DoubleAndUnsortedPathsAreRefused) {
  const std::string a = Entry("a.textproto", "", "A");
  const std::string b = Entry("b.textproto", "", "B");
  EXPECT_THAT(Refusal(Container({a, a})), HasSubstr("two files are called `a.textproto`"));
  EXPECT_THAT(Refusal(Container({b, a})), HasSubstr("`a.textproto` comes after `b.textproto`"));
  EXPECT_EQ(Refusal(Container({a, b})), "taken");
  EXPECT_THAT(
      std::string(EncodeBundle({{"a.textproto", "A"}, {"a.textproto", "B"}}).status().message()),
      HasSubstr("two files are called"));
}

TEST(BundleTest, LedgersAreNamedProperly) {
  EXPECT_THAT(Refusal(Container({Entry("s/a.textproto", "/s", "A")})), HasSubstr("absolute path"));
  EXPECT_THAT(Refusal(Container({Entry("s/a.textproto", "../../s", "A")})),
              HasSubstr("more than one level up"));
  EXPECT_THAT(Refusal(Container({Entry("t/a.textproto", "../s", "A")})),
              HasSubstr("paths that begin with \"s/\""));
}

TEST(BundleTest, LimitsHoldBothWays) {
  const std::string four_mib(kMaxBundleFileBytes, ' ');
  EXPECT_TRUE(EncodeBundle({{"a.textproto", four_mib}}).ok());
  const auto one_more = EncodeBundle({{"a.textproto", four_mib + " "}});
  EXPECT_EQ(one_more.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(Refusal(Container({Entry("a.textproto", "", four_mib + " ")})),
              HasSubstr("`a.textproto` is larger than 4 MiB"));

  std::vector<SourceFile> files;
  std::vector<std::string> entries;
  for (int i = 0; i < 10; ++i) {
    const std::string path = absl::StrCat("f", i, ".textproto");
    files.push_back({path, four_mib});
    entries.push_back(Entry(path, "", four_mib));
  }
  EXPECT_THAT(std::string(EncodeBundle(files).status().message()), HasSubstr("more than 32 MiB"));
  EXPECT_THAT(Refusal(Container(entries)),
              HasSubstr("more than 32 MiB; `f8.textproto` is one too many"));
}

TEST(BundleTest, AThousandFilesAreTheLimit) {
  std::vector<SourceFile> files;
  std::vector<std::string> entries;
  for (int i = 0; i <= 1000; ++i) {
    const std::string path = absl::StrCat(1000 + i, ".textproto");
    files.push_back({path, ""});
    entries.push_back(Entry(path, "", ""));
  }
  EXPECT_EQ(EncodeBundle(files).status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(Refusal(Container(entries)), HasSubstr("holds 1001 files, more than 1000"));
  files.pop_back();
  entries.pop_back();
  EXPECT_TRUE(EncodeBundle(files).ok());
  EXPECT_EQ(Refusal(Container(entries)), "taken");
}

class BundleFileTest : public ::testing::Test {
 protected:
  std::string FileRefusal(const std::string& name) const {
    const auto bundle = ReadBundleFile(folder_ / name);
    return bundle.ok() ? "taken" : std::string(bundle.status().message());
  }

  plumbline::testing::RegistryFolder folder_;
};

TEST_F(BundleFileTest, RegularFilesAreReadAndNothingElse) {
  plumbline::testing::WriteFile(folder_ / "a.plumb", *EncodeBundle({{"a.textproto", "A"}}));
  EXPECT_EQ(FileRefusal("a.plumb"), "taken");
  std::filesystem::create_symlink(folder_ / "a.plumb", folder_ / "link.plumb");
  EXPECT_THAT(FileRefusal("link.plumb"), HasSubstr("link.plumb is a symbolic link"));
  std::filesystem::create_directory(folder_ / "folder.plumb");
  EXPECT_THAT(FileRefusal("folder.plumb"), HasSubstr("is a folder, not a file"));
  ASSERT_EQ(mkfifo((folder_ / "pipe.plumb").c_str(), 0600), 0);
  EXPECT_THAT(FileRefusal("pipe.plumb"), HasSubstr("is not a regular file"));
  EXPECT_THAT(FileRefusal("none.plumb"), HasSubstr("no file"));
  plumbline::testing::WriteFile(folder_ / "empty.plumb", "");
  EXPECT_THAT(FileRefusal("empty.plumb"), HasSubstr("byte 0: is empty"));
}

TEST_F(BundleFileTest, FilesLargerThanAnyBundleAreNotRead) {
  plumbline::testing::WriteFile(folder_ / "a.plumb", "");
  std::filesystem::resize_file(folder_ / "a.plumb", size_t{40} << 20);
  EXPECT_EQ(ReadBundleFile(folder_ / "a.plumb").status().code(),
            absl::StatusCode::kResourceExhausted);
}

TEST(BundleTest, TheRealRulesHaveOneRevisionAsFolderAndAsFile) {
  const std::string folder =
      std::string(std::getenv("PLUMBLINE_SOURCE_DIR")) + "/rules/low_back_pain";
  const auto files = ruleset::ReadRulesetFolder(folder);
  ASSERT_TRUE(files.ok()) << files.status();
  const auto bundle = ParseBundle(*EncodeBundle(*files), "a.plumb");
  ASSERT_TRUE(bundle.ok()) << bundle.status();
  EXPECT_EQ(bundle->revision, ruleset::ComputeRevision(*files));
  EXPECT_EQ(bundle->files.size(), files->size());
}

}  // namespace
}  // namespace plumbline::registry
