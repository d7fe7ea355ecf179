#include "server/service/rulesets_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "plumbline/v1/intake.pb.h"
#include "server/registry/bundle.h"
#include "server/ruleset/compiler.h"
#include "server/ruleset/document.h"
#include "server/service/registry_source.h"
#include "server/service/rpc_error.h"
#include "tests/testing/engine/small_ruleset.h"
#include "tests/testing/registry/test_deployment.h"

namespace plumbline::service {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A second revision: the same rules in another file.
std::vector<ruleset::SourceFile> Files(int number) {
  return {{"small_" + std::to_string(number) + ".textproto", testing::SmallRulesetText()}};
}

std::shared_ptr<const registry::LoadedRevision> Load(int number) {
  auto loaded = std::make_shared<registry::LoadedRevision>();
  std::vector<Issue> issues;
  const auto document = ruleset::RulesetDocument::Parse(Files(number), issues);
  loaded->ruleset =
      ruleset::Compile(document, *v1::Intake::descriptor(), std::move(issues)).ruleset;
  loaded->revision = loaded->ruleset->revision;
  loaded->bundle = std::make_shared<const std::string>(*registry::EncodeBundle(Files(number)));
  loaded->approvals_note = "note";
  registry::JudgedApproval approval;
  approval.approval.name = "Anna Alm";
  approval.approval.role = "clinical lead";
  approval.approval.meaning = registry::Meaning::kReviewed;
  approval.trusted = true;
  loaded->approvals.push_back(approval);
  return loaded;
}

class RulesetsServiceTest : public ::testing::Test {
 protected:
  RulesetsServiceTest() {
    auto snapshot = std::make_shared<registry::Snapshot>();
    snapshot->stable = Load(1);
    snapshot->canary = Load(2);
    snapshot->manifest.serial = 7;
    snapshot->manifest.canary_basis_points = 500;
    snapshot->revisions = {snapshot->stable, snapshot->canary};
    std::sort(snapshot->revisions.begin(), snapshot->revisions.end(),
              [](const auto& a, const auto& b) { return a->revision < b->revision; });
    snapshot_ = snapshot;
    registry_.Swap(snapshot);
  }

  static RulesetsParts Parts(const registry::RulesetRegistry& registry) {
    RulesetsParts parts;
    parts.registry = &registry;
    return parts;
  }
  absl::StatusOr<v1::CheckRulesetResponse> Check(const std::string& bundle, bool tests = false) {
    v1::CheckRulesetRequest request;
    request.set_bundle(bundle);
    request.set_run_tests(tests);
    return service_.CheckRuleset(request, caller_);
  }

