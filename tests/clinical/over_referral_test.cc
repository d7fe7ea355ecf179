// How many people does the service send on? On synthetic people drawn with published prevalences
// (tests/testing/engine/prevalence_sampler.h states what is published and what is assumed), seeded.
// Prints the table that docs/over_referral.md holds. PLUMBLINE_SEED draws other people.

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "tests/clinical/source_rules.h"
#include "tests/testing/engine/prevalence_sampler.h"
#include "tests/testing/engine/random_intake.h"

namespace plumbline::clinical {
namespace {

using plumbline::testing::Disease;
using plumbline::testing::DiseaseName;
using plumbline::testing::PrevalenceSampler;
using plumbline::testing::RedFlagAnswers;
using plumbline::testing::SampledPerson;
using plumbline::testing::TestSeed;

constexpr int kPeople = 10'000;
constexpr int kSickPerDisease = 1'000;
constexpr std::array<Disease, 4> kDiseases = {Disease::kFracture, Disease::kMalignancy,
                                              Disease::kCaudaEquina, Disease::kInfection};

// Upper bounds for people without serious disease: measured shares plus a margin.
// docs/over_referral.md holds the measurement.
constexpr double kMostNotExercising = 0.38;     // any level above EXERCISE_OK
constexpr double kMostSentUrgently = 0.25;      // URGENT_2W and above
constexpr double kMostSentToday = 0.13;         // URGENT_SAME_DAY and above
constexpr double kMostKeptFromExercise = 0.32;  // HOLD_UNTIL_REVIEW and HOLD

class OverReferralTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto ruleset = CompileFiles(SourceRules());
    ASSERT_NE(ruleset, nullptr);
    evaluator_ = std::make_unique<Evaluator>(std::move(ruleset));
  }

  v1::Decision Decide(const v1::Intake& intake) {
    v1::Decision decision = evaluator_->Decide(intake);
    for (const engine::FieldViolation& violation : evaluator_->refused()) {
      ADD_FAILURE() << violation.field << ": " << violation.description << "\n"
                    << intake.ShortDebugString();
    }
    return decision;
  }

  std::unique_ptr<Evaluator> evaluator_;
};

std::string Name(v1::Level level) { return v1::Level_Name(level).substr(6); }
std::string Name(v1::Gate gate) { return v1::Gate_Name(gate).substr(5); }
double Percent(int part, int whole) { return whole == 0 ? 0 : 100.0 * part / whole; }

struct Tally {
  int people = 0;
  int healthy = 0;
  std::map<v1::Level, std::pair<int, int>> levels;  // all, healthy
  std::map<v1::Gate, std::pair<int, int>> gates;
  std::map<std::string, int> rules;

  void Add(const SampledPerson& person, const v1::Decision& decision) {
    const bool well = person.disease == Disease::kNone;
    ++people;
    healthy += well ? 1 : 0;
    const auto count = [well](std::pair<int, int>& cell) {
      ++cell.first;
      cell.second += well ? 1 : 0;
    };
    count(levels[decision.disposition().level()]);
    count(gates[decision.disposition().gate()]);
    for (const v1::FiredRule& rule : decision.fired_rules()) ++rules[rule.rationale().rule_id()];
    for (const v1::FiredRule& rule : decision.notes()) ++rules[rule.rationale().rule_id()];
  }

  double HealthyShareFrom(v1::Level level) const {
    int sent = 0;
    for (const auto& [at, count] : levels) sent += at >= level ? count.second : 0;
    return static_cast<double>(sent) / healthy;
  }
  double HealthyShareFrom(v1::Gate gate) const {
    int held = 0;
    for (const auto& [at, count] : gates) held += at >= gate ? count.second : 0;
    return static_cast<double>(held) / healthy;
  }

  void Print() const {
    std::printf("%d people, %d of them without serious disease\n", people, healthy);
    std::printf("%-28s %8s %8s\n", "level", "all %", "well %");
    for (auto row = levels.rbegin(); row != levels.rend(); ++row) {
      std::printf("%-28s %8.2f %8.2f\n", Name(row->first).c_str(),
                  Percent(row->second.first, people), Percent(row->second.second, healthy));
    }
    std::printf("%-28s %8s %8s\n", "gate", "all %", "well %");
    for (auto row = gates.rbegin(); row != gates.rend(); ++row) {
      std::printf("%-28s %8.2f %8.2f\n", Name(row->first).c_str(),
                  Percent(row->second.first, people), Percent(row->second.second, healthy));
    }
    std::vector<std::pair<int, std::string>> top;
    for (const auto& [id, count] : rules) top.emplace_back(-count, id);
    std::sort(top.begin(), top.end());
    std::printf("%-28s %8s\n", "rule (15 most frequent)", "all %");
    for (size_t i = 0; i < std::min<size_t>(15, top.size()); ++i) {
      std::printf("%-28s %8.2f\n", top[i].second.c_str(), Percent(-top[i].first, people));
    }
  }
};

