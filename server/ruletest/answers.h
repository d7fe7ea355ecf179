// Answers: single answers of an intake as text, "age_years = 71", the way outcome tables write
// them.
//
//   yes/no questions   fever = true, fever = false
//   enums              trauma = MINOR             the value's name without its prefix
//   numbers            age_years = 71, temp_c = 38.5
//   lists              pain_sites = [BUTTOCK, GROIN], exercise_responses = NONE
//   any                fever = UNKNOWN            the answer is taken away
//   questions that know "asked, not known"        fever = ASKED; of a list: the answer was declined
//
// All functions are pure.

#ifndef PLUMBLINE_SERVER_RULETEST_ANSWERS_H_
#define PLUMBLINE_SERVER_RULETEST_ANSWERS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"
#include "server/expr/frame.h"
#include "server/expr/schema.h"

namespace plumbline::ruletest {

// Sets one answer. InvalidArgument names what is wrong: no such field, no such value, not a number.
absl::Status SetAnswer(absl::string_view answer, const expr::Schema& schema,
                       google::protobuf::Message& intake);

// True if the field can say "asked, and not known".
bool CanBeAskedInVain(const expr::Slot& slot);

// The answer that `frame` holds, in the form that SetAnswer reads. Empty for lists of anything but
// enums, unless they are known to be empty.
std::string FormatAnswer(expr::SlotIndex index, const expr::Schema& schema,
                         const expr::Frame& frame);

}  // namespace plumbline::ruletest

#endif  // PLUMBLINE_SERVER_RULETEST_ANSWERS_H_
