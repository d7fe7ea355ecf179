#include "server/review/trace.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "server/ruleset/lint_sources.h"
#include "server/ruleset/rule_fields.h"

namespace plumbline::review {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using ruleset::FieldRole;
using ruleset::Role;

using Ids = std::set<std::string>;

std::vector<std::string> ToVector(const Ids& ids) { return {ids.begin(), ids.end()}; }

// The values of a string field, repeated or not; empty if the message has no such field.
std::vector<std::string> Strings(const Message& message, const FieldDescriptor* field) {
  std::vector<std::string> values;
  if (field == nullptr || field->cpp_type() != FieldDescriptor::CPPTYPE_STRING) return values;
  const auto& reflection = *message.GetReflection();
  if (!field->is_repeated()) {
    values.push_back(reflection.GetString(message, field));
  } else {
    for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
      values.push_back(reflection.GetRepeatedString(message, field, i));
    }
  }
  return values;
}

std::string Text(const Message& message, const std::string& name) {
  const std::vector<std::string> values =
      Strings(message, message.GetDescriptor()->FindFieldByName(name));
  return values.empty() ? "" : values.front();
}

const FieldDescriptor* FieldWithRole(const Message& message, Role role) {
  const auto* type = message.GetDescriptor();
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldRole* field_role = ruleset::FindFieldRole(*type->field(i));
    if (field_role != nullptr && field_role->role == role) return type->field(i);
  }
  return nullptr;
}

std::string TitleOf(const Message& message) {
  for (const char* name : {"title", "name", "words", "because", "text", "until"}) {
    if (std::string text = Text(message, name); !text.empty()) return text;
  }
  return "";
}

// "conditions[0].findings[2]" -> "conditions[0]"; "" for a path of one part.
std::string ParentPath(const std::string& path) {
  const size_t dot = path.rfind('.');
  return dot == std::string::npos ? "" : path.substr(0, dot);
}

size_t IndexOf(const std::string& path) {
  size_t index = 0;
  const size_t bracket = path.rfind('[');
  for (size_t i = bracket + 1; bracket != std::string::npos && i + 1 < path.size(); ++i) {
    index = 10 * index + static_cast<size_t>(path[i] - '0');
  }
  return index;
}

// Rules by the order of the ruleset, with what is needed to join them.
class Collector {
 public:
  explicit Collector(const ruleset::RulesetDocument& document) : document_(document) {}

  Trace Run() && {
    CollectRules();
    CollectTests();
    CollectFacts();
    Count();
    Judge();
    SortIssues(trace_.issues);
    return std::move(trace_);
  }

 private:
  void CollectRules() {
    ruleset::WalkMessages(document_.ruleset(),
                          [this](const Message& message, const std::string& path) {
                            // A hazard tells where it comes from; it encodes nothing.
                            if (message.GetDescriptor() == v1::Hazard::descriptor()) return;
                            if (FieldWithRole(message, Role::kSources) != nullptr) {
                              AddRule(message, path);
                            }
                          });
  }

  // The rule that the part at `path` belongs to; null if there is none.
  const TracedRule* Enclosing(const std::string& path) const {
    const auto found = rule_at_path_.find(ParentPath(path));
    return found == rule_at_path_.end() ? nullptr : &trace_.rules[found->second];
  }

  void AddRule(const Message& message, const std::string& path) {
    const std::vector<std::string> sources =
        Strings(message, FieldWithRole(message, Role::kSources));
    const auto* type = message.GetDescriptor();
    // A dose or term without sources of its own is part of what cites for it.
    const bool part = type == v1::DoseStep::descriptor() || type == v1::Term::descriptor();
    if (part && sources.empty()) return;

    TracedRule rule;
    const TracedRule* owner = Enclosing(path);
    Identify(message, path, owner, rule);
    rule.title = TitleOf(message);
    rule.place = document_.Locate(path);
    const FieldDescriptor* choice = type->FindFieldByName("project_choice");
    rule.project_choice = choice != nullptr && message.GetReflection()->GetBool(message, choice);
    rule.facts = sources.empty() && owner != nullptr ? owner->facts
                                                     : ToVector({sources.begin(), sources.end()});
    if (type == v1::Term::descriptor()) terms_.insert(rule.id);
    rule_at_path_.emplace(path, trace_.rules.size());
    rule_by_id_.try_emplace(rule.id, trace_.rules.size());
    trace_.rules.push_back(std::move(rule));
    tests_of_rule_.emplace_back();
  }

