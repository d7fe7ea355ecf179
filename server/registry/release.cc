#include "server/registry/release.h"

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace plumbline::registry {
namespace {

absl::StatusOr<Release> ReadRelease(const std::string& bytes, const std::string& name) {
  absl::StatusOr<Bundle> bundle = ParseBundle(bytes, name);
  if (!bundle.ok()) return bundle.status();
  return Release{name, std::make_shared<const std::string>(bytes), *std::move(bundle), {}};
}

absl::StatusOr<Release> ReadFrom(const Folder& folder, const std::string& name) {
  const absl::StatusOr<std::string> bytes = folder.Read(name, kMaxBundleBytes);
  if (!bytes.ok()) return bytes.status();
  return ReadRelease(*bytes, absl::StrCat(folder.path(), "/", name));
}

absl::Status AddApprovals(const Folder& folder, const std::string& name, Release& release) {
  const std::string file = absl::StrCat(name, kApprovalsExtension);
  const absl::StatusOr<std::string> text = folder.Read(file, kMaxApprovalsBytes);
  if (absl::IsNotFound(text.status())) return absl::OkStatus();
  if (!text.ok()) return text.status();
  absl::StatusOr<std::vector<ApprovalNote>> notes =
      ParseApprovals(*text, absl::StrCat(folder.path(), "/", file));
  if (!notes.ok()) return notes.status();
  release.approvals = *std::move(notes);
  return absl::OkStatus();
}

absl::Status NotHere(absl::string_view revision, absl::string_view where) {
  return absl::NotFoundError(absl::StrCat("no ruleset file of revision ", revision, where));
}

}  // namespace

std::vector<ApprovalNote> ReleaseSource::ApprovalsOf(absl::string_view revision) const {
  absl::StatusOr<Release> release = Find(revision);
  if (!release.ok()) return {};
  return std::move(release->approvals);
}

absl::StatusOr<std::unique_ptr<GivenReleases>> GivenReleases::Create(
    std::vector<std::string> bundles, std::vector<std::string> approvals) {
  const auto check = [](const char* what, const std::vector<std::string>& texts, size_t max_count,
                        size_t max_bytes) -> absl::Status {
    if (texts.size() > max_count) {
      return absl::ResourceExhaustedError(
          absl::StrCat("the request brings ", texts.size(), " ", what, "s, more than ", max_count));
    }
    for (size_t i = 0; i < texts.size(); ++i) {
      if (texts[i].size() <= max_bytes) continue;
      return absl::ResourceExhaustedError(
          absl::StrCat(what, " ", i + 1, " of the request is larger than ", max_bytes, " bytes"));
    }
    return absl::OkStatus();
  };
  absl::Status sizes = check("bundle", bundles, kMaxGivenBundles, kMaxBundleBytes);
  sizes.Update(check("approval", approvals, kMaxGivenBundles * kMaxApprovals, kMaxApprovalsBytes));
  if (!sizes.ok()) return sizes;
  return std::unique_ptr<GivenReleases>(
      new GivenReleases(std::move(bundles), std::move(approvals)));
}

absl::Status GivenReleases::Open() const {
  absl::call_once(once_, [this] { opened_ = Read(); });
  return opened_;
}

absl::Status GivenReleases::Read() const {
  const std::vector<std::string> bundles = std::move(bundles_);
  const std::vector<std::string> texts = std::move(approval_texts_);
  for (size_t i = 0; i < bundles.size(); ++i) {
    absl::StatusOr<Release> release =
        ReadRelease(bundles[i], absl::StrCat("bundle ", i + 1, " of the request"));
    if (!release.ok()) return release.status();
    std::string revision = release->bundle.revision;
    releases_.emplace(std::move(revision), *std::move(release));
  }
  for (size_t i = 0; i < texts.size(); ++i) {
    absl::StatusOr<std::vector<ApprovalNote>> notes =
        ParseApprovals(texts[i], absl::StrCat("approval ", i + 1, " of the request"));
    if (!notes.ok()) return notes.status();
    for (ApprovalNote& note : *notes) approvals_.push_back(std::move(note));
  }
  return absl::OkStatus();
}

absl::StatusOr<Release> GivenReleases::Find(absl::string_view revision) const {
  if (absl::Status opened = Open(); !opened.ok()) return opened;
  const auto found = releases_.find(std::string(revision));
  if (found == releases_.end()) return NotHere(revision, " in the request");
  Release release = found->second;
  release.approvals = ApprovalsOf(revision);
  return release;
}

std::vector<ApprovalNote> GivenReleases::ApprovalsOf(absl::string_view revision) const {
  std::vector<ApprovalNote> notes;
  if (!Open().ok()) return notes;
  for (const ApprovalNote& note : approvals_) {
    if (note.approval.revision == revision) notes.push_back(note);
  }
  return notes;
}

absl::StatusOr<Release> FolderReleases::Find(absl::string_view revision) const {
  const absl::StatusOr<Folder> folder = Folder::Open(path_);
  if (!folder.ok()) return folder.status();
  const std::string own_name = absl::StrCat(revision, kBundleExtension);
  absl::StatusOr<Release> own = ReadFrom(*folder, own_name);
  if (own.ok() && own->bundle.revision != revision) {
    return absl::InvalidArgumentError(absl::StrCat(own->name, " holds the revision ",
                                                   own->bundle.revision, ", not that of its name"));
  }
  if (own.ok()) {
    if (absl::Status added = AddApprovals(*folder, own_name, *own); !added.ok()) return added;
    return own;
  }
  if (!absl::IsNotFound(own.status())) return own.status();

  const absl::StatusOr<std::vector<std::string>> names = folder->List();
  if (!names.ok()) return names.status();
  absl::Status unusable;
  for (const std::string& name : *names) {
    if (!absl::EndsWith(name, kBundleExtension)) continue;
    absl::StatusOr<Release> release = ReadFrom(*folder, name);
    if (release.ok() && release->bundle.revision == revision) {
      if (absl::Status added = AddApprovals(*folder, name, *release); !added.ok()) return added;
      return release;
    }
    // It may be the one that is looked for, or have nothing to do with it.
    if (!release.ok()) unusable.Update(release.status());
  }
  if (!unusable.ok()) return unusable;
  return NotHere(revision, absl::StrCat(" in ", path_));
}

}  // namespace plumbline::registry
