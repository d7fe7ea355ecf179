#include "tests/testing/engine/prevalence_sampler.h"

#include <algorithm>
#include <array>

namespace plumbline::testing {
namespace {

struct AgeBand {
  int low;
  int high;
  double share;
};
constexpr std::array<AgeBand, 7> kAgeBands = {{{18, 29, 0.18},
                                               {30, 39, 0.20},
                                               {40, 49, 0.21},
                                               {50, 59, 0.20},
                                               {60, 69, 0.13},
                                               {70, 79, 0.06},
                                               {80, 90, 0.02}}};

bool Yes(v1::Tri answer) { return answer == v1::TRI_YES; }

bool AnyCaudaEquinaItem(const v1::CaudaEquina& items) {
  return Yes(items.ces_saddle()) || Yes(items.ces_bladder()) ||
         Yes(items.ces_incontinence_urine()) || Yes(items.ces_bowel()) || Yes(items.ces_sexual());
}

// Every yes/no question of sections 6.1 to 6.6 that is not answered yet.
void AnswerNo(v1::Intake& intake) {
  const auto fill = [](google::protobuf::Message& group) {
    const auto& fields = *group.GetDescriptor();
    const auto& reflection = *group.GetReflection();
    for (int i = 0; i < fields.field_count(); ++i) {
      const auto* field = fields.field(i);
      if (field->is_repeated() || field->enum_type() != v1::Tri_descriptor()) continue;
      if (!reflection.HasField(group, field)) reflection.SetEnumValue(&group, field, v1::TRI_NO);
    }
  };
  fill(*intake.mutable_person());
  fill(*intake.mutable_injury());
  fill(*intake.mutable_leg_nerve_cord());
  fill(*intake.mutable_cauda_equina());
  fill(*intake.mutable_general_illness());
  fill(*intake.mutable_organs());
}

// After age or sex were changed for a disease of later life.
void RemoveChildbearing(v1::Intake& intake) {
  v1::PersonAndEpisode& person = *intake.mutable_person();
  person.set_pregnancy(v1::PREGNANCY_NA);
  person.clear_gestation_weeks();
  person.clear_postpartum_weeks();
  person.set_caesarean(v1::TRI_NO);
  v1::OrgansVesselsBleeding& organs = *intake.mutable_organs();
  organs.set_pelvic_pain(v1::TRI_NO);
  organs.set_vaginal_bleeding(v1::TRI_NO);
  organs.set_period_late(v1::TRI_NO);
  organs.set_cyclic_pain(v1::TRI_NO);
}

}  // namespace

const char* DiseaseName(Disease disease) {
  switch (disease) {
    case Disease::kNone:
      return "none";
    case Disease::kFracture:
      return "fracture";
    case Disease::kMalignancy:
      return "malignancy";
    case Disease::kCaudaEquina:
      return "cauda equina";
    case Disease::kInfection:
      return "infection";
  }
  return "?";
}

double Prevalence(Disease disease) {
  switch (disease) {
    case Disease::kFracture:
      return 0.04;
    case Disease::kMalignancy:
      return 0.007;
    case Disease::kCaudaEquina:
      return 0.0004;
    case Disease::kInfection:
      return 0.0001;
    case Disease::kNone:
      break;
  }
  return 1 - 0.04 - 0.007 - 0.0004 - 0.0001;
}

int RedFlagAnswers(const v1::Intake& intake) {
  const v1::PersonAndEpisode& person = intake.person();
  const v1::InjuryAndBone& injury = intake.injury();
  const v1::LegNerveCord& leg = intake.leg_nerve_cord();
  const v1::GeneralIllness& general = intake.general_illness();
  const v1::OrgansVesselsBleeding& organs = intake.organs();
  int flags = 0;
  const auto count = [&flags](bool flag) { flags += flag ? 1 : 0; };
  count(person.age_years() > 50);
  count(person.age_years() > 70);
  count(person.onset_mode() == v1::ONSET_MODE_GRADUAL);
  count(person.night_pain() == v1::NIGHT_PAIN_WAKES_SETTLES ||
        person.night_pain() == v1::NIGHT_PAIN_UNREMITTING);
  count(person.trajectory() == v1::TRAJECTORY_WORSENING);
  count(Yes(person.thoracic_pain()));
  count(Yes(person.pain_unaffected_by_posture()));
  count(Yes(person.severe_sudden_onset()));
  count(injury.trauma() == v1::TRAUMA_MINOR || injury.trauma() == v1::TRAUMA_MAJOR);
  count(Yes(injury.osteoporosis()) || Yes(injury.fragility_fracture()));
  count(Yes(injury.steroid_use()));
  count(Yes(injury.midline_bone_tender()));
  count(Yes(injury.height_loss_or_kyphosis_new()));
  count(Yes(leg.leg_numb()));
  count(Yes(leg.paraesthesia()));
  count(leg.leg_weakness() == v1::LEG_WEAKNESS_MILD ||
        leg.leg_weakness() == v1::LEG_WEAKNESS_SEVERE);
  count(leg.leg_side() == v1::LEG_SIDE_BOTH);
  count(Yes(leg.gait_unsteady_new()));
  count(AnyCaudaEquinaItem(intake.cauda_equina()));
  count(Yes(general.fever()) || Yes(general.night_sweats_rigors()));
  count(Yes(general.unwell()));
  count(Yes(general.infection_recent()) || Yes(general.invasive_recent()));
  count(Yes(general.ivdu()) || Yes(general.immunosuppressed()));
  count(Yes(general.diabetes()));
  count(general.cancer() == v1::CANCER_PAST || general.cancer() == v1::CANCER_CURRENT);
  count(Yes(general.weight_loss()));
  count(general.failed_care_weeks() >= 4);
  count(Yes(organs.abdo_pain()) || Yes(organs.urinary_symptoms()));
  count(Yes(organs.anticoagulant()));
  return flags;
}

bool PrevalenceSampler::Chance(double probability) {
  return std::bernoulli_distribution(probability)(random_);
}

int PrevalenceSampler::Between(int low, int high) {
  return std::uniform_int_distribution<int>(low, high)(random_);
}

v1::Tri PrevalenceSampler::YesWith(double probability) {
  return Chance(probability) ? v1::TRI_YES : v1::TRI_NO;
}

void PrevalenceSampler::Person(v1::Intake& intake) {
  v1::PersonAndEpisode& person = *intake.mutable_person();
  double left = std::uniform_real_distribution<double>(0, 1)(random_);
  const auto* band = kAgeBands.begin();
  while (band + 1 != kAgeBands.end() && left >= band->share) left -= (band++)->share;
  person.set_age_years(Between(band->low, band->high));
  const bool woman = Chance(0.52);
  person.set_sex(woman ? v1::SEX_FEMALE : v1::SEX_MALE);
  person.set_pregnancy(v1::PREGNANCY_NA);
  person.set_preg_warning(v1::TRI_NO);
  person.set_caesarean(v1::TRI_NO);
  person.set_obstetric_clearance(v1::TRI_NO);
  if (!woman || person.age_years() >= 45) return;
  person.set_pregnancy(v1::PREGNANCY_NOT_PREGNANT);
  if (Chance(0.04)) {
    person.set_pregnancy(v1::PREGNANCY_PREGNANT);
    person.set_gestation_weeks(Between(5, 40));
    person.set_obstetric_clearance(YesWith(0.6));
  } else if (Chance(0.03)) {
    person.set_postpartum_weeks(Between(1, 52));
    person.set_caesarean(YesWith(0.27));
  }
}

void PrevalenceSampler::Episode(v1::Intake& intake) {
  v1::PersonAndEpisode& person = *intake.mutable_person();
  const double length = std::uniform_real_distribution<double>(0, 1)(random_);
  person.set_duration_days(length < 0.70   ? Between(0, 42)
                           : length < 0.85 ? Between(43, 90)
                                           : Between(91, 2000));
  person.set_first_episode(YesWith(0.3));
  person.set_onset_mode(Chance(0.36)   ? v1::ONSET_MODE_GRADUAL
                        : Chance(0.65) ? v1::ONSET_MODE_LIFT_BEND
                                       : v1::ONSET_MODE_SUDDEN_SPONTANEOUS);
  const double course = std::uniform_real_distribution<double>(0, 1)(random_);
  person.set_trajectory(course < 0.40   ? v1::TRAJECTORY_IMPROVING
                        : course < 0.70 ? v1::TRAJECTORY_STATIC
                        : course < 0.90 ? v1::TRAJECTORY_FLUCTUATING
                                        : v1::TRAJECTORY_WORSENING);
  const double night = std::uniform_real_distribution<double>(0, 1)(random_);
  person.set_night_pain(night < 0.48   ? v1::NIGHT_PAIN_NONE
                        : night < 0.78 ? v1::NIGHT_PAIN_ON_TURNING
                        : night < 0.97 ? v1::NIGHT_PAIN_WAKES_SETTLES
                                       : v1::NIGHT_PAIN_UNREMITTING);
  person.set_nprs_back(Between(2, 8));
  person.set_thoracic_pain(YesWith(0.08));
  person.set_pain_unaffected_by_posture(YesWith(0.02));
  person.set_severe_sudden_onset(YesWith(0.08));

  v1::LegNerveCord& leg = *intake.mutable_leg_nerve_cord();
  leg.set_leg_pain(v1::LEG_PAIN_NONE);
  leg.set_leg_side(v1::LEG_SIDE_NONE);
  leg.set_leg_worse_than_back(v1::TRI_NO);
  const bool pain = Chance(0.40);
  const bool below_knee = pain && Chance(0.5);
  if (pain) {
    leg.set_leg_pain(below_knee ? v1::LEG_PAIN_BELOW_KNEE : v1::LEG_PAIN_ABOVE_KNEE);
    leg.set_leg_side(below_knee && Chance(0.06) ? v1::LEG_SIDE_BOTH
                     : Chance(0.5)              ? v1::LEG_SIDE_LEFT
                                                : v1::LEG_SIDE_RIGHT);
    leg.set_leg_worse_than_back(YesWith(below_knee ? 0.5 : 0.1));
    person.set_nprs_leg(Between(1, 8));
  }
  leg.set_paraesthesia(YesWith(below_knee ? 0.45 : 0));
  leg.set_leg_numb(YesWith(below_knee ? 0.15 : 0));
  leg.set_leg_weakness(Chance(below_knee ? 0.03 : 0) ? v1::LEG_WEAKNESS_MILD
                                                     : v1::LEG_WEAKNESS_NONE);
  if (leg.leg_weakness() != v1::LEG_WEAKNESS_NONE) {
    leg.set_leg_weakness_side(leg.leg_side() == v1::LEG_SIDE_RIGHT ? v1::LEG_WEAKNESS_SIDE_RIGHT
                                                                   : v1::LEG_WEAKNESS_SIDE_LEFT);
    leg.set_weakness_days(Between(1, 60));
  }
  leg.set_cough_sneeze_worse(YesWith(below_knee ? 0.35 : 0.15));
}

void PrevalenceSampler::Healthy(v1::Intake& intake) {
  const int age = intake.person().age_years();
  const bool woman = intake.person().sex() == v1::SEX_FEMALE;
  v1::InjuryAndBone& injury = *intake.mutable_injury();
  injury.set_trauma(v1::TRAUMA_NONE);
  if (Chance(0.06)) {
    injury.set_trauma(Chance(0.08) ? v1::TRAUMA_MAJOR : v1::TRAUMA_MINOR);
    injury.set_trauma_days_ago(std::min(intake.person().duration_days(), Between(0, 60)));
    intake.mutable_person()->set_onset_mode(v1::ONSET_MODE_AFTER_TRAUMA);
  }
  const bool injured = injury.trauma() != v1::TRAUMA_NONE;
  injury.set_trauma_assessed(YesWith(injured ? 0.4 : 0));
  injury.set_trauma_contusion(YesWith(injured ? 0.05 : 0));
  injury.set_osteoporosis(YesWith(age < 60 ? 0.003 : woman ? 0.14 : 0.03));
  injury.set_fragility_fracture(YesWith(age < 60 ? 0 : woman ? 0.06 : 0.02));
  injury.set_steroid_use(YesWith(0.007));
  injury.set_midline_bone_tender(YesWith(0.015));
  injury.set_height_loss_or_kyphosis_new(YesWith(age < 65 ? 0.001 : 0.02));
  injury.set_ankylosed_spine(YesWith(0.001));

  v1::LegNerveCord& leg = *intake.mutable_leg_nerve_cord();
  leg.set_bilateral_new(v1::TRI_NO);
  leg.set_weakness_progressive(v1::TRI_NO);
  leg.set_foot_drop(v1::TRI_NO);
  leg.set_gait_unsteady_new(YesWith(0.004));
  leg.set_cannot_weight_bear(v1::TRI_NO);
  leg.set_hand_clumsy(YesWith(0.005));
  leg.set_other_neuro_new(YesWith(0.001));
  leg.set_umn_signs(v1::TRI_NO);

  v1::CaudaEquina& items = *intake.mutable_cauda_equina();
  items.set_ces_saddle(YesWith(0.002));
  items.set_ces_bladder(YesWith(age < 60 ? 0.003 : 0.012));
  items.set_ces_incontinence_urine(YesWith(0.003));
  items.set_ces_bowel(YesWith(0.001));
  items.set_ces_sexual(YesWith(0.002));
  if (AnyCaudaEquinaItem(items)) {
    // Mostly old complaints of another cause.
    items.set_ces_onset_days(Chance(0.25) ? Between(1, 14) : Between(15, 700));
    items.set_ces_worsening(YesWith(0.1));
  } else {
    items.set_ces_worsening(v1::TRI_NO);
  }
}

void PrevalenceSampler::HealthyGeneral(v1::Intake& intake) {
  const int age = intake.person().age_years();
  v1::GeneralIllness& general = *intake.mutable_general_illness();
  general.set_fever(YesWith(0.007));
  general.set_night_sweats_rigors(YesWith(0.006));
  general.set_unwell(YesWith(0.01));
  general.set_sepsis_signs(v1::TRI_NO);
  general.set_infection_recent(YesWith(0.04));
  general.set_invasive_recent(YesWith(0.015));
  general.set_ivdu(YesWith(0.004));
  general.set_immunosuppressed(YesWith(0.007));
  general.set_diabetes(YesWith(age < 50 ? 0.03 : 0.11));
  general.set_dialysis(YesWith(0.0005));
  general.set_tb_risk(YesWith(0.003));
  general.set_cancer(Chance(age < 50 ? 0.012 : 0.065)
                         ? (Chance(0.1) ? v1::CANCER_CURRENT : v1::CANCER_PAST)
                         : v1::CANCER_NONE);
  general.set_weight_loss(YesWith(0.004));
  const int weeks = intake.person().duration_days() / 7;
  general.set_failed_care_weeks(weeks >= 5 && Chance(0.10) ? Between(4, std::min(weeks, 26)) : 0);
}

void PrevalenceSampler::HealthyOrgans(v1::Intake& intake) {
  const int age = intake.person().age_years();
  const bool fertile_woman = intake.person().sex() == v1::SEX_FEMALE && age < 52;
  v1::OrgansVesselsBleeding& organs = *intake.mutable_organs();
  organs.set_abdo_pain(YesWith(0.02));
  organs.set_pulsatile_mass(v1::TRI_NO);
  organs.set_known_aaa(YesWith(age < 65 ? 0.0002 : 0.005));
  organs.set_collapse(YesWith(0.001));
  organs.set_chest_pain(YesWith(0.008));
  organs.set_tearing_pain(YesWith(0.001));
  organs.set_smoker_ever(YesWith(0.45));
  organs.set_hypertension(YesWith(age < 50 ? 0.08 : 0.35));
  organs.set_vascular_disease(YesWith(age < 50 ? 0.01 : 0.10));
  organs.set_flank_colic(YesWith(0.004));
  organs.set_renal_risk(v1::TRI_NO);
  organs.set_haematuria(YesWith(0.002));
  organs.set_urinary_symptoms(YesWith(0.02));
  organs.set_vomiting(YesWith(0.01));
  organs.set_epigastric_radiating(YesWith(0.002));
  organs.set_gallstones_alcohol(YesWith(0.05));
  organs.set_pelvic_pain(YesWith(fertile_woman ? 0.03 : 0));
  organs.set_vaginal_bleeding(YesWith(fertile_woman ? 0.004 : 0));
  organs.set_period_late(YesWith(fertile_woman ? 0.015 : 0));
  organs.set_cyclic_pain(YesWith(fertile_woman ? 0.05 : 0));
  organs.set_limb_ischaemia(v1::TRI_NO);
  organs.set_calf_swelling(YesWith(0.003));
  organs.set_anticoagulant(YesWith(age < 60 ? 0.005 : 0.09));
  organs.set_bleeding_disorder(YesWith(0.001));
}

void PrevalenceSampler::Behaviour(v1::Intake& intake) {
  v1::MechanicalBehaviour& mechanical = *intake.mutable_mechanical();
  mechanical.set_worse_bending(YesWith(0.6));
  mechanical.set_worse_sitting(YesWith(0.5));
  mechanical.set_worse_standing(YesWith(0.4));
  mechanical.set_worse_walking(YesWith(0.25));
  mechanical.set_worse_extension(YesWith(0.25));
  mechanical.set_worse_stairs(YesWith(0.2));
  mechanical.set_worse_rising(YesWith(0.5));
  mechanical.set_ease_sitting(YesWith(0.3));
  mechanical.set_ease_lying(YesWith(0.75));
  mechanical.set_ease_walking(YesWith(0.4));
  mechanical.set_ease_leaning_forward(YesWith(0.15));
  intake.mutable_inflammatory()->set_morning_stiff_min(Between(0, 40));
}

void PrevalenceSampler::PlainEpisode(v1::Intake& intake) {
  v1::PersonAndEpisode& person = *intake.mutable_person();
  if (person.onset_mode() == v1::ONSET_MODE_GRADUAL) {
    person.set_onset_mode(v1::ONSET_MODE_LIFT_BEND);
  }
  if (person.trajectory() == v1::TRAJECTORY_WORSENING) {
    person.set_trajectory(v1::TRAJECTORY_IMPROVING);
  }
  person.set_night_pain(v1::NIGHT_PAIN_NONE);
  person.set_thoracic_pain(v1::TRI_NO);
  person.set_pain_unaffected_by_posture(v1::TRI_NO);
  person.set_severe_sudden_onset(v1::TRI_NO);
  v1::LegNerveCord& leg = *intake.mutable_leg_nerve_cord();
  leg.set_paraesthesia(v1::TRI_NO);
  leg.set_leg_numb(v1::TRI_NO);
}

v1::Level PrevalenceSampler::Fracture(v1::Intake& intake) {
  v1::PersonAndEpisode& person = *intake.mutable_person();
  v1::InjuryAndBone& injury = *intake.mutable_injury();
  // Older than the rest, mostly women, mostly within weeks of the break.
  person.set_age_years(Chance(0.8) ? Between(60, 90) : Between(30, 59));
  person.set_sex(Chance(0.7) ? v1::SEX_FEMALE : v1::SEX_MALE);
  RemoveChildbearing(intake);
  person.set_duration_days(Between(0, 40));
  person.set_severe_sudden_onset(YesWith(0.6));
  person.set_thoracic_pain(YesWith(0.4));
  person.set_trajectory(v1::TRAJECTORY_STATIC);
  intake.mutable_general_illness()->set_failed_care_weeks(0);
  injury.set_osteoporosis(YesWith(0.4));
  injury.set_fragility_fracture(YesWith(person.age_years() >= 60 ? 0.25 : 0));
  injury.set_steroid_use(YesWith(0.06));
  injury.set_midline_bone_tender(YesWith(0.5));
  injury.set_height_loss_or_kyphosis_new(YesWith(0.15));
  injury.set_trauma(v1::TRAUMA_NONE);
  injury.clear_trauma_days_ago();
  injury.set_trauma_contusion(v1::TRI_NO);
  if (Chance(0.6)) {
    injury.set_trauma(Chance(0.2) ? v1::TRAUMA_MAJOR : v1::TRAUMA_MINOR);
    injury.set_trauma_days_ago(person.duration_days());
    injury.set_trauma_contusion(YesWith(0.1));
  }
  if (injury.trauma() == v1::TRAUMA_MAJOR && injury.trauma_days_ago() <= 7) {
    return v1::LEVEL_EMERGENCY_NOW;
  }
  if (Yes(injury.trauma_contusion())) return v1::LEVEL_URGENT_SAME_DAY;
  return Yes(injury.steroid_use()) ? v1::LEVEL_URGENT_2W : v1::LEVEL_UNSPECIFIED;
}

v1::Level PrevalenceSampler::Malignancy(v1::Intake& intake) {
  v1::PersonAndEpisode& person = *intake.mutable_person();
  v1::GeneralIllness& general = *intake.mutable_general_illness();
  if (Chance(0.8)) person.set_age_years(Between(50, 88));
  if (person.age_years() >= 45) RemoveChildbearing(intake);
  person.set_duration_days(Between(14, 200));
  person.set_trajectory(Chance(0.6) ? v1::TRAJECTORY_WORSENING : v1::TRAJECTORY_STATIC);
  person.set_night_pain(Chance(0.35) ? v1::NIGHT_PAIN_UNREMITTING : v1::NIGHT_PAIN_WAKES_SETTLES);
  person.set_pain_unaffected_by_posture(YesWith(0.35));
  person.set_thoracic_pain(YesWith(0.3));
  intake.mutable_injury()->set_midline_bone_tender(YesWith(0.3));
  general.set_weight_loss(YesWith(0.25));
  general.set_unwell(YesWith(0.2));
  general.set_cancer(Chance(0.55) ? (Chance(0.4) ? v1::CANCER_CURRENT : v1::CANCER_PAST)
                                  : v1::CANCER_NONE);
  const int weeks = person.duration_days() / 7;
  general.set_failed_care_weeks(weeks >= 4 && Chance(0.5) ? std::min(weeks, 12) : 0);
  return general.cancer() == v1::CANCER_NONE ? v1::LEVEL_UNSPECIFIED : v1::LEVEL_URGENT_2W;
}

v1::Level PrevalenceSampler::CaudaEquina(v1::Intake& intake) {
  v1::LegNerveCord& leg = *intake.mutable_leg_nerve_cord();
  v1::CaudaEquina& items = *intake.mutable_cauda_equina();
  items.set_ces_saddle(YesWith(0.4));
  items.set_ces_bladder(YesWith(0.4));
  items.set_ces_incontinence_urine(YesWith(0.4));
  items.set_ces_bowel(YesWith(0.4));
  items.set_ces_sexual(YesWith(0.4));
  items.clear_ces_onset_days();
  items.set_ces_worsening(v1::TRI_NO);
  intake.mutable_person()->set_duration_days(Between(1, 60));
  intake.mutable_general_illness()->set_failed_care_weeks(0);
  if (Chance(0.5)) {
    leg.set_leg_pain(v1::LEG_PAIN_BELOW_KNEE);
    leg.set_leg_side(v1::LEG_SIDE_BOTH);
    leg.set_bilateral_new(v1::TRI_YES);
  }
  if (!AnyCaudaEquinaItem(items)) return v1::LEVEL_UNSPECIFIED;
  items.set_ces_onset_days(Between(0, 14));
  return v1::LEVEL_EMERGENCY_NOW;
}

v1::Level PrevalenceSampler::Infection(v1::Intake& intake) {
  v1::PersonAndEpisode& person = *intake.mutable_person();
  v1::GeneralIllness& general = *intake.mutable_general_illness();
  person.set_duration_days(Between(2, 40));
  person.set_trajectory(Chance(0.7) ? v1::TRAJECTORY_WORSENING : v1::TRAJECTORY_STATIC);
  person.set_night_pain(Chance(0.5) ? v1::NIGHT_PAIN_UNREMITTING : v1::NIGHT_PAIN_WAKES_SETTLES);
  person.set_pain_unaffected_by_posture(YesWith(0.4));
  general.set_failed_care_weeks(0);
  general.set_fever(YesWith(0.55));
  general.set_diabetes(YesWith(0.18));
  general.set_unwell(YesWith(0.5));
  general.set_infection_recent(YesWith(0.35));
  general.set_invasive_recent(YesWith(0.2));
  general.set_ivdu(YesWith(0.1));
  general.set_immunosuppressed(YesWith(0.12));
  general.set_dialysis(YesWith(0.05));
  intake.mutable_injury()->set_midline_bone_tender(YesWith(0.4));
  return Yes(general.fever()) ? v1::LEVEL_URGENT_SAME_DAY : v1::LEVEL_UNSPECIFIED;
}

SampledPerson PrevalenceSampler::With(Disease disease) {
  SampledPerson person;
  person.disease = disease;
  Person(person.intake);
  Episode(person.intake);
  Healthy(person.intake);
  HealthyGeneral(person.intake);
  HealthyOrgans(person.intake);
  Behaviour(person.intake);
  switch (disease) {
    case Disease::kNone:
      if (Chance(0.16)) PlainEpisode(person.intake);
      break;
    case Disease::kFracture:
      person.sentinel = Fracture(person.intake);
      break;
    case Disease::kMalignancy:
      person.sentinel = Malignancy(person.intake);
      break;
    case Disease::kCaudaEquina:
      person.sentinel = CaudaEquina(person.intake);
      break;
    case Disease::kInfection:
      person.sentinel = Infection(person.intake);
      break;
  }
  return person;
}

SampledPerson PrevalenceSampler::Anyone() {
  double left = std::uniform_real_distribution<double>(0, 1)(random_);
  for (const Disease disease :
       {Disease::kFracture, Disease::kMalignancy, Disease::kCaudaEquina, Disease::kInfection}) {
    if (left < Prevalence(disease)) return With(disease);
    left -= Prevalence(disease);
  }
  return With(Disease::kNone);
}

v1::Intake PrevalenceSampler::Simple() {
  v1::Intake intake;
  Person(intake);
  Episode(intake);
  Behaviour(intake);

  // Episode() and Person() draw weak flags too; take them back.
  v1::PersonAndEpisode& person = *intake.mutable_person();
  person.set_age_years(Between(18, 59));
  person.set_pregnancy(person.sex() == v1::SEX_FEMALE ? v1::PREGNANCY_NOT_PREGNANT
                                                      : v1::PREGNANCY_NA);
  person.clear_gestation_weeks();
  person.clear_postpartum_weeks();
  person.set_thoracic_pain(v1::TRI_NO);
  person.set_pain_unaffected_by_posture(v1::TRI_NO);
  person.set_severe_sudden_onset(v1::TRI_NO);
  if (person.night_pain() == v1::NIGHT_PAIN_UNREMITTING) {
    person.set_night_pain(v1::NIGHT_PAIN_NONE);
  }
  if (person.trajectory() == v1::TRAJECTORY_WORSENING) {
    person.set_trajectory(v1::TRAJECTORY_UNKNOWN);
  }
  person.set_nprs_back(Between(0, 8));
  v1::LegNerveCord& leg = *intake.mutable_leg_nerve_cord();
  const bool thigh = leg.leg_pain() == v1::LEG_PAIN_ABOVE_KNEE;
  leg.Clear();
  leg.set_leg_pain(thigh ? v1::LEG_PAIN_ABOVE_KNEE : v1::LEG_PAIN_NONE);
  leg.set_leg_side(thigh ? v1::LEG_SIDE_LEFT : v1::LEG_SIDE_NONE);
  if (!thigh) person.clear_nprs_leg();
  leg.set_leg_weakness(v1::LEG_WEAKNESS_NONE);
  intake.mutable_injury()->set_trauma(v1::TRAUMA_NONE);
  intake.mutable_general_illness()->set_cancer(v1::CANCER_NONE);
  AnswerNo(intake);

  v1::FunctionMoodSafety& function = *intake.mutable_function_mood_safety();
  const auto maybe = [this](auto set) {
    if (Chance(0.5)) set();
  };
  maybe([&] {
    function.set_floor_transfer(Chance(0.8) ? v1::FLOOR_TRANSFER_CAN : v1::FLOOR_TRANSFER_CANNOT);
  });
  maybe([&] { function.set_knee_kneel_problem(YesWith(0.3)); });
  maybe([&] { function.set_shoulder_problem(YesWith(0.2)); });
  maybe([&] { function.set_wrist_problem(YesWith(0.2)); });
  maybe([&] { function.set_neck_problem(YesWith(0.2)); });
  maybe([&] { function.set_joint_replacement_recent(YesWith(0.05)); });
  maybe([&] { function.set_prone_ok(YesWith(0.8)); });
  maybe([&] { function.set_supine_ok(YesWith(0.8)); });
  maybe([&] { function.set_falls_12m(Between(0, 3)); });
  maybe([&] { function.set_balance_poor(YesWith(0.2)); });
  maybe([&] { function.set_hernia_abdominal(YesWith(0.1)); });
  maybe([&] { function.set_abdominal_surgery_recent(YesWith(0.05)); });
  maybe([&] { function.set_prolapse(YesWith(0.05)); });
  maybe([&] { function.set_retina_glaucoma(YesWith(0.05)); });
  maybe([&] { function.set_skin_sensation_loss(YesWith(0.05)); });
  maybe([&] { function.set_pool_access(YesWith(0.3)); });
  maybe([&] { function.set_preferred_env(static_cast<v1::PreferredEnv>(Between(1, 4))); });
  maybe([&] { function.set_work_status(static_cast<v1::WorkStatus>(Between(1, 5))); });
  maybe([&] { function.set_odi_pct(Between(0, 60)); });
  maybe([&] { function.set_phq2(Between(0, 6)); });
  maybe([&] {
    function.set_start_total(Between(0, 9));
    function.set_start_psych(Between(0, std::min(5, function.start_total())));
  });
  maybe([&] {
    function.set_bp_systolic(Between(100, 159));
    function.set_bp_diastolic(Between(50, 99));
  });
  v1::TreatmentHistory& history = *intake.mutable_treatment_history();
  maybe([&] {
    history.set_exercise_weeks(Between(0, 20));
    history.set_change_since_start(Chance(0.5) ? v1::CHANGE_SINCE_START_BETTER_MCID
                                               : v1::CHANGE_SINCE_START_RECOVERED);
  });
  return intake;
}

}  // namespace plumbline::testing
