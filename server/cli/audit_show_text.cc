#include "server/cli/audit_show_text.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "server/cli/audit_target.h"
#include "server/cli/intake_text.h"
#include "server/cli/text_layout.h"

namespace plumbline::cli {
namespace {

std::string DateText(const v1::Date& date) {
  return absl::StrFormat("%04d-%02d-%02d", date.year(), date.month(), date.day());
}

// "TOO_LENIENT" -> "too lenient".
std::string Words(absl::string_view name, absl::string_view prefix) {
  std::string words = absl::AsciiStrToLower(absl::StripPrefix(name, prefix));
  for (char& c : words) {
    if (c == '_') c = ' ';
  }
  return words;
}

class Note {
 public:
  Note(const v1::Record& record, const RecordContext& context, const TextOptions& options)
      : record_(record),
        summary_(record.summary()),
        context_(context),
        options_(options),
        page_(options.width, options.color) {}

  std::string Write() {
    PutHead();
    if (summary_.erased()) {
      page_.Blank();
      page_.Line(0, "The data of this record was erased; what is left is shown above and below.",
                 Style::kYellow);
    } else {
      PutContent();
    }
    if (!summary_.revision().empty()) PutRules();
    PutSince();
    PutPlace();
    return text_ + page_.text();
  }

 private:
  void Entry(const std::string& label, const std::string& text) {
    if (text.empty()) return;
    page_.Item(2, absl::StrFormat("%-12s", label), text);
  }

  void PutHead() {
    std::string kind = ShortName(summary_.kind());
    absl::AsciiStrToUpper(&kind);
    page_.Line(0, absl::StrCat(kind, ", record ", summary_.index()), Style::kBold);
    Entry("Id", summary_.id());
    Entry("Time", FormatTime(summary_.time()));
    if (summary_.caller().empty()) {
      Entry("Called by", summary_.erased() ? "" : "not said");
    } else {
      Entry("Called by", absl::StrCat(summary_.caller(), summary_.caller_authenticated()
                                                             ? " (proved by certificate)"
                                                             : " (as the caller says)"));
    }
    Entry("Request id", summary_.request_id());
    Entry("Patient", record_.patient_pseudonym());
    if (record_.has_as_of()) Entry("As of", DateText(record_.as_of()));
    Entry("What", summary_.summary());
    for (const std::string& id : summary_.linked_ids()) Entry("About", id);
  }

  void PutContent() {
    if (record_.has_intake()) {
      page_.Heading("What was known");
      PutAnswers(ReadAnswers(record_.intake(), context_.ruleset.get()), 2, page_);
    }
    if (record_.has_decision()) {
      page_.Heading("What was answered, and why");
      page_.Blank();
      // The decision is a page of its own; its text goes in between.
      text_ += page_.text() + RenderDecision(record_.decision(), options_) + "\n";
      page_ = TextPage(options_.width, options_.color);
    }
    if (record_.has_feedback()) PutFeedback(record_.feedback());
    if (summary_.kind() == v1::RECORD_KIND_SHADOW_DISAGREEMENT) {
      PutDisagreement();
    } else {
      PutAttributes();
    }
  }

  // Empty: there is none of that name.
  std::string Attribute(absl::string_view name) const {
    for (const v1::RecordAttribute& attribute : record_.attributes()) {
      if (attribute.name() == name) return attribute.value();
    }
    return "";
  }

  // As service/shadow_disagreement.h says: where the answers differ, in "yes" and "no", and ids.
  void PutDisagreement() {
    page_.Heading("Where the two disagree");
    Entry("Active", Attribute("active_revision"));
    Entry("Shadow", summary_.revision());
    std::vector<std::string> differ;
    std::vector<std::string> same;
    for (const v1::RecordAttribute& attribute : record_.attributes()) {
      if (attribute.value() == "yes") differ.push_back(Words(attribute.name(), ""));
      if (attribute.value() == "no") same.push_back(Words(attribute.name(), ""));
    }
    const std::string shadow_only = Attribute("shadow_only");
    const std::string active_only = Attribute("active_only");
    const std::string altered = Attribute("altered");
    if (differ.empty() && shadow_only.empty() && active_only.empty() && altered.empty()) {
      return;  // one of them has refused: there is nothing to compare
    }
    Entry("Differ in", absl::StrJoin(differ, ", "));
    Entry("Agree in", absl::StrJoin(same, ", "));
    Entry("Shadow only", Listed(shadow_only));
    Entry("Active only", Listed(active_only));
    for (const absl::string_view one : absl::StrSplit(altered, ' ', absl::SkipEmpty())) {
      Entry("Otherwise", Altered(one));
    }
  }

  // "RF-1 RF-2" -> "RF-1, RF-2".
  static std::string Listed(absl::string_view ids) {
    const std::vector<absl::string_view> parts = absl::StrSplit(ids, ' ', absl::SkipEmpty());
    return absl::StrJoin(parts, ", ");
  }

