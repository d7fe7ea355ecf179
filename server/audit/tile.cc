#include "server/audit/tile.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "server/audit/proof_text.h"

namespace plumbline::audit {
namespace {

constexpr absl::string_view kEntriesName = "entries";

absl::Status PathError(absl::string_view path, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("not the path of a tile, \"", path, "\": ", what));
}

// Hashes (or entries) that a level has in a tree of `size` leaves.
uint64_t HashCount(uint64_t size, int level) {
  const int shift = level == Tile::kEntries ? 0 : kTileHeight * level;
  return shift < 64 ? size >> shift : 0;
}

// "x001/x234/067", for 1234067.
std::string NumberPath(uint64_t number) {
  std::string path = absl::StrFormat("%03d", number % 1000);
  for (number /= 1000; number > 0; number /= 1000) {
    path.insert(0, absl::StrFormat("x%03d/", number % 1000));
  }
  return path;
}

bool IsThreeDigits(absl::string_view text) {
  return text.size() == 3 && std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isdigit(static_cast<unsigned char>(c));
         });
}

// Takes the number off the front of `parts`.
bool TakeNumber(absl::Span<const absl::string_view>& parts, uint64_t& number) {
  number = 0;
  while (!parts.empty()) {
    absl::string_view part = parts.front();
    parts.remove_prefix(1);
    const bool more = absl::ConsumePrefix(&part, "x");
    const bool partial = !more && absl::ConsumeSuffix(&part, ".p");
    if (!IsThreeDigits(part)) return false;
    // Numbers that a tree of the largest size can have; the next ones need not be told apart.
    if (number > kMaxTreeSize / 1000) return false;
    uint64_t digits = 0;
    for (const char c : part) digits = digits * 10 + static_cast<uint64_t>(c - '0');
    number = number * 1000 + digits;
    if (!more) return partial != parts.empty();
  }
  return false;
}

Sha256Digest RootOf(absl::Span<const Sha256Digest> hashes) {
  std::vector<Sha256Digest> row(hashes.begin(), hashes.end());
  for (size_t width = row.size(); width > 1; width /= 2) {
    for (size_t i = 0; i < width / 2; ++i) row[i] = HashChildren(row[2 * i], row[2 * i + 1]);
  }
  return row.front();
}

}  // namespace

std::string TilePath(const Tile& tile) {
  std::string path = absl::StrCat(
      "tile/", tile.level == Tile::kEntries ? std::string(kEntriesName) : absl::StrCat(tile.level),
      "/", NumberPath(tile.number));
  if (tile.width < kTileWidth) absl::StrAppend(&path, ".p/", tile.width);
  return path;
}

absl::StatusOr<Tile> ParseTilePath(absl::string_view path) {
  const std::vector<absl::string_view> all = absl::StrSplit(path, '/');
  absl::Span<const absl::string_view> parts = all;
  if (parts.size() < 3 || parts[0] != "tile") {
    return PathError(path, "it is tile/<level>/<number>");
  }
  Tile tile;
  uint64_t value = 0;
  if (parts[1] == kEntriesName) {
    tile.level = Tile::kEntries;
  } else if (ParseDecimal(parts[1], value) && value <= kMaxTileLevel) {
    tile.level = static_cast<int>(value);
  } else {
    return PathError(path, "the level is \"entries\" or 0 to 63");
  }
  parts.remove_prefix(2);
  if (!TakeNumber(parts, tile.number)) {
    return PathError(path, "the number is groups of three digits, all but the last with an x");
  }
  if (parts.size() > 1) return PathError(path, "it goes on behind the width");
  if (parts.size() == 1) {
    if (!ParseDecimal(parts[0], value) || value == 0 || value >= kTileWidth) {
      return PathError(path, "the width of a partial tile is 1 to 255");
    }
    tile.width = static_cast<int>(value);
  }
  // One path for each tile: no empty groups at the front.
  if (TilePath(tile) != path) return PathError(path, "the number has needless zeroes");
  return tile;
}

int TileWidthIn(uint64_t size, int level, uint64_t number) {
  const uint64_t hashes = HashCount(size, level);
  if (number > hashes / kTileWidth) return 0;
  return static_cast<int>(std::min<uint64_t>(kTileWidth, hashes - number * kTileWidth));
}

std::vector<Tile> NewTiles(uint64_t old_size, uint64_t new_size) {
  std::vector<Tile> tiles;
  for (int level = Tile::kEntries; HashCount(new_size, level) > 0; ++level) {
    const uint64_t first = HashCount(old_size, level) / kTileWidth;
    for (uint64_t number = first;; ++number) {
      const int width = TileWidthIn(new_size, level, number);
      if (width == 0) break;
      if (width != TileWidthIn(old_size, level, number)) tiles.push_back({level, number, width});
    }
  }
  return tiles;
}

