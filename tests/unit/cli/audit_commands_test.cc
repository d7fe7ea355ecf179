// plumbline audit on a real log in a folder, through the command line.

#include "server/cli/audit_commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "google/protobuf/util/json_util.h"
#include "plumbline/v1/audit_service.pb.h"
#include "plumbline/v1/ruleset_diff.pb.h"
#include "server/audit/decision_log.h"
#include "server/base/note_key.h"
#include "server/base/random.h"
#include "server/cli/cli.h"
#include "server/cli/load_rules.h"
#include "server/cli/log_stack.h"
#include "server/registry/bundle.h"
#include "server/service/engine_evaluator.h"
#include "server/service/evaluate_service.h"
#include "server/service/shadow_disagreement.h"
#include "server/store/segment/segment_log_store.h"
#include "server/store/sqlite/sqlite_query_index.h"
#include "tests/testing/engine/small_ruleset.h"

namespace plumbline::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct CliResult {
  int code = -1;
  std::string out;
  std::string err;
};

void WriteFile(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

absl::StatusOr<LogFiles> OpenFiles(const std::string& folder, bool create) {
  if (!create && !std::filesystem::exists(folder + "/store.id")) {
    return absl::NotFoundError(absl::StrCat("there is no decision log in ", folder));
  }
  auto store = store::SegmentLogStore::Open(folder);
  if (!store.ok()) return store.status();
  auto index = store::SqliteQueryIndex::Open(folder + "/index.sqlite");
  if (!index.ok()) return index.status();
  std::vector<store::Problem> repairs = (*store)->repairs();
  return LogFiles{*std::move(store), *std::move(index), std::move(repairs)};
}

// One log for all tests that only read: it is made once, and each test gets a copy of the files.
class AuditCommandsTest : public ::testing::Test {
 protected:
  static constexpr int kAges[] = {44, 58, 61, 63, 72};

  static void SetUpTestSuite() {
    original_ = ::testing::TempDir() + absl::StrCat("/audit_commands_", getpid());
    std::filesystem::remove_all(original_);
    for (const char* folder : {"/rules", "/changed", "/log"}) {
      std::filesystem::create_directories(original_ + folder);
    }
    const std::string text = plumbline::testing::SmallRulesetText();
    WriteFile(original_ + "/rules/small.textproto", text);
    WriteFile(original_ + "/changed/small.textproto",
              plumbline::testing::Replaced(text, "weight_loss && age_years >= 60",
                                           "weight_loss && age_years >= 65"));
    WriteKeys();
    Record();
  }
  static void TearDownTestSuite() { std::filesystem::remove_all(original_); }

  static void WriteKeys() {
    OpenSslRandomSource random;
    const auto key = GenerateNoteKey(random, "test.example/log");
    WriteFile(original_ + "/log.key", key->skey);
    WriteFile(original_ + "/log.vkey", key->vkey + "\n");
    WriteFile(original_ + "/master.key",
              "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n");
    for (const char* file : {"/log.key", "/master.key"}) {
      std::filesystem::permissions(original_ + file, std::filesystem::perms::owner_read |
                                                         std::filesystem::perms::owner_write);
    }
  }

  static LogStackOptions StackOptions(const std::string& folder) {
    LogStackOptions options;
    options.folder = folder + "/log";
    options.create = true;
    options.key_file = original_ + "/master.key";
    options.signing_key_file = original_ + "/log.key";
    return options;
  }

  static void Record() {
    auto stack = LogStack::Open(StackOptions(original_), &OpenFiles);
    ASSERT_TRUE(stack.ok()) << stack.status();
    std::ostringstream err;
    const auto rules = LoadRules(original_ + "/rules", err);
    ASSERT_NE(rules, nullptr) << err.str();
    revision_ = rules->revision;
    const auto bundle = registry::EncodeBundle(*ruleset::ReadRulesetFolder(original_ + "/rules"));
    ASSERT_TRUE((*stack)->kept().Keep(rules->revision, *bundle).ok());
    const service::SingleRulesetSource source(service::ServeRuleset(rules));
    const service::EvaluateService evaluate(&source, &(*stack)->recorder());
    ids_.clear();
    for (const int age : kAges) {
      v1::EvaluateRequest request;
      v1::Intake& intake = *request.mutable_intake();
      intake.mutable_person()->set_age_years(age);
      intake.mutable_general_illness()->set_weight_loss(v1::TRI_YES);
      intake.mutable_general_illness()->set_fever(v1::TRI_NO);
      intake.mutable_cauda_equina()->set_ces_saddle(v1::TRI_NO);
      request.mutable_as_of()->set_year(2026);
      request.mutable_as_of()->set_month(1);
      request.mutable_as_of()->set_day(15);
      request.set_patient_pseudonym(absl::StrCat("patient-", age));
      const auto answer = evaluate.EvaluateAndWait(request, {"ward-7", true});
      ASSERT_TRUE(answer.ok()) << answer.status();
      v1::EvaluateResponse response;
      ASSERT_TRUE(response.ParseFromString(answer->response));
      ids_.push_back(response.decision_id());
    }
    ASSERT_TRUE((*stack)->log().Checkpoint(ids_.size()).ok());
  }

  void SetUp() override {
    folder_ = original_ + "_" + ::testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(folder_);
    std::filesystem::copy(original_, folder_, std::filesystem::copy_options::recursive);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string File(const std::string& name) const { return folder_ + "/" + name; }

  // Without the log's options.
  CliResult Run(std::vector<std::string> arguments, const std::string& input = "",
                bool terminal = false) const {
    arguments.insert(arguments.begin(), "audit");
    return RunAny(std::move(arguments), input, terminal);
  }

  CliResult RunAny(std::vector<std::string> arguments, const std::string& input = "",
                   bool terminal = false) const {
    arguments.insert(arguments.begin(), "plumbline");
    std::vector<const char*> argv;
    for (const std::string& argument : arguments) argv.push_back(argument.c_str());
    std::istringstream in(input);
    std::ostringstream out;
    std::ostringstream err;
    Environment environment{in, out, err};
    environment.terminal = terminal;
    environment.today = [] { return absl::CivilDay(2026, 3, 4); };
    environment.open_log_files = &OpenFiles;
    environment.open_log =
        [](const OpenLogOptions& options) -> absl::StatusOr<std::unique_ptr<OpenedLog>> {
      LogStackOptions stack;
      stack.folder = options.folder;
      stack.key_file = options.key_file;
      stack.signing_key_file = options.signing_key_file;
      auto log = LogStack::Open(stack, &OpenFiles);
      if (!log.ok()) return log.status();
      return std::unique_ptr<OpenedLog>(*std::move(log));
    };
    CliResult result;
    result.code = RunCli(static_cast<int>(argv.size()), argv.data(), environment);
    result.out = out.str();
    result.err = err.str();
    return result;
  }

  CliResult OnLog(const std::string& command, std::vector<std::string> arguments = {},
                  const std::string& input = "", bool terminal = false) const {
    std::vector<std::string> all = {command, "--log", File("log"), "--log-key", File("master.key")};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return Run(std::move(all), input, terminal);
  }

  static std::string original_;
  static std::string revision_;
  static std::vector<std::string> ids_;
  std::string folder_;
};

std::string AuditCommandsTest::original_;
std::string AuditCommandsTest::revision_;
std::vector<std::string> AuditCommandsTest::ids_;

// ---------------------------------------------------------------------------------------------------
// Reading

TEST_F(AuditCommandsTest, ListShowsNewestFirstWithRulesAndWithoutPatients) {
  const CliResult result = OnLog("list");
  ASSERT_EQ(result.code, kExitOk) << result.err;
  EXPECT_THAT(result.out, HasSubstr("URGENT_2W"));
  EXPECT_THAT(result.out, HasSubstr("ward-7 (proved)"));
  EXPECT_THAT(result.out, HasSubstr(revision_.substr(0, 8)));
  EXPECT_THAT(result.out, HasSubstr("RF-WEIGHT"));
  EXPECT_THAT(result.out, Not(HasSubstr("patient-")));
  size_t last = 0;
  for (auto id = ids_.rbegin(); id != ids_.rend(); ++id) {
    const size_t at = result.out.find(*id);
    ASSERT_NE(at, std::string::npos);
    EXPECT_GT(at, last);
    last = at;
  }
  for (const std::string& line : std::vector<std::string>(absl::StrSplit(result.out, '\n'))) {
    EXPECT_LE(line.size(), 100U) << line;
  }
}

TEST_F(AuditCommandsTest, ListFiltersAndStopsAtTheLimit) {
  const CliResult urgent = OnLog("list", {"--level", "urgent_2w", "--format", "ndjson"});
  EXPECT_EQ(std::count(urgent.out.begin(), urgent.out.end(), '\n'), 3);  // 61, 63, 72
  const CliResult two = OnLog("list", {"--limit", "2", "--format", "ndjson"});
  EXPECT_EQ(std::count(two.out.begin(), two.out.end(), '\n'), 2);
  const CliResult patient = OnLog("list", {"--patient", "patient-61", "--format", "json"});
  v1::ListRecordsResponse records;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(patient.out, &records).ok());
  ASSERT_EQ(records.records_size(), 1);
  EXPECT_EQ(records.records(0).id(), ids_[2]);
  EXPECT_THAT(OnLog("list", {"--from", "2099-01-01"}).out, HasSubstr("No such records"));
}

TEST_F(AuditCommandsTest, WrongFlagsAreNamed) {
  const CliResult from = OnLog("list", {"--from", "yesterday"});
  EXPECT_EQ(from.code, kExitUsage);
  EXPECT_THAT(from.err, HasSubstr("--from: \"yesterday\" is not a time"));
  EXPECT_EQ(OnLog("list", {"--to", "infinite-future"}).code, kExitUsage);
  EXPECT_EQ(OnLog("list", {"--to", "2026-02-30"}).code, kExitUsage);
  EXPECT_EQ(OnLog("list", {"--level", "worse"}).code, kExitUsage);
  const CliResult nowhere = Run({"list"});
  EXPECT_EQ(nowhere.code, kExitUsage);
  EXPECT_THAT(nowhere.err, HasSubstr("--log DIR or --server HOST:PORT"));
  EXPECT_EQ(Run({"list", "--log", "x", "--server", "y"}).code, kExitUsage);
}

TEST_F(AuditCommandsTest, ShowReadsLikeAChartNoteAndIsItselfOnRecord) {
  const CliResult result = OnLog("show", {ids_[2], "--purpose", "complaint 17"});
  ASSERT_EQ(result.code, kExitOk) << result.err;
  for (const char* part :
       {"DECISION, record 2", "ward-7 (proved by certificate)", "patient-61", "2026-01-15",
        "WHAT WAS KNOWN", "61", "WHAT WAS ANSWERED, AND WHY", "RF-WEIGHT", "UNDER WHICH RULES",
        "1.2.3", "yes: can be evaluated again", "IN THE LOG", "audit receipt 2"}) {
    EXPECT_THAT(result.out, HasSubstr(part));
  }
  EXPECT_THAT(result.out, HasSubstr(revision_));
  const CliResult access = OnLog("list", {"--kind", "access"});
  EXPECT_THAT(access.out, HasSubstr("patient data was read"));
  const CliResult by_index = OnLog("show", {"2", "--purpose", "complaint 17", "--format", "json"});
  v1::Record record;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(by_index.out, &record).ok());
  EXPECT_EQ(record.summary().id(), ids_[2]);
}

