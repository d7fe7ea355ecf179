#include "server/audit/decision_log.h"

#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/audit/checkpoint.h"
#include "server/audit/leaf.h"
#include "server/audit/log_error.h"
#include "server/audit/merkle.h"
#include "server/base/cosignature.h"
#include "server/base/note_key.h"
#include "server/store/memory/memory_log_store.h"
#include "tests/testing/audit/test_log.h"
#include "tests/testing/base/counting_random.h"

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

TEST_F(DecisionLogTest, ProofsVerifyAgainstRootsOfEverySize) {
  ASSERT_TRUE(log_.Open().ok());
  Append(530);
  for (const uint64_t size : {1u, 2u, 3u, 255u, 256u, 257u, 512u, 530u}) {
    const Sha256Digest root = *log_->RootAt(size);
    ASSERT_EQ(root, RootOfEntries(size)) << size;
    for (const uint64_t index : {uint64_t{0}, size / 2, size - 1}) {
      const Sha256Digest leaf = HashLeaf(log_->Read(index, store::Parts::kLeaf)->leaf);
      const auto proof = log_->InclusionProof(index, size);
      ASSERT_TRUE(proof.ok()) << proof.status();
      EXPECT_TRUE(VerifyInclusion(leaf, index, size, root, *proof).ok()) << index << " " << size;
    }
    const auto proof = log_->ConsistencyProof(size, 530);
    ASSERT_TRUE(proof.ok()) << proof.status();
    EXPECT_TRUE(VerifyConsistency(size, root, 530, *log_->RootAt(530), *proof).ok()) << size;
  }
  EXPECT_EQ(*log_->RootAt(0), EmptyRoot());
}

