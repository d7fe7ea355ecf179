// `plumbline serve --registry`: activation by RPC, under load, with canary and shadow.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "server/registry/bundle.h"
#include "tests/integration/serve_child.h"
#include "tests/testing/registry/test_deployment.h"
#include "tests/testing/ruleset/minimal_ruleset.h"

namespace plumbline {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

// Of the stable rules and of others, in which "older" begins at another age.
std::string RulesOf(const std::string& version, const std::string& older = "60") {
  return testing::Edited(testing::RulesOfVersion(version), "age_years >= 60",
                         "age_years >= " + older);
}

class ActivationTest : public ::testing::Test {
 protected:
  ActivationTest() {
    std::filesystem::create_directories(folder_.path("registry"));
    trust_ = folder_.Write("trust.policy", clinic_.PolicyText());
  }

  std::vector<std::vector<std::string>> Arguments(std::vector<std::string> more = {}) const {
    return {{"--registry", folder_.path("registry"), "--trust", trust_, "--log-calls", "failures"},
            folder_.Log(),
            std::move(more)};
  }

  v1::ActivateRequest Request(const registry::Manifest& manifest,
                              const std::vector<std::string>& bundles = {}) const {
    v1::ActivateRequest request;
    request.set_manifest(clinic_.Sign(manifest));
    for (const std::string& bundle : bundles) {
      request.add_bundles(bundle);
      request.add_approvals(clinic_.ApproveFully(bundle));
    }
    return request;
  }

  static grpc::Status Activate(ServeChild& server, const v1::ActivateRequest& request) {
    v1::ActivateResponse response;
    return server.rulesets().Activate(Context("Rita Release").get(), request, &response);
  }

  static v1::GetActivationStatusResponse Status(ServeChild& server) {
    v1::GetActivationStatusResponse status;
    EXPECT_TRUE(server.rulesets().GetActivationStatus(Context().get(), {}, &status).ok());
    return status;
  }

  static std::vector<v1::RecordSummary> AllDecisions(ServeChild& server) {
    v1::ListRecordsRequest request;
    request.set_page_size(1000);
    request.mutable_filter()->add_kinds(v1::RECORD_KIND_DECISION);
    std::vector<v1::RecordSummary> all;
    do {
      v1::ListRecordsResponse page;
      const grpc::Status status = server.audit().ListRecords(Context().get(), request, &page);
      EXPECT_TRUE(status.ok()) << status.error_message();
      all.insert(all.end(), page.records().begin(), page.records().end());
      request.set_page_token(page.next_page_token());
    } while (!request.page_token().empty());
    return all;
  }

  static std::string HealthOf(ServeChild& server) {
    testing::RawCallOptions health;
    health.method = "/grpc.health.v1.Health/Check";
    return testing::RawCall(server.Main(), "", health).response;
  }

