// Expressions: all expressions of a ruleset, checked, and the order in which terms read each other.
//
// Immutable once built; thread-safe.

#ifndef PLUMBLINE_SERVER_RULESET_EXPRESSIONS_H_
#define PLUMBLINE_SERVER_RULESET_EXPRESSIONS_H_

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/expr/checker.h"
#include "server/ruleset/document.h"
#include "server/ruleset/report.h"

namespace plumbline::ruleset {

// Something that expressions read by name: a term, or one that the compiler declares by itself.
struct TermKey {
  enum class Kind { kTerm, kSuspected, kLikely, kStage };
  Kind kind = Kind::kTerm;
  int index = 0;     // in terms, conditions or stages
  std::string name;  // "acute", "suspected.lss"
};

class Expressions {
 public:
  // A text of the ruleset that is an expression.
  struct Site {
    std::string path;
    std::string text;
    bool condition = true;  // or a term, of any type
  };

  // Reports what is wrong with any expression, names that are taken, terms that read each other in
  // a circle, and conditions or stages that read a later one.
  Expressions(const RulesetDocument& document, const expr::Schema& schema, Report& report);

  // Null if nothing was written at `path`, or if it is wrong.
  const expr::CheckedExpr* Find(absl::string_view path) const;
  // The expression of the term of this name; null if there is none, or none that is sound.
  const expr::CheckedExpr* FindTerm(absl::string_view name) const;
  // All of them, sound or not, in the order of the document's fields.
  const std::vector<Site>& sites() const { return sites_; }

  // All terms, each after those that it reads; those in a circle are left out.
  const std::vector<TermKey>& binding_order() const { return binding_order_; }

  const expr::Environment& environment() const { return environment_; }

 private:
  void Collect(const v1::Ruleset& ruleset);
  void DeclareDerived(const RulesetDocument& document);
  void CheckTerms(const v1::Ruleset& ruleset, Report& report);
  void CheckSite(const Site& site, Report& report);

  expr::Environment environment_;
  std::vector<Site> sites_;
  std::map<std::string, expr::CheckedExpr, std::less<>> checked_;
  std::map<std::string, std::string, std::less<>> term_paths_;
  std::vector<TermKey> binding_order_;
};

}  // namespace plumbline::ruleset

#endif  // PLUMBLINE_SERVER_RULESET_EXPRESSIONS_H_
