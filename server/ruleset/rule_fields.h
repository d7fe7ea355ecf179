// What each field of the authoring form is for, as one table: the checks that are the same for
// every kind of rule (ids, texts, references, conditions, sources) follow from it.
//
// The table is complete: a test compares it with the descriptors, so that a new field of
// ruleset.proto cannot be forgotten.

#ifndef PLUMBLINE_SERVER_RULESET_RULE_FIELDS_H_
#define PLUMBLINE_SERVER_RULESET_RULE_FIELDS_H_

#include <functional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace plumbline::ruleset {

enum class Role {
  kText,        // plain words, printed as they are
  kTemplate,    // words with {field} holes
  kCondition,   // expression of type bool
  kExpression,  // expression of any type
  kId,
  kReference,  // id of something else
  kSources,    // passage ids
  kTag,        // defines a tag
  kChoice,     // enum
  kNumber,     // number or bool
  kPart,       // message
  kOpaque,     // not looked into by the general checks
};

// Kind of thing that an id names or refers to. Ids of all kinds from kConsistencyRule on share one
// namespace; the others have one each.
enum class Kind {
  kNone,
  kRuleset,
  kSource,
  kPassage,
  kVignette,
  kHazard,
  kField,  // of the intake
  kTag,
  kScreenGroup,
  kConsistencyRule,
  kTerm,
  kScreen,
  kEscalation,
  kRedFlag,
  kReferralTarget,
  kCondition,
  kFinding,
  kStage,
  kStratification,
  kExercise,
  kIndication,
  kContraindication,
  kCaution,
  kPrerequisite,
  kScoreAdjustment,
  kSizeLimit,
  kQuota,
  kPairing,
  kSequenceStep,
  kAdvice,
  kFollowUpRule,
  kNotice,
  // Only referred to:
  kFiringRule,  // a red flag, a safety screen or an escalation of one
  kAnyRule,     // anything in the shared namespace
};

enum class Need { kOptional, kRequired };

struct FieldRole {
  absl::string_view message;  // "TriageRule"
  absl::string_view field;
  Role role;
  Need need = Need::kOptional;
  Kind kind = Kind::kNone;  // kId, kReference
};

absl::Span<const FieldRole> FieldRoles();

// Null if the field has none.
const FieldRole* FindFieldRole(const google::protobuf::FieldDescriptor& field);

// "exercise", "source passage": for messages.
absl::string_view KindName(Kind kind);

// Calls `visit(message, path)` for `root` and every message below it in the order of the fields,
// leaving out what is kOpaque. The path of `root` itself is "".
void WalkMessages(
    const google::protobuf::Message& root,
    const std::function<void(const google::protobuf::Message&, const std::string& path)>& visit);

}  // namespace plumbline::ruleset

#endif  // PLUMBLINE_SERVER_RULESET_RULE_FIELDS_H_
