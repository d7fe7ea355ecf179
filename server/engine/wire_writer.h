// WireWriter: appends protobuf wire format to a string.
//
// The decision is written as bytes, field by field in ascending order and with defaults left out,
// so that the result is exactly what a generated serialiser would produce for the same content (a
// test holds it to that). Fragments that never change are encoded once and spliced in with Raw();
// on request, the writer leaves them out and notes where they go (PiecedMessage), which is a
// twentieth of the bytes.
//
// Not thread-safe; does not own what it writes to.

#ifndef PLUMBLINE_SERVER_ENGINE_WIRE_WRITER_H_
#define PLUMBLINE_SERVER_ENGINE_WIRE_WRITER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "server/base/pieces.h"

namespace plumbline::engine {

// Encoded fields apart: the offsets of the pieces count from `base`.
struct EncodedPieces {
  absl::string_view loose;
  absl::Span<const PlacedPiece> placed;
  size_t base = 0;
  size_t size = 0;  // with the pieces
};

class WireWriter {
 public:
  // Where a submessage begins.
  struct Mark {
    size_t at = 0;
    size_t in_pieces = 0;
  };

  // Null: pieces go to `out` like all else. Else they go to `placed`, and only what is between them
  // to `out`. Both are appended to.
  explicit WireWriter(std::string* out, std::vector<PlacedPiece>* placed = nullptr)
      : out_(out), placed_(placed), start_(out->size()) {}

  bool writes_pieces() const { return placed_ != nullptr; }
  // Bytes written, with those of pieces.
  size_t size() const { return out_->size() - start_ + in_pieces_; }

  // Scalars. Zero values are left out; the Optional forms always write.
  void UInt(int field, uint64_t value) {
    if (value != 0) OptionalUInt(field, value);
  }
  void OptionalUInt(int field, uint64_t value) {
    Varint((static_cast<uint64_t>(field) << 3) | 0);
    Varint(value);
  }
  void SInt(int field, int32_t value) {
    if (value != 0) OptionalSInt(field, value);
  }
  void OptionalSInt(int field, int32_t value) {
    OptionalUInt(field, (static_cast<uint32_t>(value) << 1) ^ static_cast<uint32_t>(value >> 31));
  }
  void Bool(int field, bool value) { UInt(field, value ? 1 : 0); }
  void String(int field, absl::string_view value) {
    if (!value.empty()) RepeatedString(field, value);
  }
  void RepeatedString(int field, absl::string_view value) {
    Head(field, value.size());
    out_->append(value.data(), value.size());
  }

  // A whole submessage, encoded before.
  void Message(int field, absl::string_view encoded) { RepeatedString(field, encoded); }
  void Message(int field, const Piece& encoded) {
    Head(field, encoded.bytes.size());
    Raw(encoded);
  }
  void Message(int field, const EncodedPieces& encoded) {
    Head(field, encoded.size);
    Raw(encoded);
  }
  // Encoded fields, spliced in as they are.
  void Raw(absl::string_view encoded) { out_->append(encoded.data(), encoded.size()); }
  void Raw(const Piece& encoded) {
    if (placed_ == nullptr || encoded.number == Piece::kNoNumber) return Raw(encoded.bytes);
    placed_->push_back({static_cast<uint32_t>(out_->size()), encoded.number});
    in_pieces_ += encoded.bytes.size();
  }
  // What another writer has written; with pieces in it only to one that writes_pieces().
  void Raw(const EncodedPieces& encoded) {
    const size_t shift = out_->size() - encoded.base;
    for (const PlacedPiece& piece : encoded.placed) {
      placed_->push_back({static_cast<uint32_t>(piece.offset + shift), piece.number});
    }
    in_pieces_ += encoded.size - encoded.loose.size();
    Raw(encoded.loose);
  }

  // A submessage written in place: the returned mark goes to End().
  Mark Begin(int field) {
    Varint((static_cast<uint64_t>(field) << 3) | 2);
    out_->push_back('\0');
    return {out_->size(), in_pieces_};
  }
  void End(Mark mark);

 private:
  void Head(int field, size_t size) {
    Varint((static_cast<uint64_t>(field) << 3) | 2);
    Varint(size);
  }
  void Varint(uint64_t value) {
    while (value >= 0x80) {
      out_->push_back(static_cast<char>((value & 0x7f) | 0x80));
      value >>= 7;
    }
    out_->push_back(static_cast<char>(value));
  }

  std::string* out_;
  std::vector<PlacedPiece>* placed_;
  size_t start_;
  size_t in_pieces_ = 0;  // bytes that went to `placed_`
};

inline void WireWriter::End(Mark mark) {
  const size_t length = out_->size() - mark.at + (in_pieces_ - mark.in_pieces);
  if (length < 0x80) {
    (*out_)[mark.at - 1] = static_cast<char>(length);
    return;
  }
  char prefix[10];
  size_t width = 0;
  for (uint64_t rest = length; rest != 0; rest >>= 7) {
    prefix[width++] = static_cast<char>((rest & 0x7f) | (rest >= 0x80 ? 0x80 : 0));
  }
  out_->insert(mark.at, width - 1, '\0');
  if (placed_ != nullptr) {
    for (size_t i = placed_->size(); i > 0 && (*placed_)[i - 1].offset >= mark.at; --i) {
      (*placed_)[i - 1].offset += static_cast<uint32_t>(width - 1);
    }
  }
  for (size_t i = 0; i < width; ++i) (*out_)[mark.at - 1 + i] = prefix[i];
}

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_WIRE_WRITER_H_
