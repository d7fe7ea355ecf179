#include "server/base/issue.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace plumbline {
namespace {

TEST(IssueTest, FullIssueIsFormattedLikeACompilerMessage) {
  EXPECT_EQ(
      FormatIssue({Severity::kError, {"a.textproto", 3, 7}, "unknown-field", "no `x`", "try y"}),
      "a.textproto:3:7: error: unknown-field: no `x` (try y)");
}

TEST(IssueTest, PartsThatAreNotKnownAreLeftOut) {
  EXPECT_EQ(FormatIssue({Severity::kWarning, {"a", 3, 0}, "c", "m", ""}), "a:3: warning: c: m");
  EXPECT_EQ(FormatIssue({Severity::kWarning, {"a", 0, 0}, "c", "m", ""}), "a: warning: c: m");
  EXPECT_EQ(FormatIssue({Severity::kError, {}, "c", "m", ""}), "error: c: m");
}

TEST(IssueTest, WarningsAreNoErrors) {
  EXPECT_FALSE(HasErrors({}));
  EXPECT_FALSE(HasErrors({{Severity::kWarning, {}, "c", "m", ""}}));
  EXPECT_TRUE(
      HasErrors({{Severity::kWarning, {}, "c", "m", ""}, {Severity::kError, {}, "c", "m", ""}}));
}

TEST(IssueTest, SortingGoesByPlaceAndKeepsTheOrderOfEqualOnes) {
  std::vector<Issue> issues = {
      {Severity::kError, {"b", 1, 1}, "c", "1", ""}, {Severity::kError, {"a", 2, 1}, "c", "2", ""},
      {Severity::kError, {"a", 1, 9}, "c", "3", ""}, {Severity::kError, {"a", 1, 2}, "d", "4", ""},
      {Severity::kError, {"a", 1, 2}, "c", "5", ""}, {Severity::kError, {"a", 1, 2}, "c", "6", ""}};
  SortIssues(issues);
  std::string order;
  for (const Issue& issue : issues) order += issue.message;
  EXPECT_EQ(order, "564321");
}

}  // namespace
}  // namespace plumbline
