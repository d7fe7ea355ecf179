#include "server/audit/log_check.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/audit/leaf.h"
#include "server/audit/payload.h"
#include "server/store/memory/memory_log_store.h"
#include "tests/testing/audit/test_log.h"

namespace plumbline::audit {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Optional;
using testing::SizeIs;

class LogCheckTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(log_.Open().ok());
    for (int i = 0; i < 300; ++i) {
      log_.clock().Advance(absl::Seconds(1));
      std::string payload;
      PayloadEncoder().Encode("request", CompactDecision(absl::StrCat("decision ", i)), payload);
      ASSERT_TRUE(log_->AppendAndWait(TestDraft(absl::StrCat("details ", i), payload)).ok());
    }
    log_.Close();
  }

  // A copy of the store in which `change` was made to each entry; documents and tiles as they were.
  std::unique_ptr<store::MemoryLogStore> Changed(
      const std::function<void(uint64_t, store::StoredEntry&)>& change, bool tiles = true) {
    auto copy = std::make_unique<store::MemoryLogStore>();
    for (uint64_t i = 0; i < store_.size(); ++i) {
      store::StoredEntry entry = *store_.Read(i, store::Parts::kAll);
      change(i, entry);
      store::NewEntry added;
      added.leaf = entry.leaf;
      if (entry.wrapped_key.has_value()) added.wrapped_key = *entry.wrapped_key;
      added.details = entry.details;
      added.payload = entry.payload;
      EXPECT_TRUE(copy->Append(i, {added}).ok());
    }
    for (const char* name : {"checkpoint", "index-key"}) {
      EXPECT_TRUE(copy->PutDocument(name, *store_.GetDocument(name)).ok());
    }
    if (tiles) {
      EXPECT_TRUE(copy->WriteTile(0, 0, *store_.ReadTile(0, 0)).ok());
    }
    return copy;
  }

  LogCheckOptions Options(const store::LogStore& store) {
    LogCheckOptions options;
    options.store = &store;
    options.origin = kTestOrigin;
    options.verifier_keys = {log_.vkey()};
    options.keyring = &log_.keyring();
    return options;
  }
  LogCheckReport Check(const store::LogStore& store) { return *CheckLog(Options(store)); }

  store::MemoryLogStore store_;
  TestLog log_{&store_};
};

auto ProblemAt(const std::string& place, const std::string& message) {
  return AllOf(Field(&store::Problem::place, HasSubstr(place)),
               Field(&store::Problem::message, HasSubstr(message)));
}

TEST_F(LogCheckTest, SoundLogHasNoProblems) {
  LogCheckOptions options = Options(store_);
  uint64_t last = 0;
  options.progress = [&](uint64_t done, uint64_t total) {
    EXPECT_GE(done, last);
    EXPECT_EQ(total, 300u);
    last = done;
  };
  const absl::StatusOr<LogCheckReport> report = CheckLog(options);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_TRUE(report->ok());
  EXPECT_THAT(report->problems, IsEmpty());
  EXPECT_THAT(report->not_checked, IsEmpty());
  EXPECT_EQ(report->records, 300u);
  EXPECT_EQ(report->opened, 300u);
  EXPECT_EQ(report->checkpoint_size, 300u);
  EXPECT_EQ(report->checkpoints, 1u);
  EXPECT_EQ(report->tiles, 1u);
  EXPECT_EQ(last, 300u);
}

TEST_F(LogCheckTest, CopyOfASoundLogIsSound) {
  EXPECT_THAT(Check(*Changed([](uint64_t, store::StoredEntry&) {})).problems, IsEmpty());
}

TEST_F(LogCheckTest, EachByteOfALeafMatters) {
  const size_t size = store_.Read(7, store::Parts::kLeaf)->leaf.size();
  for (size_t i = 0; i < size; ++i) {
    const LogCheckReport report = Check(*Changed([&](uint64_t index, store::StoredEntry& entry) {
      if (index == 7) entry.leaf[i] = static_cast<char>(entry.leaf[i] ^ 0x01);
    }));
    // The tile tells where, the checkpoint that.
    EXPECT_THAT(report.problems, Contains(ProblemAt("tile 0/0", "hash 7 "))) << i;
    EXPECT_THAT(report.problems, Contains(ProblemAt("document checkpoint", "root"))) << i;
  }
}

TEST_F(LogCheckTest, ChangedSealedBytesAndKeysAreFound) {
  const std::vector<std::function<void(store::StoredEntry&)>> changes = {
      [](store::StoredEntry& entry) { entry.details[3] ^= 1; },
      [](store::StoredEntry& entry) { entry.details.clear(); },
      [](store::StoredEntry& entry) { entry.payload[3] ^= 1; },
      [](store::StoredEntry& entry) { entry.payload.clear(); },
      [](store::StoredEntry& entry) { (*entry.wrapped_key)[30] ^= 1; },
      [](store::StoredEntry& entry) { (*entry.wrapped_key)[90] ^= 1; },
      [](store::StoredEntry& entry) { std::swap(entry.details, entry.payload); },
  };
  for (size_t i = 0; i < changes.size(); ++i) {
    const LogCheckReport report = Check(*Changed([&](uint64_t index, store::StoredEntry& entry) {
      if (index == 290) changes[i](entry);
    }));
    ASSERT_THAT(report.problems, SizeIs(1)) << i;
    EXPECT_THAT(report.problems[0].index, Optional(290u)) << i;
    EXPECT_THAT(report.problems[0].place, HasSubstr("record 290")) << i;
  }
}

