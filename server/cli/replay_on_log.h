// A replay on a log in a folder, for every command that wants one.

#ifndef PLUMBLINE_SERVER_CLI_REPLAY_ON_LOG_H_
#define PLUMBLINE_SERVER_CLI_REPLAY_ON_LOG_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "plumbline/v1/impact.pb.h"
#include "server/cli/audit_client.h"
#include "server/cli/command.h"
#include "server/ruleset/compiled_ruleset.h"
#include "server/service/replay.h"

namespace plumbline::cli {

struct ReplayOnLogOptions {
  // Its candidate is found by what follows.
  service::ReplayJob job;
  // Rules from elsewhere, or a revision (its first 8 digits or more) that is kept beside the log;
  // neither: each decision on its own revision.
  std::shared_ptr<const ruleset::CompiledRuleset> candidate;
  std::string candidate_revision;
  int threads = 2;
  std::string progress_file;
  std::string purpose;
  // Measures the engine alone afterwards, and writes the figure to `err`.
  bool bench = false;
};

// Shows progress on a terminal, and puts the finished replay on record. Interrupting the program
// (SIGINT) ends it with its progress saved (Cancelled). Errors of Replayer::Run; NotFound for a
// candidate revision that is not kept.
// `client` must be that of a local log.
absl::StatusOr<v1::ImpactReport> ReplayOnLog(AuditClient& client, const ReplayOnLogOptions& options,
                                             Environment& environment);

}  // namespace plumbline::cli

#endif  // PLUMBLINE_SERVER_CLI_REPLAY_ON_LOG_H_
