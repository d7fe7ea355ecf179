#include "server/ruleset/document.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/testing/ruleset/minimal_ruleset.h"

namespace plumbline::ruleset {
namespace {

using plumbline::testing::CompileRules;
using plumbline::testing::Edited;
using plumbline::testing::Formatted;
using plumbline::testing::MinimalRulesetText;
using plumbline::testing::TakeMark;

RulesetDocument Parsed(std::vector<SourceFile> files, std::vector<Issue>& issues,
                       const std::string& prefix = "") {
  return RulesetDocument::Parse(std::move(files), issues, prefix);
}

// Parses files that are expected to be sound.
RulesetDocument Sound(std::vector<SourceFile> files) {
  std::vector<Issue> issues;
  RulesetDocument document = Parsed(std::move(files), issues);
  EXPECT_EQ(Formatted(issues), "");
  return document;
}

TEST(RevisionTest, DependsOnBytesAndPathsOnly) {
  const std::vector<SourceFile> files = {{"a.textproto", "x"}, {"b/c.textproto", "y"}};
  const std::string revision = ComputeRevision(files);
  EXPECT_EQ(revision.size(), 64u);
  EXPECT_EQ(ComputeRevision({files[1], files[0]}), revision) << "order does not matter";
  EXPECT_NE(ComputeRevision({{"a.textproto", "x "}, files[1]}), revision);
  EXPECT_NE(ComputeRevision({{"d.textproto", "x"}, files[1]}), revision);
  EXPECT_NE(ComputeRevision({{"a.textproto", "y"}, {"b/c.textproto", "x"}}), revision);
  EXPECT_NE(ComputeRevision({files[0]}), revision);
}

TEST(RevisionTest, IsThatOfTheDocumentWhateverItsMeaning) {
  const std::string text = MinimalRulesetText();
  const RulesetDocument plain = Sound({{"a.textproto", text}});
  const RulesetDocument commented = Sound({{"a.textproto", text + "# nothing\n"}});
  EXPECT_EQ(plain.revision(), ComputeRevision({{"a.textproto", text}}));
  EXPECT_NE(plain.revision(), commented.revision());
  EXPECT_EQ(plain.ruleset().DebugString(), commented.ruleset().DebugString());
}

// Known by hand, so that a revision written down today is still found tomorrow.
TEST(RevisionTest, FormatIsFixed) {
  // printf 'a\0%s\n' "$(printf x | sha256sum | cut -c1-64)" | sha256sum
  EXPECT_EQ(ComputeRevision({{"a", "x"}}),
            "b71899f0e13a58405ecef8ed7b7e0930a32f40e799828f8716ea8ace8e8ca782");
}

TEST(RulesetDocumentTest, FilesAreMergedInOrderOfTheirPaths) {
  const RulesetDocument document = Sound({{"b.textproto", "terms { id: \"second\" }"},
                                          {"c/a.textproto", "terms { id: \"third\" }"},
                                          {"a.textproto", "terms { id: \"first\" }"}});
  ASSERT_EQ(document.ruleset().terms_size(), 3);
  EXPECT_EQ(document.ruleset().terms(0).id(), "first");
  EXPECT_EQ(document.ruleset().terms(1).id(), "second");
  EXPECT_EQ(document.ruleset().terms(2).id(), "third");
  EXPECT_EQ(document.Locate("terms[2]").file, "c/a.textproto");
  EXPECT_EQ(document.files()[0].path, "a.textproto");
}

TEST(RulesetDocumentTest, SingularPartInTwoFilesIsReportedInTheSecond) {
  std::vector<Issue> issues;
  const RulesetDocument document =
      Parsed({{"a.textproto", "manifest { title: \"one\" }"},
              {"b.textproto", "terms { id: \"t\" }\nmanifest { title: \"two\" }"}},
             issues);
  ASSERT_EQ(issues.size(), 1u) << Formatted(issues);
  EXPECT_EQ(FormatIssue(issues[0]),
            "b.textproto:2:1: error: duplicate-part: `manifest` was given before, in a.textproto:1 "
            "(it may stand in one file only)");
  EXPECT_EQ(document.ruleset().manifest().title(), "one");
  EXPECT_EQ(document.ruleset().terms_size(), 1);
}

TEST(RulesetDocumentTest, PathsAreShownAsTheUserTypedTheFolder) {
  for (const char* prefix : {"rules/back", "rules/back/"}) {
    std::vector<Issue> issues;
    Parsed({{"a/b.textproto", "nonsense: 1"}}, issues, prefix);
    ASSERT_EQ(issues.size(), 1u);
    EXPECT_EQ(issues[0].location.file, "rules/back/a/b.textproto");
  }
}

TEST(RulesetDocumentTest, ElementsAreFoundByTheirPaths) {
  const RulesetDocument document = Sound({{"f",
                                           "# comment\n"
                                           "terms { id: \"a\" }\n"
                                           "terms {\n"
                                           "  id: 'b'\n"
                                           "  sources: [\"p\",\n"
                                           "            \"q\"]\n"
                                           "  sources: \"r\"\n"
                                           "}\n"
                                           "questions: [{field: \"x\"}, {field: \"y\"\n"
                                           "  options < value: \"V\" > }]\n"}});
  const auto place = [&](const char* path) {
    const SourceLocation location = document.Locate(path);
    return absl::StrCat(location.line, ":", location.column);
  };
  EXPECT_EQ(place("terms[0]"), "2:1");
  EXPECT_EQ(place("terms[1]"), "3:1");
  EXPECT_EQ(place("terms[1].id"), "4:7");
  EXPECT_EQ(place("terms[1].sources[0]"), "5:13");
  EXPECT_EQ(place("terms[1].sources[1]"), "6:13");
  EXPECT_EQ(place("terms[1].sources[2]"), "7:12");
  EXPECT_EQ(place("questions[1]"), "9:27");
  EXPECT_EQ(place("questions[1].options[0].value"), "10:20");
  // Not written: what encloses it.
  EXPECT_EQ(place("terms[1].words"), "3:1");
  EXPECT_EQ(place("questions[1].options[0].label"), "10:3");
  EXPECT_EQ(place("questions[1].options[7]"), "9:27");
  EXPECT_EQ(place("terms[9]"), "0:0");
  EXPECT_EQ(place(""), "0:0");
  EXPECT_EQ(place("..[]]["), "0:0");
}

TEST(RulesetDocumentTest, CharactersOfATextAreFoundThroughQuotesEscapesAndLiterals) {
  const RulesetDocument document =
      Sound({{"f", "terms {\n  expression: \"ab\\\"c\" # why\n    'd\\u00e9\\x41\\101f'\n}\n"}});
  ASSERT_EQ(document.ruleset().terms(0).expression(),
            "ab\"cd\xc3\xa9"
            "AAf");
  const auto place = [&](size_t offset) {
    const SourceLocation location = document.LocateText("terms[0].expression", offset);
    return absl::StrCat(location.line, ":", location.column);
  };
  EXPECT_EQ(place(0), "2:16");  // a
  EXPECT_EQ(place(2), "2:18");  // the escaped quote
  EXPECT_EQ(place(3), "2:20");  // c
  EXPECT_EQ(place(4), "3:6");   // d
  EXPECT_EQ(place(5), "3:7");   // both bytes of e acute
  EXPECT_EQ(place(6), "3:7");
  EXPECT_EQ(place(7), "3:13");   // \x41
  EXPECT_EQ(place(8), "3:17");   // \101
  EXPECT_EQ(place(9), "3:21");   // f
  EXPECT_EQ(place(10), "3:22");  // the closing quote
  EXPECT_EQ(place(99), "3:22");
}

TEST(RulesetDocumentTest, MistakesInOneFileDoNotHideThoseInAnother) {
  std::vector<Issue> issues;
  const RulesetDocument document = Parsed({{"a", "terms {"},
                                           {"b", "\xff\xfe"},
                                           {"c", "terms { idd: \"x\" }"},
                                           {"d", "terms { id: \"fine\" }"}},
                                          issues);
  EXPECT_EQ(Formatted(issues),
            "a:1:7: error: syntax: this block is never closed (add `}` at its end)\n"
            "b:1:1: error: not-text: the file is not UTF-8 text\n"
            "c:1:9: error: unknown-message-field: Term has no field `idd` (did you mean `id`?)\n");
  EXPECT_EQ(document.ruleset().terms_size(), 2);
}

// Ten mistakes of ten kinds over three files: ten messages, each in its place.
TEST(RulesetDocumentTest, TenMistakesGiveTenMessages) {
  std::string text = MinimalRulesetText();
  const auto edit = [&text](const char* from, const char* to) { text = Edited(text, from, to); };
  edit("version: \"1.2.3\"", "version: \"1.2\"");
  edit("  unit: \"a\"\n", "");
  edit("unless: \"unwell\"", "unless: \"unwel\"");
  edit("referral: \"CLINIC\"", "referral: \"CLINC\"");
  edit("on_indeterminate { action: ACTION_ASK }", "on_indeterminate { action: ACTION_ASKK }");
  edit("possible_at: 1", "possible_at: 9");
  edit("rank: 2", "rank: 1");
  edit("because: \"Far down.\"", "because: \"Far {down.\"");
  std::vector<SourceFile> files = {{"a.textproto", text},
                                   {"b.textproto",
                                    "advice { id: \"AD-1\" category: \"x\"\n"
                                    "  text: \"x\" sources: \"BOOK/1\" }\n"},
                                   {"c.textproto", "\n  notice { }\n"}};
  const CompileResult result = CompileRules(files);
  EXPECT_EQ(result.ruleset, nullptr);
  std::vector<std::string> codes;
  for (const Issue& issue : result.issues) {
    codes.push_back(absl::StrCat(issue.location.file, ":", issue.location.line, ":",
                                 issue.location.column, " ", issue.code));
  }
  EXPECT_EQ(codes, (std::vector<std::string>{
                       "a.textproto:3:12 malformed-version",
                       "a.textproto:23:1 missing-unit",
                       "a.textproto:59:12 unknown-field",
                       "a.textproto:125:13 unknown-referral-target",
                       "a.textproto:143:30 unknown-enum-value",
                       "a.textproto:154:87 malformed-template",
                       "a.textproto:156:16 points-out-of-reach",
                       "a.textproto:187:9 duplicate-rank",
                       "b.textproto:1:14 duplicate-id",
                       "c.textproto:2:3 unknown-message-field",
                   }))
      << Formatted(result.issues);
}

TEST(RulesetDocumentTest, BrokenPartIsLeftOutAndItsIdsAreStillKnown) {
  // The exercise cannot be read; the rules that name it are not blamed.
  const std::string text =
      Edited(MinimalRulesetText(), "  name: \"Bending\"\n", "  name: \"Bending\n");
  const CompileResult result = CompileRules(text);
  ASSERT_FALSE(result.issues.empty());
  for (const Issue& issue : result.issues) {
    EXPECT_NE(issue.code, "unknown-exercise") << FormatIssue(issue);
  }
  EXPECT_EQ(result.issues[0].code, "syntax") << Formatted(result.issues);
}

TEST(RulesetDocumentTest, NoInputIsTooOdd) {
  std::vector<std::string> texts = {"",
                                    "\n\n",
                                    "#",
                                    "{",
                                    "}",
                                    ":",
                                    "\"",
                                    "'",
                                    "\\",
                                    "terms",
                                    "terms:",
                                    "terms {",
                                    "terms: [",
                                    "terms: [{",
                                    "terms <",
                                    "terms { id: - }",
                                    "terms { id: \"\\",
                                    "terms { id: \"\\u",
                                    "[a.b] { }",
                                    std::string("terms {\0}", 9),
                                    "\xef\xbb\xbfterms { }",
                                    "terms { id: \"\xc3\" }",
                                    std::string(100'000, '{'),
                                    std::string(100'000, '['),
                                    std::string(100'000, '"')};
  std::string nested;
  for (int i = 0; i < 50'000; ++i) nested += "terms {";
  texts.push_back(nested);
  std::string lists;
  for (int i = 0; i < 50'000; ++i) lists += "x: [";
  texts.push_back(lists);
  for (const std::string& text : texts) {
    const CompileResult result = CompileRules(text);
    EXPECT_EQ(result.ruleset, nullptr);
    EXPECT_FALSE(result.issues.empty());
    EXPECT_LT(result.issues.size(), 200u) << text.substr(0, 80);
  }
}

TEST(RulesetDocumentTest, BytesFromNowhereAreRefused) {
  uint64_t state = 88172645463325252ull;
  for (int round = 0; round < 200; ++round) {
    std::string bytes;
    for (int i = 0; i < 300; ++i) {
      state ^= state << 13;
      state ^= state >> 7;
      state ^= state << 17;
      bytes += static_cast<char>(round % 2 == 0 ? state : 32 + state % 95);
    }
    EXPECT_EQ(CompileRules(bytes).ruleset, nullptr);
  }
}

// A sound file cut short, without one of its bytes, or with a quote too many.
TEST(RulesetDocumentTest, DamagedFilesNeverCrash) {
  const std::string text = MinimalRulesetText();
  for (size_t at = 0; at < text.size(); at += 13) {
    CompileRules(text.substr(0, at));
    std::string damaged = text;
    damaged.erase(at, 1);
    CompileRules(damaged);
    damaged = text;
    damaged[at] = '"';
    CompileRules(damaged);
  }
}

TEST(RulesetDocumentTest, FileOfTenMegabytesIsRefusedAndTheOthersAreRead) {
  std::vector<Issue> issues;
  const RulesetDocument document =
      Parsed({{"big", std::string(10u << 20, ' ')}, {"small", "terms { id: \"a\" }"}}, issues);
  ASSERT_EQ(issues.size(), 1u);
  EXPECT_EQ(FormatIssue(issues[0]), "big: error: file-too-large: the file is larger than 4 MiB");
  EXPECT_EQ(document.ruleset().terms_size(), 1);
}

TEST(RulesetDocumentTest, LongChainsOfTermsAreNoTrouble) {
  std::string text = MinimalRulesetText();
  const int count = 2'000;
  for (int i = 0; i < count; ++i) {
    text += absl::StrCat("terms { id: \"t", i, "\" words: \"x\" expression: \"t", i + 1, "\" }\n");
  }
  text += absl::StrCat("terms { id: \"t", count, "\" words: \"x\" expression: \"older\" }\n");
  const CompileResult result = CompileRules(text);
  EXPECT_EQ(Formatted(result.issues), "");
  EXPECT_NE(result.ruleset, nullptr);
}

}  // namespace
}  // namespace plumbline::ruleset
