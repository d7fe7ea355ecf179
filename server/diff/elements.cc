#include "server/diff/elements.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "server/ruleset/rule_fields.h"

namespace plumbline::diff {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using ruleset::Kind;

// Nested deeper than passages, findings and limits is nothing; a bound all the same.
constexpr int kMostRounds = 16;

bool IsStratum(const Element& element) { return element.row->kind == "stratum"; }

class Builder {
 public:
  explicit Builder(const Side& side) : side_(side) {}

  void AddChildren(Element& parent, const Message& message, const std::string& path) const {
    const auto& type = *message.GetDescriptor();
    for (int i = 0; i < type.field_count(); ++i) {
      const FieldDescriptor& field = *type.field(i);
      const DiffField* row = FindDiffField(field);
      if (row == nullptr) continue;
      switch (row->match) {
        case Match::kElements:
          AddList(parent, message, field, path);
          break;
        case Match::kElement:
          if (CountOf(message, field) > 0) {
            AddElement(parent, PartOf(message, field, -1), field, PathOf(path, field));
          }
          break;
        case Match::kPart:
          AddChildren(parent, PartOf(message, field, -1), PathOf(path, field));
          break;
        default:
          break;
      }
    }
  }

 private:
  void AddList(Element& parent, const Message& message, const FieldDescriptor& field,
               const std::string& path) const {
    for (int i = 0; i < CountOf(message, field); ++i) {
      AddElement(parent, PartOf(message, field, i), field, PathOf(path, field, i)).place = i;
    }
  }

  Element& AddElement(Element& parent, const Message& message, const FieldDescriptor& field,
                      const std::string& path) const {
    Element& element = parent.children.emplace_back();
    element.row = FindElementRow(field);
    element.field = &field;
    element.message = &message;
    element.path = path;
    Identify(parent, element);
    AddChildren(element, message, path);
    return element;
  }

  void Identify(const Element& parent, Element& element) const {
    if (element.row->keys.empty()) {
      element.id = element.name = element.key = element.field->name();
      return;
    }
    const Message& message = *element.message;
    const std::vector<std::string> keys = absl::StrSplit(element.row->keys, ' ');
    for (const std::string& key : keys) {
      const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(key);
      const std::string shown = side_.Shown(message, *field, -1, element.path);
      if (!shown.empty()) absl::StrAppend(&element.name, element.name.empty() ? "" : " ", shown);
      absl::StrAppend(&element.key, side_.Form(message, *field, -1, element.path), "\n");
    }
    element.id = element.name;
    if (IsStratum(element)) {
      // "low" of one tool is not "low" of another.
      element.id = absl::StrCat(parent.id, "/", element.name);
      element.key = side_.Renamed(Kind::kNone, element.id);
      if (element.key == element.id) element.key = element.name;
    }
    if (keys.size() > 1) element.content = side_.Form(message, element.path);
  }

  const Side& side_;
};

// The id field, if ids of that kind can be given another name.
const FieldDescriptor* IdField(const Element& element) {
  const auto* type = element.message->GetDescriptor();
  const FieldDescriptor* field = type->FindFieldByName("id");
  return element.row->keys == "id" ? field : nullptr;
}

class RenameFinder {
 public:
  RenameFinder(Side& from, const Side& to) : from_(from), to_(to) {}

  // True if anything was found.
  bool Visit(const Element* before, const Element* after) {
    bool found = false;
    std::map<std::pair<const ElementRow*, std::string>, std::vector<const Element*>> gone;
    const std::vector<ElementPair> pairs = PairChildren(before, after);
    for (const ElementPair& pair : pairs) {
      if (pair.before != nullptr && pair.after != nullptr) {
        found |= Visit(pair.before, pair.after);
      } else if (pair.before != nullptr && IdField(*pair.before) != nullptr) {
        gone[{pair.before->row, ContentOf(from_, *pair.before)}].push_back(pair.before);
      }
    }
    for (const ElementPair& pair : pairs) {
      if (pair.before != nullptr || IdField(*pair.after) == nullptr) continue;
      const auto same = gone.find({pair.after->row, ContentOf(to_, *pair.after)});
      if (same == gone.end() || same->second.empty()) continue;
      found |= Rename(*same->second.front(), *pair.after);
      same->second.erase(same->second.begin());
    }
    return found;
  }

 private:
  static std::string ContentOf(const Side& side, const Element& element) {
    return side.Form(*element.message, element.path, /*keys=*/false);
  }

  bool Rename(const Element& before, const Element& after) {
    // Strata have no namespace of their own: within their tool.
    if (IsStratum(before)) return from_.Rename(Kind::kNone, before.id, after.name);
    const ruleset::FieldRole* role = ruleset::FindFieldRole(*IdField(before));
    return from_.Rename(role->kind, before.name, after.name);
  }

  Side& from_;
  const Side& to_;
};

const std::vector<Element>& ChildrenOf(const Element* element) {
  static const auto* const kNone = new std::vector<Element>();
  return element == nullptr ? *kNone : element->children;
}

// Of several with the same key the one with the same content.
const Element* TakeEqual(std::vector<const Element*>& candidates, const Element& element) {
  const auto same = std::find_if(
      candidates.begin(), candidates.end(),
      [&element](const Element* candidate) { return candidate->content == element.content; });
  if (same == candidates.end()) return nullptr;
  const Element* found = *same;
  candidates.erase(same);
  return found;
}

}  // namespace

Element ElementsOf(const Side& side) {
  Element root;
  root.message = &side.source();
  Builder(side).AddChildren(root, side.source(), "");
  return root;
}

std::string TitleOf(const Message& message) {
  for (const char* name : {"title", "name", "label", "words", "because", "text", "until"}) {
    const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(name);
    if (field == nullptr || field->is_repeated()) continue;
    std::string text = message.GetReflection()->GetString(message, field);
    if (!text.empty()) return text;
  }
  return "";
}

std::string NameOf(const Element& element) {
  return element.row->keys.empty() ? std::string(element.row->kind)
                                   : absl::StrCat(element.row->kind, " ", element.id);
}

std::vector<ElementPair> PairChildren(const Element* before, const Element* after) {
  std::map<std::pair<const ElementRow*, std::string>, std::vector<const Element*>> old;
  std::vector<ElementPair> pairs;
  for (const Element& child : ChildrenOf(before)) old[{child.row, child.key}].push_back(&child);
  for (const Element& child : ChildrenOf(after)) {
    pairs.push_back({TakeEqual(old[{child.row, child.key}], child), &child});
  }
  for (ElementPair& pair : pairs) {
    std::vector<const Element*>& left = old[{pair.after->row, pair.after->key}];
    if (pair.before != nullptr || left.empty()) continue;
    pair.before = left.front();
    left.erase(left.begin());
  }
  for (const Element& child : ChildrenOf(before)) {
    const std::vector<const Element*>& left = old[{child.row, child.key}];
    if (std::find(left.begin(), left.end(), &child) != left.end()) {
      pairs.push_back({&child, nullptr});
    }
  }
  return pairs;
}

void FindRenames(Side& from, const Side& to, Element& before, const Element& after) {
  for (int round = 0; round < kMostRounds; ++round) {
    if (!RenameFinder(from, to).Visit(&before, &after)) return;
    before = ElementsOf(from);
  }
}

}  // namespace plumbline::diff
