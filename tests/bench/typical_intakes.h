// The patients that the benchmarks are run with.

#ifndef PLUMBLINE_TESTS_BENCH_TYPICAL_INTAKES_H_
#define PLUMBLINE_TESTS_BENCH_TYPICAL_INTAKES_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/time/civil_time.h"
#include "plumbline/v1/intake.pb.h"
#include "server/engine/engine.h"
#include "server/ruleset/compiled_ruleset.h"

namespace plumbline::bench {

// Date of every decision in the benchmarks.
inline constexpr int kAsOfYear = 2026;
inline constexpr int kAsOfMonth = 6;
inline constexpr int kAsOfDay = 1;
inline absl::CivilDay AsOf() { return absl::CivilDay(kAsOfYear, kAsOfMonth, kAsOfDay); }

struct TypicalIntake {
  std::string name;
  v1::Intake intake;
};

// rules/low_back_pain of the source tree, or the folder named by PLUMBLINE_RULES (to compare two
// rulesets with one program). Says what is wrong and ends the program if it does not
// compile.
std::shared_ptr<const ruleset::CompiledRuleset> LoadRulesOrDie();

// An intake file of deploy/examples ("02_disc_herniation"). Ends the program if it cannot be read.
v1::Intake ReadExampleOrDie(const std::string& name);

// Simple acute, herniation, stenosis, cauda equina (from deploy/examples), nothing answered, and
// everything answered: the herniation with every other field filled in as harmlessly as possible,
// apart from fields that would contradict the others.
std::vector<TypicalIntake> TypicalIntakes(const engine::Engine& engine);

// Leaf fields that are set.
int CountAnswers(const v1::Intake& intake);

}  // namespace plumbline::bench

#endif  // PLUMBLINE_TESTS_BENCH_TYPICAL_INTAKES_H_
