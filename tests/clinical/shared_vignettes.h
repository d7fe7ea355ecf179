// Worked patients from a Markdown page: its ```yaml blocks, each with facts and expectations.

#ifndef PLUMBLINE_TESTS_CLINICAL_SHARED_VIGNETTES_H_
#define PLUMBLINE_TESTS_CLINICAL_SHARED_VIGNETTES_H_

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "plumbline/v1/disposition.pb.h"
#include "plumbline/v1/intake.pb.h"

namespace plumbline::clinical {

struct SharedVignette {
  std::string id;
  std::string title;
  v1::Intake intake;
  std::set<v1::Level> accept;
  std::set<v1::Gate> gates;
  std::vector<std::string> fires;
  std::string pattern;
  std::vector<std::string> selectable;  // "do"
  std::vector<std::string> avoided;     // "dont"
  std::optional<int> open_questions_min;
  std::optional<int> review_days_max;
  std::string stratum;
  // What could not be understood; the vignette counts as failed then.
  std::vector<std::string> problems;
};

// Reads all blocks of `markdown`. A block that is no valid YAML is a vignette with a problem.
std::vector<SharedVignette> ReadSharedVignettes(const std::string& markdown);

}  // namespace plumbline::clinical

#endif  // PLUMBLINE_TESTS_CLINICAL_SHARED_VIGNETTES_H_
