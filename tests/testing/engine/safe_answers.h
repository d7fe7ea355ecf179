// The patient whom the small ruleset (small_ruleset.h) has nothing to say about.

#ifndef PLUMBLINE_TESTS_TESTING_ENGINE_SAFE_ANSWERS_H_
#define PLUMBLINE_TESTS_TESTING_ENGINE_SAFE_ANSWERS_H_

namespace plumbline::testing {

// An intake in text format: leaves none of the ruleset's safety rules open, and none of them fires.
inline constexpr char kSafeAnswers[] = R"pb(
  person { age_years: 40 nprs_back: 3 }
  general_illness { fever: TRI_NO temp_c: 36.5 weight_loss: TRI_NO }
  cauda_equina { ces_saddle: TRI_NO }
  leg_nerve_cord { leg_pain: LEG_PAIN_NONE leg_side: LEG_SIDE_NONE }
  injury { osteoporosis: TRI_NO }
  function_mood_safety { prone_ok: TRI_YES balance_poor: TRI_NO }
  mechanical { worse_sitting: TRI_NO ease_sitting: TRI_NO }
)pb";

}  // namespace plumbline::testing

#endif  // PLUMBLINE_TESTS_TESTING_ENGINE_SAFE_ANSWERS_H_
