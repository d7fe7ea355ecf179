#include "server/audit/decision_dictionary.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

namespace plumbline::audit {
namespace {

constexpr uint32_t kNone = UINT32_MAX;
// A copy takes up to 8 bytes: shorter ones gain nothing. A shorter field is looked up together with
// what follows it.
constexpr size_t kMinCopy = 16;
// Shorter runs are cheaper to repeat than to look up.
constexpr size_t kMinLearned = 24;
// Runs that the dictionary has only in pieces shorter than this are learned again, as a whole,
// until it is half full; from then on only what it does not have at all.
constexpr size_t kLongCopy = 256;
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

// Of the first and last bytes of [begin, begin + size) and its size, which is at least 8: enough to
// tell texts apart without reading them.
uint32_t HashOf(const char* begin, size_t size) {
  uint64_t mixed =
      (Load64(begin) * 0x9E3779B97F4A7C15ull) ^ Load64(begin + size - 8) ^ (size << 48);
  mixed *= 0xD6E8FEB86659FD93ull;
  return static_cast<uint32_t>(mixed >> 32);
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

  // Goes to the next field at or after `from`; false at the end, and where the bytes stop being
  // fields.
  bool Next(const char* from, Field& field) {
    while (true) {
      while (at_ == levels_[depth_].end) {
        if (depth_ == 0) return false;
        --depth_;
      }
      field.begin = at_;
      if (!Advance(from, field)) return false;
      if (field.begin >= from) return true;
    }
  }

 private:
  struct Level {
    const char* end;
    int type;
  };

  // Past the field at at_: behind it if it holds nothing from `from` on or is no message, else into
  // it.
  bool Advance(const char* from, Field& field) {
    const Level level = levels_[depth_];
    uint64_t tag = 0;
    if (!ReadVarint(at_, level.end, tag)) return false;
    uint64_t size = 0;
    switch (tag & 7) {
      case kVarint:
        if (!ReadVarint(at_, level.end, size)) return false;
        size = 0;
        break;
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
    field.end = at_ + size;
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
    : table_(kFirstTableSize, Entry{0, kNone}) {
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
  const size_t enough = bytes_.size() < kMaxBytes / 2 ? kLongCopy : 1;
  std::vector<Field> fields;
  const auto finish_run = [&](const char* run_end) {
    const auto size = static_cast<size_t>(run_end - run);
    if (size >= kMinLearned && bytes_.size() + size <= kMaxBytes) Add({run, size}, fields);
    fields.clear();
  };
  Walk walk(field_types_, sample);
  Field field{};
  for (const char* from = run; walk.Next(from, field);) {
    uint32_t offset = 0;
    if (const size_t known = Find(field, end, offset); known >= enough) {
      finish_run(field.begin);
      run = field.begin + known;
      from = run;
    } else {
      fields.push_back(field);
      from = field.begin + 1;
    }
  }
  finish_run(end);
}

void DecisionDictionary::Add(absl::string_view run, absl::Span<const Field> fields) {
  const size_t begin = bytes_.size();
  bytes_.append(run.data(), run.size());
  for (const Field& field : fields) {
    const auto start = static_cast<size_t>(field.begin - run.data());
    const size_t size = std::max(static_cast<size_t>(field.end - field.begin), kMinCopy);
    if (start + size <= run.size()) Insert(field, static_cast<uint32_t>(begin + start));
  }
}

size_t DecisionDictionary::Find(const Field& field, const char* end, uint32_t& offset) const {
  const size_t size = std::max(static_cast<size_t>(field.end - field.begin), kMinCopy);
  if (size > static_cast<size_t>(end - field.begin)) return 0;
  const uint32_t hash = HashOf(field.begin, size);
  const size_t mask = table_.size() - 1;
  const char* const bytes_end = bytes_.data() + bytes_.size();
  for (size_t slot = hash & mask; table_[slot].offset != kNone; slot = (slot + 1) & mask) {
    if (table_[slot].hash != hash) continue;
    const size_t common =
        CommonPrefix(field.begin, end, bytes_.data() + table_[slot].offset, bytes_end);
    if (common >= size) {
      offset = table_[slot].offset;
      return common;
    }
  }
  return 0;
}

// The latest place is the one that is found: what follows there was not known before.
void DecisionDictionary::Insert(const Field& field, uint32_t offset) {
  if (2 * (entries_ + 1) > table_.size()) Grow();
  const size_t size = std::max(static_cast<size_t>(field.end - field.begin), kMinCopy);
  const uint32_t hash = HashOf(bytes_.data() + offset, size);
  const size_t mask = table_.size() - 1;
  size_t slot = hash & mask;
  while (table_[slot].offset != kNone && table_[slot].hash != hash) slot = (slot + 1) & mask;
  if (table_[slot].offset == kNone) ++entries_;
  table_[slot] = {hash, offset};
}

void DecisionDictionary::Grow() {
  std::vector<Entry> old(table_.size() * 2, Entry{0, kNone});
  old.swap(table_);
  const size_t mask = table_.size() - 1;
  for (const Entry& entry : old) {
    if (entry.offset == kNone) continue;
    size_t slot = entry.hash & mask;
    while (table_[slot].offset != kNone) slot = (slot + 1) & mask;
    table_[slot] = entry;
  }
}

void DecisionDictionary::Encode(absl::string_view decision, std::string& delta) const {
  AppendVarint(bytes_.size(), delta);
  AppendVarint(decision.size(), delta);
  const char* const end = decision.data() + decision.size();
  const char* pending = decision.data();
  DeltaWriter writer(delta);
  Walk walk(field_types_, decision);
  Field field{};
  for (const char* from = pending; walk.Next(from, field);) {
    uint32_t offset = 0;
    const size_t size = Find(field, end, offset);
    if (size == 0) {
      from = field.begin + 1;
      continue;
    }
    writer.Insert(pending, field.begin);
    writer.Copy(offset, size);
    pending = field.begin + size;
    from = pending;
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
