// RulesetDocument: the source files of a ruleset, their merged message, and where everything
// stands.
//
// Identity: the revision is the SHA-256 over the sorted list of (path, SHA-256 of the exact file
// bytes), never over a re-serialisation (protobuf serialisation is not canonical).

#ifndef PLUMBLINE_SERVER_RULESET_DOCUMENT_H_
#define PLUMBLINE_SERVER_RULESET_DOCUMENT_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "plumbline/v1/ruleset.pb.h"
#include "server/base/issue.h"

namespace plumbline::ruleset {

// One source file: path relative to the ruleset's folder with '/' separators, and exact bytes.
struct SourceFile {
  std::string path;
  std::string bytes;
  // Folder of the ledger that the file comes from, as the manifest names it ("../sources"); its
  // path then begins with the last part of that name ("sources/seeds.textproto"). Empty: a file of
  // the ruleset itself.
  std::string ledger = {};
};

// Reads every *.textproto below `folder`, and below the ledger folders that the manifest in it
// names, sorted by path (byte order). Symbolic links, unreadable files, files over 4 MiB, more than
// 1,000 files or 32 MiB in all are refused, naming the path; so are ledgers that are not named
// properly or are not there. NotFound if the folder does not exist or holds no such file.
absl::StatusOr<std::vector<SourceFile>> ReadRulesetFolder(const std::string& folder);

// What is wrong with the name of a ledger's folder; empty if nothing is.
std::string LedgerMistake(absl::string_view ledger);

// Lower-case hex digest as described above. Order of `files` does not matter.
std::string ComputeRevision(const std::vector<SourceFile>& files);

// Immutable once parsed; thread-safe.
class RulesetDocument {
 public:
  // Parses and merges. Syntax errors, unknown fields and enum values, duplicate singular parts are
  // reported with their places in `issues`; all files are read even if one is broken. The document
  // is usable for further checks (with what could be parsed) also when there are errors.
  // `display_prefix` is put before paths in locations (the folder as the user typed it). Files of a
  // ledger may hold `sources` only.
  static RulesetDocument Parse(std::vector<SourceFile> files, std::vector<Issue>& issues,
                               absl::string_view display_prefix = "");

  // A ruleset that no file holds, for tools that try changes of one: without places. Not for
  // serving: `revision` names nothing that could be looked up.
  static RulesetDocument OfMessage(v1::Ruleset ruleset, std::string revision);

  RulesetDocument(RulesetDocument&&) noexcept;
  RulesetDocument& operator=(RulesetDocument&&) noexcept;
  ~RulesetDocument();

  const v1::Ruleset& ruleset() const;
  const std::string& revision() const;
  const std::vector<SourceFile>& files() const;

  // Place of an element by its path in the merged message: "red_flags[3]",
  // "red_flags[3].on_indeterminate.when", "questions[0].options[2].label", "manifest.version".
  // The nearest enclosing element that has a place if the element itself was not written.
  SourceLocation Locate(absl::string_view path) const;

  // Place of byte `offset` of the string at `path`, through quotes, escapes and adjacent literals:
  // of its first character by default. Like Locate if no string was written there.
  SourceLocation LocateText(absl::string_view path, size_t offset = 0) const;

  // Something inside the message at `path` was left out because it could not be read ("" stands for
  // the ruleset as a whole). What is missing there may have been written all the same.
  bool IsIncomplete(absl::string_view path) const;

  // Ids inside the parts that were left out: known, although nothing more is known about them.
  const std::vector<std::string>& lost_ids() const;

 private:
  RulesetDocument();
  struct Rep;
  std::unique_ptr<Rep> rep_;
};

}  // namespace plumbline::ruleset

#endif  // PLUMBLINE_SERVER_RULESET_DOCUMENT_H_
