#include "server/audit/decision_log.h"

#include <map>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/blocking_counter.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/audit/checkpoint.h"
#include "server/audit/leaf.h"
#include "server/audit/log_error.h"
#include "server/audit/merkle.h"
#include "server/store/memory/memory_log_store.h"
#include "tests/testing/audit/test_log.h"

namespace plumbline::audit {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class DecisionLogTest : public testing::Test {
 protected:
  void Append(int count) {
    for (int i = 0; i < count; ++i) {
      const std::string details = absl::StrCat("details ", log_->size());
      const std::string payload = absl::StrCat("payload ", log_->size());
      ASSERT_TRUE(log_->AppendAndWait(TestDraft(details, payload)).ok());
    }
  }

  // Root by the definition, out of the entries.
  Sha256Digest RootOfEntries(uint64_t size) {
    MerkleFrontier frontier;
    for (uint64_t i = 0; i < size; ++i) {
      frontier.Append(HashLeaf(store_.Read(i, store::Parts::kLeaf)->leaf));
    }
    return frontier.Root();
  }

  store::MemoryLogStore store_;
  TestLog log_{&store_};
};

TEST_F(DecisionLogTest, RecordIsReadBackAsItWasAppended) {
  ASSERT_TRUE(log_.Open().ok());
  const absl::StatusOr<Appended> appended = log_->AppendAndWait(TestDraft("details", "payload"));
  ASSERT_TRUE(appended.ok()) << appended.status();
  EXPECT_EQ(appended->index, 0u);
  EXPECT_EQ(appended->time, log_.clock().Now());
  EXPECT_EQ(appended->id.Version(), 7);

  const absl::StatusOr<Record> record = log_->Read(0, store::Parts::kAll);
  ASSERT_TRUE(record.ok()) << record.status();
  EXPECT_EQ(record->id, appended->id);
  EXPECT_EQ(record->kind, v1::RECORD_KIND_DECISION);
  EXPECT_EQ(record->time, appended->time);
  EXPECT_EQ(record->revision, "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff");
  EXPECT_EQ(record->manifest_serial, 7u);
  EXPECT_EQ(record->engine_build, "0.1.0 (test)");
  EXPECT_EQ(record->details, "details");
  EXPECT_EQ(record->payload, "payload");
  EXPECT_FALSE(record->erased);
}

TEST_F(DecisionLogTest, PayloadIsLeftOutWhenOnlyDetailsAreRead) {
  ASSERT_TRUE(log_.Open().ok());
  Append(1);
  const absl::StatusOr<Record> record = log_->Read(0, store::Parts::kLeafAndDetails);
  ASSERT_TRUE(record.ok()) << record.status();
  EXPECT_EQ(record->details, "details 0");
  EXPECT_THAT(record->payload, IsEmpty());
}

TEST_F(DecisionLogTest, CheckpointCoversWhatWasAsked) {
  ASSERT_TRUE(log_.Open().ok());
  Append(3);
  const absl::StatusOr<std::string> note = log_->Checkpoint(3);
  ASSERT_TRUE(note.ok()) << note.status();
  const auto verifier = *CreateNoteVerifier(log_.vkey());
  const absl::StatusOr<OpenedCheckpoint> opened = OpenCheckpoint(*note, {verifier.get()});
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(opened->checkpoint.size, 3u);
  EXPECT_EQ(opened->checkpoint.root, RootOfEntries(3));
  EXPECT_EQ(absl::StatusCode::kInvalidArgument, log_->Checkpoint(4).status().code());
}

TEST_F(DecisionLogTest, ReopenedLogGoesOn) {
  ASSERT_TRUE(log_.Open().ok());
  Append(300);
  const std::string hash = log_->IndexHash("patient", "p1");
  ASSERT_TRUE(log_.Open().ok());
  EXPECT_EQ(log_->size(), 300u);
  EXPECT_EQ(log_->IndexHash("patient", "p1"), hash);
  EXPECT_EQ(*log_->RootAt(300), RootOfEntries(300));
  Append(300);
  EXPECT_EQ(*log_->RootAt(600), RootOfEntries(600));
  EXPECT_EQ(log_->Read(7, store::Parts::kAll)->payload, "payload 7");
}

}  // namespace
}  // namespace plumbline::audit
