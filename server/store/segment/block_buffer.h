// BlockBuffer: memory that begins at a multiple of the size of a block, as writing past the page
// cache needs it (see File::WritePastCache).

#ifndef PLUMBLINE_SERVER_STORE_SEGMENT_BLOCK_BUFFER_H_
#define PLUMBLINE_SERVER_STORE_SEGMENT_BLOCK_BUFFER_H_

#include <cstddef>
#include <memory>

namespace plumbline::store {

// What whole blocks are to a disk: 512 or 4,096 bytes, so these serve both.
inline constexpr size_t kBlockBytes = 4'096;

// Thread-compatible. Keeps its memory from use to use, unless it once held much more than usual.
class BlockBuffer {
 public:
  // At least `bytes` bytes of any content, valid until the next call.
  char* Reserve(size_t bytes) {
    const size_t blocks = (bytes + kBlockBytes - 1) / kBlockBytes;
    const bool too_large = blocks_ > kLargestKept && blocks <= kLargestKept;
    if (blocks > blocks_ || too_large) {
      memory_.reset();
      blocks_ = 0;
      memory_ = std::make_unique_for_overwrite<Block[]>(blocks);
      blocks_ = blocks;
    }
    return memory_ == nullptr ? nullptr : memory_[0].bytes;
  }

 private:
  struct alignas(kBlockBytes) Block {
    char bytes[kBlockBytes];
  };

  static constexpr size_t kLargestKept = 256;  // 1 MiB

  std::unique_ptr<Block[]> memory_;
  size_t blocks_ = 0;
};

}  // namespace plumbline::store

#endif  // PLUMBLINE_SERVER_STORE_SEGMENT_BLOCK_BUFFER_H_
