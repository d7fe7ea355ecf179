// Runs one CEL conformance test through the checker, the folder and the plan.

#ifndef PLUMBLINE_TESTS_CONFORMANCE_CEL_TEST_CASE_H_
#define PLUMBLINE_TESTS_CONFORMANCE_CEL_TEST_CASE_H_

#include <string>

#include "tests/conformance/cel_test_files.h"

namespace plumbline::conformance {

enum class Verdict {
  kRejected,  // by the checker, with an issue
  kRight,     // accepted, with CEL's result
  kWrong,     // accepted, with another result
};

struct Outcome {
  Verdict verdict = Verdict::kRejected;
  std::string detail;  // the first issue, or expected against actual
};

Outcome RunCelTest(const CelTest& test);

}  // namespace plumbline::conformance

#endif  // PLUMBLINE_TESTS_CONFORMANCE_CEL_TEST_CASE_H_
