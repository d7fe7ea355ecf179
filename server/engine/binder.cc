#include "server/engine/binder.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace plumbline::engine {
namespace {

using ::google::protobuf::EnumDescriptor;
using ::google::protobuf::EnumValueDescriptor;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;
using ::google::protobuf::Reflection;
using ::plumbline::expr::Cell;
using ::plumbline::expr::Frame;
using ::plumbline::expr::ListCell;

// Enum numbers of an intake are small; anything above is treated as unrecognised.
constexpr int kMaxEnumNumber = 255;

constexpr char kNotRecognised[] = "is not a value of this enum";

Cell IntCell(int64_t value) {
  Cell cell;
  cell.i = value;
  return cell;
}

Cell StringCell(const std::string& value) {
  Cell cell;
  cell.s.data = value.data();
  cell.s.size = static_cast<uint32_t>(value.size());
  return cell;
}

absl::string_view AsView(const Cell& cell) { return {cell.s.data, cell.s.size}; }

// Number of code points of valid UTF-8 (protobuf guarantees validity of proto3 strings).
int64_t CodePoints(absl::string_view text) {
  int64_t count = 0;
  for (char c : text) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1 : 0;
  return count;
}

std::string NumberText(double value) { return absl::StrCat(value); }

// What a list status means to the logic.
enum class ListState { kAbsent, kEmpty, kListed, kDeclined, kUnrecognised };

ListState ListStateOf(const EnumDescriptor& type, int number) {
  const EnumValueDescriptor* value = type.FindValueByNumber(number);
  if (value == nullptr) return ListState::kUnrecognised;
  const absl::string_view name = expr::ShortEnumValueName(*value);
  if (name == "NONE") return ListState::kEmpty;
  if (name == "LISTED") return ListState::kListed;
  if (name == "DECLINED") return ListState::kDeclined;
  return ListState::kAbsent;
}

}  // namespace

Binder::Binder(const ruleset::CompiledRuleset& ruleset) : ruleset_(ruleset) {
  for (size_t i = 0; i < ruleset.schema->slots().size(); ++i) {
    const expr::Slot& slot = ruleset.schema->slots()[i];
    if (groups_.empty() || groups_.back().field != slot.group) {
      groups_.emplace_back();
      groups_.back().field = slot.group;
    }
    Leaf leaf;
    leaf.slot = static_cast<expr::SlotIndex>(i);
    leaf.field = slot.field;
    leaf.source = slot.source;
    leaf.is_enum = slot.field->cpp_type() == FieldDescriptor::CPPTYPE_ENUM;
    if (slot.source == expr::SlotSource::kEnum || slot.source == expr::SlotSource::kTri) {
      const EnumDescriptor& type = *slot.field->enum_type();
      leaf.enum_classes.assign(kMaxEnumNumber + 1, EnumClass::kUnrecognised);
      for (int v = 0; v < type.value_count(); ++v) {
        const EnumValueDescriptor& value = *type.value(v);
        if (value.number() < 0 || value.number() > kMaxEnumNumber) continue;
        leaf.enum_classes[static_cast<size_t>(value.number())] =
            value.number() == 0                        ? EnumClass::kAbsent
            : expr::IsUnknownEnumValue(value)          ? EnumClass::kUnknown
            : slot.source != expr::SlotSource::kTri    ? EnumClass::kValue
            : expr::ShortEnumValueName(value) == "YES" ? EnumClass::kYes
                                                       : EnumClass::kNo;
      }
    }
    const uint32_t question = ruleset.question_of_slot[i];
    if (question != ruleset::kNoIndex) {
      const v1::Question& source = ruleset.source.questions(static_cast<int>(question));
      if (source.has_min() && source.has_max()) {
        leaf.has_range = true;
        leaf.min = source.min();
        leaf.max = source.max();
        leaf.range_text.push_back(absl::StrCat(
            "must be between ", NumberText(leaf.min), " and ", NumberText(leaf.max),
            source.unit_text().empty() ? "" : absl::StrCat(" (", source.unit_text(), ")")));
      }
      if (source.has_max_length()) leaf.max_length = source.max_length();
    }
    groups_.back().leaves.push_back(std::move(leaf));
  }
  for (int i = 0; i < ruleset.source.exercises_size(); ++i) {
    exercises_.emplace(ruleset.source.exercises(i).id(), static_cast<uint32_t>(i));
  }
  for (int i = 0; i < ruleset.source.conditions_size(); ++i) {
    conditions_.emplace(ruleset.source.conditions(i).id(), static_cast<uint32_t>(i));
  }
}

