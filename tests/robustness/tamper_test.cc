// Every byte of a log on disk matters: whichever is changed, opening and checking the log (what
// `plumbline audit verify` does) says so, and names the file and the place in it.
//
// A sample of the bytes normally; with PLUMBLINE_NIGHTLY=1 every one of them. The only bytes that
// may change are those of store.lock, the process that had the log last.

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/audit/log_check.h"
#include "server/audit/payload.h"
#include "server/store/segment/format.h"
#include "server/store/segment/segment_log_store.h"
#include "server/store/segment/segment_walk.h"
#include "tests/testing/audit/test_log.h"
#include "tests/testing/store/overlay_file_system.h"
#include "tests/testing/store/scratch_folder.h"

namespace plumbline::audit {
namespace {

namespace fs = std::filesystem;
using ::testing::IsEmpty;

constexpr int kRecords = 300;
constexpr char kLockFile[] = "store.lock";

// Hundreds of logs are opened on disk: in memory that is several times faster.
bool UseMemory() { return access("/dev/shm", W_OK) == 0 && setenv("TMPDIR", "/dev/shm", 1) == 0; }

// A byte that is changed: one bit of it.
struct Flip {
  std::string file;  // below the log's folder
  size_t at = 0;
};

std::string Flipped(std::string bytes, size_t at) {
  bytes[at] = static_cast<char>(bytes[at] ^ (1 << (at % 8)));
  return bytes;
}

// Where the parts of a segment begin that are checked as one: its head, and of each frame the head,
// the key area, the leaf, the details and the payload. Elsewhere every byte is a part.
class SegmentParts {
 public:
  SegmentParts(const std::string& path, store::FileSystem& files, const store::Identity& identity) {
    const store::SegmentLayout layout{store::SeedOf(identity.id), identity.batch_alignment};
    const auto file = files.Open(path, store::OpenMode::kRead);
    std::string bytes(store::kSegmentHeadBytes, '\0');
    EXPECT_TRUE((*file)->Read(0, bytes.size(), bytes.data()).ok());
    parts_[0] = store::kSegmentHeadBytes;
    store::SegmentWalk walk(file->get(), layout, *store::DecodeSegmentHead(bytes, layout.seed));
    while (*walk.Next() == store::SegmentWalk::Step::kFrame) {
      uint64_t at = walk.offset();
      const store::FrameHead& frame = walk.frame();
      for (const uint64_t length : {uint64_t{store::kFrameHeadBytes},
                                    uint64_t{store::kKeyAreaBytes}, uint64_t{frame.leaf_bytes},
                                    uint64_t{frame.details_bytes}, uint64_t{frame.payload_bytes}}) {
        if (length > 0) parts_[at] = length;
        at += length;
      }
    }
    end_ = walk.offset();
  }

  // Where a change of the byte must be said to be; behind the last entry, where the next one would
  // begin is as good.
  std::set<uint64_t> PlacesOf(uint64_t at) const {
    if (at >= end_) return {at, end_};
    const auto next = parts_.upper_bound(at);
    const auto& [begin, length] = *std::prev(next);
    return {at < begin + length ? begin : at};
  }

 private:
  std::map<uint64_t, uint64_t> parts_;  // begin -> length
  uint64_t end_ = 0;
};

class TamperTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    const char* const nightly = std::getenv("PLUMBLINE_NIGHTLY");
    nightly_ = nightly != nullptr && std::string(nightly) == "1";
    UseMemory();
  }

  void SetUp() override {
    folder_ = std::make_unique<testing::ScratchFolder>();
    WriteLog();
    snapshot_ = testing::TakeSnapshot(path());
    testing::OverlayFileSystem files(&snapshot_);
    const auto identity = store::DecodeIdentity(snapshot_.files.at(path() + "/store.id"));
    ASSERT_TRUE(identity.ok()) << identity.status();
    for (const auto& [file, bytes] : snapshot_.files) {
      if (absl::EndsWith(file, ".seg")) {
        segments_.emplace(Below(file), SegmentParts(file, files, *identity));
      }
    }
  }

  std::string path() const { return folder_->path() + "/log"; }
  std::string PathOf(const std::string& below) const { return absl::StrCat(path(), "/", below); }
  std::string Below(const std::string& file) const { return file.substr(path().size() + 1); }

  static store::SegmentOptions Options(store::FileSystem* files = nullptr) {
    store::SegmentOptions options;
    options.segment_bytes = 48 << 10;
    options.batch_alignment = 8;
    options.prepare_ahead = false;
    options.file_system = files;
    return options;
  }

