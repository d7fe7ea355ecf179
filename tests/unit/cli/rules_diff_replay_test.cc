// `rules diff` between two released versions with a replay of a log: the patients behind a real
// change.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "google/protobuf/util/json_util.h"
#include "plumbline/v1/ruleset_diff.pb.h"
#include "server/base/note_key.h"
#include "server/base/random.h"
#include "server/cli/cli.h"
#include "server/cli/load_rules.h"
#include "server/cli/log_stack.h"
#include "server/service/engine_evaluator.h"
#include "server/service/evaluate_service.h"
#include "server/store/segment/segment_log_store.h"
#include "server/store/sqlite/sqlite_query_index.h"

namespace plumbline::cli {
namespace {

using ::testing::ElementsAreArray;
using ::testing::HasSubstr;

std::string Release(const std::string& version) {
  return absl::StrCat(std::getenv("PLUMBLINE_SOURCE_DIR"), "/rules/releases/low_back_pain-",
                      version, ".plumb");
}

absl::StatusOr<LogFiles> OpenFiles(const std::string& folder, bool /*create*/) {
  auto store = store::SegmentLogStore::Open(folder);
  if (!store.ok()) return store.status();
  auto index = store::SqliteQueryIndex::Open(folder + "/index.sqlite");
  if (!index.ok()) return index.status();
  LogFiles files;
  files.store = *std::move(store);
  files.index = *std::move(index);
  return files;
}

// A log of decisions under release 0.2.0.
class RulesDiffReplayTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_ + "/log");
    OpenSslRandomSource random;
    Write("log.key", GenerateNoteKey(random, "test.example/log")->skey);
    Write("master.key", "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n");
    Decide();
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ + "/" + name) << text;
    std::filesystem::permissions(folder_ + "/" + name, std::filesystem::perms::owner_read |
                                                           std::filesystem::perms::owner_write);
  }

  LogStackOptions StackOptions() const {
    LogStackOptions options;
    options.folder = folder_ + "/log";
    options.create = true;
    options.key_file = folder_ + "/master.key";
    options.signing_key_file = folder_ + "/log.key";
    return options;
  }

  static v1::EvaluateRequest RequestOf(v1::Tri steroids, std::optional<int> duration_days,
                                       v1::Tri saddle) {
    v1::EvaluateRequest request;
    v1::Intake& intake = *request.mutable_intake();
    intake.mutable_person()->set_age_years(45);
    if (duration_days) intake.mutable_person()->set_duration_days(*duration_days);
    intake.mutable_injury()->set_steroid_use(steroids);
    intake.mutable_cauda_equina()->set_ces_saddle(saddle);
    request.mutable_as_of()->set_year(2026);
    request.mutable_as_of()->set_month(6);
    request.mutable_as_of()->set_day(1);
    return request;
  }

  void Decide() {
    auto stack = LogStack::Open(StackOptions(), &OpenFiles);
    ASSERT_TRUE(stack.ok()) << stack.status();
    std::ostringstream err;
    const auto rules = LoadRules(Release("0.2.0"), err);
    ASSERT_NE(rules, nullptr) << err.str();
    const service::SingleRulesetSource source(service::ServeRuleset(rules));
    const service::EvaluateService evaluate(&source, &(*stack)->recorder());
    const v1::EvaluateRequest requests[] = {
        RequestOf(v1::TRI_YES, 14, v1::TRI_NO),
        RequestOf(v1::TRI_NO, 14, v1::TRI_NO),
        RequestOf(v1::TRI_YES, 200, v1::TRI_NO),
        // Raised: it is not known how new the pain is.
        RequestOf(v1::TRI_YES, std::nullopt, v1::TRI_NO),
        // Something more urgent decides the level and its limit.
        RequestOf(v1::TRI_YES, 14, v1::TRI_YES),
    };
    for (const v1::EvaluateRequest& request : requests) {
      const auto answer = evaluate.EvaluateAndWait(request, {"ward-7", true});
      ASSERT_TRUE(answer.ok()) << answer.status();
      v1::EvaluateResponse response;
      ASSERT_TRUE(response.ParseFromString(answer->response));
      const auto& fired = response.decision().fired_rules();
      if (std::any_of(fired.begin(), fired.end(), [](const v1::FiredRule& rule) {
            return rule.rationale().rule_id() == "RF-FX-5";
          })) {
        with_rule_.push_back(response.decision_id());
      }
    }
  }

  std::string Diff(const std::string& format) const {
    const std::string log = folder_ + "/log";
    const std::string key = folder_ + "/master.key";
    const std::string before = Release("0.2.0");
    const std::string after = Release("0.3.0");
    const char* arguments[] = {"plumbline",   "rules",    "diff",        before.c_str(),
                               after.c_str(), "--replay", log.c_str(),   "--log-key",
                               key.c_str(),   "--format", format.c_str()};
    std::istringstream in;
    std::ostringstream out;
    std::ostringstream err;
    Environment environment{in, out, err};
    environment.open_log =
        [](const OpenLogOptions& options) -> absl::StatusOr<std::unique_ptr<OpenedLog>> {
      LogStackOptions stack;
      stack.folder = options.folder;
      stack.key_file = options.key_file;
      stack.signing_key_file = options.signing_key_file;
      auto opened = LogStack::Open(stack, &OpenFiles);
      if (!opened.ok()) return opened.status();
      return std::unique_ptr<OpenedLog>(*std::move(opened));
    };
    EXPECT_EQ(RunCli(static_cast<int>(std::size(arguments)), arguments, environment), kExitOk)
        << err.str();
    return out.str();
  }

  const std::string folder_ = ::testing::TempDir() + "/rules_diff_replay_" +
                              ::testing::UnitTest::GetInstance()->current_test_info()->name();
  // Decisions in which RF-FX-5 fired.
  std::vector<std::string> with_rule_;
};

// 0.3.0 gives long steroid use with new pain 7 days instead of 14, and changes nothing else.
TEST_F(RulesDiffReplayTest, TheRuleWithAnotherLimitIsAlteredForThosePatientsForWhomItFired) {
  ASSERT_EQ(with_rule_.size(), 3u);
  v1::RulesetDiff diff;
  const std::string json = Diff("json");
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(json, &diff).ok()) << json;
  const v1::ImpactReport& report = diff.impact();
  EXPECT_EQ(report.evaluated(), 5u);
  EXPECT_EQ(report.time_limit_changed(), 3u);
  EXPECT_EQ(report.level_changed() + report.gate_changed() + report.programme_changed(), 0u);
  EXPECT_EQ(report.otherwise_changed(), 0u) << "it is more than words for all of them";
  const auto change =
      std::find_if(diff.changes().begin(), diff.changes().end(),
                   [](const v1::ElementChange& c) { return c.element_id() == "RF-FX-5"; });
  ASSERT_NE(change, diff.changes().end());
  EXPECT_EQ(change->impact().altered(), 3u);
  EXPECT_EQ(change->impact().alterations().time_limit(), 3u);
  EXPECT_EQ(change->impact().appears() + change->impact().disappears(), 0u);
  EXPECT_EQ(change->impact().level_changed(), 0u);
  EXPECT_THAT(change->impact().example_ids(), ElementsAreArray(with_rule_));
}

TEST_F(RulesDiffReplayTest, TheTextSaysForHowMany) {
  EXPECT_THAT(Diff("text"), HasSubstr("altered for 3 (time limit 3)"));
  EXPECT_THAT(Diff("md"), HasSubstr("Another time limit: 3."));
}

}  // namespace
}  // namespace plumbline::cli
