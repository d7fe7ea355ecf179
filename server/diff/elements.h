// The elements of a ruleset as a tree: what a change is reported of. Sources hold passages,
// conditions findings, the programme its limits and quotas.

#ifndef PLUMBLINE_SERVER_DIFF_ELEMENTS_H_
#define PLUMBLINE_SERVER_DIFF_ELEMENTS_H_

#include <functional>
#include <string>
#include <vector>

#include "google/protobuf/message.h"
#include "server/diff/fields.h"
#include "server/diff/side.h"

namespace plumbline::diff {

// Refers to the side's ruleset.
struct Element {
  const ElementRow* row = nullptr;  // null: the ruleset itself
  // The field that holds it; null for the ruleset itself.
  const google::protobuf::FieldDescriptor* field = nullptr;
  const google::protobuf::Message* message = nullptr;
  std::string path;  // "conditions[2].findings[0]"
  // As people know it: "RF-CES-1", "URGENT_2W", "start_back/low".
  std::string id;
  // Its id without that of what it is in: "low".
  std::string name;
  // Equal on both sides for the same element, renames considered.
  std::string key;
  // Form of all of it, where several can have the same key (outcome tables).
  std::string content;
  // Position among the elements of its list, from 0.
  int place = 0;
  std::vector<Element> children;
};

Element ElementsOf(const Side& side);

// Title, name, words ...; empty if it has none.
std::string TitleOf(const google::protobuf::Message& message);

// What an element is called when its kind is not a rule's: with the kind's name, if the id is not
// enough ("level URGENT_2W").
std::string NameOf(const Element& element);

// One element on both sides; null where it is not.
struct ElementPair {
  const Element* before = nullptr;
  const Element* after = nullptr;
};

// Pairs of the children of two elements, by list: in the order of `after`, then what is gone. Null
// stands for an element without children.
std::vector<ElementPair> PairChildren(const Element* before, const Element* after);

// Finds elements that have the same content under another id, and makes the old side read the new
// ids. A renamed term changes the text of the rules that read it, so this goes on until nothing
// more is found. The trees are rebuilt. Pairs of ids that name tests of their own kind only are
// included.
void FindRenames(Side& from, const Side& to, Element& before, const Element& after);

}  // namespace plumbline::diff

#endif  // PLUMBLINE_SERVER_DIFF_ELEMENTS_H_
