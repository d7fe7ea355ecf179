// What a record costs in the decision log, all of it: sealing, sequencing, segment files on disk
// and the index behind them, without transport and engine.
//
//   log_bench [--folder DIR] [--seconds S] [--turns N] [--payload BYTES] [--call-us US]
//             [--in-flight N] [--index yes|no] [--offer yes|no]
//
// So many calls are always in flight: two threads take one after the other, work for --call-us as
// the engine would, and append; a call ends when its record is durable, and the next one begins.
// Prints for each number of calls in flight: records a second, the time from append to durable, and
// processor time for a record beyond that of the simulated work, with the rows of the index that
// were still to be written at the end.

#include <stdlib.h>
#include <time.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "plumbline/storage/v1/record_details.pb.h"
#include "server/service/log_indexer.h"
#include "server/store/segment/segment_log_store.h"
#include "server/store/sqlite/sqlite_query_index.h"
#include "tests/testing/audit/test_log.h"

namespace plumbline::service {
namespace {

using Clock = std::chrono::steady_clock;

struct Settings {
  std::string folder = std::filesystem::temp_directory_path();
  double seconds = 3;
  int turns = 1;
  size_t payload_bytes = 2'400;
  double call_us = 80;
  bool index = true;
  bool offer = true;
  std::vector<int> in_flight = {1, 16, 64, 256};
};

void Require(bool ok, const char* what) {
  if (ok) return;
  std::fprintf(stderr, "log_bench: %s failed\n", what);
  std::exit(1);
}

double Seconds(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

std::string Details(uint64_t call) {
  storage::v1::RecordDetails details;
  details.set_caller("clinic-east");
  details.set_request_id("request-0000-0000-" + std::to_string(call * 2'654'435'761U));
  details.set_request_digest(std::string(32, 'd'));
  details.set_patient_pseudonym("patient-" + std::to_string(call % 5'000 * 2'654'435'761U));
  storage::v1::DecisionDetails& decision = *details.mutable_decision();
  decision.set_level(v1::LEVEL_URGENT_2W);
  decision.set_gate(v1::GATE_ALLOW);
  for (uint64_t i = 0; i < 8; ++i) {
    decision.add_fired_rule_ids("RULE-" + std::to_string((call + i * 7) % 60));
  }
  for (int i = 0; i < 5; ++i) decision.add_programme_exercise_ids("exercise_" + std::to_string(i));
  decision.set_alias("stable");
  return details.SerializeAsString();
}

// Calls that are in flight, taken by whoever has time.
class Calls {
 public:
  void Put() {
    {
      const std::lock_guard lock(mutex_);
      ++ready_;
    }
    changed_.notify_one();
  }
  bool Take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return ready_ > 0 || ended_; });
    if (ended_) return false;
    --ready_;
    return true;
  }
  void End() {
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
    }
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int ready_ = 0;
  bool ended_ = false;
};

class Run {
 public:
  // `indexer`: what the records are offered to; may be null.
  Run(const Settings& settings, audit::DecisionLog* log, LogIndexer* indexer, int in_flight)
      : settings_(settings), log_(log), indexer_(indexer), in_flight_(in_flight) {
    std::mt19937_64 random(1);
    payload_.resize(settings.payload_bytes);
    for (char& byte : payload_) byte = static_cast<char>(random());
  }

