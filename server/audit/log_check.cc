#include "server/audit/log_check.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "server/audit/checkpointer.h"
#include "server/audit/erasure.h"
#include "server/audit/leaf.h"
#include "server/audit/log_opening.h"
#include "server/audit/merkle.h"
#include "server/audit/open_record.h"
#include "server/audit/payload.h"
#include "server/audit/tile.h"
#include "server/audit/tile_builder.h"

namespace plumbline::audit {
namespace {

constexpr uint64_t kProgressEvery = 1024;

// A checkpoint to be found in the log.
struct ExpectedCheckpoint {
  std::string place;
  Checkpoint checkpoint;
};

class LogChecker {
 public:
  LogChecker(const LogCheckOptions& options, LogIdentity identity)
      : options_(options),
        store_(*options.store),
        identity_(std::move(identity)),
        payloads_(options.store),
        builder_([this](const Tile& tile, absl::Span<const Sha256Digest> hashes) {
          CheckTile(tile, hashes);
        }) {}

  LogCheckReport Run();

 private:
  void Report(std::string place, std::string message, std::optional<uint64_t> index = {});
  void CheckStore();
  void CheckCheckpoints();
  void CheckCheckpoint(const std::string& place, const std::string& note);
  void CheckDocuments();
  void CheckRecords();
  void CheckEntry(const store::StoredEntry& entry);
  void CheckSealed(const store::StoredEntry& entry, const Leaf& leaf);
  void CheckContents(const Record& record);
  void CheckTile(const Tile& tile, absl::Span<const Sha256Digest> hashes);
  void CheckRoots();
  void CheckErasures();
  void CheckObjects();
  void SayWhatWasNotChecked();

  const LogCheckOptions& options_;
  const store::LogStore& store_;
  const LogIdentity identity_;
  const PayloadReader payloads_;
  LogCheckReport report_;

