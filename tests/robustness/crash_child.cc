// A process to be killed: it opens (or begins) a decision log in a folder and appends to it from
// several threads, erases, rotates keys and asks for checkpoints, until it dies. What it was told
// it tells, a line each, at once:
//
//   A <index> <id> <details>   an append was acknowledged
//   e <index>                  an erasure is about to begin
//   E <index>                  it was acknowledged
//   C <hexadecimal>            a checkpoint was seen
//
// Usage: crash_child FOLDER SEED MASTER_KEYS; failpoints as failpoint.h says.
// Exit codes: that of a failpoint; 3 nothing has killed it; 4 something failed that must not.

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "server/audit/decision_log.h"
#include "server/audit/payload.h"
#include "server/base/failpoint.h"
#include "server/base/hex.h"
#include "tests/robustness/crash_log.h"

namespace plumbline::audit {
namespace {

constexpr int kThreads = 4;
constexpr std::chrono::seconds kLife{20};

// One write for a line: a line is in the pipe whole, or not at all.
void Tell(const std::string& line) {
  const std::string text = line + "\n";
  if (write(STDOUT_FILENO, text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    _exit(4);
  }
}

[[noreturn]] void Fail(absl::string_view what, const absl::Status& status) {
  std::fprintf(stderr, "crash_child: %s: %s\n", std::string(what).c_str(),
               status.ToString().c_str());
  _exit(4);
}

class Load {
 public:
  Load(DecisionLog* log, store::LogStore* store, uint32_t seed)
      : log_(log), store_(store), seed_(seed) {}

  void Run() {
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) threads.emplace_back([this, t] { Append(t); });
    threads.emplace_back([this] { Maintain(); });
    std::this_thread::sleep_for(kLife);
    _exit(3);
  }

 private:
  void Append(int thread) {
    std::minstd_rand random(seed_ * 16 + static_cast<uint32_t>(thread));
    std::string payload;
    PayloadEncoder().Encode("request", CompactDecision(std::string(random() % 600, 'x')), payload);
    for (uint64_t i = 0;; ++i) {
      const std::string details = absl::StrCat("run", seed_, "/thread", thread, "/", i);
      RecordDraft draft;
      draft.kind = v1::RECORD_KIND_DECISION;
      draft.engine_build = "crash";
      draft.details = details;
      draft.payload = payload;
      absl::StatusOr<DecisionLog::Admission> admission = log_->Admit();
      if (!admission.ok()) Fail("admit", admission.status());
      in_flight_.fetch_add(1);
      log_->Append(*std::move(admission), draft, [this, details](absl::StatusOr<Appended> done) {
        if (!done.ok()) Fail("append", done.status());
        Tell(absl::StrCat("A ", done->index, " ", done->id.ToString(), " ", details));
        last_.store(done->index);
        in_flight_.fetch_sub(1);
      });
      while (in_flight_.load() > 64) std::this_thread::yield();
    }
  }

  void Maintain() {
    std::minstd_rand random(seed_);
    for (uint64_t i = 0;; ++i) {
      if (absl::StatusOr<uint64_t> rotated = log_->RotateKeys(); !rotated.ok()) {
        Fail("rotate", rotated.status());
      }
      const absl::StatusOr<std::string> checkpoint = log_->Checkpoint(log_->size());
      if (!checkpoint.ok()) Fail("checkpoint", checkpoint.status());
      Tell(absl::StrCat("C ", EncodeHex(*checkpoint)));
      if (absl::StatusOr<std::string> object = store_->PutObject(absl::StrCat(seed_, "/", i % 8));
          !object.ok()) {
        Fail("object", object.status());
      }
      Erase(last_.load() - random() % (last_.load() / 2 + 1));
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }

  void Erase(uint64_t index) {
    const absl::StatusOr<Record> record = log_->Read(index, store::Parts::kLeaf);
    if (absl::IsNotFound(record.status())) return;  // nothing is in the log yet
    if (!record.ok()) Fail("read", record.status());
    if (record->kind != v1::RECORD_KIND_DECISION) return;
    RecordDraft draft;
    draft.kind = v1::RECORD_KIND_ERASURE;
    Tell(absl::StrCat("e ", index));
    if (absl::StatusOr<Appended> erased = log_->Erase({index}, draft); !erased.ok()) {
      Fail("erase", erased.status());
    }
    Tell(absl::StrCat("E ", index));
  }

  DecisionLog* const log_;
  store::LogStore* const store_;
  const uint32_t seed_;
  std::atomic<int> in_flight_{0};
  std::atomic<uint64_t> last_{0};
};

int Main(int argc, char** argv) {
  uint32_t seed = 0;
  if (argc != 4 || !absl::SimpleAtoi(argv[2], &seed)) {
    std::fprintf(stderr, "usage: crash_child FOLDER SEED MASTER_KEYS\n");
    return 2;
  }
  if (const absl::Status armed = ArmFailpointsFromEnvironment(); !armed.ok()) Fail("arm", armed);
  absl::StatusOr<std::unique_ptr<CrashLog>> log = CrashLog::Open(argv[1], argv[3]);
  if (!log.ok()) Fail("open", log.status());
  Load(&(*log)->log(), &(*log)->store(), seed).Run();
  return 3;
}

}  // namespace
}  // namespace plumbline::audit

int main(int argc, char** argv) { return plumbline::audit::Main(argc, argv); }
