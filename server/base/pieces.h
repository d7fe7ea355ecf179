// Pieces: constant texts that messages are put together from.
//
// Whoever writes many messages out of the same texts numbers the texts once (PieceTable) and can
// then write a message as the numbers of its pieces and the few bytes in between (PiecedMessage).

#ifndef PLUMBLINE_SERVER_BASE_PIECES_H_
#define PLUMBLINE_SERVER_BASE_PIECES_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"

namespace plumbline {

// A text of a table. The default is the empty text, which has no number.
struct Piece {
  static constexpr uint32_t kNoNumber = UINT32_MAX;

  absl::string_view bytes;
  uint32_t number = kNoNumber;
};

// A piece of a message, and how many of the message's loose bytes stand before it.
struct PlacedPiece {
  uint32_t offset = 0;
  uint32_t number = 0;
};

// A message apart: `loose` has the bytes that are in no piece, one after the other, and `placed`
// says what goes in between, in ascending order. It is good for one table.
struct PiecedMessage {
  std::string loose;
  std::vector<PlacedPiece> placed;
  // Of the whole message, in bytes.
  size_t size = 0;
};

// Grows only. Thread-safe once nothing is added any more. Owns the bytes, whose places do not
// change.
class PieceTable {
 public:
  // Shorter texts are not worth a number: naming one takes two or three bytes.
  static constexpr size_t kMinBytes = 5;

  PieceTable() = default;
  PieceTable(const PieceTable&) = delete;
  PieceTable& operator=(const PieceTable&) = delete;

  // Equal texts are one piece. A text below kMinBytes is kept, too, and has no number.
  Piece Add(absl::string_view text);

  // Pieces with a number: 0 to size() - 1.
  size_t size() const { return numbered_.size(); }
  absl::string_view operator[](uint32_t number) const { return numbered_[number]; }

 private:
  std::deque<std::string> texts_;
  std::vector<absl::string_view> numbered_;
  absl::flat_hash_map<absl::string_view, Piece> known_;
};

}  // namespace plumbline

#endif  // PLUMBLINE_SERVER_BASE_PIECES_H_
