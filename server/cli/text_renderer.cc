#include "server/cli/text_renderer.h"

#include <map>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "absl/time/civil_time.h"
#include "server/cli/programme_text.h"
#include "server/cli/rationale_text.h"
#include "server/cli/text_layout.h"

namespace plumbline::cli {
namespace {

constexpr size_t kShortRevision = 12;

std::string ShortLevel(v1::Level level) {
  return std::string(absl::StripPrefix(v1::Level_Name(level), "LEVEL_"));
}

std::string ShortGate(v1::Gate gate) {
  return std::string(absl::StripPrefix(v1::Gate_Name(gate), "GATE_"));
}

std::string FormatDate(const v1::Date& date) {
  return absl::StrFormat("%04d-%02d-%02d", date.year(), date.month(), date.day());
}

// "within 14 days, by 2026-01-29".
std::string FormatDue(const v1::Date& as_of, int days) {
  if (days == 0) {
    return "at once";
  }
  const absl::CivilDay due = absl::CivilDay(as_of.year(), as_of.month(), as_of.day()) + days;
  return absl::StrCat("within ", days, days == 1 ? " day" : " days", ", by ",
                      absl::FormatCivilTime(due));
}

Style StyleOf(v1::Level level) {
  if (level >= v1::LEVEL_URGENT_2W) {
    return Style::kRed;
  }
  return level > v1::LEVEL_EXERCISE_OK ? Style::kYellow : Style::kGreen;
}

class Renderer {
 public:
  Renderer(const v1::Decision& decision, const TextOptions& options)
      : decision_(decision),
        options_(options),
        page_(options.width, options.color),
        rationales_(decision, page_) {}

  std::string Trace() {
    for (const v1::FiredRule& rule : decision_.fired_rules()) {
      PutFiredRule(rule);
    }
    for (const v1::FiredRule& rule : decision_.notes()) {
      PutFiredRule(rule);
    }
    if (decision_.fired_rules().empty() && decision_.notes().empty()) {
      page_.Line(2, "no rule fired");
    }
    return page_.text();
  }

  std::string Whole() {
    PutDisposition();
    PutReasons();
    PutNotExcluded();
    PutReferrals();
    PutAssessments();
    PutStage();
    PutStrata();
    PutExercises(decision_, options_.how_to, rationales_, page_);
    PutAdvice();
    PutFollowUp();
    PutSafetyNet();
    PutOpenQuestions();
    PutNotices();
    PutCitations();
    PutFooter();
    return page_.text();
  }

 private:
  void PutDisposition() {
    const v1::Disposition& disposition = decision_.disposition();
    page_.Line(0,
               absl::StrCat(disposition.level_title(), "  [", ShortLevel(disposition.level()), "]"),
               StyleOf(disposition.level()));
    std::string time_frame = disposition.time_frame();
    if (disposition.has_due_days()) {
      const std::string due = FormatDue(decision_.as_of(), disposition.due_days());
      time_frame = time_frame.empty() ? due : absl::StrCat(time_frame, " (", due, ")");
    }
    if (!time_frame.empty()) {
      page_.Item(0, "When:     ", time_frame);
    }
    page_.Item(0, "Exercise: ",
               absl::StrCat(disposition.gate_title(), "  [", ShortGate(disposition.gate()), "]"),
               disposition.gate() > v1::GATE_ALLOW ? Style::kYellow : Style::kPlain);
    if (IsOnHold(disposition)) {
      page_.Line(0, "EXERCISE IS ON HOLD: this answer holds no programme.", Style::kRed);
    }
    for (const std::string* text : {&disposition.clinician_text(), &disposition.gate_text()}) {
      if (!text->empty()) {
        page_.Line(0, *text);
      }
    }
    if (!disposition.patient_text().empty()) {
      page_.Item(0, "To the patient: ", disposition.patient_text());
    }
  }

