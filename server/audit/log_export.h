// A decision log as a folder of files that any static web server can publish (C2SP tlog-tiles), and
// a check of such a folder, whoever wrote it.
//
//   checkpoint            the signed tree head that all the rest belongs to
//   tile/<L>/<N>[.p/<W>]  hashes
//   tile/entries/...      leaves; no patient data (leaf.h)

#ifndef PLUMBLINE_SERVER_AUDIT_LOG_EXPORT_H_
#define PLUMBLINE_SERVER_AUDIT_LOG_EXPORT_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/audit/decision_log.h"
#include "server/store/store.h"

namespace plumbline::audit {

struct LogExport {
  // Records of the exported checkpoint.
  uint64_t size = 0;
  // Files written now; those that were there already are left alone.
  uint64_t files = 0;
  uint64_t bytes = 0;
};

// Gives `visit` the files of the log's latest checkpoint, one after the other: path and content.
// The checkpoint comes last, so that whoever sees it finds what it covers. Files that an export of
// `old_size` records holds already are left out. Stops when `visit` fails, with its error. DataLoss
// when a tile does not belong to its leaves.
absl::StatusOr<LogExport> VisitExportedFiles(
    DecisionLog& log, uint64_t old_size,
    absl::FunctionRef<absl::Status(const std::string& path, absl::string_view content)> visit);

// Writes or extends an export in `folder`, which must exist. Files appear whole or not at all. An
// export of another log, or one that is not contained in this log, is refused (FailedPrecondition).
absl::StatusOr<LogExport> ExportLog(DecisionLog& log, const std::string& folder);

struct ExportCheckOptions {
  std::string folder;
  std::string origin;
  std::vector<std::string> verifier_keys;
  std::function<void(uint64_t done, uint64_t total)> progress;  // may be null
  size_t max_problems = 1000;
};

struct ExportCheckReport {
  uint64_t size = 0;
  uint64_t tiles = 0;
  // Leaves of a form that this program knows; a log of another program has others.
  uint64_t plumbline_leaves = 0;
  std::vector<store::Problem> problems;
  uint64_t problem_count = 0;

  bool ok() const { return problem_count == 0; }
};

// Verifies the checkpoint, all entries and all tiles of a folder; partial tiles that were deleted
// in favour of the full one are no problem. InvalidArgument for wrong keys; NotFound without folder
// or checkpoint.
absl::StatusOr<ExportCheckReport> CheckExport(const ExportCheckOptions& options);

}  // namespace plumbline::audit

#endif  // PLUMBLINE_SERVER_AUDIT_LOG_EXPORT_H_
