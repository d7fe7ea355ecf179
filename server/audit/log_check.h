// CheckLog: reads a whole decision log and reports everything that is wrong with it.
//
// What is checked: every byte the store has (its own checksums); every leaf's form; times that
// never go back; every hash tile against the leaves; the root at every checkpoint, and the
// checkpoints' signatures; every wrapped key, sealed part and its commitment; every decision's
// payload and the dictionaries it needs; that exactly those records are erased that an erasure
// names; every object against its digest. Without a keyring nothing sealed can be opened: the
// report then says what was not checked.

#ifndef PLUMBLINE_SERVER_AUDIT_LOG_CHECK_H_
#define PLUMBLINE_SERVER_AUDIT_LOG_CHECK_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/audit/keyring.h"
#include "server/base/sha256.h"
#include "server/store/store.h"

namespace plumbline::audit {

struct LogCheckOptions {
  const store::LogStore* store = nullptr;
  // As in LogOptions; at least one verifier key.
  std::string origin;
  std::vector<std::string> verifier_keys;
  // May be null.
  const Keyring* keyring = nullptr;
  // Texts of checkpoints seen elsewhere (a witness, an auditor's notes), to be found in this log.
  std::vector<std::string> checkpoints;
  // Called now and then, with the number of records read and of all. May be null.
  std::function<void(uint64_t done, uint64_t total)> progress;
  // More problems are counted, but not described.
  size_t max_problems = 1000;
};

struct LogCheckReport {
  uint64_t records = 0;
  uint64_t erased = 0;
  // Records whose parts were opened and held against their commitments.
  uint64_t opened = 0;
  uint64_t tiles = 0;
  uint64_t objects = 0;
  // Of all records; meaningful when there are no problems.
  Sha256Digest root{};
  // Records that the log's own latest checkpoint covers.
  uint64_t checkpoint_size = 0;
  // Checkpoints whose signature and root were found right.
  uint64_t checkpoints = 0;
  // What is wrong, where: file and offset, or record, tile, document, object.
  std::vector<store::Problem> problems;
  uint64_t problem_count = 0;
  // Sentences, for whoever relies on the report.
  std::vector<std::string> not_checked;

  bool ok() const { return problem_count == 0; }
};

// An error only if nothing could be checked at all (InvalidArgument: origin, keys).
absl::StatusOr<LogCheckReport> CheckLog(const LogCheckOptions& options);

}  // namespace plumbline::audit

#endif  // PLUMBLINE_SERVER_AUDIT_LOG_CHECK_H_
