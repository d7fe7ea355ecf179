#include "server/ruleset/expressions.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/ruleset/rule_fields.h"
#include "server/ruleset/term_graph.h"

namespace plumbline::ruleset {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr expr::Type kBool{expr::Kind::kBool};
// Of a term whose own mistake has been reported: what reads it is not blamed.
constexpr expr::Type kNotTyped{expr::Kind::kError};

// What the names of derived terms begin with.
bool IsReserved(absl::string_view name) {
  return name == "suspected" || name == "likely" || name == "stage";
}

}  // namespace

Expressions::Expressions(const RulesetDocument& document, const expr::Schema& schema,
                         Report& report)
    : environment_(&schema) {
  Collect(document.ruleset());
  DeclareDerived(document);
  CheckTerms(document.ruleset(), report);
  for (const Site& site : sites_) {
    if (site.condition) CheckSite(site, report);
  }
}

void Expressions::Collect(const v1::Ruleset& ruleset) {
  WalkMessages(ruleset, [this](const Message& message, const std::string& path) {
    const auto* type = message.GetDescriptor();
    for (int i = 0; i < type->field_count(); ++i) {
      const FieldDescriptor* field = type->field(i);
      const FieldRole* role = FindFieldRole(*field);
      if (role == nullptr || (role->role != Role::kCondition && role->role != Role::kExpression)) {
        continue;
      }
      std::string text = message.GetReflection()->GetString(message, field);
      if (text.empty()) continue;
      sites_.push_back({absl::StrCat(path, ".", field->name()), std::move(text),
                        role->role == Role::kCondition});
    }
  });
}

void Expressions::DeclareDerived(const RulesetDocument& document) {
  const auto declare = [this](absl::string_view prefix, const std::string& id,
                              const expr::Type& type) {
    if (!id.empty()) environment_.DeclareTerm(absl::StrCat(prefix, id), type);
  };
  for (const v1::ClinicalCondition& condition : document.ruleset().conditions()) {
    declare("suspected.", condition.id(), kBool);
    declare("likely.", condition.id(), kBool);
  }
  for (const v1::Stage& stage : document.ruleset().stages()) declare("stage.", stage.id(), kBool);
  for (const std::string& id : document.lost_ids()) {
    for (const absl::string_view prefix : {"suspected.", "likely.", "stage."}) {
      declare(prefix, id, kBool);
    }
    declare("", id, kNotTyped);
  }
}

void Expressions::CheckTerms(const v1::Ruleset& ruleset, Report& report) {
  TermOrder terms = OrderTerms(ruleset, report);
  for (const TermKey& key : terms.circular) {
    if (key.kind == TermKey::Kind::kTerm) environment_.DeclareTerm(key.name, kNotTyped);
  }
  for (const TermKey& key : terms.order) {
    if (key.kind != TermKey::Kind::kTerm || key.name.empty()) continue;
    const std::string path = absl::StrCat("terms[", key.index, "].expression");
    CheckSite({path, ruleset.terms(key.index).expression(), /*condition=*/false}, report);
    term_paths_.try_emplace(key.name, path);
    const expr::CheckedExpr* checked = Find(path);
    const expr::Type type = checked == nullptr ? kNotTyped : checked->type();
    const bool declared = !IsReserved(key.name) && environment_.DeclareTerm(key.name, type);
    // A term of that name before it is a duplicate id, which has been reported.
    if (!declared && environment_.FindTerm(key.name) == nullptr) {
      report.Error(absl::StrCat("terms[", key.index, "].id"), "name-taken",
                   absl::StrCat("`", key.name, "` already means something in expressions"),
                   "an intake field or a word of the language");
    }
  }
  binding_order_ = std::move(terms.order);
}

void Expressions::CheckSite(const Site& site, Report& report) {
  if (site.text.empty()) return;
  const SourceLocation relative{"", 1, 1};
  expr::CheckResult result = expr::Check(site.text, environment_, relative);
  // Without a type because of a term that has none: that has been reported.
  const bool typed = result.expr.valid() && result.expr.type().kind != expr::Kind::kError;
  if (site.condition && typed) result = expr::CheckCondition(site.text, environment_, relative);
  for (Issue& issue : result.issues) report.Expression(site.path, site.text, std::move(issue));
  if (typed && result.expr.valid()) {
    checked_.emplace(site.path, std::move(result.expr));
  }
}

const expr::CheckedExpr* Expressions::Find(absl::string_view path) const {
  const auto found = checked_.find(path);
  return found == checked_.end() ? nullptr : &found->second;
}

const expr::CheckedExpr* Expressions::FindTerm(absl::string_view name) const {
  const auto found = term_paths_.find(name);
  return found == term_paths_.end() ? nullptr : Find(found->second);
}

}  // namespace plumbline::ruleset