  const Caller caller_;
  registry::RulesetRegistry registry_;
  std::shared_ptr<const registry::Snapshot> snapshot_;
  RulesetsService service_{Parts(registry_)};
};

TEST_F(RulesetsServiceTest, ListsEveryRevisionPageByPage) {
  v1::ListRevisionsRequest request;
  request.set_page_size(1);
  std::vector<std::string> seen;
  do {
    const auto page = service_.ListRevisions(request, caller_);
    ASSERT_TRUE(page.ok()) << page.status();
    ASSERT_EQ(page->revisions_size(), 1);
    seen.push_back(page->revisions(0).revision());
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  EXPECT_THAT(seen,
              ElementsAre(snapshot_->revisions[0]->revision, snapshot_->revisions[1]->revision));
}

TEST_F(RulesetsServiceTest, WrongPagesAreRefused) {
  v1::ListRevisionsRequest request;
  request.set_page_size(1001);
  EXPECT_EQ(ReasonOf(service_.ListRevisions(request, caller_).status()),
            v1::ERROR_REASON_INVALID_REQUEST);
  request.set_page_size(10);
  request.set_page_token("next");
  EXPECT_EQ(ReasonOf(service_.ListRevisions(request, caller_).status()),
            v1::ERROR_REASON_INVALID_PAGE_TOKEN);
}

TEST_F(RulesetsServiceTest, RevisionIsFoundByAliasDigitsAndBeginning) {
  for (const std::string& name : {std::string(), std::string("stable"), snapshot_->stable->revision,
                                  snapshot_->stable->revision.substr(0, 12)}) {
    v1::GetRevisionRequest request;
    request.set_name(name);
    const auto found = service_.GetRevision(request, caller_);
    ASSERT_TRUE(found.ok()) << name << found.status();
    EXPECT_EQ(found->revision().revision(), snapshot_->stable->revision);
    EXPECT_THAT(found->revision().aliases(), ElementsAre("stable"));
    EXPECT_EQ(found->bundle(), *snapshot_->stable->bundle);
    EXPECT_EQ(found->approvals_note(), "note");
    ASSERT_EQ(found->revision().approvals_size(), 1);
    EXPECT_EQ(found->revision().approvals(0).name(), "Anna Alm");
    EXPECT_EQ(found->revision().approvals(0).meaning(), "reviewed");
    EXPECT_TRUE(found->revision().approvals(0).trusted());
    EXPECT_EQ(found->revision().ruleset_id(), "small");
    EXPECT_GT(found->revision().triage_rules(), 0u);
  }
}

TEST_F(RulesetsServiceTest, UnknownRevisionIsNotFoundAndNamesTheField) {
  v1::DiffRevisionsRequest request;
  request.set_old_name("stable");
  request.set_new_name("shadow");
  const absl::Status status = service_.DiffRevisions(request, caller_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ReasonOf(status), v1::ERROR_REASON_UNKNOWN_REVISION);
  EXPECT_THAT(std::string(status.message()), HasSubstr("new_name"));
}

TEST_F(RulesetsServiceTest, QuestionnaireIsThatOfTheRevision) {
  v1::GetQuestionnaireRequest request;
  request.set_name("canary");
  const auto found = service_.GetQuestionnaire(request, caller_);
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->revision(), snapshot_->canary->revision);
  EXPECT_EQ(found->questions_size(), snapshot_->canary->ruleset->source.questions_size());
  EXPECT_GT(found->questions_size(), 0);
}

TEST_F(RulesetsServiceTest, SameRulesInAnotherFileDifferInNothing) {
  v1::DiffRevisionsRequest request;
  request.set_old_name("stable");
  request.set_new_name("canary");
  const auto found = service_.DiffRevisions(request, caller_);
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->diff().old_revision(), snapshot_->stable->revision);
  EXPECT_EQ(found->diff().new_revision(), snapshot_->canary->revision);
  EXPECT_EQ(found->diff().changes_size(), 0);
}

// What the ruleset carries, with all that passes.
TEST_F(RulesetsServiceTest, GoodRulesetPassesItsCheck) {
  const std::string bundle =
      testing::BundleOf(testing::RulesOfVersion("1.0.0") +
                        "outcome_tables { rule_id: \"RF-1\" patient: \"V-1\" rows { outcome: "
                        "CONDITION_OUTCOME_MATCH } rows { with: \"fever = false\" outcome: "
                        "CONDITION_OUTCOME_NO_MATCH } }\n");
  const auto checked = Check(bundle, /*tests=*/true);
  ASSERT_TRUE(checked.ok()) << checked.status();
  EXPECT_TRUE(checked->valid()) << checked->DebugString();
  EXPECT_EQ(checked->revision(), testing::RevisionOf(bundle));
  EXPECT_EQ(checked->version(), "1.0.0");
  EXPECT_EQ(checked->tests_failed(), 0u);
  EXPECT_EQ(checked->tests_passed(), 3u);
  ASSERT_EQ(checked->tests_size(), 3);
  EXPECT_EQ(checked->tests(0).kind(), "vignettes");
  EXPECT_EQ(checked->tests(0).passed(), 1u);
  EXPECT_EQ(checked->tests(1).kind(), "outcome_rows");
  EXPECT_EQ(checked->tests(1).passed(), 2u);
  EXPECT_EQ(checked->tests(2).kind(), "dose_registers");
  EXPECT_EQ(checked->tests(2).passed(), 0u);
  // Without being asked, no test is run.
  const auto unasked = Check(bundle);
  ASSERT_TRUE(unasked.ok());
  EXPECT_TRUE(unasked->valid());
  EXPECT_EQ(unasked->tests_size(), 0);
}

TEST_F(RulesetsServiceTest, RulesThatAreBadlyTestedAreNotValid) {
  for (const testing::BadlyTestedRules& bad : testing::BadlyTested("1.0.0")) {
    SCOPED_TRACE(bad.name);
    const auto checked = Check(testing::BundleOf(bad.rules), /*tests=*/true);
    ASSERT_TRUE(checked.ok()) << checked.status();
    EXPECT_FALSE(checked->valid());
    std::string errors;
    for (const v1::RulesetIssue& issue : checked->issues()) {
      if (issue.severity() == "error") errors += issue.message() + "\n";
    }
    EXPECT_THAT(errors, HasSubstr(bad.reason));
    const auto unasked = Check(testing::BundleOf(bad.rules));
    ASSERT_TRUE(unasked.ok());
    EXPECT_TRUE(unasked->valid()) << "the rules as such have no errors";
  }
}