TEST_F(OverReferralTest, PeopleOfPrimaryCareAreSentWithinTheBounds) {
  PrevalenceSampler sampler(TestSeed());
  Tally tally;
  for (int i = 0; i < kPeople; ++i) {
    const SampledPerson person = sampler.Anyone();
    tally.Add(person, Decide(person.intake));
    if (HasFailure()) return;
  }
  tally.Print();
  EXPECT_LE(tally.HealthyShareFrom(v1::LEVEL_PRO_REVIEW_BEFORE_EXERCISE), kMostNotExercising);
  EXPECT_LE(tally.HealthyShareFrom(v1::LEVEL_URGENT_2W), kMostSentUrgently);
  EXPECT_LE(tally.HealthyShareFrom(v1::LEVEL_URGENT_SAME_DAY), kMostSentToday);
  EXPECT_LE(tally.HealthyShareFrom(v1::GATE_HOLD_UNTIL_REVIEW), kMostKeptFromExercise);
}

TEST_F(OverReferralTest, SimpleMechanicalPainNeverLeavesExercise) {
  PrevalenceSampler sampler(TestSeed());
  for (int i = 0; i < kPeople; ++i) {
    const v1::Intake intake = sampler.Simple();
    const v1::Decision decision = Decide(intake);
    EXPECT_EQ(decision.disposition().level(), v1::LEVEL_EXERCISE_OK)
        << decision.fired_rules(0).rationale().rule_id() << "\n"
        << intake.ShortDebugString();
    EXPECT_LE(decision.disposition().gate(), v1::GATE_ALLOW_RESTRICTED)
        << intake.ShortDebugString();
    if (HasFailure()) return;
  }
}

TEST_F(OverReferralTest, SentinelSignsAreNeverMissed) {
  PrevalenceSampler sampler(TestSeed());
  std::printf("%-14s %6s %9s %9s %9s %9s %9s\n", "disease", "people", "sentinel", "today %",
              "2 weeks %", "review %", "missed %");
  for (const Disease disease : kDiseases) {
    int sentinels = 0;
    int today = 0;
    int two_weeks = 0;
    int review = 0;
    int missed = 0;
    for (int i = 0; i < kSickPerDisease; ++i) {
      const SampledPerson person = sampler.With(disease);
      const v1::Decision decision = Decide(person.intake);
      const v1::Level level = decision.disposition().level();
      if (person.sentinel != v1::LEVEL_UNSPECIFIED) {
        ++sentinels;
        EXPECT_GE(level, person.sentinel) << DiseaseName(disease) << "\n"
                                          << person.intake.ShortDebugString();
      }
      if (level >= v1::LEVEL_URGENT_SAME_DAY) {
        ++today;
      } else if (level == v1::LEVEL_URGENT_2W) {
        ++two_weeks;
      } else if (level >= v1::LEVEL_PRO_REVIEW_BEFORE_EXERCISE) {
        ++review;
      } else {
        ++missed;
      }
      if (HasFailure()) return;
    }
    std::printf("%-14s %6d %9d %9.1f %9.1f %9.1f %9.1f\n", DiseaseName(disease), kSickPerDisease,
                sentinels, Percent(today, kSickPerDisease), Percent(two_weeks, kSickPerDisease),
                Percent(review, kSickPerDisease), Percent(missed, kSickPerDisease));
  }
}

TEST(PrevalenceSamplerTest, MarginalsAreTheStatedOnes) {
  PrevalenceSampler sampler(TestSeed());
  constexpr int kDraws = 40'000;
  std::map<Disease, int> diseases;
  std::vector<int> flags;
  int women = 0;
  int leg_pain = 0;
  int acute = 0;
  int under_thirty = 0;
  for (int i = 0; i < kDraws; ++i) {
    const SampledPerson person = sampler.Anyone();
    ++diseases[person.disease];
    if (person.disease != Disease::kNone) continue;
    flags.push_back(RedFlagAnswers(person.intake));
    women += person.intake.person().sex() == v1::SEX_FEMALE ? 1 : 0;
    leg_pain += person.intake.leg_nerve_cord().leg_pain() == v1::LEG_PAIN_NONE ? 0 : 1;
    acute += person.intake.person().duration_days() <= 42 ? 1 : 0;
    under_thirty += person.intake.person().age_years() < 30 ? 1 : 0;
  }
  const int healthy = static_cast<int>(flags.size());
  const auto share = [healthy](int count) { return static_cast<double>(count) / healthy; };
  EXPECT_NEAR(share(women), 0.52, 0.015);
  EXPECT_NEAR(share(leg_pain), 0.40, 0.015);
  EXPECT_NEAR(share(acute), 0.70, 0.015);
  EXPECT_NEAR(share(under_thirty), 0.18, 0.015);
  EXPECT_NEAR(static_cast<double>(diseases[Disease::kFracture]) / kDraws, 0.04, 0.005);
  EXPECT_NEAR(static_cast<double>(diseases[Disease::kMalignancy]) / kDraws, 0.007, 0.002);
  EXPECT_NEAR(static_cast<double>(diseases[Disease::kCaudaEquina]) / kDraws, 0.0004, 0.0004);
  // Published: 80.4 % with one or more, median 2.
  const auto flagged = std::count_if(flags.begin(), flags.end(), [](int n) { return n > 0; });
  EXPECT_NEAR(share(static_cast<int>(flagged)), 0.804, 0.015);
  std::nth_element(flags.begin(), flags.begin() + healthy / 2, flags.end());
  EXPECT_EQ(flags[static_cast<size_t>(healthy) / 2], 2);
  std::printf("with a red flag answer: %.1f %%\n", 100 * share(static_cast<int>(flagged)));
}

}  // namespace
}  // namespace plumbline::clinical
