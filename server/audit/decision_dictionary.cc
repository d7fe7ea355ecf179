#include "server/audit/decision_dictionary.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

namespace plumbline::audit {
namespace {

constexpr uint32_t kNone = UINT32_MAX;
// What is hashed at the beginning of a field: its tag, its length and the first bytes of its value.
constexpr size_t kKeyBytes = 16;
// A copy takes up to 8 bytes: shorter ones gain nothing.
constexpr size_t kMinCopy = kKeyBytes;
// Shorter runs are cheaper to repeat than to look up.
constexpr size_t kMinLearned = 24;
constexpr size_t kMaxCopy = 0xff'ffff;
constexpr size_t kMaxInsert = 0x7f;
constexpr size_t kFirstTableSize = 1024;
// Deeper nesting is copied or inserted as a whole.
constexpr size_t kMaxDepth = 8;

uint64_t Load64(const char* at) {
  uint64_t value = 0;
  std::memcpy(&value, at, sizeof(value));
  return value;
}

uint64_t KeyHash(const char* at) {
  const uint64_t mixed =
      (Load64(at) ^ (Load64(at + 8) * 0x9E3779B97F4A7C15ull)) * 0xD6E8FEB86659FD93ull;
  return mixed ^ (mixed >> 32);
}

// Length of the common beginning of [a, a_end) and [b, b_end).
size_t CommonPrefix(const char* a, const char* a_end, const char* b, const char* b_end) {
  const char* const begin = a;
  // Four words a step, for the long copies that make up most of a decision.
  while (a_end - a >= 32 && b_end - b >= 32 &&
         ((Load64(a) ^ Load64(b)) | (Load64(a + 8) ^ Load64(b + 8)) |
          (Load64(a + 16) ^ Load64(b + 16)) | (Load64(a + 24) ^ Load64(b + 24))) == 0) {
    a += 32;
    b += 32;
  }
  while (a_end - a >= 8 && b_end - b >= 8) {
    const uint64_t difference = Load64(a) ^ Load64(b);
    if (difference != 0) {
      return static_cast<size_t>(a - begin) + static_cast<size_t>(__builtin_ctzll(difference)) / 8;
    }
    a += 8;
    b += 8;
  }
  while (a < a_end && b < b_end && *a == *b) {
    ++a;
    ++b;
  }
  return static_cast<size_t>(a - begin);
}

// False if there is no whole number before `end`.
bool ReadVarint(const char*& at, const char* end, uint64_t& value) {
  value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    if (at == end) return false;
    const auto byte = static_cast<uint8_t>(*at++);
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

void AppendVarint(uint64_t value, std::string& out) {
  for (; value >= 0x80; value >>= 7) {
    out.push_back(static_cast<char>(value | 0x80));
  }
  out.push_back(static_cast<char>(value));
}

enum WireType : uint32_t { kVarint = 0, kFixed64 = 1, kLengthDelimited = 2, kFixed32 = 5 };

}  // namespace

// The beginnings of all fields of a message, in order and depth first.
class DecisionDictionary::Walk {
 public:
  Walk(const std::vector<FieldTypes>& types, absl::string_view message) : types_(types) {
    levels_[0] = {message.data() + message.size(), 0};
    at_ = message.data();
  }

  // Goes to the next field at or after `from` and returns where it begins; null at the end, and
  // where the bytes stop being fields.
  const char* NextField(const char* from) {
    while (true) {
      while (at_ == levels_[depth_].end) {
        if (depth_ == 0) return nullptr;
        --depth_;
      }
      const char* const field = at_;
      if (!Advance(from)) return nullptr;
      if (field >= from) return field;
    }
  }

 private:
  struct Level {
    const char* end;
    int type;
  };

  // Past the field at at_: behind it if it holds nothing from `from` on or is no message, else into
  // it.
  bool Advance(const char* from) {
    const Level level = levels_[depth_];
    uint64_t tag = 0;
    if (!ReadVarint(at_, level.end, tag)) return false;
    uint64_t size = 0;
    switch (tag & 7) {
      case kVarint:
        return ReadVarint(at_, level.end, size);
      case kFixed64:
        size = 8;
        break;
      case kFixed32:
        size = 4;
        break;
      case kLengthDelimited:
        if (!ReadVarint(at_, level.end, size)) return false;
        break;
      default:
        return false;
    }
    if (size > static_cast<uint64_t>(level.end - at_)) return false;
    const int inside = (tag & 7) == kLengthDelimited ? TypeOf(level.type, tag >> 3) : kText;
    if (inside != kText && at_ + size > from && depth_ + 1 < kMaxDepth) {
      levels_[++depth_] = {at_ + size, inside};
    } else {
      at_ += size;
    }
    return true;
  }

