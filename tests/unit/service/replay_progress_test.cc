#include "server/service/replay_progress.h"

#include <cstdint>
#include <map>
#include <string>

#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "gtest/gtest.h"

namespace plumbline::service {
namespace {

using ::testing::HasSubstr;

ReplayProgressState SomeState() {
  ReplayProgressState state;
  state.origin = "clinic.example/decisions";
  state.engine = "0.1.0";
  state.candidate = std::string(64, 'a');
  state.candidate_version = "1.2.3";
  state.only = std::string(64, 'b');
  state.asked = "2026-01-01T00:00:00+00:00 -";
  state.shard = 1;
  state.shards = 3;
  state.first = 10;
  state.until = 500;
  state.next = 310;
  state.seconds = 1.5;
  DecisionChange change;
  change.kind = DecisionChange::Kind::kDifferent;
  change.level_changed = true;
  change.old_level = v1::LEVEL_URGENT_2W;
  change.new_level = v1::LEVEL_EXERCISE_OK;
  change.time_limit_changed = true;
  change.referrals_changed = true;
  change.follow_up_changed = true;
  change.open_questions_changed = true;
  change.availability_changed = true;
  change.effects.disappeared = {"RF-1"};
  Alteration altered{"RF-2", {}};
  altered.aspects.set(static_cast<size_t>(Aspect::kTimeLimit));
  altered.aspects.set(static_cast<size_t>(Aspect::kBasis));
  change.effects.altered = {altered};
  state.tally.Add(change, {13, "id-13"});
  state.tally.Omit("erased", {16, "id-16"});
  state.tally.AddOwn(DecisionChange::Kind::kDifferent, "advice[1]", {19, "id-19"});
  return state;
}

TEST(ReplayProgressTest, WhatIsWrittenIsReadBack) {
  const ReplayProgressState state = SomeState();
  const std::string text = EncodeReplayProgress(state);
  const auto read = DecodeReplayProgress(text, "p");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(OtherJob(state, *read, true, true), "");
  EXPECT_EQ(read->next, 310U);
  EXPECT_EQ(read->candidate_version, "1.2.3");
  EXPECT_EQ(read->seconds, 1.5);
  EXPECT_EQ(EncodeReplayProgress(*read), text);
}

TEST(ReplayProgressTest, EveryCountIsReadBackAndAddedUp) {
  auto read = DecodeReplayProgress(EncodeReplayProgress(SomeState()), "p");
  ASSERT_TRUE(read.ok()) << read.status();
  read->tally.Merge(SomeState().tally);
  const v1::ImpactReport report = read->tally.ToReport(false);
  EXPECT_EQ(report.level_changed(), 2U);
  EXPECT_EQ(report.time_limit_changed(), 2U);
  EXPECT_EQ(report.referrals_changed(), 2U);
  EXPECT_EQ(report.follow_up_changed(), 2U);
  EXPECT_EQ(report.open_questions_changed(), 2U);
  EXPECT_EQ(report.availability_changed(), 2U);
  EXPECT_EQ(report.rules_changed(), 2U);
  ASSERT_EQ(report.rules_size(), 2);
  const v1::RuleImpact& rule = report.rules(1);
  EXPECT_EQ(rule.rule_id(), "RF-2");
  EXPECT_EQ(rule.altered(), 2U);
  EXPECT_EQ(rule.level_changed(), 2U);
  EXPECT_EQ(rule.alterations().time_limit(), 2U);
  EXPECT_EQ(rule.alterations().basis(), 2U);
  EXPECT_EQ(rule.alterations().level(), 0U);
  EXPECT_EQ(rule.example_ids_size(), 2);
  EXPECT_FALSE(report.rules(0).has_alterations());
}

// Of every field of a message that counts decisions: its name and what it says.
std::map<std::string, uint64_t> CountsOf(const google::protobuf::Message& message) {
  std::map<std::string, uint64_t> counts;
  const google::protobuf::Descriptor& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const google::protobuf::FieldDescriptor& field = *type.field(i);
    if (field.cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_UINT64) continue;
    counts[field.name()] = message.GetReflection()->GetUInt64(message, &field);
  }
  return counts;
}

void ExpectTwice(const google::protobuf::Message& once, const google::protobuf::Message& twice) {
  for (const auto& [name, count] : CountsOf(once)) {
    EXPECT_GT(count, 0U) << name << " is not put to the test";
    EXPECT_EQ(CountsOf(twice)[name], 2 * count) << name;
  }
}

TEST(ReplayProgressTest, NoCountOfTheReportIsForgotten) {
  ReplayProgressState state = SomeState();
  DecisionChange change;
  state.tally.Add(change, {22, "id-22"});
  change.kind = DecisionChange::Kind::kNamesOnly;
  state.tally.Add(change, {25, "id-25"});
  change.kind = DecisionChange::Kind::kDifferent;
  state.tally.Add(change, {28, "id-28"});
  change.level_changed = true;
  change.gate_changed = true;
  change.programme_changed = true;
  change.effects.appeared = {"RF-2"};
  state.tally.Add(change, {31, "id-31"});
  change.effects.appeared.clear();
  change.effects.disappeared = {"RF-2"};
  state.tally.Add(change, {34, "id-34"});
  auto read = DecodeReplayProgress(EncodeReplayProgress(state), "p");
  ASSERT_TRUE(read.ok()) << read.status();
  read->tally.Merge(state.tally);
  const v1::ImpactReport once = state.tally.ToReport(false);
  const v1::ImpactReport twice = read->tally.ToReport(false);
  ExpectTwice(once, twice);
  ASSERT_EQ(once.rules(0).rule_id(), "RF-2");
  ASSERT_EQ(twice.rules(0).rule_id(), "RF-2");
  ExpectTwice(once.rules(0), twice.rules(0));
}

// Its counts cannot be completed from the file.
TEST(ReplayProgressTest, FilesOfTheVersionsBeforeAreRefused) {
  for (const char* earlier : {"plumbline-replay/1", "plumbline-replay/2"}) {
    const std::string text =
        absl::StrReplaceAll(EncodeReplayProgress(SomeState()), {{"plumbline-replay/3", earlier}});
    const auto read = DecodeReplayProgress(text, "p");
    EXPECT_EQ(read.status().code(), absl::StatusCode::kFailedPrecondition) << earlier;
    EXPECT_THAT(std::string(read.status().message()),
                HasSubstr("p: was written by an earlier version"));
  }
}

TEST(ReplayProgressTest, OwnRevisionsAndAllRevisionsAreReadBack) {
  ReplayProgressState state = SomeState();
  state.candidate.clear();
  state.candidate_version.clear();
  state.only.clear();
  const auto read = DecodeReplayProgress(EncodeReplayProgress(state), "p");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->candidate, "");
  EXPECT_EQ(read->only, "");
}

