#include "server/cli/audit_show_text.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
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
