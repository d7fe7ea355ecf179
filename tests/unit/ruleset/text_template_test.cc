#include "server/ruleset/text_template.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "plumbline/v1/intake.pb.h"

namespace plumbline::ruleset {
namespace {

const expr::Schema& IntakeSchema() {
  static const auto* const kSchema =
      new expr::Schema(*expr::Schema::Create(*v1::Intake::descriptor()));
  return *kSchema;
}

// "<literal>[field]<literal>", or the codes of the mistakes.
std::string Parsed(const std::string& text) {
  std::vector<TemplateMistake> mistakes;
  const TextTemplate parsed = ParseTemplate(text, IntakeSchema(), mistakes);
  EXPECT_EQ(parsed.literals.size(), parsed.slots.size() + 1);
  std::string shown;
  for (const TemplateMistake& mistake : mistakes) {
    absl::StrAppend(&shown, mistake.offset, ":", mistake.code, " ");
  }
  if (!mistakes.empty()) return shown;
  for (size_t i = 0; i < parsed.slots.size(); ++i) {
    absl::StrAppend(&shown, parsed.literals[i], "[", IntakeSchema().slot(parsed.slots[i]).name,
                    "]");
  }
  return shown + parsed.literals.back();
}

TEST(TextTemplateTest, TextWithoutHolesIsConstant) {
  EXPECT_EQ(Parsed(""), "");
  EXPECT_EQ(Parsed("Keep warm."), "Keep warm.");
}

TEST(TextTemplateTest, HolesSplitTheText) {
  EXPECT_EQ(Parsed("You are {age_years} years old."), "You are [age_years] years old.");
  EXPECT_EQ(Parsed("{age_years}{nprs_back}"), "[age_years][nprs_back]");
  EXPECT_EQ(Parsed("{pain_sites}"), "[pain_sites]");
}

TEST(TextTemplateTest, DoubledBracesAreBraces) {
  EXPECT_EQ(Parsed("{{age_years}}"), "{age_years}");
  EXPECT_EQ(Parsed("{{{age_years}}}"), "{[age_years]}");
  EXPECT_EQ(Parsed("}}{{"), "}{");
}

TEST(TextTemplateTest, UnclearHolesAreMistakes) {
  EXPECT_EQ(Parsed("a {age_years"), "2:malformed-template ");
  EXPECT_EQ(Parsed("a } b"), "2:malformed-template ");
  EXPECT_EQ(Parsed("{age_years {nprs_back}"), "0:malformed-template ");
  EXPECT_EQ(Parsed("{}"), "1:unknown-template-field ");
  EXPECT_EQ(Parsed("{ age_years }"), "1:unknown-template-field ");
  EXPECT_EQ(Parsed("{age}"), "1:unknown-template-field ");
  EXPECT_EQ(Parsed("{exercise_responses}"), "1:unknown-template-field ");
  EXPECT_EQ(Parsed("{age} } {"),
            "1:unknown-template-field 6:malformed-template 8:malformed-template ");
}

}  // namespace
}  // namespace plumbline::ruleset
