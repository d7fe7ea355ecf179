// A process that appends to a decision log is killed again and again: by SIGKILL at random moments,
// and by _exit at each failpoint of the write path. After each death the log is opened, and
// everything that was acknowledged must be there, once and unchanged; every checkpoint that was
// ever seen must be part of it; what was erased must be gone.
//
// PLUMBLINE_NIGHTLY=1: at least 200 kills instead of one for each failpoint and ten random ones.
// PLUMBLINE_CRASH_SEED: another run of dice; printed.

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/audit/checkpoint.h"
#include "server/audit/decision_log.h"
#include "server/audit/log_check.h"
#include "server/base/failpoint.h"
#include "server/base/hex.h"
#include "tests/robustness/crash_log.h"
#include "tests/testing/audit/test_log.h"
#include "tests/testing/store/scratch_folder.h"

namespace plumbline::audit {
namespace {

// What the children have told so far of the log in one folder.
struct Told {
  struct Record {
    std::string id;
    std::string details;
  };
  std::map<uint64_t, Record> acknowledged;
  std::set<uint64_t> erasures_begun;
  std::set<uint64_t> erasures_acknowledged;
  std::map<uint64_t, Sha256Digest> checkpoints;  // size -> root
};

void TakeLine(const std::string& line, Told& told) {
  std::istringstream words(line);
  char what = 0;
  words >> what;
  uint64_t index = 0;
  if (what == 'A') {
    Told::Record record;
    words >> index >> record.id >> record.details;
    ASSERT_TRUE(told.acknowledged.emplace(index, record).second)
        << "index " << index << " was acknowledged twice";
  } else if (what == 'e' || what == 'E') {
    words >> index;
    (what == 'e' ? told.erasures_begun : told.erasures_acknowledged).insert(index);
  } else if (what == 'C') {
    std::string hex;
    words >> hex;
    const absl::StatusOr<SignedNote> note = ParseNote(*DecodeHex(hex));
    ASSERT_TRUE(note.ok()) << note.status();
    const absl::StatusOr<Checkpoint> checkpoint = ParseCheckpoint(note->text);
    ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
    told.checkpoints[checkpoint->size] = checkpoint->root;
  } else {
    FAIL() << "the child said: " << line;
  }
}

// A child that writes into a folder, and its end.
class Child {
 public:
  Child(const std::string& folder, uint32_t seed, const std::string& failpoint) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) std::abort();
    // Everything that the child needs is made before the fork.
    const std::string seed_text = absl::StrCat(seed);
    // The newest master key alternates, so that every run has keys to rotate.
    const std::string keys = seed % 2 == 0 ? absl::StrCat(kTestMasterKey, ",", kOtherMasterKey)
                                           : absl::StrCat(kOtherMasterKey, ",", kTestMasterKey);
    const std::string armed = absl::StrCat("PLUMBLINE_FAILPOINT=", failpoint);
    const char* const arguments[] = {PLUMBLINE_CRASH_CHILD, folder.c_str(), seed_text.c_str(),
                                     keys.c_str(), nullptr};
    const char* const environment[] = {armed.c_str(), nullptr};
    pid_ = fork();
    if (pid_ < 0) std::abort();
    if (pid_ == 0) {
      dup2(ends[1], STDOUT_FILENO);
      execve(PLUMBLINE_CRASH_CHILD, const_cast<char* const*>(arguments),
             const_cast<char* const*>(environment));
      _exit(127);
    }
    close(ends[1]);
    reader_ = std::thread([this, from = ends[0]] {
      char buffer[64 << 10];
      ssize_t got = 0;
      while ((got = read(from, buffer, sizeof(buffer))) > 0) {
        output_.append(buffer, static_cast<size_t>(got));
      }
      close(from);
    });
  }

  void Kill() const { kill(pid_, SIGKILL); }

  // Exit code, or 128 + signal.
  int Wait(Told& told) {
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    reader_.join();
    std::istringstream lines(output_);
    std::string line;
    while (std::getline(lines, line)) TakeLine(line, told);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  }

 private:
  pid_t pid_ = -1;
  std::thread reader_;
  std::string output_;
};

// A folder with a log, and all that was ever told of it.
class CrashFolder {
 public:
  // Opens the log and holds it against what was told. Returns how many acknowledged records are
  // missing.
  uint64_t Verify() {
    auto log = CrashLog::Open(path(), absl::StrCat(kTestMasterKey, ",", kOtherMasterKey));
    EXPECT_TRUE(log.ok()) << log.status();
    if (!log.ok()) return told_.acknowledged.size();
    std::set<Uuid> ids;
    uint64_t found = 0;
    const absl::Status scanned = (*log)->log().Scan(
        0, (*log)->log().size(), store::Parts::kLeafAndDetails, [&](absl::StatusOr<Record> record) {
          EXPECT_TRUE(record.ok()) << record.status();
          if (!record.ok()) return true;
          EXPECT_TRUE(ids.insert(record->id).second) << record->index << " has an id twice";
          found += IsAsAcknowledged(*record) ? 1 : 0;
          return true;
        });
    EXPECT_TRUE(scanned.ok()) << scanned;
    VerifyCheckpoints((*log)->log());
    VerifyAll(**log);
    return told_.acknowledged.size() - found;
  }