uint32_t Binder::FindExercise(absl::string_view id) const {
  const auto found = exercises_.find(id);
  return found == exercises_.end() ? ruleset::kNoIndex : found->second;
}

uint32_t Binder::FindCondition(absl::string_view id) const {
  const auto found = conditions_.find(id);
  return found == conditions_.end() ? ruleset::kNoIndex : found->second;
}

void Binder::Bind(const Message& intake, std::vector<ListCell>& scratch, Frame& frame,
                  std::vector<FieldViolation>& violations) const {
  frame.Reset();
  const Reflection& reflection = *intake.GetReflection();
  for (const Group& group : groups_) {
    if (group.field != nullptr && !reflection.HasField(intake, group.field)) continue;
    const Message& message =
        group.field == nullptr ? intake : reflection.GetMessage(intake, group.field);
    const Reflection& of_group = *message.GetReflection();
    for (const Leaf& leaf : group.leaves) {
      if (!of_group.HasField(message, leaf.field)) continue;
      if (leaf.is_enum) {
        BindEnum(leaf, of_group.GetEnumValue(message, leaf.field), frame, violations);
      } else {
        BindLeaf(leaf, message, of_group, scratch, frame, violations);
      }
    }
  }
}

void Binder::BindLeaf(const Leaf& leaf, const Message& message, const Reflection& reflection,
                      std::vector<ListCell>& scratch, Frame& frame,
                      std::vector<FieldViolation>& violations) const {
  switch (leaf.field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32: {
      const int32_t value = reflection.GetInt32(message, leaf.field);
      BindNumber(leaf, value, violations);
      frame.SetInt(leaf.slot, value);
      return;
    }
    case FieldDescriptor::CPPTYPE_INT64: {
      const int64_t value = reflection.GetInt64(message, leaf.field);
      BindNumber(leaf, static_cast<double>(value), violations);
      frame.SetInt(leaf.slot, value);
      return;
    }
    case FieldDescriptor::CPPTYPE_DOUBLE: {
      const double value = reflection.GetDouble(message, leaf.field);
      BindNumber(leaf, value, violations);
      frame.SetDouble(leaf.slot, value);
      return;
    }
    case FieldDescriptor::CPPTYPE_FLOAT: {
      const double value = static_cast<double>(reflection.GetFloat(message, leaf.field));
      BindNumber(leaf, value, violations);
      frame.SetDouble(leaf.slot, value);
      return;
    }
    case FieldDescriptor::CPPTYPE_BOOL:
      frame.SetBool(leaf.slot, reflection.GetBool(message, leaf.field));
      return;
    case FieldDescriptor::CPPTYPE_STRING: {
      std::string unused;
      const std::string& text = reflection.GetStringReference(message, leaf.field, &unused);
      if (leaf.max_length >= 0 && CodePoints(text) > leaf.max_length) {
        violations.push_back(Invalid(
            leaf, "", absl::StrCat("must not be longer than ", leaf.max_length, " characters")));
      }
      frame.SetString(leaf.slot, text);
      return;
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      BindList(leaf, reflection.GetMessage(message, leaf.field), scratch, frame, violations);
      return;
    default:
      return;  // Schema::Create refuses other types.
  }
}

void Binder::BindEnum(const Leaf& leaf, int number, Frame& frame,
                      std::vector<FieldViolation>& violations) const {
  const EnumClass kind = number < 0 || number > kMaxEnumNumber
                             ? EnumClass::kUnrecognised
                             : leaf.enum_classes[static_cast<size_t>(number)];
  switch (kind) {
    case EnumClass::kAbsent:
      return;
    case EnumClass::kUnknown:
      frame.SetAskedUnknown(leaf.slot);
      return;
    case EnumClass::kValue:
      frame.SetInt(leaf.slot, number);
      return;
    case EnumClass::kYes:
      frame.SetBool(leaf.slot, true);
      return;
    case EnumClass::kNo:
      frame.SetBool(leaf.slot, false);
      return;
    case EnumClass::kUnrecognised:
      violations.push_back(Invalid(leaf, "", kNotRecognised));
      return;
  }
}

void Binder::BindNumber(const Leaf& leaf, double value,
                        std::vector<FieldViolation>& violations) const {
  if (!std::isfinite(value)) {
    violations.push_back(Invalid(leaf, "", "must be a finite number"));
  } else if (leaf.has_range && (value < leaf.min || value > leaf.max)) {
    violations.push_back(Invalid(leaf, "", leaf.range_text.front()));
  }
}

void Binder::BindList(const Leaf& leaf, const Message& list, std::vector<ListCell>& scratch,
                      Frame& frame, std::vector<FieldViolation>& violations) const {
  const Reflection& reflection = *list.GetReflection();
  const google::protobuf::Descriptor& type = *list.GetDescriptor();
  const FieldDescriptor* status_field = type.FindFieldByName("status");
  const FieldDescriptor* values = nullptr;
  for (int i = 0; i < type.field_count(); ++i) {
    if (type.field(i)->is_repeated()) values = type.field(i);
  }
  const int size = reflection.FieldSize(list, values);
  const ListState state =
      ListStateOf(*status_field->enum_type(), reflection.GetEnumValue(list, status_field));
  if (state == ListState::kUnrecognised) {
    violations.push_back(Invalid(leaf, ".status", kNotRecognised));
    return;
  }
  if (state != ListState::kListed && size > 0) {
    violations.push_back(
        Invalid(leaf, ".status", "must be LIST_STATUS_LISTED when there are values"));
    return;
  }
  if (state == ListState::kListed && size == 0) {
    violations.push_back(
        Invalid(leaf, "", "is listed but has no values; use LIST_STATUS_NONE for an empty list"));
    return;
  }
  if (state == ListState::kAbsent) return;
  if (state == ListState::kDeclined) {
    frame.SetAskedUnknown(leaf.slot);
    return;
  }
  scratch.clear();
  uint32_t columns = 1;
  if (values->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
    columns = static_cast<uint32_t>(values->message_type()->field_count());
  }
  for (int i = 0; i < size; ++i) {
    switch (values->cpp_type()) {
      case FieldDescriptor::CPPTYPE_MESSAGE:
        BindRow(leaf, reflection.GetRepeatedMessage(list, values, i), i, scratch, violations);
        break;
      case FieldDescriptor::CPPTYPE_ENUM: {
        const int number = reflection.GetRepeatedEnumValue(list, values, i);
        const EnumValueDescriptor* value = values->enum_type()->FindValueByNumber(number);
        if (value == nullptr || expr::IsUnknownEnumValue(*value)) {
          violations.push_back(Invalid(leaf, absl::StrCat(".values[", i, "]"), kNotRecognised));
        }
        scratch.push_back({IntCell(number), true});
        break;
      }
      case FieldDescriptor::CPPTYPE_INT32:
        scratch.push_back({IntCell(reflection.GetRepeatedInt32(list, values, i)), true});
        break;
      case FieldDescriptor::CPPTYPE_STRING: {
        std::string unused;
        scratch.push_back(
            {StringCell(reflection.GetRepeatedStringReference(list, values, i, &unused)), true});
        break;
      }
      case FieldDescriptor::CPPTYPE_DOUBLE: {
        Cell cell;
        cell.d = reflection.GetRepeatedDouble(list, values, i);
        scratch.push_back({cell, true});
        break;
      }
      default:
        break;
    }
  }
  if (leaf.slot == ruleset_.exercise_responses_slot) {
    CheckResponses(leaf, scratch, columns, violations);
  } else if (leaf.slot == ruleset_.confirmed_conditions_slot) {
    CheckConfirmed(leaf, scratch, violations);
  }
  frame.SetList(leaf.slot, scratch, columns);
}

void Binder::BindRow(const Leaf& leaf, const Message& row, int index,
                     std::vector<ListCell>& scratch,
                     std::vector<FieldViolation>& violations) const {
  const Reflection& reflection = *row.GetReflection();
  const google::protobuf::Descriptor& type = *row.GetDescriptor();
  for (int c = 0; c < type.field_count(); ++c) {
    const FieldDescriptor* field = type.field(c);
    ListCell cell{IntCell(0), false};
    if (reflection.HasField(row, field)) {
      cell.known = true;
      switch (field->cpp_type()) {
        case FieldDescriptor::CPPTYPE_INT32:
          cell.cell = IntCell(reflection.GetInt32(row, field));
          break;
        case FieldDescriptor::CPPTYPE_ENUM: {
          const int number = reflection.GetEnumValue(row, field);
          const EnumValueDescriptor* value = field->enum_type()->FindValueByNumber(number);
          if (value == nullptr) {
            violations.push_back(Invalid(leaf, absl::StrCat(".values[", index, "].", field->name()),
                                         kNotRecognised));
          } else if (expr::IsUnknownEnumValue(*value)) {
            cell.known = false;
          }
          cell.cell = IntCell(number);
          break;
        }
        case FieldDescriptor::CPPTYPE_STRING: {
          std::string unused;
          cell.cell = StringCell(reflection.GetStringReference(row, field, &unused));
          break;
        }
        case FieldDescriptor::CPPTYPE_BOOL:
          cell.cell = IntCell(reflection.GetBool(row, field) ? 1 : 0);
          break;
        case FieldDescriptor::CPPTYPE_DOUBLE:
          cell.cell.d = reflection.GetDouble(row, field);
          break;
        default:
          cell.known = false;
          break;
      }
    }
    scratch.push_back(cell);
  }
}

void Binder::CheckResponses(const Leaf& leaf, absl::Span<const ListCell> cells, uint32_t columns,
                            std::vector<FieldViolation>& violations) const {
  // Columns as in ExerciseResponse: exercise_id, response, dose_step, aggravated_count.
  std::vector<bool> seen(exercises_.size(), false);
  for (size_t row = 0; row * columns < cells.size(); ++row) {
    const ListCell* cell = &cells[row * columns];
    const std::string at = absl::StrCat(".values[", row, "]");
    const uint32_t exercise =
        cell[0].known ? FindExercise(AsView(cell[0].cell)) : ruleset::kNoIndex;
    if (exercise == ruleset::kNoIndex) {
      violations.push_back(
          Invalid(leaf, at + ".exercise_id", "must be the id of an exercise of this ruleset"));
      continue;
    }
    if (seen[exercise]) {
      violations.push_back(Invalid(leaf, at + ".exercise_id", "must not name an exercise twice"));
    }
    seen[exercise] = true;
    if (!cell[1].known) {
      violations.push_back(Invalid(leaf, at + ".response", "is required"));
    }
    const int doses = ruleset_.source.exercises(static_cast<int>(exercise)).doses_size();
    if (columns > 2 && cell[2].known && (cell[2].cell.i < 0 || cell[2].cell.i >= doses)) {
      violations.push_back(
          Invalid(leaf, at + ".dose_step", "must be a step of the exercise's dose ladder"));
    }
    if (columns > 3 && cell[3].known && (cell[3].cell.i < 1 || cell[3].cell.i > 1000)) {
      violations.push_back(Invalid(leaf, at + ".aggravated_count", "must be between 1 and 1000"));
    }
  }
}

void Binder::CheckConfirmed(const Leaf& leaf, absl::Span<const ListCell> cells,
                            std::vector<FieldViolation>& violations) const {
  for (size_t i = 0; i < cells.size(); ++i) {
    if (FindCondition(AsView(cells[i].cell)) == ruleset::kNoIndex) {
      violations.push_back(Invalid(leaf, absl::StrCat(".values[", i, "]"),
                                   "must be the id of a condition of this ruleset"));
    }
  }
}

FieldViolation Binder::Invalid(const Leaf& leaf, absl::string_view suffix,
                               std::string description) const {
  return {FieldViolation::Kind::kInvalid,
          absl::StrCat(ruleset_.schema->slot(leaf.slot).path(), suffix), std::move(description)};
}

}  // namespace plumbline::engine