TEST_F(AuditCommandsTest, ShowOfADisagreementSaysWhereActiveAndShadowDiffer) {
  service::ShadowDisagreement disagreement;
  disagreement.decision_id = ids_[2];
  disagreement.patient_pseudonym = "patient-61";
  disagreement.active_revision = revision_;
  disagreement.shadow_revision = std::string(64, 'b');
  service::ShadowDisagreement refusal = disagreement;
  refusal.refused = true;
  service::DecisionChange& change = disagreement.change;
  change.level_changed = true;
  change.time_limit_changed = true;
  change.effects.appeared = {"RF-2", "RF-3"};
  change.effects.disappeared = {"RF-1"};
  change.effects.altered.push_back({"RF-5", {}});
  change.effects.altered[0].aspects.set(static_cast<size_t>(service::Aspect::kLevel));
  change.effects.altered[0].aspects.set(static_cast<size_t>(service::Aspect::kTimeLimit));
  {
    auto stack = LogStack::Open(StackOptions(folder_), &OpenFiles);
    ASSERT_TRUE(stack.ok()) << stack.status();
    for (const auto& event : {disagreement, refusal}) {
      ASSERT_TRUE((*stack)->events().Append(service::ToEvent(event)).ok());
    }
  }
  const CliResult result = OnLog("show", {"5", "--purpose", "p"});
  ASSERT_EQ(result.code, kExitOk) << result.err;
  for (const std::string& part :
       {std::string("SHADOW DISAGREEMENT, record 5"), ids_[2], std::string("patient-61"),
        std::string("the shadow revision answers otherwise"), std::string("WHERE THE TWO DISAGREE"),
        "Active      " + revision_, "Shadow      " + std::string(64, 'b'),
        std::string("Differ in   level, time limit\n"),
        std::string("Agree in    gate, programme, referrals, follow up"),
        std::string("Shadow only RF-2, RF-3\n"), std::string("Active only RF-1\n"),
        std::string("Otherwise   RF-5: level, time limit\n")}) {
    EXPECT_THAT(result.out, HasSubstr(part));
  }
  const CliResult refused = OnLog("show", {"6", "--purpose", "p"});
  ASSERT_EQ(refused.code, kExitOk) << refused.err;
  EXPECT_THAT(refused.out, HasSubstr("the shadow revision refuses the intake"));
  EXPECT_THAT(refused.out, HasSubstr("Active      " + revision_));
  EXPECT_THAT(refused.out, Not(HasSubstr("Agree in"))) << "nothing was compared";
  const CliResult json = OnLog("show", {"5", "--purpose", "p", "--format", "json"});
  v1::Record record;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(json.out, &record).ok());
  std::map<std::string, std::string> attributes;
  for (const v1::RecordAttribute& attribute : record.attributes()) {
    attributes[attribute.name()] = attribute.value();
  }
  EXPECT_EQ(attributes.size(), 12u);
  EXPECT_EQ(attributes["active_revision"], revision_);
  EXPECT_EQ(attributes["level"], "yes");
  EXPECT_EQ(attributes["altered"], "RF-5:level,time_limit");
}

