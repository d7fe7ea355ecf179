// The progress file of a replay: which job it is, how far it is, and what was counted so far.
//
// Text, for people too:
//
//   plumbline-replay/3
//   origin: clinic.example/decisions
//   engine: 0.4.0
//   candidate: 9f86d081... 0.5.0       or "own revisions"
//   only: 60303ae2...                  or "all revisions"
//   asked: 2026-01-01T00:00:00+00:00 - an end that was not given is "-"
//   records: 0 100000                  first, and one behind the last
//   shard: 0/2
//   next: 51200                        records below were passed
//   seconds: 12.5
//   report: {...}                      plumbline.v1.ImpactReport; examples are "index/id"
//   sha256: 2c26b46b...                of everything above
//
// Written by replacing the file, so that a crash leaves the one before. Files of version 1, which
// counted less, are refused: their counts cannot be completed.

#ifndef PLUMBLINE_SERVER_SERVICE_REPLAY_PROGRESS_H_
#define PLUMBLINE_SERVER_SERVICE_REPLAY_PROGRESS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/service/replay_tally.h"

namespace plumbline::service {

struct ReplayProgressState {
  // What makes the job: a file of another job is not taken up.
  std::string origin;
  std::string engine;
  std::string candidate;  // revision; empty: own revisions
  std::string candidate_version;
  std::string only;  // revision; empty: all
  std::string asked;
  uint32_t shard = 0;
  uint32_t shards = 1;
  // Records of the log.
  uint64_t first = 0;
  uint64_t until = 0;
  // How far it is.
  uint64_t next = 0;
  double seconds = 0;
  ReplayTally tally;

  bool finished() const { return next >= until; }
};

std::string EncodeReplayProgress(const ReplayProgressState& state);
// FailedPrecondition says what is wrong with the text; `name` stands for the file.
absl::StatusOr<ReplayProgressState> DecodeReplayProgress(absl::string_view text,
                                                         absl::string_view name);

// What `found` has otherwise than `wanted` ("shard 1/2 instead of 0/2"); empty if it is the same
// job. Looks at the range of records only if `with_range`, at the shard only if `with_shard`.
std::string OtherJob(const ReplayProgressState& wanted, const ReplayProgressState& found,
                     bool with_range, bool with_shard);

// Nothing if there is no such file.
absl::StatusOr<std::optional<ReplayProgressState>> ReadReplayProgress(const std::string& path);
absl::Status WriteReplayProgress(const std::string& path, const ReplayProgressState& state);

}  // namespace plumbline::service

#endif  // PLUMBLINE_SERVER_SERVICE_REPLAY_PROGRESS_H_
