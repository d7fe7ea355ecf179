#include "server/service/replay_compare.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <vector>

#include "absl/strings/str_cat.h"
#include "google/protobuf/text_format.h"

namespace plumbline::service {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::TextFormat;

// Reads a varint at `position`; false when it does not end.
bool ReadVarint(absl::string_view bytes, size_t& position, uint64_t& value) {
  value = 0;
  for (int shift = 0; shift < 64 && position < bytes.size(); shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes[position++]);
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

// Moves behind the value of a field.
bool SkipValue(absl::string_view bytes, uint64_t wire_type, size_t& position) {
  uint64_t size = 0;
  switch (wire_type) {
    case 0:
      return ReadVarint(bytes, position, size);
    case 1:
      size = 8;
      break;
    case 2:
      if (!ReadVarint(bytes, position, size)) return false;
      break;
    case 5:
      size = 4;
      break;
    default:
      return false;
  }
  if (size > bytes.size() - position) return false;
  position += static_cast<size_t>(size);
  return true;
}

// False when the fields do not stand in ascending order or are no message.
bool FindRegions(absl::string_view bytes, DecisionRegions& regions) {
  regions = {};
  size_t position = 0;
  size_t begin = 0;
  uint64_t last = 0;
  while (position < bytes.size()) {
    const size_t start = position;
    uint64_t tag = 0;
    if (!ReadVarint(bytes, position, tag)) return false;
    const uint64_t number = tag >> 3;
    if (number == 0 || number > DecisionRegions::kMaxField || number < last) return false;
    if (number != last) begin = start;
    last = number;
    if (!SkipValue(bytes, tag & 7, position)) return false;
    regions.of[number] = bytes.substr(begin, position - begin);
  }
  return true;
}

// Regions of `bytes`, which are first written anew into `storage` if their fields are not in order
// (no engine of ours does that).
bool FindRegionsOf(absl::string_view bytes, v1::Decision& scratch, std::string& storage,
                   DecisionRegions& regions) {
  if (FindRegions(bytes, regions)) return true;
  if (!scratch.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return false;
  scratch.DiscardUnknownFields();
  storage = scratch.SerializeAsString();
  return FindRegions(storage, regions);
}

// Fields that only name what answered.
bool NamesOnly(int field) {
  return field == v1::Decision::kRulesetFieldNumber ||
         field == v1::Decision::kEngineVersionFieldNumber;
}

// Whether a field is looked into when it differs.
enum class Part { kWords, kElements, kLists };

Part PartOf(int field) {
  switch (field) {
    case v1::Decision::kDispositionFieldNumber:
    case v1::Decision::kNotExcludedRulesFieldNumber:
    case v1::Decision::kAlternativesFieldNumber:
    case v1::Decision::kLaterFieldNumber:
    case v1::Decision::kOpenQuestionsFieldNumber:
      return Part::kLists;
    case v1::Decision::kFiredRulesFieldNumber:
    case v1::Decision::kNotesFieldNumber:
    case v1::Decision::kReferralsFieldNumber:
    case v1::Decision::kAssessmentsFieldNumber:
    case v1::Decision::kStageFieldNumber:
    case v1::Decision::kProgrammeFieldNumber:
    case v1::Decision::kExcludedFieldNumber:
    case v1::Decision::kAdviceFieldNumber:
    case v1::Decision::kFollowUpFieldNumber:
    case v1::Decision::kNoticesFieldNumber:
    case v1::Decision::kSafetyNetFieldNumber:
    case v1::Decision::kStrataFieldNumber:
      return Part::kElements;
    default:
      return Part::kWords;
  }
}

// Rules stand here, and what they do stands elsewhere, too.
bool NamesRules(int field) {
  return field == v1::Decision::kFiredRulesFieldNumber || field == v1::Decision::kNotesFieldNumber;
}

void Append(absl::string_view bytes, std::string& out) { out.append(bytes.data(), bytes.size()); }

bool SameDose(const v1::Prescription& a, const v1::Prescription& b) {
  return a.exercise_id() == b.exercise_id() && a.variant().name() == b.variant().name() &&
         DoseKey(a) == DoseKey(b);
}

bool SamePrescription(const v1::Prescription& a, const v1::Prescription& b) {
  return a.session_order() == b.session_order() && SameDose(a, b);
}

template <typename Elements, typename Same>
bool SameElements(const Elements& a, const Elements& b, Same same) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), same);
}

