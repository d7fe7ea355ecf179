// The engine beside the peers on the same workload, the same intakes, in the same run.
//
//   plumbline_comparable_bench --workload FOLDER --peers FOLDER [--rounds N] [--verify-only]
//
//   --workload  holds rules/ (from translate.mjs)
//   --peers     build-folder copy of the peers' programs; its out/ holds the generated intakes and
//               the results that every implementation must reproduce
//   --rounds    interleaved rounds, 7 by default
//
// First proves that the engine gives the peers' result for every intake: level, matched conditions,
// scores, ranked exercises with points and reasons. Ends with exit code 1 at the first difference.
// Then measures in rounds: every contender once in each, beginning with another one each time.
// Prints a Markdown table with medians and ranges over the rounds.

#include <stdio.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <functional>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "server/engine/engine.h"
#include "tests/bench/allocation_counter.h"
#include "tests/bench/comparable/floor.h"
#include "tests/bench/comparable/workload.h"
#include "tests/bench/stepwise_engine.h"
#include "tests/bench/typical_intakes.h"

namespace plumbline::bench {
namespace {

using ::plumbline::engine::View;

constexpr double kSecondsPerSlice = 0.25;

struct Options {
  std::string workload;
  std::string peers;
  int rounds = 7;
  bool verify_only = false;
};

// A program that is measured inside this process: one call, one evaluation.
struct Contender {
  std::string name;
  std::function<void(size_t intake)> run;
  double allocations = 0;
  std::vector<double> microseconds;  // per round
};

// A program that is measured by running it: prints one line of JSON with p50_us.
struct Subprocess {
  std::string name;
  std::string command;
  std::string results;  // file that must equal the reference
  std::vector<double> microseconds;
};

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0 : values[values.size() / 2];
}

std::vector<double> Ratios(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> ratios;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) ratios.push_back(a[i] / b[i]);
  return ratios;
}

std::string WithRange(const std::vector<double>& values, int digits) {
  if (values.empty()) return "-";
  const auto [least, greatest] = std::minmax_element(values.begin(), values.end());
  return absl::StrFormat("%.*f (%.*f–%.*f)", digits, Median(values), digits, *least, digits,
                         *greatest);
}

// CPU time of this thread: neighbours on the machine disturb it less than the clock on the wall.
double CpuSeconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

void MeasureSlice(Contender& contender, size_t intakes) {
  const double start = CpuSeconds();
  size_t runs = 0;
  double elapsed = 0;
  do {
    for (size_t i = 0; i < intakes; ++i) contender.run(i);
    runs += intakes;
    elapsed = CpuSeconds() - start;
  } while (elapsed < kSecondsPerSlice);
  contender.microseconds.push_back(elapsed * 1e6 / static_cast<double>(runs));
}

void CountAllocations(Contender& contender, size_t intakes) {
  for (size_t i = 0; i < intakes; ++i) contender.run(i);
  const uint64_t before = AllocationsOfThisThread();
  for (size_t i = 0; i < intakes; ++i) contender.run(i);
  contender.allocations =
      static_cast<double>(AllocationsOfThisThread() - before) / static_cast<double>(intakes);
}

// Value of a number in a line of JSON; negative if it is not there.
double NumberIn(absl::string_view json, absl::string_view name) {
  const std::string key = absl::StrCat("\"", name, "\":");
  const size_t at = json.find(key);
  if (at == absl::string_view::npos) return -1;
  const absl::string_view rest = json.substr(at + key.size());
  double value = -1;
  return absl::SimpleAtod(rest.substr(0, rest.find_first_of(",}")), &value) ? value : -1;
}