  void Identify(const Message& message, const std::string& path, const TracedRule* owner,
                TracedRule& rule) {
    const FieldDescriptor* id_field = FieldWithRole(message, Role::kId);
    rule.id = Text(message, "id");
    if (id_field != nullptr) {
      rule.kind = std::string(ruleset::KindName(ruleset::FindFieldRole(*id_field)->kind));
    }
    if (!rule.id.empty()) return;
    const std::string above = owner == nullptr ? "" : owner->id + "/";
    if (message.GetDescriptor() == v1::DoseStep::descriptor()) {
      rule.kind = "dose";
      rule.id = absl::StrCat(above, "dose-", IndexOf(path) + 1);
      return;
    }
    rule.nameable = false;
    if (message.GetDescriptor() == v1::ScreenEscalation::descriptor()) {
      rule.id = absl::StrCat(above, Text(message, "group"), "-", IndexOf(path) + 1);
      return;
    }
    // "programme.responses" -> "responses".
    rule.id = path.substr(path.rfind('.') + 1);
    rule.kind =
        absl::StrCat("part of the ", absl::StrContains(path, '.') ? ParentPath(path) : "ruleset");
  }

  // ---- Tests

  void Name(const std::string& id, Ids& rules) const {
    if (rule_by_id_.contains(id)) rules.insert(id);
  }

  // Ids of the doses of an exercise that are rules of their own.
  void NameDoses(const std::string& exercise, Ids& rules) const {
    for (const TracedRule& rule : trace_.rules) {
      if (absl::StartsWith(rule.id, exercise + "/dose-")) rules.insert(rule.id);
    }
  }

  void CollectTests() {
    const v1::Ruleset& source = document_.ruleset();
    for (int i = 0; i < source.vignettes_size(); ++i) {
      AddVignette(source.vignettes(i), absl::StrCat("vignettes[", i, "]"));
    }
    for (int i = 0; i < source.outcome_tables_size(); ++i) {
      const v1::OutcomeTable& table = source.outcome_tables(i);
      Ids rules;
      Name(table.rule_id(), rules);
      AddTest({absl::StrCat("outcomes ", table.rule_id(), table.part().empty() ? "" : " ",
                            table.part()),
               "outcome table",
               "",
               document_.Locate(absl::StrCat("outcome_tables[", i, "]")),
               {},
               {}},
              rules);
    }
    for (int i = 0; i < source.dose_registers_size(); ++i) {
      const std::string& exercise = source.dose_registers(i).exercise_id();
      Ids rules;
      Name(exercise, rules);
      NameDoses(exercise, rules);
      AddTest({absl::StrCat("doses ", exercise),
               "dose register",
               "",
               document_.Locate(absl::StrCat("dose_registers[", i, "]")),
               {},
               {}},
              rules);
    }
  }

  void AddVignette(const v1::Vignette& vignette, const std::string& path) {
    Ids rules;
    ruleset::WalkMessages(vignette, [this, &rules](const Message& message, const std::string&) {
      const auto* type = message.GetDescriptor();
      for (int i = 0; i < type->field_count(); ++i) {
        const FieldRole* role = ruleset::FindFieldRole(*type->field(i));
        if (role == nullptr || role->role != Role::kReference) continue;
        if (role->kind == ruleset::Kind::kField) continue;
        for (const std::string& id : Strings(message, type->field(i))) Name(id, rules);
      }
    });
    for (const std::string& stratum : vignette.expect().strata()) {
      const std::vector<std::string> parts = absl::StrSplit(stratum, '/');
      Name(parts.front(), rules);
    }
    for (const v1::ExpectedDose& dose : vignette.expect().prescribes()) {
      NameDoses(dose.exercise_id(), rules);
    }
    AddTest({vignette.id(), "vignette", vignette.title(), document_.Locate(path), {}, {}}, rules);
  }

  void AddTest(TracedTest test, const Ids& rules) {
    Ids facts;
    for (const std::string& id : rules) {
      const size_t index = rule_by_id_.at(id);
      tests_of_rule_[index].insert(test.id);
      facts.insert(trace_.rules[index].facts.begin(), trace_.rules[index].facts.end());
    }
    test.rules = ToVector(rules);
    test.facts = ToVector(facts);
    trace_.tests.push_back(std::move(test));
  }

  // ---- Facts