template <typename Texts>
bool SameTexts(const Texts& a, const Texts& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

bool SameReasons(const google::protobuf::RepeatedPtrField<v1::Rationale>& a,
                 const google::protobuf::RepeatedPtrField<v1::Rationale>& b) {
  return SameElements(a, b, [](const v1::Rationale& x, const v1::Rationale& y) {
    return x.rule_id() == y.rule_id();
  });
}

bool SameAlternative(const v1::Prescription& a, const v1::Prescription& b) {
  return SameDose(a, b) && MovementKey(a) == MovementKey(b) &&
         SameReasons(a.cautions(), b.cautions());
}

bool SameAvailability(const v1::Decision& a, const v1::Decision& b) {
  return SameElements(a.alternatives(), b.alternatives(), SameAlternative) &&
         SameElements(a.later(), b.later(),
                      [](const v1::LockedExercise& x, const v1::LockedExercise& y) {
                        return x.exercise_id() == y.exercise_id() &&
                               x.earliest_stage() == y.earliest_stage() &&
                               SameReasons(x.reasons(), y.reasons());
                      }) &&
         SameElements(a.excluded(), b.excluded(),
                      [](const v1::ExcludedExercise& x, const v1::ExcludedExercise& y) {
                        return x.exercise_id() == y.exercise_id() && x.kind() == y.kind() &&
                               SameReasons(x.reasons(), y.reasons()) &&
                               SameTexts(x.missing_fields(), y.missing_fields());
                      });
}

bool SameReferral(const v1::Referral& a, const v1::Referral& b) {
  return a.target_id() == b.target_id() && a.level() == b.level() &&
         SameTexts(a.rule_ids(), b.rule_ids()) && SameTexts(a.notes(), b.notes());
}

bool SameDate(const v1::Date& a, const v1::Date& b) {
  return a.year() == b.year() && a.month() == b.month() && a.day() == b.day();
}

bool SameFollowUp(const v1::FollowUp& a, const v1::FollowUp& b) {
  return SameDate(a.review_date(), b.review_date()) &&
         SameElements(
             a.items(), b.items(), [](const v1::FollowUpItem& x, const v1::FollowUpItem& y) {
               return x.rationale().rule_id() == y.rationale().rule_id() &&
                      SameDate(x.date(), y.date()) && x.has_after_days() == y.has_after_days() &&
                      x.after_days() == y.after_days();
             });
}

bool SameOpenRule(const v1::NotExcludedRule& a, const v1::NotExcludedRule& b) {
  return a.rule_id() == b.rule_id() && a.level() == b.level() && a.gate() == b.gate() &&
         SameTexts(a.missing_fields(), b.missing_fields());
}

bool SameQuestion(const v1::OpenQuestion& a, const v1::OpenQuestion& b) {
  return a.field() == b.field() && a.clinician_only() == b.clinician_only() &&
         a.asked_not_known() == b.asked_not_known() &&
         a.can_change_disposition() == b.can_change_disposition() &&
         a.could_raise_level_to() == b.could_raise_level_to() &&
         a.could_raise_gate_to() == b.could_raise_gate_to() && a.could_lower() == b.could_lower() &&
         a.can_change_programme() == b.can_change_programme() &&
         SameTexts(a.affects(), b.affects());
}

// Limits of the rules that fire on both sides.
bool SameLimits(const v1::Decision& was, const v1::Decision& is) {
  std::map<std::string, int64_t> limits;
  const auto limit_of = [](const v1::FiredRule& rule) {
    return rule.has_due_days() ? int64_t{rule.due_days()} : int64_t{-1};
  };
  for (const auto* rules : {&was.fired_rules(), &was.notes()}) {
    for (const v1::FiredRule& rule : *rules) limits[rule.rationale().rule_id()] = limit_of(rule);
  }
  for (const auto* rules : {&is.fired_rules(), &is.notes()}) {
    for (const v1::FiredRule& rule : *rules) {
      const auto found = limits.find(rule.rationale().rule_id());
      if (found != limits.end() && found->second != limit_of(rule)) return false;
    }
  }
  return true;
}

bool SameTimeLimit(const v1::Decision& was, const v1::Decision& is) {
  const v1::Disposition& a = was.disposition();
  const v1::Disposition& b = is.disposition();
  return a.has_due_days() == b.has_due_days() && a.due_days() == b.due_days() &&
         a.time_frame() == b.time_frame() && SameLimits(was, is);
}

}  // namespace

