// Safety case: the hazard log of a ruleset as a report, with what proves each control.

#ifndef PLUMBLINE_SERVER_REVIEW_SAFETY_CASE_H_
#define PLUMBLINE_SERVER_REVIEW_SAFETY_CASE_H_

#include <string>
#include <vector>

#include "server/ruleset/document.h"

namespace plumbline::review {

// Worst first: by risk before the controls, then after them, then in the order of the log.
std::vector<const v1::Hazard*> HazardsByRisk(const v1::Ruleset& ruleset);

// `folder` is what commands and places name. The document must hold no errors.
std::string SafetyCaseMarkdown(const ruleset::RulesetDocument& document, const std::string& folder);
// One page without outside resources.
std::string SafetyCaseHtml(const ruleset::RulesetDocument& document, const std::string& folder);

}  // namespace plumbline::review

#endif  // PLUMBLINE_SERVER_REVIEW_SAFETY_CASE_H_