TEST(ReplayProgressTest, EveryFlippedByteAndEveryTruncationIsNoticed) {
  const std::string text = EncodeReplayProgress(SomeState());
  for (size_t i = 0; i + 1 < text.size(); ++i) {
    std::string flipped = text;
    flipped[i] = static_cast<char>(flipped[i] ^ 1);
    EXPECT_FALSE(DecodeReplayProgress(flipped, "p").ok()) << "byte " << i;
    EXPECT_FALSE(DecodeReplayProgress(text.substr(0, i), "p").ok()) << "first " << i;
  }
}

TEST(ReplayProgressTest, MessagesNameTheFile) {
  const auto read = DecodeReplayProgress("something else\n", "dir/progress");
  EXPECT_THAT(std::string(read.status().message()), HasSubstr("dir/progress: is not the progress"));
}

TEST(ReplayProgressTest, EachPartOfAJobMakesItAnotherOne) {
  const ReplayProgressState state = SomeState();
  const auto other = [&state](auto change) {
    ReplayProgressState changed = state;
    change(changed);
    return OtherJob(state, changed, true, true);
  };
  EXPECT_THAT(other([](auto& s) { s.origin = "x"; }), HasSubstr("log x instead of clinic"));
  EXPECT_THAT(other([](auto& s) { s.engine = "x"; }), HasSubstr("engine"));
  EXPECT_THAT(other([](auto& s) { s.candidate = ""; }), HasSubstr("candidate none instead"));
  EXPECT_THAT(other([](auto& s) { s.only = ""; }), HasSubstr("only revision none"));
  EXPECT_THAT(other([](auto& s) { s.asked = "x"; }), HasSubstr("time"));
  EXPECT_THAT(other([](auto& s) { s.until = 7; }), HasSubstr("records 10-7"));
  EXPECT_THAT(other([](auto& s) { s.shard = 0; }), HasSubstr("shard 0/3 instead of 1/3"));
  EXPECT_THAT(other([](auto& s) { s.shards = 4; }), HasSubstr("shard 1/4"));
  EXPECT_EQ(other([](auto& s) { s.next = 400; }), "");
}

}  // namespace
}  // namespace plumbline::service