TEST_F(AuditCommandsTest, ShowOfAnEventSaysWhatIsOnRecordOfIt) {
  ASSERT_EQ(OnLog("show", {ids_[2], "--purpose", "complaint 17"}).code, kExitOk);
  const CliResult access = OnLog("show", {"5", "--purpose", "p"});
  ASSERT_EQ(access.code, kExitOk) << access.err;
  EXPECT_THAT(access.out, HasSubstr("ACCESS, record 5"));
  EXPECT_THAT(access.out, HasSubstr("Purpose     complaint 17\n"));
}

TEST_F(AuditCommandsTest, ShowWithoutTheRulesNamesTheFieldsInstead) {
  // All kept rulesets, and not the texts of decisions, whose first byte is their version.
  size_t removed = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(File("log/objects"))) {
    if (!entry.is_regular_file() || std::ifstream(entry.path()).get() == 1) continue;
    std::filesystem::remove(entry.path());
    ++removed;
  }
  ASSERT_GT(removed, 0u);
  const CliResult result = OnLog("show", {"0", "--purpose", "p"});
  EXPECT_EQ(result.code, kExitOk) << result.err;
  EXPECT_THAT(result.out, HasSubstr("Age years: 44"));
  EXPECT_THAT(result.out, HasSubstr("Weight loss: yes"));
  EXPECT_THAT(result.out, HasSubstr("No: "));
  EXPECT_THAT(result.out, HasSubstr("not here: cannot be evaluated again"));
}

