#include "server/expr/schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/text_format.h"
#include "tests/testing/expr/test_intake.h"
#include "tests/testing/expr/test_intake.pb.h"

namespace plumbline::expr {
namespace {

using ::testing::HasSubstr;

const Slot& SlotOf(const std::string& name) {
  return testing::TestSchema().slot(testing::TestSchema().Find(name).value());
}

TEST(SchemaTest, FlattensGroupsIntoSlotsWithTypes) {
  const struct {
    const char* name;
    const char* path;
    const char* type;
    SlotSource source;
  } kSlots[] = {
      {"age", "person.age", "int", SlotSource::kScalar},
      {"days", "person.days", "int", SlotSource::kScalar},
      {"weight", "person.weight", "double", SlotSource::kScalar},
      {"temp", "person.temp", "double", SlotSource::kScalar},
      {"note", "person.note", "string", SlotSource::kScalar},
      {"trauma", "person.trauma", "Trauma", SlotSource::kEnum},
      {"main_site", "person.main_site", "PainSite", SlotSource::kEnum},
      {"a", "signs.a", "bool", SlotSource::kTri},
      {"consent", "consent", "bool", SlotSource::kScalar},
      {"goals", "goals", "list(string)", SlotSource::kListWithStatus},
      {"sites", "lists.sites", "list(PainSite)", SlotSource::kListWithStatus},
      {"signs_seen", "lists.signs_seen", "list(bool)", SlotSource::kListWithStatus},
      {"visits", "lists.visits", "list(Visit)", SlotSource::kListWithStatus},
  };
  for (const auto& expected : kSlots) {
    const Slot& slot = SlotOf(expected.name);
    EXPECT_EQ(slot.path(), expected.path);
    EXPECT_EQ(slot.type.ToString(), expected.type) << expected.name;
    EXPECT_EQ(slot.source, expected.source) << expected.name;
  }
  EXPECT_EQ(testing::TestSchema().slots().size(), 25u);
  EXPECT_FALSE(testing::TestSchema().Find("person").has_value());
}

TEST(SchemaTest, FindsEnumsOfSlotsListsAndRowsButNotTris) {
  EXPECT_NE(testing::TestSchema().FindEnum("Trauma"), nullptr);
  EXPECT_NE(testing::TestSchema().FindEnum("PainSite"), nullptr);
  EXPECT_EQ(testing::TestSchema().FindEnum("Tri"), nullptr);
  EXPECT_EQ(testing::TestSchema().FindEnum("ListStatus"), nullptr);
}

TEST(EnumNamesTest, PrefixIsTheEnumNameInUpperSnakeCase) {
  EXPECT_EQ(ShortEnumValueName(*testing::PainSite_descriptor()->value(1)), "BACK");
  EXPECT_TRUE(IsUnknownEnumValue(*testing::PainSite_descriptor()->value(0)));
  EXPECT_TRUE(IsUnknownEnumValue(*testing::Trauma_descriptor()->value(4)));
  EXPECT_FALSE(IsUnknownEnumValue(*testing::Trauma_descriptor()->value(1)));
  EXPECT_TRUE(IsTriEnum(*testing::Tri_descriptor()));
  EXPECT_FALSE(IsTriEnum(*testing::Trauma_descriptor()));
}

// The error of a schema whose root message has these fields and neighbours.
std::string ErrorOf(const std::string& file_text) {
  google::protobuf::FileDescriptorProto file;
  if (!google::protobuf::TextFormat::ParseFromString(file_text, &file)) return "not a descriptor";
  file.set_name("bad.proto");
  file.set_syntax("proto3");
  google::protobuf::DescriptorPool pool;
  const auto* built = pool.BuildFile(file);
  if (built == nullptr) return "not built";
  const auto schema = Schema::Create(*built->message_type(0));
  return schema.ok() ? "ok" : std::string(schema.status().message());
}

constexpr char kOptional[] = "proto3_optional: true oneof_index: 0";

std::string Root(const std::string& fields) {
  return absl::StrCat("message_type { name: 'Root' ", fields, " oneof_decl { name: '_x' } }");
}

TEST(SchemaTest, RefusesWhatExpressionsCannotRead) {
  const std::string optional = kOptional;
  EXPECT_EQ(ErrorOf(Root("field { name: 'x' number: 1 type: TYPE_INT32 " + optional + " }")), "ok");
  EXPECT_THAT(ErrorOf(Root("field { name: 'x' number: 1 type: TYPE_UINT32 " + optional + " }")),
              HasSubstr("Root.x"));
  EXPECT_THAT(ErrorOf(Root("field { name: 'x' number: 1 type: TYPE_BYTES " + optional + " }")),
              HasSubstr("bytes"));
  EXPECT_THAT(ErrorOf("message_type { name: 'Root' field { name: 'x' number: 1 type: TYPE_INT32 "
                      "label: LABEL_OPTIONAL } }"),
              HasSubstr("optional"));
  EXPECT_THAT(ErrorOf("message_type { name: 'Root' field { name: 'x' number: 1 type: TYPE_INT32 "
                      "label: LABEL_REPEATED } }"),
              HasSubstr("status"));
  EXPECT_THAT(ErrorOf(Root("field { name: 'as_of' number: 1 type: TYPE_INT32 " + optional + " }")),
              HasSubstr("reserved"));
  const std::string group =
      "message_type { name: 'Root' "
      "field { name: 'g' number: 1 type: TYPE_MESSAGE type_name: '.G' label: LABEL_OPTIONAL } "
      "field { name: 'h' number: 2 type: TYPE_MESSAGE type_name: '.G' label: LABEL_OPTIONAL } } "
      "message_type { name: 'G' field { name: 'x' number: 1 type: TYPE_BOOL " +
      optional + " } oneof_decl { name: '_x' } }";
  EXPECT_THAT(ErrorOf(group), HasSubstr("same name"));
}

TEST(SchemaTest, RefusesMoreFieldsThanASetHolds) {
  std::string fields;
  for (size_t i = 0; i <= kMaxSlots; ++i) {
    absl::StrAppend(&fields, "field { name: 'x", i, "' number: ", i + 1,
                    " type: TYPE_ENUM type_name: '.E' label: LABEL_OPTIONAL } ");
  }
  EXPECT_THAT(ErrorOf("message_type { name: 'Root' " + fields +
                      "} enum_type { name: 'E' value { name: 'E_UNSPECIFIED' number: 0 } }"),
              HasSubstr("too many"));
}

}  // namespace
}  // namespace plumbline::expr
