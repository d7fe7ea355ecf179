#include "server/diff/elements.h"

#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "server/ruleset/rule_fields.h"

namespace plumbline::diff {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// Nested deeper than passages, findings and limits is nothing; a bound all the same.
constexpr int kMostRounds = 16;

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
    std::map<std::string, int> seen;
    for (int i = 0; i < CountOf(message, field); ++i) {
      Element& element =
          AddElement(parent, PartOf(message, field, i), field, PathOf(path, field, i));
      element.place = i;
      // Entries that nothing tells apart are told apart by their order.
      if (const int before = seen[element.key]++; before > 0) {
        absl::StrAppend(&element.key, "#", before + 1);
      }
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
      element.id = element.key = element.field->name();
      return;
    }
    const Message& message = *element.message;
    for (const absl::string_view name : absl::StrSplit(element.row->keys, ' ')) {
      const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(std::string(name));
      const std::string shown = side_.Shown(message, *field, -1, element.path);
      if (!shown.empty()) absl::StrAppend(&element.id, element.id.empty() ? "" : " ", shown);
      absl::StrAppend(&element.key, side_.Form(message, *field, -1, element.path), "\n");
    }
    if (element.row->kind == "stratum") element.id = absl::StrCat(parent.id, "/", element.id);
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
    const ruleset::FieldRole* role = ruleset::FindFieldRole(*IdField(before));
    return from_.Rename(role->kind, Id(before), Id(after));
  }

  // The id alone, without its parent's.
  static std::string Id(const Element& element) {
    return element.message->GetReflection()->GetString(*element.message, IdField(element));
  }

  Side& from_;
  const Side& to_;
};

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
  std::map<std::pair<const ElementRow*, std::string>, const Element*> old;
  std::vector<ElementPair> pairs;
  if (before != nullptr) {
    for (const Element& child : before->children) old[{child.row, child.key}] = &child;
  }
  if (after != nullptr) {
    for (const Element& child : after->children) {
      const auto found = old.find({child.row, child.key});
      pairs.push_back({found == old.end() ? nullptr : found->second, &child});
      if (found != old.end()) old.erase(found);
    }
  }
  if (before != nullptr) {
    for (const Element& child : before->children) {
      if (old.count({child.row, child.key}) > 0) pairs.push_back({&child, nullptr});
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