TEST_F(RulesetsServiceTest, FailedTestsAreFoundWhereTheyStand) {
  const std::string rules = testing::RulesOfVersion("1.0.0");
  const auto checked =
      Check(*registry::EncodeBundle(
                {{"rules.textproto", rules},
                 {"tests.textproto",
                  "\noutcome_tables {\n  rule_id: \"RF-1\"\n  patient: \"V-1\"\n  rows { outcome: "
                  "CONDITION_OUTCOME_NO_MATCH }\n}\n"}}),
            /*tests=*/true);
  ASSERT_TRUE(checked.ok()) << checked.status();
  for (const v1::RulesetIssue& issue : checked->issues()) {
    if (issue.code() != "failed-test") continue;
    EXPECT_EQ(issue.file(), "tests.textproto");
    EXPECT_EQ(issue.line(), 5);
    return;
  }
  ADD_FAILURE() << checked->DebugString();
}

TEST_F(RulesetsServiceTest, TestsThatTakeTooLongAreNoAnswer) {
  RulesetsParts parts = Parts(registry_);
  parts.max_test_time = absl::ZeroDuration();
  const RulesetsService service(parts);
  v1::CheckRulesetRequest request;
  request.set_bundle(testing::BundleOf(testing::RulesOfVersion("1.0.0")));
  EXPECT_TRUE(service.CheckRuleset(request, caller_).ok());
  request.set_run_tests(true);
  const absl::Status status = service.CheckRuleset(request, caller_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(status.message()), HasSubstr("plumbline rules test"));
}

TEST_F(RulesetsServiceTest, MistakesOfTheRulesAreTheAnswerWithTheirPlaces) {
  const auto checked =
      Check(*registry::EncodeBundle({{"broken.textproto", "manifest {\n  nonsense: 1\n}\n"}}));
  ASSERT_TRUE(checked.ok()) << checked.status();
  EXPECT_FALSE(checked->valid());
  ASSERT_GT(checked->issues_size(), 0);
  EXPECT_EQ(checked->issues(0).severity(), "error");
  EXPECT_EQ(checked->issues(0).file(), "broken.textproto");
  EXPECT_EQ(checked->issues(0).line(), 2);
}

TEST_F(RulesetsServiceTest, BytesThatAreNoRulesetFileAreInvalid) {
  for (const std::string& bytes :
       {std::string(), std::string("x"), snapshot_->stable->bundle->substr(0, 100)}) {
    const absl::Status status = Check(bytes).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(ReasonOf(status), v1::ERROR_REASON_INVALID_REQUEST);
  }
}

TEST_F(RulesetsServiceTest, WithoutARegistryNothingCanBeActivated) {
  const absl::Status status = service_.Activate(v1::ActivateRequest(), caller_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(status), v1::ERROR_REASON_ACTIVATION_REFUSED);
}

TEST_F(RulesetsServiceTest, StatusTellsAliasesSharesAndTraffic) {
  for (int i = 0; i < 3; ++i) {
    ++*registry_.Choose("", "").answers;
  }
  registry_.Choose("", "");  // for a request that is refused
  const auto status = service_.GetActivationStatus({}, caller_);
  ASSERT_TRUE(status.ok());
  EXPECT_EQ(status->serial(), 7u);
  ASSERT_EQ(status->aliases_size(), 2);
  EXPECT_EQ(status->aliases(0).alias(), "stable");
  EXPECT_EQ(status->aliases(1).alias(), "canary");
  EXPECT_EQ(status->aliases(1).share_basis_points(), 500u);
  ASSERT_GE(status->traffic_size(), 1);
  EXPECT_EQ(status->traffic(0).alias(), "stable");
  EXPECT_EQ(status->traffic(0).answered(), 3u);
}

TEST_F(RulesetsServiceTest, BeforeAnythingIsActiveReadingSaysSo) {
  const registry::RulesetRegistry empty;
  const RulesetsService service(Parts(empty));
  EXPECT_THAT(service.ListRevisions({}, caller_)->revisions(), IsEmpty());
  EXPECT_EQ(service.GetActivationStatus({}, caller_)->serial(), 0u);
  const absl::Status status = service.GetRevision({}, caller_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(status), v1::ERROR_REASON_NO_ACTIVE_RULESET);
}

}  // namespace
}  // namespace plumbline::service