TEST_F(LogCheckTest, RecordsThatChangedPlacesAreFound) {
  const store::StoredEntry five = *store_.Read(5, store::Parts::kAll);
  const store::StoredEntry six = *store_.Read(6, store::Parts::kAll);
  const LogCheckReport report = Check(*Changed([&](uint64_t index, store::StoredEntry& entry) {
    if (index == 5) entry = six;
    if (index == 6) entry = five;
  }));
  EXPECT_THAT(report.problems, Contains(ProblemAt("tile 0/0", "hash 5 ")));
  EXPECT_THAT(report.problems, Contains(ProblemAt("record 6", "time is before")));
}

TEST_F(LogCheckTest, EntryThatTheStoreCannotReadIsNamedOnceAndTheRestIsChecked) {
  store_.DamageEntry(5);
  const LogCheckReport report = Check(store_);
  ASSERT_THAT(report.problems, SizeIs(1));
  EXPECT_THAT(report.problems[0].index, Optional(5u));
  EXPECT_EQ(report.opened, 299u);
  EXPECT_THAT(report.not_checked, Contains(HasSubstr("roots")));
}

TEST_F(LogCheckTest, MissingAndWrongTilesAreFound) {
  const auto without = Changed([](uint64_t, store::StoredEntry&) {}, /*tiles=*/false);
  EXPECT_THAT(Check(*without).problems, ElementsAre(ProblemAt("tile 0/0", "is missing")));
  std::string tile = *store_.ReadTile(0, 0);
  tile[32 * 9] ^= 1;
  ASSERT_TRUE(without->WriteTile(0, 0, tile).ok());
  EXPECT_THAT(Check(*without).problems, ElementsAre(ProblemAt("tile 0/0", "hash 9 ")));
}

TEST_F(LogCheckTest, ChangedDocumentsAreFound) {
  for (const char* name : {"checkpoint", "index-key"}) {
    const std::string document = *store_.GetDocument(name);
    for (size_t i = 0; i < document.size(); ++i) {
      std::string changed = document;
      changed[i] = static_cast<char>(changed[i] ^ 0x01);
      ASSERT_TRUE(store_.PutDocument(name, changed).ok());
      EXPECT_THAT(Check(store_).problems, Contains(ProblemAt(absl::StrCat("document ", name), "")))
          << name << " byte " << i;
    }
    ASSERT_TRUE(store_.PutDocument(name, document).ok());
  }
  EXPECT_TRUE(Check(store_).ok());
}

TEST_F(LogCheckTest, CheckpointSeenElsewhereMustBeInTheLog) {
  store::MemoryLogStore other_store;
  TestLog other(&other_store);
  ASSERT_TRUE(other.Open().ok());
  ASSERT_TRUE(other->AppendAndWait(TestDraft("other")).ok());
  LogCheckOptions options = Options(store_);
  options.checkpoints = {*store_.GetDocument("checkpoint"), *other->Checkpoint(1)};
  EXPECT_THAT(CheckLog(options)->problems, ElementsAre(ProblemAt("given checkpoint 2", "root")));
  // This log is shorter than that one.
  options.store = &other_store;
  EXPECT_THAT(CheckLog(options)->problems,
              Contains(ProblemAt("given checkpoint 1", "covers 300 records, but the log has 1")));
}

TEST_F(LogCheckTest, WithoutMasterKeyTheReportSaysWhatWasNotChecked) {
  LogCheckOptions options = Options(store_);
  options.keyring = nullptr;
  const absl::StatusOr<LogCheckReport> report = CheckLog(options);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_TRUE(report->ok());
  EXPECT_EQ(report->opened, 0u);
  EXPECT_EQ(report->checkpoints, 1u);
  EXPECT_THAT(report->not_checked, ElementsAre(HasSubstr("Without the master key")));
}

TEST_F(LogCheckTest, PayloadWithoutItsTextsIsFound) {
  auto pieces = std::make_shared<PieceTable>();
  const Piece text = pieces->Add(std::string(64, 'a'));
  store::MemoryLogStore elsewhere;
  ASSERT_TRUE(log_.Open().ok());
  std::string payload;
  const auto decision = CompactDecision::Make(pieces, {"", {{0, text.number}}, text.bytes.size()});
  PayloadEncoder::WithPieces(pieces, elsewhere)->Encode("request", **decision, payload);
  ASSERT_TRUE(log_->AppendAndWait(TestDraft("details", payload)).ok());
  log_.Close();
  EXPECT_THAT(Check(store_).problems, ElementsAre(ProblemAt("record 300", "its texts")));
}

TEST_F(LogCheckTest, ProblemsBeyondTheLimitAreCounted) {
  const auto changed = Changed([](uint64_t, store::StoredEntry& entry) { entry.payload[0] ^= 1; });
  LogCheckOptions options = Options(*changed);
  options.max_problems = 10;
  const absl::StatusOr<LogCheckReport> report = CheckLog(options);
  EXPECT_THAT(report->problems, SizeIs(10));
  EXPECT_EQ(report->problem_count, 300u);
}

TEST_F(LogCheckTest, WrongOptionsAreErrors) {
  LogCheckOptions options = Options(store_);
  options.origin = "other.example/log";
  EXPECT_EQ(CheckLog(options).status().code(), absl::StatusCode::kInvalidArgument);
  options = Options(store_);
  options.verifier_keys = {};
  EXPECT_EQ(CheckLog(options).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace plumbline::audit