  void PutFiredRule(const v1::FiredRule& rule) {
    std::string head = absl::StrCat(rule.title(), "  [", rule.rationale().rule_id(), "]  ",
                                    ShortLevel(rule.level()), " / ", ShortGate(rule.gate()));
    if (rule.has_due_days()) {
      absl::StrAppend(&head, ", ", FormatDue(decision_.as_of(), rule.due_days()));
    }
    if (rule.fired_by() == v1::FIRED_BY_RAISE) {
      absl::StrAppend(&head, " - raised, because answers are missing");
    } else if (rule.fired_by() == v1::FIRED_BY_OPEN_SCREEN) {
      absl::StrAppend(&head, " - safety questions are open");
    }
    page_.Item(2, "* ", head, StyleOf(rule.level()));
    if (!rule.rationale().text().empty()) {
      page_.Line(4, rule.rationale().text());
    }
    if (!rule.missing_fields().empty()) {
      page_.Item(4, "missing: ", rationales_.Labels(rule.missing_fields()));
    }
    if (!rule.clinician_note().empty()) {
      page_.Item(4, "note: ", rule.clinician_note());
    }
    rationales_.PutDetails(4, rule.rationale());
  }

  void PutReasons() {
    page_.Heading("Why");
    for (const v1::FiredRule& rule : decision_.fired_rules()) {
      PutFiredRule(rule);
    }
    if (decision_.fired_rules().empty()) {
      page_.Line(2, "No red flag and no referral rule fired.");
    }
    if (!decision_.notes().empty()) {
      page_.Heading("Also noted");
      for (const v1::FiredRule& rule : decision_.notes()) {
        PutFiredRule(rule);
      }
    }
  }

  void PutNotExcluded() {
    if (decision_.not_excluded_rules().empty()) {
      return;
    }
    page_.Heading("Red flags not excluded");
    for (const v1::NotExcludedRule& rule : decision_.not_excluded_rules()) {
      page_.Item(2, "? ",
                 absl::StrCat(rule.title(), "  [", rule.rule_id(), "]  would be ",
                              ShortLevel(rule.level()), " / ", ShortGate(rule.gate())),
                 Style::kYellow);
      page_.Item(4, "not answered: ", rationales_.Labels(rule.missing_fields()));
    }
  }

  void PutReferrals() {
    if (decision_.referrals().empty()) {
      return;
    }
    page_.Heading("Referrals");
    for (const v1::Referral& referral : decision_.referrals()) {
      std::string head = absl::StrCat(referral.title(), "  ", ShortLevel(referral.level()));
      if (!referral.notes().empty()) {
        absl::StrAppend(&head, " (", absl::StrJoin(referral.notes(), ", "), ")");
      }
      page_.Item(2, "* ", absl::StrCat(head, "  [", absl::StrJoin(referral.rule_ids(), ", "), "]"));
      if (!referral.clinician_text().empty()) {
        page_.Line(4, referral.clinician_text());
      }
    }
  }

  void PutAssessment(const v1::Assessment& assessment) {
    std::string likelihood(
        absl::StripPrefix(v1::Likelihood_Name(assessment.likelihood()), "LIKELIHOOD_"));
    std::string head = absl::StrCat(assessment.title(), ": ", likelihood);
    absl::StrAppend(&head, ", ", assessment.points(), " points");
    if (assessment.open()) {
      absl::StrAppend(&head, " (open answers: ", assessment.points_min(), " to ",
                      assessment.points_max(), ")");
    }
    page_.Item(2, assessment.leading() ? "> " : "* ",
               absl::StrCat(head, assessment.leading() ? ", leads the choice of exercises" : "",
                            "  [", assessment.condition_id(), "]"),
               assessment.leading() ? Style::kBold : Style::kPlain);
    for (const v1::Rationale& finding : assessment.findings_for()) {
      rationales_.Put(4, "+ ", finding);
    }
    for (const v1::Rationale& finding : assessment.findings_against()) {
      rationales_.Put(4, "- ", finding);
    }
    for (const v1::UnknownFinding& finding : assessment.unknown()) {
      page_.Item(4, "? ",
                 absl::StrCat(finding.text(), absl::StrFormat(" (%+d)", finding.points()),
                              ", not answered: ", rationales_.Labels(finding.missing_fields())),
                 Style::kDim);
    }
    if (!assessment.prognosis().empty()) {
      page_.Item(4, "prognosis: ", assessment.prognosis());
    }
    if (!assessment.codings().empty()) {
      page_.Item(4, "codes: ",
                 absl::StrJoin(assessment.codings(), ", ",
                               [](std::string* out, const v1::Coding& coding) {
                                 absl::StrAppend(out, coding.system(), " ", coding.code());
                               }),
                 Style::kDim);
    }
  }

