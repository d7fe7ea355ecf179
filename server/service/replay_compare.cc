#include "server/service/replay_compare.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "google/protobuf/text_format.h"

namespace plumbline::service {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::TextFormat;

constexpr int kMaxField = 31;

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

// The top-level fields of a message, each with all its elements in one piece.
struct Regions {
  std::array<absl::string_view, kMaxField + 1> of{};
};

// False when the fields do not stand in ascending order or are no message.
bool FindRegions(absl::string_view bytes, Regions& regions) {
  regions = {};
  size_t position = 0;
  size_t begin = 0;
  uint64_t last = 0;
  while (position < bytes.size()) {
    const size_t start = position;
    uint64_t tag = 0;
    if (!ReadVarint(bytes, position, tag)) return false;
    const uint64_t number = tag >> 3;
    if (number == 0 || number > kMaxField || number < last) return false;
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
                   Regions& regions) {
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

// Fields that say who gets what, or hold ids of rules.
bool SaysWhoGetsWhat(int field) {
  switch (field) {
    case v1::Decision::kDispositionFieldNumber:
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
    case v1::Decision::kStrataFieldNumber:
      return true;
    default:
      return false;
  }
}

using IdList = std::vector<std::string>;

void Take(const std::string& id, IdList& ids) {
  if (!id.empty()) ids.push_back(id);
}

template <typename Rationales>
void TakeRules(const Rationales& rationales, IdList& ids) {
  for (const v1::Rationale& rationale : rationales) Take(rationale.rule_id(), ids);
}

void TakeAssessment(const v1::Assessment& assessment, IdList& ids) {
  if (assessment.likelihood() >= v1::LIKELIHOOD_POSSIBLE) Take(assessment.condition_id(), ids);
  TakeRules(assessment.findings_for(), ids);
  TakeRules(assessment.findings_against(), ids);
}

// Ids of everything in the decision that a rule of the ruleset put there.
IdList IdsOf(const v1::Decision& decision) {
  IdList ids;
  for (const v1::FiredRule& rule : decision.fired_rules()) Take(rule.rationale().rule_id(), ids);
  for (const v1::FiredRule& rule : decision.notes()) Take(rule.rationale().rule_id(), ids);
  for (const v1::Referral& referral : decision.referrals()) Take(referral.target_id(), ids);
  for (const v1::Assessment& assessment : decision.assessments()) TakeAssessment(assessment, ids);
  Take(decision.stage().stage_id(), ids);
  for (const v1::Prescription& prescription : decision.programme()) {
    Take(prescription.exercise_id(), ids);
    TakeRules(prescription.rationales(), ids);
    TakeRules(prescription.cautions(), ids);
  }
  for (const v1::ExcludedExercise& excluded : decision.excluded()) {
    TakeRules(excluded.reasons(), ids);
  }
  for (const v1::AdviceItem& item : decision.advice()) Take(item.rationale().rule_id(), ids);
  for (const v1::FollowUpItem& item : decision.follow_up().items()) {
    Take(item.rationale().rule_id(), ids);
  }
  for (const v1::NoticeItem& notice : decision.notices()) Take(notice.notice_id(), ids);
  for (const v1::StratumResult& stratum : decision.strata()) {
    ids.push_back(absl::StrCat(stratum.stratification_id(), ".", stratum.stratum_id()));
  }
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

bool SamePrescription(const v1::Prescription& a, const v1::Prescription& b) {
  return a.exercise_id() == b.exercise_id() && a.session_order() == b.session_order() &&
         a.dose_step() == b.dose_step() && a.variant().name() == b.variant().name() &&
         a.dose().SerializeAsString() == b.dose().SerializeAsString();
}

bool SameProgramme(const v1::Decision& a, const v1::Decision& b) {
  return std::equal(a.programme().begin(), a.programme().end(), b.programme().begin(),
                    b.programme().end(), SamePrescription);
}

}  // namespace

const DecisionChange& DecisionComparator::Compare(absl::string_view recorded,
                                                  absl::string_view replayed) {
  change_ = {};
  if (recorded == replayed) return change_;
  std::string old_storage;
  std::string new_storage;
  Regions was;
  Regions is;
  if (!FindRegionsOf(recorded, old_, old_storage, was) ||
      !FindRegionsOf(replayed, new_, new_storage, is)) {
    change_.kind = DecisionChange::Kind::kUnreadable;
    return change_;
  }
  change_.kind = DecisionChange::Kind::kNamesOnly;
  old_parts_.clear();
  new_parts_.clear();
  for (int field = 1; field <= kMaxField; ++field) {
    if (NamesOnly(field) || was.of[field] == is.of[field]) continue;
    change_.kind = DecisionChange::Kind::kDifferent;
    if (!SaysWhoGetsWhat(field)) continue;
    old_parts_.append(was.of[field].data(), was.of[field].size());
    new_parts_.append(is.of[field].data(), is.of[field].size());
  }
  if (!old_parts_.empty() || !new_parts_.empty()) Differ(old_parts_, new_parts_);
  return change_;
}

// Equal parts are absent from both, so that they differ in nothing.
void DecisionComparator::Differ(absl::string_view old_parts, absl::string_view new_parts) {
  if (!old_.ParseFromArray(old_parts.data(), static_cast<int>(old_parts.size())) ||
      !new_.ParseFromArray(new_parts.data(), static_cast<int>(new_parts.size()))) {
    change_ = {};
    change_.kind = DecisionChange::Kind::kUnreadable;
    return;
  }
  change_.old_level = old_.disposition().level();
  change_.new_level = new_.disposition().level();
  change_.old_gate = old_.disposition().gate();
  change_.new_gate = new_.disposition().gate();
  change_.level_changed = change_.old_level != change_.new_level;
  change_.gate_changed = change_.old_gate != change_.new_gate;
  change_.programme_changed = !SameProgramme(old_, new_);
  const IdList was = IdsOf(old_);
  const IdList is = IdsOf(new_);
  std::set_difference(is.begin(), is.end(), was.begin(), was.end(),
                      std::back_inserter(change_.appeared));
  std::set_difference(was.begin(), was.end(), is.begin(), is.end(),
                      std::back_inserter(change_.disappeared));
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
