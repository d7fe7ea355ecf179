// Reads a folder of CEL conformance files and their table of tiers.

#ifndef PLUMBLINE_TESTS_CONFORMANCE_CEL_TEST_FILES_H_
#define PLUMBLINE_TESTS_CONFORMANCE_CEL_TEST_FILES_H_

#include <map>
#include <string>
#include <vector>

#include "tests/conformance/cel_test_file.pb.h"

namespace plumbline::conformance {

// Of one test. A, B: must pass; anything else is outside the subset; '?': not in the table.
struct Tier {
  char letter = '?';
  bool ill_typed = false;  // the table's "unchecked": wrong on purpose
};

struct CelTest {
  std::string id;  // file/section/test
  std::string file;
  Tier tier;
  SimpleTest test;
};

// All tests of all *.textproto files in `folder`, by name. `problems` takes what could not be read.
std::vector<CelTest> ReadCelTests(const std::string& folder, std::vector<std::string>& problems);

}  // namespace plumbline::conformance

#endif  // PLUMBLINE_TESTS_CONFORMANCE_CEL_TEST_FILES_H_
