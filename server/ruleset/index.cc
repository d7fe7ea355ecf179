#include "server/ruleset/index.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace plumbline::ruleset {
namespace {

using google::protobuf::Message;

constexpr size_t kLongestId = 64;

bool IsShared(Kind kind) { return kind >= Kind::kConsistencyRule; }

bool Covers(Kind wanted, Kind kind) {
  if (wanted == Kind::kAnyRule) return true;
  if (wanted == Kind::kFiringRule) {
    return kind == Kind::kRedFlag || kind == Kind::kScreen || kind == Kind::kEscalation;
  }
  return wanted == kind;
}

// What an id of the kind looks like, as characters that may follow its first one.
struct IdForm {
  bool lower_case = false;
  bool digit_first = false;
  absl::string_view marks;
  absl::string_view words;
};

IdForm FormOf(Kind kind) {
  switch (kind) {
    case Kind::kTerm:
    case Kind::kCondition:
    case Kind::kStratification:
    case Kind::kRuleset:
      return {true, false, "_", "lower-case letters, digits and `_`, a letter first"};
    case Kind::kStage:
      return {false, false, "_", "letters, digits and `_`, a letter first"};
    case Kind::kSource:
    case Kind::kPassage:
      return {false, true, "_-./:", "letters, digits and `_-./:`, a letter or digit first"};
    default:
      return {false, false, "_-.", "letters, digits and `_-.`, a letter first"};
  }
}

bool HasForm(absl::string_view id, const IdForm& form) {
  const auto is_letter = [&form](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return form.lower_case ? absl::ascii_islower(byte) : absl::ascii_isalpha(byte);
  };
  const auto is_digit = [](char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); };
  if (id.size() > kLongestId) return false;
  if (!is_letter(id[0]) && !(form.digit_first && is_digit(id[0]))) return false;
  return std::all_of(id.begin(), id.end(), [&](char c) {
    return is_letter(c) || is_digit(c) || form.marks.find(c) != absl::string_view::npos;
  });
}

template <typename Elements>
absl::flat_hash_map<std::string, uint32_t> Positions(const Elements& elements) {
  absl::flat_hash_map<std::string, uint32_t> positions;
  for (int i = 0; i < elements.size(); ++i) {
    positions.try_emplace(elements.Get(i).id(), static_cast<uint32_t>(i));
  }
  return positions;
}

std::optional<uint32_t> Lookup(const absl::flat_hash_map<std::string, uint32_t>& positions,
                               absl::string_view id) {
  const auto found = positions.find(id);
  if (found == positions.end()) return std::nullopt;
  return found->second;
}

}  // namespace

Index::Index(const RulesetDocument& document, const expr::Schema& schema, Report& report)
    : lost_(document.lost_ids().begin(), document.lost_ids().end()) {
  const v1::Ruleset& ruleset = document.ruleset();
  exercises_ = Positions(ruleset.exercises());
  stages_ = Positions(ruleset.stages());
  referral_targets_ = Positions(ruleset.referral_targets());
  for (const v1::Source& source : ruleset.sources()) {
    for (const v1::Passage& passage : source.passages()) {
      const bool own_status = passage.status() != v1::SOURCE_STATUS_UNSPECIFIED;
      passages_.try_emplace(passage.id(), own_status ? passage.status() : source.status());
    }
  }
  for (const expr::Slot& slot : schema.slots()) own_[Kind::kField].emplace(slot.name, "");
  for (const v1::Exercise& exercise : ruleset.exercises()) {
    for (const std::string& tag : exercise.tags()) own_[Kind::kTag].emplace(tag, "");
  }
  WalkMessages(ruleset, [&](const Message& message, const std::string& path) {
    const auto* type = message.GetDescriptor();
    for (int i = 0; i < type->field_count(); ++i) {
      const FieldRole* role = FindFieldRole(*type->field(i));
      if (role == nullptr || role->role != Role::kId) continue;
      const std::string id = message.GetReflection()->GetString(message, type->field(i));
      if (id.empty() && role->need == Need::kOptional) continue;
      Define(role->kind, id, path, report);
    }
  });
}

void Index::Define(Kind kind, const std::string& id, const std::string& path, Report& report) {
  const std::string id_path = absl::StrCat(path, kind == Kind::kRuleset ? ".ruleset_id" : ".id");
  if (id.empty()) {
    report.Missing(path, "missing-id", absl::StrCat("this ", KindName(kind), " has no id"));
    return;
  }
  if (const IdForm form = FormOf(kind); !HasForm(id, form)) {
    report.Error(id_path, "malformed-id",
                 absl::StrCat("`", id, "` is not an id of a ", KindName(kind)),
                 absl::StrCat("at most ", kLongestId, " characters: ", form.words));
  }
  std::string earlier;
  if (IsShared(kind)) {
    const auto [at, added] = shared_.try_emplace(id, Definition{kind, path});
    if (!added) earlier = absl::StrCat(KindName(at->second.kind), " ", at->second.path);
  } else {
    const auto [at, added] = own_[kind].try_emplace(id, path);
    if (!added) earlier = absl::StrCat(KindName(kind), " ", at->second);
  }
  if (!earlier.empty()) {
    report.Error(id_path, "duplicate-id", absl::StrCat("the id `", id, "` is taken by ", earlier));
  }
}

bool Index::Knows(Kind kind, absl::string_view id) const {
  if (lost_.count(std::string(id)) > 0) return true;
  if (IsShared(kind)) {
    const auto found = shared_.find(std::string(id));
    return found != shared_.end() && Covers(kind, found->second.kind);
  }
  const auto names = own_.find(kind);
  return names != own_.end() && names->second.count(std::string(id)) > 0;
}

std::vector<std::string> Index::Names(Kind kind) const {
  std::vector<std::string> names;
  if (IsShared(kind)) {
    for (const auto& [id, definition] : shared_) {
      if (Covers(kind, definition.kind)) names.push_back(id);
    }
  } else if (const auto own = own_.find(kind); own != own_.end()) {
    for (const auto& [id, path] : own->second) names.push_back(id);
  }
  return names;
}

std::optional<uint32_t> Index::Exercise(absl::string_view id) const {
  return Lookup(exercises_, id);
}
std::optional<uint32_t> Index::Stage(absl::string_view id) const { return Lookup(stages_, id); }
std::optional<uint32_t> Index::ReferralTarget(absl::string_view id) const {
  return Lookup(referral_targets_, id);
}

v1::SourceStatus Index::PassageStatus(absl::string_view id) const {
  const auto found = passages_.find(id);
  return found == passages_.end() ? v1::SOURCE_STATUS_UNSPECIFIED : found->second;
}

std::string Index::PathOf(Kind kind, absl::string_view id) const {
  if (IsShared(kind)) {
    const auto found = shared_.find(std::string(id));
    return found == shared_.end() || !Covers(kind, found->second.kind) ? "" : found->second.path;
  }
  const auto names = own_.find(kind);
  if (names == own_.end()) return "";
  const auto found = names->second.find(std::string(id));
  return found == names->second.end() ? "" : found->second;
}

}  // namespace plumbline::ruleset
