#include "server/cli/json_intake.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "google/protobuf/text_format.h"
#include "google/protobuf/util/message_differencer.h"

namespace plumbline::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// "place: message", one for each problem.
std::vector<std::string> Problems(const std::string& json) {
  v1::Intake intake;
  std::vector<std::string> lines;
  for (const IntakeProblem& problem : IntakeFromJson(json, intake)) {
    lines.push_back(problem.place + ": " + problem.message);
  }
  return lines;
}

struct GoodCase {
  const char* name;
  const char* json;
  const char* textproto;
};

void PrintTo(const GoodCase& good, std::ostream* out) { *out << good.name; }

class GoodIntakeTest : public ::testing::TestWithParam<GoodCase> {};

TEST_P(GoodIntakeTest, MeansTheSameAsTheTextproto) {
  v1::Intake intake;
  EXPECT_THAT(Problems(GetParam().json), ElementsAre());
  IntakeFromJson(GetParam().json, intake);
  v1::Intake expected;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(GetParam().textproto, &expected));
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(intake, expected))
      << intake.DebugString();
}

INSTANTIATE_TEST_SUITE_P(
    Forms, GoodIntakeTest,
    ::testing::Values(
        GoodCase{"Empty", "{}", ""},
        GoodCase{"Flat", R"({"age_years": 44, "leg_pain": "below_knee", "ces_saddle": "no"})",
                 "person { age_years: 44 } leg_nerve_cord { leg_pain: LEG_PAIN_BELOW_KNEE } "
                 "cauda_equina { ces_saddle: TRI_NO }"},
        GoodCase{"ProtoJson", R"({"person": {"ageYears": 44, "sex": "SEX_FEMALE"}})",
                 "person { age_years: 44 sex: SEX_FEMALE }"},
        GoodCase{"Mixed", R"({"person": {"age_years": 44}, "fever": true})",
                 "person { age_years: 44 } general_illness { fever: TRI_YES }"},
        GoodCase{"TriWords",
                 R"({"fever": "YES", "unwell": false, "diabetes": "Unknown", "dialysis": "n",
                     "ivdu": "TRI_NO", "tb_risk": "true"})",
                 "general_illness { fever: TRI_YES unwell: TRI_NO diabetes: TRI_UNKNOWN "
                 "dialysis: TRI_NO ivdu: TRI_NO tb_risk: TRI_YES }"},
        GoodCase{"EnumSpelling", R"({"leg_pain": "Below Knee", "sex": "male", "hla_b27": "Pos"})",
                 "leg_nerve_cord { leg_pain: LEG_PAIN_BELOW_KNEE } person { sex: SEX_MALE } "
                 "inflammatory { hla_b27: HLA_B27_POS }"},
        GoodCase{"EnumNumber", R"({"leg_pain": 3})",
                 "leg_nerve_cord { leg_pain: LEG_PAIN_BELOW_KNEE }"},
        GoodCase{"Array", R"({"pain_sites": ["buttock", "PAIN_SITE_GROIN"]})",
                 "person { pain_sites { status: LIST_STATUS_LISTED values: PAIN_SITE_BUTTOCK "
                 "values: PAIN_SITE_GROIN } }"},
        GoodCase{"EmptyArrayIsNone", R"({"equipment": []})",
                 "function_mood_safety { equipment { status: LIST_STATUS_NONE } }"},
        GoodCase{"ListStatusWord", R"({"equipment": "declined"})",
                 "function_mood_safety { equipment { status: LIST_STATUS_DECLINED } }"},
        GoodCase{"ListInFull", R"({"equipment": {"status": "LISTED", "values": ["mat"]}})",
                 "function_mood_safety { equipment { status: LIST_STATUS_LISTED "
                 "values: EQUIPMENT_MAT } }"},
        GoodCase{"Texts", R"({"confirmed_conditions": ["lss"], "cancer_type": "breast 2015"})",
                 "general_illness { cancer_type: 'breast 2015' } "
                 "confirmed_conditions { status: LIST_STATUS_LISTED values: 'lss' }"},
        GoodCase{
            "Rows",
            R"({"exercise_responses": [{"exercise_id": "CX-BRIDGE", "response": "easy",
                     "doseStep": 1}]})",
            "exercise_responses { status: LIST_STATUS_LISTED values { exercise_id: 'CX-BRIDGE' "
            "response: RESPONSE_KIND_EASY dose_step: 1 } }"},
        GoodCase{"Numbers", R"({"temp_c": 36.8, "height_cm": "171.5", "nprs_back": "7"})",
                 "general_illness { temp_c: 36.8 } person { height_cm: 171.5 nprs_back: 7 }"},
        GoodCase{"NullIsAbsent", R"({"age_years": null, "person": null, "pain_sites": null})", ""},
        GoodCase{"OutOfRangeIsForTheEngine", R"({"age_years": 400})", "person { age_years: 400 }"}),
    [](const auto& test) { return std::string(test.param.name); });

struct BadCase {
  const char* name;
  const char* json;
  const char* problem;
};

void PrintTo(const BadCase& bad, std::ostream* out) { *out << bad.name; }

class BadIntakeTest : public ::testing::TestWithParam<BadCase> {};

