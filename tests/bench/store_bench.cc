// What a durable batch costs in segment files, RocksDB and SQLite rows.
//
//   store_bench [--folder DIR] [--seconds S]
//
// Every batch is durable when it returns (one sync a batch). All stores write the same records, in
// the same run, in turns; the disk is the same. Prints a table: records a second, CPU time of the
// process for a record, and the time of a batch. docs/decisions/0010 tells what followed from it.

#include <sqlite3.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "server/store/segment/file_system.h"
#include "server/store/segment/segment_log_store.h"

#ifdef PLUMBLINE_HAVE_ROCKSDB
#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <rocksdb/write_batch.h>
#endif

namespace plumbline::store {
namespace {

using Clock = std::chrono::steady_clock;

// A store that takes batches of records.
class Candidate {
 public:
  virtual ~Candidate() = default;
  virtual void Append(const std::vector<NewEntry>& batch) = 0;
};

void Require(bool ok, const char* what) {
  if (ok) return;
  std::fprintf(stderr, "store_bench: %s failed\n", what);
  std::exit(1);
}

class Segments : public Candidate {
 public:
  explicit Segments(const std::string& folder) {
    auto store = SegmentLogStore::Open(folder);
    Require(store.ok(), "opening segments");
    store_ = *std::move(store);
  }
  void Append(const std::vector<NewEntry>& batch) override {
    Require(store_->Append(store_->size(), batch).ok(), "append to segments");
  }

 private:
  std::unique_ptr<SegmentLogStore> store_;
};

// The floor: the bytes alone, in one write and one sync, over a file that was written before.
class RawFile : public Candidate {
 public:
  explicit RawFile(const std::string& folder) {
    std::filesystem::create_directory(folder);
    auto file = PosixFileSystem().Open(folder + "/raw", OpenMode::kCreate);
    Require(file.ok(), "opening the raw file");
    file_ = *std::move(file);
    const std::string zeros(size_t{1} << 20, '\0');
    const absl::string_view part = zeros;
    for (uint64_t at = 0; at < kBytes; at += zeros.size()) {
      Require(file_->Write(at, {&part, 1}).ok(), "filling the raw file");
    }
    Require(file_->Sync().ok(), "sync of the raw file");
  }
  void Append(const std::vector<NewEntry>& batch) override {
    std::vector<absl::string_view> parts;
    uint64_t bytes = 0;
    for (const NewEntry& entry : batch) {
      for (const absl::string_view part : {entry.leaf, entry.details, entry.payload}) {
        parts.push_back(part);
        bytes += part.size();
      }
    }
    bytes = (bytes + 4'095) / 4'096 * 4'096;
    if (end_ + bytes > kBytes) end_ = 0;
    Require(file_->Write(end_, parts).ok() && file_->Sync().ok(), "append to the raw file");
    end_ += bytes;
  }

 private:
  static constexpr uint64_t kBytes = uint64_t{64} << 20;
  std::unique_ptr<File> file_;
  uint64_t end_ = 0;
};

#ifdef PLUMBLINE_HAVE_ROCKSDB
// Keys are indices, written in order; compression off (records are encrypted), large values in blob
// files, so that compaction does not copy them.
class RocksDb : public Candidate {
 public:
  RocksDb(const std::string& folder, bool recycle_logs) {
    rocksdb::Options options;
    options.create_if_missing = true;
    options.compression = rocksdb::kNoCompression;
    options.write_buffer_size = size_t{64} << 20;
    options.max_background_jobs = 2;
    options.enable_blob_files = true;
    options.min_blob_size = 1'024;
    options.recycle_log_file_num = recycle_logs ? 4 : 0;
    options.wal_bytes_per_sync = 0;
    rocksdb::DB* db = nullptr;
    Require(rocksdb::DB::Open(options, folder, &db).ok(), "opening RocksDB");
    db_.reset(db);
  }
  void Append(const std::vector<NewEntry>& batch) override {
    rocksdb::WriteBatch writes;
    for (const NewEntry& entry : batch) {
      char key[8];
      for (int i = 0; i < 8; ++i) key[i] = static_cast<char>(index_ >> (56 - 8 * i));
      ++index_;
      const rocksdb::Slice parts[] = {
          rocksdb::Slice(entry.leaf.data(), entry.leaf.size()),
          rocksdb::Slice(reinterpret_cast<const char*>(entry.wrapped_key.data()),
                         entry.wrapped_key.size()),
          rocksdb::Slice(entry.details.data(), entry.details.size()),
          rocksdb::Slice(entry.payload.data(), entry.payload.size())};
      const rocksdb::Slice key_slice(key, sizeof(key));
      writes.Put(rocksdb::SliceParts(&key_slice, 1), rocksdb::SliceParts(parts, 4));
    }
    rocksdb::WriteOptions durable;
    durable.sync = true;
    Require(db_->Write(durable, &writes).ok(), "write to RocksDB");
  }

