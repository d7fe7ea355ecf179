#include "server/diff/ruleset_diff.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "server/diff/dependents.h"
#include "server/diff/elements.h"
#include "server/diff/field_comparison.h"
#include "server/diff/fields.h"
#include "server/diff/places.h"
#include "server/diff/side.h"
#include "server/diff/version_policy.h"

namespace plumbline::diff {
namespace {

using google::protobuf::FieldDescriptor;

// Differences that a summary spells out.
constexpr size_t kSpelledOut = 4;
constexpr size_t kLongTitle = 80;

bool IsResidual(const Element& element) {
  const FieldDescriptor* field = element.message->GetDescriptor()->FindFieldByName("residual");
  return field != nullptr && element.message->GetReflection()->GetBool(*element.message, field);
}

class Differ {
 public:
  Differ(const ruleset::CompiledRuleset& from, const ruleset::CompiledRuleset& to)
      : from_(from),
        to_(to),
        comparison_(from_, to_),
        before_(ElementsOf(from_)),
        after_(ElementsOf(to_)) {
    FindRenames(from_, to_, before_, after_);
    old_dependents_.emplace(from_, before_);
    new_dependents_.emplace(to_, after_);
  }

  void Run(v1::RulesetDiff& diff) { CompareChildren(&before_, &after_, diff); }

 private:
  void CompareChildren(const Element* before, const Element* after, v1::RulesetDiff& diff) {
    const std::vector<ElementPair> pairs = PairChildren(before, after);
    const std::set<const Element*> moved = Moved(pairs);
    for (const ElementPair& pair : pairs) {
      if (pair.before == nullptr) {
        AddWhole(*pair.after, v1::CHANGE_KIND_ADDED, diff);
      } else if (pair.after == nullptr) {
        AddWhole(*pair.before, v1::CHANGE_KIND_REMOVED, diff);
      } else {
        ComparePair(pair, moved.count(pair.after) > 0, diff);
        CompareChildren(pair.before, pair.after, diff);
      }
    }
  }

  // Elements on the new side that stand elsewhere in a list whose order counts.
  static std::set<const Element*> Moved(const std::vector<ElementPair>& pairs) {
    std::map<const ElementRow*, std::vector<ElementPair>> lists;
    for (const ElementPair& pair : pairs) {
      if (pair.before == nullptr || pair.after == nullptr) continue;
      if (pair.after->row->order != Order::kNone) lists[pair.after->row].push_back(pair);
    }
    std::set<const Element*> moved;
    for (const auto& [row, list] : lists) {
      std::vector<int> places;
      std::set<int> residual;
      for (const ElementPair& pair : list) {
        places.push_back(pair.before->place);
        if (IsResidual(*pair.before) || IsResidual(*pair.after)) {
          residual.insert(pair.before->place);
        }
      }
      const bool all = row->order == Order::kAll;
      const std::vector<int> found = FindMoved(places, [&](int a, int b) {
        return all || residual.count(a) > 0 || residual.count(b) > 0;
      });
      for (const int index : found) moved.insert(list[static_cast<size_t>(index)].after);
    }
    return moved;
  }

  static void Describe(const Element& element, v1::ElementChange& change) {
    change.set_element_kind(std::string(element.row->kind));
    change.set_element_id(element.id);
    change.set_title(TitleOf(*element.message));
  }

  static std::string Opening(const Element& element) {
    const std::string title = absl::StrReplaceAll(TitleOf(*element.message), {{"`", "'"}});
    if (title.empty() || title.size() > kLongTitle) return NameOf(element);
    return absl::StrCat(NameOf(element), " \"", title, "\"");
  }

  static void SetWeight(Weight weight, v1::ElementChange& change) {
    change.set_change_class(ClassOf(weight));
    change.set_bump(BumpOf(weight));
  }

  static void SetAffects(const std::vector<std::string>& ids, v1::ElementChange& change) {
    change.mutable_affects()->Add(ids.begin(), ids.end());
  }

  void AddWhole(const Element& element, v1::ChangeKind kind, v1::RulesetDiff& diff) const {
    const bool added = kind == v1::CHANGE_KIND_ADDED;
    v1::ElementChange& change = *diff.add_changes();
    change.set_kind(kind);
    Describe(element, change);
    SetWeight(added ? element.row->added : element.row->removed, change);
    std::string summary = absl::StrCat(Opening(element), added ? " is new" : " is gone");
    const Side& side = added ? to_ : from_;
    for (const char* name : {"when", "expression"}) {
      const FieldDescriptor* field = element.message->GetDescriptor()->FindFieldByName(name);
      if (field == nullptr || CountOf(*element.message, *field) == 0) continue;
      absl::StrAppend(&summary, ": `", side.Shown(*element.message, *field, -1, element.path), "`");
    }
    change.set_summary(summary);
    SetAffects((added ? new_dependents_ : old_dependents_)->Of(element), change);
  }

