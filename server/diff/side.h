// Side: one of the two rulesets of a comparison: its checked expressions, and the forms in which
// its fields are compared and shown.
//
// The old side reads as the new one names things: ids that were given another name there are
// replaced in references and expressions before anything is compared.
//
// Thread-compatible; refers to the ruleset, which must outlive it.

#ifndef PLUMBLINE_SERVER_DIFF_SIDE_H_
#define PLUMBLINE_SERVER_DIFF_SIDE_H_

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "server/diff/expression_form.h"
#include "server/expr/checker.h"
#include "server/ruleset/compiled_ruleset.h"
#include "server/ruleset/document.h"
#include "server/ruleset/expressions.h"
#include "server/ruleset/report.h"
#include "server/ruleset/rule_fields.h"

namespace plumbline::diff {

class Side {
 public:
  explicit Side(const ruleset::CompiledRuleset& ruleset);

  Side(const Side&) = delete;
  Side& operator=(const Side&) = delete;

  const v1::Ruleset& source() const { return ruleset_.source; }
  const ruleset::Expressions& expressions() const { return expressions_; }

  // From now on `id` of that kind reads `new_id`. False if it did so already.
  bool Rename(ruleset::Kind kind, const std::string& id, const std::string& new_id);
  // What it reads; `id` itself if it has no other name.
  std::string Renamed(ruleset::Kind kind, const std::string& id) const;

  // One value of a field that is no message, or message whole; `index` -1: of a singular field.
  // Equal forms: no difference. `path` is that of the message, as RulesetDocument::Locate has it.
  std::string Form(const google::protobuf::Message& message,
                   const google::protobuf::FieldDescriptor& field, int index,
                   const std::string& path) const;
  // All fields of a message; without its keys and those of the elements in it when `keys` is false.
  std::string Form(const google::protobuf::Message& message, const std::string& path,
                   bool keys = true) const;

  // The same for people: numbers, names of enum values without their prefix, canonical text of
  // expressions in the order in which they were written; empty if the field is not set.
  std::string Shown(const google::protobuf::Message& message,
                    const google::protobuf::FieldDescriptor& field, int index,
                    const std::string& path) const;
  // "reps: 5, text: Five times".
  std::string Shown(const google::protobuf::Message& message, const std::string& path) const;

  // How this side's terms are called on the other one, and what they stand for.
  const TermNames& names() const { return names_; }
  const TermLookup& terms() const { return terms_; }

  const expr::CheckedExpr* Find(const std::string& path) const { return expressions_.Find(path); }

 private:
  const ruleset::CompiledRuleset& ruleset_;
  const ruleset::RulesetDocument document_;
  ruleset::Report report_;
  const ruleset::Expressions expressions_;
  std::map<std::pair<ruleset::Kind, std::string>, std::string> renames_;
  TermNames names_;
  TermLookup terms_;
};

// Path of a field, or of one of its entries, inside the message at `path`.
std::string PathOf(const std::string& path, const google::protobuf::FieldDescriptor& field,
                   int index = -1);

// Number of values: of a singular field 0 or 1.
int CountOf(const google::protobuf::Message& message,
            const google::protobuf::FieldDescriptor& field);

// The message of a field that holds one; the default one if it is not set.
const google::protobuf::Message& PartOf(const google::protobuf::Message& message,
                                        const google::protobuf::FieldDescriptor& field, int index);

}  // namespace plumbline::diff

#endif  // PLUMBLINE_SERVER_DIFF_SIDE_H_
