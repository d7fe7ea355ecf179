// One test for each kind of element: added, removed, renamed, moved.

#include "server/diff/elements.h"

#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "server/diff/fields.h"
#include "tests/unit/diff/made_ruleset.h"

namespace plumbline::diff {

inline void PrintTo(const ElementRow& row, std::ostream* out) { *out << std::string(row.kind); }

namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// The first message of that type below `message`; null if there is none.
Message* FindMessage(Message& message, const std::string& type) {
  if (message.GetDescriptor()->name() == type) return &message;
  const auto& reflection = *message.GetReflection();
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor& field = *message.GetDescriptor()->field(i);
    if (field.message_type() == nullptr) continue;
    if (!field.is_repeated()) {
      if (!reflection.HasField(message, &field)) continue;
      if (Message* found = FindMessage(*reflection.MutableMessage(&message, &field), type)) {
        return found;
      }
    } else if (reflection.FieldSize(message, &field) > 0) {
      if (Message* found =
              FindMessage(*reflection.MutableRepeatedMessage(&message, &field, 0), type)) {
        return found;
      }
    }
  }
  return nullptr;
}

struct ListPlace {
  Message* holder;
  const FieldDescriptor* field;
};

ListPlace Find(v1::Ruleset& ruleset, const ElementRow& row) {
  Message* holder = FindMessage(ruleset, std::string(row.message));
  return {holder, holder->GetDescriptor()->FindFieldByName(std::string(row.field))};
}

// Sets the first key to something that no other entry has.
void SetKey(Message& entry, const ElementRow& row, const std::string& id) {
  const std::vector<std::string> keys = absl::StrSplit(row.keys, ' ');
  const FieldDescriptor* key = entry.GetDescriptor()->FindFieldByName(keys[0]);
  if (key->enum_type() != nullptr) {
    entry.GetReflection()->SetEnumValue(&entry, key, 0);
  } else {
    entry.GetReflection()->SetString(&entry, key, id);
  }
}

// The full ruleset with one more entry in the list, a copy of its first one, at the end.
v1::Ruleset WithExtra(const ElementRow& row, const std::string& id) {
  v1::Ruleset ruleset = ParsedText(FullText());
  const ListPlace list = Find(ruleset, row);
  const auto& reflection = *list.holder->GetReflection();
  Message* extra = reflection.AddMessage(list.holder, list.field);
  extra->CopyFrom(reflection.GetRepeatedMessage(*list.holder, list.field, 0));
  SetKey(*extra, row, id);
  return ruleset;
}

std::vector<ElementRow> Lists(bool named) {
  std::vector<ElementRow> rows;
  for (const ElementRow& row : ElementRows()) {
    if (named ? row.keys == "id" : !row.keys.empty()) rows.push_back(row);
  }
  return rows;
}

class ElementKindTest : public ::testing::TestWithParam<ElementRow> {
 protected:
  const ElementRow& row_ = GetParam();
  const v1::Ruleset base_ = ParsedText(FullText());
  const v1::Ruleset extra_ = WithExtra(row_, "extra");
};

TEST_P(ElementKindTest, AddedAndRemovedIsReportedOnce) {
  const v1::RulesetDiff added = DiffOf(base_, extra_);
  ASSERT_EQ(added.changes_size(), 1) << added.DebugString();
  EXPECT_EQ(added.changes(0).kind(), v1::CHANGE_KIND_ADDED);
  EXPECT_EQ(added.changes(0).element_kind(), std::string(row_.kind));
  EXPECT_EQ(added.changes(0).bump(), BumpOf(row_.added));
  EXPECT_EQ(added.changes(0).change_class(), ClassOf(row_.added));
  EXPECT_EQ(added.changes(0).fields_size(), 0);

  const v1::RulesetDiff removed = DiffOf(extra_, base_);
  ASSERT_EQ(removed.changes_size(), 1) << removed.DebugString();
  EXPECT_EQ(removed.changes(0).kind(), v1::CHANGE_KIND_REMOVED);
  EXPECT_EQ(removed.changes(0).bump(), BumpOf(row_.removed));
  EXPECT_EQ(removed.changes(0).element_id(), added.changes(0).element_id());
}

// Those with an id, and not named by what they are about.
class NamedElementTest : public ElementKindTest {};

TEST_P(NamedElementTest, TheSameUnderAnotherIdIsRenamed) {
  const v1::RulesetDiff diff = DiffOf(extra_, WithExtra(row_, "other"));
  ASSERT_EQ(diff.changes_size(), 1) << diff.DebugString();
  EXPECT_EQ(diff.changes(0).kind(), v1::CHANGE_KIND_RENAMED);
  const std::string parent = row_.kind == "stratum" ? "tool/" : "";
  EXPECT_EQ(diff.changes(0).element_id(), parent + "extra");
  EXPECT_EQ(diff.changes(0).new_element_id(), parent + "other");
  EXPECT_EQ(diff.changes(0).bump(), BumpOf(row_.renamed));
}

