// Every byte of a log on disk matters: whichever is changed, opening or checking the log says so
// and names the place.
//
// A sample of the bytes normally; with PLUMBLINE_NIGHTLY=1 every one of them.

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/audit/log_check.h"
#include "server/audit/payload.h"
#include "server/store/segment/segment_log_store.h"
#include "tests/testing/audit/test_log.h"
#include "tests/testing/store/scratch_folder.h"

namespace plumbline::audit {
namespace {

namespace fs = std::filesystem;

constexpr int kRecords = 300;

// Who wrote last, for the next process; not part of the log.
bool IsPartOfTheLog(const std::string& name) { return name != "store.lock"; }

// Thousands of logs are opened: in memory that is several times faster.
bool UseMemory() { return access("/dev/shm", W_OK) == 0 && setenv("TMPDIR", "/dev/shm", 1) == 0; }

class TamperTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* const nightly = std::getenv("PLUMBLINE_NIGHTLY");
    nightly_ = nightly != nullptr && std::string(nightly) == "1";
    WriteLog();
    for (const auto& entry : fs::recursive_directory_iterator(path())) {
      if (entry.is_regular_file())
        files_[fs::relative(entry.path(), path()).string()] = Read(entry);
    }
  }

  std::string path() const { return folder_.path() + "/log"; }

  static store::SegmentOptions Options() {
    store::SegmentOptions options;
    options.segment_bytes = 48 << 10;
    options.batch_alignment = 8;
    options.prepare_ahead = false;
    return options;
  }

  void WriteLog() {
    auto store = store::SegmentLogStore::Open(path(), Options());
    ASSERT_TRUE(store.ok()) << store.status();
    log_ = std::make_unique<TestLog>(store->get());
    ASSERT_TRUE(log_->Open().ok());
    const std::vector<std::string> samples = {std::string("\x0a\x60", 2) + std::string(96, 'a')};
    const auto encoder = PayloadEncoder::WithDictionary(
        std::make_shared<const DecisionDictionary>(samples, *v1::RecordSummary::descriptor()),
        **store);
    for (int i = 0; i < kRecords - 1; ++i) {
      const std::string payload = encoder->Encode("request", absl::StrCat(samples[0], i));
      ASSERT_TRUE((*log_)->AppendAndWait(TestDraft(absl::StrCat("details ", i), payload)).ok());
    }
    ASSERT_TRUE((*log_)->Erase({17}, TestErasureDraft()).ok());
    log_->Close();
  }

  static std::string Read(const fs::path& file) {
    std::ostringstream text;
    text << std::ifstream(file, std::ios::binary).rdbuf();
    return text.str();
  }

  // Puts back whatever is not as it was; opening a log may have repaired something.
  void Restore() {
    std::vector<fs::path> extra;
    std::map<std::string, bool> seen;
    for (const auto& entry : fs::recursive_directory_iterator(path())) {
      if (!entry.is_regular_file()) continue;
      const std::string name = fs::relative(entry.path(), path()).string();
      seen[name] = true;
      const auto known = files_.find(name);
      if (known == files_.end()) {
        extra.push_back(entry.path());
      } else if (Read(entry) != known->second) {
        std::ofstream(entry.path(), std::ios::binary | std::ios::trunc) << known->second;
      }
    }
    for (const fs::path& file : extra) fs::remove(file);
    for (const auto& [name, content] : files_) {
      if (!seen[name]) std::ofstream(fs::path(path()) / name, std::ios::binary) << content;
    }
  }

  // What opening and checking say; empty: nothing is wrong.
  std::vector<std::string> Findings() {
    std::vector<std::string> findings;
    auto store = store::SegmentLogStore::Open(path(), Options());
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
      EXPECT_FALSE(problem.place.empty());
      findings.push_back(absl::StrCat(problem.place, ": ", problem.message));
    }
    return findings;
  }

  void FlipAndCheck(const std::string& name, size_t at) {
    std::fstream file(fs::path(path()) / name, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(at));
    file.put(static_cast<char>(files_[name][at] ^ (1 << (at % 8))));
    file.close();
    const std::vector<std::string> findings = Findings();
    ++flips_;
    if (findings.empty()) {
      if (unnoticed_.size() < 20) unnoticed_.push_back(absl::StrCat(name, " byte ", at));
    }
    Restore();
  }

  const bool in_memory_ = UseMemory();  // before the folder
  const testing::ScratchFolder folder_;
  std::unique_ptr<TestLog> log_;
  std::map<std::string, std::string> files_;
  bool nightly_ = false;
  uint64_t flips_ = 0;
  std::vector<std::string> unnoticed_;
};

TEST_F(TamperTest, SoundLogHasNothingToSay) {
  EXPECT_THAT(Findings(), ::testing::IsEmpty());
  Restore();
  EXPECT_THAT(Findings(), ::testing::IsEmpty());
}

TEST_F(TamperTest, EveryChangedByteIsFoundAndItsPlaceNamed) {
  std::mt19937 random(7);
  for (const auto& [name, content] : files_) {
    if (!IsPartOfTheLog(name)) continue;
    std::vector<size_t> places;
    if (nightly_ || content.size() < 40) {
      for (size_t at = 0; at < content.size(); ++at) places.push_back(at);
    } else {
      for (int i = 0; i < 40; ++i) places.push_back(random() % content.size());
    }
    for (const size_t at : places) FlipAndCheck(name, at);
  }
  std::cout << "flips " << flips_ << " in " << files_.size() << " files\n";
  EXPECT_THAT(unnoticed_, ::testing::IsEmpty());
}

TEST_F(TamperTest, EveryMissingFileIsFound) {
  for (const auto& [name, content] : files_) {
    // None is the same as an empty one: no erasure is under way. Had one been, the erased records
    // whose keys are still there would tell.
    if (!IsPartOfTheLog(name) || name == "documents/erasure-pending") continue;
    fs::remove(fs::path(path()) / name);
    if (Findings().empty()) unnoticed_.push_back(name);
    Restore();
  }
  EXPECT_THAT(unnoticed_, ::testing::IsEmpty());
}

TEST_F(TamperTest, EveryCutOffFileIsFound) {
  for (const auto& [name, content] : files_) {
    if (!IsPartOfTheLog(name) || content.empty()) continue;
    fs::resize_file(fs::path(path()) / name, content.size() / 2);
    if (Findings().empty()) unnoticed_.push_back(name);
    Restore();
  }
  EXPECT_THAT(unnoticed_, ::testing::IsEmpty());
}

}  // namespace
}  // namespace plumbline::audit
