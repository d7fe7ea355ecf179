// Every exercise of the catalogue is for someone and not for everyone: at least one worked patient
// gets it in the programme, and at least one has it excluded by a contraindication that is named;
// or the service never prescribes it and says why. Prints the table.

#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "server/engine/vignette_runner.h"
#include "tests/clinical/source_rules.h"

namespace plumbline::clinical {
namespace {

struct Reach {
  int prescribed = 0;
  int alternative = 0;
  int later = 0;
  int contraindicated = 0;
  std::string first_patient;
  std::map<std::string, int> excluded_by;
};

std::map<std::string, Reach> ReachOverVignettes(const engine::Engine& engine) {
  std::map<std::string, Reach> reach;
  for (const engine::VignetteResult& result : engine::RunVignettes(engine)) {
    for (const v1::Prescription& exercise : result.decision.programme()) {
      Reach& one = reach[exercise.exercise_id()];
      if (one.prescribed++ == 0) one.first_patient = result.id;
    }
    for (const v1::Prescription& exercise : result.decision.alternatives()) {
      ++reach[exercise.exercise_id()].alternative;
    }
    for (const v1::LockedExercise& exercise : result.decision.later()) {
      ++reach[exercise.exercise_id()].later;
    }
    for (const v1::ExcludedExercise& exercise : result.decision.excluded()) {
      if (exercise.kind() != v1::EXCLUSION_KIND_CONTRAINDICATED) continue;
      Reach& one = reach[exercise.exercise_id()];
      ++one.contraindicated;
      for (const v1::Rationale& reason : exercise.reasons()) ++one.excluded_by[reason.rule_id()];
    }
  }
  return reach;
}

std::string MostFrequent(const std::map<std::string, int>& counts) {
  std::string best = "-";
  int most = 0;
  for (const auto& [id, count] : counts) {
    if (count > most) {
      best = id;
      most = count;
    }
  }
  return best;
}

TEST(ExerciseReachTest, EveryExerciseIsPrescribedToSomeoneAndKeptFromSomeone) {
  const auto ruleset = CompileFiles(SourceRules());
  ASSERT_NE(ruleset, nullptr);
  const engine::Engine engine(ruleset);
  std::map<std::string, Reach> reach = ReachOverVignettes(engine);
  std::printf("%-18s %9s %6s %6s %9s  %-26s %s\n", "exercise", "programme", "alt.", "later",
              "excluded", "most often by", "first patient who gets it");
  for (const v1::Exercise& exercise : ruleset->source.exercises()) {
    const Reach& one = reach[exercise.id()];
    const bool never = !exercise.not_prescribed_because().empty();
    std::printf("%-18s %9d %6d %6d %9d  %-26s %s\n", exercise.id().c_str(), one.prescribed,
                one.alternative, one.later, one.contraindicated,
                MostFrequent(one.excluded_by).c_str(),
                never ? "(never prescribed by the service)" : one.first_patient.c_str());
    if (never) {
      EXPECT_EQ(one.prescribed + one.alternative, 0) << exercise.id();
      continue;
    }
    EXPECT_GT(one.prescribed, 0) << exercise.id() << " is in no worked patient's programme";
    EXPECT_GT(one.contraindicated, 0) << exercise.id() << " is never excluded by a rule";
    EXPECT_FALSE(one.excluded_by.empty()) << exercise.id();
  }
}

}  // namespace
}  // namespace plumbline::clinical
