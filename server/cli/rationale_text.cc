#include "server/cli/rationale_text.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace plumbline::cli {
namespace {

// "Age: 44 years; Leg pain: below the knee".
std::string FormatFacts(const v1::Rationale& rationale) {
  return absl::StrJoin(rationale.facts(), "; ", [](std::string* out, const v1::Fact& fact) {
    absl::StrAppend(out, fact.label().empty() ? fact.field() : fact.label(), ": ",
                    fact.display().empty() ? fact.value() : fact.display());
  });
}

}  // namespace

std::string FormatPoints(const v1::Rationale& rationale) {
  return rationale.has_points() ? absl::StrFormat(" (%+d)", rationale.points()) : "";
}

RationaleText::RationaleText(const v1::Decision& decision, TextPage& page) : page_(page) {
  for (const v1::OpenQuestion& question : decision.open_questions()) {
    labels_[question.field()] = question.label();
  }
}

void RationaleText::Put(int indent, absl::string_view lead, const v1::Rationale& rationale) {
  page_.Item(
      indent, lead,
      absl::StrCat(rationale.text(), FormatPoints(rationale), "  [", rationale.rule_id(), "]"));
  PutDetails(indent + DisplayWidth(lead), rationale);
}

void RationaleText::PutDetails(int indent, const v1::Rationale& rationale) {
  if (!rationale.facts().empty()) {
    page_.Item(indent, "facts: ", FormatFacts(rationale));
  }
  std::string sources = absl::StrJoin(rationale.sources(), ", ");
  if (rationale.project_choice()) {
    absl::StrAppend(&sources, sources.empty() ? "" : "; ",
                    "a choice of the project, no published threshold");
  }
  if (!sources.empty()) {
    page_.Item(indent, "sources: ", sources, Style::kDim);
  }
}

std::string RationaleText::Labels(
    const google::protobuf::RepeatedPtrField<std::string>& fields) const {
  return absl::StrJoin(fields, ", ", [this](std::string* out, const std::string& field) {
    const auto label = labels_.find(field);
    absl::StrAppend(out, label == labels_.end() || label->second.empty() ? field : label->second);
  });
}

}  // namespace plumbline::cli
