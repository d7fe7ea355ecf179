// What a SegmentLogStore does about files that are cut, damaged, missing or exchanged.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/store/segment/segment_log_store.h"
#include "tests/testing/store/entries.h"
#include "tests/testing/store/forgetful_file_system.h"
#include "tests/testing/store/scratch_folder.h"
#include "tests/testing/store/store_workload.h"

namespace plumbline::store {
namespace {

using ::plumbline::testing::AppendEntries;
using ::plumbline::testing::EntryOf;
using ::plumbline::testing::ForgetfulFileSystem;
using ::plumbline::testing::PowerCut;
using ::plumbline::testing::ScratchFolder;
using ::plumbline::testing::StoreWorkload;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kFolder[] = "/log";
constexpr char kFirstSegment[] = "/log/segments/0000000001.seg";
constexpr char kSecondSegment[] = "/log/segments/0000000002.seg";
constexpr char kFirstIndex[] = "/log/segments/0000000001.idx";
constexpr char kMark[] = "/log/acknowledged.mark";

using OpenResult = absl::StatusOr<std::unique_ptr<SegmentLogStore>>;

OpenResult Open(ForgetfulFileSystem& files, uint64_t segment_bytes = 4'096) {
  SegmentOptions options = StoreWorkload::MakeOptions(&files);
  options.segment_bytes = segment_bytes;
  return SegmentLogStore::Open(kFolder, options);
}

std::vector<std::string> ProblemsOf(const LogStore& store) {
  std::vector<std::string> problems;
  const absl::Status checked = store.Check([&problems](const Problem& problem) {
    problems.push_back(absl::StrCat(problem.place, ": ", problem.message));
  });
  EXPECT_TRUE(checked.ok()) << checked;
  return problems;
}

bool AnyContains(const std::vector<std::string>& texts, const std::string& part) {
  return std::any_of(texts.begin(), texts.end(),
                     [&part](const std::string& text) { return absl::StrContains(text, part); });
}

bool IsMentioned(const std::vector<Problem>& problems, const std::string& path) {
  return std::any_of(problems.begin(), problems.end(), [&path](const Problem& problem) {
    return absl::StartsWith(problem.place, path + " at ");
  });
}

// The damage is an error that names the file and an offset.
void ExpectDataLoss(const absl::Status& status, const std::string& path) {
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(path + ": at "));
}

// All of the workload, then closed.
void FillStore(ForgetfulFileSystem& files) {
  OpenResult store = Open(files);
  ASSERT_TRUE(store.ok()) << store.status();
  StoreWorkload workload;
  for (const testing::Step& step : StoreWorkload::Steps()) {
    ASSERT_TRUE(workload.Do(step, **store).ok());
  }
  ASSERT_EQ(workload.Verify(**store, false), "");
  ASSERT_THAT(ProblemsOf(**store), IsEmpty());
}

// ---- Cut files.

// A log of one segment, with what the files were after each batch.
class CutLogTest : public ::testing::Test {
 protected:
  static constexpr uint64_t kBatches[] = {1, 3, 2, 1, 4, 2};

