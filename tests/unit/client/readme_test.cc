#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

namespace {

std::string Read(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(std::string(std::getenv("PLUMBLINE_SOURCE_DIR")) + "/client-sdk/cpp/" +
                        path)
              .rdbuf();
  return text.str();
}

// The example is built as plumbline_client_example; the page shows the same text.
TEST(ClientReadmeTest, ShowsTheExampleThatIsBuilt) {
  const std::string example = Read("examples/evaluate.cc");
  ASSERT_FALSE(example.empty());
  EXPECT_THAT(Read("README.md"), ::testing::HasSubstr("```cpp\n" + example + "```\n"));
}

}  // namespace
