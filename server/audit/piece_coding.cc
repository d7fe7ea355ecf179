#include "server/audit/piece_coding.h"

#include <cstdint>
#include <cstring>
#include <utility>

#include "absl/memory/memory.h"
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

absl::Status WrongSizeError(size_t claimed, size_t is) {
  return absl::InternalError(
      absl::StrCat("a decision that claims ", claimed, " bytes and has ", is));
}

// Gathers short instructions: most are two bytes, and appending each by itself costs more than all
// the rest.
class Instructions {
 public:
  explicit Instructions(std::string& out) : out_(out) {}
  Instructions(const Instructions&) = delete;
  Instructions& operator=(const Instructions&) = delete;
  ~Instructions() { Flush(); }

  void Text(uint32_t number) {
    MakeRoom(kMaxHead);
    Put(uint64_t{2} * number);
  }
  void Literal(absl::string_view bytes) {
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

// Text `text`, or the bytes that stand there.
struct Instruction {
  bool is_text = false;
  uint64_t text = 0;
  absl::string_view bytes;
};

enum class Found { kInstruction, kNumberIsCutOff, kBytesAreCutOff };

// Takes one off the front.
inline Found ReadInstruction(absl::string_view& instructions, Instruction& instruction) {
  uint64_t head = 0;
  if (!TakeVarint(instructions, head)) return Found::kNumberIsCutOff;
  instruction.is_text = (head & 1) == 0;
  instruction.text = head >> 1;
  if (instruction.is_text) return Found::kInstruction;
  const uint64_t size = head >> 1;
  if (size > instructions.size()) return Found::kBytesAreCutOff;
  instruction.bytes = instructions.substr(0, size);
  instructions.remove_prefix(size);
  return Found::kInstruction;
}

}  // namespace

std::string EncodePieceTable(const PieceTable& pieces) {
  std::string object(1, kVersion);
  AppendVarint(object, pieces.size());
  for (uint32_t i = 0; i < pieces.size(); ++i) AppendVarint(object, pieces[i].size());
  for (uint32_t i = 0; i < pieces.size(); ++i) absl::StrAppend(&object, pieces[i]);
  return object;
}

absl::Status AppendInstructions(const PieceTable& pieces, const PiecedMessage& decision,
                                std::string& out) {
  AppendVarint(out, decision.size);
  Instructions instructions(out);
  const absl::string_view loose = decision.loose;
  size_t size = loose.size();
  size_t done = 0;
  for (const PlacedPiece& place : decision.placed) {
    if (place.number >= pieces.size() || place.offset < done || place.offset > loose.size()) {
      return absl::InternalError(absl::StrCat("a decision with text ", place.number, " of ",
                                              pieces.size(), " at ", place.offset, " of ",
                                              loose.size(), ", after ", done));
    }
    if (place.offset > done) instructions.Literal(loose.substr(done, place.offset - done));
    instructions.Text(place.number);
    size += pieces[place.number].size();
    done = place.offset;
  }
  if (loose.size() > done) instructions.Literal(loose.substr(done));
  return size == decision.size ? absl::OkStatus() : WrongSizeError(decision.size, size);
}

absl::StatusOr<std::unique_ptr<const CompactDecision>> CompactDecision::Make(
    std::shared_ptr<const PieceTable> pieces, const PiecedMessage& decision) {
  if (pieces == nullptr) {
    if (!decision.placed.empty()) {
      return absl::InternalError("a decision with texts of no table");
    }
    if (decision.size != decision.loose.size()) {
      return WrongSizeError(decision.size, decision.loose.size());
    }
    return std::make_unique<const CompactDecision>(decision.loose);
  }
  // Collected elsewhere, so that what waits takes no more memory than it needs.
  thread_local std::string instructions;
  instructions.clear();
  if (absl::Status encoded = AppendInstructions(*pieces, decision, instructions); !encoded.ok()) {
    return encoded;
  }
  return absl::WrapUnique(new CompactDecision(std::move(pieces), decision.size, instructions));
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
  uint64_t size = 0;
  TakeVarint(rest, size);
  Instruction next;
  while (ReadInstruction(rest, next) == Found::kInstruction) {
    const absl::string_view bytes =
        next.is_text ? (*pieces_)[static_cast<uint32_t>(next.text)] : next.bytes;
    out.append(bytes.data(), bytes.size());
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
    Instruction next;
    switch (ReadInstruction(instructions, next)) {
      case Found::kInstruction:
        break;
      case Found::kNumberIsCutOff:
        return Damaged("cut off inside an instruction");
      case Found::kBytesAreCutOff:
        return Damaged("cut off inside bytes taken as they are");
    }
    if (next.is_text) {
      const uint64_t text = next.text;
      if (text + 1 >= bounds_.size()) {
        return Damaged(absl::StrCat("text ", text, " is not among the ", bounds_.size() - 1,
                                    " of its object"));
      }
      next.bytes =
          absl::string_view(object_).substr(bounds_[text], bounds_[text + 1] - bounds_[text]);
    }
    if (next.bytes.size() > size - result.size()) return Damaged("longer than it claims");
    result.append(next.bytes.data(), next.bytes.size());
  }
  if (result.size() != size) return Damaged("shorter than it claims");
  return result;
}

}  // namespace plumbline::audit
