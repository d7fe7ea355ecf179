#include <cstdint>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/failpoint.h"
#include "server/store/segment/block_buffer.h"
#include "server/store/segment/file_system.h"
#include "tests/testing/store/scratch_folder.h"

namespace plumbline::store {
namespace {

using ::testing::HasSubstr;

constexpr size_t kFileBytes = 64 * kBlockBytes;

class PosixFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto file = PosixFileSystem().Open(path_, OpenMode::kCreate);
    ASSERT_TRUE(file.ok()) << file.status();
    file_ = *std::move(file);
    file_->WritePastCache();
    ASSERT_TRUE(file_->Resize(kFileBytes).ok());
  }

  // Through an open file of its own, as the readers of a store.
  std::string ReadAll() const {
    std::string bytes(kFileBytes, '?');
    const absl::StatusOr<size_t> got = reader()->Read(0, bytes.size(), bytes.data());
    return got.ok() && *got == bytes.size() ? bytes : "cannot be read";
  }

  const File* reader() const {
    if (reader_ == nullptr) reader_ = PosixFileSystem().Open(path_, OpenMode::kRead).value();
    return reader_.get();
  }

  void Write(uint64_t offset, absl::Span<const absl::string_view> parts) {
    const absl::Status written = file_->Write(offset, parts);
    ASSERT_TRUE(written.ok()) << written;
    for (const absl::string_view part : parts) {
      expected_.replace(offset, part.size(), part.data(), part.size());
      offset += part.size();
    }
  }

  // Memory that begins at a block.
  absl::string_view Blocks(size_t count, char fill) {
    char* const bytes = buffer_.Reserve(count * kBlockBytes);
    std::memset(bytes, fill, count * kBlockBytes);
    return absl::string_view(bytes, count * kBlockBytes);
  }

  const testing::ScratchFolder folder_;
  const std::string path_ = folder_.path() + "/file";
  std::unique_ptr<File> file_;
  mutable std::unique_ptr<File> reader_;
  BlockBuffer buffer_;
  std::string expected_ = std::string(kFileBytes, '\0');
};

TEST_F(PosixFileTest, BlocksPastTheCacheReplaceWhatReadersHaveCached) {
  ASSERT_EQ(ReadAll(), expected_);
  const absl::string_view blocks = Blocks(3, 'a');
  Write(2 * kBlockBytes, {&blocks, 1});
  EXPECT_EQ(ReadAll(), expected_);
}

TEST_F(PosixFileTest, WritesOfEveryShapePastAndThroughTheCacheMix) {
  std::mt19937 random(1);
  for (int i = 0; i < 400; ++i) {
    const auto fill = static_cast<char>('a' + i % 26);
    const size_t count = 1 + random() % 4;
    absl::string_view part = Blocks(count, fill);
    uint64_t offset = random() % 60 * kBlockBytes;
    if (random() % 2 == 0) {
      part = part.substr(0, 1 + random() % part.size());
    }
    if (random() % 4 == 0) {
      part.remove_prefix(random() % part.size());
    }
    if (random() % 4 == 0) {
      offset += random() % 512;
    }
    std::vector<absl::string_view> parts = {part};
    if (random() % 4 == 0) {
      const size_t cut = random() % (part.size() + 1);
      parts = {part.substr(0, cut), part.substr(cut)};
    }
    Write(offset, parts);
    if (random() % 3 == 0) {
      ASSERT_TRUE(file_->Sync().ok());
    }
    ASSERT_EQ(ReadAll(), expected_) << "after write " << i;
  }
}

TEST_F(PosixFileTest, PastTheCacheGoesOnAfterTheFileIsRenamedAndItsNameTaken) {
  ASSERT_TRUE(PosixFileSystem().Rename(path_, path_ + ".renamed").ok());
  auto other = PosixFileSystem().Open(path_, OpenMode::kCreate);
  ASSERT_TRUE(other.ok());
  file_->WritePastCache();
  const absl::string_view block = Blocks(1, 'x');
  Write(0, {&block, 1});
  EXPECT_EQ((*other)->Size().value(), 0u);
  reader_ = PosixFileSystem().Open(path_ + ".renamed", OpenMode::kRead).value();
  EXPECT_EQ(ReadAll(), expected_);
}

TEST_F(PosixFileTest, FileWhoseNameAnotherTookBeforeIsWrittenThroughTheCache) {
  auto file = PosixFileSystem().Open(path_, OpenMode::kReadWrite);
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE(PosixFileSystem().Rename(path_, path_ + ".renamed").ok());
  auto other = PosixFileSystem().Open(path_, OpenMode::kCreate);
  ASSERT_TRUE(other.ok());
  (*file)->WritePastCache();
  const absl::string_view block = Blocks(1, 'x');
  ASSERT_TRUE((*file)->Write(0, {&block, 1}).ok());
  EXPECT_EQ((*other)->Size().value(), 0u);
  char byte = '?';
  ASSERT_TRUE((*file)->Read(0, 1, &byte).ok());
  EXPECT_EQ(byte, 'x');
  EXPECT_FALSE((*file)->PastCacheStatus().ok());
}

TEST_F(PosixFileTest, WriteThatTheSystemRefusesGoesThroughTheCacheAndSoDoAllAfterIt) {
  if (!file_->PastCacheStatus().ok()) {
    GTEST_SKIP() << file_->PastCacheStatus();
  }
  const absl::string_view first = Blocks(2, 'a');
  Write(0, {&first, 1});
  EXPECT_TRUE(file_->PastCacheStatus().ok()) << file_->PastCacheStatus();
  ASSERT_TRUE(ArmFailpoints("direct-write=error").ok());
  const absl::string_view refused = Blocks(3, 'b');
  Write(kBlockBytes, {&refused, 1});
  DisarmFailpoints();
  const absl::Status past = file_->PastCacheStatus();
  EXPECT_THAT(std::string(past.message()), HasSubstr("Invalid argument"));
  EXPECT_THAT(std::string(past.message()), HasSubstr(path_));
  const absl::string_view last = Blocks(1, 'c');
  Write(2 * kBlockBytes, {&last, 1});
  ASSERT_TRUE(file_->Sync().ok());
  EXPECT_EQ(ReadAll(), expected_);
  file_->WritePastCache();
  EXPECT_EQ(file_->PastCacheStatus(), past) << "this file has been refused for good";
}

// procfs opens no file for it.
TEST(PosixFileSystemTest, FileThatTheSystemDoesNotOpenForWritesPastTheCacheSaysSo) {
  auto file = PosixFileSystem().Open("/proc/self/comm", OpenMode::kReadWrite);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_TRUE((*file)->PastCacheStatus().ok()) << "nobody has asked for it";
  (*file)->WritePastCache();
  EXPECT_THAT(std::string((*file)->PastCacheStatus().message()), HasSubstr("Invalid argument"));
}

TEST(BlockBufferTest, BeginsAtABlockAndGivesBackWhatOneLargeUseNeeded) {
  BlockBuffer buffer;
  for (const size_t bytes : {size_t{1}, kBlockBytes, size_t{300'000}, size_t{9} << 20, size_t{7}}) {
    char* const memory = buffer.Reserve(bytes);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(memory) % kBlockBytes, 0u);
    std::memset(memory, 'x', bytes);
  }
}

}  // namespace
}  // namespace plumbline::store
