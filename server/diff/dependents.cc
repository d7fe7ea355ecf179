#include "server/diff/dependents.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/ruleset/rule_fields.h"

namespace plumbline::diff {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// Kinds that decide nothing by themselves.
bool IsRule(const std::string& kind) {
  return kind != "term" && kind != "question" && kind != "vignette" && kind != "outcome table" &&
         kind != "dose register" && kind != "hazard" && kind != "source" &&
         kind != "source passage" && kind != "manifest";
}

// The names by which expressions read it.
std::vector<std::string> NamesOf(const std::string& kind, const std::string& id) {
  if (kind == "term") return {id};
  if (kind == "condition") return {"suspected." + id, "likely." + id};
  if (kind == "stage") return {"stage." + id};
  return {};
}

void Walk(
    const Message& message, const std::string& path,
    const std::function<void(const Message&, const FieldDescriptor&, const std::string&)>& visit) {
  const auto& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    const DiffField* row = FindDiffField(field);
    if (row == nullptr || row->match == Match::kElements || row->match == Match::kElement ||
        row->match == Match::kOpaque) {
      continue;
    }
    if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
      if (CountOf(message, field) > 0) visit(message, field, path);
      continue;
    }
    for (int k = 0; k < CountOf(message, field); ++k) {
      const int index = field.is_repeated() ? k : -1;
      Walk(PartOf(message, field, index), PathOf(path, field, index), visit);
    }
  }
}

}  // namespace

Dependents::Dependents(const Side& side, const Element& root) {
  // Findings answer for their condition, passages for nothing.
  const std::function<void(const Element&, const Element&)> add = [&](const Element& element,
                                                                      const Element& owner) {
    if (element.row->kind == "outcome table" || element.row->kind == "vignette") return;
    AddExpressions(side, element, owner);
    AddReferences(element, owner);
    for (const Element& child : element.children) {
      add(child, child.row->kind == "finding" ? owner : child);
    }
  };
  for (const Element& element : root.children) add(element, element);
  AddDerived(side.source());
}

Dependents::Reader& Dependents::ReaderOf(const Element& owner) {
  const auto [at, added] = reader_index_.try_emplace(owner.path, readers_.size());
  if (added) readers_.push_back({owner.id, std::string(owner.row->kind), {}});
  return readers_[at->second];
}

void Dependents::AddExpressions(const Side& side, const Element& element, const Element& owner) {
  Walk(*element.message, element.path,
       [&](const Message&, const FieldDescriptor& field, const std::string& path) {
         if (field.is_repeated()) return;
         const expr::CheckedExpr* expression = side.Find(PathOf(path, field));
         if (expression == nullptr) return;
         const std::vector<std::string> terms = expression->Terms();
         ReaderOf(owner).reads.insert(terms.begin(), terms.end());
       });
}

void Dependents::AddReferences(const Element& element, const Element& owner) {
  if (!IsRule(std::string(owner.row->kind))) return;
  Walk(*element.message, element.path,
       [&](const Message& message, const FieldDescriptor& field, const std::string&) {
         const ruleset::FieldRole* role = ruleset::FindFieldRole(field);
         if (role == nullptr) return;
         std::string verb;
         if (role->role == ruleset::Role::kSources) verb = "cites ";
         if (role->role == ruleset::Role::kReference &&
             role->kind == ruleset::Kind::kReferralTarget) {
           verb = "refers ";
         }
         if (verb.empty()) return;
         const auto& reflection = *message.GetReflection();
         for (int i = 0; i < CountOf(message, field); ++i) {
           const std::string id = field.is_repeated()
                                      ? reflection.GetRepeatedString(message, &field, i)
                                      : reflection.GetString(message, &field);
           std::vector<std::string>& who = referrers_[verb + id];
           if (std::find(who.begin(), who.end(), owner.id) == who.end()) who.push_back(owner.id);
         }
       });
}

// What the compiler derives reads more than its own conditions: a residual pattern the patterns
// before it, a stage those before it.
void Dependents::AddDerived(const v1::Ruleset& ruleset) {
  for (int i = 0; i < ruleset.conditions_size(); ++i) {
    if (!ruleset.conditions(i).residual()) continue;
    const auto found = reader_index_.find(absl::StrCat("conditions[", i, "]"));
    if (found == reader_index_.end()) {
      reader_index_.emplace(absl::StrCat("conditions[", i, "]"), readers_.size());
      readers_.push_back({ruleset.conditions(i).id(), "condition", {}});
    }
    Reader& reader = readers_[reader_index_.at(absl::StrCat("conditions[", i, "]"))];
    for (int k = 0; k < i; ++k) reader.reads.insert("suspected." + ruleset.conditions(k).id());
  }
  for (int i = 1; i < ruleset.stages_size(); ++i) {
    const auto [at, added] =
        reader_index_.try_emplace(absl::StrCat("stages[", i, "]"), readers_.size());
    if (added) readers_.push_back({ruleset.stages(i).id(), "stage", {}});
    for (int k = 0; k < i; ++k) {
      readers_[at->second].reads.insert("stage." + ruleset.stages(k).id());
    }
  }
}

std::vector<std::string> Dependents::Of(const Element& element) const {
  const std::string kind(element.row->kind);
  if (kind == "source passage" || kind == "referral target") {
    const auto found =
        referrers_.find(absl::StrCat(kind == "source passage" ? "cites " : "refers ", element.id));
    return found == referrers_.end() ? std::vector<std::string>{} : found->second;
  }
  std::vector<std::string> names = NamesOf(kind, element.id);
  std::vector<std::string> ids;
  if (kind == "finding") {
    // "conditions[2].findings[0]": its condition, and what reads that.
    const auto condition = reader_index_.find(element.path.substr(0, element.path.find('.')));
    if (condition == reader_index_.end()) return {};
    ids.push_back(readers_[condition->second].id);
    names = NamesOf("condition", ids.front());
  }
  std::set<std::string> known(names.begin(), names.end());
  std::vector<bool> reached(readers_.size(), false);
  while (!names.empty()) {
    std::vector<std::string> next;
    for (size_t i = 0; i < readers_.size(); ++i) {
      if (reached[i]) continue;
      const bool reads = std::any_of(names.begin(), names.end(), [&](const std::string& name) {
        return readers_[i].reads.count(name) > 0;
      });
      if (!reads) continue;
      reached[i] = true;
      for (std::string& name : NamesOf(readers_[i].kind, readers_[i].id)) {
        if (known.insert(name).second) next.push_back(std::move(name));
      }
    }
    names = std::move(next);
  }
  for (size_t i = 0; i < readers_.size(); ++i) {
    if (!reached[i] || !IsRule(readers_[i].kind) || readers_[i].id == element.id) continue;
    if (std::find(ids.begin(), ids.end(), readers_[i].id) == ids.end()) {
      ids.push_back(readers_[i].id);
    }
  }
  return ids;
}

}  // namespace plumbline::diff
