// The page that explains the codes names all of them.

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>

#include "gtest/gtest.h"

namespace plumbline::ruleset {
namespace {

std::string ReadAll(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

TEST(ReferencePageTest, ExplainsEveryCode) {
  const char* source = std::getenv("PLUMBLINE_SOURCE_DIR");
  if (source == nullptr) GTEST_SKIP() << "PLUMBLINE_SOURCE_DIR is not set";
  const std::filesystem::path root(source);
  const std::string page = ReadAll(root / "docs/reference/rules_check.md");
  ASSERT_FALSE(page.empty());
  // Beginnings and ends of codes that are put together.
  const std::set<std::string> parts = {"level-text", "gate-text"};
  const std::regex code("\"([a-z]+(-[a-z]+)+)\"");
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(root / "server/ruleset")) {
    if (entry.path().extension() != ".cc") continue;
    const std::string text = ReadAll(entry.path());
    for (std::sregex_iterator at(text.begin(), text.end(), code), end; at != end; ++at) {
      const std::string name = (*at)[1];
      if (parts.count(name) > 0) continue;
      ++count;
      EXPECT_NE(page.find("`" + name + "`"), std::string::npos)
          << name << " in " << entry.path().filename();
    }
  }
  EXPECT_GT(count, 80);
}

}  // namespace
}  // namespace plumbline::ruleset