 private:
  std::unique_ptr<rocksdb::DB> db_;
  uint64_t index_ = 0;
};
#endif

class SqliteRows : public Candidate {
 public:
  explicit SqliteRows(const std::string& folder) {
    std::filesystem::create_directory(folder);
    Require(sqlite3_open((folder + "/rows.sqlite").c_str(), &db_) == SQLITE_OK, "opening SQLite");
    Run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
        "CREATE TABLE entries (idx INTEGER PRIMARY KEY, leaf BLOB, key BLOB, details BLOB,"
        " payload BLOB)");
    Require(sqlite3_prepare_v2(db_, "INSERT INTO entries VALUES (?, ?, ?, ?, ?)", -1, &insert_,
                               nullptr) == SQLITE_OK,
            "preparing");
  }
  ~SqliteRows() override {
    sqlite3_finalize(insert_);
    sqlite3_close(db_);
  }
  void Append(const std::vector<NewEntry>& batch) override {
    Run("BEGIN");
    for (const NewEntry& entry : batch) {
      sqlite3_bind_int64(insert_, 1, index_++);
      Bind(2, entry.leaf);
      Bind(3, absl::string_view(reinterpret_cast<const char*>(entry.wrapped_key.data()),
                                entry.wrapped_key.size()));
      Bind(4, entry.details);
      Bind(5, entry.payload);
      Require(sqlite3_step(insert_) == SQLITE_DONE, "insert into SQLite");
      sqlite3_reset(insert_);
    }
    Run("COMMIT");
  }

 private:
  void Run(const char* sql) {
    Require(sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) == SQLITE_OK, sql);
  }
  void Bind(int position, absl::string_view bytes) {
    sqlite3_bind_blob(insert_, position, bytes.data(), static_cast<int>(bytes.size()),
                      SQLITE_STATIC);
  }