  void WriteLog() {
    auto store = store::SegmentLogStore::Open(path(), Options());
    ASSERT_TRUE(store.ok()) << store.status();
    log_ = std::make_unique<TestLog>(store->get());
    ASSERT_TRUE(log_->Open().ok());
    auto pieces = std::make_shared<PieceTable>();
    const Piece text = pieces->Add(std::string(96, 'a'));
    const auto encoder = PayloadEncoder::WithPieces(pieces, **store);
    std::string payload;
    for (int i = 0; i < kRecords - 1; ++i) {
      PiecedMessage message{absl::StrCat(i), {{0, text.number}}};
      message.size = text.bytes.size() + message.loose.size();
      encoder->Encode("request", **CompactDecision::Make(pieces, message), payload);
      ASSERT_TRUE((*log_)->AppendAndWait(TestDraft(absl::StrCat("details ", i), payload)).ok());
    }
    ASSERT_TRUE((*log_)->Erase({17}, TestErasureDraft()).ok());
    log_->Close();
  }

  // Puts the files on disk back; opening a log may have repaired something.
  void Restore() const {
    fs::remove_all(path());
    for (const std::string& folder : snapshot_.folders) fs::create_directories(folder);
    for (const auto& [file, bytes] : snapshot_.files) {
      std::ofstream(file, std::ios::binary) << bytes;
    }
  }

  // What opening and checking the log say, in these files or in those on disk; empty: nothing is
  // wrong.
  std::vector<std::string> Findings(store::FileSystem* files = nullptr) const {
    std::vector<std::string> findings;
    auto store = store::SegmentLogStore::Open(path(), Options(files));
    if (!store.ok()) return {std::string(store.status().message())};
    for (const store::Problem& repair : (*store)->repairs()) {
      findings.push_back(absl::StrCat(repair.place, ": ", repair.message));
    }
    LogCheckOptions options;
    options.store = store->get();
    options.origin = kTestOrigin;
    options.verifier_keys = {log_->vkey()};
    options.keyring = &log_->keyring();
    const absl::StatusOr<LogCheckReport> report = CheckLog(options);
    if (!report.ok()) return {std::string(report.status().message())};
    for (const store::Problem& problem : report->problems) {
      findings.push_back(absl::StrCat(problem.place, ": ", problem.message));
    }
    return findings;
  }

  std::vector<std::string> FindingsAfter(const Flip& flip) const {
    testing::OverlayFileSystem files(&snapshot_);
    const std::string file = PathOf(flip.file);
    files.Put(file, Flipped(snapshot_.files.at(file), flip.at));
    return Findings(&files);
  }

  // That one of the findings names the file and the place.
  bool IsNamed(const Flip& flip, const std::vector<std::string>& findings) const {
    std::set<uint64_t> places = {0, flip.at};  // of small files: the whole file
    if (const auto segment = segments_.find(flip.file); segment != segments_.end()) {
      places = segment->second.PlacesOf(flip.at);
    } else if (flip.file == "acknowledged.mark") {
      places = {flip.at / 512 * 512};  // its two copies
    }
    const std::string file = PathOf(flip.file);
    return std::any_of(findings.begin(), findings.end(), [&](const std::string& finding) {
      return std::any_of(places.begin(), places.end(), [&](uint64_t place) {
        for (const char* between : {" at ", ": at "}) {
          absl::string_view rest = finding;
          if (!absl::ConsumePrefix(&rest, absl::StrCat(file, between, place))) continue;
          if (absl::StartsWith(rest, ":")) return true;
        }
        return false;
      });
    });
  }

  // Every byte of the file in the nightly run, `sample` otherwise.
  std::vector<Flip> FlipsOf(const std::string& file, size_t sample) const {
    const size_t size = snapshot_.files.at(PathOf(file)).size();
    std::vector<Flip> flips;
    if (nightly_ || size <= sample) {
      for (size_t at = 0; at < size; ++at) flips.push_back({file, at});
      return flips;
    }
    std::mt19937 random(7);
    for (size_t i = 0; i < sample; ++i) flips.push_back({file, random() % size});
    return flips;
  }

  // All files of the log, without store.lock.
  std::vector<std::string> Files() const {
    std::vector<std::string> files;
    for (const auto& [file, bytes] : snapshot_.files) {
      if (Below(file) != kLockFile) files.push_back(Below(file));
    }
    return files;
  }

