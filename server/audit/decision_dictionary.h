// DecisionDictionary: what decisions of one ruleset have in common, so that a record need only say
// where a decision differs.
//
// A decision is some 40 KB, most of it texts of the ruleset. Written as copies out of a dictionary
// and bytes in between it is a few KB, in a fraction of the time that a general compressor takes,
// because the encoder looks only where fields of the wire format begin. Nothing rests on that:
// whatever bytes come in come out again, also when they are no protobuf at all.
//
// The form is that of a delta in a git packfile (gitformat-pack): two little-endian base-128 sizes
// (dictionary, result), then instructions. A byte with the top bit set copies: bits 0-3 tell which
// of four offset bytes follow, bits 4-6 which of three size bytes (size 0 means 65,536). A byte
// 1-127 inserts that many of the bytes after it. 0 is not used.
//
// The dictionary itself is an immutable object in the store, named by its SHA-256, so that a record
// can be read as long as the store lives, with a dozen lines of code in any language.

#ifndef PLUMBLINE_SERVER_AUDIT_DECISION_DICTIONARY_H_
#define PLUMBLINE_SERVER_AUDIT_DECISION_DICTIONARY_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "google/protobuf/descriptor.h"

namespace plumbline::audit {

// Immutable, thread-safe.
class DecisionDictionary {
 public:
  // Larger dictionaries gain nothing: they leave the processor's cache.
  static constexpr size_t kMaxBytes = size_t{1} << 20;

  // From sample decisions (wire bytes of `message`), in this order: the same samples give the same
  // dictionary. They must hold no patient's data: the dictionary is not encrypted.
  DecisionDictionary(absl::Span<const std::string> samples,
                     const google::protobuf::Descriptor& message);

  const std::string& bytes() const { return bytes_; }

  // Appends the delta that makes `decision` out of bytes().
  void Encode(absl::string_view decision, std::string& delta) const;

  // The inverse. DataLoss if `delta` was not made for this dictionary or was damaged; results above
  // `max_bytes` are refused before memory is taken for them.
  static absl::StatusOr<std::string> Decode(absl::string_view dictionary, absl::string_view delta,
                                            size_t max_bytes);

 private:
  // Of a message type, by field number: index of the type of its submessages, or kText.
  static constexpr int kText = -1;
  using FieldTypes = std::vector<int>;
  // A field of the wire format: tag, length if it has one, and value are [begin, end).
  struct Field {
    const char* begin;
    const char* end;
  };
  // A field that can be copied: where it begins in bytes_, and the hash that finds it.
  struct Entry {
    uint32_t hash;
    uint32_t offset;
  };
  class Walk;
  class DeltaWriter;

  int TypeIndex(const google::protobuf::Descriptor& message);
  void Learn(absl::string_view sample);
  void Add(absl::string_view run, absl::Span<const Field> fields);
  void Grow();
  // How many bytes of bytes_, from `offset` on, are those that begin with `field` and end at
  // `end` or before; 0 if the dictionary does not have the field.
  size_t Find(const Field& field, const char* end, uint32_t& offset) const;
  void Insert(const Field& field, uint32_t offset);

  std::string bytes_;
  std::vector<const google::protobuf::Descriptor*> types_;
  std::vector<FieldTypes> field_types_;
  // Open addressing; the size is a power of two.
  std::vector<Entry> table_;
  size_t entries_ = 0;
};

}  // namespace plumbline::audit

#endif  // PLUMBLINE_SERVER_AUDIT_DECISION_DICTIONARY_H_
