// A log and its witnesses, over HTTP on loopback.

#include "server/witness/cosignature_collector.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/audit/checkpoint.h"
#include "server/audit/trust_policy.h"
#include "server/store/memory/memory_log_store.h"
#include "server/witness/http_witness.h"
#include "tests/testing/audit/test_log.h"
#include "tests/testing/witness/witness_server.h"

namespace plumbline::witness {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

class CosignatureCollectorTest : public ::testing::Test {
 protected:
  CosignatureCollectorTest() {
    EXPECT_TRUE(log_.Open().ok());
    witness_.AddLog(log_.vkey());
    other_.AddLog(log_.vkey());
  }

  // Appends, and makes a checkpoint that covers it.
  std::string Grow(int records = 1) {
    for (int i = 0; i < records; ++i) {
      EXPECT_TRUE(log_->AppendAndWait(audit::TestDraft("details")).ok());
    }
    return *log_->Checkpoint(log_->size());
  }

  static CollectorWitness At(const std::string& url, const audit::FakeWitness& witness,
                             absl::Duration timeout = absl::Seconds(10)) {
    const auto address =
        ParseWitnessAddress(absl::StrCat(witness.vkey(), " ", url), /*allow_plaintext=*/false);
    EXPECT_TRUE(address.ok()) << address.status();
    HttpWitnessOptions options;
    options.timeout = timeout;
    return {witness.verifier(), *HttpWitness::Create(*address, options)};
  }

  // What the verifier key says before the key: name and id.
  static std::string Label(const audit::FakeWitness& witness) {
    const std::string vkey = witness.vkey();
    return vkey.substr(0, vkey.find('+', vkey.find('+') + 1));
  }

  std::unique_ptr<CosignatureCollector> Collect(std::vector<CollectorWitness> witnesses) {
    CollectorOptions options;
    options.interval = absl::Hours(1);
    options.on_event = [this](absl::string_view event, absl::string_view detail) {
      events_.push_back(absl::StrCat(event, ": ", detail));
    };
    return std::make_unique<CosignatureCollector>(options, &*log_, std::move(witnesses));
  }
  std::unique_ptr<CosignatureCollector> CollectOne() {
    std::vector<CollectorWitness> one;
    one.push_back(At(server_.Url(), witness_));
    return Collect(std::move(one));
  }

  // Size of the cosigned checkpoint, whose signatures are those that `witnesses` ask for; 0: none.
  uint64_t CosignedBy(const std::string& witnesses) const {
    const auto policy =
        audit::TrustPolicy::Parse(absl::StrCat("log ", log_.vkey(), "\n", witnesses));
    EXPECT_TRUE(policy.ok()) << policy.status();
    const auto opened = policy->Open(const_cast<audit::TestLog&>(log_)->CosignedCheckpoint());
    return opened.ok() ? opened->checkpoint.size : 0;
  }
  uint64_t Cosigned() const {
    return CosignedBy(absl::StrCat("witness w ", witness_.vkey(), "\nquorum w\n"));
  }

