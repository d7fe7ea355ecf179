#include "server/ruleset/hazards.h"

#include "gtest/gtest.h"

namespace plumbline::ruleset {
namespace {

v1::HazardSeverity Severity(int value) { return static_cast<v1::HazardSeverity>(value); }
v1::HazardLikelihood Likelihood(int value) { return static_cast<v1::HazardLikelihood>(value); }

TEST(RiskTest, CornersOfTheMatrix) {
  EXPECT_EQ(RiskOf(v1::HAZARD_SEVERITY_MINOR, v1::HAZARD_LIKELIHOOD_VERY_LOW), 1);
  EXPECT_EQ(RiskOf(v1::HAZARD_SEVERITY_CATASTROPHIC, v1::HAZARD_LIKELIHOOD_VERY_LOW), 3);
  EXPECT_EQ(RiskOf(v1::HAZARD_SEVERITY_MINOR, v1::HAZARD_LIKELIHOOD_VERY_HIGH), 3);
  EXPECT_EQ(RiskOf(v1::HAZARD_SEVERITY_CATASTROPHIC, v1::HAZARD_LIKELIHOOD_VERY_HIGH), 5);
  EXPECT_EQ(RiskOf(v1::HAZARD_SEVERITY_CONSIDERABLE, v1::HAZARD_LIKELIHOOD_MEDIUM), 3);
}

TEST(RiskTest, GrowsWithSeverityAndWithLikelihood) {
  for (int severity = 1; severity <= 5; ++severity) {
    for (int likelihood = 1; likelihood <= 5; ++likelihood) {
      const int risk = RiskOf(Severity(severity), Likelihood(likelihood));
      EXPECT_GE(risk, 1);
      EXPECT_LE(risk, 5);
      if (severity < 5) {
        EXPECT_GE(RiskOf(Severity(severity + 1), Likelihood(likelihood)), risk);
      }
      if (likelihood < 5) {
        EXPECT_GE(RiskOf(Severity(severity), Likelihood(likelihood + 1)), risk);
      }
    }
  }
}

TEST(RiskTest, NotGivenIsNotRated) {
  EXPECT_EQ(RiskOf(Severity(0), Likelihood(3)), 0);
  EXPECT_EQ(RiskOf(Severity(3), Likelihood(0)), 0);
  EXPECT_EQ(RiskName(0), "not rated");
  EXPECT_EQ(SeverityName(Severity(0)), "not rated");
}

TEST(RiskTest, NamesAreThoseOfTheStandard) {
  EXPECT_EQ(SeverityName(v1::HAZARD_SEVERITY_CATASTROPHIC), "catastrophic");
  EXPECT_EQ(LikelihoodName(v1::HAZARD_LIKELIHOOD_VERY_LOW), "very low");
  EXPECT_EQ(RiskName(5), "unacceptable");
}

TEST(RiskTest, OfAHazardBeforeAndAfter) {
  v1::Hazard hazard;
  hazard.set_severity_before(v1::HAZARD_SEVERITY_CATASTROPHIC);
  hazard.set_likelihood_before(v1::HAZARD_LIKELIHOOD_HIGH);
  hazard.set_severity_after(v1::HAZARD_SEVERITY_CATASTROPHIC);
  hazard.set_likelihood_after(v1::HAZARD_LIKELIHOOD_VERY_LOW);
  EXPECT_EQ(RiskBefore(hazard), 5);
  EXPECT_EQ(RiskAfter(hazard), 3);
}

}  // namespace
}  // namespace plumbline::ruleset
