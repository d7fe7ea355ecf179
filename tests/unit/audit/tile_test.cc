#include "server/audit/tile.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/audit/reference_tree.h"

namespace plumbline::audit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string Message(const absl::Status& status) { return std::string(status.message()); }

TEST(TilePathTest, PathsAreThoseOfTheSpecificationAndReadBack) {
  const std::pair<Tile, std::string> cases[] = {
      {{0, 0, 256}, "tile/0/000"},
      {{0, 0, 1}, "tile/0/000.p/1"},
      {{1, 7, 255}, "tile/1/007.p/255"},
      {{0, 999, 256}, "tile/0/999"},
      {{0, 1000, 256}, "tile/0/x001/000"},
      {{0, 1234067, 256}, "tile/0/x001/x234/067"},
      {{63, 1234067, 17}, "tile/63/x001/x234/067.p/17"},
      {{Tile::kEntries, 0, 256}, "tile/entries/000"},
      {{Tile::kEntries, 273, 112}, "tile/entries/273.p/112"},
      {{Tile::kEntries, 1000000, 256}, "tile/entries/x001/x000/000"},
      {{0, kMaxTreeSize / 256, 256}, "tile/0/x018/x014/x398/x509/x481/984"},
  };
  for (const auto& [tile, path] : cases) {
    EXPECT_EQ(TilePath(tile), path);
    EXPECT_EQ(ParseTilePath(path).value(), tile) << path;
  }
}

TEST(TilePathTest, WrongPathsAreRefusedWithTheirReason) {
  const std::pair<std::string, std::string> cases[] = {
      {"", "it is tile/<level>/<number>"},
      {"tile", "it is tile/"},
      {"tile/0", "it is tile/"},
      {"/tile/0/000", "it is tile/"},
      {"tile/8/0/000", "the number is"},
      {"tile/x/000", "the level is"},
      {"tile/-1/000", "the level is"},
      {"tile/64/000", "the level is"},
      {"tile/00/000", "the level is"},
      {"tile/data/000", "the level is"},
      {"tile/0/0", "the number is"},
      {"tile/0/0000", "the number is"},
      {"tile/0/x01/000", "the number is"},
      {"tile/0/001/000", "the number is"},
      {"tile/0/x001", "the number is"},
      {"tile/0/x001.p/000", "the number is"},
      {"tile/0/x001/x000", "the number is"},
      {"tile/0/x000/001", "needless zeroes"},
      {"tile/0/000/1", "the number is"},
      {"tile/0/000.p", "the number is"},
      {"tile/0/000.p/", "the width"},
      {"tile/0/000.p/0", "the width"},
      {"tile/0/000.p/256", "the width"},
      {"tile/0/000.p/01", "the width"},
      {"tile/0/000.p/1/2", "goes on behind the width"},
      {"tile/0/000/", "the number is"},
      {"tile/0/../000", "the number is"},
      {"tile/0/x999/x999/x999/x999/x999/x999/x999/999", "the number is"},
  };
  for (const auto& [path, reason] : cases) {
    EXPECT_THAT(Message(ParseTilePath(path).status()), HasSubstr(reason)) << path;
  }
}

std::map<int, std::vector<int>> WidthsByLevel(uint64_t size) {
  std::map<int, std::vector<int>> widths;
  for (const Tile& tile : NewTiles(0, size)) widths[tile.level].push_back(tile.width);
  return widths;
}

