#include "server/service/decision_summary.h"

#include <cstddef>
#include <cstdint>
#include <optional>

#include "plumbline/v1/decision.pb.h"

namespace plumbline::service {
namespace {

// One field of a message in wire format: its number, and a number or bytes.
struct Field {
  uint32_t number = 0;
  uint64_t value = 0;
  absl::string_view bytes;
  bool is_bytes = false;
};

// Walks the fields of one message. Next() is false at the end and for malformed bytes; ok() tells.
class FieldWalk {
 public:
  explicit FieldWalk(absl::string_view bytes)
      : position_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  bool Next(Field& field) {
    if (position_ == end_) {
      return false;
    }
    uint64_t tag = 0;
    ok_ = ReadVarint(tag) && tag <= UINT32_MAX && tag >> 3 != 0;
    if (!ok_) {
      return false;
    }
    field.number = static_cast<uint32_t>(tag >> 3);
    field.is_bytes = false;
    ok_ = ReadValue(static_cast<int>(tag & 7), field);
    return ok_;
  }

  bool ok() const { return ok_; }

 private:
  bool ReadVarint(uint64_t& value) {
    value = 0;
    for (int shift = 0; shift < 64 && position_ != end_; shift += 7) {
      const auto byte = static_cast<uint8_t>(*position_++);
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) {
        return true;
      }
    }
    return false;
  }

  bool Skip(uint64_t size) {
    if (size > static_cast<uint64_t>(end_ - position_)) {
      return false;
    }
    position_ += size;
    return true;
  }

  bool ReadValue(int wire_type, Field& field) {
    switch (wire_type) {
      case 0:
        return ReadVarint(field.value);
      case 1:
        return Skip(8);
      case 2: {
        uint64_t size = 0;
        if (!ReadVarint(size)) {
          return false;
        }
        const char* const start = position_;
        if (!Skip(size)) {
          return false;
        }
        field.is_bytes = true;
        field.bytes = absl::string_view(start, size);
        return true;
      }
      case 5:
        return Skip(4);
      default:
        return false;  // groups do not occur in our messages
    }
  }

  const char* position_;
  const char* const end_;
  bool ok_ = true;
};

// Calls `visit` for every field until the end; false if the bytes are malformed.
template <typename Visit>
bool ForEachField(absl::string_view bytes, Visit visit) {
  FieldWalk walk(bytes);
  for (Field field; walk.Next(field);) {
    if (!visit(field)) {
      return false;
    }
  }
  return walk.ok();
}

// The bytes of one singular text field; the last one counts, as when parsing.
bool ReadText(absl::string_view message, uint32_t number, absl::string_view& text) {
  return ForEachField(message, [&](const Field& field) {
    if (field.number == number && field.is_bytes) {
      text = field.bytes;
    }
    return true;
  });
}

bool ReadDisposition(absl::string_view message, DecisionSummary& summary) {
  return ForEachField(message, [&](const Field& field) {
    if (field.number == v1::Disposition::kLevelFieldNumber && !field.is_bytes) {
      summary.level = static_cast<v1::Level>(field.value);
    } else if (field.number == v1::Disposition::kGateFieldNumber && !field.is_bytes) {
      summary.gate = static_cast<v1::Gate>(field.value);
    }
    return true;
  });
}

bool ReadRuleId(absl::string_view fired_rule, absl::string_view& rule_id) {
  return ForEachField(fired_rule, [&](const Field& field) {
    return field.number != v1::FiredRule::kRationaleFieldNumber || !field.is_bytes ||
           ReadText(field.bytes, v1::Rationale::kRuleIdFieldNumber, rule_id);
  });
}

bool AddRule(absl::string_view message, size_t place, DecisionSummary& summary) {
  absl::string_view id;
  if (!ReadRuleId(message, id)) {
    return false;
  }
  std::vector<absl::string_view>& ids = summary.fired_rule_ids;
  ids.insert(ids.begin() + static_cast<std::ptrdiff_t>(place), id);
  return true;
}

bool AddExercise(absl::string_view message, DecisionSummary& summary) {
  absl::string_view id;
  if (!ReadText(message, v1::Prescription::kExerciseIdFieldNumber, id)) {
    return false;
  }
  summary.programme_exercise_ids.push_back(id);
  return true;
}

bool ReadDecision(absl::string_view bytes, DecisionSummary& summary) {
  size_t fired = 0;  // before the notes
  FieldWalk walk(bytes);
  bool read = true;
  // What comes after the programme is most of the decision, and nothing of it is looked for.
  for (Field field;
       read && walk.Next(field) && field.number <= v1::Decision::kProgrammeFieldNumber;) {
    if (!field.is_bytes) {
      continue;
    }
    switch (field.number) {
      case v1::Decision::kDispositionFieldNumber:
        read = ReadDisposition(field.bytes, summary);
        break;
      case v1::Decision::kFiredRulesFieldNumber:
        read = AddRule(field.bytes, fired++, summary);
        break;
      case v1::Decision::kNotesFieldNumber:
        read = AddRule(field.bytes, summary.fired_rule_ids.size(), summary);
        break;
      case v1::Decision::kProgrammeFieldNumber:
        read = AddExercise(field.bytes, summary);
        break;
      default:
        break;
    }
  }
  return read && walk.ok();
}

}  // namespace

absl::Status ReadDecisionSummary(absl::string_view decision_bytes, DecisionSummary& summary) {
  summary.level = v1::LEVEL_UNSPECIFIED;
  summary.gate = v1::GATE_UNSPECIFIED;
  summary.fired_rule_ids.clear();
  summary.programme_exercise_ids.clear();
  if (!ReadDecision(decision_bytes, summary)) {
    return absl::InvalidArgumentError("the decision's bytes are malformed");
  }
  return absl::OkStatus();
}

}  // namespace plumbline::service