TEST_F(AuditCommandsTest, ShowNeedsAPurposeAndARecordThatIsThere) {
  EXPECT_EQ(OnLog("show", {"2"}).code, kExitUsage);
  const CliResult unknown = OnLog("show", {"4711", "--purpose", "p"});
  EXPECT_EQ(unknown.code, kExitBadInput);
  EXPECT_THAT(unknown.err, HasSubstr("4711"));
  EXPECT_EQ(OnLog("show", {"not-an-id", "--purpose", "p"}).code, kExitBadInput);
}

TEST_F(AuditCommandsTest, StatsCountByKindLevelAndRule) {
  const CliResult result = OnLog("stats");
  ASSERT_EQ(result.code, kExitOk) << result.err;
  EXPECT_THAT(result.out, HasSubstr("test.example/log"));
  EXPECT_THAT(result.out, HasSubstr("5  DECISION"));
  EXPECT_THAT(result.out, HasSubstr("3  URGENT_2W"));
  EXPECT_THAT(result.out, HasSubstr("3  RF-WEIGHT"));
}

// ---------------------------------------------------------------------------------------------------
// Proofs

TEST_F(AuditCommandsTest, ReceiptIsVerifiedOfflineAndAChangedLeafIsNot) {
  ASSERT_EQ(OnLog("receipt", {ids_[1], "-o", File("r")}).code, kExitOk);
  const CliResult good = Run({"verify", "--receipt", File("r"), "--vkey", File("log.vkey")});
  EXPECT_EQ(good.code, kExitOk) << good.out << good.err;
  EXPECT_THAT(good.out, HasSubstr("record 1 of test.example/log"));
  std::string leaf = ReadFile(File("r.leaf"));
  leaf[10] = static_cast<char>(leaf[10] ^ 1);
  WriteFile(File("r.leaf"), leaf);
  const CliResult bad = Run({"verify", "--receipt", File("r"), "--vkey", File("log.vkey")});
  EXPECT_EQ(bad.code, kExitCheckFailed);
  EXPECT_THAT(bad.out, HasSubstr("wrong: " + File("r")));
  EXPECT_EQ(Run({"verify", "--receipt", File("r")}).code, kExitUsage);
  EXPECT_EQ(Run({"verify", "--receipt", File("none"), "--vkey", File("log.vkey")}).code,
            kExitBadInput);
}

