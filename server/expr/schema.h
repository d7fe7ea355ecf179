// Schema: the typed variables that expressions may read, derived from a protobuf message.
//
// A root message (plumbline.v1.Intake) is flattened into *slots*, one per leaf field:
//   * a singular message field of the root is a group: its fields become slots;
//   * a message with exactly one enum field `status` and one repeated field is a *list with status*
//     and becomes one slot of type list;
//   * an enum with the values YES, NO, UNKNOWN (after its prefix) is a *tri* and becomes a bool;
//   * int32/int64 -> int, double/float -> double, bool -> bool, string -> string, enum -> its own
//     distinct enum type.
// Field names are unique over all groups, so that expressions name a field by its bare name:
// `age_years >= 60`, `ces_saddle || ces_bladder`. The same attribute is `intake.age_years`, the
// form that has() takes: `has(intake.age_years)`.
//
// Enum constants are `<EnumName>.<VALUE without prefix>`: `trauma == Trauma.MAJOR`.
//
// Which intake values are CEL unknowns (design.md section 5.1):
//   * an unset optional scalar or enum; an enum or tri set to *_UNSPECIFIED or *_UNKNOWN;
//   * a list whose status is not *_NONE (known, empty) and not *_LISTED (known).
// has(intake.f) is always known: true when the field is set (a tri set to UNKNOWN was asked, so it
// is true); for lists, true when the status is set and not *_UNSPECIFIED / *_NOT_ASKED.
//
// Schema is immutable after Create and thread-safe. It keeps pointers to descriptors, which must
// outlive it (generated descriptors always do).

#ifndef PLUMBLINE_SERVER_EXPR_SCHEMA_H_
#define PLUMBLINE_SERVER_EXPR_SCHEMA_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "google/protobuf/descriptor.h"
#include "server/expr/slot_set.h"
#include "server/expr/type.h"

namespace plumbline::expr {

// How the leaf is stored in its message; tells a binder what to read.
enum class SlotSource : uint8_t { kScalar, kTri, kEnum, kListWithStatus };

struct Slot {
  std::string name;  // bare field name, unique in the schema
  Type type;
  SlotSource source = SlotSource::kScalar;
  const google::protobuf::FieldDescriptor* group = nullptr;  // null: the field is in the root
  const google::protobuf::FieldDescriptor* field = nullptr;  // the leaf, or the list message

  // "person.age_years": the path that error messages and field violations name.
  std::string path() const;
};

class Schema {
 public:
  // Fails with InvalidArgument, naming the field, when two leaves share a name, a field has a type
  // outside the list above, or there are more than kMaxSlots leaves.
  static absl::StatusOr<Schema> Create(const google::protobuf::Descriptor& root);

  const google::protobuf::Descriptor& root() const { return *root_; }
  absl::Span<const Slot> slots() const { return slots_; }
  const Slot& slot(SlotIndex index) const { return slots_[index]; }
  std::optional<SlotIndex> Find(absl::string_view name) const;

  // Enum types by their short name ("Trauma"), for constants.
  const google::protobuf::EnumDescriptor* FindEnum(absl::string_view short_name) const;

 private:
  const google::protobuf::Descriptor* root_ = nullptr;
  std::vector<Slot> slots_;
  absl::flat_hash_map<std::string, SlotIndex> by_name_;
  absl::flat_hash_map<std::string, const google::protobuf::EnumDescriptor*> enums_;
};

// "TRAUMA_MAJOR" -> "MAJOR" for enum Trauma; the whole name if it does not carry the prefix.
absl::string_view ShortEnumValueName(const google::protobuf::EnumValueDescriptor& value);
// True for the zero value and for values whose short name is UNKNOWN or UNSPECIFIED.
bool IsUnknownEnumValue(const google::protobuf::EnumValueDescriptor& value);
bool IsTriEnum(const google::protobuf::EnumDescriptor& type);
// Type of one value of a scalar or enum field, singular or repeated; kind kError if expressions
// have no such type.
Type ScalarFieldType(const google::protobuf::FieldDescriptor& field);

}  // namespace plumbline::expr

#endif  // PLUMBLINE_SERVER_EXPR_SCHEMA_H_