  const std::string path() const { return folder_.path() + "/log"; }
  Told& told() { return told_; }

 private:
  bool IsAsAcknowledged(const Record& record) const {
    if (record.erased) {
      EXPECT_EQ(told_.erasures_begun.count(record.index), 1u) << record.index << " is erased";
    } else {
      EXPECT_EQ(told_.erasures_acknowledged.count(record.index), 0u)
          << record.index << " was erased and is there";
    }
    const auto told = told_.acknowledged.find(record.index);
    if (told == told_.acknowledged.end()) return false;
    EXPECT_EQ(record.id.ToString(), told->second.id) << record.index;
    if (!record.erased) {
      EXPECT_EQ(record.details, told->second.details) << record.index;
    }
    return true;
  }

  void VerifyCheckpoints(const DecisionLog& log) const {
    for (const auto& [size, root] : told_.checkpoints) {
      const absl::StatusOr<Sha256Digest> now = log.RootAt(size);
      EXPECT_TRUE(now.ok() && *now == root) << "checkpoint of " << size << " records";
    }
  }

  void VerifyAll(CrashLog& log) const {
    LogCheckOptions options;
    options.store = &log.store();
    options.origin = kCrashOrigin;
    options.verifier_keys = {log.vkey()};
    options.keyring = &log.keyring();
    const absl::StatusOr<LogCheckReport> report = CheckLog(options);
    ASSERT_TRUE(report.ok()) << report.status();
    for (const store::Problem& problem : report->problems) {
      ADD_FAILURE() << problem.place << ": " << problem.message;
    }
  }

  const testing::ScratchFolder folder_;
  Told told_;
};

class CrashTest : public ::testing::Test {
 protected:
  CrashTest() {
    const char* const seed = std::getenv("PLUMBLINE_CRASH_SEED");
    seed_ = seed != nullptr ? static_cast<uint32_t>(std::atoi(seed)) : std::random_device()();
    random_.seed(seed_);
    const char* const nightly = std::getenv("PLUMBLINE_NIGHTLY");
    nightly_ = nightly != nullptr && std::string(nightly) == "1";
  }
  void TearDown() override {
    std::cout << "kills " << kills_ << ", acknowledged " << acknowledged_ << ", lost " << lost_
              << " (PLUMBLINE_CRASH_SEED=" << seed_ << ")\n";
    EXPECT_EQ(lost_, 0u);
  }

  void KillAtRandom() {
    Child child(folder_->path(), ++run_, "");
    std::this_thread::sleep_for(std::chrono::microseconds(random_() % 150'000));
    child.Kill();
    EXPECT_EQ(child.Wait(folder_->told()), 128 + SIGKILL);
    AfterDeath();
  }

  void KillAt(const std::string& failpoint) {
    SCOPED_TRACE(failpoint);
    // The first time, or a little later; places that are passed once have to be the first.
    const bool rare = failpoint == "index-key-stored" || failpoint == "object-written";
    if (failpoint == "index-key-stored") StartAnew();
    Child child(folder_->path(), ++run_,
                absl::StrCat(failpoint, ":", rare ? 1 : 1 + random_() % 3, "=exit"));
    EXPECT_EQ(child.Wait(folder_->told()), kFailpointExitCode) << "the place was not reached";
    AfterDeath();
  }

  // A log grows with every run; a new one also exercises its beginning.
  void StartAnew() {
    acknowledged_ += folder_->told().acknowledged.size();
    folder_ = std::make_unique<CrashFolder>();
  }

  void AfterDeath() {
    ++kills_;
    lost_ += folder_->Verify();
    if (folder_->told().acknowledged.size() > 5'000) StartAnew();
  }

  std::unique_ptr<CrashFolder> folder_ = std::make_unique<CrashFolder>();
  std::mt19937 random_;
  uint32_t seed_ = 0;
  bool nightly_ = false;
  uint32_t run_ = 0;
  uint64_t kills_ = 0;
  uint64_t acknowledged_ = 0;
  uint64_t lost_ = 0;
};

TEST_F(CrashTest, NothingAcknowledgedIsLostWheneverTheProcessDies) {
  const std::vector<std::string> failpoints = FailpointNames();
  ASSERT_GE(failpoints.size(), 15u);
  const int random_kills = nightly_ ? 150 : 10;
  const int rounds = nightly_ ? 3 : 1;
  for (int round = 0; round < rounds && !HasFailure(); ++round) {
    for (const std::string& failpoint : failpoints) KillAt(failpoint);
  }
  for (int i = 0; i < random_kills && !HasFailure(); ++i) KillAtRandom();
  StartAnew();
}

}  // namespace
}  // namespace plumbline::audit