const DecisionChange& DecisionComparator::Compare(absl::string_view recorded,
                                                  absl::string_view replayed) {
  change_ = {};
  if (recorded == replayed) return change_;
  std::string old_storage;
  std::string new_storage;
  DecisionRegions was;
  DecisionRegions is;
  if (!FindRegionsOf(recorded, old_, old_storage, was) ||
      !FindRegionsOf(replayed, new_, new_storage, is)) {
    change_.kind = DecisionChange::Kind::kUnreadable;
    return change_;
  }
  change_.kind = DecisionChange::Kind::kNamesOnly;
  bool looked_into = false;
  bool elements = false;
  for (int field = 1; field <= DecisionRegions::kMaxField; ++field) {
    if (NamesOnly(field) || was.of[field] == is.of[field]) continue;
    change_.kind = DecisionChange::Kind::kDifferent;
    looked_into |= PartOf(field) != Part::kWords;
    elements |= PartOf(field) == Part::kElements;
  }
  if (!looked_into) return change_;
  // What is equal stays out, so that it differs in nothing.
  Gather(was, is, [&was, &is, elements](int field) {
    return (PartOf(field) != Part::kWords && was.of[field] != is.of[field]) ||
           (elements && NamesRules(field));
  });
  if (!ParseParts()) return change_;
  Differ();
  if (change_.effects.appeared.empty() && change_.effects.disappeared.empty()) return change_;
  // What seems to come or go may stand in a part that is equal.
  Gather(was, is, [](int field) { return PartOf(field) == Part::kElements; });
  if (ParseParts()) change_.effects = CompareEffects(old_, new_);
  return change_;
}

void DecisionComparator::Gather(const DecisionRegions& was, const DecisionRegions& is,
                                absl::FunctionRef<bool(int)> wanted) {
  old_parts_.clear();
  new_parts_.clear();
  for (int field = 1; field <= DecisionRegions::kMaxField; ++field) {
    if (!wanted(field)) continue;
    Append(was.of[field], old_parts_);
    Append(is.of[field], new_parts_);
  }
}

bool DecisionComparator::ParseParts() {
  if (old_.ParseFromArray(old_parts_.data(), static_cast<int>(old_parts_.size())) &&
      new_.ParseFromArray(new_parts_.data(), static_cast<int>(new_parts_.size()))) {
    return true;
  }
  change_ = {};
  change_.kind = DecisionChange::Kind::kUnreadable;
  return false;
}

void DecisionComparator::Differ() {
  change_.old_level = old_.disposition().level();
  change_.new_level = new_.disposition().level();
  change_.old_gate = old_.disposition().gate();
  change_.new_gate = new_.disposition().gate();
  change_.level_changed = change_.old_level != change_.new_level;
  change_.gate_changed = change_.old_gate != change_.new_gate;
  change_.programme_changed = !SameElements(old_.programme(), new_.programme(), SamePrescription);
  change_.time_limit_changed = !SameTimeLimit(old_, new_);
  change_.referrals_changed = !SameElements(old_.referrals(), new_.referrals(), SameReferral);
  change_.follow_up_changed = !SameFollowUp(old_.follow_up(), new_.follow_up());
  change_.open_questions_changed =
      !SameElements(old_.open_questions(), new_.open_questions(), SameQuestion) ||
      !SameElements(old_.not_excluded_rules(), new_.not_excluded_rules(), SameOpenRule);
  change_.availability_changed = !SameAvailability(old_, new_);
  change_.effects = CompareEffects(old_, new_);
}