  store::MemoryLogStore store_;
  audit::TestLog log_{&store_};
  audit::FakeWitness witness_{"w.example", &log_.clock()};
  audit::FakeWitness other_{"v.example", &log_.clock(), 78};
  testing::WitnessServer server_{&witness_};
  std::vector<std::string> events_;
};

TEST_F(CosignatureCollectorTest, GrowingLogIsCosigned) {
  const auto collector = CollectOne();
  collector->AskAll();
  EXPECT_EQ(server_.questions(), 0) << "an empty log is not worth a question";
  for (const uint64_t size : {1, 2, 7}) {
    Grow(static_cast<int>(size - log_->size()));
    log_.clock().Advance(absl::Seconds(10));
    collector->AskAll();
    EXPECT_EQ(Cosigned(), size);
    EXPECT_EQ(witness_.SizeOf(audit::kTestOrigin), size);
    EXPECT_EQ(collector->states()[0].cosigned_records, size);
    EXPECT_EQ(collector->states()[0].cosigned_at, log_.clock().Now());
  }
  EXPECT_EQ(server_.questions(), 3);
  collector->AskAll();
  EXPECT_EQ(server_.questions(), 3) << "it has cosigned this one";
  EXPECT_THAT(events_, ElementsAre(StartsWith("witness-cosigns: w.example+")));
  EXPECT_THAT(collector->states()[0].outcomes, UnorderedElementsAre(Pair("cosigned", 3)));
}

TEST_F(CosignatureCollectorTest, TwoWitnessesCosignTheSameCheckpoint) {
  testing::WitnessServer second(&other_);
  std::vector<CollectorWitness> both;
  both.push_back(At(server_.Url(), witness_));
  both.push_back(At(second.Url(), other_));
  const auto collector = Collect(std::move(both));
  Grow(3);
  collector->AskAll();
  EXPECT_EQ(CosignedBy(absl::StrCat("witness w ", witness_.vkey(), "\nwitness v ", other_.vkey(),
                                    "\ngroup both all w v\nquorum both\n")),
            3u);
}

TEST_F(CosignatureCollectorTest, WitnessThatHasAnotherSizeIsAskedAgainWithThatOne) {
  const auto collector = CollectOne();
  Grow(5);
  // Somebody else has shown it this log: 409, and the size that it has.
  const CollectorWitness other_way = At(server_.Url(), witness_);
  audit::WitnessClient somebody(witness_.verifier(), other_way.transport.get());
  const auto proofs = [this](uint64_t old_size, uint64_t new_size) {
    return log_->ConsistencyProof(old_size, new_size);
  };
  ASSERT_TRUE(somebody.Cosign(*log_->Checkpoint(0), proofs).ok());
  ASSERT_EQ(server_.questions(), 1);
  Grow(4);
  collector->AskAll();
  EXPECT_EQ(server_.questions(), 3) << "a conflict, and the answer to it";
  EXPECT_EQ(Cosigned(), 9u);
  EXPECT_THAT(collector->states()[0].outcomes, ElementsAre(Pair("cosigned", 1)));
}

TEST_F(CosignatureCollectorTest, WhatWasCosignedIsRememberedOverARestart) {
  Grow(5);
  CollectOne()->AskAll();
  const auto collector = CollectOne();
  EXPECT_EQ(collector->states()[0].cosigned_records, 5u);
  EXPECT_EQ(collector->states()[0].cosigned_at, log_.clock().Now());
  collector->AskAll();
  EXPECT_EQ(server_.questions(), 1) << "there is nothing new";
  Grow(1);
  collector->AskAll();
  EXPECT_EQ(server_.questions(), 2) << "without a conflict";
  EXPECT_EQ(Cosigned(), 6u);
}

TEST_F(CosignatureCollectorTest, WitnessThatIsDownIsAskedLessAndLessOftenAndThenAgain) {
  server_.AnswerWith([] { return testing::HttpAnswerText({503, "text/plain", "later\n"}); });
  const auto collector = CollectOne();
  Grow();
  std::vector<int> asked_in;
  for (int round = 0; round < 130; ++round) {
    const int before = server_.questions();
    collector->AskAll();
    if (server_.questions() > before) asked_in.push_back(round);
  }
  EXPECT_THAT(asked_in, ElementsAre(0, 2, 6, 14, 30, 62, 94, 126));
  EXPECT_THAT(events_, ElementsAre(HasSubstr("UNAVAILABLE: the witness answers 503: later")))
      << "said once";
  EXPECT_FALSE(collector->states()[0].last.ok());

  server_.AnswerWith(nullptr);
  for (int round = 0; round <= CosignatureCollector::kMaxRoundsLeftOut; ++round) {
    collector->AskAll();
  }
  EXPECT_EQ(Cosigned(), 1u);
  EXPECT_TRUE(collector->states()[0].last.ok());
  EXPECT_THAT(events_.back(), StartsWith("witness-cosigns: "));
}

TEST_F(CosignatureCollectorTest, OneThatFailsDoesNotKeepTheOtherFromCosigning) {
  testing::WitnessServer silent(&other_);
  silent.BeSilent();
  std::vector<CollectorWitness> both;
  both.push_back(At(silent.Url(), other_, absl::Milliseconds(30)));
  both.push_back(At(server_.Url(), witness_));
  const auto collector = Collect(std::move(both));
  Grow();
  collector->AskAll();
  EXPECT_EQ(Cosigned(), 1u);
  EXPECT_THAT(collector->states()[0].outcomes, ElementsAre(Pair("DEADLINE_EXCEEDED", 1)));
}

TEST_F(CosignatureCollectorTest, CosignatureOfAnotherKeyIsNotBelieved) {
  server_.SetWitness(&other_);
  const auto collector = CollectOne();
  Grow();
  collector->AskAll();
  EXPECT_EQ(log_->CosignedCheckpoint(), "");
  EXPECT_THAT(collector->states()[0].outcomes, ElementsAre(Pair("UNAUTHENTICATED", 1)));
  EXPECT_THAT(events_, ElementsAre(StartsWith("witness-failed: w.example+")));

  // Of the right name, with another key.
  audit::FakeWitness namesake("w.example", &log_.clock(), 79);
  namesake.AddLog(log_.vkey());
  server_.SetWitness(&namesake);
  collector->AskAll();  // left out
  collector->AskAll();
  EXPECT_EQ(log_->CosignedCheckpoint(), "");
  EXPECT_THAT(collector->states()[0].outcomes, ElementsAre(Pair("UNAUTHENTICATED", 2)));
}

TEST_F(CosignatureCollectorTest, CosignatureOfAnEarlierCheckpointIsNotBelieved) {
  const auto collector = CollectOne();
  Grow();
  std::string old_answer;
  {
    const std::string checkpoint = *log_->Checkpoint(0);
    audit::AddCheckpointRequest request;
    request.checkpoint = checkpoint;
    old_answer = testing::HttpAnswerText(
        *witness_.AddCheckpoint(audit::FormatAddCheckpointRequest(request)));
  }
  Grow();
  server_.AnswerWith([&] { return old_answer; });
  collector->AskAll();
  EXPECT_EQ(log_->CosignedCheckpoint(), "");
  EXPECT_THAT(collector->states()[0].outcomes, ElementsAre(Pair("UNAUTHENTICATED", 1)));
}

TEST_F(CosignatureCollectorTest, RefusalsKeepTheirMeaning) {
  const std::pair<int, const char*> cases[] = {
      {403, "PERMISSION_DENIED"},  {404, "NOT_FOUND"},   {422, "FAILED_PRECONDITION"},
      {429, "RESOURCE_EXHAUSTED"}, {500, "UNAVAILABLE"}, {302, "UNKNOWN"}};
  Grow();
  for (const auto& [status, outcome] : cases) {
    server_.AnswerWith([code = status] {
      return testing::HttpAnswerText({code, "text/plain", "why\n"});
    });
    events_.clear();
    const auto collector = CollectOne();
    collector->AskAll();
    EXPECT_THAT(collector->states()[0].outcomes, ElementsAre(Pair(outcome, 1)));
    EXPECT_THAT(events_, ElementsAre(StartsWith(status == 422 ? "witness-contradicts: "
                                                              : "witness-failed: ")));
  }
  EXPECT_TRUE(log_->health().ok());
}

TEST_F(CosignatureCollectorTest, LogThatLostRecordsIsToldAtEveryQuestion) {
  Grow(9);
  CollectOne()->AskAll();
  // A backup from before: the same log, the same key, fewer records.
  store::MemoryLogStore older;
  log_.SetStore(&older);
  log_.Close();
  ASSERT_TRUE(log_.Open().ok());
  Grow(3);
  events_.clear();
  const auto collector = CollectOne();
  for (int i = 0; i < 3; ++i) collector->AskAll();
  EXPECT_THAT(collector->states()[0].outcomes, ElementsAre(Pair("DATA_LOSS", 2)));
  EXPECT_THAT(events_, ElementsAre(HasSubstr("has seen 9 entries"), HasSubstr("covers only 3")));
  EXPECT_TRUE(log_->health().ok()) << "serving goes on: an operator decides";
  log_.Close();
}

TEST_F(CosignatureCollectorTest, LogThatGrewBackToTheSameSizeWithOtherRecordsIsTold) {
  Grow(9);
  CollectOne()->AskAll();
  store::MemoryLogStore older;
  log_.SetStore(&older);
  log_.Close();
  log_.clock().Advance(absl::Hours(1));
  ASSERT_TRUE(log_.Open().ok());
  Grow(9);
  events_.clear();
  CollectOne()->AskAll();
  EXPECT_THAT(events_, ElementsAre(StartsWith("witness-contradicts: ")));
  EXPECT_THAT(events_[0], HasSubstr("another history"));
  EXPECT_EQ(log_->CosignedCheckpoint(), "");
  log_.Close();
}

TEST_F(CosignatureCollectorTest, WitnessThatLostItsStateIsTold) {
  const auto collector = CollectOne();
  Grow(5);
  collector->AskAll();
  audit::FakeWitness rolled_back("w.example", &log_.clock());
  rolled_back.AddLog(log_.vkey());
  server_.SetWitness(&rolled_back);
  Grow(1);
  events_.clear();
  collector->AskAll();
  EXPECT_THAT(events_, ElementsAre(HasSubstr("has seen 0 entries")));
  EXPECT_THAT(events_[0], HasSubstr("has cosigned 5: it has lost its state"));
  EXPECT_THAT(events_[0], StartsWith("witness-contradicts: "));
  EXPECT_EQ(Cosigned(), 5u);
  // Said once; then it is a witness again.
  collector->AskAll();
  collector->AskAll();
  EXPECT_EQ(Cosigned(), 6u);
}

TEST_F(CosignatureCollectorTest, StopDoesNotWaitForAWitnessThatIsSilent) {
  server_.BeSilent();
  std::vector<CollectorWitness> one;
  one.push_back(At(server_.Url(), witness_, absl::Hours(1)));
  const auto collector = Collect(std::move(one));
  Grow();
  collector->Start();
  server_.WaitForQuestions(1);
  collector->Stop();  // the test ends, or hangs
  EXPECT_THAT(events_, IsEmpty());
  EXPECT_THAT(collector->states()[0].outcomes, IsEmpty());
  collector->AskAll();
  EXPECT_EQ(server_.questions(), 1) << "nobody is asked any more";
  collector->Stop();
}

TEST_F(CosignatureCollectorTest, MetricsTellHowFarEachWitnessIs) {
  testing::WitnessServer second(&other_);
  second.AnswerWith([] { return testing::HttpAnswerText({404, "text/plain", "who?\n"}); });
  std::vector<CollectorWitness> both;
  both.push_back(At(server_.Url(), witness_));
  both.push_back(At(second.Url(), other_));
  const auto collector = Collect(std::move(both));
  Grow(4);
  collector->AskAll();
  std::vector<std::string> lines;
  for (const metrics::Metric& metric : collector->Metrics()) {
    for (const metrics::MetricValue& value : metric.values) {
      std::string line = metric.name;
      for (const auto& label : value.labels) absl::StrAppend(&line, " ", label.second);
      lines.push_back(absl::StrCat(line, " ", static_cast<int64_t>(value.value)));
    }
  }
  const int64_t now = absl::ToUnixSeconds(log_.clock().Now());
  const std::string w = Label(witness_);
  const std::string v = Label(other_);
  EXPECT_THAT(lines,
              ElementsAre(absl::StrCat("plumbline_witness_cosigned_records ", w, " 4"),
                          absl::StrCat("plumbline_witness_cosigned_records ", v, " 0"),
                          absl::StrCat("plumbline_witness_cosigned_time_seconds ", w, " ", now),
                          absl::StrCat("plumbline_witness_cosigned_time_seconds ", v, " 0"),
                          absl::StrCat("plumbline_witness_answers_total ", w, " cosigned 1"),
                          absl::StrCat("plumbline_witness_answers_total ", v, " NOT_FOUND 1")));
}

TEST_F(CosignatureCollectorTest, TwoKeysOfOneNameHaveSeriesOfTheirOwn) {
  const audit::FakeWitness rotated("w.example", &log_.clock(), 79);
  std::vector<CollectorWitness> both;
  both.push_back(At(server_.Url(), witness_));
  both.push_back(At(server_.Url(), rotated));
  const metrics::Metric records = Collect(std::move(both))->Metrics()[0];
  ASSERT_EQ(records.values.size(), 2u);
  EXPECT_EQ(records.values[0].labels[0].second, Label(witness_));
  EXPECT_EQ(records.values[1].labels[0].second, Label(rotated));
  EXPECT_NE(Label(witness_), Label(rotated));
}

}  // namespace
}  // namespace plumbline::witness