  void PutAssessments() {
    std::vector<std::string> unlikely;
    bool headed = false;
    for (const v1::Assessment& assessment : decision_.assessments()) {
      if (assessment.likelihood() < v1::LIKELIHOOD_POSSIBLE) {
        unlikely.push_back(assessment.title() + (assessment.ruled_out() ? " (ruled out)" : "") +
                           (assessment.open() ? " (open)" : ""));
        continue;
      }
      if (!headed) {
        page_.Heading("Likely patterns (not a diagnosis)");
        headed = true;
      }
      PutAssessment(assessment);
    }
    if (!unlikely.empty()) {
      if (!headed) {
        page_.Heading("Likely patterns (not a diagnosis)");
        page_.Line(2, "No pattern is at least possible.");
      }
      page_.Item(2, "unlikely: ", absl::StrJoin(unlikely, ", "), Style::kDim);
    }
  }

  void PutStage() {
    const v1::StageAssessment& stage = decision_.stage();
    if (stage.stage_id().empty()) {
      return;
    }
    page_.Heading("Stage");
    page_.Item(2, absl::StrCat(stage.stage_id(), "  "),
               absl::StrCat(stage.title(),
                            stage.assumed() ? " (assumed to be careful: answers are missing)" : ""),
               Style::kBold);
    if (!stage.rationale().text().empty()) {
      page_.Line(2, stage.rationale().text());
    }
    if (!stage.missing_fields().empty()) {
      page_.Item(2, "missing: ", rationales_.Labels(stage.missing_fields()));
    }
    rationales_.PutDetails(2, stage.rationale());
  }

  void PutStrata() {
    if (decision_.strata().empty()) {
      return;
    }
    page_.Heading("Prognostic groups");
    for (const v1::StratumResult& stratum : decision_.strata()) {
      page_.Item(2, absl::StrCat(stratum.title(), ": "), stratum.stratum_title(), Style::kBold);
      rationales_.Put(4, "", stratum.rationale());
      if (!stratum.clinician_text().empty()) {
        page_.Item(4, "clinician: ", stratum.clinician_text());
      }
    }
  }

  void PutAdvice() {
    if (decision_.advice().empty()) {
      return;
    }
    page_.Heading("Advice");
    for (const v1::AdviceItem& advice : decision_.advice()) {
      rationales_.Put(2, absl::StrCat(advice.category(), ": "), advice.rationale());
      if (!advice.clinician_text().empty()) {
        page_.Item(4, "note: ", advice.clinician_text());
      }
    }
  }

  void PutFollowUp() {
    const v1::FollowUp& follow_up = decision_.follow_up();
    if (!follow_up.has_review_date() && follow_up.items().empty()) {
      return;
    }
    page_.Heading("Follow-up");
    if (follow_up.has_review_date()) {
      page_.Line(2, absl::StrCat("Look again on ", FormatDate(follow_up.review_date())),
                 Style::kBold);
    }
    for (const v1::FollowUpItem& item : follow_up.items()) {
      rationales_.Put(2, absl::StrCat(FormatDate(item.date()), "  "), item.rationale());
    }
  }

  void PutSafetyNet() {
    if (!decision_.has_safety_net()) {
      return;
    }
    const v1::SafetyNet& net = decision_.safety_net();
    page_.Heading(net.title().empty() ? "Safety net" : net.title());
    if (!net.text().empty()) {
      page_.Line(2, net.text());
    }
    for (const std::string& item : net.items()) {
      page_.Item(2, "* ", item);
    }
    if (!net.sources().empty()) {
      page_.Item(2, "sources: ", absl::StrJoin(net.sources(), ", "), Style::kDim);
    }
  }

