// Rationales as text: words, points, facts, sources, and the labels of missing fields.

#ifndef PLUMBLINE_SERVER_CLI_RATIONALE_TEXT_H_
#define PLUMBLINE_SERVER_CLI_RATIONALE_TEXT_H_

#include <map>
#include <string>

#include "absl/strings/string_view.h"
#include "plumbline/v1/decision.pb.h"
#include "server/cli/text_layout.h"

namespace plumbline::cli {

// " (+3)"; empty where nothing is scored.
std::string FormatPoints(const v1::Rationale& rationale);

// Writes onto a page that outlives it. Thread-compatible.
class RationaleText {
 public:
  // Takes the labels of fields from the open questions of `decision`.
  RationaleText(const v1::Decision& decision, TextPage& page);

  // The words with points and rule id, then the details below.
  void Put(int indent, absl::string_view lead, const v1::Rationale& rationale);
  // Facts and sources.
  void PutDetails(int indent, const v1::Rationale& rationale);
  // "Fever, Weight loss"; the bare name of a field without a label.
  std::string Labels(const google::protobuf::RepeatedPtrField<std::string>& fields) const;

 private:
  TextPage& page_;
  std::map<std::string, std::string> labels_;
};

}  // namespace plumbline::cli

#endif  // PLUMBLINE_SERVER_CLI_RATIONALE_TEXT_H_
