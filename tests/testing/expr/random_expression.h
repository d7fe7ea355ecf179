// Random, well-typed expressions over the test intake, as a rule author might write them (and some
// that no author would).

#ifndef PLUMBLINE_TESTS_TESTING_EXPR_RANDOM_EXPRESSION_H_
#define PLUMBLINE_TESTS_TESTING_EXPR_RANDOM_EXPRESSION_H_

#include <random>
#include <string>
#include <vector>

namespace plumbline::testing {

class RandomExpression {
 public:
  struct Options {
    bool has = true;     // may ask has()
    bool errors = true;  // may divide by zero, overflow, read as_of
    bool macros = true;
  };

  RandomExpression(std::mt19937_64& random, Options options) : random_(random), options_(options) {}

  std::string Condition(int depth);
  // Any scalar type.
  std::string Any(int depth);

 private:
  // A macro's variable: its type, or the name of its record.
  struct Variable {
    std::string name;
    std::string type;
  };

  int Pick(int n) { return static_cast<int>(random_() % static_cast<uint64_t>(n)); }
  bool Chance(int percent) { return Pick(100) < percent; }
  template <size_t N>
  std::string OneOf(const char* const (&texts)[N]) {
    return texts[Pick(static_cast<int>(N))];
  }

  std::string Of(const std::string& type, int depth);
  std::string Leaf(const std::string& type);
  std::string Literal(const std::string& type);
  std::string Comparison(int depth);
  std::string In(int depth);
  std::string LiteralList(const std::string& type, int size);
  std::string AtLeast(int depth);
  std::string Has();
  std::string Macro(int depth);
  std::string Logic(int depth);
  std::string Arithmetic(const std::string& type, int depth);
  std::string TextTest(int depth);
  std::string Time(int depth);
  std::string Span(int depth);
  std::string VariableOf(const std::string& type);
  bool InRow() const;

  std::mt19937_64& random_;
  Options options_;
  std::vector<Variable> variables_;
};

}  // namespace plumbline::testing

#endif  // PLUMBLINE_TESTS_TESTING_EXPR_RANDOM_EXPRESSION_H_
