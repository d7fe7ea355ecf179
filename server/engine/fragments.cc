#include "server/engine/fragments.h"

#include "plumbline/v1/decision.pb.h"
#include "server/engine/engine.h"
#include "server/engine/wire_writer.h"

namespace plumbline::engine {
namespace {

using ::google::protobuf::RepeatedPtrField;
using ::plumbline::ruleset::TextTemplate;
using Strings = RepeatedPtrField<std::string>;

void WriteAll(WireWriter& writer, int field, const Strings& values) {
  for (const std::string& value : values) writer.RepeatedString(field, value);
}

// Name without prefix ("MAT"): the form in which enum values appear as text.
template <typename Enum>
std::string EquipmentName(Enum value) {
  const auto* found =
      google::protobuf::GetEnumDescriptor<Enum>()->FindValueByNumber(static_cast<int>(value));
  return found == nullptr ? std::string() : std::string(expr::ShortEnumValueName(*found));
}

std::string EncodeDose(const v1::DoseStep& dose) { return dose.SerializeAsString(); }

}  // namespace

Fragments::Fragments(const ruleset::CompiledRuleset& ruleset) {
  const v1::Ruleset& source = ruleset.source;
  IndexPassages(source);
  MakeDisposition(source);
  MakeTriage(ruleset);
  MakeConditions(ruleset);
  MakeStrata(ruleset);
  MakeExercises(source);
  MakeSelection(ruleset);
  MakeRemarks(ruleset);

  std::string ref;
  WireWriter ref_writer(&ref);
  ref_writer.String(v1::RulesetRef::kRulesetIdFieldNumber, source.manifest().ruleset_id());
  ref_writer.String(v1::RulesetRef::kVersionFieldNumber, source.manifest().version());
  ref_writer.String(v1::RulesetRef::kRevisionFieldNumber, ruleset.revision);
  ref_writer.UInt(v1::RulesetRef::kStatusFieldNumber, source.manifest().status());
  WireWriter head(&decision_head);
  head.Message(v1::Decision::kRulesetFieldNumber, ref);
  head.String(v1::Decision::kEngineVersionFieldNumber, EngineVersion());
  WireWriter tail(&disclaimers);
  WriteAll(tail, v1::Decision::kDisclaimersFieldNumber, source.manifest().disclaimers());
}

void Fragments::IndexPassages(const v1::Ruleset& source) {
  for (const v1::Source& origin : source.sources()) {
    for (const v1::Passage& passage : origin.passages()) {
      const v1::SourceStatus status =
          passage.status() == v1::SOURCE_STATUS_UNSPECIFIED ? origin.status() : passage.status();
      if (status == v1::SOURCE_STATUS_UNVERIFIED) continue;
      passage_index_.emplace(passage.id(), static_cast<uint32_t>(citations.size()));
      CitationFragment fragment;
      for (std::string* out : {&fragment.basic, &fragment.full}) {
        WireWriter writer(out);
        writer.String(v1::Citation::kPassageIdFieldNumber, passage.id());
        writer.String(v1::Citation::kSourceIdFieldNumber, origin.id());
        if (out == &fragment.full) {
          writer.String(v1::Citation::kCitationFieldNumber, origin.citation());
          writer.String(v1::Citation::kLocatorFieldNumber, passage.locator());
          writer.String(v1::Citation::kDoiFieldNumber, origin.doi());
          writer.String(v1::Citation::kUrlFieldNumber, origin.url());
        }
        writer.UInt(v1::Citation::kStatusFieldNumber, status);
      }
      citations.push_back(std::move(fragment));
    }
  }
}

std::vector<uint32_t> Fragments::Passages(const Strings& ids) const {
  std::vector<uint32_t> indices;
  for (const std::string& id : ids) {
    const auto found = passage_index_.find(id);
    if (found != passage_index_.end()) indices.push_back(found->second);
  }
  return indices;
}

RationaleFragment Fragments::MakeRationale(const std::string& id, const TextTemplate* text,
                                           const std::string& plain_text, const Strings& sources,
                                           const int32_t* points, bool project_choice) {
  RationaleFragment fragment;
  fragment.number = rationale_count++;
  WireWriter head(&fragment.head);
  head.String(v1::Rationale::kRuleIdFieldNumber, id);
  if (text == nullptr) {
    head.String(v1::Rationale::kTextFieldNumber, plain_text);
  } else if (text->constant()) {
    head.String(v1::Rationale::kTextFieldNumber, text->literals.front());
  } else {
    fragment.text = text;
  }
  WireWriter tail(&fragment.tail);
  for (const std::string& passage : sources) {
    if (passage_index_.contains(passage)) {
      tail.RepeatedString(v1::Rationale::kSourcesFieldNumber, passage);
    }
  }
  if (points != nullptr) tail.OptionalSInt(v1::Rationale::kPointsFieldNumber, *points);
  tail.Bool(v1::Rationale::kProjectChoiceFieldNumber, project_choice);
  fragment.passages = Passages(sources);
  return fragment;
}

void Fragments::MakeDisposition(const v1::Ruleset& source) {
  level_titles.resize(static_cast<size_t>(v1::Level_MAX) + 1);
  level_time_frames.resize(level_titles.size());
  level_words.resize(level_titles.size());
  for (const v1::LevelText& text : source.dispositions().levels()) {
    const size_t level = static_cast<size_t>(text.level());
    WireWriter(&level_titles[level]).String(v1::Disposition::kLevelTitleFieldNumber, text.title());
    WireWriter(&level_time_frames[level])
        .String(v1::Disposition::kTimeFrameFieldNumber, text.time_frame());
    WireWriter words(&level_words[level]);
    words.String(v1::Disposition::kPatientTextFieldNumber, text.patient_text());
    words.String(v1::Disposition::kClinicianTextFieldNumber, text.clinician_text());
  }
  gate_titles.resize(static_cast<size_t>(v1::Gate_MAX) + 1);
  gate_words.resize(gate_titles.size());
  for (const v1::GateText& text : source.dispositions().gates()) {
    const size_t gate = static_cast<size_t>(text.gate());
    WireWriter(&gate_titles[gate]).String(v1::Disposition::kGateTitleFieldNumber, text.title());
    WireWriter(&gate_words[gate])
        .String(v1::Disposition::kGateTextFieldNumber, text.patient_text());
  }
  const Strings no_sources;
  for (const v1::ProgrammeLimit& limit : source.dispositions().limits()) {
    limits.push_back(MakeRationale("", nullptr, limit.because(), no_sources, nullptr, false));
  }
}

void Fragments::MakeTriage(const ruleset::CompiledRuleset& ruleset) {
  for (int i = 0; i < ruleset.source.red_flags_size(); ++i) {
    const v1::TriageRule& rule = ruleset.source.red_flags(i);
    const ruleset::CompiledTriageRule& compiled = ruleset.red_flags[static_cast<size_t>(i)];
    RuleFragment fragment;
    WireWriter head(&fragment.head);
    head.String(v1::FiredRule::kTitleFieldNumber, rule.title());
    head.String(v1::FiredRule::kGroupFieldNumber, rule.group());
    fragment.rationale = MakeRationale(rule.id(), &compiled.because, "", rule.sources(), nullptr,
                                       rule.project_choice());
    fragment.raise_rationale = MakeRationale(rule.id(), &compiled.raise_because, "", rule.sources(),
                                             nullptr, rule.project_choice());
    WireWriter open(&fragment.not_excluded);
    open.String(v1::NotExcludedRule::kRuleIdFieldNumber, rule.id());
    open.String(v1::NotExcludedRule::kTitleFieldNumber, rule.title());
    open.String(v1::NotExcludedRule::kGroupFieldNumber, rule.group());
    open.UInt(v1::NotExcludedRule::kLevelFieldNumber, rule.level());
    open.UInt(v1::NotExcludedRule::kGateFieldNumber, rule.gate());
    red_flags.push_back(std::move(fragment));
  }
  for (int i = 0; i < ruleset.source.safety_screens_size(); ++i) {
    const v1::SafetyScreen& screen = ruleset.source.safety_screens(i);
    ScreenFragment fragment;
    WireWriter(&fragment.head).String(v1::FiredRule::kTitleFieldNumber, screen.title());
    // The text gains the escalations that apply, so it is put together when needed.
    fragment.rationale = MakeRationale(screen.id(), nullptr, "", screen.sources(), nullptr, false);
    for (int k = 0; k < screen.escalations_size(); ++k) {
      const v1::ScreenEscalation& escalation = screen.escalations(k);
      const ruleset::CompiledScreen& compiled = ruleset.safety_screens[static_cast<size_t>(i)];
      fragment.escalation_passages.push_back(Passages(escalation.sources()));
      fragment.escalation_rationales.push_back(
          MakeRationale(escalation.id(), &compiled.escalations[static_cast<size_t>(k)].because, "",
                        escalation.sources(), nullptr, false));
    }
    screens.push_back(std::move(fragment));
  }
  for (const v1::ReferralTarget& target : ruleset.source.referral_targets()) {
    std::string fragment;
    WireWriter writer(&fragment);
    writer.String(v1::Referral::kTargetIdFieldNumber, target.id());
    writer.String(v1::Referral::kTitleFieldNumber, target.title());
    writer.String(v1::Referral::kPatientTextFieldNumber, target.patient_text());
    writer.String(v1::Referral::kClinicianTextFieldNumber, target.clinician_text());
    referral_targets.push_back(std::move(fragment));
  }
}

void Fragments::MakeConditions(const ruleset::CompiledRuleset& ruleset) {
  for (int i = 0; i < ruleset.source.conditions_size(); ++i) {
    const v1::ClinicalCondition& condition = ruleset.source.conditions(i);
    const ruleset::CompiledCondition& compiled = ruleset.conditions[static_cast<size_t>(i)];
    ConditionFragment fragment;
    WireWriter head(&fragment.head);
    head.String(v1::Assessment::kConditionIdFieldNumber, condition.id());
    head.String(v1::Assessment::kTitleFieldNumber, condition.title());
    head.String(v1::Assessment::kPatientTitleFieldNumber, condition.patient_title());
    head.String(v1::Assessment::kPatientTextFieldNumber, condition.patient_text());
    head.String(v1::Assessment::kPrognosisFieldNumber, condition.prognosis());
    WireWriter codings(&fragment.codings);
    for (const v1::Coding& coding : condition.codings()) {
      if (coding.status() == v1::SOURCE_STATUS_UNVERIFIED) continue;
      codings.Message(v1::Assessment::kCodingsFieldNumber, coding.SerializeAsString());
    }
    for (int f = 0; f < condition.findings_size(); ++f) {
      const v1::Finding& finding = condition.findings(f);
      const int32_t points = finding.points();
      fragment.findings.push_back(MakeRationale(finding.id(),
                                                &compiled.findings[static_cast<size_t>(f)].because,
                                                "", finding.sources(), &points, false));
      std::string unknown;
      WireWriter writer(&unknown);
      writer.String(v1::UnknownFinding::kFindingIdFieldNumber, finding.id());
      writer.String(v1::UnknownFinding::kTextFieldNumber, finding.because());
      writer.SInt(v1::UnknownFinding::kPointsFieldNumber, points);
      fragment.unknown_findings.push_back(std::move(unknown));
    }
    conditions.push_back(std::move(fragment));
  }
  for (int i = 0; i < ruleset.source.stages_size(); ++i) {
    const v1::Stage& stage = ruleset.source.stages(i);
    std::string head;
    WireWriter writer(&head);
    writer.String(v1::StageAssessment::kStageIdFieldNumber, stage.id());
    writer.String(v1::StageAssessment::kTitleFieldNumber, stage.title());
    writer.String(v1::StageAssessment::kPatientTextFieldNumber, stage.patient_text());
    stage_heads.push_back(std::move(head));
    stages.push_back(MakeRationale(stage.id(), &ruleset.stages[static_cast<size_t>(i)].because, "",
                                   stage.sources(), nullptr, false));
  }
}

void Fragments::MakeStrata(const ruleset::CompiledRuleset& ruleset) {
  for (int t = 0; t < ruleset.source.stratifications_size(); ++t) {
    const v1::Stratification& tool = ruleset.source.stratifications(t);
    std::vector<StratumFragment>& fragments = strata.emplace_back();
    for (int i = 0; i < tool.strata_size(); ++i) {
      const v1::Stratum& stratum = tool.strata(i);
      StratumFragment fragment;
      WireWriter head(&fragment.head);
      head.String(v1::StratumResult::kStratificationIdFieldNumber, tool.id());
      head.String(v1::StratumResult::kTitleFieldNumber, tool.title());
      head.String(v1::StratumResult::kStratumIdFieldNumber, stratum.id());
      head.String(v1::StratumResult::kStratumTitleFieldNumber, stratum.title());
      head.String(v1::StratumResult::kClinicianTextFieldNumber, stratum.clinician_text());
      fragment.rationale = MakeRationale(
          tool.id(), &ruleset.stratifications[static_cast<size_t>(t)][static_cast<size_t>(i)].text,
          "", tool.sources(), nullptr, tool.project_choice());
      fragments.push_back(std::move(fragment));
    }
  }
}

void Fragments::MakeExercises(const v1::Ruleset& source) {
  for (const v1::Exercise& exercise : source.exercises()) {
    ExerciseFragment fragment;
    WireWriter identity(&fragment.identity);
    identity.String(v1::ExcludedExercise::kExerciseIdFieldNumber, exercise.id());
    identity.String(v1::ExcludedExercise::kNameFieldNumber, exercise.name());
    WireWriter head(&fragment.head);
    head.String(v1::Prescription::kExerciseIdFieldNumber, exercise.id());
    head.String(v1::Prescription::kNameFieldNumber, exercise.name());
    head.String(v1::Prescription::kClinicianNameFieldNumber, exercise.clinician_name());
    head.String(v1::Prescription::kPurposeFieldNumber, exercise.purpose());
    for (const v1::DoseStep& dose : exercise.doses()) fragment.doses.push_back(EncodeDose(dose));

    WireWriter basic(&fragment.traits_basic);
    basic.UInt(v1::Prescription::kPositionFieldNumber, exercise.position());
    basic.UInt(v1::Prescription::kDirectionFieldNumber, exercise.direction());
    basic.UInt(v1::Prescription::kTypeFieldNumber, exercise.type());
    basic.UInt(v1::Prescription::kLoadFieldNumber, static_cast<uint64_t>(exercise.load()));
    for (int equipment : exercise.equipment()) {
      basic.RepeatedString(v1::Prescription::kEquipmentFieldNumber,
                           EquipmentName(static_cast<v1::Equipment>(equipment)));
    }
    fragment.traits_full = fragment.traits_basic;
    WireWriter full(&fragment.traits_full);
    WriteAll(full, v1::Prescription::kStepsFieldNumber, exercise.steps());
    WriteAll(full, v1::Prescription::kCuesFieldNumber, exercise.cues());
    WriteAll(full, v1::Prescription::kCommonMistakesFieldNumber, exercise.common_mistakes());
    WriteAll(full, v1::Prescription::kStopRulesFieldNumber, exercise.stop_rules());

    WireWriter tail(&fragment.tail);
    WriteAll(tail, v1::Prescription::kProgressionsFieldNumber, exercise.progressions());
    WriteAll(tail, v1::Prescription::kRegressionsFieldNumber, exercise.regressions());
    for (const std::string& passage : exercise.sources()) {
      if (passage_index_.contains(passage)) {
        tail.RepeatedString(v1::Prescription::kSourcesFieldNumber, passage);
      }
    }
    if (exercise.has_minutes_per_day()) {
      tail.OptionalUInt(v1::Prescription::kMinutesPerDayFieldNumber,
                        static_cast<uint64_t>(exercise.minutes_per_day()));
    }
    WireWriter(&fragment.clinician_text)
        .String(v1::Prescription::kClinicianTextFieldNumber, exercise.clinician_text());
    for (const v1::Variant& variant : exercise.variants()) {
      std::string encoded;
      WireWriter writer(&encoded);
      writer.String(v1::PrescribedVariant::kNameFieldNumber, variant.name());
      WriteAll(writer, v1::PrescribedVariant::kStepsFieldNumber, variant.steps());
      fragment.variants.push_back(std::move(encoded));
    }
    fragment.passages = Passages(exercise.sources());
    fragment.never = MakeRationale(exercise.id(), nullptr, exercise.not_prescribed_because(),
                                   exercise.sources(), nullptr, exercise.project_choice());
    exercises.push_back(std::move(fragment));
  }
}

void Fragments::MakeSelection(const ruleset::CompiledRuleset& ruleset) {
  const v1::Ruleset& source = ruleset.source;
  for (int i = 0; i < source.indications_size(); ++i) {
    const auto& rule = source.indications(i);
    const int32_t points = rule.points();
    indications.push_back(MakeRationale(rule.id(),
                                        &ruleset.indications[static_cast<size_t>(i)].text, "",
                                        rule.sources(), &points, rule.project_choice()));
  }
  for (int i = 0; i < source.score_adjustments_size(); ++i) {
    const auto& rule = source.score_adjustments(i);
    const int32_t points = rule.points();
    score_adjustments.push_back(
        MakeRationale(rule.id(), &ruleset.score_adjustments[static_cast<size_t>(i)].text, "",
                      rule.sources(), &points, rule.project_choice()));
  }
  const auto plain = [&](const auto& rules, const std::vector<ruleset::CompiledRule>& compiled,
                         std::vector<RationaleFragment>& out) {
    for (int i = 0; i < rules.size(); ++i) {
      out.push_back(MakeRationale(rules.Get(i).id(), &compiled[static_cast<size_t>(i)].text, "",
                                  rules.Get(i).sources(), nullptr, rules.Get(i).project_choice()));
    }
  };
  plain(source.contraindications(), ruleset.contraindications, contraindications);
  plain(source.cautions(), ruleset.cautions, cautions);
  plain(source.prerequisites(), ruleset.prerequisites, prerequisites);
  plain(source.advice(), ruleset.advice, advice);
  plain(source.follow_up_rules(), ruleset.follow_up_rules, follow_up_rules);

  for (const v1::SequenceStep& step : source.programme().sequence()) {
    WireWriter(&sequence.emplace_back())
        .String(v1::Prescription::kSessionBecauseFieldNumber, step.because());
  }

  const Strings no_sources;
  neutral =
      MakeRationale("", nullptr, source.programme().neutral_because(), no_sources, nullptr, false);
  const v1::ResponsePolicy& policy = source.programme().responses();
  const auto response = [&](const std::string& because, const int32_t* points) {
    return MakeRationale("", nullptr, because, policy.sources(), points, false);
  };
  const int32_t easy_points = policy.easy_points();
  const int32_t tolerated_points = policy.tolerated_points();
  const int32_t aggravated_points = policy.aggravated_points();
  easy = response(policy.easy_because(), &easy_points);
  tolerated = response(policy.tolerated_because(), &tolerated_points);
  reduce = response(policy.reduce_because(), &aggravated_points);
  skip = response(policy.skip_because(), nullptr);
}

void Fragments::MakeRemarks(const ruleset::CompiledRuleset& ruleset) {
  const v1::Ruleset& source = ruleset.source;
  for (const v1::Notice& notice : source.notices()) {
    std::string encoded;
    WireWriter writer(&encoded);
    writer.String(v1::NoticeItem::kNoticeIdFieldNumber, notice.id());
    writer.String(v1::NoticeItem::kTextFieldNumber, notice.text());
    for (const std::string& passage : notice.sources()) {
      if (passage_index_.contains(passage)) {
        writer.RepeatedString(v1::NoticeItem::kSourcesFieldNumber, passage);
      }
    }
    notices.push_back(std::move(encoded));
    notice_passages.push_back(Passages(notice.sources()));
  }
  if (source.has_safety_net()) {
    WireWriter writer(&safety_net);
    writer.String(v1::SafetyNet::kTitleFieldNumber, source.safety_net().title());
    writer.String(v1::SafetyNet::kTextFieldNumber, source.safety_net().text());
    WriteAll(writer, v1::SafetyNet::kItemsFieldNumber, source.safety_net().items());
    for (const std::string& passage : source.safety_net().sources()) {
      if (passage_index_.contains(passage)) {
        writer.RepeatedString(v1::SafetyNet::kSourcesFieldNumber, passage);
      }
    }
    safety_net_passages = Passages(source.safety_net().sources());
  }
  for (const v1::Question& question : source.questions()) {
    std::string encoded;
    WireWriter writer(&encoded);
    writer.String(v1::OpenQuestion::kFieldFieldNumber, question.field());
    writer.String(v1::OpenQuestion::kLabelFieldNumber, question.label());
    writer.String(v1::OpenQuestion::kWordingFieldNumber, question.wording());
    writer.String(v1::OpenQuestion::kClinicianWordingFieldNumber, question.clinician_wording());
    writer.Bool(v1::OpenQuestion::kClinicianOnlyFieldNumber, question.clinician_only());
    writer.String(v1::OpenQuestion::kGroupFieldNumber, question.group());
    questions.push_back(std::move(encoded));
  }
}

}  // namespace plumbline::engine
