#include "server/audit/piece_coding.h"

#include <cstdint>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/audit/bytes.h"

namespace plumbline::audit {
namespace {

constexpr char kVersion = 1;

absl::Status DamagedTable(absl::string_view what) {
  return absl::DataLossError(absl::StrCat("texts of decisions: ", what));
}

absl::Status Damaged(absl::string_view what) {
  return absl::DataLossError(absl::StrCat("recorded decision: ", what));
}

// Gathers short instructions: most are two bytes, and appending each by itself costs more than all
// the rest.
class Instructions {
 public:
  explicit Instructions(std::string& out) : out_(out) {}
  Instructions(const Instructions&) = delete;
  Instructions& operator=(const Instructions&) = delete;
  ~Instructions() { Flush(); }

  void Copy(uint32_t number) {
    MakeRoom(kMaxHead);
    Put(uint64_t{2} * number);
  }
  void Take(absl::string_view bytes) {
    MakeRoom(kMaxHead + kMaxGathered);
    Put(2 * uint64_t{bytes.size()} + 1);
    if (bytes.size() <= kMaxGathered) {
      std::memcpy(gathered_ + size_, bytes.data(), bytes.size());
      size_ += bytes.size();
      return;
    }
    Flush();
    out_.append(bytes.data(), bytes.size());
  }

 private:
  // A number of 64 bits takes ten bytes at most.
  static constexpr size_t kMaxHead = 10;
  static constexpr size_t kMaxGathered = 64;

  void MakeRoom(size_t size) {
    if (sizeof(gathered_) - size_ < size) Flush();
  }
  void Put(uint64_t value) {
    for (; value >= 0x80; value >>= 7) gathered_[size_++] = static_cast<char>(value | 0x80);
    gathered_[size_++] = static_cast<char>(value);
  }
  void Flush() {
    out_.append(gathered_, size_);
    size_ = 0;
  }

  std::string& out_;
  char gathered_[512];
  size_t size_ = 0;
};

}  // namespace

std::string EncodePieceTable(const PieceTable& pieces) {
  std::string object(1, kVersion);
  AppendVarint(object, pieces.size());
  for (uint32_t i = 0; i < pieces.size(); ++i) AppendVarint(object, pieces[i].size());
  for (uint32_t i = 0; i < pieces.size(); ++i) absl::StrAppend(&object, pieces[i]);
  return object;
}

void EncodeInPieces(const PieceTable& pieces, absl::Span<const PlacedPiece> placed,
                    absl::string_view decision, std::string& out) {
  AppendVarint(out, decision.size());
  Instructions instructions(out);
  size_t done = 0;
  for (const PlacedPiece& place : placed) {
    if (place.offset < done || place.number >= pieces.size()) continue;
    const absl::string_view text = pieces[place.number];
    // Read again, although the writer says so: what is recorded is what is sent, whatever happens.
    if (place.offset + text.size() > decision.size() ||
        std::memcmp(decision.data() + place.offset, text.data(), text.size()) != 0) {
      continue;
    }
    if (place.offset > done) instructions.Take(decision.substr(done, place.offset - done));
    instructions.Copy(place.number);
    done = place.offset + text.size();
  }
  if (decision.size() > done) instructions.Take(decision.substr(done));
}

CompactDecision::CompactDecision(std::shared_ptr<const PieceTable> pieces,
                                 absl::Span<const PlacedPiece> placed, absl::string_view decision)
    : pieces_(std::move(pieces)), size_(decision.size()) {
  if (pieces_ == nullptr) {
    bytes_.assign(decision.data(), decision.size());
    return;
  }
  // Collected elsewhere, so that what waits takes no more memory than it needs.
  thread_local std::string instructions;
  instructions.clear();
  EncodeInPieces(*pieces_, placed, decision, instructions);
  bytes_ = instructions;
}

absl::string_view CompactDecision::instructions() const {
  return pieces_ == nullptr ? absl::string_view() : bytes_;
}

void CompactDecision::AppendTo(std::string& out) const {
  if (pieces_ == nullptr) {
    out.append(bytes_);
    return;
  }
  // Written a moment ago by this program: nothing here can be damaged.
  absl::string_view rest = bytes_;
  uint64_t next = 0;
  TakeVarint(rest, next);
  while (TakeVarint(rest, next)) {
    const uint64_t number = next >> 1;
    const absl::string_view text =
        (next & 1) != 0 ? rest.substr(0, number) : (*pieces_)[static_cast<uint32_t>(number)];
    out.append(text.data(), text.size());
    if ((next & 1) != 0) rest.remove_prefix(number);
  }
}

absl::StatusOr<StoredPieces> StoredPieces::Parse(std::string object) {
  StoredPieces pieces;
  pieces.object_ = std::move(object);
  absl::string_view rest = pieces.object_;
  if (rest.empty() || rest[0] != kVersion) {
    return DamagedTable("this program knows version 1 only");
  }
  rest.remove_prefix(1);
  uint64_t count = 0;
  if (!TakeVarint(rest, count) || count > rest.size()) return DamagedTable("their number is wrong");
  std::vector<size_t> sizes;
  sizes.reserve(count);
  uint64_t total = 0;
  for (uint64_t i = 0; i < count; ++i) {
    uint64_t size = 0;
    if (!TakeVarint(rest, size) || size > pieces.object_.size()) {
      return DamagedTable(absl::StrCat("the length of text ", i, " is wrong"));
    }
    sizes.push_back(size);
    total += size;
  }
  if (total != rest.size()) return DamagedTable("their lengths do not add up");
  size_t at = pieces.object_.size() - rest.size();
  pieces.bounds_.reserve(count + 1);
  pieces.bounds_.push_back(at);
  for (const size_t size : sizes) pieces.bounds_.push_back(at += size);
  return pieces;
}

absl::StatusOr<std::string> StoredPieces::Decode(absl::string_view instructions,
                                                 size_t max_bytes) const {
  uint64_t size = 0;
  if (!TakeVarint(instructions, size)) return Damaged("its length is cut off");
  if (size > max_bytes) {
    return Damaged(
        absl::StrCat("it claims ", size, " bytes; at most ", max_bytes, " are possible"));
  }
  std::string result;
  result.reserve(size);
  while (!instructions.empty()) {
    uint64_t instruction = 0;
    if (!TakeVarint(instructions, instruction)) return Damaged("cut off inside an instruction");
    const uint64_t number = instruction >> 1;
    absl::string_view next;
    if ((instruction & 1) != 0) {
      if (number > instructions.size()) return Damaged("cut off inside bytes taken as they are");
      next = instructions.substr(0, number);
      instructions.remove_prefix(number);
    } else {
      if (number + 1 >= bounds_.size()) {
        return Damaged(absl::StrCat("text ", number, " is not among the ", bounds_.size() - 1,
                                    " of its object"));
      }
      next =
          absl::string_view(object_).substr(bounds_[number], bounds_[number + 1] - bounds_[number]);
    }
    if (next.size() > size - result.size()) return Damaged("longer than it claims");
    result.append(next.data(), next.size());
  }
  if (result.size() != size) return Damaged("shorter than it claims");
  return result;
}

}  // namespace plumbline::audit
