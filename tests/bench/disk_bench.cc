// What it costs to make a batch of records durable, for each way that Linux offers.
//
//   disk_bench [--folder DIR] [--seconds S] [--pause-us US] [--only WAY]
//
// Batches are appended to a file of 64 MiB, one after the other; when it is full, to the next one,
// which a second thread made ahead of time in the way's own manner. A pause follows each batch, as
// when records come in at a steady rate. Prints for each way and batch: processor time for a record
// in user space and kernel (both threads), the part of it that making the next file took, processor
// time of the kernel's own threads (of the whole machine: only comparable when it is otherwise at
// rest), and the time of a batch. docs/decisions/0015 tells what followed from it.

#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace plumbline {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kFileBytes = size_t{64} << 20;
constexpr size_t kBlock = 4'096;
constexpr size_t kRecordBytes = 3'000;

enum class Space {
  kNone,      // the file grows with each batch
  kReserved,  // fallocate: blocks that the file system knows to be unwritten
  kZeros,     // zeros through the page cache, synced every MiB
  kDirect,    // zeros past the page cache
  kRecycled,  // the first file again and again: as if old files were written over
};

struct Way {
  const char* name;
  Space space;
  bool direct;     // past the page cache
  bool sync_flag;  // pwritev2 with RWF_DSYNC in place of pwritev and fdatasync
};

constexpr Way kWays[] = {
    {"growing", Space::kNone, false, false},
    {"reserved", Space::kReserved, false, false},
    {"zeros", Space::kZeros, false, false},
    {"zeros,dsync", Space::kZeros, false, true},
    {"dzeros", Space::kDirect, false, false},
    {"reserved,direct,dsync", Space::kReserved, true, true},
    {"zeros,direct,dsync", Space::kZeros, true, true},
    {"dzeros,direct,sync", Space::kDirect, true, false},
    {"dzeros,direct,dsync", Space::kDirect, true, true},
    {"recycled", Space::kRecycled, false, false},
    {"recycled,direct,dsync", Space::kRecycled, true, true},
};

void Require(bool ok, const char* what) {
  if (ok) return;
  std::perror(what);
  std::exit(1);
}

double ThreadSeconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

double ProcessSeconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

// Of the kernel's threads that write: journal, write-back, block device.
double KernelThreadSeconds() {
  double seconds = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    std::string name;
    std::ifstream(entry.path() / "comm") >> name;
    if (name.rfind("jbd2", 0) != 0 && name.rfind("kworker", 0) != 0) continue;
    double ns = 0;
    std::ifstream(entry.path() / "schedstat") >> ns;
    seconds += 1e-9 * ns;
  }
  return seconds;
}

class Buffer {
 public:
  explicit Buffer(size_t bytes) : bytes_(static_cast<char*>(aligned_alloc(kBlock, bytes))) {
    std::memset(bytes_, 0, bytes);
  }
  ~Buffer() { std::free(bytes_); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  char* get() const { return bytes_; }

 private:
  char* const bytes_;
};

int MakeFile(const std::string& path, Space space) {
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  Require(file >= 0, "open");
  if (space == Space::kNone) return file;
  Require(fallocate(file, 0, 0, kFileBytes) == 0, "fallocate");
  if (space == Space::kReserved) return file;
  const bool direct = space == Space::kDirect;
  if (direct) Require(fcntl(file, F_SETFL, O_DIRECT) == 0, "O_DIRECT");
  constexpr size_t kChunk = size_t{1} << 20;
  const Buffer zeros(kChunk);
  for (size_t at = 0; at < kFileBytes; at += kChunk) {
    Require(pwrite(file, zeros.get(), kChunk, static_cast<off_t>(at)) == kChunk, "zeros");
    if (!direct) Require(fdatasync(file) == 0, "fdatasync");
  }
  if (direct) Require(fdatasync(file) == 0, "fdatasync");
  Require(fcntl(file, F_SETFL, 0) == 0, "F_SETFL");
  return file;
}

// Makes files in a thread of its own, one ahead.
class Preparer {
 public:
  Preparer(std::string folder, Space space) : folder_(std::move(folder)), space_(space) {
    thread_ = std::thread([this] { Run(); });
  }
  ~Preparer() {
    {
      const std::lock_guard lock(mutex_);
      ending_ = true;
    }
    changed_.notify_all();
    thread_.join();
    if (ready_ >= 0) close(ready_);
  }
  int Take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return ready_ >= 0; });
    const int file = ready_;
    ready_ = -1;
    changed_.notify_all();
    return file;
  }
  double seconds() {
    const std::lock_guard lock(mutex_);
    return seconds_;
  }

 private:
  void Run() {
    for (int i = 0;; ++i) {
      const double before = ThreadSeconds();
      const int file = MakeFile(folder_ + "/" + std::to_string(i % 4), space_);
      const double used = ThreadSeconds() - before;
      std::unique_lock lock(mutex_);
      seconds_ += used;
      ready_ = file;
      changed_.notify_all();
      changed_.wait(lock, [this] { return ready_ < 0 || ending_; });
      if (ending_) return;
    }
  }

  const std::string folder_;
  const Space space_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int ready_ = -1;
  bool ending_ = false;
  double seconds_ = 0;
  std::thread thread_;
};

