#include "server/engine/fragments.h"

#include "absl/strings/str_cat.h"
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

struct LikelihoodText {
  absl::string_view value;
  absl::string_view display;
};

LikelihoodText TextOf(v1::Likelihood likelihood) {
  switch (likelihood) {
    case v1::LIKELIHOOD_CONFIRMED:
      return {"CONFIRMED", "confirmed by a clinician"};
    case v1::LIKELIHOOD_LIKELY:
      return {"LIKELY", "likely"};
    case v1::LIKELIHOOD_POSSIBLE:
      return {"POSSIBLE", "possible"};
    default:
      return {"UNLIKELY", "unlikely"};
  }
}

// Prescription 11-15, in full 11-19.
void WriteTraits(WireWriter& writer, const v1::Exercise& exercise, bool full) {
  writer.UInt(v1::Prescription::kPositionFieldNumber, exercise.position());
  writer.UInt(v1::Prescription::kDirectionFieldNumber, exercise.direction());
  writer.UInt(v1::Prescription::kTypeFieldNumber, exercise.type());
  writer.UInt(v1::Prescription::kLoadFieldNumber, static_cast<uint64_t>(exercise.load()));
  for (int equipment : exercise.equipment()) {
    writer.RepeatedString(v1::Prescription::kEquipmentFieldNumber,
                          EquipmentName(static_cast<v1::Equipment>(equipment)));
  }
  if (!full) return;
  WriteAll(writer, v1::Prescription::kStepsFieldNumber, exercise.steps());
  WriteAll(writer, v1::Prescription::kCuesFieldNumber, exercise.cues());
  WriteAll(writer, v1::Prescription::kCommonMistakesFieldNumber, exercise.common_mistakes());
  WriteAll(writer, v1::Prescription::kStopRulesFieldNumber, exercise.stop_rules());
}

}  // namespace

Fragments::Fragments(const ruleset::CompiledRuleset& ruleset, PieceTable* pieces)
    : pieces_(pieces) {
  const v1::Ruleset& source = ruleset.source;
  IndexPassages(source);
  MakeDisposition(source);
  MakeTriage(ruleset);
  MakeConditions(ruleset);
  MakeStrata(ruleset);
  MakeExercises(source);
  MakeSelection(ruleset);
  MakeRemarks(ruleset);
  MakeFacts(ruleset);
  MakeNames(ruleset);

  std::string ref;
  WireWriter ref_writer(&ref);
  ref_writer.String(v1::RulesetRef::kRulesetIdFieldNumber, source.manifest().ruleset_id());
  ref_writer.String(v1::RulesetRef::kVersionFieldNumber, source.manifest().version());
  ref_writer.String(v1::RulesetRef::kRevisionFieldNumber, ruleset.revision);
  ref_writer.UInt(v1::RulesetRef::kStatusFieldNumber, source.manifest().status());
  decision_head = Encoded([&](WireWriter& writer) {
    writer.Message(v1::Decision::kRulesetFieldNumber, absl::string_view(ref));
    writer.String(v1::Decision::kEngineVersionFieldNumber, EngineVersion());
  });
  disclaimers = Encoded([&](WireWriter& writer) {
    WriteAll(writer, v1::Decision::kDisclaimersFieldNumber, source.manifest().disclaimers());
  });
}