  static bool nightly_;
  std::unique_ptr<testing::ScratchFolder> folder_;
  std::unique_ptr<TestLog> log_;
  testing::Snapshot snapshot_;
  std::map<std::string, SegmentParts> segments_;
};

bool TamperTest::nightly_ = false;

TEST_F(TamperTest, SoundLogHasNothingToSay) {
  EXPECT_THAT(Findings(), IsEmpty());
  Restore();
  EXPECT_THAT(Findings(), IsEmpty());
  testing::OverlayFileSystem files(&snapshot_);
  EXPECT_THAT(Findings(&files), IsEmpty());
}

// That what the test below sees in memory is what is seen on disk.
TEST_F(TamperTest, ChangesAreFoundInMemoryAsOnDisk) {
  for (const std::string& file : Files()) {
    std::vector<Flip> flips = FlipsOf(file, 20);
    std::mt19937 random(11);
    std::shuffle(flips.begin(), flips.end(), random);
    if (flips.size() > 20) flips.resize(20);
    for (const Flip& flip : flips) {
      const std::string path = PathOf(file);
      std::ofstream(path, std::ios::binary) << Flipped(snapshot_.files.at(path), flip.at);
      ASSERT_EQ(Findings(), FindingsAfter(flip)) << file << " byte " << flip.at;
      Restore();
    }
  }
}

TEST_F(TamperTest, EveryChangedByteIsFoundAndItsPlaceNamed) {
  std::vector<Flip> flips;
  for (const std::string& file : Files()) {
    for (Flip& flip : FlipsOf(file, 40)) flips.push_back(std::move(flip));
  }
  struct Tally {
    size_t flips = 0, found = 0, named = 0;
  };
  std::map<std::string, Tally> tally;
  std::vector<std::string> unnoticed;
  std::mutex mutex;
  std::atomic<size_t> next{0};
  const auto work = [&] {
    for (size_t i = next++; i < flips.size(); i = next++) {
      const std::vector<std::string> findings = FindingsAfter(flips[i]);
      const bool named = IsNamed(flips[i], findings);
      const std::lock_guard lock(mutex);
      Tally& of_file = tally[flips[i].file];
      ++of_file.flips;
      of_file.found += findings.empty() ? 0 : 1;
      of_file.named += named ? 1 : 0;
      if (named || unnoticed.size() == 20) continue;
      unnoticed.push_back(absl::StrCat(flips[i].file, " byte ", flips[i].at, ": ",
                                       findings.empty() ? "nothing" : findings.front()));
    }
  };
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < std::max(1U, std::thread::hardware_concurrency()); ++i) {
    threads.emplace_back(work);
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& [file, of_file] : tally) {
    std::cout << file << ": " << of_file.flips << " bytes changed, " << of_file.found << " found, "
              << of_file.named << " named\n";
  }
  std::cout << flips.size() << " bytes changed in " << tally.size() << " files\n";
  EXPECT_THAT(unnoticed, IsEmpty());
}

TEST_F(TamperTest, WhoHadTheLogLastDoesNotMatter) {
  const std::string path = PathOf(kLockFile);
  for (size_t at = 0; at < snapshot_.files.at(path).size(); ++at) {
    std::ofstream(path, std::ios::binary) << Flipped(snapshot_.files.at(path), at);
    EXPECT_THAT(Findings(), IsEmpty()) << at;
    Restore();
  }
}

TEST_F(TamperTest, EveryMissingFileIsFound) {
  std::vector<std::string> unnoticed;
  for (const std::string& file : Files()) {
    // None is the same as an empty one: no erasure is under way. Had one been, the erased records
    // whose keys are still there would tell.
    if (file == "documents/erasure-pending") continue;
    fs::remove(PathOf(file));
    if (Findings().empty()) unnoticed.push_back(file);
    Restore();
  }
  EXPECT_THAT(unnoticed, IsEmpty());
}

TEST_F(TamperTest, EveryCutOffFileIsFound) {
  std::vector<std::string> unnoticed;
  for (const std::string& file : Files()) {
    const size_t size = snapshot_.files.at(PathOf(file)).size();
    if (size == 0) continue;
    fs::resize_file(PathOf(file), size / 2);
    if (Findings().empty()) unnoticed.push_back(file);
    Restore();
  }
  EXPECT_THAT(unnoticed, IsEmpty());
}

}  // namespace
}  // namespace plumbline::audit
