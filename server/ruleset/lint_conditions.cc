#include "server/ruleset/lint_conditions.h"

#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace plumbline::ruleset {
namespace {

using expr::CheckedExpr;
using expr::CheckedNode;
using expr::NodeKind;
using expr::Value;
using Demand = Satisfiability::Demand;

bool IsNumeric(const Value& value) {
  return value.kind == expr::Kind::kInt || value.kind == expr::Kind::kDouble;
}

double NumberOf(const Value& value) {
  return value.kind == expr::Kind::kDouble ? value.d : static_cast<double>(value.i);
}

// "60", "36.8".
std::string Shown(const Value& value) {
  return value.kind == expr::Kind::kDouble ? absl::StrCat(value.d) : absl::StrCat(value.i);
}

// Looks at every comparison of one expression.
class ComparisonLint {
 public:
  ComparisonLint(const Expressions::Site& site, const CheckContext& context,
                 const Satisfiability& satisfiability)
      : site_(site), context_(context), satisfiability_(satisfiability) {}

  // Returns true if something was reported.
  bool Run(const CheckedNode& root) {
    Visit(root);
    return found_;
  }

 private:
  void Visit(const CheckedNode& node) {
    Atom atom;
    if (satisfiability_.AsAtom(node, atom)) {
      CheckAtom(node, atom);
    } else if (node.kind == NodeKind::kBetween && node.children.size() == 3 &&
               node.children[0]->kind == NodeKind::kSlot) {
      CheckBounds(node.children[0]->slot, {node.children[1].get(), node.children[2].get()});
    }
    for (const expr::CheckedPtr& child : node.children) Visit(*child);
  }

  void CheckAtom(const CheckedNode& node, const Atom& atom) {
    if (CheckBounds(atom.slot, {node.children[0].get(), node.children[1].get()})) return;
    Domain domain = satisfiability_.DomainOf(atom.slot);
    if (!domain.is_number || atom.op == expr::Operator::kIn) return;
    satisfiability_.Restrict(domain, atom, /*holds=*/true);
    // One that is always true is no mistake: `weeks >= 0` asks whether the number is known.
    if (domain.empty()) Constant(node, atom.slot);
  }

  void Constant(const CheckedNode& node, expr::SlotIndex slot) {
    found_ = true;
    const Domain& domain = satisfiability_.DomainOf(slot);
    context_.report.InText(
        Severity::kWarning, site_.path, OffsetAt(node), "constant-comparison",
        absl::StrCat("this comparison is never true: `", context_.schema.slot(slot).name,
                     "` is between ", domain.low, " and ", domain.high));
  }

  // True if one of the constants lies outside the range of the field.
  bool CheckBounds(expr::SlotIndex slot, std::initializer_list<const CheckedNode*> operands) {
    const Domain& domain = satisfiability_.DomainOf(slot);
    if (!domain.is_number) return false;
    bool outside = false;
    for (const CheckedNode* operand : operands) {
      const Value* value = ConstantOf(*operand);
      if (value == nullptr || !IsNumeric(*value)) continue;
      const double number = NumberOf(*value);
      if (number >= domain.low && number <= domain.high) continue;
      outside = true;
      found_ = true;
      context_.report.InText(
          Severity::kError, site_.path, OffsetAt(*operand), "threshold-out-of-range",
          absl::StrCat(Shown(*value), " is outside the plausible range of `",
                       context_.schema.slot(slot).name, "`, ", domain.low, " to ", domain.high),
          "the comparison never makes a difference");
    }
    return outside;
  }

  size_t OffsetAt(const CheckedNode& node) const {
    return OffsetOf(site_.text, node.start.line, node.start.column);
  }

  const Expressions::Site& site_;
  const CheckContext& context_;
  const Satisfiability& satisfiability_;
  bool found_ = false;
};

// Written by intent: "always".
bool IsPlainTrue(const CheckedNode& node) {
  return node.kind == NodeKind::kLiteral && node.constant.has_value() && node.constant->is_true();
}

// Returns true if something was reported.
bool LintOutcome(const Expressions::Site& site, const CheckedExpr& checked,
                 const CheckContext& context, const Satisfiability& satisfiability) {
  if (IsPlainTrue(checked.root())) return false;
  const Demand holds[] = {{checked, true}};
  const Demand fails[] = {{checked, false}};
  if (!satisfiability.CanHold(holds)) {
    context.report.InText(Severity::kWarning, site.path, 0, "never-matches",
                          "this condition can never hold");
    return true;
  }
  if (!satisfiability.CanHold(fails)) {
    context.report.InText(Severity::kWarning, site.path, 0, "always-matches",
                          "this condition holds for everyone", "write `true` if that is meant");
    return true;
  }
  return false;
}

// In lists where the first match counts: what can still come to element `at`.
class FirstMatchLint {
 public:
  FirstMatchLint(const CheckContext& context, const Satisfiability& satisfiability)
      : context_(context), satisfiability_(satisfiability) {}

  void Next(const std::string& path, const std::string& id) {
    const CheckedExpr* when = context_.expressions.Find(path + ".when");
    if (when != nullptr) {
      std::vector<Demand> demands = earlier_fail_;
      demands.push_back({*when, true});
      const Demand alone[] = {{*when, true}};
      if (!earlier_fail_.empty() && satisfiability_.CanHold(alone) &&
          !satisfiability_.CanHold(demands)) {
        context_.report.InText(Severity::kWarning, path + ".when", 0, "shadowed-rule",
                               absl::StrCat("`", id, "` is never reached: earlier ones take all"));
      }
      earlier_fail_.push_back({*when, false});
    }
  }

 private:
  const CheckContext& context_;
  const Satisfiability& satisfiability_;
  std::vector<Demand> earlier_fail_;
};

}  // namespace

void LintConditions(const CheckContext& context, Satisfiability& satisfiability) {
  const auto lint = [&](const Expressions::Site& site) {
    const CheckedExpr* checked = context.expressions.Find(site.path);
    if (checked == nullptr) return false;
    if (ComparisonLint(site, context, satisfiability).Run(checked->root())) return true;
    return checked->type().kind == expr::Kind::kBool &&
           LintOutcome(site, *checked, context, satisfiability);
  };
  std::map<std::string, const Expressions::Site*> sites;
  for (const Expressions::Site& site : context.expressions.sites()) {
    sites.emplace(site.path, &site);
  }
  // Terms before their readers, so that a mistake is reported where it is, and only there.
  for (const TermKey& key : context.expressions.binding_order()) {
    if (key.kind != TermKey::Kind::kTerm) continue;
    const auto site = sites.find(absl::StrCat(At("terms", key.index), ".expression"));
    if (site != sites.end() && lint(*site->second)) satisfiability.SetOpaque(key.name);
  }
  for (const Expressions::Site& site : context.expressions.sites()) {
    if (site.condition) lint(site);
  }
}

void LintOrder(const CheckContext& context, const Satisfiability& satisfiability) {
  FirstMatchLint stages(context, satisfiability);
  for (int i = 0; i < context.ruleset.stages_size(); ++i) {
    stages.Next(At("stages", i), context.ruleset.stages(i).id());
  }
  FirstMatchLint sizes(context, satisfiability);
  for (int i = 0; i < context.ruleset.programme().sizes_size(); ++i) {
    sizes.Next(absl::StrCat("programme.sizes[", i, "]"), context.ruleset.programme().sizes(i).id());
  }
}

}  // namespace plumbline::ruleset
