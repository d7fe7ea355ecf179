// One suite for every LogStore.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/base/sha256.h"
#include "server/store/memory/memory_log_store.h"
#include "server/store/segment/segment_log_store.h"
#include "tests/testing/store/entries.h"
#include "tests/testing/store/forgetful_file_system.h"
#include "tests/testing/store/scratch_folder.h"

namespace plumbline::store {
namespace {

using ::plumbline::testing::AppendEntries;
using ::plumbline::testing::Entry;
using ::plumbline::testing::EntryOf;
using ::plumbline::testing::ForgetfulFileSystem;
using ::plumbline::testing::ScratchFolder;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

SegmentOptions TinySegments() {
  SegmentOptions options;
  options.segment_bytes = 4'096;
  options.batch_alignment = 64;
  return options;
}

struct Implementation {
  const char* name;
  std::function<std::unique_ptr<LogStore>(const std::string& folder, FileSystem* forgetful)> make;
};

void PrintTo(const Implementation& implementation, std::ostream* out) {
  *out << implementation.name;
}

class LogStoreTest : public ::testing::TestWithParam<Implementation> {
 protected:
  LogStoreTest() : store_(GetParam().make(folder_.path() + "/store", &forgetful_)) {}

  void Append(uint64_t first, uint64_t count) {
    const absl::Status appended = AppendEntries(*store_, first, count);
    ASSERT_TRUE(appended.ok()) << appended;
  }
  void ExpectEntry(const absl::StatusOr<StoredEntry>& stored, uint64_t index) {
    ASSERT_TRUE(stored.ok()) << stored.status();
    const Entry expected = EntryOf(index);
    EXPECT_EQ(stored->index, index);
    EXPECT_EQ(stored->leaf, expected.leaf);
    EXPECT_EQ(stored->wrapped_key, expected.key);
    EXPECT_EQ(stored->details, expected.details);
    EXPECT_EQ(stored->payload, expected.payload);
  }
  std::vector<std::string> Problems() {
    std::vector<std::string> problems;
    const absl::Status checked = store_->Check([&problems](const Problem& problem) {
      problems.push_back(absl::StrCat(problem.place, ": ", problem.message));
    });
    EXPECT_TRUE(checked.ok()) << checked;
    return problems;
  }

