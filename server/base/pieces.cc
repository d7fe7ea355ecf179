#include "server/base/pieces.h"

namespace plumbline {

Piece PieceTable::Add(absl::string_view text) {
  if (text.empty()) return {};
  const auto known = known_.find(text);
  if (known != known_.end()) return known->second;
  Piece piece;
  piece.bytes = texts_.emplace_back(text.data(), text.size());
  if (text.size() >= kMinBytes) {
    piece.number = static_cast<uint32_t>(numbered_.size());
    numbered_.push_back(piece.bytes);
  }
  known_.emplace(piece.bytes, piece);
  return piece;
}

}  // namespace plumbline
