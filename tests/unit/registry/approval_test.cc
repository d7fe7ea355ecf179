#include "server/registry/approval.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/registry/test_deployment.h"
#include "tests/testing/ruleset/minimal_ruleset.h"

namespace plumbline::registry {
namespace {

using plumbline::testing::TestDeployment;
using ::testing::HasSubstr;

std::string Text() {
  return absl::StrCat("plumbline-ruleset-approval/v1\nrevision ", std::string(64, 'a'),
                      "\nruleset minimal\nversion 1.2.3\nname Anna Alm\nrole clinical lead\n",
                      "meaning approved\ntime 2026-11-21T08:00:00Z\n");
}

std::string RefusalOf(const std::string& from, const std::string& to) {
  const auto approval = ParseApproval(absl::StrReplaceAll(Text(), {{from, to}}), "a.approvals", 10);
  return approval.ok() ? "taken" : std::string(approval.status().message());
}

TEST(ApprovalTest, TextComesBackAsItWas) {
  const auto approval = ParseApproval(Text(), "a.approvals");
  ASSERT_TRUE(approval.ok()) << approval.status();
  EXPECT_EQ(approval->name, "Anna Alm");
  EXPECT_EQ(approval->role, "clinical lead");
  EXPECT_EQ(approval->meaning, Meaning::kApproved);
  EXPECT_EQ(*FormatApproval(*approval), Text());
}

TEST(ApprovalTest, MistakesNameTheLineOfTheFile) {
  EXPECT_THAT(RefusalOf("revision a", "revision g"),
              HasSubstr("a.approvals: line 11: `revision` is not a revision"));
  EXPECT_THAT(RefusalOf("meaning approved", "meaning liked"),
              HasSubstr("line 16: not a meaning: authored, reviewed and approved are"));
  EXPECT_THAT(RefusalOf("name Anna Alm", "name  Anna Alm"), HasSubstr("line 14: `name`: a space"));
  EXPECT_THAT(RefusalOf("role clinical lead\n", ""), HasSubstr("line 15: `role ...` expected"));
  EXPECT_THAT(RefusalOf("08:00:00Z\n", "08:00:00Z\nmore\n"),
              HasSubstr("line 18: the end expected"));
}

TEST(ApprovalTest, NobodyCanAddALineThroughAName) {
  auto approval = ParseApproval(Text(), "a.approvals");
  ASSERT_TRUE(approval.ok());
  approval->name = "Eve\nrole clinical lead";
  EXPECT_FALSE(FormatApproval(*approval).ok());
}

class ApprovalsFileTest : public ::testing::Test {
 protected:
  const TestDeployment clinic_;
  const std::string bundle_ =
      plumbline::testing::BundleOf(plumbline::testing::MinimalRulesetText());
};

TEST_F(ApprovalsFileTest, NotesStandOneAfterTheOther) {
  const auto notes = ParseApprovals(clinic_.ApproveFully(bundle_), "a.approvals");
  ASSERT_TRUE(notes.ok()) << notes.status();
  ASSERT_EQ(notes->size(), 4u);
  EXPECT_EQ((*notes)[0].approval.meaning, Meaning::kAuthored);
  EXPECT_EQ((*notes)[0].key_name, "bo.clinic.example");
  EXPECT_EQ((*notes)[1].first_line, 11);
  std::string together;
  for (const ApprovalNote& note : *notes) together += note.note;
  EXPECT_EQ(together, clinic_.ApproveFully(bundle_));
  EXPECT_TRUE(ParseApprovals("", "a.approvals")->empty());
}

TEST_F(ApprovalsFileTest, AnythingElseIsRefused) {
  const std::string note = clinic_.Approve(bundle_, clinic_.lead, Meaning::kApproved);
  const auto refusal = [](const std::string& text) {
    const auto notes = ParseApprovals(text, "a.approvals");
    return notes.ok() ? "taken" : std::string(notes.status().message());
  };
  EXPECT_THAT(refusal("hello\n" + note), HasSubstr("line 1: `plumbline-ruleset-approval/v1`"));
  EXPECT_THAT(refusal(note.substr(0, note.size() - 5)), HasSubstr("is no signed note"));
  EXPECT_THAT(refusal(note + Text()), HasSubstr("line 11 is no signed note"));
  const auto signature =
      MakeNoteSignature(note.substr(0, note.find("\n\n") + 1), *clinic_.safety.key);
  ASSERT_TRUE(signature.ok());
  EXPECT_THAT(refusal(*AddNoteSignatures(note, {*signature})), HasSubstr("has 2 signatures"));
  std::string many;
  for (size_t i = 0; i <= kMaxApprovals; ++i) many += note;
  EXPECT_THAT(refusal(many), HasSubstr("more than 200 approvals"));
}

}  // namespace
}  // namespace plumbline::registry