  void SetUp() override {
    OpenResult store = Open(files_, 16'384);
    ASSERT_TRUE(store.ok()) << store.status();
    sizes_.push_back(0);
    marks_.push_back(files_.Contents(kMark));
    ends_.push_back(kSegmentHeadBytes);
    for (const uint64_t count : kBatches) {
      ASSERT_TRUE(AppendEntries(**store, (*store)->size(), count).ok());
      sizes_.push_back((*store)->size());
      marks_.push_back(files_.Contents(kMark));
      const std::string bytes = files_.Contents(kFirstSegment);
      // Frames are padded to 8; what follows is padding between batches.
      ends_.push_back(AlignUp(bytes.find_last_not_of('\0') + 1, kFrameAlignment));
    }
  }

  // Of batches that lie wholly in the first `bytes` bytes.
  size_t WholeBatches(size_t bytes) const {
    return static_cast<size_t>(std::upper_bound(ends_.begin() + 1, ends_.end(), bytes) -
                               ends_.begin() - 1);
  }

  void ExpectPrefix(ForgetfulFileSystem& files, size_t cut, size_t acknowledged_batches) {
    SCOPED_TRACE(absl::StrCat("cut at ", cut, ", ", acknowledged_batches, " batches acknowledged"));
    const OpenResult store = Open(files, 16'384);
    const size_t whole = WholeBatches(cut);
    if (cut < kSegmentHeadBytes || whole < acknowledged_batches) {
      return ExpectDataLoss(store.status(), kFirstSegment);
    }
    ASSERT_TRUE(store.ok()) << store.status();
    ASSERT_EQ((*store)->size(), sizes_[whole]);
    for (uint64_t i = 0; i < (*store)->size(); ++i) {
      ASSERT_EQ((*store)->Read(i, Parts::kAll)->payload, EntryOf(i).payload);
    }
    ASSERT_THAT(ProblemsOf(**store), IsEmpty());
    ASSERT_TRUE(AppendEntries(**store, (*store)->size(), 2).ok());
    ASSERT_EQ((*store)->Read((*store)->size() - 1, Parts::kLeaf)->leaf,
              EntryOf((*store)->size() - 1).leaf);
  }

  ForgetfulFileSystem files_;
  std::vector<uint64_t> sizes_;
  std::vector<std::string> marks_;
  std::vector<size_t> ends_;
};

TEST_F(CutLogTest, FileCutAtEveryByteHoldsWholeBatchesAndNeverFewerThanAcknowledged) {
  const std::string bytes = files_.Contents(kFirstSegment);
  for (size_t cut = 0; cut <= ends_.back() + 1; ++cut) {
    for (size_t acknowledged = 0; acknowledged < marks_.size(); ++acknowledged) {
      // What the mark said does not change what is found, only what is refused: two will do.
      if (acknowledged != 0 && acknowledged != WholeBatches(cut) + cut % 2) continue;
      const std::unique_ptr<ForgetfulFileSystem> files = files_.Copy();
      files->SetContents(kFirstSegment, bytes.substr(0, cut));
      files->SetContents(kMark, marks_[acknowledged]);
      ExpectPrefix(*files, cut, acknowledged);
      if (HasFatalFailure()) return;
    }
  }
}

TEST_F(CutLogTest, FileWithZerosFromEveryByteOnHoldsWholeBatches) {
  std::string bytes = files_.Contents(kFirstSegment);
  for (size_t cut = ends_.back(); cut > kSegmentHeadBytes; --cut) {
    // A byte that was zero before leaves its batch whole, and the case is that of the next one.
    if (bytes[cut - 1] == '\0') continue;
    bytes[cut - 1] = '\0';
    const std::unique_ptr<ForgetfulFileSystem> files = files_.Copy();
    files->SetContents(kFirstSegment, bytes);
    files->SetContents(kMark, marks_[0]);
    ExpectPrefix(*files, cut - 1, 0);
    if (HasFatalFailure()) return;
  }
}

TEST_F(CutLogTest, IncompleteLastBatchIsDroppedAsAWholeZeroedAndReported) {
  const std::unique_ptr<ForgetfulFileSystem> files = files_.Copy();
  std::string bytes = files->Contents(kFirstSegment);
  bytes.replace(ends_.back() - 16, 16, 16, '\0');
  files->SetContents(kFirstSegment, bytes);
  files->SetContents(kMark, marks_[0]);
  const OpenResult store = Open(*files, 16'384);
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_EQ((*store)->size(), sizes_[5]);
  ASSERT_TRUE(IsMentioned((*store)->repairs(), kFirstSegment));
  EXPECT_THAT((*store)->repairs()[0].message, HasSubstr("never acknowledged"));
  EXPECT_EQ((*store)->repairs()[0].index, sizes_[5]);
  EXPECT_LE(files->Contents(kFirstSegment).find_last_not_of('\0') + 1, ends_[5]);
}

TEST_F(CutLogTest, DamageInFrontOfALaterBatchIsNeverTakenForAnInterruptedWrite) {
  for (size_t at = kSegmentHeadBytes; at < ends_[5]; ++at) {
    const std::unique_ptr<ForgetfulFileSystem> files = files_.Copy();
    files->SetContents(kMark, marks_[0]);
    files->FlipBit(kFirstSegment, at, 3);
    const OpenResult store = Open(*files, 16'384);
    if (store.ok()) {
      // Only where nothing is stored.
      ASSERT_EQ((*store)->size(), sizes_.back()) << at;
      ASSERT_TRUE(IsMentioned((*store)->repairs(), kFirstSegment)) << at;
    } else {
      ExpectDataLoss(store.status(), kFirstSegment);
    }
  }
}

// ---- Flipped bits.

TEST(SegmentDamageTest, EveryByteFlippedWhileOpenIsReportedWithItsFile) {
  ForgetfulFileSystem files;
  FillStore(files);
  const OpenResult store = Open(files);
  ASSERT_TRUE(store.ok()) << store.status();
  size_t flips = 0;
  for (const std::string& path : files.Paths()) {
    if (absl::EndsWith(path, "store.lock")) continue;  // holds nothing
    const size_t size = files.Contents(path).size();
    // The journal at rest is 72 KiB of zeros, all checked in the same loop.
    const size_t step = absl::EndsWith(path, ".journal") ? 701 : 1;
    for (size_t offset = 0; offset < size; offset += step) {
      files.FlipBit(path, offset, static_cast<int>(offset % 8));
      const std::vector<std::string> problems = ProblemsOf(**store);
      ASSERT_TRUE(AnyContains(problems, path + " at ")) << path << " " << offset;
      files.FlipBit(path, offset, static_cast<int>(offset % 8));
      ++flips;
    }
  }
  EXPECT_THAT(ProblemsOf(**store), IsEmpty());
  EXPECT_GT(flips, 30'000u);
  RecordProperty("flips", static_cast<int>(flips));
}

// Closed and opened again: refused, put right and reported, or found by Check; and no entry that
// was acknowledged is dropped.
TEST(SegmentDamageTest, EveryByteFlippedWhileClosedIsReportedAndNothingIsDropped) {
  ForgetfulFileSystem original;
  FillStore(original);
  uint64_t entries = 0;
  {
    const std::unique_ptr<ForgetfulFileSystem> files = original.Copy();
    entries = (*Open(*files))->size();
  }
  for (const std::string& path : original.Paths()) {
    if (absl::EndsWith(path, "store.lock")) continue;
    const size_t size = original.Contents(path).size();
    const size_t step = absl::EndsWith(path, ".journal")     ? 997
                        : absl::StrContains(path, "/tiles/") ? 31
                                                             : 3;
    for (size_t offset = 0; offset < size; offset += step) {
      const std::unique_ptr<ForgetfulFileSystem> files = original.Copy();
      files->FlipBit(path, offset, static_cast<int>(offset % 8));
      const OpenResult store = Open(*files);
      if (!store.ok()) {
        ASSERT_THAT(std::string(store.status().message()), HasSubstr(path + ": "));
        continue;
      }
      ASSERT_EQ((*store)->size(), entries) << path << " " << offset;
      ASSERT_TRUE(IsMentioned((*store)->repairs(), path) ||
                  AnyContains(ProblemsOf(**store), path + " at "))
          << path << " " << offset;
    }
  }
}

TEST(SegmentDamageTest, DamagedEntryIsAnErrorWithItsPlaceAndTheOthersStayReadable) {
  ForgetfulFileSystem files;
  FillStore(files);
  const std::string bytes = files.Contents(kFirstSegment);
  const size_t at = bytes.find(EntryOf(2).payload);
  ASSERT_NE(at, std::string::npos);
  for (const bool with_index : {true, false}) {
    const std::unique_ptr<ForgetfulFileSystem> copy = files.Copy();
    copy->FlipBit(kFirstSegment, at, 0);
    ASSERT_TRUE(with_index || copy->Remove(kFirstIndex).ok());
    const OpenResult store = Open(*copy);
    ASSERT_TRUE(store.ok()) << store.status();
    ExpectDataLoss((*store)->Read(2, Parts::kAll).status(), kFirstSegment);
    EXPECT_TRUE((*store)->Read(2, Parts::kLeafAndDetails).ok());
    EXPECT_TRUE((*store)->Read(1, Parts::kAll).ok());
    EXPECT_TRUE((*store)->Read(3, Parts::kAll).ok());
    EXPECT_TRUE(AnyContains(ProblemsOf(**store), absl::StrCat(kFirstSegment, " at ", at)));
  }
}

// Or its damage would look like something that is still to be erased, for ever.
TEST(SegmentDamageTest, ErasedEntryWithDamagedDetailsIsReadAsErasedAndReported) {
  ForgetfulFileSystem files;
  const OpenResult store = Open(files);
  ASSERT_TRUE(store.ok()) << store.status();
  ASSERT_TRUE(AppendEntries(**store, 0, 4).ok());
  const size_t at = files.Contents(kFirstSegment).find(EntryOf(2).details);
  ASSERT_NE(at, std::string::npos);
  ASSERT_FALSE(EntryOf(2).details.empty());
  files.FlipBit(kFirstSegment, at, 0);
  ExpectDataLoss((*store)->Read(2, Parts::kLeafAndDetails).status(), kFirstSegment);
  const uint64_t destroyed[] = {2};
  ASSERT_TRUE((*store)->DestroyKeys(destroyed).ok());
  const absl::StatusOr<StoredEntry> erased = (*store)->Read(2, Parts::kLeafAndDetails);
  ASSERT_TRUE(erased.ok()) << erased.status();
  EXPECT_EQ(erased->leaf, EntryOf(2).leaf);
  EXPECT_FALSE(erased->wrapped_key.has_value());
  EXPECT_EQ(erased->details, "");
  ExpectDataLoss((*store)->Read(2, Parts::kAll).status(), kFirstSegment);
  EXPECT_TRUE(AnyContains(ProblemsOf(**store), absl::StrCat(kFirstSegment, " at ", at)));
}

TEST(SegmentDamageTest, EntryWithADamagedHeadIsLostAloneEvenWithoutTheIndex) {
  ForgetfulFileSystem files;
  FillStore(files);
  const std::string bytes = files.Contents(kFirstSegment);
  const size_t at = bytes.find(EntryOf(2).leaf) - kFrameFixedBytes;
  files.FlipBit(kFirstSegment, at + 20, 0);
  ASSERT_TRUE(files.Remove(kFirstIndex).ok());
  const OpenResult store = Open(files);
  ASSERT_TRUE(store.ok()) << store.status();
  for (uint64_t i = 0; i < (*store)->size(); ++i) {
    const absl::StatusOr<StoredEntry> entry = (*store)->Read(i, Parts::kAll);
    if (i == 2) {
      ExpectDataLoss(entry.status(), kFirstSegment);
    } else {
      EXPECT_TRUE(entry.ok()) << entry.status();
    }
  }
}

// ---- Side files of offsets.

TEST(SegmentIndexTest, MissingIndexIsMadeAnewAndReported) {
  ForgetfulFileSystem files;
  FillStore(files);
  const std::string before = files.Contents(kFirstIndex);
  ASSERT_TRUE(files.Remove(kFirstIndex).ok());
  const OpenResult store = Open(files);
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_TRUE(IsMentioned((*store)->repairs(), kFirstIndex));
  EXPECT_EQ(files.Contents(kFirstIndex), before);
  EXPECT_TRUE((*store)->Read(3, Parts::kAll).ok());
}

TEST(SegmentIndexTest, WrongOffsetsAreNoticedAndEntriesStillRead) {
  ForgetfulFileSystem files;
  FillStore(files);
  for (size_t byte = 0; byte < 8; ++byte) {
    const std::unique_ptr<ForgetfulFileSystem> copy = files.Copy();
    copy->FlipBit(kFirstIndex, kIndexHeadBytes + kIndexEntryBytes + byte, 2);
    const OpenResult store = Open(*copy);
    ASSERT_TRUE(store.ok()) << store.status();
    for (const uint64_t index : {1u, 2u}) {
      const absl::StatusOr<StoredEntry> entry = (*store)->Read(index, Parts::kAll);
      ASSERT_TRUE(entry.ok()) << entry.status();
      EXPECT_EQ(entry->payload, EntryOf(index).payload);
    }
  }
}

// ---- Missing and exchanged files.

TEST(SegmentFilesTest, MissingSegmentIsNamed) {
  for (const char* path : {kFirstSegment, kSecondSegment}) {
    ForgetfulFileSystem files;
    FillStore(files);
    ASSERT_TRUE(files.Remove(path).ok());
    ExpectDataLoss(Open(files).status(), path);
  }
}

TEST(SegmentFilesTest, MissingLastSegmentIsFoundByTheMark) {
  ForgetfulFileSystem files;
  FillStore(files);
  std::string last;
  for (const std::string& path : files.Paths()) {
    if (absl::EndsWith(path, ".seg")) last = path;
  }
  ASSERT_TRUE(files.Remove(last).ok());
  const absl::Status status = Open(files).status();
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("entries were acknowledged"));
}

TEST(SegmentFilesTest, ExchangedSegmentsAreFound) {
  ForgetfulFileSystem files;
  FillStore(files);
  const std::string first = files.Contents(kFirstSegment);
  files.SetContents(kFirstSegment, files.Contents(kSecondSegment));
  files.SetContents(kSecondSegment, first);
  ExpectDataLoss(Open(files).status(), kFirstSegment);
}

TEST(SegmentFilesTest, SegmentOfAnotherHistoryIsFound) {
  ForgetfulFileSystem files, others;
  FillStore(files);
  {
    // The same store id, and other batches: a backup that went another way.
    const OpenResult other = Open(others);
    ASSERT_TRUE(other.ok());
    while (others.Contents(kFirstSegment).size() == 4'096 && (*other)->size() < 40) {
      ASSERT_TRUE(AppendEntries(**other, (*other)->size(), 2).ok());
    }
  }
  files.SetContents(kFirstSegment, others.Contents(kFirstSegment));
  files.SetContents(kFirstIndex, others.Contents(kFirstIndex));
  EXPECT_TRUE(absl::IsDataLoss(Open(files).status()));
}

TEST(SegmentFilesTest, SegmentOfAnotherStoreIsFound) {
  ForgetfulFileSystem files, others;
  FillStore(files);
  SegmentOptions options = StoreWorkload::MakeOptions(&others);
  options.new_store_id = StoreId{9};
  ASSERT_TRUE(AppendEntries(**SegmentLogStore::Open(kFolder, options), 0, 3).ok());
  files.SetContents(kFirstSegment, others.Contents(kFirstSegment));
  ExpectDataLoss(Open(files).status(), kFirstSegment);
}

TEST(SegmentFilesTest, MissingIdentityDoesNotStartANewLogOverEntries) {
  ForgetfulFileSystem files;
  FillStore(files);
  ASSERT_TRUE(files.Remove("/log/store.id").ok());
  ExpectDataLoss(Open(files).status(), "/log/store.id");
  EXPECT_NE(files.Contents(kFirstSegment).find(EntryOf(0).leaf), std::string::npos);
}

TEST(SegmentFilesTest, FilesOfAnotherFormatAreRefusedWithBothVersions) {
  ForgetfulFileSystem files;
  FillStore(files);
  std::string identity = files.Contents("/log/store.id");
  identity[8] = 7;
  std::string checksum;
  AppendU64(Checksum(absl::string_view(identity).substr(0, kIdentityBytes - 8), 0), &checksum);
  identity.replace(kIdentityBytes - 8, 8, checksum);
  files.SetContents("/log/store.id", identity);
  const absl::Status status = Open(files).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("format 7; this program reads format 1"));
}

TEST(SegmentFilesTest, BadOptionsAreNamed) {
  ForgetfulFileSystem files;
  EXPECT_THAT(std::string(Open(files, 100).status().message()), HasSubstr("segment_bytes is 100"));
  SegmentOptions options = StoreWorkload::MakeOptions(&files);
  options.batch_alignment = 100;
  EXPECT_THAT(std::string(SegmentLogStore::Open(kFolder, options).status().message()),
              HasSubstr("batch_alignment is 100"));
}

TEST(SegmentFilesTest, SecondOpeningIsRefusedWithTheProcess) {
  const ScratchFolder folder;
  const std::string path = folder.path() + "/store";
  SegmentOptions options = StoreWorkload::MakeOptions(nullptr);
  OpenResult first = SegmentLogStore::Open(path, options);
  ASSERT_TRUE(first.ok()) << first.status();
  const absl::Status second = SegmentLogStore::Open(path, options).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(second)) << second;
  EXPECT_THAT(std::string(second.message()), HasSubstr(absl::StrCat("process ", getpid())));
  first->reset();
  EXPECT_TRUE(SegmentLogStore::Open(path, options).ok());
}

TEST(SegmentFilesTest, SealedSegmentGivesItsRestBack) {
  ForgetfulFileSystem files;
  FillStore(files);
  EXPECT_LT(files.Contents(kFirstSegment).size(), 4'096u);
}

TEST(SegmentFilesTest, ReplacedKeyStaysNowhereInTheFiles) {
  ForgetfulFileSystem files;
  const OpenResult store = Open(files);
  ASSERT_TRUE(store.ok());
  ASSERT_TRUE(AppendEntries(**store, 0, 2).ok());
  WrappedKey key{};
  key.fill('K');
  const std::pair<uint64_t, WrappedKey> replaced[] = {{1, key}};
  ASSERT_TRUE((*store)->ReplaceKeys(replaced).ok());
  const uint64_t destroyed[] = {1};
  ASSERT_TRUE((*store)->DestroyKeys(destroyed).ok());
  for (const std::string& path : files.Paths()) {
    EXPECT_EQ(files.Contents(path).find("KKKK"), std::string::npos) << path;
  }
}

}  // namespace
}  // namespace plumbline::store
