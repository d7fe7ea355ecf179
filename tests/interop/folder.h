// The folders that this program and the Go program exchange; README.md describes them.

#ifndef PLUMBLINE_TESTS_INTEROP_FOLDER_H_
#define PLUMBLINE_TESTS_INTEROP_FOLDER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace plumbline::interop {

absl::StatusOr<std::string> ReadFile(const std::string& path);
// Makes the folders above it, too.
absl::Status WriteFile(const std::string& path, absl::string_view bytes);
// Lines without their newlines.
absl::StatusOr<std::vector<std::string>> ReadLines(const std::string& path);
// Names in a folder that end in `suffix`, without it, sorted. Empty without the folder.
std::vector<std::string> NamesIn(const std::string& folder, absl::string_view suffix);

// "make": writes keys, notes, logs, proofs and receipts of a log of `entries` records.
absl::Status MakeFolder(const std::string& folder, uint64_t entries);
// "check": verifies all that is in a folder, and that changed copies are refused.
absl::Status CheckFolder(const std::string& folder);

}  // namespace plumbline::interop

#endif  // PLUMBLINE_TESTS_INTEROP_FOLDER_H_
