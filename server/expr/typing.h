// TypeChecker: AST -> checked AST: resolves names, types every part, expands nothing.
//
// Thread-compatible; one instance checks one expression. Every problem is reported once: a part
// that is wrong has the wrong type, and what contains it is not reported again.

#ifndef PLUMBLINE_SERVER_EXPR_TYPING_H_
#define PLUMBLINE_SERVER_EXPR_TYPING_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "server/expr/ast.h"
#include "server/expr/checked_ast.h"
#include "server/expr/checker.h"
#include "server/expr/issue_sink.h"

namespace plumbline::expr {

class TypeChecker {
 public:
  TypeChecker(const Environment& environment, IssueSink& issues)
      : environment_(environment), issues_(issues) {}

  CheckedPtr Check(const AstNode& ast);

 private:
  using NodePtr = std::shared_ptr<CheckedNode>;

  // A macro's variable while its condition is checked.
  struct Variable {
    std::string name;
    StaticType type;
    bool runtime;  // ranges over a list of the intake
  };
  struct Segment {
    std::string name;
    Position position;
  };

  // typing.cc
  NodePtr New(NodeKind kind, const AstNode& ast, StaticType type,
              std::vector<CheckedPtr> children = {});
  CheckedPtr Finish(NodePtr node);
  CheckedPtr Wrong(const AstNode& ast);
  bool CheckCost(const CheckedNode& node);
  bool CheckNoMixedList(const CheckedNode& node);
  CheckedPtr CheckLiteral(const AstNode& ast);
  CheckedPtr CheckUnary(const AstNode& ast);
  CheckedPtr CheckLogic(const AstNode& ast);
  CheckedPtr CheckTernary(const AstNode& ast);
  CheckedPtr CheckList(const AstNode& ast);
  CheckedPtr CheckIndex(const AstNode& ast);
  bool RequireBool(const CheckedNode& node, absl::string_view user);

  // typing_operators.cc
  CheckedPtr CheckBinary(const AstNode& ast);
  StaticType TypeBinary(const CheckedNode& node);
  StaticType TypeEquality(const CheckedNode& node);
  StaticType TypeOrdering(const CheckedNode& node);
  StaticType TypeIn(const CheckedNode& node);
  StaticType TypeArithmetic(const CheckedNode& node);
  StaticType TypeTimeArithmetic(const CheckedNode& node);
  StaticType Mismatch(const CheckedNode& node);
  bool ReportMixedNumbers(Position at, const CheckedNode& left, const CheckedNode& right);
  bool CheckOrderable(const CheckedNode& node, Position at, absl::string_view user);

  // typing_names.cc
  CheckedPtr CheckName(const AstNode& ast);
  CheckedPtr CheckSelect(const AstNode& ast);
  CheckedPtr ResolvePath(const AstNode& ast, const std::vector<Segment>& path);
  NodePtr ResolvePrefix(const AstNode& ast, absl::Span<const Segment> prefix);
  NodePtr ResolveDeclared(const AstNode& ast, const std::string& name);
  NodePtr ResolveEnum(const AstNode& ast, absl::Span<const Segment> prefix);
  NodePtr SlotNode(const AstNode& ast, SlotIndex slot);
  CheckedPtr SelectField(const AstNode& ast, CheckedPtr operand, const Segment& field,
                         NodeKind kind);
  void ReportUnknownName(const std::vector<Segment>& path);
  CheckedPtr CheckHas(const AstNode& ast);
  int FindVariable(absl::string_view name) const;
  CheckedPtr VariableNode(const AstNode& ast, int variable);

  // typing_calls.cc
  CheckedPtr CheckCall(const AstNode& ast);
  CheckedPtr CheckFunction(const AstNode& ast, Function function);
  bool CheckArguments(const AstNode& ast, Function function,
                      const std::vector<CheckedPtr>& arguments);
  bool CheckTimeLiteral(Function function, const CheckedNode& argument);
  CheckedPtr CheckUnknownFunction(const AstNode& ast);
  CheckedPtr CheckAtLeast(const AstNode& ast);
  CheckedPtr CheckBetween(const AstNode& ast);
  CheckedPtr CheckMacro(const AstNode& ast, Macro macro);
  bool CheckMacroRange(const CheckedNode& range, const AstNode& ast);
  CheckedPtr FinishMacro(NodePtr node, bool runtime_range);
  bool CheckCount(const AstNode& ast, size_t expected, absl::string_view usage);
  void CheckAll(absl::Span<const AstPtr> asts);

  const Environment& environment_;
  IssueSink& issues_;
  std::vector<Variable> variables_;
};

// The nearest of `candidates` as a hint ("did you mean `age_years`?"); empty if none is near.
std::string DidYouMean(absl::string_view name, const std::vector<std::string>& candidates);

}  // namespace plumbline::expr

#endif  // PLUMBLINE_SERVER_EXPR_TYPING_H_
