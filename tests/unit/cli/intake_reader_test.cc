#include "server/cli/intake_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "tests/testing/grpc/child_process.h"

namespace plumbline::cli {
namespace {

TEST(IntakeReaderTest, FormatIsRecognised) {
  for (const char* text : {"person { age_years: 44 }", "  {\"age_years\": 44}",
                           "\xEF\xBB\xBF{\"age_years\": 44}", "\n\t{\"age_years\": 44}"}) {
    v1::Intake intake;
    EXPECT_TRUE(ParseIntake(text, IntakeFormat::kAuto, intake).empty()) << text;
    EXPECT_EQ(intake.person().age_years(), 44) << text;
  }
}

TEST(IntakeReaderTest, EmptyTextIsAnEmptyIntake) {
  v1::Intake intake;
  EXPECT_TRUE(ParseIntake("", IntakeFormat::kAuto, intake).empty());
  EXPECT_TRUE(ParseIntake("# nothing known\n", IntakeFormat::kAuto, intake).empty());
}

TEST(IntakeReaderTest, TextprotoProblemsHaveTheirPlace) {
  v1::Intake intake;
  const auto problems = ParseIntake("person {\n  agee_years: 44\n}", IntakeFormat::kAuto, intake);
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(problems[0].place, "2:13");
  EXPECT_THAT(problems[0].message, ::testing::HasSubstr("agee_years"));
}

TEST(IntakeReaderTest, TextprotoProblemsAreRefused) {
  for (const char* text : {"person { age_years: \"x\" }", "person { sex: SEX_OTHER }", "person {",
                           "age_years: 44", "person { age_years: 99999999999 }"}) {
    v1::Intake intake;
    EXPECT_FALSE(ParseIntake(text, IntakeFormat::kTextproto, intake).empty()) << text;
  }
}

TEST(IntakeReaderTest, ReadsFileAndStandardInput) {
  const testing::TemporaryFolder folder;
  std::istringstream in("from input");
  EXPECT_EQ(*ReadIntakeText(folder.Write("a.json", "from file"), in), "from file");
  EXPECT_EQ(*ReadIntakeText("-", in), "from input");
}

TEST(IntakeReaderTest, UnreadableAndTooLongTextsAreRefused) {
  const testing::TemporaryFolder folder;
  std::istringstream in;
  EXPECT_EQ(ReadIntakeText(folder.path("missing"), in).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(ReadIntakeText(folder.path(), in).status().code(), absl::StatusCode::kInvalidArgument);
  const std::string longest(kMaxIntakeBytes, ' ');
  EXPECT_TRUE(ReadIntakeText(folder.Write("longest", longest), in).ok());
  EXPECT_EQ(ReadIntakeText(folder.Write("longer", longest + " "), in).status().code(),
            absl::StatusCode::kOutOfRange);
}

}  // namespace
}  // namespace plumbline::cli