// The two examples of C2SP tlog-tiles.
TEST(TilesOfTreeTest, ExamplesOfTheSpecificationComeOut) {
  std::map<int, std::vector<int>> widths = WidthsByLevel(70'000);
  ASSERT_EQ(widths.size(), 4u);  // entries, levels 0 to 2
  ASSERT_EQ(widths[0].size(), 274u);
  EXPECT_EQ(std::count(widths[0].begin(), widths[0].end(), 256), 273);
  EXPECT_EQ(widths[0].back(), 112);
  EXPECT_THAT(widths[1], ElementsAre(256, 17));
  EXPECT_THAT(widths[2], ElementsAre(1));
  EXPECT_EQ(widths[Tile::kEntries], widths[0]);

  widths = WidthsByLevel(256);
  ASSERT_EQ(widths.size(), 3u);
  EXPECT_THAT(widths[0], ElementsAre(256));
  EXPECT_THAT(widths[1], ElementsAre(1));
}

TEST(TilesOfTreeTest, TreeWithoutLeavesHasNoTiles) { EXPECT_TRUE(NewTiles(0, 0).empty()); }

TEST(TilesOfTreeTest, TilesOfStepsAreTogetherThoseOfTheWhole) {
  const std::vector<uint64_t> sizes = {0, 1, 255, 256, 257, 300, 512, 65'535, 65'536, 65'600};
  std::map<std::string, Tile> seen;
  for (size_t i = 1; i < sizes.size(); ++i) {
    for (const Tile& tile : NewTiles(sizes[i - 1], sizes[i])) {
      EXPECT_TRUE(seen.emplace(TilePath(tile), tile).second) << TilePath(tile) << " twice";
      EXPECT_EQ(TileWidthIn(sizes[i], tile.level, tile.number), tile.width);
    }
  }
  for (const Tile& tile : NewTiles(0, sizes.back())) {
    EXPECT_EQ(seen.count(TilePath(tile)), 1u) << TilePath(tile);
  }
}

TEST(TilesOfTreeTest, NothingIsNewWhenNothingWasAdded) {
  EXPECT_TRUE(NewTiles(1000, 1000).empty());
}

TEST(TilesOfTreeTest, TilesBeyondTheTreeHaveNoWidth) {
  EXPECT_EQ(TileWidthIn(256, 0, 1), 0);
  EXPECT_EQ(TileWidthIn(257, 0, 1), 1);
  EXPECT_EQ(TileWidthIn(257, 0, 2), 0);
  EXPECT_EQ(TileWidthIn(255, 1, 0), 0);
  EXPECT_EQ(TileWidthIn(kMaxTreeSize, 63, 0), 0);
  EXPECT_EQ(TileWidthIn(kMaxTreeSize, 7, 0), 64);
}

TEST(EntryBundleTest, EntriesHaveTheirLengthBeforeThem) {
  const std::string longest(kMaxEntrySize, 'z');
  const std::string bytes = EncodeEntryBundle({"abc", "", longest}).value();
  EXPECT_EQ(bytes,
            absl::StrCat(std::string("\0\x03", 2), "abc", std::string("\0\0\xff\xff", 4), longest));
  EXPECT_THAT(DecodeEntryBundle(bytes, 3).value(), ElementsAre("abc", "", longest));
}

TEST(EntryBundleTest, WhatDoesNotFitIsRefused) {
  EXPECT_FALSE(EncodeEntryBundle({}).ok());
  const std::vector<absl::string_view> many(257, "x");
  EXPECT_FALSE(EncodeEntryBundle(many).ok());
  const std::string too_long(kMaxEntrySize + 1, 'z');
  EXPECT_THAT(Message(EncodeEntryBundle({"a", too_long}).status()),
              HasSubstr("entry 1 of the bundle has 65536 bytes"));

  const std::string bytes = EncodeEntryBundle({"abc", "de"}).value();
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(DecodeEntryBundle(bytes.substr(0, size), 2).status().code(),
              absl::StatusCode::kDataLoss)
        << size;
  }
  EXPECT_THAT(Message(DecodeEntryBundle(bytes, 1).status()), HasSubstr("goes on for 4 bytes"));
  EXPECT_THAT(Message(DecodeEntryBundle(bytes, 3).status()), HasSubstr("has only 2"));
}

TEST(HashTileTest, FullTileServesAPartialOne) {
  std::vector<Sha256Digest> hashes(kTileWidth);
  for (size_t i = 0; i < hashes.size(); ++i) hashes[i] = HashLeaf(absl::StrCat(i));
  const std::string bytes = EncodeHashTile(hashes);
  EXPECT_EQ(bytes.size(), 8192u);
  EXPECT_EQ(DecodeHashTile(bytes, 256).value(), hashes);
  EXPECT_EQ(DecodeHashTile(bytes, 1).value(), std::vector<Sha256Digest>({hashes[0]}));
  EXPECT_EQ(DecodeHashTile(bytes.substr(0, 64), 2).value().size(), 2u);
  EXPECT_THAT(Message(DecodeHashTile(bytes.substr(0, 64), 3).status()),
              HasSubstr("a tile of 3 hashes has 96 bytes, this has 64"));
}

// A published log, in memory.
class Export {
 public:
  Export(const ReferenceTree& tree, uint64_t size) {
    std::vector<Sha256Digest> row;
    for (uint64_t i = 0; i < size; ++i) row.push_back(HashLeaf(tree.leaf(i)));
    for (int level = 0; !row.empty(); ++level) {
      std::vector<Sha256Digest> above;
      for (size_t begin = 0; begin < row.size(); begin += kTileWidth) {
        const auto part = absl::MakeConstSpan(row).subspan(begin, kTileWidth);
        files[TilePath({level, begin / kTileWidth, static_cast<int>(part.size())})] =
            EncodeHashTile(part);
        if (part.size() < kTileWidth) continue;
        MerkleFrontier frontier;
        for (const Sha256Digest& hash : part) frontier.Append(hash);
        above.push_back(frontier.Root());
      }
      row = above;
    }
  }

  absl::StatusOr<std::string> Fetch(const Tile& tile) {
    ++fetches;
    const auto found = files.find(TilePath(tile));
    if (found == files.end()) return absl::NotFoundError(TilePath(tile));
    return found->second;
  }

  std::map<std::string, std::string> files;
  int fetches = 0;
};

class TileHashReaderTest : public ::testing::TestWithParam<uint64_t> {
 protected:
  static const ReferenceTree& Tree() {
    static const ReferenceTree* const tree = [] {
      auto* made = new ReferenceTree();
      for (int i = 0; i < 70'000; ++i) made->Add(absl::StrCat("entry ", i));
      return made;
    }();
    return *tree;
  }
};

TEST_P(TileHashReaderTest, ProofsFromTilesVerify) {
  const uint64_t size = GetParam();
  Export log(Tree(), size);
  const TileHashReader reader(size, [&log](const Tile& tile) { return log.Fetch(tile); });
  const Sha256Digest root = Tree().Root(size);
  EXPECT_EQ(ReadRoot(size, reader).value(), root);
  for (const uint64_t index : {uint64_t{0}, size / 3, size / 2, size - 1}) {
    EXPECT_EQ(MakeInclusionProof(index, size, reader).value(), Tree().InclusionProof(index, size));
    const uint64_t old_size = index + 1;
    EXPECT_EQ(MakeConsistencyProof(old_size, size, reader).value(),
              Tree().ConsistencyProof(old_size, size));
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, TileHashReaderTest,
                         ::testing::Values(1, 2, 255, 256, 257, 511, 1000, 65'535, 65'536, 65'537,
                                           70'000));

TEST_F(TileHashReaderTest, EachTileIsFetchedOnceForAProof) {
  Export log(Tree(), 70'000);
  const TileHashReader reader(70'000, [&log](const Tile& tile) { return log.Fetch(tile); });
  ASSERT_TRUE(MakeInclusionProof(1234, 70'000, reader).ok());
  // Of the leaf, of the right end on each level, and one of level 1.
  EXPECT_LE(log.fetches, 5);
}

TEST_F(TileHashReaderTest, MissingAndCutTilesAreErrorsThatNameThem) {
  Export log(Tree(), 1000);
  const TileHashReader reader(1000, [&log](const Tile& tile) { return log.Fetch(tile); });
  log.files["tile/0/003.p/232"].pop_back();
  EXPECT_THAT(Message(ReadRoot(1000, reader).status()), HasSubstr("tile/0/003.p/232: a tile of"));
  log.files.erase("tile/0/003.p/232");
  EXPECT_EQ(ReadRoot(1000, reader).status(), absl::NotFoundError("tile/0/003.p/232"));
  EXPECT_THAT(Message(reader.ReadHashes({{0, 1000}}).status()), HasSubstr("no node 1000"));
}

}  // namespace
}  // namespace plumbline::audit
