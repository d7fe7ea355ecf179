#include "server/registry/trust_policy.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/registry/manifest.h"
#include "tests/testing/registry/test_deployment.h"
#include "tests/testing/ruleset/minimal_ruleset.h"

namespace plumbline::registry {
namespace {

using plumbline::testing::TestDeployment;
using ::testing::HasSubstr;

class TrustPolicyTest : public ::testing::Test {
 protected:
  std::string Refusal(const std::string& text) const {
    const auto policy = TrustPolicy::Parse(text, "trust.policy");
    return policy.ok() ? "taken" : std::string(policy.status().message());
  }
  std::string RefusalOf(const std::string& from, const std::string& to) const {
    const std::string text = absl::StrReplaceAll(clinic_.PolicyText(), {{from, to}});
    EXPECT_NE(text, clinic_.PolicyText());
    return Refusal(text);
  }
  Judgement Judge(const TrustPolicy& policy, const std::string& approvals) const {
    const auto notes = ParseApprovals(approvals, "a.approvals");
    EXPECT_TRUE(notes.ok()) << notes.status();
    return policy.Judge({revision_, "minimal", "1.2.3"}, *notes);
  }
  std::string Verdict(const std::string& approvals) const {
    const absl::Status verdict = Judge(clinic_.Policy(), approvals).verdict;
    return verdict.ok() ? "met" : std::string(verdict.message());
  }
  std::string Approve(const plumbline::testing::TestPerson& person, Meaning meaning) const {
    return clinic_.Approve(bundle_, person, meaning);
  }