  int TypeOf(int type, uint64_t number) const {
    const FieldTypes& fields = types_[static_cast<size_t>(type)];
    return number < fields.size() ? fields[number] : kText;
  }

  const std::vector<FieldTypes>& types_;
  const char* at_;
  std::array<Level, kMaxDepth> levels_{};
  size_t depth_ = 0;
};

// Puts instructions together; copies that continue each other become one.
class DecisionDictionary::DeltaWriter {
 public:
  explicit DeltaWriter(std::string& out) : out_(out) {}
  ~DeltaWriter() { FlushCopy(); }
  DeltaWriter(const DeltaWriter&) = delete;
  DeltaWriter& operator=(const DeltaWriter&) = delete;

  void Insert(const char* begin, const char* end) {
    if (begin == end) return;
    FlushCopy();
    while (begin < end) {
      const size_t count = std::min(static_cast<size_t>(end - begin), kMaxInsert);
      out_.push_back(static_cast<char>(count));
      out_.append(begin, count);
      begin += count;
    }
  }

  void Copy(size_t offset, size_t size) {
    if (copy_size_ > 0 && copy_offset_ + copy_size_ == offset) {
      copy_size_ += size;
      return;
    }
    FlushCopy();
    copy_offset_ = offset;
    copy_size_ = size;
  }

 private:
  void FlushCopy() {
    while (copy_size_ > 0) {
      const size_t size = std::min(copy_size_, kMaxCopy);
      WriteCopy(copy_offset_, size);
      copy_offset_ += size;
      copy_size_ -= size;
    }
  }

  void WriteCopy(size_t offset, size_t size) {
    char instruction[8];
    size_t used = 1;
    uint32_t flags = 0x80;
    for (uint32_t i = 0; i < 4; ++i) {
      if (const auto byte = static_cast<char>(offset >> (8 * i)); byte != 0) {
        flags |= 1u << i;
        instruction[used++] = byte;
      }
    }
    if (size != 0x1'0000) {
      for (uint32_t i = 0; i < 3; ++i) {
        if (const auto byte = static_cast<char>(size >> (8 * i)); byte != 0) {
          flags |= 0x10u << i;
          instruction[used++] = byte;
        }
      }
    }
    instruction[0] = static_cast<char>(flags);
    out_.append(instruction, used);
  }

