// Where activation finds bundles and their approvals.

#ifndef PLUMBLINE_SERVER_REGISTRY_RELEASE_H_
#define PLUMBLINE_SERVER_REGISTRY_RELEASE_H_

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/call_once.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/registry/approval.h"
#include "server/registry/bundle.h"
#include "server/registry/manifest.h"
#include "server/registry/regular_file.h"

namespace plumbline::registry {

// A bundle whose digest was verified, and the approvals that came with it, unjudged.
struct Release {
  // For messages: the file's path, or "bundle 2 of the request".
  std::string name;
  std::shared_ptr<const std::string> bytes;
  Bundle bundle;
  std::vector<ApprovalNote> approvals;
};

class ReleaseSource {
 public:
  virtual ~ReleaseSource() = default;
  // Called before the first Find of an attempt; an error refuses the attempt.
  virtual absl::Status Open() const { return absl::OkStatus(); }
  // NotFound if there is no such bundle here; other errors (those of ParseBundle, ReadRegularFile
  // and ParseApprovals) if it might be one that cannot be used.
  virtual absl::StatusOr<Release> Find(absl::string_view revision) const = 0;

  // The approvals that are here for a revision whose bundle need not be; those that cannot be read
  // are left out.
  virtual std::vector<ApprovalNote> ApprovalsOf(absl::string_view revision) const;
};

// Most bundles that a request may bring: as many as a manifest can name.
inline constexpr size_t kMaxGivenBundles = kMaxPinnedRevisions + 3;

// Bundles that came with a request, and `approvals`: texts of one note or more, in any order.
//
// Nothing of them is read before Open, Find or ApprovalsOf is called first: a request is not worth
// the trouble before its manifest is known to be signed. Thread-safe.
class GivenReleases : public ReleaseSource {
 public:
  // ResourceExhausted, with the number of the bundle or approval, for more or larger ones than any
  // manifest needs.
  static absl::StatusOr<std::unique_ptr<GivenReleases>> Create(std::vector<std::string> bundles,
                                                               std::vector<std::string> approvals);

  // The first bundle or approval that cannot be read is the error.
  absl::Status Open() const override;
  absl::StatusOr<Release> Find(absl::string_view revision) const override;
  std::vector<ApprovalNote> ApprovalsOf(absl::string_view revision) const override;

 private:
  GivenReleases(std::vector<std::string> bundles, std::vector<std::string> approvals)
      : bundles_(std::move(bundles)), approval_texts_(std::move(approvals)) {}

  absl::Status Read() const;

  // As they came; empty once they are read.
  mutable std::vector<std::string> bundles_;
  mutable std::vector<std::string> approval_texts_;
  // What came of it, once.
  mutable absl::once_flag once_;
  mutable absl::Status opened_;
  mutable std::map<std::string, Release, std::less<>> releases_;
  mutable std::vector<ApprovalNote> approvals_;
};

// Bundles in a folder: "<revision>.plumb", or any other "*.plumb" whose content is the revision.
// Approvals are in "<bundle>.approvals". Files are read anew at each Find. The folder must not be a
// symbolic link, and none of the files may be one.
class FolderReleases : public ReleaseSource {
 public:
  explicit FolderReleases(std::string path) : path_(std::move(path)) {}

  absl::StatusOr<Release> Find(absl::string_view revision) const override;

 private:
  std::string path_;
};

}  // namespace plumbline::registry

#endif  // PLUMBLINE_SERVER_REGISTRY_RELEASE_H_
