// CEL's conformance suite, over whatever folder of it is at hand:
//
//   cel_conformance_test [folder]        or PLUMBLINE_CEL_DIR; by default
//   ${PLUMBLINE_SHARED_DIR:-$PLUMBLINE_SOURCE_DIR/../shared}/conformance/cel
//
// Tiers A and B must pass, and what is ill-typed there on purpose must be rejected. Everything else
// is outside the subset: it is rejected, or, where the checker accepts it, has CEL's result.

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "tests/conformance/cel_test_case.h"
#include "tests/conformance/cel_test_files.h"

namespace plumbline::conformance {
namespace {

std::string* folder_argument = nullptr;

std::string Folder() {
  if (folder_argument != nullptr) return *folder_argument;
  if (const char* folder = std::getenv("PLUMBLINE_CEL_DIR")) return folder;
  const char* shared = std::getenv("PLUMBLINE_SHARED_DIR");
  const char* source = std::getenv("PLUMBLINE_SOURCE_DIR");
  const std::string root = shared != nullptr && *shared != '\0'
                               ? std::string(shared)
                               : std::string(source == nullptr ? "." : source) + "/../shared";
  return root + "/conformance/cel";
}

// Unchecked in the suite, but well typed: the suite only skips its own checker there, to see that
// names resolve alike without it.
bool IsWellTypedUnchecked(const std::string& id) {
  return id == "namespace/namespace_shadowing/comprehension_shadowing_parse_only" ||
         id == "namespace/namespace/self_eval_container_lookup_unchecked";
}

struct Tally {
  int tests = 0;
  int passed = 0;    // accepted with CEL's result
  int rejected = 0;  // by the checker
};

TEST(CelConformanceTest, SubsetPassesAndNothingIsAcceptedWithAnotherMeaning) {
  const std::string folder = Folder();
  if (!std::filesystem::is_directory(folder)) GTEST_SKIP() << "no conformance files in " << folder;
  std::vector<std::string> problems;
  const std::vector<CelTest> tests = ReadCelTests(folder, problems);
  for (const std::string& problem : problems) ADD_FAILURE() << problem;
  ASSERT_FALSE(tests.empty()) << "no tests in " << folder;

  std::map<std::string, std::map<std::string, Tally>> tallies;
  std::vector<std::string> accepted_beyond;
  for (const CelTest& test : tests) {
    const Outcome outcome = RunCelTest(test);
    const bool core = test.tier.letter == 'A' || test.tier.letter == 'B';
    const bool must_reject = core && test.tier.ill_typed && !IsWellTypedUnchecked(test.id);
    const std::string tier = std::string(1, test.tier.letter) + (must_reject ? " ill-typed" : "");
    for (const std::string& row : {test.file, std::string("all")}) {
      Tally& tally = tallies[row][tier];
      ++tally.tests;
      tally.passed += outcome.verdict == Verdict::kRight ? 1 : 0;
      tally.rejected += outcome.verdict == Verdict::kRejected ? 1 : 0;
    }
    EXPECT_NE(outcome.verdict, Verdict::kWrong)
        << test.id << ": " << test.test.expr() << "\n  " << outcome.detail;
    if (must_reject) {
      EXPECT_EQ(outcome.verdict, Verdict::kRejected) << test.id << ": " << test.test.expr();
    } else if (core) {
      EXPECT_EQ(outcome.verdict, Verdict::kRight)
          << test.id << ": " << test.test.expr() << "\n  " << outcome.detail;
    } else if (outcome.verdict == Verdict::kRight) {
      accepted_beyond.push_back(test.id + " (" + test.tier.letter + "): " + test.test.expr());
    }
  }
  for (const auto& [file, by_tier] : tallies) {
    for (const auto& [tier, tally] : by_tier) {
      std::printf("%-16s %-12s %4d tests: %4d pass, %4d rejected by the checker\n", file.c_str(),
                  tier.c_str(), tally.tests, tally.passed, tally.rejected);
    }
  }
  std::printf("accepted beyond tiers A and B, with CEL's result: %zu\n", accepted_beyond.size());
  for (const std::string& id : accepted_beyond) std::printf("  %s\n", id.c_str());
}

}  // namespace
}  // namespace plumbline::conformance

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  std::string folder;
  if (argc > 1) {
    folder = argv[1];
    plumbline::conformance::folder_argument = &folder;
  }
  return RUN_ALL_TESTS();
}
