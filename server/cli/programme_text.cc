#include "server/cli/programme_text.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"

namespace plumbline::cli {
namespace {

class ProgrammeText {
 public:
  ProgrammeText(const v1::Decision& decision, bool how_to, RationaleText& rationales,
                TextPage& page)
      : decision_(decision), how_to_(how_to), rationales_(rationales), page_(page) {}

  void PutAll() {
    PutProgramme();
    PutAlternatives();
    PutLater();
    PutExcluded();
  }

 private:
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
    PutSession();
    PutCautions();
    for (const v1::Prescription& prescription : decision_.programme()) {
      PutPrescriptionDetails(prescription);
    }
  }

  // The order of doing, where it differs from the ranking.
  void PutSession() {
    std::vector<const v1::Prescription*> session;
    for (const v1::Prescription& prescription : decision_.programme()) {
      if (!prescription.has_session_order()) {
        return;
      }
      session.push_back(&prescription);
    }
    std::sort(session.begin(), session.end(),
              [](const auto* a, const auto* b) { return a->session_order() < b->session_order(); });
    std::vector<std::string> names;
    for (const v1::Prescription* prescription : session) {
      names.push_back(absl::StrCat("#", prescription->rank()));
    }
    page_.Item(2, "Order of a session: ", absl::StrJoin(names, ", "));
    std::string last;
    for (const v1::Prescription* prescription : session) {
      if (!prescription->session_because().empty() && prescription->session_because() != last) {
        page_.Item(4, absl::StrCat("#", prescription->rank(), ": "),
                   prescription->session_because(), Style::kDim);
      }
      last = prescription->session_because();
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
      rationales_.Put(2, absl::StrCat("! ", ranks, ": "), *caution);
    }
  }

  void PutPrescriptionDetails(const v1::Prescription& prescription) {
    if (!prescription.has_variant() && !how_to_) {
      return;
    }
    page_.Blank();
    page_.Item(2, absl::StrCat("#", prescription.rank(), " "),
               absl::StrCat(prescription.name(), "  [", prescription.exercise_id(), "]"),
               Style::kBold);
    if (prescription.has_variant()) {
      page_.Item(5, "version: ",
                 absl::StrCat(prescription.variant().name(),
                              prescription.variant().rationale().text().empty() ? "" : " - ",
                              prescription.variant().rationale().text()));
    }
    if (how_to_) {
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
    if (!prescription.clinician_text().empty()) {
      page_.Item(5, "clinician: ", prescription.clinician_text());
    }
    for (const v1::Rationale& reason : prescription.rationales()) {
      rationales_.Put(5, "because: ", reason);
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
        rationales_.Put(4, "locked: ", reason);
      }
      if (!locked.earliest_stage().empty()) {
        page_.Item(4, "locked: ", absl::StrCat("from stage ", locked.earliest_stage(), " on"));
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
        rationales_.Put(4, "", reason);
      }
      if (!excluded.missing_fields().empty()) {
        page_.Item(4, "would help to know: ", rationales_.Labels(excluded.missing_fields()));
      }
    }
    if (!not_indicated.empty()) {
      page_.Item(2, "nothing speaks for: ", absl::StrJoin(not_indicated, ", "), Style::kDim);
    }
  }

  const v1::Decision& decision_;
  const bool how_to_;
  RationaleText& rationales_;
  TextPage& page_;
};

}  // namespace

bool IsOnHold(const v1::Disposition& disposition) {
  return disposition.gate() >= v1::GATE_HOLD_UNTIL_REVIEW;
}

void PutExercises(const v1::Decision& decision, bool how_to, RationaleText& rationales,
                  TextPage& page) {
  ProgrammeText(decision, how_to, rationales, page).PutAll();
}

}  // namespace plumbline::cli
