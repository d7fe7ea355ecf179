// Runs the shared worked patients against the low back pain rules, and prints a table of all.
//
// The page lives outside the source tree: PLUMBLINE_VIGNETTES names it; without it and without the
// shared folder the test is skipped.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"
#include "tests/clinical/shared_vignettes.h"
#include "tests/clinical/source_rules.h"

namespace plumbline::clinical {
namespace {

// What the rules of version 0.1.0 cover. X03-X05 without the risk stratum.
const std::set<std::string>& CoveredCases() {
  static const auto* const kCovered = new std::set<std::string>{
      "V03", "V06", "V09", "V12", "V15", "V18", "V21", "V24", "V27", "V39", "V45", "V48",
      "X01", "X02", "X03", "X04", "X05", "X06", "X07", "X08", "X09", "X12", "X15", "X17"};
  return *kCovered;
}

std::optional<std::string> ReadPage() {
  const auto environment = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value == nullptr ? "" : value);
  };
  std::string path = environment("PLUMBLINE_VIGNETTES");
  if (path.empty()) {
    std::string shared = environment("PLUMBLINE_SHARED_DIR");
    if (shared.empty()) shared = environment("PLUMBLINE_SOURCE_DIR") + "/../shared";
    path = shared + "/knowledge/vignettes.md";
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

template <typename Elements, typename IdOf>
std::set<std::string> IdsOf(const Elements& elements, const IdOf& id_of) {
  std::set<std::string> ids;
  for (const auto& element : elements) ids.insert(id_of(element));
  return ids;
}

std::set<std::string> FiredIds(const v1::Decision& decision) {
  const auto id_of = [](const v1::FiredRule& rule) { return rule.rationale().rule_id(); };
  std::set<std::string> ids = IdsOf(decision.fired_rules(), id_of);
  ids.merge(IdsOf(decision.notes(), id_of));
  return ids;
}

bool HoldsBack(v1::Gate gate) { return gate >= v1::GATE_HOLD_UNTIL_REVIEW; }

// Lines that say what differs from the expectation.
std::vector<std::string> Differences(const SharedVignette& vignette, const v1::Decision& decision) {
  std::vector<std::string> lines = vignette.problems;
  const v1::Disposition& disposition = decision.disposition();
  if (vignette.accept.count(disposition.level()) == 0) {
    const bool less = disposition.level() < *vignette.accept.begin();
    lines.push_back(absl::StrCat(less ? "SAFETY: level " : "over-triage: level ",
                                 v1::Level_Name(disposition.level())));
  }
  if (!vignette.gates.empty() && vignette.gates.count(disposition.gate()) == 0) {
    lines.push_back(absl::StrCat("gate ", v1::Gate_Name(disposition.gate())));
  }
  const std::set<std::string> fired = FiredIds(decision);
  for (const std::string& id : vignette.fires) {
    if (fired.count(id) == 0) lines.push_back(absl::StrCat(id, " did not fire"));
  }
  const auto exercise = [](const auto& element) { return element.exercise_id(); };
  const std::set<std::string> programme = IdsOf(decision.programme(), exercise);
  std::set<std::string> selectable = IdsOf(decision.alternatives(), exercise);
  selectable.insert(programme.begin(), programme.end());
  for (const std::string& id : vignette.selectable) {
    if (!HoldsBack(disposition.gate()) && selectable.count(id) == 0) {
      lines.push_back(absl::StrCat(id, " is not selectable"));
    }
  }
  for (const std::string& id : vignette.avoided) {
    if (programme.count(id) > 0) lines.push_back(absl::StrCat(id, " is in the programme"));
  }
  if (HoldsBack(disposition.gate()) && !programme.empty()) {
    lines.push_back("a programme leaves although the gate holds it back");
  }
  return lines;
}

void AddPatternAndExtra(const SharedVignette& vignette, const v1::Decision& decision,
                        std::vector<std::string>& lines) {
  if (!vignette.pattern.empty()) {
    bool found = false;
    for (const v1::Assessment& assessment : decision.assessments()) {
      found =
          found || (assessment.condition_id() == vignette.pattern &&
                    (assessment.leading() || assessment.likelihood() >= v1::LIKELIHOOD_POSSIBLE));
    }
    // A case that the rules know as a red flag alone has no pattern to show.
    if (!found) lines.push_back(absl::StrCat("pattern ", vignette.pattern, " is not suspected"));
  }
  if (vignette.open_questions_min.has_value() &&
      decision.open_questions_size() < *vignette.open_questions_min) {
    lines.push_back(absl::StrCat("only ", decision.open_questions_size(), " open questions"));
  }
  if (vignette.review_days_max.has_value()) {
    int earliest = -1;
    for (const v1::FollowUpItem& item : decision.follow_up().items()) {
      if (earliest < 0 || item.after_days() < earliest) earliest = item.after_days();
    }
    if (earliest < 0 || earliest > *vignette.review_days_max) {
      lines.push_back(absl::StrCat("review after ", earliest, " days"));
    }
  }
}

TEST(SharedVignettesTest, CoveredCasesComeOutAsExpected) {
  const std::optional<std::string> page = ReadPage();
  if (!page.has_value()) GTEST_SKIP() << "no page of shared vignettes on this machine";
  const std::vector<SharedVignette> vignettes = ReadSharedVignettes(*page);
  const auto ruleset = CompileFiles(SourceRules());
  ASSERT_NE(ruleset, nullptr);
  Evaluator evaluator(ruleset);
  std::set<std::string> seen;
  int passed = 0;
  for (const SharedVignette& vignette : vignettes) {
    const v1::Decision decision = evaluator.Decide(vignette.intake);
    std::vector<std::string> lines;
    for (const engine::FieldViolation& violation : evaluator.refused()) {
      lines.push_back(absl::StrCat("refused: ", violation.field, ": ", violation.description));
    }
    if (lines.empty()) {
      lines = Differences(vignette, decision);
      AddPatternAndExtra(vignette, decision, lines);
    }
    const bool covered = CoveredCases().count(vignette.id) > 0;
    seen.insert(vignette.id);
    passed += lines.empty() ? 1 : 0;
    std::printf(
        "%-4s %-7s %-4s %-27s %-22s %s\n", vignette.id.c_str(), covered ? "covered" : "later",
        lines.empty() ? "ok" : "NO", v1::Level_Name(decision.disposition().level()).c_str(),
        v1::Gate_Name(decision.disposition().gate()).c_str(), absl::StrJoin(lines, "; ").c_str());
    if (covered) {
      EXPECT_TRUE(lines.empty()) << vignette.id << " " << vignette.title
                                 << "\n  fired: " << absl::StrJoin(FiredIds(decision), ", ")
                                 << "\n  " << absl::StrJoin(lines, "\n  ");
    }
  }
  std::printf("%d of %zu pass\n", passed, vignettes.size());
  for (const std::string& id : CoveredCases()) {
    EXPECT_EQ(seen.count(id), 1u) << id << " is not on the page";
  }
}

}  // namespace
}  // namespace plumbline::clinical