TEST_F(AuditCommandsTest, ReceiptOfAnUnknownRecordIsRefused) {
  const CliResult result = OnLog("receipt", {"019b7000-0000-7000-8000-000000000012"});
  EXPECT_EQ(result.code, kExitBadInput);
  EXPECT_EQ(result.out, "");
}

TEST_F(AuditCommandsTest, WholeLogIsVerifiedAndEveryWrongPlaceNamed) {
  ASSERT_EQ(OnLog("checkpoint", {"-o", File("cp")}).code, kExitOk);
  const CliResult good = OnLog("verify", {"--vkey", File("log.vkey"), "--checkpoint", File("cp")});
  EXPECT_EQ(good.code, kExitOk) << good.out << good.err;
  EXPECT_THAT(good.out, HasSubstr("5 records of test.example/log"));
  EXPECT_THAT(good.out, HasSubstr("OK: nothing is wrong."));
  EXPECT_THAT(OnLog("verify").out, HasSubstr("not checked: The verifier key came from"));
  EXPECT_THAT(Run({"verify", "--log", File("log"), "--vkey", File("log.vkey")}).out,
              HasSubstr("not checked:"))
      << "without keys nothing sealed is opened";
}

TEST_F(AuditCommandsTest, FlippedByteOfASegmentIsFound) {
  std::string segment;
  for (const auto& entry : std::filesystem::directory_iterator(File("log/segments"))) {
    if (entry.path().extension() == ".seg") segment = entry.path().string();
    if (segment.find("0001.seg") != std::string::npos) break;
  }
  std::string bytes = ReadFile(segment);
  const size_t at = bytes.find("0.1.0");  // the engine's version, in a leaf
  ASSERT_NE(at, std::string::npos);
  std::fstream file(segment, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(at));
  file.put('9');
  file.close();
  const CliResult bad = OnLog("verify", {"--vkey", File("log.vkey"), "--format", "json"});
  EXPECT_EQ(bad.code, kExitCheckFailed) << bad.out << bad.err;
  EXPECT_THAT(bad.out, HasSubstr("\"ok\": false"));
  EXPECT_THAT(bad.out, HasSubstr(".seg"));
}

TEST_F(AuditCommandsTest, WhatOpeningPutsRightIsNamedOnce) {
  for (const char* name : {"acknowledged.mark", "key_changes.journal"}) {
    std::string bytes = ReadFile(File("log/") + name);
    bytes[600] = static_cast<char>(bytes[600] ^ 1);
    WriteFile(File("log/") + name, bytes);
    const CliResult bad = OnLog("verify", {"--vkey", File("log.vkey"), "--format", "json"});
    EXPECT_EQ(bad.code, kExitCheckFailed) << bad.out << bad.err;
    EXPECT_THAT(bad.out, HasSubstr("\"problem_count\": 1"));
    EXPECT_THAT(bad.out, HasSubstr(name));
    EXPECT_THAT(bad.out, HasSubstr("(put right when the log was opened)"));
    const CliResult good = OnLog("verify", {"--vkey", File("log.vkey")});
    EXPECT_EQ(good.code, kExitOk) << good.out << good.err;
  }
}

TEST_F(AuditCommandsTest, CheckpointOfAnotherHistoryIsNoticed) {
  ASSERT_EQ(OnLog("hold", {"--everybody", "--reason", "more records"}).code, kExitOk);
  ASSERT_EQ(OnLog("checkpoint", {"-o", File("later")}).code, kExitOk);
  std::filesystem::remove_all(File("log"));
  std::filesystem::copy(original_ + "/log", File("log"), std::filesystem::copy_options::recursive);
  const CliResult result =
      OnLog("verify", {"--vkey", File("log.vkey"), "--checkpoint", File("later")});
  EXPECT_EQ(result.code, kExitCheckFailed) << result.out;
}

