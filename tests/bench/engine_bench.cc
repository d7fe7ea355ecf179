// The engine on rules/low_back_pain: each step by itself, and the whole of Engine::Evaluate.
//
//   plumbline_engine_bench [Google Benchmark options]
//
// Reports medians of seven repetitions in random order unless told otherwise. Counters: evaluations
// a second, allocations per evaluation, bytes of the decision, and for Evaluate the median and 99th
// percentile of single evaluations in microseconds.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "server/engine/engine.h"
#include "tests/bench/allocation_counter.h"
#include "tests/bench/stepwise_engine.h"
#include "tests/bench/typical_intakes.h"

namespace plumbline::bench {
namespace {

using ::plumbline::engine::View;

// What all benchmarks of one patient share.
struct Patient {
  TypicalIntake typical;
  const engine::Engine* engine = nullptr;
  std::shared_ptr<StepwiseEngine> steps;

  const v1::Intake& intake() const { return typical.intake; }
};

// Runs `body` once per iteration and counts what it allocates.
template <typename Body>
void Measure(benchmark::State& state, Body body) {
  body();  // the first run may grow buffers
  const uint64_t allocations = AllocationsOfThisThread();
  int64_t runs = 0;
  for (auto _ : state) {
    body();
    ++runs;
  }
  const uint64_t allocated = AllocationsOfThisThread() - allocations;
  state.SetItemsProcessed(runs);
  state.counters["allocations"] =
      static_cast<double>(allocated) / static_cast<double>(std::max<int64_t>(runs, 1));
}

void Bind(benchmark::State& state, const Patient& patient) {
  Measure(state, [&] { benchmark::DoNotOptimize(patient.steps->Bind(patient.intake())); });
}

void Plan(benchmark::State& state, const Patient& patient) {
  patient.steps->Bind(patient.intake());
  Measure(state, [&] {
    patient.steps->EvaluatePlan(AsOf());
    benchmark::ClobberMemory();
  });
}

void Decide(benchmark::State& state, const Patient& patient) {
  patient.steps->Bind(patient.intake());
  patient.steps->EvaluatePlan(AsOf());
  Measure(state, [&] { benchmark::DoNotOptimize(patient.steps->Decide()); });
}

// Plan, decision and explanation, as structures.
void Structures(benchmark::State& state, const Patient& patient) {
  patient.steps->Bind(patient.intake());
  Measure(state, [&] {
    patient.steps->EvaluatePlan(AsOf());
    patient.steps->Decide();
    benchmark::DoNotOptimize(patient.steps->ExplainAll(Explain::kMatchedAndOpen));
  });
}

void Encode(benchmark::State& state, const Patient& patient) {
  patient.steps->Bind(patient.intake());
  patient.steps->EvaluatePlan(AsOf());
  patient.steps->Decide();
  std::string decision;
  Measure(state, [&] {
    patient.steps->Encode(AsOf(), View::kFull, decision);
    benchmark::DoNotOptimize(decision.data());
  });
}

void AddPercentiles(benchmark::State& state, const std::function<void()>& body) {
  using Clock = std::chrono::steady_clock;
  constexpr size_t kRuns = 2'000;
  std::vector<double> microseconds(kRuns);
  for (double& duration : microseconds) {
    const Clock::time_point start = Clock::now();
    body();
    duration = std::chrono::duration<double, std::micro>(Clock::now() - start).count();
  }
  std::sort(microseconds.begin(), microseconds.end());
  state.counters["p50_us"] = microseconds[kRuns / 2];
  state.counters["p99_us"] = microseconds[kRuns * 99 / 100];
}

void Evaluate(benchmark::State& state, const Patient& patient, View view) {
  engine::Workspace workspace;
  std::string decision;
  const auto body = [&] {
    benchmark::DoNotOptimize(
        patient.engine->Evaluate(patient.intake(), AsOf(), view, workspace, decision));
  };
  Measure(state, body);
  state.counters["bytes"] = static_cast<double>(decision.size());
  AddPercentiles(state, body);
}

void Register(const std::shared_ptr<const Patient>& patient) {
  const auto add = [&](const char* what, std::function<void(benchmark::State&)> run) {
    benchmark::RegisterBenchmark((std::string(what) + "/" + patient->typical.name).c_str(),
                                 [patient, run](benchmark::State& state) { run(state); })
        ->Unit(benchmark::kMicrosecond);
  };
  const Patient& p = *patient;
  add("bind", [&p](benchmark::State& state) { Bind(state, p); });
  add("plan", [&p](benchmark::State& state) { Plan(state, p); });
  add("decide", [&p](benchmark::State& state) { Decide(state, p); });
  add("structures", [&p](benchmark::State& state) { Structures(state, p); });
  add("encode", [&p](benchmark::State& state) { Encode(state, p); });
  add("evaluate_full", [&p](benchmark::State& state) { Evaluate(state, p, View::kFull); });
  add("evaluate_basic", [&p](benchmark::State& state) { Evaluate(state, p, View::kBasic); });
}

// Defaults that the command line may override.
std::vector<char*> WithDefaults(int argc, char** argv) {
  static std::string defaults[] = {
      "--benchmark_repetitions=7", "--benchmark_report_aggregates_only=true",
      "--benchmark_enable_random_interleaving=true", "--benchmark_min_time=0.1"};
  std::vector<char*> arguments = {argv[0]};
  for (std::string& text : defaults) arguments.push_back(text.data());
  arguments.insert(arguments.end(), argv + 1, argv + argc);
  return arguments;
}

int Main(int argc, char** argv) {
  std::vector<char*> arguments = WithDefaults(argc, argv);
  int count = static_cast<int>(arguments.size());
  benchmark::Initialize(&count, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return 2;

  const auto ruleset = LoadRulesOrDie();
  const engine::Engine engine(ruleset);
  for (TypicalIntake& typical : TypicalIntakes(engine)) {
    auto patient = std::make_shared<Patient>();
    patient->typical = std::move(typical);
    patient->engine = &engine;
    patient->steps = std::make_shared<StepwiseEngine>(ruleset);
    if (!patient->steps->AgreesWith(engine, patient->intake(), AsOf())) {
      std::fprintf(stderr, "%s: the steps do not give what the engine gives\n",
                   patient->typical.name.c_str());
      return 1;
    }
    benchmark::AddCustomContext("answers/" + patient->typical.name,
                                std::to_string(CountAnswers(patient->intake())));
    Register(patient);
  }
  benchmark::AddCustomContext("plan_nodes", std::to_string(ruleset->plan.node_count()));
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}

}  // namespace
}  // namespace plumbline::bench

int main(int argc, char** argv) { return plumbline::bench::Main(argc, argv); }