  void CollectFacts() {
    std::map<std::string, Ids> rules_of_fact;
    std::map<std::string, Ids> tests_of_fact;
    for (size_t i = 0; i < trace_.rules.size(); ++i) {
      TracedRule& rule = trace_.rules[i];
      rule.tests = ToVector(tests_of_rule_[i]);
      for (const std::string& fact : rule.facts) {
        rules_of_fact[fact].insert(rule.id);
        tests_of_fact[fact].insert(rule.tests.begin(), rule.tests.end());
      }
    }
    const v1::Ruleset& ruleset = document_.ruleset();
    for (int i = 0; i < ruleset.sources_size(); ++i) {
      const v1::Source& source = ruleset.sources(i);
      for (int k = 0; k < source.passages_size(); ++k) {
        const v1::Passage& passage = source.passages(k);
        TracedFact fact;
        fact.id = passage.id();
        fact.source_id = source.id();
        fact.locator = passage.locator();
        fact.summary = passage.summary();
        fact.status =
            passage.status() == v1::SOURCE_STATUS_UNSPECIFIED ? source.status() : passage.status();
        fact.not_encoded_because = passage.not_encoded_because();
        fact.place = document_.Locate(absl::StrCat("sources[", i, "].passages[", k, "]"));
        fact.rules = ToVector(rules_of_fact[fact.id]);
        fact.tests = ToVector(tests_of_fact[fact.id]);
        trace_.facts.push_back(std::move(fact));
      }
    }
  }

  void Count() {
    std::map<std::string, size_t> at;
    for (const v1::Source& source : document_.ruleset().sources()) {
      if (!at.emplace(source.id(), trace_.sources.size()).second) continue;
      SourceCount count;
      count.source_id = source.id();
      count.title = source.title();
      count.status = source.status();
      trace_.sources.push_back(std::move(count));
    }
    for (const TracedFact& fact : trace_.facts) {
      SourceCount& count = trace_.sources[at[fact.source_id]];
      ++count.facts;
      if (!fact.rules.empty()) {
        ++count.cited;
      } else if (!fact.not_encoded_because.empty()) {
        ++count.not_encoded;
      } else {
        ++count.unaccounted;
      }
    }
  }

  // ---- What is not accounted for

  void Complain(Severity severity, const SourceLocation& place, std::string code,
                std::string message, std::string hint = "") {
    trace_.issues.push_back(
        {severity, place, std::move(code), std::move(message), std::move(hint)});
  }

  void Judge() {
    for (const TracedFact& fact : trace_.facts) {
      const bool marked = !fact.not_encoded_because.empty();
      if (!fact.rules.empty() && marked) {
        Complain(Severity::kError, fact.place, "contradicted-fact",
                 absl::StrCat("`", fact.id, "` says why no rule encodes it, and `",
                              fact.rules.front(), "` cites it"));
      } else if (fact.rules.empty() && !marked) {
        if (ruleset::IsFactLedger(fact.source_id)) {
          Complain(Severity::kError, fact.place, "unaccounted-fact",
                   absl::StrCat("no rule cites the fact `", fact.id, "`"),
                   "cite it, or say in `not_encoded_because` why no rule encodes it");
        } else {
          Complain(Severity::kWarning, fact.place, "uncited-passage",
                   absl::StrCat("no rule cites `", fact.id, "`"));
        }
      }
    }
    for (const TracedRule& rule : trace_.rules) {
      if (rule.facts.empty()) {
        Complain(Severity::kError, rule.place, "uncited-rule",
                 absl::StrCat("the ", rule.kind, " `", rule.id, "` cites no source"));
      }
      if (rule.tests.empty() && rule.nameable && !terms_.contains(rule.id)) {
        Complain(Severity::kError, rule.place, "untested-rule",
                 absl::StrCat("no test names the ", rule.kind, " `", rule.id, "`"),
                 "expect something of it in a vignette, or name it in `covers`");
      }
    }
  }

  const ruleset::RulesetDocument& document_;
  Trace trace_;
  absl::flat_hash_map<std::string, size_t> rule_at_path_;
  absl::flat_hash_map<std::string, size_t> rule_by_id_;
  std::vector<Ids> tests_of_rule_;
  // Terms that cite: the rules that read them are what is tested.
  Ids terms_;
};

template <typename Elements>
auto* FindById(const Elements& elements, absl::string_view id) {
  const auto found = std::find_if(elements.begin(), elements.end(),
                                  [id](const auto& element) { return element.id == id; });
  return found == elements.end() ? nullptr : &*found;
}

}  // namespace

const TracedFact* Trace::FindFact(absl::string_view id) const { return FindById(facts, id); }
const TracedRule* Trace::FindRule(absl::string_view id) const { return FindById(rules, id); }
const TracedTest* Trace::FindTest(absl::string_view id) const { return FindById(tests, id); }

Trace BuildTrace(const ruleset::RulesetDocument& document) { return Collector(document).Run(); }

}  // namespace plumbline::review