TEST_P(BadIntakeTest, NamesFieldAndCause) {
  EXPECT_THAT(Problems(GetParam().json), ElementsAre(HasSubstr(GetParam().problem)));
}

INSTANTIATE_TEST_SUITE_P(
    Mistakes, BadIntakeTest,
    ::testing::Values(
        BadCase{"Typo", R"({"agee_years": 44})",
                "agee_years: unknown field agee_years, did you mean age_years?"},
        BadCase{"ShortName", R"({"age": 44})", "unknown field age, did you mean age_years?"},
        BadCase{"Nonsense", R"({"qqqqqqqqqq": 1})", "qqqqqqqqqq: unknown field qqqqqqqqqq"},
        BadCase{"TypoInGroup", R"({"person": {"age_year": 44}})", "did you mean age_years?"},
        BadCase{"WrongGroup", R"({"person": {"fever": true}})",
                "person.fever: this field belongs to general_illness"},
        BadCase{"Twice", R"({"age_years": 44, "person": {"age_years": 45}})",
                "age_years: is given twice"},
        BadCase{"TwiceInTwoSpellings", R"({"ageYears": 44, "age_years": 44})", "is given twice"},
        BadCase{"WrongEnum", R"({"leg_pain": "toes"})",
                "leg_pain: not one of the answers: none, above_knee, below_knee, unknown"},
        BadCase{"WrongEnumNumber", R"({"leg_pain": 99})", "leg_pain: not one of the answers"},
        BadCase{"FractionalEnumNumber", R"({"leg_pain": 1.5})", "not one of the answers"},
        BadCase{"HugeEnumNumber", R"({"leg_pain": 1e300})", "not one of the answers"},
        BadCase{"WrongTri", R"({"fever": "maybe"})",
                "fever: not one of the answers: yes, no, unknown"},
        BadCase{"TrueForAnEnum", R"({"leg_pain": true})",
                "expected one of none, above_knee, below_knee, unknown, found true or false"},
        BadCase{"TextForANumber", R"({"age_years": "old"})",
                "age_years: expected a number, found a text"},
        BadCase{"FractionForAWhole", R"({"age_years": 44.5})",
                "age_years: expected a whole number"},
        BadCase{"TooLargeForAWhole", R"({"age_years": 1e12})", "expected a whole number"},
        BadCase{"NotFinite", R"({"temp_c": "inf"})", "temp_c: expected a finite number"},
        BadCase{"TrueForANumber", R"({"age_years": true})",
                "expected a number, found true or false"},
        BadCase{"NumberForAText", R"({"cancer_type": 5})", "cancer_type: expected a text"},
        BadCase{"ArrayForAScalar", R"({"age_years": [44]})", "expected a number, found an array"},
        BadCase{"ScalarForAList", R"({"pain_sites": 3})", "expected an array, or one of none"},
        BadCase{"WrongListStatus", R"({"pain_sites": "some"})",
                "pain_sites: not one of the answers: not_asked, none, listed, declined"},
        BadCase{"WrongListPart", R"({"pain_sites": {"value": []}})",
                "pain_sites.value: unknown field value, a list has status and values"},
        BadCase{"WrongElement", R"({"pain_sites": ["groin", "knee"]})",
                "pain_sites[1]: not one of"},
        BadCase{"NullElement", R"({"pain_sites": [null]})", "pain_sites[0]: expected one of"},
        BadCase{"RowNotAnObject", R"({"exercise_responses": ["CX-BRIDGE"]})",
                "exercise_responses[0]: expected an object, found a text"},
        BadCase{"RowTypo", R"({"exercise_responses": [{"excercise_id": "X"}]})",
                "exercise_responses[0].excercise_id: unknown field excercise_id, did you mean "
                "exercise_id?"},
        BadCase{"GroupNotAnObject", R"({"person": 3})",
                "person: expected an object with the answers of this group, found a number"},
        BadCase{"TopLevelArray", "[]", "not valid JSON"},
        BadCase{"CutOff", R"({"age_years": 44)", "not valid JSON"},
        BadCase{"Text", "age 44", "not valid JSON"}, BadCase{"Empty", "", "not valid JSON"},
        BadCase{"DuplicateKey", R"({"age_years": 44, "age_years": 45})", "not valid JSON"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(JsonIntakeTest, AllProblemsAreReportedAtOnce) {
  EXPECT_THAT(Problems(R"({"agee_years": 1, "fever": "maybe", "person": {"fever": 1}})").size(),
              3u);
}

TEST(JsonIntakeTest, DeepNestingIsRefusedNotCrashedOn) {
  EXPECT_FALSE(Problems(std::string(100'000, '[')).empty());
  std::string nested = "{\"a\":";
  for (int i = 0; i < 12; ++i) {
    nested += nested;
  }
  EXPECT_FALSE(Problems(nested).empty());
}

TEST(NearestNameTest, OnlyNearNamesAreProposed) {
  const std::vector<std::string> names = {"age_years", "fever", "leg_pain"};
  EXPECT_EQ(NearestName("leg_pan", names), "leg_pain");
  EXPECT_EQ(NearestName("fevr", names), "fever");
  EXPECT_EQ(NearestName("zzz", names), "");
  EXPECT_EQ(NearestName(std::string(1000, 'x'), names), "");
}

}  // namespace
}  // namespace plumbline::cli