  void ComparePair(const ElementPair& pair, bool moved, v1::RulesetDiff& diff) {
    const Element& a = *pair.before;
    const Element& b = *pair.after;
    // Tests weigh no more than their coming or going.
    const Weight most = b.row->added == Weight::kRecord && b.row->removed == Weight::kRecord &&
                                b.row->kind != "term"
                            ? Weight::kRecord
                            : Weight::kOutcome;
    std::vector<Difference> differences =
        comparison_.Compare({*a.message, a.path}, {*b.message, b.path}, most);
    const bool renamed = a.name != b.name && b.row->keys == "id";
    if (differences.empty() && !moved && !renamed) return;

    v1::ElementChange& change = *diff.add_changes();
    Describe(b, change);
    change.set_element_id(a.id);
    if (renamed) change.set_new_element_id(b.id);
    change.set_kind(!differences.empty() ? v1::CHANGE_KIND_CHANGED
                    : renamed            ? v1::CHANGE_KIND_RENAMED
                                         : v1::CHANGE_KIND_MOVED);
    if (moved) differences.push_back(MoveOf(a, b));
    Weight weight = renamed ? b.row->renamed : Weight::kNothing;
    for (const Difference& difference : differences) {
      weight = std::max(weight, difference.weight);
      v1::FieldChange& field = *change.add_fields();
      field.set_path(difference.path);
      field.set_old_value(difference.old_value);
      field.set_new_value(difference.new_value);
      field.set_change_class(ClassOf(difference.weight));
    }
    SetWeight(weight, change);
    change.set_summary(Summary(a, b, renamed, differences));
    AddAffected(a, b, weight, change);
  }

  static Difference MoveOf(const Element& a, const Element& b) {
    const std::string from = absl::StrCat(a.place + 1);
    const std::string to = absl::StrCat(b.place + 1);
    return {"(place)", from, to, Weight::kOutcome,
            absl::StrCat("`", from, "` becomes `", to, "`, where the order counts")};
  }

  static std::string Summary(const Element& a, const Element& b, bool renamed,
                             const std::vector<Difference>& differences) {
    std::vector<std::string> parts;
    if (renamed) parts.push_back(absl::StrCat("is now called ", b.id));
    // What matters most comes first.
    std::vector<const Difference*> sorted;
    for (const Difference& difference : differences) sorted.push_back(&difference);
    std::stable_sort(sorted.begin(), sorted.end(), [](const Difference* x, const Difference* y) {
      return x->weight > y->weight;
    });
    // What weighs less is in the fields: here it would hide what matters.
    size_t told = 0;
    for (const Difference* difference : sorted) {
      if (told == kSpelledOut || difference->weight < sorted.front()->weight) break;
      parts.push_back(absl::StrCat(difference->path, " ", difference->words));
      ++told;
    }
    if (told < sorted.size()) parts.push_back(absl::StrCat("and ", sorted.size() - told, " more"));
    return absl::StrCat(Opening(a), renamed ? " " : ": ", absl::StrJoin(parts, "; "));
  }

  // On either side: what no longer rests on it is affected too.
  void AddAffected(const Element& a, const Element& b, Weight weight,
                   v1::ElementChange& change) const {
    // What rests on a term or a pattern does not feel new words for it; what cites a passage may.
    const bool cited = b.row->kind == "source passage" || b.row->kind == "referral target";
    if (change.kind() == v1::CHANGE_KIND_RENAMED || (weight < Weight::kOutcome && !cited)) return;
    std::vector<std::string> ids = new_dependents_->Of(b);
    for (std::string& id : old_dependents_->Of(a)) {
      if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(std::move(id));
    }
    SetAffects(ids, change);
  }

  Side from_;
  const Side to_;
  FieldComparison comparison_;
  Element before_;
  const Element after_;
  // Of the trees as they are once renames are known.
  std::optional<Dependents> old_dependents_;
  std::optional<Dependents> new_dependents_;
};

}  // namespace

v1::RulesetDiff DiffRulesets(const ruleset::CompiledRuleset& from,
                             const ruleset::CompiledRuleset& to) {
  v1::RulesetDiff diff;
  diff.set_old_revision(from.revision);
  diff.set_old_version(from.source.manifest().version());
  diff.set_new_revision(to.revision);
  diff.set_new_version(to.source.manifest().version());
  Differ(from, to).Run(diff);
  JudgeVersion(diff);
  return diff;
}

}  // namespace plumbline::diff
