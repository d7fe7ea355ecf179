#include "server/ruleset/rule_fields.h"

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"

namespace plumbline::ruleset {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

using enum Role;
using enum Need;

constexpr FieldRole kRoles[] = {
    {"Ruleset", "manifest", kPart, kRequired},
    {"Ruleset", "sources", kPart},
    {"Ruleset", "questions", kPart},
    {"Ruleset", "consistency_rules", kPart},
    {"Ruleset", "terms", kPart},
    {"Ruleset", "dispositions", kPart, kRequired},
    {"Ruleset", "safety_screens", kPart},
    {"Ruleset", "red_flags", kPart},
    {"Ruleset", "referral_targets", kPart},
    {"Ruleset", "conditions", kPart},
    {"Ruleset", "stages", kPart, kRequired},
    {"Ruleset", "exercises", kPart, kRequired},
    {"Ruleset", "indications", kPart},
    {"Ruleset", "contraindications", kPart},
    {"Ruleset", "cautions", kPart},
    {"Ruleset", "prerequisites", kPart},
    {"Ruleset", "score_adjustments", kPart},
    {"Ruleset", "programme", kPart, kRequired},
    {"Ruleset", "advice", kPart},
    {"Ruleset", "follow_up_rules", kPart},
    {"Ruleset", "safety_net", kPart, kRequired},
    {"Ruleset", "notices", kPart},
    {"Ruleset", "vignettes", kPart},
    {"Ruleset", "stratifications", kPart},
    {"Ruleset", "hazards", kPart},
    {"Ruleset", "outcome_tables", kPart},
    {"Ruleset", "dose_registers", kPart},

    {"Manifest", "ruleset_id", kId, kRequired, Kind::kRuleset},
    {"Manifest", "version", kText, kRequired},
    {"Manifest", "title", kText, kRequired},
    {"Manifest", "status", kChoice, kRequired},
    {"Manifest", "intended_use", kText, kRequired},
    {"Manifest", "intended_users", kText, kRequired},
    {"Manifest", "intended_population", kText, kRequired},
    {"Manifest", "effective_from", kPart},
    {"Manifest", "effective_until", kPart},
    {"Manifest", "authors", kPart},
    {"Manifest", "reviewers", kPart},
    {"Manifest", "change_summary", kText},
    {"Manifest", "disclaimers", kText},
    {"Manifest", "source_attributes", kPart},
    {"Manifest", "ledgers", kText},
    {"Manifest", "reading_glossary", kPart},
    {"ReadingTerm", "term", kText, kRequired},
    {"ReadingTerm", "because", kText, kRequired},
    {"Contributor", "name", kText, kRequired},
    {"Contributor", "role", kText},
    {"Contributor", "date", kPart},
    {"SourceAttribute", "name", kText, kRequired},
    {"SourceAttribute", "value", kText, kRequired},
    {"Date", "year", kNumber},
    {"Date", "month", kNumber},
    {"Date", "day", kNumber},

    {"Source", "id", kId, kRequired, Kind::kSource},
    {"Source", "title", kText, kRequired},
    {"Source", "citation", kText, kRequired},
    {"Source", "doi", kText},
    {"Source", "url", kText},
    {"Source", "status", kChoice, kRequired},
    {"Source", "passages", kPart},
    {"Passage", "id", kId, kRequired, Kind::kPassage},
    {"Passage", "locator", kText},
    {"Passage", "summary", kText, kRequired},
    {"Passage", "status", kChoice},
    {"Passage", "not_encoded_because", kText},

    {"Question", "field", kReference, kRequired, Kind::kField},
    {"Question", "label", kText, kRequired},
    {"Question", "wording", kText, kRequired},
    {"Question", "clinician_wording", kText},
    {"Question", "help", kText},
    {"Question", "unit", kText},
    {"Question", "unit_text", kText},
    {"Question", "min", kNumber},
    {"Question", "max", kNumber},
    {"Question", "max_length", kNumber},
    {"Question", "options", kPart},
    {"Question", "codings", kPart},
    {"Question", "group", kText},
    {"Question", "ask_when", kCondition},
    {"Question", "clinician_only", kNumber},
    {"AnswerOption", "value", kText, kRequired},
    {"AnswerOption", "label", kText, kRequired},
    {"Coding", "system", kText, kRequired},
    {"Coding", "code", kText, kRequired},
    {"Coding", "display", kText},
    {"Coding", "status", kChoice},

    {"ConsistencyRule", "id", kId, kRequired, Kind::kConsistencyRule},
    {"ConsistencyRule", "when", kCondition, kRequired},
    {"ConsistencyRule", "unless", kCondition},
    {"ConsistencyRule", "fields", kReference, kRequired, Kind::kField},
    {"ConsistencyRule", "message", kText, kRequired},
    {"Term", "id", kId, kRequired, Kind::kTerm},
    {"Term", "expression", kExpression, kRequired},
    {"Term", "words", kText, kRequired},
    {"Term", "sources", kSources},

    {"Dispositions", "levels", kPart},
    {"Dispositions", "gates", kPart},
    {"Dispositions", "limits", kPart},
    {"LevelText", "level", kChoice, kRequired},
    {"LevelText", "title", kText, kRequired},
    {"LevelText", "time_frame", kText},
    {"LevelText", "due_days", kNumber},
    {"LevelText", "patient_text", kText, kRequired},
    {"LevelText", "clinician_text", kText},
    {"GateText", "gate", kChoice, kRequired},
    {"GateText", "title", kText, kRequired},
    {"GateText", "patient_text", kText, kRequired},
    {"GateText", "release", kChoice, kRequired},
    {"ProgrammeLimit", "level", kChoice, kRequired},
    {"ProgrammeLimit", "gate", kChoice, kRequired},
    {"ProgrammeLimit", "exercise_ids", kReference, kRequired, Kind::kExercise},
    {"ProgrammeLimit", "because", kText, kRequired},

    {"TriageOnIndeterminate", "action", kChoice, kRequired},
    {"TriageOnIndeterminate", "when", kCondition},
    {"TriageOnIndeterminate", "level", kChoice},
    {"TriageOnIndeterminate", "gate", kChoice},
    {"TriageOnIndeterminate", "due_days", kNumber},
    {"TriageOnIndeterminate", "because", kTemplate},
    {"TriageRule", "id", kId, kRequired, Kind::kRedFlag},
    {"TriageRule", "title", kText, kRequired},
    {"TriageRule", "group", kText},
    {"TriageRule", "when", kCondition, kRequired},
    {"TriageRule", "level", kChoice, kRequired},
    {"TriageRule", "gate", kChoice, kRequired},
    {"TriageRule", "due_days", kNumber},
    {"TriageRule", "because", kTemplate, kRequired},
    {"TriageRule", "clinician_note", kTemplate},
    {"TriageRule", "referral", kReference, kOptional, Kind::kReferralTarget},
    {"TriageRule", "referral_note", kText},
    {"TriageRule", "sources", kSources, kRequired},
    {"TriageRule", "project_choice", kNumber},
    {"TriageRule", "on_indeterminate", kPart, kRequired},

    {"SafetyScreen", "id", kId, kRequired, Kind::kScreen},
    {"SafetyScreen", "title", kText, kRequired},
    {"SafetyScreen", "level", kChoice, kRequired},
    {"SafetyScreen", "gate", kChoice, kRequired},
    {"SafetyScreen", "because", kTemplate, kRequired},
    {"SafetyScreen", "clinician_note", kText},
    {"SafetyScreen", "sources", kSources, kRequired},
    {"SafetyScreen", "items", kPart, kRequired},
    {"SafetyScreen", "escalations", kPart},
    {"ScreenItem", "group", kText, kRequired},
    {"ScreenItem", "answered", kCondition, kRequired},
    {"ScreenEscalation", "group", kReference, kRequired, Kind::kScreenGroup},
    {"ScreenEscalation", "when", kCondition, kRequired},
    {"ScreenEscalation", "level", kChoice, kRequired},
    {"ScreenEscalation", "gate", kChoice, kRequired},
    {"ScreenEscalation", "because", kTemplate, kRequired},
    {"ScreenEscalation", "sources", kSources},
    {"ScreenEscalation", "id", kId, kOptional, Kind::kEscalation},
    {"ReferralTarget", "id", kId, kRequired, Kind::kReferralTarget},
    {"ReferralTarget", "title", kText, kRequired},
    {"ReferralTarget", "patient_text", kText, kRequired},
    {"ReferralTarget", "clinician_text", kText},

    {"ClinicalCondition", "id", kId, kRequired, Kind::kCondition},
    {"ClinicalCondition", "title", kText, kRequired},
    {"ClinicalCondition", "patient_title", kText, kRequired},
    {"ClinicalCondition", "patient_text", kText, kRequired},
    {"ClinicalCondition", "prognosis", kText},
    {"ClinicalCondition", "codings", kPart},
    {"ClinicalCondition", "required", kCondition},
    {"ClinicalCondition", "cancelled_when", kCondition},
    {"ClinicalCondition", "findings", kPart},
    {"ClinicalCondition", "possible_at", kNumber},
    {"ClinicalCondition", "possible_when", kCondition},
    {"ClinicalCondition", "likely_at", kNumber},
    {"ClinicalCondition", "likely_when", kCondition},
    {"ClinicalCondition", "residual", kNumber},
    {"ClinicalCondition", "priority", kNumber, kRequired},
    {"ClinicalCondition", "sources", kSources, kRequired},
    {"ClinicalCondition", "project_choice", kNumber},
    {"Finding", "id", kId, kRequired, Kind::kFinding},
    {"Finding", "points", kNumber, kRequired},
    {"Finding", "when", kCondition, kRequired},
    {"Finding", "because", kTemplate, kRequired},
    // Without its own, the condition's sources stand for it.
    {"Finding", "sources", kSources},
    {"Stage", "id", kId, kRequired, Kind::kStage},
    {"Stage", "title", kText, kRequired},
    {"Stage", "patient_text", kText, kRequired},
    {"Stage", "when", kCondition},
    {"Stage", "on_indeterminate", kChoice},
    {"Stage", "because", kTemplate, kRequired},
    {"Stage", "sources", kSources, kRequired},
    {"Stage", "rank", kNumber, kRequired},

    {"Stratification", "id", kId, kRequired, Kind::kStratification},
    {"Stratification", "title", kText, kRequired},
    {"Stratification", "strata", kPart, kRequired},
    {"Stratification", "sources", kSources, kRequired},
    {"Stratification", "project_choice", kNumber},
    {"Stratum", "id", kText, kRequired},
    {"Stratum", "title", kText, kRequired},
    {"Stratum", "when", kCondition, kRequired},
    {"Stratum", "text", kTemplate, kRequired},
    {"Stratum", "clinician_text", kText},

    {"Exercise", "id", kId, kRequired, Kind::kExercise},
    {"Exercise", "name", kText, kRequired},
    {"Exercise", "clinician_name", kText},
    {"Exercise", "purpose", kText, kRequired},
    {"Exercise", "position", kChoice, kRequired},
    {"Exercise", "direction", kChoice, kRequired},
    {"Exercise", "type", kChoice, kRequired},
    {"Exercise", "load", kNumber, kRequired},
    {"Exercise", "equipment", kChoice},
    {"Exercise", "environments", kChoice},
    {"Exercise", "steps", kText, kRequired},
    {"Exercise", "cues", kText},
    {"Exercise", "common_mistakes", kText},
    {"Exercise", "stop_rules", kText},
    {"Exercise", "doses", kPart, kRequired},
    {"Exercise", "progressions", kReference, kOptional, Kind::kExercise},
    {"Exercise", "regressions", kReference, kOptional, Kind::kExercise},
    {"Exercise", "variants", kPart},
    {"Exercise", "tags", kTag},
    {"Exercise", "family", kText},
    {"Exercise", "earliest_stage", kReference, kRequired, Kind::kStage},
    {"Exercise", "earlier_when", kCondition},
    {"Exercise", "not_prescribed_because", kText},
    {"Exercise", "minutes_per_day", kNumber},
    {"Exercise", "sources", kSources, kRequired},
    {"Exercise", "project_choice", kNumber},
    {"Exercise", "clinician_text", kText},
    {"DoseStep", "start", kNumber},
    {"DoseStep", "sets", kNumber},
    {"DoseStep", "reps", kNumber},
    {"DoseStep", "hold_seconds", kNumber},
    {"DoseStep", "per_side", kNumber},
    {"DoseStep", "times_per_day", kNumber},
    {"DoseStep", "days_per_week", kNumber},
    {"DoseStep", "duration_minutes", kNumber},
    {"DoseStep", "text", kText, kRequired},
    // Without its own, the exercise's sources stand for it.
    {"DoseStep", "sources", kSources},
    {"DoseStep", "project_choice", kNumber},
    {"Variant", "environment", kChoice},
    {"Variant", "name", kText, kRequired},
    {"Variant", "steps", kText, kRequired},
    {"Variant", "when", kCondition, kRequired},

    {"ExerciseSelector", "exercise_ids", kReference, kOptional, Kind::kExercise},
    {"ExerciseSelector", "tags", kReference, kOptional, Kind::kTag},
    {"ExerciseSelector", "min_load", kNumber},
    {"ExerciseSelector", "all", kNumber},
    {"Indication", "id", kId, kRequired, Kind::kIndication},
    {"Indication", "selector", kPart, kRequired},
    {"Indication", "when", kCondition, kRequired},
    {"Indication", "points", kNumber, kRequired},
    {"Indication", "because", kTemplate, kRequired},
    {"Indication", "sources", kSources, kRequired},
    {"Indication", "project_choice", kNumber},
    {"Contraindication", "id", kId, kRequired, Kind::kContraindication},
    {"Contraindication", "selector", kPart, kRequired},
    {"Contraindication", "except_exercise_ids", kReference, kOptional, Kind::kExercise},
    {"Contraindication", "when", kCondition, kRequired},
    {"Contraindication", "because", kTemplate, kRequired},
    {"Contraindication", "sources", kSources, kRequired},
    {"Contraindication", "project_choice", kNumber},
    {"Contraindication", "on_indeterminate", kChoice, kRequired},
    {"Caution", "id", kId, kRequired, Kind::kCaution},
    {"Caution", "selector", kPart, kRequired},
    {"Caution", "when", kCondition, kRequired},
    {"Caution", "text", kTemplate, kRequired},
    {"Caution", "sources", kSources, kRequired},
    {"Caution", "project_choice", kNumber},
    {"Caution", "show_when_unknown", kNumber},
    {"Prerequisite", "id", kId, kRequired, Kind::kPrerequisite},
    {"Prerequisite", "selector", kPart, kRequired},
    {"Prerequisite", "when", kCondition, kRequired},
    {"Prerequisite", "until", kTemplate, kRequired},
    {"Prerequisite", "sources", kSources, kRequired},
    {"Prerequisite", "project_choice", kNumber},
    {"ScoreAdjustment", "id", kId, kRequired, Kind::kScoreAdjustment},
    {"ScoreAdjustment", "selector", kPart, kRequired},
    {"ScoreAdjustment", "when", kCondition, kRequired},
    {"ScoreAdjustment", "points", kNumber, kRequired},
    {"ScoreAdjustment", "because", kTemplate, kRequired},
    {"ScoreAdjustment", "sources", kSources, kRequired},
    {"ScoreAdjustment", "project_choice", kNumber},

    {"ProgrammeRules", "neutral_set", kReference, kRequired, Kind::kExercise},
    {"ProgrammeRules", "neutral_because", kText, kRequired},
    {"ProgrammeRules", "sizes", kPart, kRequired},
    {"ProgrammeRules", "quotas", kPart},
    {"ProgrammeRules", "pairings", kPart},
    {"ProgrammeRules", "responses", kPart, kRequired},
    {"ProgrammeRules", "max_alternatives", kNumber},
    {"ProgrammeRules", "sequence", kPart},
    {"SequenceStep", "id", kId, kRequired, Kind::kSequenceStep},
    {"SequenceStep", "types", kChoice},
    {"SequenceStep", "tags", kReference, kOptional, Kind::kTag},
    {"SequenceStep", "exercise_ids", kReference, kOptional, Kind::kExercise},
    {"SequenceStep", "because", kText, kRequired},
    {"SequenceStep", "sources", kSources, kRequired},
    {"SizeLimit", "id", kId, kRequired, Kind::kSizeLimit},
    {"SizeLimit", "when", kCondition},
    {"SizeLimit", "max_exercises", kNumber},
    {"SizeLimit", "max_minutes_per_day", kNumber},
    {"SizeLimit", "because", kText, kRequired},
    {"SizeLimit", "sources", kSources, kRequired},
    {"Quota", "id", kId, kRequired, Kind::kQuota},
    {"Quota", "types", kChoice},
    {"Quota", "tags", kReference, kOptional, Kind::kTag},
    {"Quota", "when", kCondition},
    {"Quota", "min", kNumber},
    {"Quota", "max", kNumber},
    {"Quota", "because", kText, kRequired},
    {"Quota", "sources", kSources, kRequired},
    {"Pairing", "id", kId, kRequired, Kind::kPairing},
    {"Pairing", "for_tag", kReference, kRequired, Kind::kTag},
    {"Pairing", "with_tag", kReference, kRequired, Kind::kTag},
    {"Pairing", "when", kCondition},
    {"Pairing", "strict", kNumber},
    {"Pairing", "because", kText, kRequired},
    {"Pairing", "sources", kSources, kRequired},
    {"ResponsePolicy", "reduce_after", kNumber},
    {"ResponsePolicy", "skip_after", kNumber},
    {"ResponsePolicy", "easy_points", kNumber},
    {"ResponsePolicy", "tolerated_points", kNumber},
    {"ResponsePolicy", "aggravated_points", kNumber},
    {"ResponsePolicy", "easy_because", kText, kRequired},
    {"ResponsePolicy", "tolerated_because", kText, kRequired},
    {"ResponsePolicy", "reduce_because", kText, kRequired},
    {"ResponsePolicy", "skip_because", kText, kRequired},
    {"ResponsePolicy", "sources", kSources, kRequired},

    {"Advice", "id", kId, kRequired, Kind::kAdvice},
    {"Advice", "category", kText, kRequired},
    {"Advice", "when", kCondition},
    {"Advice", "text", kTemplate, kRequired},
    {"Advice", "clinician_text", kText},
    {"Advice", "sources", kSources, kRequired},
    {"Advice", "project_choice", kNumber},
    {"Advice", "with_hold", kNumber},
    {"FollowUpRule", "id", kId, kRequired, Kind::kFollowUpRule},
    {"FollowUpRule", "when", kCondition},
    {"FollowUpRule", "after_days", kNumber, kRequired},
    {"FollowUpRule", "text", kTemplate, kRequired},
    {"FollowUpRule", "sources", kSources, kRequired},
    {"FollowUpRule", "project_choice", kNumber},
    {"SafetyNetText", "title", kText, kRequired},
    {"SafetyNetText", "text", kText, kRequired},
    {"SafetyNetText", "items", kText, kRequired},
    {"SafetyNetText", "except_levels", kChoice},
    {"SafetyNetText", "sources", kSources, kRequired},
    {"Notice", "id", kId, kRequired, Kind::kNotice},
    {"Notice", "trigger", kChoice, kRequired},
    {"Notice", "when", kCondition},
    {"Notice", "text", kTemplate, kRequired},
    {"Notice", "sources", kSources},

    {"Vignette", "id", kId, kRequired, Kind::kVignette},
    {"Vignette", "title", kText, kRequired},
    {"Vignette", "origin", kText},
    {"Vignette", "as_of", kPart},
    {"Vignette", "given", kOpaque},
    {"Vignette", "otherwise_negative", kText},
    {"Vignette", "expect", kPart, kRequired},
    {"Vignette", "covers", kReference, kOptional, Kind::kAnyRule},
    {"Expectation", "level", kChoice},
    {"Expectation", "accept_levels", kChoice},
    {"Expectation", "gates", kChoice},
    {"Expectation", "fires", kReference, kOptional, Kind::kFiringRule},
    {"Expectation", "not_fires", kReference, kOptional, Kind::kFiringRule},
    {"Expectation", "indeterminate", kReference, kOptional, Kind::kFiringRule},
    {"Expectation", "no_red_flag", kNumber},
    {"Expectation", "leading_condition", kReference, kOptional, Kind::kCondition},
    {"Expectation", "suspected", kReference, kOptional, Kind::kCondition},
    {"Expectation", "not_suspected", kReference, kOptional, Kind::kCondition},
    {"Expectation", "stage", kReference, kOptional, Kind::kStage},
    {"Expectation", "in_programme", kReference, kOptional, Kind::kExercise},
    {"Expectation", "not_in_programme", kReference, kOptional, Kind::kExercise},
    {"Expectation", "selectable", kReference, kOptional, Kind::kExercise},
    {"Expectation", "excluded", kPart},
    {"Expectation", "later", kReference, kOptional, Kind::kExercise},
    {"Expectation", "empty_programme", kNumber},
    {"Expectation", "referrals", kReference, kOptional, Kind::kReferralTarget},
    {"Expectation", "asks", kReference, kOptional, Kind::kField},
    {"Expectation", "asks_not", kReference, kOptional, Kind::kField},
    {"Expectation", "open_questions_min", kNumber},
    {"Expectation", "open_questions_max", kNumber},
    {"Expectation", "review_days_max", kNumber},
    {"Expectation", "advice", kReference, kOptional, Kind::kAdvice},
    {"Expectation", "prescribes", kPart},
    {"Expectation", "strata", kText},
    {"Expectation", "notices", kReference, kOptional, Kind::kNotice},
    {"Expectation", "fired_at", kPart},
    {"Expectation", "done_in_order", kReference, kOptional, Kind::kExercise},
    {"Expectation", "not_advice", kReference, kOptional, Kind::kAdvice},
    {"ExpectedExclusion", "exercise_id", kReference, kRequired, Kind::kExercise},
    {"ExpectedExclusion", "rule_id", kReference, kOptional, Kind::kContraindication},
    {"ExpectedDose", "exercise_id", kReference, kRequired, Kind::kExercise},
    {"ExpectedDose", "dose", kOpaque, kRequired},
    {"ExpectedFiring", "rule_id", kReference, kRequired, Kind::kFiringRule},
    {"ExpectedFiring", "level", kChoice},
    {"ExpectedFiring", "gate", kChoice},
    {"ExpectedFiring", "due_days", kNumber},

    {"OutcomeTable", "rule_id", kReference, kRequired, Kind::kAnyRule},
    {"OutcomeTable", "part", kText},
    {"OutcomeTable", "patient", kReference, kRequired, Kind::kVignette},
    {"OutcomeTable", "rows", kPart, kRequired},
    {"OutcomeRow", "with", kText},
    {"OutcomeRow", "outcome", kChoice, kRequired},
    {"OutcomeRow", "effect", kPart},
    {"RuleEffect", "fired", kText},
    {"RuleEffect", "level", kChoice},
    {"RuleEffect", "gate", kChoice},
    {"RuleEffect", "due_days", kNumber},
    {"RuleEffect", "referral", kReference, kOptional, Kind::kReferralTarget},
    {"RuleEffect", "exercises", kReference, kOptional, Kind::kExercise},
    {"RuleEffect", "points", kNumber},
    {"RuleEffect", "shown", kNumber},
    {"RuleEffect", "after_days", kNumber},
    {"RuleEffect", "likelihood", kChoice},
    {"RuleEffect", "keeps_out", kReference, kOptional, Kind::kExercise},
    {"RuleEffect", "locks", kReference, kOptional, Kind::kExercise},
    {"DoseRegister", "exercise_id", kReference, kRequired, Kind::kExercise},
    {"DoseRegister", "steps", kText, kRequired},

    {"Hazard", "id", kId, kRequired, Kind::kHazard},
    {"Hazard", "title", kText, kRequired},
    {"Hazard", "hazard", kText, kRequired},
    {"Hazard", "causes", kText, kRequired},
    {"Hazard", "effect", kText, kRequired},
    {"Hazard", "severity_before", kChoice, kRequired},
    {"Hazard", "likelihood_before", kChoice, kRequired},
    {"Hazard", "controls", kPart, kRequired},
    {"Hazard", "severity_after", kChoice, kRequired},
    {"Hazard", "likelihood_after", kChoice, kRequired},
    {"Hazard", "residual_acceptability", kText},
    {"Hazard", "sources", kSources},
    {"Hazard", "owner", kText, kRequired},
    {"Hazard", "status", kChoice, kRequired},
    {"HazardControl", "kind", kChoice, kRequired},
    {"HazardControl", "text", kText, kRequired},
    {"HazardControl", "rule_ids", kReference, kOptional, Kind::kAnyRule},
    {"HazardControl", "test_ids", kReference, kOptional, Kind::kVignette},
    {"HazardControl", "evidence", kText},
};

void Walk(const Message& message, const std::string& path,
          const std::function<void(const Message&, const std::string&)>& visit) {
  visit(message, path);
  const Reflection* reflection = message.GetReflection();
  const auto* type = message.GetDescriptor();
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    const FieldRole* role = FindFieldRole(*field);
    if (role == nullptr || role->role == kOpaque) continue;
    const std::string inner = path.empty() ? field->name() : absl::StrCat(path, ".", field->name());
    if (!field->is_repeated()) {
      if (reflection->HasField(message, field)) {
        Walk(reflection->GetMessage(message, field), inner, visit);
      }
      continue;
    }
    for (int k = 0; k < reflection->FieldSize(message, field); ++k) {
      Walk(reflection->GetRepeatedMessage(message, field, k), absl::StrCat(inner, "[", k, "]"),
           visit);
    }
  }
}

}  // namespace