TEST_P(ElementKindTest, AnotherPlaceCountsWhereTheOrderCounts) {
  v1::Ruleset moved = extra_;
  const ListPlace list = Find(moved, row_);
  const auto& reflection = *list.holder->GetReflection();
  const int last = reflection.FieldSize(*list.holder, list.field) - 1;
  for (int i = last; i > 0; --i) reflection.SwapElements(list.holder, list.field, i - 1, i);
  const v1::RulesetDiff diff = DiffOf(extra_, moved);
  if (row_.order == Order::kNone) {
    EXPECT_EQ(diff.changes_size(), 0) << diff.DebugString();
    return;
  }
  ASSERT_EQ(diff.changes_size(), 1) << diff.DebugString();
  EXPECT_EQ(diff.changes(0).kind(), v1::CHANGE_KIND_MOVED);
  EXPECT_EQ(diff.changes(0).bump(), v1::VERSION_BUMP_MAJOR);
  EXPECT_EQ(diff.changes(0).fields(0).path(), "(place)");
}

std::string TestName(const ::testing::TestParamInfo<ElementRow>& info) {
  std::string name;
  for (const char c : info.param.kind) name += c == ' ' || c == '-' ? '_' : c;
  return name;
}

INSTANTIATE_TEST_SUITE_P(AllKinds, ElementKindTest, ::testing::ValuesIn(Lists(false)), TestName);
INSTANTIATE_TEST_SUITE_P(AllKinds, NamedElementTest, ::testing::ValuesIn(Lists(true)), TestName);

TEST(ElementsTest, SingularPartsAreElements) {
  EXPECT_EQ(DiffOfEdit("max: 110", "max: 120").changes(0).element_kind(), "question");
  EXPECT_EQ(DiffOfEdit("intended_use: \"Tests\"", "intended_use: \"More\"").changes(0).element_id(),
            "manifest");
  EXPECT_EQ(
      DiffOfEdit("neutral_set: \"EX-WALK\"", "neutral_set: \"EX-BEND\"").changes(0).element_id(),
      "programme");
  EXPECT_EQ(DiffOfEdit("skip_after: 2", "skip_after: 3").changes(0).element_id(), "responses");
  EXPECT_EQ(DiffOfEdit("title: \"Watch out\"", "title: \"Careful\"").changes(0).element_id(),
            "safety_net");
}

TEST(ElementsTest, PartsOfAnAddedElementAreNotReportedAgain) {
  v1::Ruleset to = ParsedText(FullText());
  v1::Source& source = *to.add_sources();
  source.set_id("PAPER");
  source.add_passages()->set_id("PAPER/1");
  const v1::RulesetDiff diff = DiffOf(ParsedText(FullText()), to);
  ASSERT_EQ(diff.changes_size(), 1);
  EXPECT_EQ(diff.changes(0).element_id(), "PAPER");
}

TEST(ElementsTest, ARenamedElementIsTheSameToThoseThatNameIt) {
  // Read by a red flag, a stage, a caution and others.
  std::string text = FullText();
  for (size_t at = text.find("older"); at != std::string::npos; at = text.find("older", at + 6)) {
    text.replace(at, 5, "aged");
  }
  text = testing::Edited(text, "sixty or aged", "sixty or older");
  const v1::RulesetDiff term = DiffOfTexts(FullText(), text);
  ASSERT_EQ(term.changes_size(), 1) << term.DebugString();
  EXPECT_EQ(term.changes(0).kind(), v1::CHANGE_KIND_RENAMED);
  EXPECT_EQ(term.changes(0).summary(), "term older \"sixty or older\" is now called aged");

  // A condition is read as suspected.leggy; an exercise is named in lists, tables and tests; a
  // passage is cited.
  for (const auto& [from, to] :
       std::vector<std::pair<std::string, std::string>>{{"leggy", "legged"},
                                                        {"EX-BEND", "EX-STOOP"},
                                                        {"BOOK/1", "BOOK/one"},
                                                        {"RF-1", "RF-X"}}) {
    text = FullText();
    for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + 1)) {
      text.replace(at, from.size(), to);
    }
    const v1::RulesetDiff diff = DiffOfTexts(FullText(), text);
    ASSERT_EQ(diff.changes_size(), 1) << from << diff.DebugString();
    EXPECT_EQ(diff.changes(0).kind(), v1::CHANGE_KIND_RENAMED);
    EXPECT_EQ(diff.changes(0).new_element_id(), to);
  }
}

TEST(ElementsTest, ARenamedSourceKeepsItsPassages) {
  std::string text = FullText();
  text = testing::Edited(text, "  id: \"BOOK\"", "  id: \"TOME\"");
  const v1::RulesetDiff diff = DiffOfTexts(FullText(), text);
  ASSERT_EQ(diff.changes_size(), 1) << diff.DebugString();
  EXPECT_EQ(diff.changes(0).new_element_id(), "TOME");
}

}  // namespace
}  // namespace plumbline::diff