TEST_F(AuditCommandsTest, ExportedFolderIsVerifiedAndAFlippedByteFound) {
  ASSERT_EQ(OnLog("export", {"--tlog", File("www")}).code, kExitOk);
  const std::vector<std::string> verify = {"verify", "--tlog", File("www"), "--vkey",
                                           File("log.vkey")};
  EXPECT_EQ(Run(verify).code, kExitOk);
  const std::string tile = File("www/tile/entries/000.p/5");
  std::string bytes = ReadFile(tile);
  ASSERT_FALSE(bytes.empty());
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  WriteFile(tile, bytes);
  const CliResult bad = Run(verify);
  EXPECT_EQ(bad.code, kExitCheckFailed);
  EXPECT_THAT(bad.out, HasSubstr("NOT OK"));
}

// ---------------------------------------------------------------------------------------------------
// Keeping

TEST_F(AuditCommandsTest, ErasureAsksIsOnRecordAndLeavesTheLogVerifiable) {
  const std::vector<std::string> erase = {"--patient", "patient-61", "--reason", "asked for"};
  std::vector<std::string> dry = erase;
  dry.push_back("--dry-run");
  EXPECT_THAT(OnLog("erase", dry).out, HasSubstr("1 record would be erased"));
  const CliResult unasked = OnLog("erase", erase);
  EXPECT_EQ(unasked.code, kExitUsage);
  EXPECT_THAT(unasked.err, HasSubstr("--yes"));
  const CliResult no = OnLog("erase", erase, "no\n", true);
  EXPECT_EQ(no.code, kExitUsage);
  // The decision, and the look of the dry run; who could not be asked has not looked.
  EXPECT_THAT(no.err, HasSubstr("Erase 2 records of patient patient-61, and that of this look"));
  const CliResult erased = OnLog("erase", erase, "erase\n", true);
  EXPECT_EQ(erased.code, kExitOk) << erased.err;
  EXPECT_THAT(erased.out, HasSubstr("4 records erased"));
  std::vector<std::string> again = erase;
  again.push_back("--yes");
  EXPECT_THAT(OnLog("erase", again).out, "0 records to erase: nothing was erased.\n");
  EXPECT_THAT(OnLog("erase", dry).out,
              HasSubstr("0 records would be erased. This look is on record"));
  EXPECT_THAT(OnLog("erase", dry).out, HasSubstr("1 record would be erased"));  // that look
  const CliResult shown = OnLog("show", {"2", "--purpose", "p"});
  EXPECT_EQ(shown.code, kExitOk) << shown.err;
  EXPECT_THAT(shown.out, HasSubstr("was erased"));
  EXPECT_THAT(shown.out, Not(HasSubstr("patient-61")));
  EXPECT_EQ(OnLog("verify", {"--vkey", File("log.vkey")}).code, kExitOk);
  EXPECT_THAT(OnLog("replay").out, HasSubstr("erased"));
}

TEST_F(AuditCommandsTest, LegalHoldForbidsErasureUntilItIsLifted) {
  EXPECT_EQ(OnLog("hold", {"--reason", "r"}).code, kExitUsage);
  ASSERT_EQ(OnLog("hold", {"--patient", "patient-61", "--reason", "case 12"}).code, kExitOk);
  const std::vector<std::string> erase = {"--patient", "patient-61", "--reason", "r", "--yes"};
  const CliResult held = OnLog("erase", erase);
  EXPECT_EQ(held.code, kExitBadInput);
  EXPECT_THAT(held.err, HasSubstr("hold"));
  ASSERT_EQ(OnLog("hold", {"--patient", "patient-61", "--lift", "--reason", "closed"}).code,
            kExitOk);
  EXPECT_EQ(OnLog("erase", erase).code, kExitOk);
}

