#include "server/store/segment/side_files.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/base/failpoint.h"
#include "server/base/sha256.h"
#include "server/store/limits.h"
#include "server/store/segment/format.h"

namespace plumbline::store {
namespace {

Failpoint tile_temp_written("tile-temp-written");
Failpoint tile_renamed("tile-renamed");
Failpoint document_temp_written("document-temp-written");
Failpoint document_renamed("document-renamed");
Failpoint object_written("object-written");

constexpr size_t kMaxDocumentBytes = size_t{256} << 20;
constexpr size_t kMaxObjectBytes = size_t{1} << 30;
constexpr absl::string_view kTemporaryEnd = ".tmp";
constexpr absl::string_view kTiles = "tiles";
constexpr absl::string_view kDocuments = "documents";
constexpr absl::string_view kObjects = "objects";

absl::Status FailedAt(const Failpoint& place) {
  return absl::UnavailableError(absl::StrCat("failpoint ", place.name()));
}

std::string DocumentPath(absl::string_view name) { return absl::StrCat(kDocuments, "/", name); }

std::string ObjectPath(absl::string_view digest) {
  return absl::StrCat(kObjects, "/", digest.substr(0, 2), "/", digest);
}

// A name that cannot be made durable is as bad as a write that failed: there may be two states.
absl::Status AsUnavailable(const absl::Status& status) {
  return status.ok() ? status : absl::UnavailableError(status.message());
}

}  // namespace

std::string SideFiles::TilePath(int level, uint64_t number) {
  std::string path = absl::StrFormat("%03d", number % 1'000);
  for (number /= 1'000; number > 0; number /= 1'000) {
    path = absl::StrFormat("x%03d/%s", number % 1'000, path);
  }
  return absl::StrCat(kTiles, "/", level, "/", path);
}

std::string SideFiles::Path(absl::string_view below) const {
  return absl::StrCat(folder_, "/", below);
}

absl::Status SideFiles::MakeFolders() {
  for (const absl::string_view name : {kTiles, kDocuments, kObjects}) {
    if (absl::Status made = files_->MakeFolder(Path(name)); !made.ok()) return made;
  }
  return files_->SyncFolder(folder_);
}

absl::Status SideFiles::MakeFoldersFor(const std::string& below) {
  for (size_t slash = below.find('/'); slash != std::string::npos;
       slash = below.find('/', slash + 1)) {
    const std::string folder = Path(below.substr(0, slash));
    if (absl::Status made = files_->MakeFolder(folder); !made.ok()) return made;
    unsynced_folders_.insert(folder);
  }
  return absl::OkStatus();
}

absl::Status SideFiles::SyncFolders() {
  while (!unsynced_folders_.empty()) {
    const auto first = unsynced_folders_.begin();
    if (absl::Status synced = files_->SyncFolder(*first); !synced.ok()) {
      return AsUnavailable(synced);
    }
    unsynced_folders_.erase(first);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> SideFiles::ReadWithTrailer(const std::string& below,
                                                       size_t limit) const {
  absl::StatusOr<std::string> bytes = ReadFile(*files_, Path(below), limit + kTrailerBytes);
  if (!bytes.ok()) return bytes.status();
  const std::optional<absl::string_view> content = RemoveTrailer(*bytes, below, seed_);
  if (!content.has_value()) {
    return absl::DataLossError(absl::StrCat(Path(below), ": at 0: the file is damaged"));
  }
  bytes->resize(content->size());
  return bytes;
}

absl::Status SideFiles::WriteTile(int level, uint64_t number, absl::string_view hashes) {
  if (absl::Status checked = CheckTile(level, hashes); !checked.ok()) return checked;
  const std::string below = TilePath(level, number);
  const absl::StatusOr<std::string> present = ReadTile(level, number);
  if (present.ok()) {
    if (absl::string_view(*present) == hashes) return absl::OkStatus();
    return absl::DataLossError(absl::StrCat(Path(below), ": at 0: there are other hashes already"));
  }
  if (!absl::IsNotFound(present.status())) return present.status();
  if (absl::Status made = MakeFoldersFor(below); !made.ok()) return made;
  const std::string temporary = absl::StrCat(Path(kTiles), "/next", kTemporaryEnd);
  const std::string trailer = EncodeTrailer(hashes, below, seed_);
  const absl::string_view parts[] = {hashes, trailer};
  absl::Status written = ReplaceFile(*files_, Path(below), temporary, parts, &tile_temp_written);
  if (written.ok() && tile_renamed.Hit()) return FailedAt(tile_renamed);
  return written;
}

absl::StatusOr<std::string> SideFiles::ReadTile(int level, uint64_t number) const {
  if (absl::Status checked = CheckTilePlace(level); !checked.ok()) return checked;
  absl::StatusOr<std::string> hashes = ReadWithTrailer(TilePath(level, number), kTileBytes);
  if (absl::IsNotFound(hashes.status())) {
    return absl::NotFoundError(absl::StrCat("no tile ", level, "/", number));
  }
  return hashes;
}

absl::Status SideFiles::PutDocument(absl::string_view name, absl::string_view bytes) {
  if (absl::Status checked = CheckDocumentName(name); !checked.ok()) return checked;
  if (bytes.size() > kMaxDocumentBytes) {
    return absl::InvalidArgumentError(absl::StrCat("document \"", name, "\" has ", bytes.size(),
                                                   " bytes; at most ", kMaxDocumentBytes));
  }
  // What the document speaks of (tiles) must not be lost when the document is not.
  if (absl::Status synced = SyncFolders(); !synced.ok()) return synced;
  const std::string below = DocumentPath(name);
  const std::string temporary = absl::StrCat(Path(kDocuments), "/.next", kTemporaryEnd);
  const std::string trailer = EncodeTrailer(bytes, below, seed_);
  const absl::string_view parts[] = {bytes, trailer};
  absl::Status written =
      ReplaceFile(*files_, Path(below), temporary, parts, &document_temp_written);
  if (!written.ok()) return written;
  if (document_renamed.Hit()) return FailedAt(document_renamed);
  return AsUnavailable(files_->SyncFolder(Path(kDocuments)));
}

absl::StatusOr<std::string> SideFiles::GetDocument(absl::string_view name) const {
  if (absl::Status checked = CheckDocumentName(name); !checked.ok()) return checked;
  absl::StatusOr<std::string> bytes = ReadWithTrailer(DocumentPath(name), kMaxDocumentBytes);
  if (absl::IsNotFound(bytes.status())) {
    return absl::NotFoundError(absl::StrCat("no document \"", name, "\""));
  }
  return bytes;
}

absl::StatusOr<std::string> SideFiles::PutObject(absl::string_view bytes) {
  if (bytes.size() > kMaxObjectBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("an object has ", bytes.size(), " bytes; at most ", kMaxObjectBytes));
  }
  std::string digest = ToHex(Sha256Of(bytes));
  const std::string below = ObjectPath(digest);
  if (absl::Status made = MakeFoldersFor(below); !made.ok()) return made;
  // One that is there but damaged is written again. The name of one that is there need not be
  // durable: the process may have died before it synced the folder.
  if (GetObject(digest).ok()) {
    if (absl::Status synced = SyncFolders(); !synced.ok()) return synced;
    return digest;
  }
  const std::string temporary = absl::StrCat(Path(kObjects), "/next", kTemporaryEnd);
  if (absl::Status written = ReplaceFile(*files_, Path(below), temporary, {&bytes, 1});
      !written.ok()) {
    return written;
  }
  if (object_written.Hit()) return FailedAt(object_written);
  if (absl::Status synced = SyncFolders(); !synced.ok()) return synced;
  return digest;
}

absl::StatusOr<std::string> SideFiles::GetObject(absl::string_view digest) const {
  if (absl::Status checked = CheckDigest(digest); !checked.ok()) return checked;
  const std::string path = Path(ObjectPath(digest));
  absl::StatusOr<std::string> bytes = ReadFile(*files_, path, kMaxObjectBytes);
  if (absl::IsNotFound(bytes.status())) {
    return absl::NotFoundError(absl::StrCat("no object ", digest));
  }
  if (bytes.ok() && ToHex(Sha256Of(*bytes)) != digest) {
    return absl::DataLossError(
        absl::StrCat(path, ": at 0: the object is not what its digest says"));
  }
  return bytes;
}

absl::Status SideFiles::Walk(
    const std::string& below,
    absl::FunctionRef<absl::Status(const std::string&, uint64_t)> visit) const {
  const absl::StatusOr<std::vector<FolderEntry>> entries = files_->List(Path(below));
  if (!entries.ok()) return entries.status();
  for (const FolderEntry& entry : *entries) {
    // What an interrupted write has left; the next one overwrites it.
    if (absl::EndsWith(entry.name, kTemporaryEnd)) continue;
    const std::string path = absl::StrCat(below, "/", entry.name);
    absl::Status visited = entry.is_folder ? Walk(path, visit) : visit(path, entry.bytes);
    if (!visited.ok()) return visited;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> SideFiles::ListObjects() const {
  std::vector<std::string> digests;
  absl::Status walked = Walk(std::string(kObjects), [&](const std::string& path, uint64_t) {
    const std::string name = path.substr(path.rfind('/') + 1);
    if (path == ObjectPath(name) && CheckDigest(name).ok()) digests.push_back(name);
    return absl::OkStatus();
  });
  if (!walked.ok()) return walked;
  return digests;
}

absl::StatusOr<uint64_t> SideFiles::UsedBytes() const {
  uint64_t used = 0;
  for (const absl::string_view folder : {kTiles, kDocuments, kObjects}) {
    absl::Status walked = Walk(std::string(folder), [&](const std::string&, uint64_t bytes) {
      used += bytes;
      return absl::OkStatus();
    });
    if (!walked.ok()) return walked;
  }
  return used;
}

absl::Status SideFiles::CheckFile(const std::string& below) const {
  if (absl::StartsWith(below, kObjects)) {
    const std::string name = below.substr(below.rfind('/') + 1);
    if (below != ObjectPath(name)) return absl::DataLossError("no object has this name");
    return GetObject(name).status();
  }
  const size_t limit = absl::StartsWith(below, kTiles) ? kTileBytes : kMaxDocumentBytes;
  return ReadWithTrailer(below, limit).status();
}

absl::Status SideFiles::Check(absl::FunctionRef<void(const Problem&)> report) const {
  for (const absl::string_view folder : {kTiles, kDocuments, kObjects}) {
    absl::Status walked = Walk(std::string(folder), [&](const std::string& below, uint64_t) {
      const absl::Status checked = CheckFile(below);
      if (!checked.ok()) {
        report({absl::StrCat(Path(below), " at 0"), std::string(checked.message()), std::nullopt});
      }
      return absl::OkStatus();
    });
    if (!walked.ok()) return walked;
  }
  return absl::OkStatus();
}

}  // namespace plumbline::store
