#include "server/audit/log_export.h"

#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/audit/checkpointer.h"
#include "server/audit/leaf.h"
#include "server/audit/log_opening.h"
#include "server/audit/merkle.h"
#include "server/audit/tile.h"
#include "server/audit/tile_builder.h"
#include "server/base/atomic_file.h"

namespace plumbline::audit {
namespace {

namespace fs = std::filesystem;

constexpr char kCheckpointPath[] = "checkpoint";

absl::StatusOr<std::string> ReadFile(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::NotFoundError(absl::StrCat(path.string(), ": cannot be opened"));
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return absl::UnavailableError(absl::StrCat(path.string(), ": cannot be read"));
  return std::move(text).str();
}

absl::StatusOr<std::vector<Sha256Digest>> TileHashes(const DecisionLog& log, const Tile& tile) {
  std::vector<NodeId> nodes;
  const uint64_t first = tile.number * kTileWidth;
  for (uint64_t i = first; i < first + static_cast<uint64_t>(tile.width); ++i) {
    nodes.push_back({tile.level * kTileHeight, i});
  }
  return log.ReadHashes(nodes);
}

// The leaves of a bundle, held against the hashes that the tree has for them.
absl::StatusOr<std::string> EntryBundle(const DecisionLog& log, const Tile& tile) {
  const uint64_t first = tile.number * kTileWidth;
  std::vector<std::string> leaves;
  absl::Status failure;
  const absl::Status scanned = log.Scan(first, static_cast<uint64_t>(tile.width),
                                        store::Parts::kLeaf, [&](absl::StatusOr<Record> record) {
                                          if (record.ok()) {
                                            leaves.push_back(std::move(record->leaf));
                                          } else {
                                            failure = record.status();
                                          }
                                          return failure.ok();
                                        });
  if (!scanned.ok()) return scanned;
  if (!failure.ok()) return failure;
  absl::StatusOr<std::vector<Sha256Digest>> hashes = TileHashes(log, {0, tile.number, tile.width});
  if (!hashes.ok()) return hashes.status();
  for (size_t i = 0; i < leaves.size(); ++i) {
    if (HashLeaf(leaves[i]) == (*hashes)[i]) continue;
    return absl::DataLossError(
        absl::StrCat("record ", first + i, ": tile 0/", tile.number, " has another hash for it"));
  }
  const std::vector<absl::string_view> views(leaves.begin(), leaves.end());
  return EncodeEntryBundle(views);
}

absl::Status WriteExported(const fs::path& path, absl::string_view content) {
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  if (error) {
    return absl::UnavailableError(absl::StrCat("cannot make the folder ",
                                               path.parent_path().string(), ": ", error.message()));
  }
  return WriteFileAtomically(path.string(), content);
}

// Size of the export that is in the folder; 0: none.
absl::StatusOr<uint64_t> ExportedSize(const DecisionLog& log, const fs::path& folder) {
  absl::StatusOr<std::string> note = ReadFile(folder / kCheckpointPath);
  if (absl::IsNotFound(note.status())) return 0;
  if (!note.ok()) return note.status();
  const auto refuse = [&](absl::string_view why) {
    return absl::FailedPreconditionError(
        absl::StrCat(folder.string(), " holds another export: ", why));
  };
  absl::StatusOr<SignedNote> parsed = ParseNote(*note);
  if (!parsed.ok()) return refuse(std::string(parsed.status().message()));
  // The root is compared, so no signature need be verified.
  absl::StatusOr<Checkpoint> checkpoint = ParseCheckpoint(parsed->text);
  if (!checkpoint.ok()) return refuse(std::string(checkpoint.status().message()));
  if (checkpoint->origin != log.origin()) {
    return refuse(absl::StrCat("it is of the log \"", checkpoint->origin, "\""));
  }
  if (checkpoint->size > log.size()) {
    return refuse(absl::StrCat("it has ", checkpoint->size, " records, the log ", log.size()));
  }
  absl::StatusOr<Sha256Digest> root = log.RootAt(checkpoint->size);
  if (!root.ok()) return root.status();
  if (*root != checkpoint->root) {
    return refuse(absl::StrCat("its root at ", checkpoint->size, " records is not this log's"));
  }
  return checkpoint->size;
}

}  // namespace

absl::StatusOr<LogExport> VisitExportedFiles(
    DecisionLog& log, uint64_t old_size,
    absl::FunctionRef<absl::Status(const std::string& path, absl::string_view content)> visit) {
  absl::StatusOr<std::string> note = log.Checkpoint(log.size());
  if (!note.ok()) return note.status();
  absl::StatusOr<SignedNote> parsed = ParseNote(*note);
  if (!parsed.ok()) return parsed.status();
  absl::StatusOr<Checkpoint> checkpoint = ParseCheckpoint(parsed->text);
  if (!checkpoint.ok()) return checkpoint.status();
  LogExport exported;
  exported.size = checkpoint->size;
  const auto give = [&](const std::string& path, absl::string_view content) {
    ++exported.files;
    exported.bytes += content.size();
    return visit(path, content);
  };
  for (const Tile& tile : NewTiles(old_size, checkpoint->size)) {
    absl::StatusOr<std::string> content{std::string()};
    if (tile.level == Tile::kEntries) {
      content = EntryBundle(log, tile);
    } else if (absl::StatusOr<std::vector<Sha256Digest>> hashes = TileHashes(log, tile);
               hashes.ok()) {
      content = EncodeHashTile(*hashes);
    } else {
      content = hashes.status();
    }
    if (!content.ok()) return content.status();
    if (absl::Status given = give(TilePath(tile), *content); !given.ok()) return given;
  }
  if (absl::Status given = give(kCheckpointPath, *note); !given.ok()) return given;
  return exported;
}

absl::StatusOr<LogExport> ExportLog(DecisionLog& log, const std::string& folder) {
  std::error_code error;
  if (!fs::is_directory(folder, error)) {
    return absl::NotFoundError(absl::StrCat(folder, ": is not a folder"));
  }
  absl::StatusOr<uint64_t> old_size = ExportedSize(log, folder);
  if (!old_size.ok()) return old_size.status();
  return VisitExportedFiles(log, *old_size, [&](const std::string& path, absl::string_view text) {
    return WriteExported(fs::path(folder) / path, text);
  });
}

namespace {

class ExportChecker {
 public:
  ExportChecker(const ExportCheckOptions& options, Checkpoint checkpoint)
      : options_(options),
        checkpoint_(std::move(checkpoint)),
        builder_([this](const Tile& tile, absl::Span<const Sha256Digest> hashes) {
          CheckTile(tile, hashes);
        }) {}