struct Measured {
  std::vector<double> batch_us;
  double cpu = 0, preparing = 0, kernel = 0;
  uint64_t records = 0;
};

void Measure(const Way& way, const std::string& folder, size_t batch, double seconds,
             double pause_us, Measured* measured) {
  std::filesystem::create_directory(folder);
  {
    const bool recycled = way.space == Space::kRecycled;
    Preparer preparer(folder, recycled ? Space::kDirect : way.space);
    const size_t bytes = (batch * kRecordBytes + kBlock - 1) / kBlock * kBlock;
    const Buffer buffer(bytes);
    for (size_t i = 0; i < bytes; ++i) buffer.get()[i] = static_cast<char>(i * i >> 3);
    const auto take = [&] {
      const int file = preparer.Take();
      if (way.direct) Require(fcntl(file, F_SETFL, O_DIRECT) == 0, "O_DIRECT");
      return file;
    };
    int file = take();
    if (recycled) {
      // Not in the figures: the pages are in the cache, or the blocks written.
      Require(fdatasync(file) == 0, "fdatasync");
    }
    size_t at = 0;
    const double cpu = ProcessSeconds(), prepared = preparer.seconds(),
                 kernel = KernelThreadSeconds();
    const auto begin = Clock::now();
    while (std::chrono::duration<double>(Clock::now() - begin).count() < seconds) {
      const auto start = Clock::now();
      if (at + bytes > kFileBytes) {
        if (!recycled) {
          close(file);
          file = take();
        }
        at = 0;
      }
      const iovec part{buffer.get(), bytes};
      const ssize_t written =
          pwritev2(file, &part, 1, static_cast<off_t>(at), way.sync_flag ? RWF_DSYNC : 0);
      Require(written == static_cast<ssize_t>(bytes), "write");
      if (!way.sync_flag) Require(fdatasync(file) == 0, "fdatasync");
      at += bytes;
      measured->batch_us.push_back(
          std::chrono::duration<double, std::micro>(Clock::now() - start).count());
      measured->records += batch;
      if (pause_us > 0) {
        std::this_thread::sleep_for(std::chrono::duration<double, std::micro>(pause_us));
      }
    }
    measured->cpu += ProcessSeconds() - cpu;
    measured->preparing += preparer.seconds() - prepared;
    measured->kernel += KernelThreadSeconds() - kernel;
    close(file);
  }
  std::filesystem::remove_all(folder);
}

void Print(const char* name, size_t batch, Measured measured) {
  std::vector<double>& times = measured.batch_us;
  std::sort(times.begin(), times.end());
  const auto at = [&times](double part) {
    return times[static_cast<size_t>(part * static_cast<double>(times.size() - 1))];
  };
  const auto per_record = [&measured](double seconds) {
    return 1e6 * seconds / static_cast<double>(measured.records);
  };
  std::printf("%-22s %5zu %10.2f %10.2f %10.2f %9.0f %9.0f %9.0f\n", name, batch,
              per_record(measured.cpu), per_record(measured.preparing), per_record(measured.kernel),
              at(0.5), at(0.99), times.back());
  std::fflush(stdout);
}

int Main(int argc, char** argv) {
  std::string folder = std::filesystem::temp_directory_path();
  std::string only;
  double seconds = 2;
  double pause_us = 1'000;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--folder") == 0) folder = argv[i + 1];
    if (std::strcmp(argv[i], "--seconds") == 0) seconds = std::atof(argv[i + 1]);
    if (std::strcmp(argv[i], "--pause-us") == 0) pause_us = std::atof(argv[i + 1]);
    if (std::strcmp(argv[i], "--only") == 0) only = argv[i + 1];
  }
  folder += "/disk_bench_XXXXXX";
  Require(mkdtemp(folder.data()) != nullptr, "mkdtemp");
  std::printf("records of %zu bytes, a pause of %.0f us after each batch\n", kRecordBytes,
              pause_us);
  std::printf("%-22s %5s %10s %10s %10s %9s %9s %9s\n", "way", "batch", "cpu us/rec", "of it prep",
              "kernel thr", "p50 us", "p99 us", "max us");
  constexpr int kTurns = 2;
  for (const size_t batch : {1, 16, 40, 64}) {
    std::vector<Measured> measured(std::size(kWays));
    for (int turn = 0; turn < kTurns; ++turn) {
      for (size_t i = 0; i < std::size(kWays); ++i) {
        if (!only.empty() && only != kWays[i].name) continue;
        Measure(kWays[i], folder + "/files", batch, seconds / kTurns, pause_us, &measured[i]);
      }
    }
    for (size_t i = 0; i < std::size(kWays); ++i) {
      if (measured[i].records > 0) Print(kWays[i].name, batch, std::move(measured[i]));
    }
  }
  std::filesystem::remove_all(folder);
  return 0;
}

}  // namespace
}  // namespace plumbline

int main(int argc, char** argv) { return plumbline::Main(argc, argv); }