  sqlite3* db_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
  int64_t index_ = 0;
};

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

struct Measured {
  std::vector<double> batch_ms;
  double cpu_seconds = 0;
  uint64_t records = 0;
};

// Adds about `seconds` of appends, at most `max_bytes`.
void Measure(Candidate& candidate, const std::vector<NewEntry>& batch, double seconds,
             uint64_t max_bytes, Measured* measured) {
  const double cpu_before = CpuSeconds();
  const auto begin = Clock::now();
  uint64_t bytes = 0;
  uint64_t batch_bytes = 0;
  for (const NewEntry& entry : batch) {
    batch_bytes += entry.leaf.size() + entry.details.size() + entry.payload.size();
  }
  auto now = begin;
  while (std::chrono::duration<double>(now - begin).count() < seconds && bytes < max_bytes) {
    candidate.Append(batch);
    const auto after = Clock::now();
    measured->batch_ms.push_back(std::chrono::duration<double, std::milli>(after - now).count());
    now = after;
    bytes += batch_bytes;
    measured->records += batch.size();
  }
  measured->cpu_seconds += CpuSeconds() - cpu_before;
}

void Print(const char* name, size_t record_bytes, size_t batch, Measured measured) {
  std::vector<double>& times = measured.batch_ms;
  double total_ms = 0;
  for (const double time : times) total_ms += time;
  std::sort(times.begin(), times.end());
  const auto at = [&times](double part) {
    return times[static_cast<size_t>(part * static_cast<double>(times.size() - 1))];
  };
  std::printf("%-10s %6zu %5zu %12.0f %10.2f %9.3f %9.3f %9.3f\n", name, record_bytes, batch,
              1e3 * static_cast<double>(measured.records) / total_ms,
              1e6 * measured.cpu_seconds / static_cast<double>(measured.records), at(0.5), at(0.99),
              times.back());
  std::fflush(stdout);
}

int Main(int argc, char** argv) {
  std::string folder = std::filesystem::temp_directory_path();
  double seconds = 1;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--folder") == 0) folder = argv[i + 1];
    if (std::strcmp(argv[i], "--seconds") == 0) seconds = std::atof(argv[i + 1]);
  }
  folder += "/store_bench_XXXXXX";
  Require(mkdtemp(folder.data()) != nullptr, "mkdtemp");
  struct Kind {
    const char* name;
    std::function<std::unique_ptr<Candidate>(const std::string&)> make;
  };
  const std::vector<Kind> kinds = {
      {"raw", [](const std::string& at) { return std::make_unique<RawFile>(at); }},
      {"segments", [](const std::string& at) { return std::make_unique<Segments>(at); }},
#ifdef PLUMBLINE_HAVE_ROCKSDB
      {"rocksdb", [](const std::string& at) { return std::make_unique<RocksDb>(at, false); }},
      {"rocksdb-r", [](const std::string& at) { return std::make_unique<RocksDb>(at, true); }},
#endif
      {"sqlite", [](const std::string& at) { return std::make_unique<SqliteRows>(at); }},
  };
  std::printf("%-10s %6s %5s %12s %10s %9s %9s %9s\n", "store", "bytes", "batch", "records/s",
              "cpu us/rec", "p50 ms", "p99 ms", "max ms");
  constexpr int kTurns = 3;
  constexpr uint64_t kMaxBytesPerTurn = uint64_t{256} << 20;
  for (const size_t record_bytes : {size_t{4'096}, size_t{40'960}}) {
    const std::string leaf(400, 'l');
    const std::string details(200, 'd');
    std::string payload(record_bytes - leaf.size() - details.size(), 'p');
    for (size_t i = 0; i < payload.size(); ++i) payload[i] = static_cast<char>(i * i >> 3);
    for (const size_t batch_size : {1, 16, 64, 256}) {
      const std::vector<NewEntry> batch(batch_size, NewEntry{leaf, {}, details, payload});
      std::vector<Measured> measured(kinds.size());
      std::vector<std::unique_ptr<Candidate>> candidates;
      for (const Kind& kind : kinds) candidates.push_back(kind.make(folder + "/" + kind.name));
      for (int turn = 0; turn < kTurns; ++turn) {
        for (size_t k = 0; k < kinds.size(); ++k) {
          Measure(*candidates[k], batch, seconds / kTurns, kMaxBytesPerTurn, &measured[k]);
        }
      }
      for (size_t k = 0; k < kinds.size(); ++k) {
        Print(kinds[k].name, record_bytes, batch_size, std::move(measured[k]));
      }
      candidates.clear();
      for (const Kind& kind : kinds) std::filesystem::remove_all(folder + "/" + kind.name);
    }
  }
  std::filesystem::remove_all(folder);
  return 0;
}

}  // namespace
}  // namespace plumbline::store

int main(int argc, char** argv) { return plumbline::store::Main(argc, argv); }
