// Random intakes: any field of plumbline.v1.Intake may be absent, asked and not known, or have a
// value. Seeded, so that a failure can be repeated.

#ifndef PLUMBLINE_TESTS_TESTING_ENGINE_RANDOM_INTAKE_H_
#define PLUMBLINE_TESTS_TESTING_ENGINE_RANDOM_INTAKE_H_

#include <random>

#include "plumbline/v1/intake.pb.h"
#include "server/ruleset/compiled_ruleset.h"

namespace plumbline::testing {

struct RandomIntakeOptions {
  double absent = 0.4;         // probability that a field is left out
  double asked_unknown = 0.1;  // of the rest, where the type allows it
  double tri_yes = 0.3;        // of the answered tri fields
};

// Numbers are drawn from the plausible range of their question. The result may be contradictory.
v1::Intake RandomIntake(const ruleset::CompiledRuleset& ruleset, std::mt19937_64& random,
                        const RandomIntakeOptions& options = {});

// Gives a random value to every field that is absent or not known; the others stay.
void CompleteAtRandom(const ruleset::CompiledRuleset& ruleset, std::mt19937_64& random,
                      v1::Intake& intake);

// PLUMBLINE_SEED from the environment, or a fixed seed; printed, so that a run can be repeated.
uint64_t TestSeed();

}  // namespace plumbline::testing

#endif  // PLUMBLINE_TESTS_TESTING_ENGINE_RANDOM_INTAKE_H_