  // "RF-1:level,time_limit" -> "RF-1: level, time limit".
  static std::string Altered(absl::string_view one) {
    const size_t colon = one.rfind(':');
    if (colon == absl::string_view::npos) return std::string(one);
    const std::vector<absl::string_view> aspects = absl::StrSplit(one.substr(colon + 1), ',');
    return absl::StrCat(one.substr(0, colon), ": ", Words(absl::StrJoin(aspects, ", "), ""));
  }

  // What an event says of itself, under the names that it has on record.
  void PutAttributes() {
    size_t widest = 0;
    for (const v1::RecordAttribute& attribute : record_.attributes()) {
      if (!attribute.value().empty()) widest = std::max(widest, attribute.name().size());
    }
    if (widest == 0) return;
    page_.Heading("What is on record of it");
    for (const v1::RecordAttribute& attribute : record_.attributes()) {
      if (attribute.value().empty()) continue;
      std::string lead = Words(attribute.name(), "");
      lead[0] = absl::ascii_toupper(lead[0]);
      lead.resize(std::max<size_t>(widest + 2, 12), ' ');
      page_.Item(2, lead, attribute.value());
    }
  }

  void PutFeedback(const v1::Feedback& feedback) {
    page_.Heading("Feedback");
    if (feedback.verdict() != v1::FEEDBACK_VERDICT_UNSPECIFIED) {
      Entry("Verdict", Words(v1::FeedbackVerdict_Name(feedback.verdict()), "FEEDBACK_VERDICT_"));
    }
    Entry("About", feedback.intervention());
    if (feedback.override_reason() != v1::OVERRIDE_REASON_UNSPECIFIED) {
      Entry("Reason",
            Words(v1::OverrideReason_Name(feedback.override_reason()), "OVERRIDE_REASON_"));
    }
    Entry("Comment", feedback.comment());
    Entry("Instead", feedback.done_instead());
    if (feedback.outcome() != v1::FOLLOW_UP_OUTCOME_UNSPECIFIED) {
      Entry("Outcome", Words(v1::FollowUpOutcome_Name(feedback.outcome()), "FOLLOW_UP_OUTCOME_"));
    }
    if (feedback.has_observed_on()) Entry("Observed", DateText(feedback.observed_on()));
    Entry("User", feedback.user());
    Entry("Location", feedback.location());
  }

  void PutRules() {
    page_.Heading("Under which rules");
    const v1::RulesetRef& ruleset = record_.decision().ruleset();
    if (!ruleset.ruleset_id().empty()) {
      Entry("Ruleset", absl::StrCat(ruleset.ruleset_id(), " ", ruleset.version()));
    }
    Entry("Revision", summary_.revision());
    Entry("Chosen as", summary_.alias());
    Entry("Engine", summary_.engine_build());
    Entry("Kept", context_.ruleset != nullptr ? "yes: can be evaluated again"
                                              : "not here: cannot be evaluated again");
    if (context_.activation) {
      Entry("Active",
            absl::StrCat("since ", FormatTime(context_.activation->time()), " (record ",
                         context_.activation->index(), "): ", context_.activation->summary()));
    }
    if (!context_.revision) {
      Entry("Approvals", "not known here");
      return;
    }
    for (const v1::Approval& approval : context_.revision->approvals()) {
      Entry(approval.meaning(),
            absl::StrCat(approval.name(), approval.role().empty() ? "" : ", ", approval.role(),
                         ", ", FormatTime(approval.time()), ", key ", approval.key_name(),
                         approval.trusted() ? "" : " (not trusted)"));
    }
    if (context_.revision->approvals().empty()) Entry("Approvals", "none");
  }

  void PutSince() {
    if (record_.related().empty()) return;
    page_.Heading("Since then");
    for (const v1::RecordSummary& related : record_.related()) {
      std::string text =
          absl::StrCat(related.summary().empty() ? ShortName(related.kind()) : related.summary(),
                       ", ", related.id());
      if (!related.caller().empty()) absl::StrAppend(&text, " (", related.caller(), ")");
      page_.Item(2, absl::StrCat(FormatTime(related.time()), "  "), text);
    }
  }

  void PutPlace() {
    page_.Heading("In the log");
    const bool covered = summary_.index() < context_.checkpoint_size;
    page_.Item(
        2, "",
        absl::StrCat("Record ", summary_.index(), ", leaf of ", record_.leaf().size(), " bytes."));
    page_.Item(2, "",
               covered ? absl::StrCat("Covered by the checkpoint of ", context_.checkpoint_size,
                                      " records. Receipt: plumbline audit receipt ",
                                      summary_.index(), " -o FILE")
                       : absl::StrCat("Not yet covered by a checkpoint (of ",
                                      context_.checkpoint_size, " records)."));
  }

  const v1::Record& record_;
  const v1::RecordSummary& summary_;
  const RecordContext& context_;
  const TextOptions& options_;
  TextPage page_;
  std::string text_;
};

}  // namespace

std::string RenderRecord(const v1::Record& record, const RecordContext& context,
                         const TextOptions& options) {
  return Note(record, context, options).Write();
}

}  // namespace plumbline::cli