  ServeFolder folder_;
  testing::TestDeployment clinic_;
  std::string trust_;
  const std::string first_ = testing::BundleOf(RulesOf("1.0.0"));
  const std::string second_ = testing::BundleOf(RulesOf("1.1.0"));
};

const std::string kServing("\x08\x01", 2);
const std::string kNotServing("\x08\x02", 2);

TEST_F(ActivationTest, EmptyRegistryServesNothingUntilSomethingIsActivated) {
  ServeChild server(Arguments());
  EXPECT_EQ(HealthOf(server), kNotServing);
  v1::EvaluateResponse response;
  grpc::Status status = server.triage().Evaluate(Context().get(), RequestOf(""), &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(ReasonOf(status), v1::ERROR_REASON_NO_ACTIVE_RULESET);
  const std::string revision = testing::RevisionOf(first_);
  status = Activate(server, Request(clinic_.ManifestOf(1, revision), {first_}));
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(HealthOf(server), kServing);
  EXPECT_EQ(server.Evaluate(RequestOf("")).decision().ruleset().revision(), revision);
}

TEST_F(ActivationTest, RefusedManifestLeavesWhatWasActiveAndIsOnRecord) {
  ServeChild server(Arguments());
  const std::string one = testing::RevisionOf(first_);
  const std::string two = testing::RevisionOf(second_);
  ASSERT_TRUE(Activate(server, Request(clinic_.ManifestOf(5, one), {first_})).ok());

  // Without approvals; with a serial that was passed; not signed; expecting something else.
  v1::ActivateRequest unapproved = Request(clinic_.ManifestOf(6, two), {second_});
  unapproved.clear_approvals();
  v1::ActivateRequest older = Request(clinic_.ManifestOf(4, two), {second_});
  v1::ActivateRequest unsigned_manifest = Request(clinic_.ManifestOf(6, two), {second_});
  unsigned_manifest.set_manifest("plumbline-manifest/v1\n");
  unsigned_manifest.mutable_bundles(0)->resize(100);  // nobody gets to see that
  for (const auto& [request, step] :
       {std::pair(unapproved, "approvals: "), std::pair(older, "serial: "),
        std::pair(unsigned_manifest, "signature: ")}) {
    const grpc::Status status = Activate(server, request);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
    EXPECT_EQ(ReasonOf(status), v1::ERROR_REASON_ACTIVATION_REFUSED);
    EXPECT_THAT(status.error_message(), HasSubstr(step));
  }
  v1::ActivateRequest expecting = Request(clinic_.ManifestOf(6, two), {second_});
  expecting.set_expect_current(two);
  const grpc::Status unexpected = Activate(server, expecting);
  EXPECT_EQ(unexpected.error_code(), grpc::StatusCode::ABORTED);
  EXPECT_EQ(ReasonOf(unexpected), v1::ERROR_REASON_UNEXPECTED_ACTIVE);

  EXPECT_EQ(server.Evaluate(RequestOf("")).decision().ruleset().revision(), one);
  const auto status = Status(server);
  EXPECT_EQ(status.serial(), 5u);
  EXPECT_EQ(status.activations(), 1u);
  EXPECT_EQ(status.failures(), 5u);  // at the start, the registry was empty
  EXPECT_EQ(status.last_failure().step(), "expect-current");
  const auto records = server.List(v1::RECORD_KIND_ACTIVATION);
  EXPECT_THAT(records.records(), SizeIs(6));
  EXPECT_EQ(records.records(0).caller(), "Rita Release");

  // And the same, with the right expectation.
  expecting.set_expect_current(one);
  EXPECT_TRUE(Activate(server, expecting).ok());
  EXPECT_EQ(server.Evaluate(RequestOf("")).decision().ruleset().revision(), two);
}

TEST_F(ActivationTest, RefusalIsOnRecordUnderTheNameOfWhoAsked) {
  ServeChild server(Arguments());
  const std::string one = testing::RevisionOf(first_);
  ASSERT_TRUE(Activate(server, Request(clinic_.ManifestOf(1, one), {first_})).ok());
  v1::ActivateRequest cut = Request(clinic_.ManifestOf(2, testing::RevisionOf(second_)), {second_});
  cut.mutable_bundles(0)->resize(100);
  v1::ActivateResponse response;
  const grpc::Status status =
      server.rulesets().Activate(Context("Olga Other").get(), cut, &response);
  EXPECT_THAT(status.error_message(), HasSubstr("read: "));
  EXPECT_EQ(server.List(v1::RECORD_KIND_ACTIVATION).records(0).caller(), "Olga Other");
}

TEST_F(ActivationTest, RulesBadlyTestedOrOutOfDateAreRefused) {
  ServeChild server(Arguments());
  const std::string one = testing::RevisionOf(first_);
  ASSERT_TRUE(Activate(server, Request(clinic_.ManifestOf(1, one), {first_})).ok());
  const std::string rules = RulesOf("1.2.0");
  const std::string from = "effective_from { year: 2026 month: 1 day: 31 }";
  const std::string expired =
      testing::Edited(rules, from, from + " effective_until { year: 2026 month: 1 day: 31 }");
  const std::string future =
      testing::Edited(rules, from, "effective_from { year: 9000 month: 1 day: 1 }");
  std::vector<testing::BadlyTestedRules> refused = testing::BadlyTested("1.2.0");
  refused.push_back({"Expired", expired, "it was valid until 2026-01-31"});
  refused.push_back({"Future", future, "it is valid from 9000-01-01"});
  for (const testing::BadlyTestedRules& bad : refused) {
    SCOPED_TRACE(bad.name);
    const std::string bundle = testing::BundleOf(bad.rules);
    const grpc::Status status =
        Activate(server, Request(clinic_.ManifestOf(2, testing::RevisionOf(bundle)), {bundle}));
    EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
    EXPECT_THAT(status.error_message(), HasSubstr(bad.reason));
  }
  EXPECT_EQ(server.Evaluate(RequestOf("")).decision().ruleset().revision(), one);
}

TEST_F(ActivationTest, TrialChangesNothing) {
  ServeChild server(Arguments());
  const std::string one = testing::RevisionOf(first_);
  ASSERT_TRUE(Activate(server, Request(clinic_.ManifestOf(1, one), {first_})).ok());
  v1::ActivateRequest trial =
      Request(clinic_.ManifestOf(2, testing::RevisionOf(second_)), {second_});
  trial.set_validate_only(true);
  EXPECT_TRUE(Activate(server, trial).ok());
  const uint64_t failures = Status(server).failures();
  trial.mutable_bundles(0)->resize(100);
  EXPECT_FALSE(Activate(server, trial).ok());
  EXPECT_EQ(Status(server).failures(), failures) << "a trial that fails is no refusal";
  EXPECT_EQ(Status(server).serial(), 1u);
  EXPECT_EQ(server.Evaluate(RequestOf("")).decision().ruleset().revision(), one);
}

TEST_F(ActivationTest, WhatWasActiveIsActiveAgainAfterARestart) {
  const std::string one = testing::RevisionOf(first_);
  {
    ServeChild server(Arguments());
    ASSERT_TRUE(Activate(server, Request(clinic_.ManifestOf(3, one), {first_})).ok());
    server.Stop();
  }
  ServeChild server(Arguments());
  EXPECT_EQ(Status(server).serial(), 3u);
  EXPECT_EQ(server.Evaluate(RequestOf("")).decision().ruleset().revision(), one);
}

// A decision under a manifest comes after the record that it goes live, also when many are under
// way.
TEST_F(ActivationTest, NoDecisionComesBeforeTheRecordOfItsActivation) {
  ServeChild server(Arguments());
  const std::string one = testing::RevisionOf(first_);
  const std::string two = testing::RevisionOf(second_);
  ASSERT_TRUE(Activate(server, Request(clinic_.ManifestOf(1, one), {first_})).ok());
  ASSERT_TRUE(Activate(server, Request(clinic_.ManifestOf(2, two), {second_})).ok());
  std::atomic<bool> go_on{true};
  std::vector<std::thread> callers;
  for (int t = 0; t < 3; ++t) {
    callers.emplace_back([&] {
      const auto stub = v1::TriageService::NewStub(server.Main());
      while (go_on) {
        v1::EvaluateResponse response;
        EXPECT_TRUE(stub->Evaluate(Context().get(), RequestOf(""), &response).ok());
      }
    });
  }
  for (uint64_t serial = 3; serial <= 60; ++serial) {
    EXPECT_TRUE(
        Activate(server, Request(clinic_.ManifestOf(serial, serial % 2 == 0 ? two : one))).ok());
  }
  go_on = false;
  for (std::thread& caller : callers) {
    caller.join();
  }
  std::map<uint64_t, std::pair<uint64_t, std::string>> live;  // serial: index, revision
  const v1::ListRecordsResponse activations = server.List(v1::RECORD_KIND_ACTIVATION);
  for (const auto& record : activations.records()) {
    if (!record.revision().empty()) {
      live[record.manifest_serial()] = {record.index(), record.revision()};
    }
  }
  ASSERT_THAT(live, SizeIs(60));
  std::set<uint64_t> decided;
  for (const v1::RecordSummary& record : AllDecisions(server)) {
    decided.insert(record.manifest_serial());
    ASSERT_EQ(live.count(record.manifest_serial()), 1u);
    const auto& [index, revision] = live[record.manifest_serial()];
    EXPECT_GT(record.index(), index) << record.manifest_serial();
    EXPECT_EQ(record.revision(), revision);
  }
  EXPECT_GT(decided.size(), 10u);
}

// The process dies when the manifest is stored but not on record, and when it is on record but not
// active: the next start activates it, and says so before it answers.
TEST_F(ActivationTest, DeathBeforeTheSwapLeavesALogThatTellsTheTruth) {
  const std::string one = testing::RevisionOf(first_);
  const std::string two = testing::RevisionOf(second_);
  uint64_t serial = 0;
  for (const std::string place : {"activation-stored", "activation-recorded"}) {
    SCOPED_TRACE(place);
    {
      // The second hit: one activation is that of the start, or the first by RPC.
      ServeChild server(Arguments(), place + ":2=exit");
      if (serial == 0) {
        ASSERT_TRUE(Activate(server, Request(clinic_.ManifestOf(++serial, one), {first_})).ok());
      }
      EXPECT_FALSE(Activate(server, Request(clinic_.ManifestOf(++serial, two), {second_})).ok());
      EXPECT_EQ(server.process().Wait(), 86);
    }
    ServeChild server(Arguments());
    EXPECT_EQ(Status(server).serial(), serial);
    const v1::EvaluateResponse answer = server.Evaluate(RequestOf(""));
    EXPECT_EQ(answer.decision().ruleset().revision(), two);
    const auto record = server.List(v1::RECORD_KIND_ACTIVATION).records(0);
    EXPECT_EQ(record.revision(), two);
    EXPECT_EQ(record.manifest_serial(), serial);
    EXPECT_LT(record.index(), answer.record_index());
    // Back, for the second place.
    ASSERT_TRUE(Activate(server, Request(clinic_.ManifestOf(++serial, one), {first_})).ok());
    EXPECT_EQ(server.Stop(), 0);
  }
}

TEST_F(ActivationTest, WhatCannotBePutOnRecordIsRefusedAndTheOldOneServes) {
  const std::string one = testing::RevisionOf(first_);
  const std::string two = testing::RevisionOf(second_);
  {
    ServeChild server(Arguments(), "activation-stored:2=error");
    ASSERT_TRUE(Activate(server, Request(clinic_.ManifestOf(1, one), {first_})).ok());
    const v1::ActivateRequest next = Request(clinic_.ManifestOf(2, two), {second_});
    const grpc::Status status = Activate(server, next);
    EXPECT_EQ(ReasonOf(status), v1::ERROR_REASON_ACTIVATION_REFUSED);
    EXPECT_THAT(status.error_message(), HasSubstr("record: "));
    EXPECT_EQ(Status(server).last_failure().step(), "record");
    EXPECT_EQ(server.Evaluate(RequestOf("")).decision().ruleset().revision(), one);
    EXPECT_EQ(server.Stop(), 0);
  }
  ServeChild server(Arguments());
  EXPECT_EQ(server.Evaluate(RequestOf("")).decision().ruleset().revision(), one);
  EXPECT_TRUE(Activate(server, Request(clinic_.ManifestOf(2, two), {second_})).ok());
  EXPECT_EQ(server.Evaluate(RequestOf("")).decision().ruleset().revision(), two);
}

// A restart after an activation by RPC: the folder lags behind, which is no refusal.
TEST_F(ActivationTest, FolderThatIsOlderThanWhatCameByRpcIsNoRefusal) {
  const std::string one = testing::RevisionOf(first_);
  const std::string two = testing::RevisionOf(second_);
  clinic_.PutRelease(folder_.path("registry"), first_);
  clinic_.PutManifest(folder_.path("registry"), clinic_.Sign(clinic_.ManifestOf(1, one)));
  {
    ServeChild server(Arguments());
    ASSERT_TRUE(Activate(server, Request(clinic_.ManifestOf(2, two), {second_})).ok());
    server.Stop();
  }
  {
    ServeChild server(Arguments());
    const auto status = Status(server);
    EXPECT_EQ(status.serial(), 2u);
    EXPECT_EQ(status.activations(), 1u);
    EXPECT_EQ(status.failures(), 0u) << status.last_failure().message();
    EXPECT_THAT(server.List(v1::RECORD_KIND_ACTIVATION).records(), SizeIs(3))
        << "1 and 2, and 2 again at the start";
    server.Stop();
  }
  // Another manifest with the same serial is something else.
  clinic_.PutManifest(folder_.path("registry"), clinic_.Sign(clinic_.ManifestOf(2, one)));
  ServeChild server(Arguments());
  EXPECT_EQ(Status(server).serial(), 2u);
  EXPECT_EQ(Status(server).failures(), 1u);
  EXPECT_THAT(Status(server).last_failure().message(), HasSubstr("with another manifest"));
  EXPECT_EQ(server.Evaluate(RequestOf("")).decision().ruleset().revision(), two);
}

TEST_F(ActivationTest, StatusCountsAnswersOnly) {
  ServeChild server(Arguments());
  ASSERT_TRUE(
      Activate(server, Request(clinic_.ManifestOf(1, testing::RevisionOf(first_)), {first_})).ok());
  server.Evaluate(RequestOf(""));
  server.Evaluate(RequestOf(""));
  v1::EvaluateRequest early = RequestOf("");
  early.mutable_as_of()->set_year(2020);
  v1::EvaluateResponse response;
  const grpc::Status refused = server.triage().Evaluate(Context().get(), early, &response);
  EXPECT_EQ(ReasonOf(refused), v1::ERROR_REASON_RULESET_NOT_EFFECTIVE);
  const auto status = Status(server);
  ASSERT_GE(status.traffic_size(), 1);
  EXPECT_EQ(status.traffic(0).alias(), "stable");
  EXPECT_EQ(status.traffic(0).answered(), 2u);
}

// With --rules, too.
TEST_F(ActivationTest, OneRulesetForGoodCountsItsAnswers) {
  ServeChild server({folder_.Rules()});
  server.Evaluate(RequestOf(""));
  const auto status = Status(server);
  ASSERT_GE(status.traffic_size(), 1);
  EXPECT_EQ(status.traffic(0).answered(), 1u);
  EXPECT_EQ(status.serial(), 0u);
}

// A real ruleset file, by the command that people use.
TEST_F(ActivationTest, RealRulesetFileIsCheckedOnTheAdministrativeAddress) {
  const std::string port_file = folder_.path("admin.port");
  ServeChild server(Arguments({"--admin-port-file", port_file}));
  const auto check = [](const std::string& address) {
    return testing::ChildProcess({PLUMBLINE_BINARY, "registry", "check",
                                  std::string(std::getenv("PLUMBLINE_SOURCE_DIR")) +
                                      "/rules/releases/low_back_pain-0.1.0.plumb",
                                  "--test", "--server", address, "--deadline-ms", "120000"});
  };
  std::string port = testing::ReadFile(port_file);
  port.pop_back();
  testing::ChildProcess checked = check("127.0.0.1:" + port);
  EXPECT_EQ(checked.Wait(), 0) << checked.errors();
  EXPECT_THAT(checked.output(), HasSubstr("version 0.1.0: valid, 398 tests passed, 0 failed"));
  EXPECT_THAT(checked.output(), HasSubstr("vignettes: 398 passed, 0 failed"));

  testing::ChildProcess refused = check(server.address());
  EXPECT_EQ(refused.Wait(), 4);
  EXPECT_THAT(refused.errors(), HasSubstr("takes no request of this size"));
  EXPECT_THAT(refused.errors(), HasSubstr("administrative address"));
}

TEST_F(ActivationTest, WatchedFolderIsTakenUp) {
  ServeChild server(Arguments({"--watch", "--watch-interval-ms", "20"}));
  const std::string one = testing::RevisionOf(first_);
  clinic_.PutRelease(folder_.path("registry"), first_);
  clinic_.PutManifest(folder_.path("registry"), clinic_.Sign(clinic_.ManifestOf(1, one)));
  for (int i = 0; i < 500 && HealthOf(server) != kServing; ++i) {
    absl::SleepFor(absl::Milliseconds(20));
  }
  EXPECT_EQ(server.Evaluate(RequestOf("")).decision().ruleset().revision(), one);
}

TEST_F(ActivationTest, SwapsUnderLoadFailNoCall) {
  const int swaps = std::getenv("PLUMBLINE_NIGHTLY") != nullptr ? 5000 : 1000;
  ServeChild server(Arguments());
  const std::string one = testing::RevisionOf(first_);
  const std::string two = testing::RevisionOf(second_);
  ASSERT_TRUE(Activate(server, Request(clinic_.ManifestOf(1, one), {first_})).ok());
  ASSERT_TRUE(Activate(server, Request(clinic_.ManifestOf(2, two), {second_})).ok());
  std::atomic<bool> go_on{true};
  std::atomic<int> failed{0};
  std::atomic<int> of_one{0};
  std::atomic<int> of_two{0};
  std::vector<std::thread> callers;
  for (int t = 0; t < 2; ++t) {
    callers.emplace_back([&] {
      const auto stub = v1::TriageService::NewStub(server.Main());
      while (go_on) {
        v1::EvaluateResponse response;
        if (!stub->Evaluate(Context().get(), RequestOf(""), &response).ok()) {
          ++failed;
        } else if (response.decision().ruleset().revision() == one) {
          ++of_one;
        } else {
          EXPECT_EQ(response.decision().ruleset().revision(), two);
          ++of_two;
        }
      }
    });
  }
  for (int i = 0; i < swaps; ++i) {
    const registry::Manifest manifest =
        clinic_.ManifestOf(static_cast<uint64_t>(i) + 3, i % 2 == 0 ? one : two);
    const grpc::Status status = Activate(server, Request(manifest));
    ASSERT_TRUE(status.ok()) << i << ": " << status.error_message();
  }
  go_on = false;
  for (std::thread& caller : callers) {
    caller.join();
  }
  EXPECT_EQ(failed, 0);
  EXPECT_GT(of_one, 0);
  EXPECT_GT(of_two, 0);
  EXPECT_EQ(Status(server).activations(), static_cast<uint64_t>(swaps) + 2);
  RecordProperty("answered", of_one + of_two);
}

TEST_F(ActivationTest, CanaryGetsItsShareAndShadowIsCompared) {
  ServeChild server(Arguments());
  const std::string shadowing = testing::BundleOf(RulesOf("2.0.0", "70"));
  registry::Manifest manifest = clinic_.ManifestOf(1, testing::RevisionOf(first_));
  manifest.canary = testing::RevisionOf(second_);
  manifest.canary_basis_points = 1000;
  manifest.shadow = testing::RevisionOf(shadowing);
  const grpc::Status activated = Activate(server, Request(manifest, {first_, second_, shadowing}));
  ASSERT_TRUE(activated.ok()) << activated.error_message();

  // Every fourth patient is 65 and has a fever: urgent for the stable rules, not for the shadow's.
  constexpr int kCalls = 6000;
  const auto context = Context("batch", 120);
  const auto stream = server.triage().EvaluateStream(context.get());
  std::thread sender([&] {
    for (int i = 0; i < kCalls; ++i) {
      v1::EvaluateStreamRequest item;
      *item.mutable_request() = RequestOf("c-" + std::to_string(i), i % 4 == 0 ? 65 : 40);
      item.mutable_request()->mutable_intake()->mutable_general_illness()->set_fever(v1::TRI_YES);
      stream->Write(item);
    }
    stream->WritesDone();
  });
  std::map<std::string, int> by_revision;
  for (v1::EvaluateStreamResponse answer; stream->Read(&answer);) {
    EXPECT_TRUE(answer.has_response()) << answer.error().message();
    ++by_revision[answer.response().decision().ruleset().revision()];
  }
  sender.join();
  ASSERT_TRUE(stream->Finish().ok());
  EXPECT_THAT(by_revision, SizeIs(2));
  EXPECT_NEAR(by_revision[manifest.canary] / double{kCalls}, 0.10, 0.01);

  // The shadow may be behind.
  v1::AliasTraffic shadow;
  for (int i = 0; i < 500; ++i) {
    const v1::GetActivationStatusResponse status = Status(server);
    for (const v1::AliasTraffic& traffic : status.traffic()) {
      if (traffic.alias() == "shadow") {
        shadow = traffic;
      }
    }
    if (static_cast<int>(shadow.compared() + shadow.skipped()) >= by_revision[manifest.stable]) {
      break;
    }
    absl::SleepFor(absl::Milliseconds(20));
  }
  EXPECT_EQ(static_cast<int>(shadow.compared() + shadow.skipped()), by_revision[manifest.stable]);
  ASSERT_GT(shadow.compared(), 0u);
  EXPECT_NEAR(static_cast<double>(shadow.disagreed()) / static_cast<double>(shadow.compared()),
              0.25, 0.1);
  ASSERT_THAT(shadow.by_rule(), SizeIs(::testing::Ge(1)));
  uint64_t active_only = 0;
  for (const v1::RuleDisagreement& rule : shadow.by_rule()) {
    if (rule.rule_id() == "RF-1") {
      active_only = rule.active_only();
    }
  }
  EXPECT_EQ(active_only, shadow.disagreed());
}

}  // namespace
}  // namespace plumbline
