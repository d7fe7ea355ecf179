// The tables of docs/reference/expressions.md, run: each example gives its code and no other.

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "server/expr/checker.h"
#include "tests/testing/expr/test_intake.h"

namespace plumbline::expr {
namespace {

struct Row {
  std::string code;
  std::string example;
};

// Rows `| code | example | … |` whose first cell is code in backticks.
std::vector<Row> ReadRows(const std::string& path) {
  std::vector<Row> rows;
  std::ifstream in(path);
  bool issues = false;
  for (std::string line; std::getline(in, line);) {
    issues |= line == "## Issues";
    const std::vector<std::string> cells = absl::StrSplit(line, '|');
    if (!issues || cells.size() < 5 || line.compare(0, 3, "| `") != 0) continue;
    const auto unquoted = [](absl::string_view cell) {
      cell = absl::StripAsciiWhitespace(cell);
      absl::ConsumePrefix(&cell, "`");
      absl::ConsumeSuffix(&cell, "`");
      return std::string(cell);
    };
    rows.push_back({unquoted(cells[1]), unquoted(cells[2])});
  }
  return rows;
}

TEST(DocumentationTest, EveryExampleGivesItsCode) {
  const char* source = std::getenv("PLUMBLINE_SOURCE_DIR");
  if (source == nullptr) GTEST_SKIP() << "PLUMBLINE_SOURCE_DIR is not set";
  const std::vector<Row> rows = ReadRows(absl::StrCat(source, "/docs/reference/expressions.md"));
  ASSERT_GE(rows.size(), 30u);
  const Environment environment(&testing::TestSchema());
  std::set<std::string> documented;
  for (const Row& row : rows) {
    EXPECT_TRUE(documented.insert(row.code).second) << row.code << " twice";
    if (row.example.empty()) continue;
    const CheckResult result = CheckCondition(row.example, environment, {"", 1, 1});
    std::set<std::string> codes;
    for (const Issue& issue : result.issues) codes.insert(issue.code);
    EXPECT_EQ(codes, std::set<std::string>{row.code}) << row.example;
  }
}

}  // namespace
}  // namespace plumbline::expr
