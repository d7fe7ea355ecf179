// Erasure and key rotation.

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/audit/decision_log.h"
#include "server/audit/erasure.h"
#include "server/audit/log_check.h"
#include "server/audit/payload.h"
#include "server/store/memory/memory_log_store.h"
#include "tests/testing/audit/test_log.h"

namespace plumbline::audit {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;

class DecisionLogKeysTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(log_.Open().ok()); }
  void Append(int count) {
    for (int i = 0; i < count; ++i) {
      std::string payload;
      PayloadEncoder().Encode("request", CompactDecision(absl::StrCat("decision ", i)), payload);
      ASSERT_TRUE(log_->AppendAndWait(TestDraft(absl::StrCat("patient ", i), payload)).ok());
    }
  }
  LogCheckReport Check() {
    LogCheckOptions options;
    options.store = &store_;
    options.origin = kTestOrigin;
    options.verifier_keys = {log_.vkey()};
    options.keyring = &log_.keyring();
    return *CheckLog(options);
  }

  store::MemoryLogStore store_;
  TestLog log_{&store_};
};

TEST_F(DecisionLogKeysTest, ErasedRecordCannotBeReadAndTheRestStaysProven) {
  Append(5);
  const std::string before = *log_->Checkpoint(5);
  const std::vector<Sha256Digest> proof = *log_->InclusionProof(1, 5);
  const absl::StatusOr<Appended> erasure = log_->Erase({3, 1, 3}, TestErasureDraft());
  ASSERT_TRUE(erasure.ok()) << erasure.status();
  EXPECT_EQ(erasure->index, 5u);

  const absl::StatusOr<Record> erased = log_->Read(1, store::Parts::kAll);
  ASSERT_TRUE(erased.ok()) << erased.status();
  EXPECT_TRUE(erased->erased);
  EXPECT_THAT(erased->details, IsEmpty());
  EXPECT_THAT(erased->payload, IsEmpty());
  EXPECT_FALSE(log_->Read(2, store::Parts::kAll)->erased);
  EXPECT_THAT(*DecodeErasedIndices(log_->Read(5, store::Parts::kAll)->payload), ElementsAre(1, 3));
  EXPECT_EQ(*log_->InclusionProof(1, 5), proof);

  log_.Close();
  const LogCheckReport report = Check();
  EXPECT_THAT(report.problems, IsEmpty());
  EXPECT_EQ(report.erased, 2u);
  EXPECT_EQ(report.opened, 4u);
  LogOptions options = log_.options();
  options.min_checkpoint = before;
  EXPECT_TRUE(log_.Open(options).ok());
}

