// What DecisionLog::Open checks before it takes a record.

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/audit/checkpoint.h"
#include "server/audit/decision_log.h"
#include "server/audit/merkle.h"
#include "server/store/memory/memory_log_store.h"
#include "tests/testing/audit/test_log.h"
#include "tests/testing/base/counting_random.h"

namespace plumbline::audit {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

class DecisionLogOpeningTest : public testing::Test {
 protected:
  void Append(int count) {
    for (int i = 0; i < count; ++i) ASSERT_TRUE(log_->AppendAndWait(TestDraft("details")).ok());
  }
  // Everything that one store holds, in a new one: a backup.
  std::unique_ptr<store::MemoryLogStore> Copy(uint64_t entries) {
    auto copy = std::make_unique<store::MemoryLogStore>();
    for (uint64_t i = 0; i < entries; ++i) {
      const store::StoredEntry entry = *store_.Read(i, store::Parts::kAll);
      store::NewEntry added;
      added.leaf = entry.leaf;
      added.wrapped_key = *entry.wrapped_key;
      added.details = entry.details;
      added.payload = entry.payload;
      EXPECT_TRUE(copy->Append(i, {added}).ok());
    }
    for (const char* name : {"checkpoint", "index-key"}) {
      EXPECT_TRUE(copy->PutDocument(name, *store_.GetDocument(name)).ok());
    }
    return copy;
  }
  std::string Message(const absl::Status& status) { return std::string(status.message()); }