  void PutOpenQuestions() {
    page_.Heading("What to ask next");
    if (decision_.open_questions().empty()) {
      page_.Line(2, "Nothing: no answer to an open question changes the disposition.");
      return;
    }
    for (const v1::OpenQuestion& question : decision_.open_questions()) {
      const std::string& wording =
          question.clinician_wording().empty() ? question.wording() : question.clinician_wording();
      std::string text = wording.empty() ? question.label() : wording;
      absl::StrAppend(&text, "  [", question.field(), "]",
                      question.clinician_only() ? " (examination)" : "",
                      question.asked_not_known() ? " (asked before, not known then)" : "");
      page_.Item(2, "* ", text);
      page_.Line(4, Effect(question), Style::kDim);
    }
  }

  static std::string Effect(const v1::OpenQuestion& question) {
    std::vector<std::string> effects;
    if (question.could_raise_level_to() != v1::LEVEL_UNSPECIFIED) {
      effects.push_back("could raise the level to " + ShortLevel(question.could_raise_level_to()));
    }
    if (question.could_raise_gate_to() != v1::GATE_UNSPECIFIED) {
      effects.push_back("could raise the gate to " + ShortGate(question.could_raise_gate_to()));
    }
    if (question.could_lower()) {
      effects.push_back("could lower the disposition");
    }
    if (question.can_change_programme()) {
      effects.push_back("could change the programme");
    }
    if (!question.affects().empty()) {
      effects.push_back("waits: " + absl::StrJoin(question.affects(), ", "));
    }
    return absl::StrJoin(effects, "; ");
  }

  void PutNotices() {
    if (decision_.notices().empty()) {
      return;
    }
    page_.Heading("Notices");
    for (const v1::NoticeItem& notice : decision_.notices()) {
      page_.Item(2, "* ", absl::StrCat(notice.text(), "  [", notice.notice_id(), "]"));
    }
  }

  void PutCitations() {
    if (decision_.citations().empty()) {
      return;
    }
    page_.Heading("Sources");
    std::map<std::string, const v1::Citation*> by_source;
    for (const v1::Citation& citation : decision_.citations()) {
      std::string text(absl::StripSuffix(
          citation.citation().empty() ? citation.source_id() : citation.citation(), "."));
      if (!by_source.emplace(citation.source_id(), &citation).second) {
        text = absl::StrCat("as ", by_source[citation.source_id()]->passage_id());
      }
      if (!citation.locator().empty()) {
        absl::StrAppend(&text, "; ", citation.locator());
      }
      if (!citation.doi().empty() && !absl::StartsWith(text, "as ")) {
        absl::StrAppend(&text, " doi:", citation.doi());
      } else if (!citation.url().empty() && !absl::StartsWith(text, "as ")) {
        absl::StrAppend(&text, " ", citation.url());
      }
      page_.Item(2, absl::StrCat("[", citation.passage_id(), "] "), text, Style::kDim);
    }
  }

  void PutFooter() {
    page_.Blank();
    const v1::RulesetRef& ruleset = decision_.ruleset();
    std::string status(
        absl::StripPrefix(v1::PublicationStatus_Name(ruleset.status()), "PUBLICATION_STATUS_"));
    page_.Line(
        0, absl::StrCat("As of ", FormatDate(decision_.as_of()),
                        options_.as_of_is_today ? " (today; --as-of states another date)" : "",
                        "; rules ", ruleset.ruleset_id(), " ", ruleset.version(), " (", status,
                        ", revision ", ruleset.revision().substr(0, kShortRevision), "); engine ",
                        decision_.engine_version()));
    for (const std::string& disclaimer : decision_.disclaimers()) {
      page_.Line(0, disclaimer);
    }
  }

  const v1::Decision& decision_;
  const TextOptions& options_;
  TextPage page_;
  RationaleText rationales_;
};

}  // namespace

std::string RenderDecision(const v1::Decision& decision, const TextOptions& options) {
  return Renderer(decision, options).Whole();
}

std::string RenderTrace(const v1::Decision& decision, const TextOptions& options) {
  return Renderer(decision, options).Trace();
}

}  // namespace plumbline::cli