  void Execute() {
    const auto end = Clock::now() + std::chrono::duration<double>(settings_.seconds);
    for (int i = 0; i < in_flight_; ++i) calls_.Put();
    std::vector<std::thread> threads;
    for (int i = 0; i < 2; ++i) threads.emplace_back([this, i] { Work(i); });
    std::this_thread::sleep_until(end);
    calls_.End();
    for (std::thread& thread : threads) thread.join();
    while (appended_.load() != done_.load()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }

  // As the recorder of decisions does.
  void Offer(const audit::Appended& appended, const std::string& details) {
    const audit::RecordDraft draft = audit::TestDraft(details, "");
    audit::Record record;
    record.index = appended.index;
    record.kind = draft.kind;
    record.id = appended.id;
    record.time = appended.time;
    record.revision = std::string(draft.revision);
    record.details = details;
    indexer_->Offer(std::move(record));
  }

  uint64_t records() const { return done_.load(); }
  std::vector<double> Times() {
    const std::lock_guard lock(mutex_);
    std::sort(times_us_.begin(), times_us_.end());
    return times_us_;
  }

 private:
  void Work(int thread) {
    uint64_t call = static_cast<uint64_t>(thread) << 32;
    while (calls_.Take()) {
      auto admission = log_->Admit();
      Require(admission.ok(), "admission");
      const double begin = Seconds(CLOCK_THREAD_CPUTIME_ID);
      const std::string details = Details(++call);
      while (Seconds(CLOCK_THREAD_CPUTIME_ID) - begin < 1e-6 * settings_.call_us) {
      }
      appended_.fetch_add(1);
      const auto start = Clock::now();
      log_->Append(*std::move(admission), audit::TestDraft(details, payload_),
                   [this, start, details](const absl::StatusOr<audit::Appended>& appended) {
                     Require(appended.ok(), "append");
                     if (indexer_ != nullptr) Offer(*appended, details);
                     {
                       const std::lock_guard lock(mutex_);
                       times_us_.push_back(
                           std::chrono::duration<double, std::micro>(Clock::now() - start).count());
                     }
                     calls_.Put();
                     done_.fetch_add(1);
                   });
    }
  }

  const Settings& settings_;
  audit::DecisionLog* const log_;
  LogIndexer* const indexer_;
  const int in_flight_;
  std::string payload_;
  Calls calls_;
  std::atomic<uint64_t> appended_{0}, done_{0};
  std::mutex mutex_;
  std::vector<double> times_us_;
};

void Measure(const Settings& settings, int in_flight) {
  const std::string folder = settings.folder + "/log";
  auto store = store::SegmentLogStore::Open(folder);
  Require(store.ok(), "opening the store");
  auto index = store::SqliteQueryIndex::Open(folder + "/index.sqlite");
  Require(index.ok(), "opening the index");
  audit::TestLog house(store->get());
  audit::LogOptions options = house.options();
  options.checkpoint_records = 1'024;
  options.checkpoint_interval = absl::Seconds(1);
  Require(house.Open(options).ok(), "opening the log");
  std::unique_ptr<LogIndexer> indexer;
  if (settings.index) indexer = *LogIndexer::Start(&*house, index->get(), {});
  const double cpu_before = Seconds(CLOCK_PROCESS_CPUTIME_ID);
  Run run(settings, &*house, settings.offer ? indexer.get() : nullptr, in_flight);
  run.Execute();
  const double cpu = Seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu_before;
  const uint64_t behind = settings.index ? house->size() - indexer->progress().indexed : 0;
  if (settings.index) {
    Require(indexer->WaitUntilIndexed(house->size(), absl::Now() + absl::Minutes(1)).ok(), "index");
  }
  const double later = Seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu_before - cpu;
  indexer.reset();
  const std::vector<double> times = run.Times();
  const auto at = [&times](double part) {
    return times[static_cast<size_t>(part * static_cast<double>(times.size() - 1))];
  };
  const auto records = static_cast<double>(run.records());
  std::printf("%9d %10.0f %9.0f %9.0f %10.1f %10.1f %9llu\n", in_flight, records / settings.seconds,
              at(0.5), at(0.99), 1e6 * cpu / records - settings.call_us, 1e6 * later / records,
              static_cast<unsigned long long>(behind));
  std::fflush(stdout);
  house.Close();
  store->reset();
  index->reset();
  std::filesystem::remove_all(folder);
}

int Main(int argc, char** argv) {
  Settings settings;
  for (int i = 1; i + 1 < argc; i += 2) {
    const char* const value = argv[i + 1];
    if (std::strcmp(argv[i], "--folder") == 0) settings.folder = value;
    if (std::strcmp(argv[i], "--seconds") == 0) settings.seconds = std::atof(value);
    if (std::strcmp(argv[i], "--turns") == 0) settings.turns = std::atoi(value);
    if (std::strcmp(argv[i], "--payload") == 0) {
      settings.payload_bytes = static_cast<size_t>(std::atol(value));
    }
    if (std::strcmp(argv[i], "--call-us") == 0) settings.call_us = std::atof(value);
    if (std::strcmp(argv[i], "--offer") == 0) settings.offer = std::strcmp(value, "no") != 0;
    if (std::strcmp(argv[i], "--in-flight") == 0) settings.in_flight = {std::atoi(value)};
    if (std::strcmp(argv[i], "--index") == 0) settings.index = std::strcmp(value, "no") != 0;
  }
  settings.folder += "/log_bench_XXXXXX";
  Require(mkdtemp(settings.folder.data()) != nullptr, "mkdtemp");
  std::printf("%9s %10s %9s %9s %10s %10s %9s\n", "in flight", "records/s", "p50 us", "p99 us",
              "cpu us/rec", "later", "rows left");
  for (int turn = 0; turn < settings.turns; ++turn) {
    for (const int in_flight : settings.in_flight) Measure(settings, in_flight);
  }
  std::filesystem::remove_all(settings.folder);
  return 0;
}

}  // namespace
}  // namespace plumbline::service

int main(int argc, char** argv) { return plumbline::service::Main(argc, argv); }
