// How a decision is kept as the numbers of its pieces (server/base/pieces.h).
//
// A decision is some 40 KB, nearly all of it texts of the ruleset. The texts are kept once, as an
// immutable object of the store; a record holds which of them follow on each other and the few
// bytes in between, so that a decision can be read as long as the store lives, with a dozen lines
// of code in any language.
//
// Numbers are varints (server/audit/bytes.h).
//
// The object: 0x01, the number of texts, the length of each, then the texts one after the other.
// A decision: its length, then instructions. An even number 2n copies text n. An odd number 2n + 1
// stands before n bytes that are taken as they are.

#ifndef PLUMBLINE_SERVER_AUDIT_PIECE_CODING_H_
#define PLUMBLINE_SERVER_AUDIT_PIECE_CODING_H_

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/base/pieces.h"

namespace plumbline::audit {

// The object.
std::string EncodePieceTable(const PieceTable& pieces);

// Appends the instructions that make `decision`. Internal if they would not: for a number that is
// not in `pieces`, a place that is out of order or out of range, or another size than it claims.
// Then what was appended is worth nothing.
absl::Status AppendInstructions(const PieceTable& pieces, const PiecedMessage& decision,
                                std::string& out);

// A decision that waits until it is on record: its instructions, some twenty times smaller than its
// bytes. The answer is put together from what the record holds, so that no other can leave.
// Immutable, thread-safe.
class CompactDecision {
 public:
  // `pieces` may be null: then nothing may be placed in `decision`, and it is kept as it is. Errors
  // as of AppendInstructions.
  static absl::StatusOr<std::unique_ptr<const CompactDecision>> Make(
      std::shared_ptr<const PieceTable> pieces, const PiecedMessage& decision);
  // A decision that is kept as it is.
  explicit CompactDecision(std::string decision)
      : size_(decision.size()), bytes_(std::move(decision)) {}

  // Of the decision, in bytes.
  size_t size() const { return size_; }
  void AppendTo(std::string& out) const;

  // Null: none.
  const PieceTable* pieces() const { return pieces_.get(); }
  // As AppendInstructions writes them. Without pieces: empty.
  absl::string_view instructions() const;

 private:
  CompactDecision(std::shared_ptr<const PieceTable> pieces, size_t size, std::string instructions)
      : pieces_(std::move(pieces)), size_(size), bytes_(std::move(instructions)) {}

  std::shared_ptr<const PieceTable> pieces_;
  size_t size_;
  // Instructions, or the decision.
  std::string bytes_;
};

// The texts of an object. Immutable, thread-safe.
class StoredPieces {
 public:
  // DataLoss for anything but what EncodePieceTable gives.
  static absl::StatusOr<StoredPieces> Parse(std::string object);

  // The decision that `instructions` make. DataLoss if they are damaged or not for these texts;
  // results above `max_bytes` are refused before memory is taken for them.
  absl::StatusOr<std::string> Decode(absl::string_view instructions, size_t max_bytes) const;

 private:
  std::string object_;
  // Where the texts begin in object_, and where the last one ends.
  std::vector<size_t> bounds_;
};

}  // namespace plumbline::audit

#endif  // PLUMBLINE_SERVER_AUDIT_PIECE_CODING_H_