absl::StatusOr<std::string> EncodeEntryBundle(absl::Span<const absl::string_view> entries) {
  if (entries.empty() || entries.size() > kTileWidth) {
    return absl::InvalidArgumentError(
        absl::StrCat("an entry bundle has 1 to 256 entries, not ", entries.size()));
  }
  std::string bytes;
  for (size_t i = 0; i < entries.size(); ++i) {
    const size_t size = entries[i].size();
    if (size > kMaxEntrySize) {
      return absl::InvalidArgumentError(absl::StrCat("entry ", i, " of the bundle has ", size,
                                                     " bytes, the limit is ", kMaxEntrySize));
    }
    bytes += static_cast<char>(size >> 8);
    bytes += static_cast<char>(size & 0xff);
    absl::StrAppend(&bytes, entries[i]);
  }
  return bytes;
}

absl::StatusOr<std::vector<absl::string_view>> DecodeEntryBundle(absl::string_view bytes,
                                                                 int width) {
  std::vector<absl::string_view> entries;
  while (!bytes.empty()) {
    if (entries.size() == static_cast<size_t>(width)) {
      return absl::DataLossError(absl::StrCat("an entry bundle of ", width, " entries goes on for ",
                                              bytes.size(), " bytes"));
    }
    const size_t size = bytes.size() < 2
                            ? 0
                            : static_cast<size_t>(static_cast<uint8_t>(bytes[0])) << 8 |
                                  static_cast<uint8_t>(bytes[1]);
    if (bytes.size() < 2 + size) {
      return absl::DataLossError(
          absl::StrCat("an entry bundle is cut off in entry ", entries.size()));
    }
    entries.push_back(bytes.substr(2, size));
    bytes.remove_prefix(2 + size);
  }
  if (entries.size() != static_cast<size_t>(width)) {
    return absl::DataLossError(
        absl::StrCat("an entry bundle of ", width, " entries has only ", entries.size()));
  }
  return entries;
}

std::string EncodeHashTile(absl::Span<const Sha256Digest> hashes) {
  std::string bytes;
  bytes.reserve(hashes.size() * sizeof(Sha256Digest));
  for (const Sha256Digest& hash : hashes) {
    bytes.append(reinterpret_cast<const char*>(hash.data()), hash.size());
  }
  return bytes;
}

absl::StatusOr<std::vector<Sha256Digest>> DecodeHashTile(absl::string_view bytes, int width) {
  const size_t expected = static_cast<size_t>(width) * sizeof(Sha256Digest);
  if (bytes.size() != expected && bytes.size() != kTileWidth * sizeof(Sha256Digest)) {
    return absl::DataLossError(absl::StrCat("a tile of ", width, " hashes has ", expected,
                                            " bytes, this has ", bytes.size()));
  }
  std::vector<Sha256Digest> hashes(static_cast<size_t>(width));
  std::memcpy(hashes.data(), bytes.data(), expected);
  return hashes;
}

TileHashReader::TileHashReader(uint64_t size, Fetch fetch)
    : size_(size), fetch_(std::move(fetch)) {}

absl::StatusOr<std::vector<Sha256Digest>> TileHashReader::ReadHashes(
    absl::Span<const NodeId> nodes) const {
  std::map<std::pair<int, uint64_t>, std::vector<Sha256Digest>> fetched;
  std::vector<Sha256Digest> roots;
  for (const NodeId& node : nodes) {
    const int height = node.level % kTileHeight;
    const uint64_t first = node.index << height;  // of its hashes in the row of the tile
    Tile tile;
    tile.level = node.level / kTileHeight;
    tile.number = first / kTileWidth;
    tile.width = TileWidthIn(size_, tile.level, tile.number);
    const size_t begin = first % kTileWidth;
    const size_t count = size_t{1} << height;
    if (begin + count > static_cast<size_t>(tile.width)) {
      return absl::InvalidArgumentError(absl::StrCat("a tree of ", size_, " leaves has no node ",
                                                     node.index, " of level ", node.level));
    }
    std::vector<Sha256Digest>& hashes = fetched[{tile.level, tile.number}];
    if (hashes.empty()) {
      const absl::StatusOr<std::string> bytes = fetch_(tile);
      if (!bytes.ok()) return bytes.status();
      absl::StatusOr<std::vector<Sha256Digest>> decoded = DecodeHashTile(*bytes, tile.width);
      if (!decoded.ok()) {
        return absl::Status(decoded.status().code(),
                            absl::StrCat(TilePath(tile), ": ", decoded.status().message()));
      }
      hashes = *std::move(decoded);
    }
    roots.push_back(RootOf(absl::MakeConstSpan(hashes).subspan(begin, count)));
  }
  return roots;
}

}  // namespace plumbline::audit
