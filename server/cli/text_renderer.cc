#include "server/cli/text_renderer.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "absl/time/civil_time.h"
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

bool IsOnHold(const v1::Disposition& disposition) {
  return disposition.gate() >= v1::GATE_HOLD_UNTIL_REVIEW;
}

Style StyleOf(v1::Level level) {
  if (level >= v1::LEVEL_URGENT_2W) {
    return Style::kRed;
  }
  return level > v1::LEVEL_EXERCISE_OK ? Style::kYellow : Style::kGreen;
}

// "Age: 44 years; Leg pain: below the knee".
std::string FormatFacts(const v1::Rationale& rationale) {
  return absl::StrJoin(rationale.facts(), "; ", [](std::string* out, const v1::Fact& fact) {
    absl::StrAppend(out, fact.label().empty() ? fact.field() : fact.label(), ": ",
                    fact.display().empty() ? fact.value() : fact.display());
  });
}

std::string FormatPoints(const v1::Rationale& rationale) {
  return rationale.has_points() ? absl::StrFormat(" (%+d)", rationale.points()) : "";
}

class Renderer {
 public:
  Renderer(const v1::Decision& decision, const TextOptions& options)
      : decision_(decision), options_(options), page_(options.width, options.color) {
    for (const v1::OpenQuestion& question : decision.open_questions()) {
      labels_[question.field()] = question.label();
    }
  }

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
    PutProgramme();
    PutAlternatives();
    PutLater();
    PutExcluded();
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
  void PutRationaleDetails(int indent, const v1::Rationale& rationale) {
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

  // Reason texts with points and facts on their lines.
  void PutRationale(int indent, absl::string_view lead, const v1::Rationale& rationale) {
    page_.Item(
        indent, lead,
        absl::StrCat(rationale.text(), FormatPoints(rationale), "  [", rationale.rule_id(), "]"));
    PutRationaleDetails(indent + DisplayWidth(lead), rationale);
  }

  std::string Labels(const google::protobuf::RepeatedPtrField<std::string>& fields) const {
    return absl::StrJoin(fields, ", ", [this](std::string* out, const std::string& field) {
      const auto label = labels_.find(field);
      absl::StrAppend(out, label == labels_.end() || label->second.empty() ? field : label->second);
    });
  }

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
      page_.Item(4, "missing: ", Labels(rule.missing_fields()));
    }
    if (!rule.clinician_note().empty()) {
      page_.Item(4, "note: ", rule.clinician_note());
    }
    PutRationaleDetails(4, rule.rationale());
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
      page_.Item(4, "not answered: ", Labels(rule.missing_fields()));
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
      PutRationale(4, "+ ", finding);
    }
    for (const v1::Rationale& finding : assessment.findings_against()) {
      PutRationale(4, "- ", finding);
    }
    for (const v1::UnknownFinding& finding : assessment.unknown()) {
      page_.Item(4, "? ",
                 absl::StrCat(finding.text(), absl::StrFormat(" (%+d)", finding.points()),
                              ", not answered: ", Labels(finding.missing_fields())),
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
      page_.Item(2, "missing: ", Labels(stage.missing_fields()));
    }
    PutRationaleDetails(2, stage.rationale());
  }

  static std::string Why(const v1::Prescription& prescription) {
    std::vector<std::string> reasons;
    for (const v1::Rationale& rationale : prescription.rationales()) {
      reasons.push_back(
          absl::StrCat(absl::StripSuffix(rationale.text(), "."), FormatPoints(rationale)));
    }
    return absl::StrJoin(reasons, "; ");
  }

  void PutProgramme() {
    page_.Heading("Programme");
    if (decision_.programme().empty()) {
      page_.Line(2,
                 IsOnHold(decision_.disposition())
                     ? "None: exercise is on hold until a professional has looked."
                     : "None: no exercise is eligible now.",
                 Style::kYellow);
      return;
    }
    std::vector<std::vector<std::string>> rows;
    int minutes = 0;
    for (const v1::Prescription& prescription : decision_.programme()) {
      rows.push_back({absl::StrCat(prescription.rank()), prescription.name(),
                      prescription.dose().text(), Why(prescription)});
      minutes += prescription.minutes_per_day();
    }
    page_.Table(2, {"#", "Exercise", "Dose", "Why"}, rows);
    if (minutes > 0) {
      page_.Line(2, absl::StrCat("About ", minutes, " minutes a day in all."));
    }
    PutCautions();
    for (const v1::Prescription& prescription : decision_.programme()) {
      PutPrescriptionDetails(prescription);
    }
  }

  // Each caution once, with the exercises that it is about.
  void PutCautions() {
    std::vector<std::pair<const v1::Rationale*, std::string>> cautions;
    for (const v1::Prescription& prescription : decision_.programme()) {
      for (const v1::Rationale& caution : prescription.cautions()) {
        const auto same = std::find_if(cautions.begin(), cautions.end(), [&](const auto& other) {
          return other.first->rule_id() == caution.rule_id() &&
                 other.first->text() == caution.text();
        });
        const std::string rank = absl::StrCat("#", prescription.rank());
        if (same == cautions.end()) {
          cautions.emplace_back(&caution, rank);
        } else {
          absl::StrAppend(&same->second, ", ", rank);
        }
      }
    }
    for (const auto& [caution, ranks] : cautions) {
      PutRationale(2, absl::StrCat("! ", ranks, ": "), *caution);
    }
  }

  void PutPrescriptionDetails(const v1::Prescription& prescription) {
    if (!prescription.has_variant() && !options_.how_to) {
      return;
    }
    page_.Blank();
    page_.Item(2, absl::StrCat("#", prescription.rank(), " "),
               absl::StrCat(prescription.name(), "  [", prescription.exercise_id(), "]"),
               Style::kBold);
    if (prescription.has_variant()) {
      page_.Item(5, "version: ",
                 absl::StrCat(prescription.variant().name(), " - ",
                              prescription.variant().rationale().text()));
    }
    if (options_.how_to) {
      PutHowTo(prescription);
    }
  }

  void PutHowTo(const v1::Prescription& prescription) {
    if (!prescription.purpose().empty()) {
      page_.Item(5, "for: ", prescription.purpose());
    }
    if (!prescription.equipment().empty()) {
      page_.Item(5, "needs: ", absl::StrJoin(prescription.equipment(), ", "));
    }
    const auto& steps = prescription.variant().steps().empty() ? prescription.steps()
                                                               : prescription.variant().steps();
    int number = 0;
    for (const std::string& step : steps) {
      page_.Item(5, absl::StrCat(++number, ". "), step);
    }
    PutList("cue: ", prescription.cues());
    PutList("avoid: ", prescription.common_mistakes());
    PutList("stop: ", prescription.stop_rules());
    for (const v1::Rationale& reason : prescription.rationales()) {
      PutRationale(5, "because: ", reason);
    }
  }

  void PutList(absl::string_view lead,
               const google::protobuf::RepeatedPtrField<std::string>& texts) {
    for (const std::string& text : texts) {
      page_.Item(5, lead, text);
    }
  }

  void PutAlternatives() {
    if (decision_.alternatives().empty()) {
      return;
    }
    page_.Heading("Alternatives");
    std::vector<std::vector<std::string>> rows;
    for (const v1::Prescription& alternative : decision_.alternatives()) {
      const std::string left_out = alternative.left_out_by().empty()
                                       ? ""
                                       : absl::StrCat("left out by ", alternative.left_out_by());
      rows.push_back({absl::StrCat(alternative.rank()), alternative.name(),
                      alternative.dose().text(), left_out});
    }
    page_.Table(2, {"#", "Exercise", "Dose", ""}, rows, 40);
  }

  void PutLater() {
    if (decision_.later().empty()) {
      return;
    }
    page_.Heading("Later");
    for (const v1::LockedExercise& locked : decision_.later()) {
      page_.Item(2, "* ", absl::StrCat(locked.name(), "  [", locked.exercise_id(), "]"));
      for (const v1::Rationale& reason : locked.reasons()) {
        PutRationale(4, "locked: ", reason);
      }
    }
  }

  void PutExcluded() {
    if (decision_.excluded().empty()) {
      return;
    }
    page_.Heading("Excluded");
    std::vector<std::string> not_indicated;
    for (const v1::ExcludedExercise& excluded : decision_.excluded()) {
      if (excluded.kind() == v1::EXCLUSION_KIND_NOT_INDICATED) {
        not_indicated.push_back(excluded.name());
        continue;
      }
      const std::string kind(
          absl::StripPrefix(v1::ExclusionKind_Name(excluded.kind()), "EXCLUSION_KIND_"));
      page_.Item(2, "x ",
                 absl::StrCat(excluded.name(), "  [", excluded.exercise_id(), "]  ", kind));
      for (const v1::Rationale& reason : excluded.reasons()) {
        PutRationale(4, "", reason);
      }
      if (!excluded.missing_fields().empty()) {
        page_.Item(4, "would help to know: ", Labels(excluded.missing_fields()));
      }
    }
    if (!not_indicated.empty()) {
      page_.Item(2, "nothing speaks for: ", absl::StrJoin(not_indicated, ", "), Style::kDim);
    }
  }

  void PutAdvice() {
    if (decision_.advice().empty()) {
      return;
    }
    page_.Heading("Advice");
    for (const v1::AdviceItem& advice : decision_.advice()) {
      PutRationale(2, absl::StrCat(advice.category(), ": "), advice.rationale());
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
      PutRationale(2, absl::StrCat(FormatDate(item.date()), "  "), item.rationale());
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
  std::map<std::string, std::string> labels_;
};

}  // namespace

std::string RenderDecision(const v1::Decision& decision, const TextOptions& options) {
  return Renderer(decision, options).Whole();
}

std::string RenderTrace(const v1::Decision& decision, const TextOptions& options) {
  return Renderer(decision, options).Trace();
}

}  // namespace plumbline::cli
