// Synthetic people with low back pain, as they would answer when every safety question is asked.
// Seeded: the same seed gives the same people. For estimates of over-referral, not of anything
// real: answers are drawn independently of one another, except where this page says otherwise.
//
// What the draws rest on. "Published" figures are those of the project's clinical knowledge base
// (section given); everything else is an assumption of this project, chosen to be plausible for
// first contact in primary care and stated here so that it can be questioned.
//
// Serious disease, one at most per person (published, 1.14, as cited there from a review of
// guidelines: fracture about 4 %, malignancy below 1 %, cauda equina syndrome 0.04 %, infection
// 0.01 %):
//   fracture 4 %, malignancy 0.7 %, cauda equina syndrome 0.04 %, infection 0.01 %
// Red flags when all are asked (published, 1.14: 1,172 people with acute back pain): 80.4 % have
//   one or more, the median is 2. Which answers count: see RedFlagAnswers(). How often each occurs
//   in the healthy is assumed, tuned together to these two figures.
// Person (assumed): age 18-29 18 %, 30-39 20 %, 40-49 21 %, 50-59 20 %, 60-69 13 %, 70-79 6 %,
//   80-90 2 %; women 52 %; 4 % of women under 45 are pregnant, 3 % gave birth in the last year.
// Episode (assumed): up to 6 weeks 70 %, up to 90 days 15 %, longer 15 %; leg pain 40 %, half of it
//   below the knee, 6 % of that on both sides; pain 2-8 of 10, leg pain 1-8; course improving 40 %,
//   static 30 %, fluctuating 20 %, worsening 10 %; gradual onset 36 %; night: none 48 %, on turning
//   30 %, wakes and settles 19 %, unremitting 3 %.
//   Weak flags come together: 16 % of the healthy have none of those of the episode, so that all
//   healthy together stay that much below the figures given.
// Weak flags in the healthy (assumed): see Healthy() in the source; the largest are thoracic pain
//   8 %, sudden severe onset 8 %, minor injury 6 %, infection treated lately 4 %, cancer ever 3.5
//   %, no gain after four weeks of care 10 % of those with five weeks of pain or more.
// The sick. Published sensitivities: cauda equina (1.1: a single flag 0.19-0.43: each item 0.40;
//   both legs in about half: 0.50); infection (1.4: fever in 55 %; diabetes in 18 %). Assumed: the
//   rest, in Fracture(), Malignancy(), CaudaEquina() and Infection(). A sick person keeps healthy
//   answers to everything else.
// Sentinel sign: one whose row in the rule tables fixes the least urgency by itself.
//   cauda equina: a new bladder, bowel, saddle or sexual item   -> EMERGENCY_NOW      (RF-CES-1)
//   infection: fever                                            -> URGENT_SAME_DAY    (RF-INF-2)
//   malignancy: cancer now or earlier                           -> URGENT_2W          (RF-CA-3)
//   fracture: major injury within seven days                    -> EMERGENCY_NOW      (RF-FX-1)
//             bruise over the spine after an injury             -> URGENT_SAME_DAY    (RF-FX-2)
//             steroid tablets for three months, new pain        -> URGENT_2W          (RF-FX-5)

#ifndef PLUMBLINE_TESTS_TESTING_ENGINE_PREVALENCE_SAMPLER_H_
#define PLUMBLINE_TESTS_TESTING_ENGINE_PREVALENCE_SAMPLER_H_

#include <cstdint>
#include <random>

#include "plumbline/v1/disposition.pb.h"
#include "plumbline/v1/intake.pb.h"

namespace plumbline::testing {

enum class Disease { kNone, kFracture, kMalignancy, kCaudaEquina, kInfection };
const char* DiseaseName(Disease disease);

// Share of people with the disease among those sampled.
double Prevalence(Disease disease);

struct SampledPerson {
  v1::Intake intake;
  Disease disease = Disease::kNone;
  // Least urgent level that a sentinel sign demands; LEVEL_UNSPECIFIED without one.
  v1::Level sentinel = v1::LEVEL_UNSPECIFIED;
};

// How many answers would count as a red flag in at least one of the guidelines' lists.
int RedFlagAnswers(const v1::Intake& intake);

// Not thread-safe; owns its random numbers.
class PrevalenceSampler {
 public:
  explicit PrevalenceSampler(uint64_t seed) : random_(seed) {}

  // Anyone, with the prevalences above.
  SampledPerson Anyone();
  // Someone with this disease.
  SampledPerson With(Disease disease);
  // 18 to 59 years, simple mechanical back pain: every question of sections 6.1 to 6.6 that could
  // be a red flag is answered in the negative; anything of 6.7 to 6.10 that is no flag is drawn
  // freely.
  v1::Intake Simple();

 private:
  bool Chance(double probability);
  int Between(int low, int high);
  v1::Tri YesWith(double probability);

  void Person(v1::Intake& intake);
  void Episode(v1::Intake& intake);
  void Healthy(v1::Intake& intake);
  void HealthyGeneral(v1::Intake& intake);
  void HealthyOrgans(v1::Intake& intake);
  void Behaviour(v1::Intake& intake);
  void PlainEpisode(v1::Intake& intake);

  v1::Level Fracture(v1::Intake& intake);
  v1::Level Malignancy(v1::Intake& intake);
  v1::Level CaudaEquina(v1::Intake& intake);
  v1::Level Infection(v1::Intake& intake);

  std::mt19937_64 random_;
};

}  // namespace plumbline::testing

#endif  // PLUMBLINE_TESTS_TESTING_ENGINE_PREVALENCE_SAMPLER_H_