  const TestDeployment clinic_;
  const std::string bundle_ =
      plumbline::testing::BundleOf(plumbline::testing::MinimalRulesetText());
  const std::string revision_ = plumbline::testing::RevisionOf(bundle_);
};

TEST_F(TrustPolicyTest, MistakesNameTheLine) {
  EXPECT_EQ(Refusal(clinic_.PolicyText()), "taken");
  EXPECT_EQ(Refusal("# ours\n\n" + clinic_.PolicyText() + "  # the end\n"), "taken");
  EXPECT_THAT(Refusal(""), HasSubstr("trust.policy: no `deployment`"));
  EXPECT_THAT(RefusalOf("policy/v1", "policy/v2"),
              HasSubstr("line 1: `plumbline-trust-policy/v1` expected"));
  EXPECT_THAT(RefusalOf("deployment", "domain"), HasSubstr("line 2: `domain` is unknown"));
  EXPECT_THAT(RefusalOf("manifest-signer release", "manifest-signer leased"),
              HasSubstr("line 3: not a public key"));
  EXPECT_THAT(RefusalOf("person \"Bo Berg\" ", ""), HasSubstr("line 4: write `approver KEY"));
  EXPECT_THAT(RefusalOf("\"Bo Berg\"", "\"Bo Berg"), HasSubstr("line 4: "));
  EXPECT_THAT(RefusalOf("roles \"author\"", "roles"), HasSubstr("with at least one role"));
  EXPECT_THAT(RefusalOf("roles \"author\"", "roles \"\""), HasSubstr("line 4: a role: empty"));
  EXPECT_THAT(RefusalOf(clinic_.reviewer.key->vkey(), clinic_.author.key->vkey()),
              HasSubstr("line 5: the key bo.clinic.example"));
  EXPECT_THAT(RefusalOf("require 1 reviewed", "require 1 liked"), HasSubstr("line 8: `liked`"));
  EXPECT_THAT(RefusalOf("require 1 reviewed", "require one reviewed"),
              HasSubstr("line 8: `one` is not a number from 0 to 20"));
  EXPECT_THAT(RefusalOf("require 1 reviewed", "require 5 reviewed"),
              HasSubstr("line 8: 5 reviewed cannot be reached: the policy knows 4 such people"));
  EXPECT_THAT(RefusalOf("role \"clinical lead\"\n", "role \"chief\"\n"),
              HasSubstr("line 10: 1 approved in the role \"chief\" cannot be reached"));
  EXPECT_THAT(Refusal(clinic_.PolicyText() + "manifest-signatures 2\n"),
              HasSubstr("manifests need 2 signatures, and there are 1"));
  EXPECT_THAT(Refusal(clinic_.PolicyText() + "distinct-from-author maybe\n"),
              HasSubstr("line 11: `distinct-from-author` is `yes` or `no`"));
  EXPECT_THAT(Refusal(clinic_.PolicyText() + "deployment other\n"),
              HasSubstr("line 11: `deployment` is given twice"));
  EXPECT_THAT(Refusal(absl::StrReplaceAll(clinic_.PolicyText(), {{"require", "# require"}})),
              HasSubstr("no `require` line"));
}

TEST_F(TrustPolicyTest, ThresholdsAreMetByTheRightPeople) {
  const Judgement judgement = Judge(clinic_.Policy(), clinic_.ApproveFully(bundle_));
  EXPECT_TRUE(judgement.verdict.ok()) << judgement.verdict;
  ASSERT_EQ(judgement.approvals.size(), 4u);
  for (const JudgedApproval& judged : judgement.approvals) {
    EXPECT_TRUE(judged.trusted);
    EXPECT_EQ(judged.reason, "");
  }
}

TEST_F(TrustPolicyTest, TooFewAreNamed) {
  const std::string authored = Approve(clinic_.author, Meaning::kAuthored);
  const std::string reviewed = Approve(clinic_.reviewer, Meaning::kReviewed);
  const std::string safety = Approve(clinic_.safety, Meaning::kApproved);
  const std::string lead = Approve(clinic_.lead, Meaning::kApproved);
  EXPECT_THAT(Verdict(""), HasSubstr("1 reviewed needed, 2 approved needed"));
  EXPECT_THAT(Verdict(authored + reviewed + safety),
              HasSubstr("2 approved needed, 1 approved in the role \"clinical lead\" needed; "
                        "counted: Bo Berg authored, Cy Chen reviewed, Dee Diaz approved"));
  EXPECT_THAT(Verdict(reviewed + lead + safety), HasSubstr("1 authored needed"));
  EXPECT_THAT(Verdict(authored + reviewed + lead + lead),
              HasSubstr("2 approved needed; counted: Bo Berg authored, Cy Chen reviewed, Anna Alm "
                        "approved; not counted: Anna Alm approved (counts already)"));
  EXPECT_EQ(Verdict(authored + reviewed + lead + safety), "met");
}

TEST_F(TrustPolicyTest, AuthorsDoNotApproveTheirOwnUnlessThePolicySaysSo) {
  const std::string approvals =
      Approve(clinic_.lead, Meaning::kAuthored) + Approve(clinic_.reviewer, Meaning::kReviewed) +
      Approve(clinic_.lead, Meaning::kApproved) + Approve(clinic_.safety, Meaning::kApproved);
  EXPECT_THAT(Verdict(approvals), HasSubstr("not counted: Anna Alm approved (is an author)"));
  const auto lenient =
      TrustPolicy::Parse(clinic_.PolicyText() + "distinct-from-author no\n", "trust.policy");
  ASSERT_TRUE(lenient.ok());
  EXPECT_TRUE(Judge(*lenient, approvals).verdict.ok());
}

TEST_F(TrustPolicyTest, StatementsThatDoNotFitDoNotCount) {
  const std::string others = Approve(clinic_.author, Meaning::kAuthored) +
                             Approve(clinic_.reviewer, Meaning::kReviewed) +
                             Approve(clinic_.safety, Meaning::kApproved);
  Approval approval = clinic_.ApprovalOf(bundle_, clinic_.lead, Meaning::kApproved);
  const auto verdict = [&](const Approval& changed, const Ed25519NoteSigner& key) {
    return Verdict(others + clinic_.Approve(changed, key));
  };
  EXPECT_EQ(verdict(approval, *clinic_.lead.key), "met");
  EXPECT_THAT(verdict(approval, *clinic_.stranger.key), HasSubstr("unknown key eve.elsewhere"));
  EXPECT_THAT(verdict(approval, *clinic_.reviewer.key), HasSubstr("the key is of Cy Chen"));
  Approval other_role = approval;
  other_role.role = "chief";
  EXPECT_THAT(verdict(other_role, *clinic_.lead.key), HasSubstr("has not the role \"chief\""));
  Approval other_version = approval;
  other_version.version = "9.9.9";
  EXPECT_THAT(verdict(other_version, *clinic_.lead.key), HasSubstr("says minimal 9.9.9"));
  Approval other_revision = approval;
  other_revision.revision = std::string(64, '0');
  EXPECT_THAT(verdict(other_revision, *clinic_.lead.key), HasSubstr("for other revisions: 1"));
}

TEST_F(TrustPolicyTest, AWrongSignatureOfAKnownKeyIsNeverPassedOver) {
  std::string forged = Approve(clinic_.lead, Meaning::kApproved);
  forged = absl::StrReplaceAll(forged, {{"08:00:00Z", "08:00:01Z"}});
  const std::string verdict = Verdict(clinic_.ApproveFully(bundle_) + forged);
  EXPECT_THAT(verdict, HasSubstr("an approval has a wrong signature of a known key"));
  EXPECT_THAT(verdict, HasSubstr("Anna Alm approved (the signature is wrong)"));
}

TEST_F(TrustPolicyTest, TwoKeysOfOnePersonAreOnePerson) {
  const auto second =
      plumbline::testing::MakePerson("Anna Alm", "clinical lead", "anna.home.example");
  const auto policy =
      TrustPolicy::Parse(absl::StrCat(clinic_.PolicyText(), "approver ", second.key->vkey(),
                                      " person \"Anna Alm\" roles \"clinical lead\"\n"),
                         "trust.policy");
  ASSERT_TRUE(policy.ok()) << policy.status();
  const Judgement judgement = Judge(*policy, Approve(clinic_.author, Meaning::kAuthored) +
                                                 Approve(clinic_.reviewer, Meaning::kReviewed) +
                                                 Approve(clinic_.lead, Meaning::kApproved) +
                                                 Approve(second, Meaning::kApproved));
  EXPECT_THAT(std::string(judgement.verdict.message()), HasSubstr("2 approved needed"));
}

TEST_F(TrustPolicyTest, ManifestsNeedTheirSigners) {
  const TrustPolicy policy = clinic_.Policy();
  const std::string text = *FormatManifest(clinic_.ManifestOf(1, revision_));
  const std::string note = clinic_.SignText(text, *clinic_.signer.key);
  const auto opened = policy.OpenManifest(note);
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(*opened, text);
  const auto refusal = [&](const std::string& manifest) {
    return std::string(policy.OpenManifest(manifest).status().message());
  };
  EXPECT_THAT(refusal(text), HasSubstr("is not signed by a manifest signer"));
  EXPECT_THAT(refusal(clinic_.SignText(text, *clinic_.lead.key)), HasSubstr("is not signed by"));
  EXPECT_THAT(refusal(absl::StrReplaceAll(note, {{"serial 1", "serial 2"}})),
              HasSubstr("is not signed by"));
}

TEST_F(TrustPolicyTest, TwoSignaturesOfOneKeyAreOne) {
  const auto second = plumbline::testing::MakePerson("Sam", "release", "second.clinic.example");
  const auto policy =
      TrustPolicy::Parse(absl::StrCat(clinic_.PolicyText(), "manifest-signer ", second.key->vkey(),
                                      "\nmanifest-signatures 2\n"),
                         "trust.policy");
  ASSERT_TRUE(policy.ok()) << policy.status();
  const std::string text = *FormatManifest(clinic_.ManifestOf(1, revision_));
  const std::string one = clinic_.SignText(text, *clinic_.signer.key);
  EXPECT_THAT(std::string(policy->OpenManifest(one).status().message()),
              HasSubstr("signed by 1 of the 2"));
  const std::string line = one.substr(one.find("\n\n") + 2);
  EXPECT_FALSE(policy->OpenManifest(one + line).ok());
  EXPECT_TRUE(
      policy->OpenManifest(*AddNoteSignatures(one, {*MakeNoteSignature(text, *second.key)})).ok());
}

}  // namespace
}  // namespace plumbline::registry