  ExportCheckReport Run() {
    report_.size = checkpoint_.size;
    for (uint64_t number = 0; number * kTileWidth < checkpoint_.size; ++number) {
      if (!CheckBundle(number)) return std::move(report_);
      if (options_.progress) options_.progress(builder_.size(), checkpoint_.size);
    }
    builder_.VisitPartialTiles();
    if (builder_.Root() != checkpoint_.root) {
      Report(kCheckpointPath, "its root is not that of the entries");
    }
    return std::move(report_);
  }

 private:
  void Report(const std::string& place, std::string message, std::optional<uint64_t> index = {}) {
    ++report_.problem_count;
    if (report_.problems.size() < options_.max_problems) {
      report_.problems.push_back({place, std::move(message), index});
    }
  }

  // A partial tile, or the full one that has replaced it.
  absl::StatusOr<std::string> ReadTileFile(const Tile& tile, bool& full) const {
    absl::StatusOr<std::string> content = ReadFile(fs::path(options_.folder) / TilePath(tile));
    full = tile.width == kTileWidth;
    if (!absl::IsNotFound(content.status()) || full) return content;
    full = true;
    return ReadFile(fs::path(options_.folder) / TilePath({tile.level, tile.number, kTileWidth}));
  }

  // False: nothing is known of what comes after.
  bool CheckBundle(uint64_t number) {
    const Tile tile{Tile::kEntries, number, TileWidthIn(checkpoint_.size, Tile::kEntries, number)};
    const std::string place = TilePath(tile);
    bool full = false;
    absl::StatusOr<std::string> content = ReadTileFile(tile, full);
    if (!content.ok()) {
      Report(place, absl::StrCat(std::string(content.status().message()),
                                 "; entries, tiles and root from here on were not checked"));
      return false;
    }
    absl::StatusOr<std::vector<absl::string_view>> entries =
        DecodeEntryBundle(*content, full ? kTileWidth : tile.width);
    if (!entries.ok()) {
      Report(place, absl::StrCat(std::string(entries.status().message()),
                                 "; entries, tiles and root from here on were not checked"));
      return false;
    }
    for (int i = 0; i < tile.width; ++i) {
      const absl::string_view entry = (*entries)[static_cast<size_t>(i)];
      if (DecodeLeaf(entry).ok()) ++report_.plumbline_leaves;
      builder_.Append(HashLeaf(entry));
    }
    return true;
  }

  void CheckTile(const Tile& tile, absl::Span<const Sha256Digest> hashes) {
    const std::string place = TilePath(tile);
    ++report_.tiles;
    bool full = false;
    absl::StatusOr<std::string> content = ReadTileFile(tile, full);
    if (!content.ok()) {
      Report(place, std::string(content.status().message()));
      return;
    }
    absl::StatusOr<std::vector<Sha256Digest>> has = DecodeHashTile(*content, tile.width);
    if (!has.ok()) {
      Report(place, std::string(has.status().message()));
      return;
    }
    for (size_t i = 0; i < hashes.size(); ++i) {
      if ((*has)[i] == hashes[i]) continue;
      const uint64_t first = (tile.number * kTileWidth + i) << (kTileHeight * tile.level);
      Report(place, absl::StrCat("hash ", i, " is not that of what it stands for"), first);
      return;
    }
  }

  const ExportCheckOptions& options_;
  const Checkpoint checkpoint_;
  ExportCheckReport report_;
  TileBuilder builder_;
};

}  // namespace

absl::StatusOr<ExportCheckReport> CheckExport(const ExportCheckOptions& options) {
  absl::StatusOr<LogIdentity> identity = MakeReaderIdentity(options.origin, options.verifier_keys);
  if (!identity.ok()) return identity.status();
  absl::StatusOr<std::string> note = ReadFile(fs::path(options.folder) / kCheckpointPath);
  if (!note.ok()) return note.status();
  absl::StatusOr<Checkpoint> checkpoint = identity->Verify(*note);
  if (!checkpoint.ok()) {
    ExportCheckReport report;
    report.problem_count = 1;
    report.problems.push_back(
        {kCheckpointPath, std::string(checkpoint.status().message()), std::nullopt});
    return report;
  }
  return ExportChecker(options, *std::move(checkpoint)).Run();
}

}  // namespace plumbline::audit