bool RunSubprocess(Subprocess& peer, const std::string& reference) {
  FILE* pipe = popen(peer.command.c_str(), "r");
  if (pipe == nullptr) return false;
  std::string output;
  std::array<char, 4096> buffer;
  for (size_t n = 0; (n = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
    output.append(buffer.data(), n);
  }
  const int status = pclose(pipe);
  const double p50 = NumberIn(output, "p50_us");
  if (status != 0 || p50 <= 0) {
    std::fprintf(stderr, "%s failed: %s\n", peer.name.c_str(), output.c_str());
    return false;
  }
  if (ReadFile(peer.results) != reference) {
    std::fprintf(stderr, "%s gives other results\n", peer.name.c_str());
    return false;
  }
  peer.microseconds.push_back(p50);
  return true;
}

class Comparison {
 public:
  explicit Comparison(const Options& options)
      : options_(options),
        out_(options.peers + "/out"),
        floor_(out_),
        workload_(options.workload + "/rules", floor_),
        engine_(workload_.ruleset()),
        steps_(workload_.ruleset()),
        reference_(ReadFile(out_ + "/canon.txt")) {}

  // Everybody in this process gives the reference's results.
  bool Verify() {
    const std::vector<std::string> wanted = absl::StrSplit(reference_, '\n');
    if (wanted.size() != workload_.size() || workload_.size() == 0) {
      std::fprintf(stderr, "%zu results for %zu intakes\n", wanted.size(), workload_.size());
      return false;
    }
    double bytes = 0;
    for (size_t i = 0; i < workload_.size(); ++i) {
      if (!Same(i, "hand", wanted[i], (floor_.RunByHand(i), floor_.Canonical())) ||
          !Same(i, "slot tree", wanted[i], (floor_.RunTree(i), floor_.Canonical())) ||
          !Same(i, "slot tree with trace", wanted[i],
                (floor_.RunTreeWithTrace(i), floor_.Canonical()))) {
        return false;
      }
      if (!engine_.Evaluate(workload_.message(i), AsOf(), View::kFull, workspace_, decision_)
               .empty()) {
        std::fprintf(stderr, "intake %zu is refused\n", i);
        return false;
      }
      bytes += static_cast<double>(decision_.size());
      if (!Same(i, "engine", wanted[i], workload_.Canonical(decision_))) return false;
      if (!steps_.AgreesWith(engine_, workload_.message(i), AsOf()) || !SlotsAgree(i)) {
        std::fprintf(stderr, "intake %zu: the steps do not give what the engine gives\n", i);
        return false;
      }
    }
    std::printf(
        "%zu of %zu intakes give the reference's results. Decision: %.0f bytes on average. "
        "Plan: %zu nodes.\n\n",
        workload_.size(), workload_.size(), bytes / static_cast<double>(workload_.size()),
        workload_.ruleset()->plan.node_count());
    return true;
  }

  bool Measure() {
    AddContenders();
    AddSubprocesses();
    for (Contender& contender : contenders_) CountAllocations(contender, workload_.size());
    for (int round = 0; round < options_.rounds; ++round) {
      for (size_t i = 0; i < contenders_.size(); ++i) {
        MeasureSlice(contenders_[(i + static_cast<size_t>(round)) % contenders_.size()],
                     workload_.size());
      }
      for (Subprocess& peer : subprocesses_) {
        if (!RunSubprocess(peer, reference_)) return false;
      }
      std::fprintf(stderr, "round %d of %d\n", round + 1, options_.rounds);
    }
    return true;
  }

  void Print() const {
    const std::vector<double>& hand = contenders_.front().microseconds;
    std::printf(
        "| contender | µs per evaluation, median (range) | × the floor | allocations |\n"
        "|---|---|---|---|\n");
    for (const Contender& contender : contenders_) {
      std::printf("| %s | %s | %s | %.2f |\n", contender.name.c_str(),
                  WithRange(contender.microseconds, 2).c_str(),
                  WithRange(Ratios(contender.microseconds, hand), 2).c_str(),
                  contender.allocations);
    }
    for (const Subprocess& peer : subprocesses_) {
      std::printf("| %s | %s | %s | |\n", peer.name.c_str(),
                  WithRange(peer.microseconds, 1).c_str(),
                  WithRange(Ratios(peer.microseconds, hand), 0).c_str());
    }
    PrintTargets();
    for (const std::string& remark : skipped_) std::printf("\nPeers skipped: %s\n", remark.c_str());
  }

 private:
  static bool Same(size_t intake, const char* who, const std::string& wanted,
                   const std::string& got) {
    if (got == wanted) return true;
    std::fprintf(stderr, "intake %zu, %s:\n  wanted %s\n  got    %s\n", intake, who, wanted.c_str(),
                 got.c_str());
    return false;
  }

  // Slots set from ready values give the same bytes as slots bound from the message.
  bool SlotsAgree(size_t i) {
    workload_.SetSlots(i, steps_.frame());
    std::string bytes;
    steps_.EvaluatePlan(AsOf());
    steps_.Decide();
    steps_.Encode(AsOf(), View::kBasic, bytes);
    std::string wanted;
    engine_.Evaluate(workload_.message(i), AsOf(), View::kBasic, workspace_, wanted);
    return bytes == wanted;
  }

  void Add(std::string name, std::function<void(size_t)> run) {
    contenders_.push_back({std::move(name), std::move(run), 0, {}});
  }

  void AddContenders() {
    Add("hand-written floor, ids and bit masks", [this](size_t i) { floor_.RunByHand(i); });
    Add("peers' slot tree, no explanation", [this](size_t i) { floor_.RunTree(i); });
    Add("peers' slot tree, full trace", [this](size_t i) { floor_.RunTreeWithTrace(i); });
    Add("Plumbline: plan alone", [this](size_t i) {
      workload_.SetSlots(i, steps_.frame());
      steps_.EvaluatePlan(AsOf());
    });
    Add("Plumbline: decision as structures, not explained",
        [this](size_t i) { Structures(i, nullptr); });
    explained_ = contenders_.size();
    Add("Plumbline: structures with complete explanation", [this](size_t i) {
      static constexpr Explain kWhat = Explain::kMatchedAndOpen;
      Structures(i, &kWhat);
    });
    Add("Plumbline: the same, and why each other rule did not match", [this](size_t i) {
      static constexpr Explain kWhat = Explain::kEverything;
      Structures(i, &kWhat);
    });
    Add("Plumbline: complete explanation, from the message", [this](size_t i) {
      steps_.Bind(workload_.message(i));
      steps_.EvaluatePlan(AsOf());
      steps_.Decide();
      steps_.ExplainAll(Explain::kMatchedAndOpen);
    });
    Add("Plumbline: decision as bytes, from slots", [this](size_t i) {
      workload_.SetSlots(i, steps_.frame());
      steps_.EvaluatePlan(AsOf());
      steps_.Decide();
      steps_.Encode(AsOf(), View::kFull, decision_);
    });
    Add("Plumbline: Engine::Evaluate, message to bytes", [this](size_t i) {
      engine_.Evaluate(workload_.message(i), AsOf(), View::kFull, workspace_, decision_);
    });
  }

  void Structures(size_t i, const Explain* what) {
    workload_.SetSlots(i, steps_.frame());
    steps_.EvaluatePlan(AsOf());
    steps_.Decide();
    if (what != nullptr) steps_.ExplainAll(*what);
  }

  void AddSubprocesses() {
    const auto exists = [](const std::string& path) { return std::ifstream(path).good(); };
    const std::string& peers = options_.peers;
    if (exists(peers + "/clips/clips_main")) {
      subprocesses_.push_back({"CLIPS 6.30",
                               absl::StrCat("cd '", peers, "' && ROUNDS=1 ./clips/clips_main out"),
                               out_ + "/canon_clips.txt",
                               {}});
    } else {
      skipped_.push_back("CLIPS (its development files are not installed)");
    }
    for (const auto& [name, package, argument] :
         {std::array<const char*, 3>{"@marcbachmann/cel-js", "@marcbachmann/cel-js",
                                     "marcbachmann"},
          std::array<const char*, 3>{"cel-js", "cel-js", "celjs"}}) {
      if (!exists(absl::StrCat(peers, "/peers/node_modules/", package, "/package.json"))) {
        skipped_.push_back(absl::StrCat(name, " (not installed)"));
        continue;
      }
      subprocesses_.push_back(
          {name,
           absl::StrCat("cd '", peers, "/peers' && ROUNDS=1 node --expose-gc cel.mjs ", argument),
           absl::StrCat(out_, "/canon_cel-", argument, ".txt"),
           {}});
    }
  }

  void PrintTargets() const {
    const std::vector<double>& ours = contenders_[explained_].microseconds;
    const std::vector<double> floor = Ratios(ours, contenders_.front().microseconds);
    std::printf("\nComplete explanation: %s × the floor (goal: at most 4: %s)",
                WithRange(floor, 2).c_str(), Median(floor) <= 4 ? "met" : "missed");
    for (const Subprocess& peer : subprocesses_) {
      const std::vector<double> faster = Ratios(peer.microseconds, ours);
      std::printf("; %s × the speed of %s (goal: at least 15: %s)", WithRange(faster, 0).c_str(),
                  peer.name.c_str(), Median(faster) >= 15 ? "met" : "missed");
    }
    std::printf(".\n");
  }

  const Options options_;
  const std::string out_;
  Floor floor_;
  Workload workload_;
  engine::Engine engine_;
  StepwiseEngine steps_;
  engine::Workspace workspace_;
  std::string decision_;
  const std::string reference_;
  std::vector<Contender> contenders_;
  std::vector<Subprocess> subprocesses_;
  std::vector<std::string> skipped_;
  size_t explained_ = 0;  // contender that the goals are about
};

bool Parse(int argc, char** argv, Options& options) {
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (name == "--verify-only") {
      options.verify_only = true;
    } else if (i + 1 == argc) {
      return false;
    } else if (name == "--workload") {
      options.workload = argv[++i];
    } else if (name == "--peers") {
      options.peers = argv[++i];
    } else if (name == "--rounds") {
      options.rounds = std::atoi(argv[++i]);
    } else {
      return false;
    }
  }
  return !options.workload.empty() && !options.peers.empty() && options.rounds > 0;
}

int Main(int argc, char** argv) {
  Options options;
  if (!Parse(argc, argv, options)) {
    std::fprintf(stderr,
                 "usage: %s --workload FOLDER --peers FOLDER [--rounds N] [--verify-only]\n",
                 argv[0]);
    return 2;
  }
  Comparison comparison(options);
  if (!comparison.Verify()) return 1;
  if (options.verify_only) return 0;
  if (!comparison.Measure()) return 1;
  comparison.Print();
  return 0;
}

}  // namespace
}  // namespace plumbline::bench

int main(int argc, char** argv) { return plumbline::bench::Main(argc, argv); }