TEST_F(DecisionLogTest, SizesAndIndicesBeyondTheLogAreRefused) {
  ASSERT_TRUE(log_.Open().ok());
  Append(3);
  EXPECT_EQ(log_->RootAt(4).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(log_->InclusionProof(3, 3).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(log_->InclusionProof(0, 4).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(log_->ConsistencyProof(1, 4).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(log_->ConsistencyProof(3, 2).status().code(), absl::StatusCode::kInvalidArgument);
  const absl::Status missing = log_->Read(3, store::Parts::kAll).status();
  EXPECT_EQ(missing.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(LogReasonOf(missing), v1::ERROR_REASON_UNKNOWN_RECORD);
}

TEST_F(DecisionLogTest, DamagedRecordIsDataLossAndNamesItsPlace) {
  ASSERT_TRUE(log_.Open().ok());
  Append(3);
  store_.DamageEntry(1);
  const absl::Status status = log_->Read(1, store::Parts::kAll).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(LogReasonOf(status), v1::ERROR_REASON_LOG_CORRUPT);
  EXPECT_THAT(std::string(status.message()), HasSubstr("entry 1"));
  EXPECT_TRUE(log_->Read(2, store::Parts::kAll).ok());
}

TEST_F(DecisionLogTest, ScanGivesRecordsInOrderUntilItIsStopped) {
  ASSERT_TRUE(log_.Open().ok());
  Append(10);
  std::vector<uint64_t> seen;
  const absl::Status scanned =
      log_->Scan(4, 100, store::Parts::kAll, [&](absl::StatusOr<Record> record) {
        EXPECT_EQ(record->payload, absl::StrCat("payload ", record->index));
        seen.push_back(record->index);
        return record->index < 6;
      });
  EXPECT_TRUE(scanned.ok()) << scanned;
  EXPECT_THAT(seen, ElementsAre(4, 5, 6));
}

TEST_F(DecisionLogTest, CheckpointIsMadeWhenEnoughRecordsAreNotCovered) {
  LogOptions options = log_.options();
  options.checkpoint_records = 10;
  ASSERT_TRUE(log_.Open(options).ok());
  Append(10);
  // In the background: closing waits for it, but would also make one by itself; so look before.
  while (log_->Checkpoint(0)->find("\n10\n") == std::string::npos) std::this_thread::yield();
  EXPECT_THAT(*store_.GetDocument("checkpoint"), HasSubstr("\n10\n"));
}

TEST_F(DecisionLogTest, CheckpointIsMadeAfterAWhile) {
  LogOptions options = log_.options();
  options.checkpoint_interval = absl::Milliseconds(1);
  ASSERT_TRUE(log_.Open(options).ok());
  Append(1);
  while (log_->Checkpoint(0)->find("\n1\n") == std::string::npos) std::this_thread::yield();
  Append(1);
  while (log_->Checkpoint(0)->find("\n2\n") == std::string::npos) std::this_thread::yield();
}

TEST_F(DecisionLogTest, CosignatureStaysWithTheCheckpointThatTheWitnessSaw) {
  CountingRandom seed(77);
  const auto witness = *CosignatureSigner::Create(
      GenerateNoteKey(seed, "witness.example", NoteAlgorithm::kCosignatureV1)->skey, &log_.clock());
  const auto witness_key = *CreateNoteVerifier(witness->vkey());
  const auto log_key = *CreateNoteVerifier(log_.vkey());
  const auto cosign = [&](const std::string& checkpoint) {
    return FormatNoteSignature(*MakeNoteSignature(ParseNote(checkpoint)->text, *witness));
  };
  const auto line_of = [](std::string line) {
    if (!line.empty() && line.back() == '\n') line.pop_back();
    return line;
  };
  ASSERT_TRUE(log_.Open().ok());
  EXPECT_EQ(log_->CosignedCheckpoint(), "");
  Append(1);
  const std::string first = *log_->Checkpoint(1);
  Append(1);
  const std::string second = *log_->Checkpoint(2);

  // The answer comes late: the log has gone on.
  ASSERT_TRUE(log_->AddCosignature(first, line_of(cosign(first))).ok());
  EXPECT_EQ(*log_->Checkpoint(0), second);
  auto opened = OpenCheckpoint(log_->CosignedCheckpoint(), {log_key.get()}, {witness_key.get()});
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(opened->checkpoint.size, 1u);
  EXPECT_EQ(opened->verified.size(), 2u);

  ASSERT_TRUE(log_->AddCosignature(second, line_of(cosign(second))).ok());
  EXPECT_EQ(log_->CosignedCheckpoint(), *log_->Checkpoint(0));
  EXPECT_EQ(log_->AddCosignature(first, line_of(cosign(first))).code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_FALSE(log_->AddCosignature("nonsense", line_of(cosign(second))).ok());
  EXPECT_FALSE(log_->AddCosignature(second, "nonsense").ok());

  // It outlives the process.
  const std::string cosigned = log_->CosignedCheckpoint();
  ASSERT_TRUE(log_.Open().ok());
  EXPECT_EQ(log_->CosignedCheckpoint(), cosigned);
  EXPECT_EQ(*log_->Checkpoint(0), cosigned);
}

TEST_F(DecisionLogTest, IndexHashesDependOnKeyDomainAndText) {
  ASSERT_TRUE(log_.Open().ok());
  const std::string hash = log_->IndexHash("patient", "p1");
  EXPECT_EQ(hash.size(), 32u);
  EXPECT_EQ(hash, log_->IndexHash("patient", "p1"));
  EXPECT_NE(hash, log_->IndexHash("patient", "p2"));
  EXPECT_NE(hash, log_->IndexHash("request", "p1"));
  EXPECT_NE(log_->IndexHash("ab", "c"), log_->IndexHash("a", "bc"));
  store::MemoryLogStore other_store;
  TestLog other(&other_store);
  ASSERT_TRUE(other.Open().ok());
  EXPECT_NE(hash, other->IndexHash("patient", "p1"));
}

}  // namespace
}  // namespace plumbline::audit
