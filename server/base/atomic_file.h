// Files that are there whole or not at all, also after a power failure.

#ifndef PLUMBLINE_SERVER_BASE_ATOMIC_FILE_H_
#define PLUMBLINE_SERVER_BASE_ATOMIC_FILE_H_

#include <sys/types.h>

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace plumbline {

// Puts `bytes` into the file `path`, replacing what it was: writes a temporary file in the same
// folder, fsyncs it, renames it, and fsyncs the folder. When this returns OK, the new content
// survives a crash; when it fails, the old content is there unharmed, except for a failed fsync of
// the folder, after which either may be found. `mode` are the permissions (0600 for secrets).
//
// An error names the path and the step ("cannot write /x/y: fsync: No space left on device"), with
// the status code of the errno; a temporary file is removed. Thread-safe; of concurrent writers of
// one path, one wins.
absl::Status WriteFileAtomically(const std::string& path, absl::string_view bytes,
                                 mode_t mode = 0644);

// Makes the names in a folder (created, renamed, removed files) survive a crash.
absl::Status SyncFolder(const std::string& path);

}  // namespace plumbline

#endif  // PLUMBLINE_SERVER_BASE_ATOMIC_FILE_H_