void Fragments::IndexPassages(const v1::Ruleset& source) {
  for (const v1::Source& origin : source.sources()) {
    for (const v1::Passage& passage : origin.passages()) {
      const v1::SourceStatus status =
          passage.status() == v1::SOURCE_STATUS_UNSPECIFIED ? origin.status() : passage.status();
      if (status == v1::SOURCE_STATUS_UNVERIFIED) continue;
      passage_index_.emplace(passage.id(), static_cast<uint32_t>(citations.size()));
      CitationFragment fragment;
      for (Piece* out : {&fragment.basic, &fragment.full}) {
        *out = EncodedMessage(v1::Decision::kCitationsFieldNumber, [&](WireWriter& writer) {
          writer.String(v1::Citation::kPassageIdFieldNumber, passage.id());
          writer.String(v1::Citation::kSourceIdFieldNumber, origin.id());
          if (out == &fragment.full) {
            writer.String(v1::Citation::kCitationFieldNumber, origin.citation());
            writer.String(v1::Citation::kLocatorFieldNumber, passage.locator());
            writer.String(v1::Citation::kDoiFieldNumber, origin.doi());
            writer.String(v1::Citation::kUrlFieldNumber, origin.url());
          }
          writer.UInt(v1::Citation::kStatusFieldNumber, status);
        });
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
  fragment.head = Encoded([&](WireWriter& writer) {
    writer.String(v1::Rationale::kRuleIdFieldNumber, id);
    if (text == nullptr) {
      writer.String(v1::Rationale::kTextFieldNumber, plain_text);
    } else if (text->constant()) {
      writer.String(v1::Rationale::kTextFieldNumber, text->literals.front());
    } else {
      fragment.text = text;
    }
  });
  fragment.tail = Encoded([&](WireWriter& writer) {
    for (const std::string& passage : sources) {
      if (passage_index_.contains(passage)) {
        writer.RepeatedString(v1::Rationale::kSourcesFieldNumber, passage);
      }
    }
    if (points != nullptr) writer.OptionalSInt(v1::Rationale::kPointsFieldNumber, *points);
    writer.Bool(v1::Rationale::kProjectChoiceFieldNumber, project_choice);
  });
  fragment.passages = Passages(sources);
  return fragment;
}

void Fragments::MakeDisposition(const v1::Ruleset& source) {
  level_titles.resize(static_cast<size_t>(v1::Level_MAX) + 1);
  level_time_frames.resize(level_titles.size());
  level_words.resize(level_titles.size());
  for (const v1::LevelText& text : source.dispositions().levels()) {
    const size_t level = static_cast<size_t>(text.level());
    level_titles[level] = EncodedText(v1::Disposition::kLevelTitleFieldNumber, text.title());
    level_time_frames[level] =
        EncodedText(v1::Disposition::kTimeFrameFieldNumber, text.time_frame());
    level_words[level] = Encoded([&](WireWriter& writer) {
      writer.String(v1::Disposition::kPatientTextFieldNumber, text.patient_text());
      writer.String(v1::Disposition::kClinicianTextFieldNumber, text.clinician_text());
    });
  }
  gate_titles.resize(static_cast<size_t>(v1::Gate_MAX) + 1);
  gate_words.resize(gate_titles.size());
  for (const v1::GateText& text : source.dispositions().gates()) {
    const size_t gate = static_cast<size_t>(text.gate());
    gate_titles[gate] = EncodedText(v1::Disposition::kGateTitleFieldNumber, text.title());
    gate_words[gate] = EncodedText(v1::Disposition::kGateTextFieldNumber, text.patient_text());
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
    fragment.head = Encoded([&](WireWriter& writer) {
      writer.String(v1::FiredRule::kTitleFieldNumber, rule.title());
      writer.String(v1::FiredRule::kGroupFieldNumber, rule.group());
    });
    fragment.rationale = MakeRationale(rule.id(), &compiled.because, "", rule.sources(), nullptr,
                                       rule.project_choice());
    fragment.raise_rationale = MakeRationale(rule.id(), &compiled.raise_because, "", rule.sources(),
                                             nullptr, rule.project_choice());
    fragment.not_excluded = Encoded([&](WireWriter& writer) {
      writer.String(v1::NotExcludedRule::kRuleIdFieldNumber, rule.id());
      writer.String(v1::NotExcludedRule::kTitleFieldNumber, rule.title());
      writer.String(v1::NotExcludedRule::kGroupFieldNumber, rule.group());
      writer.UInt(v1::NotExcludedRule::kLevelFieldNumber, rule.level());
      writer.UInt(v1::NotExcludedRule::kGateFieldNumber, rule.gate());
    });
    if (compiled.clinician_note.constant()) {
      fragment.clinician_note = EncodedText(v1::FiredRule::kClinicianNoteFieldNumber,
                                            compiled.clinician_note.literals.front());
    }
    fragment.referral_note = EncodedText(v1::Referral::kNotesFieldNumber, rule.referral_note());
    red_flags.push_back(std::move(fragment));
  }
  for (int i = 0; i < ruleset.source.safety_screens_size(); ++i) {
    const v1::SafetyScreen& screen = ruleset.source.safety_screens(i);
    ScreenFragment fragment;
    fragment.head = EncodedText(v1::FiredRule::kTitleFieldNumber, screen.title());
    fragment.clinician_note =
        EncodedText(v1::FiredRule::kClinicianNoteFieldNumber, screen.clinician_note());
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
    referral_targets.push_back(Encoded([&](WireWriter& writer) {
      writer.String(v1::Referral::kTargetIdFieldNumber, target.id());
      writer.String(v1::Referral::kTitleFieldNumber, target.title());
      writer.String(v1::Referral::kPatientTextFieldNumber, target.patient_text());
      writer.String(v1::Referral::kClinicianTextFieldNumber, target.clinician_text());
    }));
  }
}

void Fragments::MakeConditions(const ruleset::CompiledRuleset& ruleset) {
  for (int i = 0; i < ruleset.source.conditions_size(); ++i) {
    const v1::ClinicalCondition& condition = ruleset.source.conditions(i);
    const ruleset::CompiledCondition& compiled = ruleset.conditions[static_cast<size_t>(i)];
    ConditionFragment fragment;
    fragment.head = Encoded([&](WireWriter& writer) {
      writer.String(v1::Assessment::kConditionIdFieldNumber, condition.id());
      writer.String(v1::Assessment::kTitleFieldNumber, condition.title());
      writer.String(v1::Assessment::kPatientTitleFieldNumber, condition.patient_title());
      writer.String(v1::Assessment::kPatientTextFieldNumber, condition.patient_text());
      writer.String(v1::Assessment::kPrognosisFieldNumber, condition.prognosis());
    });
    fragment.codings = Encoded([&](WireWriter& writer) {
      for (const v1::Coding& coding : condition.codings()) {
        if (coding.status() == v1::SOURCE_STATUS_UNVERIFIED) continue;
        writer.RepeatedString(v1::Assessment::kCodingsFieldNumber, coding.SerializeAsString());
      }
    });
    for (int f = 0; f < condition.findings_size(); ++f) {
      const v1::Finding& finding = condition.findings(f);
      const int32_t points = finding.points();
      fragment.findings.push_back(MakeRationale(finding.id(),
                                                &compiled.findings[static_cast<size_t>(f)].because,
                                                "", finding.sources(), &points, false));
      fragment.unknown_findings.push_back(Encoded([&](WireWriter& writer) {
        writer.String(v1::UnknownFinding::kFindingIdFieldNumber, finding.id());
        writer.String(v1::UnknownFinding::kTextFieldNumber, finding.because());
        writer.SInt(v1::UnknownFinding::kPointsFieldNumber, points);
      }));
    }
    conditions.push_back(std::move(fragment));
  }
  for (int i = 0; i < ruleset.source.stages_size(); ++i) {
    const v1::Stage& stage = ruleset.source.stages(i);
    stage_heads.push_back(Encoded([&](WireWriter& writer) {
      writer.String(v1::StageAssessment::kStageIdFieldNumber, stage.id());
      writer.String(v1::StageAssessment::kTitleFieldNumber, stage.title());
      writer.String(v1::StageAssessment::kPatientTextFieldNumber, stage.patient_text());
    }));
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
      fragment.head = Encoded([&](WireWriter& writer) {
        writer.String(v1::StratumResult::kStratificationIdFieldNumber, tool.id());
        writer.String(v1::StratumResult::kTitleFieldNumber, tool.title());
        writer.String(v1::StratumResult::kStratumIdFieldNumber, stratum.id());
        writer.String(v1::StratumResult::kStratumTitleFieldNumber, stratum.title());
        writer.String(v1::StratumResult::kClinicianTextFieldNumber, stratum.clinician_text());
      });
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
    fragment.identity = Encoded([&](WireWriter& writer) {
      writer.String(v1::ExcludedExercise::kExerciseIdFieldNumber, exercise.id());
      writer.String(v1::ExcludedExercise::kNameFieldNumber, exercise.name());
    });
    fragment.head = Encoded([&](WireWriter& writer) {
      writer.String(v1::Prescription::kExerciseIdFieldNumber, exercise.id());
      writer.String(v1::Prescription::kNameFieldNumber, exercise.name());
      writer.String(v1::Prescription::kClinicianNameFieldNumber, exercise.clinician_name());
      writer.String(v1::Prescription::kPurposeFieldNumber, exercise.purpose());
    });
    for (const v1::DoseStep& dose : exercise.doses()) {
      fragment.doses.push_back(Encoded([&](WireWriter& writer) {
        writer.RepeatedString(v1::Prescription::kDoseFieldNumber, dose.SerializeAsString());
      }));
    }
    fragment.traits_basic =
        Encoded([&](WireWriter& writer) { WriteTraits(writer, exercise, /*full=*/false); });
    fragment.traits_full =
        Encoded([&](WireWriter& writer) { WriteTraits(writer, exercise, /*full=*/true); });
    fragment.tail = Encoded([&](WireWriter& writer) {
      WriteAll(writer, v1::Prescription::kProgressionsFieldNumber, exercise.progressions());
      WriteAll(writer, v1::Prescription::kRegressionsFieldNumber, exercise.regressions());
      for (const std::string& passage : exercise.sources()) {
        if (passage_index_.contains(passage)) {
          writer.RepeatedString(v1::Prescription::kSourcesFieldNumber, passage);
        }
      }
      if (exercise.has_minutes_per_day()) {
        writer.OptionalUInt(v1::Prescription::kMinutesPerDayFieldNumber,
                            static_cast<uint64_t>(exercise.minutes_per_day()));
      }
    });
    fragment.clinician_text =
        EncodedText(v1::Prescription::kClinicianTextFieldNumber, exercise.clinician_text());
    for (const v1::Variant& variant : exercise.variants()) {
      fragment.variants.push_back(Encoded([&](WireWriter& writer) {
        writer.String(v1::PrescribedVariant::kNameFieldNumber, variant.name());
        WriteAll(writer, v1::PrescribedVariant::kStepsFieldNumber, variant.steps());
      }));
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
  std::vector<RationaleFragment> advice_rationales;
  plain(source.advice(), ruleset.advice, advice_rationales);
  for (int i = 0; i < source.advice_size(); ++i) {
    AdviceFragment fragment;
    fragment.head = EncodedText(v1::AdviceItem::kCategoryFieldNumber, source.advice(i).category());
    fragment.rationale = std::move(advice_rationales[static_cast<size_t>(i)]);
    fragment.tail =
        EncodedText(v1::AdviceItem::kClinicianTextFieldNumber, source.advice(i).clinician_text());
    advice.push_back(std::move(fragment));
  }
  plain(source.follow_up_rules(), ruleset.follow_up_rules, follow_up_rules);

  for (const v1::SequenceStep& step : source.programme().sequence()) {
    sequence.push_back(EncodedText(v1::Prescription::kSessionBecauseFieldNumber, step.because()));
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

// What the engine found out itself, in the form of an answer.
void Fragments::MakeFacts(const ruleset::CompiledRuleset& ruleset) {
  using F = v1::Fact;
  for (const v1::ClinicalCondition& condition : ruleset.source.conditions()) {
    std::vector<Piece>& facts = condition_facts.emplace_back();
    for (int likelihood = 0; likelihood <= v1::Likelihood_MAX; ++likelihood) {
      const LikelihoodText text = TextOf(static_cast<v1::Likelihood>(likelihood));
      facts.push_back(EncodedMessage(v1::Rationale::kFactsFieldNumber, [&](WireWriter& writer) {
        writer.String(F::kFieldFieldNumber, absl::StrCat("suspected.", condition.id()));
        writer.String(F::kLabelFieldNumber, condition.title());
        writer.String(F::kValueFieldNumber, text.value);
        writer.String(F::kDisplayFieldNumber, text.display);
      }));
    }
  }
  for (const v1::Stage& stage : ruleset.source.stages()) {
    stage_facts.push_back(EncodedMessage(v1::Rationale::kFactsFieldNumber, [&](WireWriter& writer) {
      writer.String(F::kFieldFieldNumber, "stage");
      writer.String(F::kLabelFieldNumber, "Stage");
      writer.String(F::kValueFieldNumber, stage.id());
      writer.String(F::kDisplayFieldNumber, stage.title());
    }));
  }
}

void Fragments::MakeNames(const ruleset::CompiledRuleset& ruleset) {
  constexpr int kMissingFields[] = {
      v1::FiredRule::kMissingFieldsFieldNumber, v1::NotExcludedRule::kMissingFieldsFieldNumber,
      v1::UnknownFinding::kMissingFieldsFieldNumber, v1::StageAssessment::kMissingFieldsFieldNumber,
      v1::ExcludedExercise::kMissingFieldsFieldNumber};
  for (const int field : kMissingFields) {
    const auto number = static_cast<size_t>(field);
    if (slot_names.size() <= number) slot_names.resize(number + 1);
    if (!slot_names[number].empty()) continue;
    for (const expr::Slot& slot : ruleset.schema->slots()) {
      slot_names[number].push_back(EncodedText(field, slot.name));
    }
  }
  const auto add = [&](const auto& rules) {
    for (const auto& rule : rules) {
      affected_rules_.emplace(rule.id(),
                              EncodedText(v1::OpenQuestion::kAffectsFieldNumber, rule.id()));
    }
  };
  const v1::Ruleset& source = ruleset.source;
  add(source.red_flags());
  add(source.safety_screens());
  add(source.conditions());
  for (const v1::ClinicalCondition& condition : source.conditions()) add(condition.findings());
  add(source.stages());
  add(source.indications());
  add(source.contraindications());
  add(source.cautions());
  add(source.prerequisites());
  add(source.score_adjustments());
  add(source.advice());
  add(source.follow_up_rules());
  add(source.notices());
  add(source.exercises());
}

Piece Fragments::AffectedRule(absl::string_view id) const {
  const auto known = affected_rules_.find(id);
  return known == affected_rules_.end() ? Piece() : known->second;
}

void Fragments::MakeRemarks(const ruleset::CompiledRuleset& ruleset) {
  const v1::Ruleset& source = ruleset.source;
  for (const v1::Notice& notice : source.notices()) {
    notices.push_back(EncodedMessage(v1::Decision::kNoticesFieldNumber, [&](WireWriter& writer) {
      writer.String(v1::NoticeItem::kNoticeIdFieldNumber, notice.id());
      writer.String(v1::NoticeItem::kTextFieldNumber, notice.text());
      for (const std::string& passage : notice.sources()) {
        if (passage_index_.contains(passage)) {
          writer.RepeatedString(v1::NoticeItem::kSourcesFieldNumber, passage);
        }
      }
    }));
    notice_passages.push_back(Passages(notice.sources()));
  }
  if (source.has_safety_net()) {
    safety_net = EncodedMessage(v1::Decision::kSafetyNetFieldNumber, [&](WireWriter& writer) {
      writer.String(v1::SafetyNet::kTitleFieldNumber, source.safety_net().title());
      writer.String(v1::SafetyNet::kTextFieldNumber, source.safety_net().text());
      WriteAll(writer, v1::SafetyNet::kItemsFieldNumber, source.safety_net().items());
      for (const std::string& passage : source.safety_net().sources()) {
        if (passage_index_.contains(passage)) {
          writer.RepeatedString(v1::SafetyNet::kSourcesFieldNumber, passage);
        }
      }
    });
    safety_net_passages = Passages(source.safety_net().sources());
  }
  for (const v1::Question& question : source.questions()) {
    questions.push_back(Encoded([&](WireWriter& writer) {
      writer.String(v1::OpenQuestion::kFieldFieldNumber, question.field());
      writer.String(v1::OpenQuestion::kLabelFieldNumber, question.label());
      writer.String(v1::OpenQuestion::kWordingFieldNumber, question.wording());
      writer.String(v1::OpenQuestion::kClinicianWordingFieldNumber, question.clinician_wording());
      writer.Bool(v1::OpenQuestion::kClinicianOnlyFieldNumber, question.clinician_only());
      writer.String(v1::OpenQuestion::kGroupFieldNumber, question.group());
    }));
  }
}

}  // namespace plumbline::engine
