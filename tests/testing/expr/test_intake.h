// The test intake: its schema, values for its fields, and the way from there into a frame.

#ifndef PLUMBLINE_TESTS_TESTING_EXPR_TEST_INTAKE_H_
#define PLUMBLINE_TESTS_TESTING_EXPR_TEST_INTAKE_H_

#include <random>
#include <set>
#include <string>

#include "server/expr/checker.h"
#include "server/expr/frame.h"
#include "server/expr/plan.h"
#include "server/expr/schema.h"
#include "tests/testing/expr/reference.h"

namespace plumbline::testing {

// The schema of plumbline.testing.TestIntake.
const expr::Schema& TestSchema();

RefField KnownBool(bool value);
RefField KnownInt(int64_t value);
RefField KnownDouble(double value);
RefField KnownText(std::string value);
RefField KnownEnum(std::string constant);  // "Trauma.MAJOR"
RefField KnownList(std::vector<RefField> elements);
RefField KnownRow(std::map<std::string, RefField> fields);
RefField AskedUnknown();

// Resets the frame and sets the intake's fields. Texts are referenced: `intake` must outlive the
// evaluation.
void Bind(const RefIntake& intake, expr::Frame& frame);

// Each field absent, asked but not known, or with a value from a small pool, so that comparisons
// with the same pool go either way.
RefIntake RandomIntake(std::mt19937_64& random);

// The names of the slots in `slots`.
std::set<std::string> Names(const expr::SlotSet& slots);

// Checks and adds, and aborts with the issues if the expression is refused.
expr::CheckedExpr MustCheck(const std::string& text, const expr::Environment& environment);
expr::NodeId MustAdd(const std::string& text, const expr::Environment& environment,
                     expr::PlanBuilder& builder);

// Settings of the randomised tests, from the environment.
uint64_t Seed();
int Cases(const char* variable, int normal);

}  // namespace plumbline::testing

#endif  // PLUMBLINE_TESTS_TESTING_EXPR_TEST_INTAKE_H_
