#include "server/ruleset/rule_fields.h"

#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "plumbline/v1/ruleset.pb.h"

namespace plumbline::ruleset {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

void Collect(const Descriptor& type, std::set<const Descriptor*>& types) {
  if (!types.insert(&type).second) return;
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    const FieldRole* role = FindFieldRole(field);
    if (field.message_type() != nullptr && (role == nullptr || role->role != Role::kOpaque)) {
      Collect(*field.message_type(), types);
    }
  }
}

TEST(RuleFieldsTest, EveryFieldOfTheAuthoringFormHasARole) {
  std::set<const Descriptor*> types;
  Collect(*v1::Ruleset::descriptor(), types);
  size_t fields = 0;
  for (const Descriptor* type : types) {
    for (int i = 0; i < type->field_count(); ++i) {
      ++fields;
      EXPECT_NE(FindFieldRole(*type->field(i)), nullptr) << type->field(i)->full_name();
    }
  }
  EXPECT_EQ(fields, FieldRoles().size()) << "a role without a field";
}

TEST(RuleFieldsTest, RolesGoWithTheTypesOfTheirFields) {
  std::set<const Descriptor*> types;
  Collect(*v1::Ruleset::descriptor(), types);
  for (const Descriptor* type : types) {
    for (int i = 0; i < type->field_count(); ++i) {
      const FieldDescriptor& field = *type->field(i);
      const FieldRole* role = FindFieldRole(field);
      if (role == nullptr) continue;
      const bool is_message = role->role == Role::kPart || role->role == Role::kOpaque;
      EXPECT_EQ(field.message_type() != nullptr, is_message) << field.full_name();
      EXPECT_EQ(field.enum_type() != nullptr, role->role == Role::kChoice) << field.full_name();
      if (role->role == Role::kNumber || is_message || role->role == Role::kChoice) continue;
      EXPECT_EQ(field.type(), FieldDescriptor::TYPE_STRING) << field.full_name();
    }
  }
}

TEST(RuleFieldsTest, WalkVisitsEveryMessageWithItsPath) {
  v1::Ruleset ruleset;
  ruleset.add_terms();
  ruleset.add_conditions()->add_findings();
  ruleset.mutable_programme()->add_sizes();
  ruleset.add_vignettes()->mutable_given()->mutable_person();
  std::set<std::string> paths;
  WalkMessages(ruleset, [&paths](const google::protobuf::Message&, const std::string& path) {
    paths.insert(path);
  });
  EXPECT_EQ(paths,
            (std::set<std::string>{"", "terms[0]", "conditions[0]", "conditions[0].findings[0]",
                                   "programme", "programme.sizes[0]", "vignettes[0]"}));
}

}  // namespace
}  // namespace plumbline::ruleset