namespace {

std::string DifferenceIn(const Message& a, const Message& b, const std::string& prefix);

// Element `i` of a repeated field, or a set singular field.
std::string DifferenceOfValue(const Message& a, const Message& b, const FieldDescriptor& field,
                              const std::string& path, int i) {
  const Reflection& ra = *a.GetReflection();
  const Reflection& rb = *b.GetReflection();
  const bool repeated = field.is_repeated();
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
    return repeated ? DifferenceIn(ra.GetRepeatedMessage(a, &field, i),
                                   rb.GetRepeatedMessage(b, &field, i), absl::StrCat(path, "."))
                    : DifferenceIn(ra.GetMessage(a, &field), rb.GetMessage(b, &field),
                                   absl::StrCat(path, "."));
  }
  const int index = repeated ? i : -1;
  std::string was;
  std::string is;
  TextFormat::PrintFieldValueToString(a, &field, index, &was);
  TextFormat::PrintFieldValueToString(b, &field, index, &is);
  return was == is ? "" : path;
}

std::string DifferenceOfField(const Message& a, const Message& b, const FieldDescriptor& field,
                              const std::string& path) {
  const Reflection& ra = *a.GetReflection();
  const Reflection& rb = *b.GetReflection();
  if (!field.is_repeated()) {
    if (field.has_presence() && ra.HasField(a, &field) != rb.HasField(b, &field)) return path;
    return DifferenceOfValue(a, b, field, path, 0);
  }
  const int sizes[] = {ra.FieldSize(a, &field), rb.FieldSize(b, &field)};
  const int both = std::min(sizes[0], sizes[1]);
  for (int i = 0; i < both; ++i) {
    std::string place = DifferenceOfValue(a, b, field, absl::StrCat(path, "[", i, "]"), i);
    if (!place.empty()) return place;
  }
  return sizes[0] == sizes[1] ? "" : absl::StrCat(path, "[", both, "]");
}

std::string DifferenceIn(const Message& a, const Message& b, const std::string& prefix) {
  const google::protobuf::Descriptor& type = *a.GetDescriptor();
  std::vector<const FieldDescriptor*> fields;
  for (int i = 0; i < type.field_count(); ++i) fields.push_back(type.field(i));
  std::sort(fields.begin(), fields.end(), [](const FieldDescriptor* x, const FieldDescriptor* y) {
    return x->number() < y->number();
  });
  for (const FieldDescriptor* field : fields) {
    std::string place =
        DifferenceOfField(a, b, *field, absl::StrCat(prefix, std::string(field->name())));
    if (!place.empty()) return place;
  }
  return "";
}

}  // namespace

std::string FirstDifference(absl::string_view recorded, absl::string_view replayed) {
  v1::Decision was;
  v1::Decision is;
  if (!was.ParseFromArray(recorded.data(), static_cast<int>(recorded.size()))) {
    return "the recorded bytes are no decision";
  }
  if (!is.ParseFromArray(replayed.data(), static_cast<int>(replayed.size()))) {
    return "the new bytes are no decision";
  }
  const bool other_engine = was.engine_version() != is.engine_version();
  was.clear_engine_version();
  is.clear_engine_version();
  std::string place = DifferenceIn(was, is, "");
  if (!place.empty()) return place;
  if (other_engine) return "engine_version";
  const auto [a, b] =
      std::mismatch(recorded.begin(), recorded.end(), replayed.begin(), replayed.end());
  static_cast<void>(b);
  return absl::StrCat("encoding at byte ", std::distance(recorded.begin(), a));
}

}  // namespace plumbline::service