TEST_F(AuditCommandsTest, FeedbackIsRecordedShownAndExported) {
  const CliResult recorded =
      OnLog("feedback", {ids_[0], "--verdict", "overridden", "--override-reason", "examination",
                         "--done-instead", "X-ray", "--user", "dr-7", "--request-id", "f1"});
  ASSERT_EQ(recorded.code, kExitOk) << recorded.err;
  EXPECT_THAT(
      OnLog("feedback", {ids_[0], "--verdict", "overridden", "--override-reason", "examination",
                         "--done-instead", "X-ray", "--user", "dr-7", "--request-id", "f1"})
          .out,
      HasSubstr("On record already"));
  EXPECT_THAT(OnLog("show", {ids_[0], "--purpose", "p"}).out, HasSubstr("SINCE THEN"));
  const CliResult table = OnLog("export", {"--feedback", File("f.csv"), "--purpose", "audit"});
  ASSERT_EQ(table.code, kExitOk) << table.err;
  EXPECT_THAT(ReadFile(File("f.csv")), HasSubstr("X-ray"));
  EXPECT_EQ(
      std::filesystem::status(File("f.csv")).permissions() & std::filesystem::perms::others_read,
      std::filesystem::perms::none);
  EXPECT_EQ(OnLog("export", {"--feedback", "-"}).code, kExitUsage) << "a purpose is needed";
  const CliResult wrong = OnLog("feedback", {ids_[0], "--verdict", "liked"});
  EXPECT_EQ(wrong.code, kExitUsage);
  EXPECT_THAT(wrong.err, HasSubstr("--verdict: \"liked\" is none of accepted"));
}

// ---------------------------------------------------------------------------------------------------
// Replay

TEST_F(AuditCommandsTest, ReplayOnTheirOwnRevisionsFindsNothing) {
  const CliResult result = OnLog("replay", {"--purpose", "yearly check"});
  ASSERT_EQ(result.code, kExitOk) << result.err;
  EXPECT_THAT(result.out, HasSubstr("5 decisions, 5 evaluated"));
  EXPECT_THAT(OnLog("list", {"--kind", "replay", "--format", "ndjson"}).out,
              HasSubstr("5 decisions replayed on their own revisions, 0 came out otherwise"));
}

TEST_F(AuditCommandsTest, ReplayOnAChangedRulesetCountsByLevelAndRule) {
  const CliResult result = OnLog("replay", {"--ruleset", File("changed"), "--format", "json"});
  ASSERT_EQ(result.code, kExitOk) << result.err;
  v1::ImpactReport report;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(result.out, &report).ok());
  EXPECT_EQ(report.evaluated(), 5U);
  EXPECT_EQ(report.level_changed(), 2U);  // 61 and 63
  ASSERT_EQ(report.level_changes_size(), 1);
  EXPECT_THAT(report.level_changes(0).example_ids(), ::testing::ElementsAre(ids_[2], ids_[3]));
  const CliResult text = OnLog("replay", {"--ruleset", File("changed")});
  EXPECT_THAT(text.out, HasSubstr("RF-WEIGHT"));
  EXPECT_THAT(text.out, HasSubstr("words that instruct can be among them"));
  for (const std::string& line : std::vector<std::string>(absl::StrSplit(text.out, '\n'))) {
    EXPECT_LE(line.size(), 100U) << line;
  }
}

TEST_F(AuditCommandsTest, ReplayOnAKeptRevisionTakesItsFirstDigits) {
  const CliResult result = OnLog("replay", {"--ruleset", revision_.substr(0, 8)});
  EXPECT_EQ(result.code, kExitOk) << result.err;
  EXPECT_THAT(result.out, HasSubstr(revision_.substr(0, 12)));
  const CliResult unknown = OnLog("replay", {"--ruleset", "0123456789"});
  EXPECT_EQ(unknown.code, kExitBadInput);
  EXPECT_THAT(unknown.err, HasSubstr("0123456789"));
}

TEST_F(AuditCommandsTest, ShardsOfAReplayAreMerged) {
  // A fixed end: each replay is itself a record, so that the log grows between the shards.
  const std::string now = absl::FormatTime(absl::RFC3339_full, absl::Now(), absl::UTCTimeZone());
  for (const std::string shard : {"0", "1"}) {
    const CliResult part = OnLog("replay", {"--ruleset", File("changed"), "--to", now, "--shard",
                                            shard + "/2", "--resume", File("s" + shard)});
    ASSERT_EQ(part.code, kExitOk) << part.err;
  }
  const CliResult merged = Run({"replay", "--merge", File("s0"), File("s1"), "--format", "json"});
  ASSERT_EQ(merged.code, kExitOk) << merged.err;
  v1::ImpactReport report;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(merged.out, &report).ok());
  EXPECT_EQ(report.decisions(), 5U);
  EXPECT_EQ(report.level_changed(), 2U);
  const CliResult half = Run({"replay", "--merge", File("s0")});
  EXPECT_EQ(half.code, kExitBadInput);
  EXPECT_THAT(half.err, HasSubstr("shard 1/2 is missing"));
  EXPECT_EQ(OnLog("replay", {"--shard", "2/2"}).code, kExitUsage);
  EXPECT_EQ(OnLog("replay", {"--shard", "x"}).code, kExitUsage);
}