TEST_F(DecisionLogKeysTest, NothingInTheStoreOpensAnErasedRecord) {
  Append(1);
  const store::StoredEntry before = *store_.Read(0, store::Parts::kAll);
  ASSERT_TRUE(log_->Erase({0}, TestErasureDraft()).ok());
  const store::StoredEntry after = *store_.Read(0, store::Parts::kAll);
  EXPECT_FALSE(after.wrapped_key.has_value());
  // Leaf and sealed bytes stay: they are what is proven.
  EXPECT_EQ(after.leaf, before.leaf);
  EXPECT_EQ(after.payload, before.payload);
  EXPECT_EQ(store_.ReplaceKeys({{0, *before.wrapped_key}}).code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST_F(DecisionLogKeysTest, WhatCannotBeErasedIsRefused) {
  Append(2);
  EXPECT_EQ(log_->Erase({}, TestErasureDraft()).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(log_->Erase({2}, TestErasureDraft()).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(log_->Erase({0}, TestDraft("no erasure")).status().code(),
            absl::StatusCode::kInvalidArgument);
  ASSERT_TRUE(log_->Erase({0}, TestErasureDraft()).ok());
  EXPECT_THAT(std::string(log_->Erase({2}, TestErasureDraft()).status().message()),
              HasSubstr("record of an erasure"));
  // Once more does no harm.
  EXPECT_TRUE(log_->Erase({0}, TestErasureDraft()).ok());
  EXPECT_THAT(Check().problems, IsEmpty());
}

TEST_F(DecisionLogKeysTest, ErasureThatACrashInterruptedIsCompletedByOpen) {
  Append(3);
  // The note and the record are written, destroying the keys fails.
  store_.FailWrite(3, absl::UnavailableError("crash"));
  EXPECT_FALSE(log_->Erase({0, 2}, TestErasureDraft()).ok());
  EXPECT_FALSE(log_->health().ok());
  log_.Close();
  store_.Recover();
  EXPECT_EQ(store_.size(), 4u);
  EXPECT_TRUE(store_.Read(0, store::Parts::kAll)->wrapped_key.has_value());

  ASSERT_TRUE(log_.Open().ok());
  EXPECT_TRUE(log_->Read(0, store::Parts::kAll)->erased);
  EXPECT_FALSE(log_->Read(1, store::Parts::kAll)->erased);
  EXPECT_TRUE(log_->Read(2, store::Parts::kAll)->erased);
  EXPECT_THAT(log_.events(), Contains(HasSubstr("erasure-completed: 2 records")));
  log_.Close();
  EXPECT_THAT(Check().problems, IsEmpty());
}

TEST_F(DecisionLogKeysTest, ErasureThatWasNotRecordedDidNotHappen) {
  Append(2);
  store_.FailWrite(2, absl::UnavailableError("crash"));
  EXPECT_FALSE(log_->Erase({0}, TestErasureDraft()).ok());
  log_.Close();
  store_.Recover();
  ASSERT_TRUE(log_.Open().ok());
  EXPECT_FALSE(log_->Read(0, store::Parts::kAll)->erased);
  EXPECT_EQ(log_->size(), 2u);
}

TEST_F(DecisionLogKeysTest, KeyThatIsDestroyedWithoutARecordIsAProblem) {
  Append(2);
  log_.Close();
  ASSERT_TRUE(store_.DestroyKeys({1}).ok());
  const LogCheckReport report = Check();
  ASSERT_EQ(report.problems.size(), 1u);
  EXPECT_EQ(report.problems[0].index, 1u);
  EXPECT_THAT(report.problems[0].message, HasSubstr("no erasure"));
}

TEST_F(DecisionLogKeysTest, RotatedKeysNeedOnlyTheNewMasterKey) {
  Append(600);
  const std::string old_key = log_.keyring().current_id();
  const std::string hash = log_->IndexHash("patient", "p1");
  ASSERT_TRUE(log_->Erase({7}, TestErasureDraft()).ok());
  log_.SetMasterKeys(absl::StrCat(kTestMasterKey, "\n", kOtherMasterKey));
  ASSERT_TRUE(log_.Open().ok());
  const absl::StatusOr<uint64_t> wrapped = log_->RotateKeys();
  ASSERT_TRUE(wrapped.ok()) << wrapped.status();
  EXPECT_EQ(*wrapped, 600u);
  EXPECT_EQ(log_->size(), 602u);
  EXPECT_EQ(log_->Read(601, store::Parts::kLeaf)->kind, v1::RECORD_KIND_KEY_ROTATION);
  EXPECT_THAT(*log_->KeyUses(),
              ElementsAre(testing::AllOf(Field(&KeyUse::key, log_.keyring().current_id()),
                                         Field(&KeyUse::records, 601u))));
  EXPECT_EQ(*log_->RotateKeys(), 0u);

  log_.SetMasterKeys(kTestMasterKey);
  EXPECT_EQ(log_.Open().code(), absl::StatusCode::kFailedPrecondition);
  log_.SetMasterKeys(kOtherMasterKey);
  ASSERT_TRUE(log_.Open().ok());
  EXPECT_EQ(log_->Read(0, store::Parts::kAll)->details, "patient 0");
  EXPECT_TRUE(log_->Read(7, store::Parts::kAll)->erased);
  EXPECT_EQ(log_->IndexHash("patient", "p1"), hash);
  log_.Close();
  EXPECT_THAT(Check().problems, IsEmpty());
}

TEST_F(DecisionLogKeysTest, InterruptedRotationSaysWhatIsLeftAndCanBeRepeated) {
  Append(600);
  const std::string old_key = log_.keyring().current_id();
  log_.SetMasterKeys(absl::StrCat(kTestMasterKey, "\n", kOtherMasterKey));
  ASSERT_TRUE(log_.Open().ok());
  store_.FailWrite(2, absl::UnavailableError("crash"));
  const absl::Status status = log_->RotateKeys().status();
  EXPECT_THAT(std::string(status.message()), HasSubstr("256 record keys are wrapped anew"));
  log_.Close();
  store_.Recover();

  // The old key is still needed, and Open says so.
  log_.SetMasterKeys(kOtherMasterKey);
  const absl::Status too_early = log_.Open();
  EXPECT_EQ(too_early.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(too_early.message()), HasSubstr(old_key));

  log_.SetMasterKeys(absl::StrCat(kTestMasterKey, "\n", kOtherMasterKey));
  ASSERT_TRUE(log_.Open().ok());
  EXPECT_EQ(log_->KeyUses()->size(), 2u);
  EXPECT_EQ(*log_->RotateKeys(), 344u);
  EXPECT_EQ(log_->KeyUses()->size(), 1u);
  for (uint64_t i = 0; i < 600; ++i) {
    ASSERT_EQ(log_->Read(i, store::Parts::kAll)->details, absl::StrCat("patient ", i));
  }
}

}  // namespace
}  // namespace plumbline::audit
