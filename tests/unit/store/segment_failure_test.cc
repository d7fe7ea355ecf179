// What a SegmentLogStore does when writing fails, the disk is full, the power or the process dies.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/base/failpoint.h"
#include "server/store/segment/segment_log_store.h"
#include "tests/testing/store/entries.h"
#include "tests/testing/store/faulty_file_system.h"
#include "tests/testing/store/forgetful_file_system.h"
#include "tests/testing/store/scratch_folder.h"
#include "tests/testing/store/store_workload.h"

namespace plumbline::store {
namespace {

using ::plumbline::testing::AppendEntries;
using ::plumbline::testing::EntryOf;
using ::plumbline::testing::Fault;
using ::plumbline::testing::FaultyFileSystem;
using ::plumbline::testing::ForgetfulFileSystem;
using ::plumbline::testing::Operation;
using ::plumbline::testing::PowerCut;
using ::plumbline::testing::ScratchFolder;
using ::plumbline::testing::Step;
using ::plumbline::testing::StoreWorkload;
using ::testing::HasSubstr;

constexpr char kFolder[] = "/log";

using OpenResult = absl::StatusOr<std::unique_ptr<SegmentLogStore>>;

OpenResult Open(FileSystem* files) {
  return SegmentLogStore::Open(kFolder, StoreWorkload::MakeOptions(files));
}

std::string FirstProblem(const LogStore& store) {
  std::string first;
  const absl::Status checked = store.Check([&first](const Problem& problem) {
    if (first.empty()) first = absl::StrCat(problem.place, ": ", problem.message);
  });
  return checked.ok() ? first : std::string(checked.message());
}

// Opens the store of `files` and holds it against `workload`; then it must take writes.
void ExpectRecovered(FileSystem& files, const StoreWorkload& workload, bool after_power_cut) {
  OpenResult store = Open(&files);
  ASSERT_TRUE(store.ok()) << store.status();
  ASSERT_EQ(workload.Verify(**store, after_power_cut), "");
  ASSERT_EQ(FirstProblem(**store), "");
  const uint64_t size = (*store)->size();
  const absl::Status appended = AppendEntries(**store, size, 2);
  ASSERT_TRUE(appended.ok()) << appended;
  ASSERT_EQ((*store)->Read(size + 1, Parts::kAll)->payload, EntryOf(size + 1).payload);
}

// ---- The n-th operation fails.

struct FaultCase {
  const char* name;
  Operation operation;
  bool sticky;
  bool no_space;
  bool half_written;
};

void PrintTo(const FaultCase& fault, std::ostream* out) { *out << fault.name; }

class FaultTest : public ::testing::TestWithParam<FaultCase> {
 protected:
  static Fault MakeFault(int n) {
    Fault fault;
    fault.operation = GetParam().operation;
    fault.n = n;
    fault.sticky = GetParam().sticky;
    fault.half_written = GetParam().half_written;
    if (GetParam().no_space) fault.error = absl::ResourceExhaustedError("No space left");
    return fault;
  }