  std::string& out_;
  size_t copy_offset_ = 0;
  size_t copy_size_ = 0;
};

DecisionDictionary::DecisionDictionary(absl::Span<const std::string> samples,
                                       const google::protobuf::Descriptor& message)
    : table_(kFirstTableSize, kNone) {
  TypeIndex(message);
  for (const std::string& sample : samples) {
    Learn(sample);
  }
}

int DecisionDictionary::TypeIndex(const google::protobuf::Descriptor& message) {
  const auto known = std::find(types_.begin(), types_.end(), &message);
  if (known != types_.end()) {
    return static_cast<int>(known - types_.begin());
  }
  const size_t index = types_.size();
  types_.push_back(&message);
  field_types_.emplace_back();
  FieldTypes fields;
  for (int i = 0; i < message.field_count(); ++i) {
    const google::protobuf::FieldDescriptor& field = *message.field(i);
    const auto number = static_cast<size_t>(field.number());
    if (fields.size() <= number) fields.resize(number + 1, kText);
    if (field.message_type() != nullptr) fields[number] = TypeIndex(*field.message_type());
  }
  field_types_[index] = std::move(fields);
  return static_cast<int>(index);
}

// Adds what the dictionary could not give for `sample`.
void DecisionDictionary::Learn(absl::string_view sample) {
  const char* const end = sample.data() + sample.size();
  const char* run = sample.data();
  std::vector<uint32_t> starts;
  const auto finish_run = [&](const char* run_end) {
    const auto size = static_cast<size_t>(run_end - run);
    if (size >= kMinLearned && bytes_.size() + size <= kMaxBytes) Add({run, size}, starts);
    starts.clear();
  };
  Walk walk(field_types_, sample);
  for (const char* at = walk.NextField(run); at != nullptr;) {
    size_t copied = 0;
    if (static_cast<size_t>(end - at) >= kKeyBytes) {
      if (const uint32_t found = Find(at); found != kNone) {
        copied = CommonPrefix(at, end, bytes_.data() + found, bytes_.data() + bytes_.size());
      }
    }
    if (copied >= kMinCopy) {
      finish_run(at);
      run = at + copied;
    } else {
      starts.push_back(static_cast<uint32_t>(at - run));
    }
    at = walk.NextField(std::max(run, at + 1));
  }
  finish_run(end);
}

void DecisionDictionary::Add(absl::string_view run, absl::Span<const uint32_t> field_starts) {
  const size_t begin = bytes_.size();
  bytes_.append(run.data(), run.size());
  for (const uint32_t start : field_starts) {
    if (start + kKeyBytes <= run.size()) Insert(static_cast<uint32_t>(begin + start));
  }
}

uint32_t DecisionDictionary::Find(const char* at) const {
  const size_t mask = table_.size() - 1;
  for (size_t slot = KeyHash(at) & mask; table_[slot] != kNone; slot = (slot + 1) & mask) {
    if (std::memcmp(bytes_.data() + table_[slot], at, kKeyBytes) == 0) return table_[slot];
  }
  return kNone;
}

void DecisionDictionary::Insert(uint32_t offset) {
  const char* const at = bytes_.data() + offset;
  if (Find(at) != kNone) return;
  if (2 * (entries_ + 1) > table_.size()) Grow();
  const size_t mask = table_.size() - 1;
  size_t slot = KeyHash(at) & mask;
  while (table_[slot] != kNone) slot = (slot + 1) & mask;
  table_[slot] = offset;
  ++entries_;
}

void DecisionDictionary::Grow() {
  std::vector<uint32_t> old(table_.size() * 2, kNone);
  old.swap(table_);
  const size_t mask = table_.size() - 1;
  for (const uint32_t offset : old) {
    if (offset == kNone) continue;
    size_t slot = KeyHash(bytes_.data() + offset) & mask;
    while (table_[slot] != kNone) slot = (slot + 1) & mask;
    table_[slot] = offset;
  }
}

void DecisionDictionary::Encode(absl::string_view decision, std::string& delta) const {
  AppendVarint(bytes_.size(), delta);
  AppendVarint(decision.size(), delta);
  const char* const end = decision.data() + decision.size();
  const char* pending = decision.data();
  const char* const dictionary_end = bytes_.data() + bytes_.size();
  DeltaWriter writer(delta);
  Walk walk(field_types_, decision);
  for (const char* at = walk.NextField(pending); at != nullptr;) {
    if (static_cast<size_t>(end - at) < kKeyBytes) break;
    const uint32_t found = Find(at);
    if (found == kNone) {
      at = walk.NextField(at + 1);
      continue;
    }
    const size_t size = CommonPrefix(at, end, bytes_.data() + found, dictionary_end);
    writer.Insert(pending, at);
    writer.Copy(found, size);
    pending = at + size;
    at = walk.NextField(pending);
  }
  writer.Insert(pending, end);
}

absl::StatusOr<std::string> DecisionDictionary::Decode(absl::string_view dictionary,
                                                       absl::string_view delta, size_t max_bytes) {
  const auto damaged = [](absl::string_view what) {
    return absl::DataLossError(absl::StrCat("recorded decision: ", what));
  };
  const char* at = delta.data();
  const char* const end = at + delta.size();
  uint64_t dictionary_size = 0;
  uint64_t size = 0;
  if (!ReadVarint(at, end, dictionary_size) || !ReadVarint(at, end, size)) {
    return damaged("the sizes at its beginning are cut off");
  }
  if (dictionary_size != dictionary.size()) {
    return damaged(absl::StrCat("it was made for a dictionary of ", dictionary_size, " bytes, not ",
                                dictionary.size()));
  }
  if (size > max_bytes) {
    return damaged(
        absl::StrCat("it claims ", size, " bytes; at most ", max_bytes, " are possible"));
  }
  std::string result;
  result.reserve(size);
  while (at < end) {
    const auto instruction = static_cast<uint8_t>(*at++);
    if (instruction == 0) return damaged("unknown instruction 0");
    if (instruction < 0x80) {
      if (end - at < instruction) return damaged("cut off inside inserted bytes");
      result.append(at, instruction);
      at += instruction;
    } else {
      uint64_t fields[7] = {};
      for (uint32_t i = 0; i < 7; ++i) {
        if ((instruction >> i & 1) == 0) continue;
        if (at == end) return damaged("cut off inside a copy");
        fields[i] = static_cast<uint8_t>(*at++);
      }
      const uint64_t offset = fields[0] | fields[1] << 8 | fields[2] << 16 | fields[3] << 24;
      uint64_t count = fields[4] | fields[5] << 8 | fields[6] << 16;
      if (count == 0) count = 0x1'0000;
      if (offset > dictionary.size() || count > dictionary.size() - offset) {
        return damaged("a copy reaches beyond the dictionary");
      }
      result.append(dictionary.data() + offset, count);
    }
    if (result.size() > size) return damaged("longer than it claims");
  }
  if (result.size() != size) return damaged("shorter than it claims");
  return result;
}

}  // namespace plumbline::audit