  // Records that the store has called damaged: once is enough.
  std::set<uint64_t> damaged_;
  // Objects likewise, by digest; and all else the store said.
  std::vector<std::string> store_messages_;
  std::multimap<uint64_t, ExpectedCheckpoint> expected_;
  int64_t last_time_us_ = 0;
  // Until a leaf cannot be read: from there on nothing is known of the tree.
  bool tree_known_ = true;
  TileBuilder builder_;
  std::set<uint64_t> erased_;
  // Erased record -> record that says so.
  std::map<uint64_t, uint64_t> named_;
  bool erasure_pending_ = false;
  bool erasures_readable_ = true;
};

void LogChecker::Report(std::string place, std::string message, std::optional<uint64_t> index) {
  ++report_.problem_count;
  if (report_.problems.size() < options_.max_problems) {
    report_.problems.push_back({std::move(place), std::move(message), index});
  }
}

LogCheckReport LogChecker::Run() {
  CheckStore();
  // Documents before the size: a log that is being written to only grows.
  CheckCheckpoints();
  CheckDocuments();
  report_.records = store_.size();
  CheckRecords();
  CheckRoots();
  CheckErasures();
  CheckObjects();
  SayWhatWasNotChecked();
  return std::move(report_);
}

void LogChecker::CheckStore() {
  const absl::Status status = store_.Check([&](const store::Problem& problem) {
    if (problem.index.has_value()) damaged_.insert(*problem.index);
    store_messages_.push_back(absl::StrCat(problem.place, " ", problem.message));
    Report(problem.place, problem.message, problem.index);
  });
  if (!status.ok()) Report("store", std::string(status.message()));
}

void LogChecker::CheckCheckpoints() {
  absl::StatusOr<std::string> latest = store_.GetDocument(kCheckpointDocument);
  if (latest.ok()) {
    CheckCheckpoint("document checkpoint", *latest);
  } else {
    Report("document checkpoint", std::string(latest.status().message()));
  }
  if (!expected_.empty()) report_.checkpoint_size = expected_.begin()->first;
  absl::StatusOr<std::string> cosigned = store_.GetDocument(kCosignedDocument);
  if (cosigned.ok()) {
    CheckCheckpoint("document checkpoint.cosigned", *cosigned);
  } else if (!absl::IsNotFound(cosigned.status())) {
    Report("document checkpoint.cosigned", std::string(cosigned.status().message()));
  }
  for (size_t i = 0; i < options_.checkpoints.size(); ++i) {
    CheckCheckpoint(absl::StrCat("given checkpoint ", i + 1), options_.checkpoints[i]);
  }
}

void LogChecker::CheckCheckpoint(const std::string& place, const std::string& note) {
  absl::StatusOr<Checkpoint> checkpoint = identity_.Verify(note);
  if (!checkpoint.ok()) {
    Report(place, std::string(checkpoint.status().message()));
    return;
  }
  const uint64_t size = checkpoint->size;
  expected_.emplace(size, ExpectedCheckpoint{place, *std::move(checkpoint)});
}

void LogChecker::CheckDocuments() {
  if (options_.keyring != nullptr) {
    absl::StatusOr<RecordKey> index_key = ReadIndexKey(store_, *options_.keyring);
    if (!index_key.ok()) Report("document index-key", std::string(index_key.status().message()));
  } else if (absl::StatusOr<std::string> document = store_.GetDocument(kIndexKeyDocument);
             !document.ok()) {
    Report("document index-key", std::string(document.status().message()));
  } else if (document->size() != store::kWrappedKeyBytes) {
    Report("document index-key", absl::StrCat("has ", document->size(), " bytes"));
  }
  absl::StatusOr<std::string> pending = store_.GetDocument(kPendingErasureDocument);
  if (absl::IsNotFound(pending.status()) || (pending.ok() && pending->empty())) return;
  erasure_pending_ = true;
  if (!pending.ok()) {
    Report("document erasure-pending", std::string(pending.status().message()));
  } else if (absl::StatusOr<PendingErasure> parsed = DecodePendingErasure(*pending); !parsed.ok()) {
    Report("document erasure-pending", std::string(parsed.status().message()));
  }
}

void LogChecker::CheckRecords() {
  uint64_t next = 0;
  while (next < report_.records) {
    const absl::Status scanned = store_.Scan(
        next, report_.records - next, store::Parts::kAll, [&](const store::StoredEntry& entry) {
          next = entry.index + 1;
          CheckEntry(entry);
          if (options_.progress && next % kProgressEvery == 0) {
            options_.progress(next, report_.records);
          }
          return true;
        });
    if (scanned.ok()) break;
    // What comes after a damaged entry can be sound.
    if (damaged_.count(next) == 0) {
      Report(absl::StrCat("record ", next), std::string(scanned.message()), next);
    }
    tree_known_ = false;
    ++next;
  }
  if (options_.progress) options_.progress(report_.records, report_.records);
}

void LogChecker::CheckEntry(const store::StoredEntry& entry) {
  const auto expected = expected_.equal_range(entry.index);
  for (auto it = expected.first; tree_known_ && it != expected.second; ++it) {
    if (builder_.Root() == it->second.checkpoint.root) {
      ++report_.checkpoints;
    } else {
      Report(it->second.place,
             absl::StrCat("the root of the first ", entry.index, " records is not what it says"));
    }
  }
  const uint64_t index = entry.index;
  const std::string place = absl::StrCat("record ", index);
  if (tree_known_) builder_.Append(HashLeaf(entry.leaf));
  absl::StatusOr<Leaf> leaf = DecodeLeaf(entry.leaf);
  if (!leaf.ok()) {
    Report(place, std::string(leaf.status().message()), index);
    return;
  }
  if (leaf->time_us < last_time_us_) {
    Report(place,
           absl::StrCat("its time is before that of the record before it, by ",
                        last_time_us_ - leaf->time_us, " microseconds"),
           index);
  }
  last_time_us_ = std::max(last_time_us_, leaf->time_us);
  CheckSealed(entry, *leaf);
}

void LogChecker::CheckSealed(const store::StoredEntry& entry, const Leaf& leaf) {
  const std::string place = absl::StrCat("record ", entry.index);
  if (!entry.wrapped_key.has_value()) {
    ++report_.erased;
    erased_.insert(entry.index);
    return;
  }
  if (options_.keyring == nullptr) {
    absl::StatusOr<MasterKeyId> by = Keyring::WrappedBy(*entry.wrapped_key);
    if (!by.ok()) Report(place, std::string(by.status().message()), entry.index);
    return;
  }
  absl::StatusOr<Record> record = OpenRecord(entry, store::Parts::kAll, *options_.keyring);
  if (!record.ok()) {
    if (leaf.kind == v1::RECORD_KIND_ERASURE) erasures_readable_ = false;
    Report(place, std::string(record.status().message()), entry.index);
    return;
  }
  ++report_.opened;
  CheckContents(*record);
}

void LogChecker::CheckContents(const Record& record) {
  const std::string place = absl::StrCat("record ", record.index);
  if (record.kind == v1::RECORD_KIND_ERASURE) {
    absl::StatusOr<std::vector<uint64_t>> indices = DecodeErasedIndices(record.payload);
    if (!indices.ok()) {
      erasures_readable_ = false;
      Report(place, std::string(indices.status().message()), record.index);
      return;
    }
    for (const uint64_t index : *indices) named_.emplace(index, record.index);
  }
  if (record.kind == v1::RECORD_KIND_DECISION && !record.payload.empty()) {
    absl::StatusOr<DecisionPayload> payload = payloads_.Read(record.payload);
    if (!payload.ok()) Report(place, std::string(payload.status().message()), record.index);
  }
}

void LogChecker::CheckTile(const Tile& tile, absl::Span<const Sha256Digest> hashes) {
  absl::StatusOr<std::string> stored = store_.ReadTile(tile.level, tile.number);
  const std::string place = absl::StrCat("tile ", tile.level, "/", tile.number);
  if (absl::IsNotFound(stored.status())) {
    // Those that no checkpoint covers need not have been written yet.
    const uint64_t covers = (tile.number + 1) << (kTileHeight * (tile.level + 1));
    if (covers <= report_.checkpoint_size) Report(place, "is missing");
    return;
  }
  if (!stored.ok()) {
    Report(place, std::string(stored.status().message()));
    return;
  }
  ++report_.tiles;
  if (*stored == EncodeHashTile(hashes)) return;
  const absl::StatusOr<std::vector<Sha256Digest>> has = DecodeHashTile(*stored, kTileWidth);
  size_t first = 0;
  while (has.ok() && first < hashes.size() && (*has)[first] == hashes[first]) ++first;
  Report(place, has.ok() ? absl::StrCat("hash ", first, " is not that of what it stands for")
                         : std::string(has.status().message()));
}

void LogChecker::CheckRoots() {
  report_.root = builder_.Root();
  for (const auto& [size, expected] : expected_) {
    if (size > report_.records) {
      Report(expected.place, absl::StrCat("covers ", size, " records, but the log has ",
                                          report_.records, ": records are missing"));
    } else if (size == report_.records && tree_known_) {
      if (report_.root == expected.checkpoint.root) {
        ++report_.checkpoints;
      } else {
        Report(expected.place,
               absl::StrCat("the root of all ", size, " records is not what it says"));
      }
    }
  }
}

void LogChecker::CheckErasures() {
  if (options_.keyring == nullptr) return;
  for (const uint64_t index : erased_) {
    if (named_.count(index) > 0 || damaged_.count(index) > 0) continue;
    Report(absl::StrCat("record ", index),
           erasures_readable_ ? "its key is destroyed, but no erasure is on record for it"
                              : "its key is destroyed, and what would say why cannot be read",
           index);
  }
  if (erasure_pending_) return;
  for (const auto& [index, by] : named_) {
    if (erased_.count(index) > 0 || damaged_.count(index) > 0) continue;
    Report(absl::StrCat("record ", index),
           absl::StrCat("record ", by, " says that it is erased, but its key is there"), index);
  }
}

void LogChecker::CheckObjects() {
  absl::StatusOr<std::vector<std::string>> digests = store_.ListObjects();
  if (!digests.ok()) {
    Report("objects", std::string(digests.status().message()));
    return;
  }
  for (const std::string& digest : *digests) {
    ++report_.objects;
    absl::StatusOr<std::string> object = store_.GetObject(digest);
    if (object.ok()) continue;
    const bool told =
        std::any_of(store_messages_.begin(), store_messages_.end(),
                    [&](const std::string& message) { return absl::StrContains(message, digest); });
    if (!told) Report(absl::StrCat("object ", digest), std::string(object.status().message()));
  }
}

void LogChecker::SayWhatWasNotChecked() {
  if (options_.keyring == nullptr) {
    report_.not_checked.push_back(
        "Without the master key, sealed parts, commitments and erasures were not checked.");
  }
  if (!tree_known_) {
    report_.not_checked.push_back(
        "Tiles and roots after the first record that cannot be read were not checked.");
  }
  if (report_.records > report_.checkpoint_size) {
    report_.not_checked.push_back(absl::StrCat("No checkpoint covers the last ",
                                               report_.records - report_.checkpoint_size,
                                               " records yet."));
  }
  if (erasure_pending_) {
    report_.not_checked.push_back(
        "An erasure is under way; it is completed when the log is next opened.");
  }
}

}  // namespace

absl::StatusOr<LogCheckReport> CheckLog(const LogCheckOptions& options) {
  absl::StatusOr<LogIdentity> identity = MakeReaderIdentity(options.origin, options.verifier_keys);
  if (!identity.ok()) return identity.status();
  return LogChecker(options, *std::move(identity)).Run();
}

}  // namespace plumbline::audit
