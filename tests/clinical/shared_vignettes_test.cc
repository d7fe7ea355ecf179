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
    if (!found) lines.push_back(absl::StrCat("pattern ", vignette.pattern, " is not suspected"));
  }
  if (vignette.open_questions_min.has_value() &&
      decision.open_questions_size() < *vignette.open_questions_min) {
    lines.push_back(absl::StrCat("only ", decision.open_questions_size(), " open questions"));
  }
  if (!vignette.stratum.empty()) {
    const auto stratum_of = [](const v1::StratumResult& result) { return result.stratum_id(); };
    if (IdsOf(decision.strata(), stratum_of).count(vignette.stratum) == 0) {
      lines.push_back(absl::StrCat("not in the group ", vignette.stratum));
    }
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

std::string LeadingPattern(const v1::Decision& decision) {
  for (const v1::Assessment& assessment : decision.assessments()) {
    if (assessment.leading()) return assessment.condition_id();
  }
  return "-";
}

template <typename Value>
std::string Names(const std::set<Value>& values, const std::string& (*name)(Value), size_t prefix) {
  return absl::StrJoin(values, "|", [&](std::string* out, Value value) {
    absl::StrAppend(out, name(value).substr(prefix));
  });
}

// One row: what came out, and what was accepted.
void PrintRow(const SharedVignette& vignette, const v1::Decision& decision, bool passed) {
  const v1::Disposition& disposition = decision.disposition();
  const auto selectable = [&](const std::string& id) {
    for (const auto* exercises : {&decision.programme(), &decision.alternatives()}) {
      for (const v1::Prescription& exercise : *exercises) {
        if (exercise.exercise_id() == id) return true;
      }
    }
    return false;
  };
  std::set<std::string> fired;
  for (const std::string& id : FiredIds(decision)) {
    if (id.rfind("EL-", 0) != 0) fired.insert(id);
  }
  const auto found = static_cast<size_t>(
      std::count_if(vignette.selectable.begin(), vignette.selectable.end(), selectable));
  const auto avoided =
      vignette.avoided.size() - static_cast<size_t>(std::count_if(
                                    vignette.avoided.begin(), vignette.avoided.end(), selectable));
  std::printf(
      "%-4s %-3s %-26s (%s)  %-18s (%s)  fired: %s  pattern: %s%s  do %zu/%zu dont %zu/%zu\n",
      vignette.id.c_str(), passed ? "ok" : "NO",
      v1::Level_Name(disposition.level()).substr(6).c_str(),
      Names(vignette.accept, &v1::Level_Name<v1::Level>, 6).c_str(),
      v1::Gate_Name(disposition.gate()).substr(5).c_str(),
      Names(vignette.gates, &v1::Gate_Name<v1::Gate>, 5).c_str(),
      fired.empty() ? "-" : absl::StrJoin(fired, " ").c_str(), LeadingPattern(decision).c_str(),
      vignette.pattern.empty() ? "" : absl::StrCat(" (", vignette.pattern, ")").c_str(), found,
      vignette.selectable.size(), avoided, vignette.avoided.size());
}

TEST(SharedVignettesTest, EveryCaseComesOutAsExpected) {
  const std::optional<std::string> page = ReadPage();
  if (!page.has_value()) GTEST_SKIP() << "no page of shared vignettes on this machine";
  const std::vector<SharedVignette> vignettes = ReadSharedVignettes(*page);
  ASSERT_FALSE(vignettes.empty());
  const auto ruleset = CompileFiles(SourceRules());
  ASSERT_NE(ruleset, nullptr);
  Evaluator evaluator(ruleset);
  int passed = 0;
  int safety_failures = 0;
  int over_triage = 0;
  for (const SharedVignette& vignette : vignettes) {
    const v1::Decision decision = evaluator.Decide(vignette.intake);
    std::vector<std::string> lines;
    for (const engine::FieldViolation& violation : evaluator.refused()) {
      lines.push_back(absl::StrCat("refused: ", violation.field, ": ", violation.description));
    }
    if (lines.empty()) {
      lines = Differences(vignette, decision);
      AddPatternAndExtra(vignette, decision, lines);
      safety_failures += decision.disposition().level() < *vignette.accept.begin() ? 1 : 0;
      over_triage += decision.disposition().level() > *vignette.accept.rbegin() ? 1 : 0;
    }
    passed += lines.empty() ? 1 : 0;
    PrintRow(vignette, decision, lines.empty());
    EXPECT_TRUE(lines.empty()) << vignette.id << " " << vignette.title << "\n  "
                               << absl::StrJoin(lines, "\n  ");
  }
  std::printf("%d of %zu pass, %d safety failures, %d over-triaged\n", passed, vignettes.size(),
              safety_failures, over_triage);
  EXPECT_EQ(safety_failures, 0);
  EXPECT_EQ(over_triage, 0);
}

}  // namespace
}  // namespace plumbline::clinical