absl::Span<const FieldRole> FieldRoles() { return kRoles; }

const FieldRole* FindFieldRole(const FieldDescriptor& field) {
  static const auto* const kByName = [] {
    auto* by_name = new absl::flat_hash_map<std::string, const FieldRole*>();
    for (const FieldRole& role : kRoles) {
      by_name->emplace(absl::StrCat(role.message, ".", role.field), &role);
    }
    return by_name;
  }();
  const auto found =
      kByName->find(absl::StrCat(field.containing_type()->name(), ".", field.name()));
  return found == kByName->end() ? nullptr : found->second;
}

absl::string_view KindName(Kind kind) {
  switch (kind) {
    case Kind::kSource:
      return "source";
    case Kind::kPassage:
      return "source passage";
    case Kind::kVignette:
      return "vignette";
    case Kind::kHazard:
      return "hazard";
    case Kind::kField:
      return "intake field";
    case Kind::kTag:
      return "tag";
    case Kind::kScreenGroup:
      return "group of the screen";
    case Kind::kConsistencyRule:
      return "consistency rule";
    case Kind::kTerm:
      return "term";
    case Kind::kScreen:
      return "safety screen";
    case Kind::kEscalation:
      return "escalation of a safety screen";
    case Kind::kRedFlag:
      return "red flag";
    case Kind::kReferralTarget:
      return "referral target";
    case Kind::kCondition:
      return "condition";
    case Kind::kFinding:
      return "finding";
    case Kind::kStage:
      return "stage";
    case Kind::kStratification:
      return "stratification";
    case Kind::kExercise:
      return "exercise";
    case Kind::kIndication:
      return "indication";
    case Kind::kContraindication:
      return "contraindication";
    case Kind::kCaution:
      return "caution";
    case Kind::kPrerequisite:
      return "prerequisite";
    case Kind::kScoreAdjustment:
      return "score adjustment";
    case Kind::kSizeLimit:
      return "size limit";
    case Kind::kQuota:
      return "quota";
    case Kind::kPairing:
      return "pairing";
    case Kind::kSequenceStep:
      return "step of the sequence";
    case Kind::kAdvice:
      return "advice";
    case Kind::kFollowUpRule:
      return "follow-up rule";
    case Kind::kNotice:
      return "notice";
    case Kind::kFiringRule:
      return "red flag or safety screen";
    case Kind::kAnyRule:
      return "rule";
    case Kind::kRuleset:
      return "ruleset";
    case Kind::kNone:
      break;
  }
  return "element";
}

void WalkMessages(const Message& root,
                  const std::function<void(const Message&, const std::string&)>& visit) {
  Walk(root, "", visit);
}

}  // namespace plumbline::ruleset
