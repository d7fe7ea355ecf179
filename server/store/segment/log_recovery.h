// Opening the segments of a log: which entries there are, and what a power cut has left behind
// them.

#ifndef PLUMBLINE_SERVER_STORE_SEGMENT_LOG_RECOVERY_H_
#define PLUMBLINE_SERVER_STORE_SEGMENT_LOG_RECOVERY_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/store/segment/file_system.h"
#include "server/store/segment/key_journal.h"
#include "server/store/segment/segment.h"
#include "server/store/store.h"

namespace plumbline::store {

// The log as it is after opening. The last segment is the one that is written to.
struct RecoveredLog {
  std::vector<std::shared_ptr<Segment>> segments;
  std::unique_ptr<File> last_file;  // for writing
  uint64_t size = 0;
  uint64_t next_batch = 1;
  uint64_t last_checksum = 0;
  uint64_t end = 0;  // where the next batch goes
  // What was put right: for the operator to know.
  std::vector<Problem> repairs;
};

// Reads the segments in `folder`, of which there is at least one.
//
// Each batch is synced before the next one is begun. So only the last one can be incomplete, and
// such a batch was never acknowledged: it is dropped as a whole and its bytes are made zero. Damage
// in front of a later batch, or in entries below `acknowledged`, is not that: DataLoss with file
// and offset, and nothing is changed.
absl::StatusOr<RecoveredLog> RecoverLog(FileSystem* files, OpenFiles* open_files,
                                        const std::string& folder, const SegmentLayout& layout,
                                        uint64_t acknowledged);

// Does again what the journal says, and empties it. Returns what that was, in words; empty: the
// journal was empty.
absl::StatusOr<std::string> RedoKeyChanges(FileSystem* files, const std::string& folder,
                                           uint64_t seed, KeyJournal& journal);

}  // namespace plumbline::store

#endif  // PLUMBLINE_SERVER_STORE_SEGMENT_LOG_RECOVERY_H_
