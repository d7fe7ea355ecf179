// The order of a session, groups by prognostic tools, escalations with an id of their own, texts
// for clinicians.

#include "tests/unit/engine/evaluate.h"

namespace plumbline::engine {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

class SessionTest : public EngineTest {
 protected:
  static std::string WithSequence(const std::string& steps) {
    return testing::Replaced(testing::SmallRulesetText(), "sizes {", steps + "\n sizes {");
  }

  // Ids of the programme in the order of doing.
  static std::vector<std::string> InOrder(const v1::Decision& decision) {
    std::vector<std::string> ids(static_cast<size_t>(decision.programme_size()));
    for (const v1::Prescription& one : decision.programme()) {
      const auto place = static_cast<size_t>(one.session_order());
      if (place < 1 || place > ids.size()) {
        ADD_FAILURE() << one.exercise_id() << " stands at " << place;
        continue;
      }
      ids[place - 1] = one.exercise_id();
    }
    return ids;
  }

  static std::string TypeOf(const v1::Decision& decision, const std::string& id) {
    for (const v1::Prescription& one : decision.programme()) {
      if (one.exercise_id() == id) return v1::ExerciseType_Name(one.type());
    }
    return "";
  }
};

TEST_F(SessionTest, WithoutASequenceTheRankingIsTheOrder) {
  const v1::Decision decision = Evaluate(SafeAnswers());
  ASSERT_GT(decision.programme_size(), 2);
  EXPECT_EQ(InOrder(decision), Ids(decision.programme()));
  EXPECT_FALSE(decision.alternatives().empty() || decision.alternatives(0).has_session_order());
}

TEST_F(SessionTest, StepsOrderTheSessionAndLeaveTheRankingAlone) {
  const std::vector<std::string> ranked = Ids(Evaluate(SafeAnswers()).programme());
  UseRuleset(WithSequence(R"pb(
    sequence {
      id: "SQ-STRETCH"
      types: EXERCISE_TYPE_STRETCH
      types: EXERCISE_TYPE_MOBILITY
      because: "Stretch first."
      sources: "T/1"
    }
    sequence { id: "SQ-CALM" exercise_ids: "EX-CALM" because: "Then calm." sources: "T/1" })pb"));
  const v1::Decision decision = Evaluate(SafeAnswers());
  EXPECT_EQ(Ids(decision.programme()), ranked);
  const std::vector<std::string> order = InOrder(decision);
  size_t stretches = 0;
  while (stretches < order.size() &&
         (TypeOf(decision, order[stretches]) == "EXERCISE_TYPE_STRETCH" ||
          TypeOf(decision, order[stretches]) == "EXERCISE_TYPE_MOBILITY")) {
    ++stretches;
  }
  EXPECT_GT(stretches, 0U);
  for (size_t i = stretches; i < order.size(); ++i) {
    EXPECT_NE(TypeOf(decision, order[i]), "EXERCISE_TYPE_STRETCH");
  }
  const auto calm = std::find(order.begin(), order.end(), "EX-CALM");
  if (calm != order.end()) {
    EXPECT_EQ(calm - order.begin(), static_cast<std::ptrdiff_t>(stretches));
  }
  for (const v1::Prescription& one : decision.programme()) {
    const bool first =
        one.type() == v1::EXERCISE_TYPE_STRETCH || one.type() == v1::EXERCISE_TYPE_MOBILITY;
    EXPECT_EQ(one.session_because(), first                            ? "Stretch first."
                                     : one.exercise_id() == "EX-CALM" ? "Then calm."
                                                                      : "")
        << one.exercise_id();
  }
}

TEST_F(SessionTest, TextsForCliniciansAreInTheFullViewOnly) {
  UseRuleset(testing::Replaced(testing::SmallRulesetText(), "id: \"EX-CALM\"",
                               "id: \"EX-CALM\" clinician_text: \"In short.\""));
  const auto texts = [](const v1::Decision& decision) {
    std::vector<std::string> found;
    for (const auto* list : {&decision.programme(), &decision.alternatives()}) {
      for (const v1::Prescription& one : *list) {
        if (!one.clinician_text().empty()) found.push_back(one.clinician_text());
      }
    }
    return found;
  };
  EXPECT_THAT(texts(Evaluate(SafeAnswers())), ElementsAre("In short."));
  EXPECT_THAT(texts(Evaluate(SafeAnswers(), View::kBasic)), IsEmpty());
}

constexpr char kTool[] = R"pb(
  stratifications {
    id: "tool"
    title: "A tool"
    sources: "T/2"
    strata { id: "high" title: "High" when: "nprs_back >= 7" text: "A score of {nprs_back}." }
    strata {
      id: "medium"
      title: "Medium"
      when: "nprs_back >= 4 && age_years >= 18"
      text: "In between."
      clinician_text: "See the pathway."
    }
    strata { id: "low" title: "Low" when: "nprs_back < 4" text: "A low score." }
  }
)pb";

class StrataTest : public EngineTest {
 protected:
  std::vector<std::string> Strata(const std::string& more) {
    UseRuleset(testing::SmallRulesetText() + kTool);
    decision_ = Evaluate(SafeAnswers() + more);
    std::vector<std::string> ids;
    for (const v1::StratumResult& one : decision_.strata()) {
      ids.push_back(one.stratification_id() + "/" + one.stratum_id());
    }
    return ids;
  }
  v1::Decision decision_;
};

TEST_F(StrataTest, TheFirstGroupThatHoldsIsThePatients) {
  EXPECT_THAT(Strata("person { nprs_back: 3 }"), ElementsAre("tool/low"));
  EXPECT_THAT(Strata("person { nprs_back: 4 }"), ElementsAre("tool/medium"));
  EXPECT_EQ(decision_.strata(0).clinician_text(), "See the pathway.");
  EXPECT_THAT(Strata("person { nprs_back: 7 }"), ElementsAre("tool/high"));
  EXPECT_EQ(decision_.strata(0).rationale().text(), "A score of 7.");
  ASSERT_EQ(decision_.strata(0).rationale().facts_size(), 1);
  EXPECT_EQ(decision_.strata(0).rationale().facts(0).field(), "nprs_back");
  bool cited = false;
  for (const v1::Citation& citation : decision_.citations()) {
    cited = cited || citation.passage_id() == "T/2";
  }
  EXPECT_TRUE(cited);
}

TEST_F(StrataTest, AnOpenGroupBeforeMeansNoGroup) {
  UseRuleset(testing::SmallRulesetText() + kTool);
  EXPECT_THAT(Evaluate("general_illness { fever: TRI_NO }").strata(), IsEmpty());
  // High is excluded, medium is open because the age is missing.
  EXPECT_THAT(Evaluate("person { nprs_back: 5 }").strata(), IsEmpty());
}

class EscalationTest : public EngineTest {
 protected:
  static std::string WithId() {
    return testing::Replaced(testing::SmallRulesetText(), "escalations {",
                             "escalations { id: \"RF-BOTH\"");
  }
};

TEST_F(EscalationTest, FiresUnderItsOwnIdBesideItsScreen) {
  UseRuleset(WithId());
  const v1::Decision decision = Evaluate(
      "general_illness { fever: TRI_NO } leg_nerve_cord { leg_pain: LEG_PAIN_BELOW_KNEE leg_side: "
      "LEG_SIDE_BOTH }");
  EXPECT_THAT(FiredIds(decision), Contains("SCREEN"));
  ASSERT_THAT(FiredIds(decision), Contains("RF-BOTH"));
  for (const v1::FiredRule& rule : decision.fired_rules()) {
    if (rule.rationale().rule_id() != "RF-BOTH") continue;
    EXPECT_EQ(rule.level(), v1::LEVEL_URGENT_SAME_DAY);
    EXPECT_EQ(rule.gate(), v1::GATE_HOLD_UNTIL_REVIEW);
    EXPECT_EQ(rule.fired_by(), v1::FIRED_BY_OPEN_SCREEN);
    EXPECT_EQ(rule.rationale().text(), "Both legs are affected.");
    EXPECT_THAT(rule.missing_fields(), ElementsAre("ces_saddle")) << "its own group only";
  }
}

TEST_F(EscalationTest, StaysSilentWithoutItsReasonOrItsOpenGroup) {
  UseRuleset(WithId());
  EXPECT_THAT(FiredIds(Evaluate("general_illness { fever: TRI_NO }")), Not(Contains("RF-BOTH")));
  EXPECT_THAT(FiredIds(Evaluate("cauda_equina { ces_saddle: TRI_NO } leg_nerve_cord { leg_pain: "
                                "LEG_PAIN_BELOW_KNEE leg_side: LEG_SIDE_BOTH }")),
              Not(Contains("RF-BOTH")));
}

}  // namespace
}  // namespace plumbline::engine