TEST_F(AuditCommandsTest, RulesDiffCountsThePatientsBehindEachChange) {
  const std::vector<std::string> diff = {"rules",    "diff",      File("rules"), File("changed"),
                                         "--replay", File("log"), "--log-key",   File("master.key"),
                                         "--format", "json"};
  const CliResult result = RunAny(diff);
  v1::RulesetDiff parsed;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(result.out, &parsed).ok())
      << result.out << result.err;
  EXPECT_EQ(parsed.impact().level_changed(), 2U);
  ASSERT_EQ(parsed.changes_size(), 1);
  EXPECT_EQ(parsed.changes(0).element_id(), "RF-WEIGHT");
  EXPECT_EQ(parsed.changes(0).impact().disappears(), 2U);
  EXPECT_THAT(parsed.changes(0).impact().example_ids(), ::testing::ElementsAre(ids_[2], ids_[3]));
  // The other way round, nothing was decided under the older revision.
  const CliResult none = RunAny({"rules", "diff", File("changed"), File("rules"), "--replay",
                                 File("log"), "--log-key", File("master.key")});
  EXPECT_THAT(none.err, HasSubstr("--all-decisions"));
}

// ---------------------------------------------------------------------------------------------------
// Logs that cannot be opened

TEST_F(AuditCommandsTest, LogThatIsInUseSaysSoAndSuggestsTheServer) {
  auto server = LogStack::Open(StackOptions(folder_), &OpenFiles);
  ASSERT_TRUE(server.ok()) << server.status();
  const CliResult list = OnLog("list");
  EXPECT_EQ(list.code, kExitBadInput);
  EXPECT_THAT(list.err, HasSubstr("--server HOST:PORT"));
  const CliResult verify = OnLog("verify", {"--vkey", File("log.vkey")});
  EXPECT_EQ(verify.code, kExitBadInput);
  EXPECT_THAT(verify.err, HasSubstr("audit export"));
}

TEST_F(AuditCommandsTest, MissingLogAndWrongKeyAreNamed) {
  const CliResult missing = Run({"list", "--log", File("none"), "--log-key", File("master.key")});
  EXPECT_EQ(missing.code, kExitBadInput);
  EXPECT_THAT(missing.err, HasSubstr(File("none")));
  WriteFile(File("master.key"), std::string(64, 'a') + "\n");
  const CliResult wrong = OnLog("list");
  EXPECT_EQ(wrong.code, kExitBadInput);
  EXPECT_THAT(wrong.err, HasSubstr("key"));
  EXPECT_THAT(wrong.err, Not(HasSubstr("aaaaaaaa")));
}

TEST_F(AuditCommandsTest, RecordsAreWrappedWithANewMasterKeyAndTheOldOneIsNeededNoMore) {
  const std::string old_key = ReadFile(File("master.key"));
  const std::string new_key = "f0e1d2c3b4a5968778695a4b3c2d1e0f00112233445566778899aabbccddeeff\n";
  const CliResult before = OnLog("keys");
  EXPECT_EQ(before.code, kExitOk) << before.err;
  EXPECT_THAT(before.out, HasSubstr(": 5 records"));
  WriteFile(File("master.key"), new_key);
  EXPECT_EQ(OnLog("keys", {"--rotate"}).code, kExitBadInput) << "the old key is still needed";
  WriteFile(File("master.key"), old_key + new_key);
  const CliResult rotated = OnLog("keys", {"--rotate"});
  EXPECT_EQ(rotated.code, kExitOk) << rotated.err;
  EXPECT_THAT(rotated.out, HasSubstr("keys wrapped anew."));
  WriteFile(File("master.key"), new_key);
  EXPECT_EQ(OnLog("show", {"0", "--purpose", "test"}).code, kExitOk);
  EXPECT_EQ(OnLog("verify", {"--vkey", File("log.vkey")}).code, kExitOk);
  WriteFile(File("master.key"), old_key);
  EXPECT_EQ(OnLog("list").code, kExitBadInput);
}

TEST_F(AuditCommandsTest, ServerThatIsNotThereIsAFailedCall) {
  const CliResult result = Run({"list", "--server", "127.0.0.1:1", "--deadline-ms", "2000"});
  EXPECT_EQ(result.code, kExitRpcFailed);
  EXPECT_NE(result.err, "");
}

}  // namespace
}  // namespace plumbline::cli