  store::MemoryLogStore store_;
  TestLog log_{&store_};
};

TEST_F(DecisionLogOpeningTest, EmptyStoreBecomesALogWithACheckpointOfNothing) {
  ASSERT_TRUE(log_.Open().ok());
  EXPECT_EQ(log_->size(), 0u);
  const auto verifier = *CreateNoteVerifier(log_.vkey());
  const auto opened = OpenCheckpoint(*log_->Checkpoint(0), {verifier.get()});
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(opened->checkpoint.size, 0u);
  EXPECT_EQ(opened->checkpoint.root, EmptyRoot());
  EXPECT_EQ(opened->checkpoint.origin, kTestOrigin);
}

TEST_F(DecisionLogOpeningTest, BeginningThatWasInterruptedIsGoneOnWith) {
  // The index key is stored, the checkpoint is not.
  store_.FailWrite(2, absl::UnavailableError("crash"));
  EXPECT_FALSE(log_.Open().ok());
  store_.Recover();
  const std::string index_key = *store_.GetDocument("index-key");
  ASSERT_TRUE(log_.Open().ok());
  EXPECT_EQ(*store_.GetDocument("index-key"), index_key);
}

TEST_F(DecisionLogOpeningTest, WrongMasterKeyIsRefused) {
  ASSERT_TRUE(log_.Open().ok());
  Append(1);
  const std::string key_id = log_.keyring().current_id();
  log_.SetMasterKeys(kOtherMasterKey);
  const absl::Status status = log_.Open();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(Message(status), HasSubstr(key_id));
}

TEST_F(DecisionLogOpeningTest, AnotherOriginIsRefused) {
  ASSERT_TRUE(log_.Open().ok());
  log_.Close();
  CountingRandom seed;
  const auto signer = *Ed25519NoteSigner::Create(GenerateNoteKey(seed, "other.example/log")->skey);
  LogOptions options = log_.options();
  options.origin = "other.example/log";
  options.verifier_keys = {signer->vkey()};
  const absl::Status status = DecisionLog::Open(options, &store_, &log_.keyring(), signer.get(),
                                                &log_.clock(), &log_.random())
                                  .status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(Message(status), AllOf(HasSubstr(kTestOrigin), HasSubstr("other.example/log")));
}

TEST_F(DecisionLogOpeningTest, CheckpointOfAnUnknownKeyIsRefused) {
  ASSERT_TRUE(log_.Open().ok());
  log_.Close();
  CountingRandom seed(9);
  const auto signer = *Ed25519NoteSigner::Create(GenerateNoteKey(seed, kTestOrigin)->skey);
  LogOptions options = log_.options();
  options.verifier_keys = {signer->vkey()};
  const auto open = [&] {
    return DecisionLog::Open(options, &store_, &log_.keyring(), signer.get(), &log_.clock(),
                             &log_.random());
  };
  EXPECT_EQ(open().status().code(), absl::StatusCode::kFailedPrecondition);
  // A signing key that was changed: the old one still counts.
  options.verifier_keys.push_back(log_.vkey());
  auto opened = open();
  ASSERT_TRUE(opened.ok()) << opened.status();
  ASSERT_TRUE((*opened)->AppendAndWait(TestDraft("details")).ok());
  opened->reset();
  EXPECT_TRUE(open().ok());
}

TEST_F(DecisionLogOpeningTest, SignerThatIsNotTheFirstVerifierKeyIsRefused) {
  CountingRandom seed(9);
  const auto other = *Ed25519NoteSigner::Create(GenerateNoteKey(seed, kTestOrigin)->skey);
  LogOptions options = log_.options();
  options.verifier_keys = {other->vkey()};
  EXPECT_EQ(log_.Open(options).code(), absl::StatusCode::kInvalidArgument);
  options.verifier_keys = {};
  EXPECT_EQ(log_.Open(options).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(store_.GetDocument("index-key").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(DecisionLogOpeningTest, ChangedCheckpointIsRefused) {
  ASSERT_TRUE(log_.Open().ok());
  Append(2);
  log_.Close();
  std::string note = *store_.GetDocument("checkpoint");
  note[note.find("\n2\n") + 1] = '1';
  ASSERT_TRUE(store_.PutDocument("checkpoint", note).ok());
  EXPECT_EQ(log_.Open().code(), absl::StatusCode::kDataLoss);
}

TEST_F(DecisionLogOpeningTest, LogShorterThanItsCheckpointIsRefused) {
  ASSERT_TRUE(log_.Open().ok());
  Append(5);
  log_.Close();
  const auto shorter = Copy(3);
  log_.SetStore(shorter.get());
  const absl::Status status = log_.Open();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(Message(status), AllOf(HasSubstr("has 3 records"), HasSubstr("covers 5"),
                                     HasSubstr("restored backup")));
}

TEST_F(DecisionLogOpeningTest, LogWithOtherRecordsThanItsCheckpointIsRefused) {
  store::MemoryLogStore other_store;
  TestLog other(&other_store);
  ASSERT_TRUE(other.Open().ok());
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(other->AppendAndWait(TestDraft("other")).ok());
  other.Close();
  ASSERT_TRUE(log_.Open().ok());
  Append(3);
  log_.Close();
  ASSERT_TRUE(other_store.PutDocument("checkpoint", *store_.GetDocument("checkpoint")).ok());
  const absl::Status status = other.Open();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(Message(status), HasSubstr("root"));
}

TEST_F(DecisionLogOpeningTest, MissingDocumentsAreRefused) {
  ASSERT_TRUE(log_.Open().ok());
  Append(3);
  log_.Close();
  const auto copy = Copy(3);
  store::MemoryLogStore without_documents;
  const store::StoredEntry entry = *copy->Read(0, store::Parts::kAll);
  store::NewEntry added;
  added.leaf = entry.leaf;
  added.wrapped_key = *entry.wrapped_key;
  ASSERT_TRUE(without_documents.Append(0, {added}).ok());
  log_.SetStore(&without_documents);
  EXPECT_THAT(Message(log_.Open()), HasSubstr("checkpoint is missing"));
  ASSERT_TRUE(without_documents.PutDocument("checkpoint", *copy->GetDocument("checkpoint")).ok());
  EXPECT_THAT(Message(log_.Open()), HasSubstr("index key is missing"));
}

TEST_F(DecisionLogOpeningTest, YesterdaysCopyIsRefusedAgainstANewerCheckpoint) {
  ASSERT_TRUE(log_.Open().ok());
  Append(4);
  const std::string yesterday = *log_->Checkpoint(4);
  const auto copy = Copy(4);
  Append(2);
  const std::string today = *log_->Checkpoint(6);
  log_.Close();

  // By itself the copy is sound.
  log_.SetStore(copy.get());
  ASSERT_TRUE(log_.Open().ok());
  LogOptions options = log_.options();
  options.min_checkpoint = yesterday;
  ASSERT_TRUE(log_.Open(options).ok());
  options.min_checkpoint = today;
  const absl::Status status = log_.Open(options);
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(Message(status), AllOf(HasSubstr("has 4 records"), HasSubstr("covers 6")));

  // Nor does it help to append as many records as are missing.
  ASSERT_TRUE(log_.Open().ok());
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(log_->AppendAndWait(TestDraft("other")).ok());
  EXPECT_EQ(log_.Open(options).code(), absl::StatusCode::kDataLoss);
}

TEST_F(DecisionLogOpeningTest, EmptyLogIsRefusedAgainstAnyCheckpoint) {
  ASSERT_TRUE(log_.Open().ok());
  Append(1);
  LogOptions options = log_.options();
  options.min_checkpoint = *log_->Checkpoint(1);
  log_.Close();
  store::MemoryLogStore empty;
  log_.SetStore(&empty);
  EXPECT_EQ(log_.Open(options).code(), absl::StatusCode::kDataLoss);
  // Nothing was begun.
  EXPECT_EQ(empty.GetDocument("index-key").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(DecisionLogOpeningTest, MinimumCheckpointThatDoesNotVerifyIsRefused) {
  ASSERT_TRUE(log_.Open().ok());
  Append(1);
  LogOptions options = log_.options();
  options.min_checkpoint = "no note";
  EXPECT_EQ(log_.Open(options).code(), absl::StatusCode::kInvalidArgument);
  ASSERT_TRUE(log_.Open().ok());
  options.min_checkpoint = *log_->Checkpoint(1);
  options.min_checkpoint[options.min_checkpoint.size() - 5] ^= 1;
  EXPECT_EQ(log_.Open(options).code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(DecisionLogOpeningTest, ClockBehindTheLastRecordIsRefused) {
  ASSERT_TRUE(log_.Open().ok());
  Append(1);
  log_.Close();
  log_.clock().Advance(-absl::Minutes(1));
  ASSERT_TRUE(log_.Open().ok());
  log_.Close();
  log_.clock().Advance(-absl::Minutes(2));
  const absl::Status status = log_.Open();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(Message(status), HasSubstr("clock"));
}

TEST_F(DecisionLogOpeningTest, TilesThatACrashHasLostAreMadeAnew) {
  ASSERT_TRUE(log_.Open().ok());
  Append(600);
  const Sha256Digest root = *log_->RootAt(600);
  log_.Close();
  ASSERT_TRUE(store_.ReadTile(0, 1).ok());
  // The copy has no tiles at all.
  const auto copy = Copy(600);
  log_.SetStore(copy.get());
  ASSERT_TRUE(log_.Open().ok());
  EXPECT_EQ(*log_->RootAt(600), root);
  EXPECT_TRUE(log_->InclusionProof(3, 600).ok());
}

TEST_F(DecisionLogOpeningTest, DamagedTileIsRefused) {
  ASSERT_TRUE(log_.Open().ok());
  Append(600);
  log_.Close();
  const auto copy = Copy(600);
  std::string tile = *store_.ReadTile(0, 1);
  tile[17] ^= 1;
  ASSERT_TRUE(copy->WriteTile(0, 0, *store_.ReadTile(0, 0)).ok());
  ASSERT_TRUE(copy->WriteTile(0, 1, tile).ok());
  log_.SetStore(copy.get());
  EXPECT_EQ(log_.Open().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace plumbline::audit
