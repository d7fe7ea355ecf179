// Where activation finds bundles and their approvals.

#ifndef PLUMBLINE_SERVER_REGISTRY_RELEASE_H_
#define PLUMBLINE_SERVER_REGISTRY_RELEASE_H_

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/registry/approval.h"
#include "server/registry/bundle.h"
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
  // NotFound if there is no such bundle here; other errors (those of ParseBundle, ReadRegularFile
  // and ParseApprovals) if it might be one that cannot be used.
  virtual absl::StatusOr<Release> Find(absl::string_view revision) const = 0;

  // The approvals that are here for a revision whose bundle need not be; those that cannot be read
  // are left out.
  virtual std::vector<ApprovalNote> ApprovalsOf(absl::string_view revision) const;
};

// Bundles that came with a request. `approvals` are texts of one note or more, in any order.
class GivenReleases : public ReleaseSource {
 public:
  // The first bundle or approval that cannot be read is the error.
  static absl::StatusOr<GivenReleases> Create(const std::vector<std::string>& bundles,
                                              const std::vector<std::string>& approvals);

  absl::StatusOr<Release> Find(absl::string_view revision) const override;
  std::vector<ApprovalNote> ApprovalsOf(absl::string_view revision) const override;

 private:
  GivenReleases() = default;

  std::map<std::string, Release, std::less<>> releases_;
  std::vector<ApprovalNote> approvals_;
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