  ScratchFolder folder_;
  ForgetfulFileSystem forgetful_;
  std::unique_ptr<LogStore> store_;
};

TEST_P(LogStoreTest, NewStoreIsEmpty) {
  EXPECT_EQ(store_->size(), 0u);
  EXPECT_TRUE(absl::IsNotFound(store_->Read(0, Parts::kAll).status()));
  EXPECT_THAT(*store_->ListObjects(), IsEmpty());
  EXPECT_THAT(Problems(), IsEmpty());
}

TEST_P(LogStoreTest, EntriesComeBackAsTheyWereGiven) {
  for (uint64_t first = 0, count = 1; first < 100; first += count, count = count % 7 + 1) {
    Append(first, count);
    EXPECT_EQ(store_->size(), first + count);
  }
  for (uint64_t i = 0; i < store_->size(); ++i) ExpectEntry(store_->Read(i, Parts::kAll), i);
  EXPECT_THAT(Problems(), IsEmpty());
}

TEST_P(LogStoreTest, BatchLargerThanASegmentIsStored) {
  ASSERT_TRUE(AppendEntries(*store_, 0, 3).ok());
  Entry large = EntryOf(3);
  large.leaf = std::string(kMaxLeafBytes, 'l');
  large.details = std::string(100'000, 'd');
  large.payload = std::string(300'000, 'p');
  const NewEntry entries[] = {large.AsNew(), large.AsNew()};
  ASSERT_TRUE(store_->Append(3, entries).ok());
  ASSERT_TRUE(AppendEntries(*store_, 5, 3).ok());
  EXPECT_EQ(store_->Read(4, Parts::kAll)->payload, large.payload);
  EXPECT_EQ(store_->Read(4, Parts::kLeaf)->leaf, large.leaf);
  EXPECT_EQ(store_->Read(4, Parts::kLeafAndDetails)->details, large.details);
  ExpectEntry(store_->Read(5, Parts::kAll), 5);
  EXPECT_THAT(Problems(), IsEmpty());
}

TEST_P(LogStoreTest, EmptyPartsAreStored) {
  const NewEntry entries[] = {NewEntry{}};
  ASSERT_TRUE(store_->Append(0, entries).ok());
  const absl::StatusOr<StoredEntry> entry = store_->Read(0, Parts::kAll);
  ASSERT_TRUE(entry.ok()) << entry.status();
  EXPECT_EQ(entry->leaf + entry->details + entry->payload, "");
  EXPECT_EQ(entry->wrapped_key, WrappedKey{});
}

TEST_P(LogStoreTest, AppendOfNothingDoesNothing) {
  EXPECT_TRUE(store_->Append(0, {}).ok());
  EXPECT_EQ(store_->size(), 0u);
}

TEST_P(LogStoreTest, WrongFirstIndexIsRefused) {
  Append(0, 2);
  for (const uint64_t wrong : {0u, 1u, 3u}) {
    EXPECT_TRUE(absl::IsFailedPrecondition(AppendEntries(*store_, wrong, 1))) << wrong;
  }
  EXPECT_EQ(store_->size(), 2u);
  Append(2, 1);
}

TEST_P(LogStoreTest, PartsBeyondTheirLimitsAreRefusedWithAllOfTheBatch) {
  const std::string leaf(kMaxLeafBytes + 1, 'l');
  const std::string details(kMaxDetailsBytes + 1, 'd');
  const std::string payload(kMaxPayloadBytes + 1, 'p');
  const NewEntry good;
  for (const NewEntry& bad :
       {NewEntry{leaf, {}, "", ""}, NewEntry{"", {}, details, ""}, NewEntry{"", {}, "", payload}}) {
    const NewEntry entries[] = {good, bad};
    const absl::Status refused = store_->Append(0, entries);
    EXPECT_TRUE(absl::IsInvalidArgument(refused)) << refused;
    EXPECT_THAT(std::string(refused.message()), HasSubstr("entry 1 of the batch"));
  }
  EXPECT_EQ(store_->size(), 0u);
}

TEST_P(LogStoreTest, ReadingPartsLeavesTheOthersEmpty) {
  Append(0, 3);
  const absl::StatusOr<StoredEntry> leaf = store_->Read(2, Parts::kLeaf);
  ASSERT_TRUE(leaf.ok());
  EXPECT_EQ(leaf->leaf, EntryOf(2).leaf);
  EXPECT_FALSE(leaf->wrapped_key.has_value());
  EXPECT_EQ(leaf->details + leaf->payload, "");
  const absl::StatusOr<StoredEntry> both = store_->Read(2, Parts::kLeafAndDetails);
  ASSERT_TRUE(both.ok());
  EXPECT_EQ(both->details, EntryOf(2).details);
  EXPECT_EQ(both->wrapped_key, EntryOf(2).key);
  EXPECT_EQ(both->payload, "");
}

TEST_P(LogStoreTest, ScanGoesInOrderAndStopsWhenTold) {
  for (uint64_t first = 0; first < 60; first += 6) Append(first, 6);
  for (const Parts parts : {Parts::kLeaf, Parts::kLeafAndDetails, Parts::kAll}) {
    uint64_t next = 7;
    const absl::Status scanned = store_->Scan(7, 50, parts, [&](StoredEntry entry) {
      EXPECT_EQ(entry.index, next);
      EXPECT_EQ(entry.leaf, EntryOf(next).leaf);
      EXPECT_EQ(entry.payload, parts == Parts::kAll ? EntryOf(next).payload : "");
      ++next;
      return true;
    });
    EXPECT_TRUE(scanned.ok()) << scanned;
    EXPECT_EQ(next, 57u);
  }
  int visited = 0;
  EXPECT_TRUE(store_->Scan(0, 60, Parts::kLeaf, [&](StoredEntry) { return ++visited < 3; }).ok());
  EXPECT_EQ(visited, 3);
  const auto never = [](StoredEntry) { return true; };
  EXPECT_TRUE(store_->Scan(0, 0, Parts::kLeaf, never).ok());
  EXPECT_TRUE(absl::IsNotFound(store_->Scan(58, 3, Parts::kLeaf, never)));
}

TEST_P(LogStoreTest, VisitMayCallTheStore) {
  Append(0, 3);
  const absl::Status scanned = store_->Scan(0, 3, Parts::kLeaf, [&](StoredEntry entry) {
    return store_->Read(entry.index, Parts::kAll).ok() && AppendEntries(*store_, 3, 1).ok();
  });
  EXPECT_TRUE(scanned.ok());
  EXPECT_EQ(store_->size(), 4u);
}

TEST_P(LogStoreTest, DestroyedKeyIsGoneAndCannotComeBack) {
  for (uint64_t first = 0; first < 40; first += 4) Append(first, 4);
  const uint64_t destroyed[] = {0, 17, 39, 17};
  ASSERT_TRUE(store_->DestroyKeys(destroyed).ok());
  ASSERT_TRUE(store_->DestroyKeys(destroyed).ok());
  EXPECT_TRUE(store_->DestroyKeys({}).ok());
  for (const uint64_t index : destroyed) {
    const absl::StatusOr<StoredEntry> entry = store_->Read(index, Parts::kAll);
    ASSERT_TRUE(entry.ok()) << entry.status();
    EXPECT_FALSE(entry->wrapped_key.has_value());
    EXPECT_EQ(entry->leaf, EntryOf(index).leaf);
    EXPECT_EQ(entry->payload, EntryOf(index).payload);
  }
  ExpectEntry(store_->Read(18, Parts::kAll), 18);
  const std::pair<uint64_t, WrappedKey> again[] = {{18, WrappedKey{1}}, {17, WrappedKey{1}}};
  EXPECT_TRUE(absl::IsFailedPrecondition(store_->ReplaceKeys(again)));
  ExpectEntry(store_->Read(18, Parts::kAll), 18);
  const uint64_t missing[] = {40};
  EXPECT_TRUE(absl::IsNotFound(store_->DestroyKeys(missing)));
  EXPECT_THAT(Problems(), IsEmpty());
}

TEST_P(LogStoreTest, ReplacedKeysAreTheNewOnes) {
  for (uint64_t first = 0; first < 1'200; first += 100) Append(first, 100);
  std::vector<std::pair<uint64_t, WrappedKey>> keys;
  for (uint64_t i = 0; i < 1'200; ++i) {
    WrappedKey key{};
    key.fill(static_cast<uint8_t>(i));
    keys.emplace_back(i, key);
  }
  ASSERT_TRUE(store_->ReplaceKeys(keys).ok());
  for (uint64_t i = 0; i < 1'200; ++i) {
    ASSERT_EQ(store_->Read(i, Parts::kAll)->wrapped_key, keys[i].second);
  }
  EXPECT_EQ(store_->Read(700, Parts::kAll)->payload, EntryOf(700).payload);
  EXPECT_THAT(Problems(), IsEmpty());
}

TEST_P(LogStoreTest, KeyDestroyedDuringAScanIsNotShown) {
  Append(0, 10);
  const absl::Status scanned = store_->Scan(0, 10, Parts::kAll, [&](StoredEntry entry) {
    const uint64_t last[] = {9};
    EXPECT_TRUE(entry.index != 4 || store_->DestroyKeys(last).ok());
    EXPECT_EQ(entry.wrapped_key.has_value(), entry.index != 9);
    return true;
  });
  EXPECT_TRUE(scanned.ok());
}

TEST_P(LogStoreTest, TilesAreWrittenOnce) {
  const std::string first(8'192, 'a'), second(8'192, 'b');
  EXPECT_TRUE(absl::IsNotFound(store_->ReadTile(0, 0).status()));
  for (const uint64_t number : {uint64_t{0}, uint64_t{999}, uint64_t{1'234'067}}) {
    ASSERT_TRUE(store_->WriteTile(0, number, first).ok());
    ASSERT_TRUE(store_->WriteTile(0, number, first).ok());
    EXPECT_TRUE(absl::IsDataLoss(store_->WriteTile(0, number, second)));
    EXPECT_EQ(store_->ReadTile(0, number).value_or(""), first);
  }
  ASSERT_TRUE(store_->WriteTile(7, 0, second).ok());
  EXPECT_EQ(store_->ReadTile(7, 0).value_or(""), second);
  EXPECT_TRUE(absl::IsInvalidArgument(store_->WriteTile(0, 1, "short")));
  EXPECT_TRUE(absl::IsInvalidArgument(store_->WriteTile(8, 0, first)));
  EXPECT_TRUE(absl::IsInvalidArgument(store_->ReadTile(-1, 0).status()));
  EXPECT_THAT(Problems(), IsEmpty());
}

TEST_P(LogStoreTest, DocumentsAreReplaced) {
  EXPECT_TRUE(absl::IsNotFound(store_->GetDocument("checkpoint").status()));
  for (const std::string& bytes : {std::string("one"), std::string(), std::string("t\0o", 3)}) {
    ASSERT_TRUE(store_->PutDocument("checkpoint", bytes).ok());
    EXPECT_EQ(store_->GetDocument("checkpoint").value_or("?"), bytes);
  }
  ASSERT_TRUE(store_->PutDocument("a-b_c.9", "x").ok());
  EXPECT_EQ(store_->GetDocument("checkpoint").value_or("?"), std::string("t\0o", 3));
  for (const std::string& name : {std::string(), std::string("../x"), std::string(".x"),
                                  std::string("A"), std::string("a/b"), std::string(65, 'a')}) {
    EXPECT_TRUE(absl::IsInvalidArgument(store_->PutDocument(name, "x"))) << name;
    EXPECT_TRUE(absl::IsInvalidArgument(store_->GetDocument(name).status())) << name;
  }
  EXPECT_TRUE(store_->PutDocument(std::string(64, 'a'), "x").ok());
}

TEST_P(LogStoreTest, ObjectsAreFoundByDigest) {
  const std::string bytes("ruleset \0 bytes", 15);
  const absl::StatusOr<std::string> digest = store_->PutObject(bytes);
  ASSERT_TRUE(digest.ok()) << digest.status();
  EXPECT_EQ(*digest, ToHex(Sha256Of(bytes)));
  EXPECT_EQ(store_->PutObject(bytes).value_or(""), *digest);
  const std::string other = store_->PutObject("").value_or("");
  EXPECT_EQ(store_->GetObject(*digest).value_or(""), bytes);
  EXPECT_THAT(*store_->ListObjects(), UnorderedElementsAre(*digest, other));
  EXPECT_TRUE(absl::IsNotFound(store_->GetObject(std::string(64, '0')).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(store_->GetObject("../../etc/passwd").status()));
}

TEST_P(LogStoreTest, SpaceGrowsWithWhatIsStored) {
  const absl::StatusOr<Space> before = store_->GetSpace();
  ASSERT_TRUE(before.ok()) << before.status();
  EXPECT_GT(before->free_bytes, 0u);
  ASSERT_TRUE(store_->PutObject(std::string(100'000, 'x')).ok());
  EXPECT_GE(store_->GetSpace()->used_bytes, before->used_bytes + 100'000);
}

TEST_P(LogStoreTest, ReadersSeeWholeEntriesWhileOthersAreAppendedAndKeysChange) {
  Append(0, 20);
  std::atomic<bool> stop{false};
  std::atomic<uint64_t> reads{0};
  std::vector<std::thread> readers;
  for (int t = 0; t < 2; ++t) {
    readers.emplace_back([&, t] {
      for (uint64_t n = static_cast<uint64_t>(t); !stop.load(); n += 7) {
        const uint64_t index = n % store_->size();
        const absl::StatusOr<StoredEntry> entry = store_->Read(index, Parts::kAll);
        ASSERT_TRUE(entry.ok()) << entry.status();
        ASSERT_EQ(entry->payload, EntryOf(index).payload);
        const bool is_whole =
            !entry->wrapped_key.has_value() || *entry->wrapped_key == EntryOf(index).key ||
            std::count(entry->wrapped_key->begin(), entry->wrapped_key->end(),
                       (*entry->wrapped_key)[0]) == static_cast<std::ptrdiff_t>(kWrappedKeyBytes);
        ASSERT_TRUE(is_whole) << "half a key was read";
        ++reads;
      }
    });
  }
  for (uint64_t i = 0; i < 60; ++i) {
    ASSERT_TRUE(AppendEntries(*store_, store_->size(), i % 4 + 1).ok());
    WrappedKey key{};
    key.fill(static_cast<uint8_t>(i));
    const std::pair<uint64_t, WrappedKey> replaced[] = {{i % 15, key}};
    ASSERT_TRUE(store_->ReplaceKeys(replaced).ok());
    const uint64_t destroyed[] = {15 + i % 5};
    ASSERT_TRUE(store_->DestroyKeys(destroyed).ok());
    ASSERT_TRUE(i % 10 != 0 || Problems().empty());
  }
  while (reads.load() < 100) std::this_thread::yield();
  stop = true;
  for (std::thread& reader : readers) reader.join();
}

std::unique_ptr<LogStore> OpenSegments(const std::string& folder, const SegmentOptions& options) {
  absl::StatusOr<std::unique_ptr<SegmentLogStore>> store = SegmentLogStore::Open(folder, options);
  EXPECT_TRUE(store.ok()) << store.status();
  return store.ok() ? *std::move(store) : nullptr;
}

INSTANTIATE_TEST_SUITE_P(
    All, LogStoreTest,
    ::testing::Values(Implementation{"Memory",
                                     [](const std::string&, FileSystem*) {
                                       return std::make_unique<MemoryLogStore>();
                                     }},
                      Implementation{"TinySegments",
                                     [](const std::string& folder, FileSystem*) {
                                       return OpenSegments(folder, TinySegments());
                                     }},
                      Implementation{"LargeSegments",
                                     [](const std::string& folder, FileSystem*) {
                                       SegmentOptions options;
                                       options.segment_bytes = uint64_t{4} << 20;
                                       return OpenSegments(folder, options);
                                     }},
                      Implementation{"ForgetfulSegments",
                                     [](const std::string& folder, FileSystem* forgetful) {
                                       SegmentOptions options = TinySegments();
                                       options.file_system = forgetful;
                                       return OpenSegments(folder, options);
                                     }}),
    [](const auto& given) { return given.param.name; });

}  // namespace
}  // namespace plumbline::store