  // Runs the workload with the n-th operation failing. Returns whether it came to that.
  bool Run(int n) {
    ForgetfulFileSystem memory;
    FaultyFileSystem files(&memory);
    StoreWorkload workload;
    {
      OpenResult store = Open(&files);
      EXPECT_TRUE(store.ok()) << store.status();
      files.Arm(MakeFault(n));
      absl::Status failed;
      for (const Step& step : StoreWorkload::Steps()) {
        const absl::Status done = workload.Do(step, **store);
        if (done.ok()) continue;
        failed = done;
        EXPECT_TRUE(absl::IsUnavailable(done) || absl::IsResourceExhausted(done)) << done;
        EXPECT_FALSE(done.message().empty());
        if (absl::IsResourceExhausted(done)) {
          // Nothing was stored, and there is space again: the store goes on.
          EXPECT_EQ(workload.Verify(**store, false), "");
          files.Disarm();
          const absl::Status again = workload.Do(step, **store);
          EXPECT_TRUE(again.ok()) << again;
          continue;
        }
        // Nothing is written any more, everything acknowledged can still be read; except for a key
        // that was half written, which opening the store makes whole.
        EXPECT_TRUE(absl::IsUnavailable(AppendEntries(**store, (*store)->size(), 1)));
        const bool is_key = step.kind == Step::Kind::kDestroy || step.kind == Step::Kind::kReplace;
        EXPECT_TRUE(is_key || workload.Verify(**store, false).empty());
        break;
      }
      if (!files.has_struck()) return false;
    }
    files.Disarm();
    ExpectRecovered(*memory.AfterPowerCut(PowerCut::kNothing, 0), workload, true);
    ExpectRecovered(*memory.AfterPowerCut(PowerCut::kSectors, static_cast<uint64_t>(n)), workload,
                    true);
    ExpectRecovered(memory, workload, false);
    return true;
  }
};

TEST_P(FaultTest, NothingAcknowledgedIsLostWhicheverOperationFails) {
  int n = 1;
  while (!HasFatalFailure() && !HasNonfatalFailure()) {
    SCOPED_TRACE(absl::StrCat("operation ", n));
    if (!Run(n)) break;
    ++n;
  }
  EXPECT_GT(n, 5);
}

INSTANTIATE_TEST_SUITE_P(
    All, FaultTest,
    ::testing::Values(FaultCase{"WriteOnce", Operation::kWrite, false, false, false},
                      FaultCase{"WriteOnceHalf", Operation::kWrite, false, false, true},
                      FaultCase{"WriteSticky", Operation::kWrite, true, false, true},
                      FaultCase{"NoSpaceOnce", Operation::kWrite, false, true, false},
                      FaultCase{"NoSpaceOnceHalf", Operation::kWrite, false, true, true},
                      FaultCase{"NoSpaceSticky", Operation::kWrite, true, true, true},
                      FaultCase{"SyncOnce", Operation::kSync, false, false, false},
                      FaultCase{"SyncSticky", Operation::kSync, true, false, false},
                      FaultCase{"NoSpaceInSync", Operation::kSync, false, true, false},
                      FaultCase{"RenameOnce", Operation::kRename, false, false, false},
                      FaultCase{"RenameSticky", Operation::kRename, true, false, false},
                      FaultCase{"NoSpaceInRename", Operation::kRename, false, true, false},
                      FaultCase{"OpenOnce", Operation::kOpen, false, false, false},
                      FaultCase{"OpenSticky", Operation::kOpen, true, false, false},
                      FaultCase{"FolderOnce", Operation::kFolder, false, false, false},
                      FaultCase{"NoSpaceInFolder", Operation::kFolder, false, true, false},
                      FaultCase{"ResizeOnce", Operation::kResize, false, false, false},
                      FaultCase{"NoSpaceInResize", Operation::kResize, false, true, false}),
    [](const auto& given) { return given.param.name; });

TEST(OpenFaultTest, OpeningThatFailsAnywhereSucceedsTheNextTime) {
  for (const Operation operation : {Operation::kWrite, Operation::kSync, Operation::kRename,
                                    Operation::kOpen, Operation::kFolder, Operation::kResize}) {
    for (int n = 1;; ++n) {
      ForgetfulFileSystem memory;
      FaultyFileSystem files(&memory);
      Fault fault;
      fault.operation = operation;
      fault.n = n;
      files.Arm(fault);
      const absl::Status first = Open(&files).status();
      if (!files.has_struck()) break;
      files.Disarm();
      EXPECT_TRUE(first.ok() || absl::IsUnavailable(first)) << first;
      for (const PowerCut cut : {PowerCut::kNothing, PowerCut::kSectors, PowerCut::kEverything}) {
        ExpectRecovered(*memory.AfterPowerCut(cut, static_cast<uint64_t>(n)), StoreWorkload(),
                        true);
      }
      ASSERT_FALSE(HasFatalFailure()) << n;
    }
  }
}

// ---- The power goes.

TEST(PowerCutTest, AtEveryOperationNothingAcknowledgedIsLost) {
  ForgetfulFileSystem memory;
  FaultyFileSystem files(&memory);
  StoreWorkload workload;
  OpenResult store = Open(&files);
  ASSERT_TRUE(store.ok()) << store.status();
  uint64_t cuts = 0;
  files.SetBeforeChange([&] {
    if (HasFatalFailure()) return;
    for (const PowerCut kind : {PowerCut::kNothing, PowerCut::kSectors, PowerCut::kSectors,
                                PowerCut::kSectors, PowerCut::kEverything}) {
      SCOPED_TRACE(absl::StrCat("cut ", ++cuts));
      ExpectRecovered(*memory.AfterPowerCut(kind, cuts), workload, true);
    }
  });
  for (const Step& step : StoreWorkload::Steps()) {
    ASSERT_TRUE(workload.Do(step, **store).ok());
    ASSERT_FALSE(HasFatalFailure());
  }
  EXPECT_GT(cuts, 500u);
  RecordProperty("cuts", static_cast<int>(cuts));
}

// A store that lives through many power cuts, each at another moment of its opening and writing.
TEST(PowerCutTest, ManyLivesOfOneStoreLoseNothing) {
  auto memory = std::make_unique<ForgetfulFileSystem>();
  uint64_t size = 0;
  for (uint64_t life = 0; life < 200; ++life) {
    SCOPED_TRACE(absl::StrCat("life ", life));
    FaultyFileSystem files(memory.get());
    std::unique_ptr<ForgetfulFileSystem> left;
    uint64_t operations = 0;
    files.SetBeforeChange([&] {
      if (++operations == life % 37 + 1) left = memory->AfterPowerCut(PowerCut::kSectors, life);
    });
    uint64_t acknowledged = size, attempted = size;
    OpenResult store = Open(&files);
    ASSERT_TRUE(store.ok()) << store.status();
    ASSERT_GE((*store)->size(), size);
    while (left == nullptr) {
      acknowledged = (*store)->size();
      attempted = acknowledged + life % 5 + 1;
      ASSERT_TRUE(AppendEntries(**store, acknowledged, attempted - acknowledged).ok());
    }
    // What was acknowledged at the moment of the cut, or is being opened.
    OpenResult next = Open(left.get());
    ASSERT_TRUE(next.ok()) << next.status();
    size = (*next)->size();
    ASSERT_GE(size, acknowledged);
    ASSERT_LE(size, std::max(attempted, (*store)->size()));
    for (uint64_t i = 0; i < size; ++i) {
      ASSERT_EQ((*next)->Read(i, Parts::kAll)->payload, EntryOf(i).payload) << i;
    }
    next->reset();
    store->reset();
    memory = std::move(left);
  }
  EXPECT_GT(size, 300u);
}

// ---- The disk is full.

TEST(FullDiskTest, AppendsAreRefusedUntilThereIsSpaceAndKeysCanBeDestroyedMeanwhile) {
  ForgetfulFileSystem files;
  OpenResult store = Open(&files);
  ASSERT_TRUE(store.ok()) << store.status();
  const uint64_t quota = (*store)->GetSpace()->used_bytes + 100'000;
  files.SetQuota(quota);
  absl::Status appended;
  while (appended.ok()) appended = AppendEntries(**store, (*store)->size(), 3);
  EXPECT_TRUE(absl::IsResourceExhausted(appended)) << appended;
  const uint64_t size = (*store)->size();
  EXPECT_GT(size, 20u);
  EXPECT_LT((*store)->GetSpace()->free_bytes, 8'192u);
  EXPECT_TRUE(absl::IsResourceExhausted((*store)->PutObject(std::string(100'000, 'o')).status()));
  EXPECT_EQ((*store)->Read(size - 1, Parts::kAll)->payload, EntryOf(size - 1).payload);
  const uint64_t destroyed[] = {0, size - 1};
  EXPECT_TRUE((*store)->DestroyKeys(destroyed).ok());
  EXPECT_EQ(FirstProblem(**store), "");
  // Opening works without any space, too.
  store->reset();
  files.SetQuota(0);
  store = Open(&files);
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_EQ((*store)->size(), size);
  files.SetQuota(2 * quota);
  EXPECT_TRUE(AppendEntries(**store, size, 3).ok());
  EXPECT_EQ(FirstProblem(**store), "");
}

TEST(ObjectTest, IsDurableOncePutThoughAnEarlierProcessDiedBeforeItsNameWas) {
  ForgetfulFileSystem files;
  const std::string bytes(5'000, 'o');
  {
    OpenResult store = Open(&files);
    ASSERT_TRUE(store.ok()) << store.status();
    ASSERT_TRUE(ArmFailpoints("object-written=error").ok());
    EXPECT_FALSE((*store)->PutObject(bytes).ok());
    DisarmFailpoints();
  }
  OpenResult store = Open(&files);
  ASSERT_TRUE(store.ok()) << store.status();
  const absl::StatusOr<std::string> digest = (*store)->PutObject(bytes);
  ASSERT_TRUE(digest.ok()) << digest.status();
  const auto left = files.AfterPowerCut(PowerCut::kNothing, 0);
  OpenResult after = Open(left.get());
  ASSERT_TRUE(after.ok()) << after.status();
  EXPECT_EQ((*after)->GetObject(*digest).value_or(""), bytes);
}

// Runs `body` in a process of its own; returns its exit code, or 128 + signal.
template <typename Body>
int InChild(Body body) {
  const pid_t child = fork();
  if (child == 0) _exit(body());
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

TEST(FullDiskTest, RealLimitOfFileSizesIsMetWithoutLoss) {
  const ScratchFolder folder;
  const int code = InChild([&folder] {
    SegmentOptions options = StoreWorkload::MakeOptions(nullptr);
    OpenResult store = SegmentLogStore::Open(folder.path() + "/log", options);
    if (!store.ok() || !AppendEntries(**store, 0, 3).ok()) return 1;
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit limit{};
    getrlimit(RLIMIT_FSIZE, &limit);
    const rlim_t before = limit.rlim_cur;
    limit.rlim_cur = 2'048;
    setrlimit(RLIMIT_FSIZE, &limit);
    absl::Status appended;
    while (appended.ok()) appended = AppendEntries(**store, (*store)->size(), 2);
    if (!absl::IsResourceExhausted(appended)) return 2;
    const uint64_t size = (*store)->size();
    if (size < 3 || FirstProblem(**store) != "") return 3;
    limit.rlim_cur = before;
    setrlimit(RLIMIT_FSIZE, &limit);
    if (!AppendEntries(**store, size, 30).ok() || FirstProblem(**store) != "") return 4;
    store->reset();
    store = SegmentLogStore::Open(folder.path() + "/log", options);
    return store.ok() && (*store)->size() == size + 30 ? 0 : 5;
  });
  EXPECT_EQ(code, 0);
}

// ---- The file system does not write past the page cache.

TEST(StorePageCacheTest, BatchesGoThroughItWhichIsToldOnceAndNothingIsLost) {
  const ScratchFolder folder;
  SegmentOptions options;
  options.segment_bytes = 64 << 10;
  options.prepare_ahead = false;
  uint64_t size = 0;
  {
    OpenResult store = SegmentLogStore::Open(folder.path() + "/log", options);
    ASSERT_TRUE(store.ok()) << store.status();
    std::vector<std::string> told;
    (*store)->SetOnEvent([&told](absl::string_view event, absl::string_view detail) {
      told.push_back(absl::StrCat(event, ": ", detail));
    });
    ASSERT_TRUE(ArmFailpoints("direct-write:*=error").ok());
    while (!std::filesystem::exists(folder.path() + "/log/segments/0000000003.seg")) {
      ASSERT_TRUE(AppendEntries(**store, size, 3).ok());
      size += 3;
    }
    DisarmFailpoints();
    ASSERT_EQ(told.size(), 1u);
    EXPECT_THAT(told[0], HasSubstr("log-page-cache: "));
  }
  OpenResult store = SegmentLogStore::Open(folder.path() + "/log", options);
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_EQ((*store)->size(), size);
  EXPECT_EQ(FirstProblem(**store), "");
}

TEST(StorePageCacheTest, NothingIsToldWhereBatchesGoPastIt) {
  const ScratchFolder folder;
  auto probe = PosixFileSystem().Open(folder.path() + "/probe", OpenMode::kCreate);
  ASSERT_TRUE(probe.ok()) << probe.status();
  (*probe)->WritePastCache();
  if (!(*probe)->PastCacheStatus().ok()) {
    GTEST_SKIP() << (*probe)->PastCacheStatus();
  }
  SegmentOptions options;
  options.segment_bytes = 64 << 10;
  OpenResult store = SegmentLogStore::Open(folder.path() + "/log", options);
  ASSERT_TRUE(store.ok()) << store.status();
  (*store)->SetOnEvent([](absl::string_view event, absl::string_view detail) {
    ADD_FAILURE() << event << ": " << detail;
  });
  EXPECT_TRUE(AppendEntries(**store, 0, 3).ok());
}

// ---- The process dies.

const char* const kStoreFailpoints[] = {
    "before-append-write",   "mid-append-write", "after-append-write", "after-append-sync",
    "before-segment-seal",   "segment-create",   "after-segment-seal", "key-journal-written",
    "key-destroy-half",      "key-changed",      "tile-temp-written",  "tile-renamed",
    "document-temp-written", "document-renamed", "object-written"};

TEST(StoreFailpointTest, TheseAreThePlacesOfTheStore) {
  const std::vector<std::string> names = FailpointNames();
  for (const char* name : kStoreFailpoints) EXPECT_THAT(names, ::testing::Contains(name));
}

TEST(StoreFailpointTest, ProcessThatDiesAtAnyPlaceLosesNothingAcknowledged) {
  int deaths = 0;
  for (const char* name : kStoreFailpoints) {
    for (int hit = 1; hit <= 3; ++hit) {
      SCOPED_TRACE(absl::StrCat(name, ":", hit));
      const ScratchFolder folder;
      int acknowledged[2];
      ASSERT_EQ(pipe(acknowledged), 0);
      SegmentOptions options = StoreWorkload::MakeOptions(nullptr);
      const int code = InChild([&] {
        StoreWorkload workload;
        OpenResult store = SegmentLogStore::Open(folder.path() + "/log", options);
        if (!store.ok()) return 1;
        if (!ArmFailpoints(absl::StrCat(name, ":", hit, "=exit")).ok()) return 2;
        for (const Step& step : StoreWorkload::Steps()) {
          if (!workload.Do(step, **store).ok()) return 3;
          if (write(acknowledged[1], "a", 1) != 1) return 4;
        }
        return 0;
      });
      close(acknowledged[1]);
      size_t steps = 0;
      for (char byte = 0; read(acknowledged[0], &byte, 1) == 1;) ++steps;
      close(acknowledged[0]);
      ASSERT_TRUE(code == kFailpointExitCode || (code == 0 && hit > 1)) << code;
      deaths += code == kFailpointExitCode ? 1 : 0;
      StoreWorkload workload;
      workload.Assume(steps);
      OpenResult store = SegmentLogStore::Open(folder.path() + "/log", options);
      ASSERT_TRUE(store.ok()) << store.status();
      ASSERT_EQ(workload.Verify(**store, false), "");
      ASSERT_EQ(FirstProblem(**store), "");
      ASSERT_TRUE(AppendEntries(**store, (*store)->size(), 2).ok());
    }
  }
  EXPECT_GE(deaths, 40);
  RecordProperty("deaths", deaths);
}

TEST(StoreFailpointTest, ErrorAtAnyPlaceStopsWritesUntilTheStoreIsOpenedAnew) {
  for (const char* name : kStoreFailpoints) {
    SCOPED_TRACE(name);
    ForgetfulFileSystem files;
    StoreWorkload workload;
    {
      OpenResult store = Open(&files);
      ASSERT_TRUE(store.ok()) << store.status();
      ASSERT_TRUE(ArmFailpoints(absl::StrCat(name, "=error")).ok());
      absl::Status done;
      for (const Step& step : StoreWorkload::Steps()) {
        done = workload.Do(step, **store);
        if (!done.ok()) break;
      }
      DisarmFailpoints();
      EXPECT_TRUE(absl::IsUnavailable(done)) << done;
      EXPECT_THAT(std::string(done.message()), HasSubstr(name));
      EXPECT_TRUE(absl::IsUnavailable((*store)->PutDocument("x", "y")));
    }
    ExpectRecovered(files, workload, false);
    ASSERT_FALSE(HasFatalFailure());
  }
}

}  // namespace
}  // namespace plumbline::store
