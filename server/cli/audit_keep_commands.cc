// plumbline audit erase, hold, feedback: what is added to a log by hand.

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "absl/time/civil_time.h"
#include "plumbline/v1/feedback.pb.h"
#include "server/cli/audit_commands.h"
#include "server/cli/audit_target.h"
#include "server/cli/text_layout.h"
#include "server/service/civil_date.h"

namespace plumbline::cli {
namespace {

constexpr char kNothingToErase[] = "0 records to erase: nothing was erased.";

const char* Records(uint64_t count) { return count == 1 ? " record" : " records"; }

class AuditEraseCommand : public Command {
 public:
  void Declare(CLI::App& parent) override {
    app_ = parent.add_subcommand("erase", "Destroy the keys of a patient's records, for good");
    target_.Declare(*app_);
    app_->add_option("--patient", patient_, "Pseudonym of the patient")->required();
    app_->add_option("--reason", reason_, "Why; goes on record")->required();
    app_->add_flag("--dry-run", dry_run_, "Say what would be erased, and erase nothing");
    app_->add_flag("--yes", yes_, "Do not ask");
    app_->footer(
        "\nThe log stays verifiable: leaves hold salted commitments, not data. What was erased\n"
        "cannot be read again from this log. A backup made before still holds the keys:\n"
        "docs/retention_and_erasure.md says what to do about it.\n"
        "\nExample:\n"
        "  plumbline audit erase --server 127.0.0.1:50052 --patient p-4711 --reason \"GDPR art. "
        "17, "
        "ticket 88\"\n");
  }

  int Run(Environment& environment) override {
    int code = kExitOk;
    const std::unique_ptr<AuditClient> client = target_.Open(environment, code);
    if (client == nullptr) return code;
    v1::ErasePatientRequest request;
    request.set_patient_pseudonym(patient_);
    request.set_reason(reason_);
    // A look first, which goes on record itself: not without need.
    if (dry_run_ || !yes_) {
      if (!dry_run_ && !environment.terminal) {
        environment.err << "plumbline: not a terminal, so nobody can be asked: give --yes\n";
        return kExitUsage;
      }
      request.set_dry_run(true);
      const auto found = client->ErasePatient(request);
      if (!found.ok()) return ReportError(found.status(), target_.remote(), environment.err);
      const uint64_t count = found->erased_records();
      if (dry_run_ || count == 0) {
        if (dry_run_) {
          environment.out << count << Records(count) << " would be erased.";
        } else {
          environment.out << kNothingToErase;
        }
        environment.out << " This look is on record, as one for that patient.\n";
        return ReportDamaged(*found, environment);
      }
      if (!Confirm(environment, count)) {
        environment.err << "plumbline: nothing was erased\n";
        return kExitUsage;
      }
    }
    request.set_dry_run(false);
    const auto erased = client->ErasePatient(request);
    if (!erased.ok()) return ReportError(erased.status(), target_.remote(), environment.err);
    if (erased->erased_records() == 0) {
      environment.out << kNothingToErase << "\n";
    } else {
      environment.out << erased->erased_records() << Records(erased->erased_records())
                      << " erased. Record of the erasure: " << erased->erasure_id() << "\n";
    }
    return ReportDamaged(*erased, environment);
  }

 private:
  // An erasure that is not complete must not look like one.
  static int ReportDamaged(const v1::ErasePatientResponse& answer, Environment& environment) {
    const auto count = static_cast<uint64_t>(answer.damaged_records_size());
    if (count == 0) return kExitOk;
    environment.err << "plumbline: the erasure is not complete: " << count << " damaged"
                    << Records(count)
                    << " cannot be erased, of this patient or of nobody knows whom:";
    for (const uint64_t index : answer.damaged_records()) environment.err << ' ' << index;
    environment.err << "\n  Restore them from a backup and erase again "
                       "(docs/retention_and_erasure.md)\n";
    return kExitCheckFailed;
  }

  bool Confirm(Environment& environment, uint64_t count) const {
    environment.err << "Erase " << count << Records(count) << " of patient " << Printable(patient_)
                    << ", and that of this look for them, for good? Type \"erase\": " << std::flush;
    std::string line;
    std::getline(environment.in, line);
    return absl::StripAsciiWhitespace(line) == "erase";
  }

  AuditTarget target_;
  std::string patient_;
  std::string reason_;
  bool dry_run_ = false;
  bool yes_ = false;
};

class AuditHoldCommand : public Command {
 public:
  void Declare(CLI::App& parent) override {
    app_ = parent.add_subcommand("hold", "Set or lift a legal hold: what is held is not erased");
    target_.Declare(*app_);
    auto* patient = app_->add_option("--patient", patient_, "Pseudonym of the patient");
    app_->add_flag("--everybody", everybody_, "Hold all records")->excludes(patient);
    app_->add_flag("--lift", lift_, "Lift the hold");
    auto* settle =
        app_->add_option("--settle", settled_,
                         "Index of a damaged record that may have been a hold and need not be "
                         "heeded; may be repeated");
    settle->excludes(patient)->excludes("--everybody")->excludes("--lift");
    app_->add_option("--reason", reason_, "Why; goes on record")->required();
    app_->footer(
        "\nExamples:\n"
        "  plumbline audit hold --log log --log-key log.key --patient p-4711 --reason \"case 12\"\n"
        "  plumbline audit hold --log log --log-key log.key --patient p-4711 --lift --reason "
        "\"case 12 closed\"\n");
  }

  int Run(Environment& environment) override {
    if (patient_.empty() && !everybody_ && settled_.empty()) {
      environment.err << "plumbline: whom? Give --patient P or --everybody\n";
      return kExitUsage;
    }
    int code = kExitOk;
    const std::unique_ptr<AuditClient> client = target_.Open(environment, code);
    if (client == nullptr) return code;
    v1::SetLegalHoldRequest request;
    request.set_patient_pseudonym(patient_);
    request.set_hold(!lift_ && settled_.empty());
    request.set_reason(reason_);
    request.mutable_settled_records()->Assign(settled_.begin(), settled_.end());
    const absl::StatusOr<v1::SetLegalHoldResponse> answer = client->SetLegalHold(request);
    if (!answer.ok()) return ReportError(answer.status(), target_.remote(), environment.err);
    environment.out << (settled_.empty() ? "Legal hold " : "Damaged records ")
                    << (!settled_.empty() ? "settled"
                        : lift_           ? "lifted"
                                          : "set")
                    << ". Record: " << answer->record_id() << "\n";
    return kExitOk;
  }

 private:
  AuditTarget target_;
  std::string patient_;
  bool everybody_ = false;
  bool lift_ = false;
  std::vector<uint64_t> settled_;
  std::string reason_;
};

// Takes "too_lenient" for OVERRIDE_REASON_TOO_LENIENT. The enum's zero for an empty text.
template <typename Enum>
bool ParseName(const google::protobuf::EnumDescriptor& type, const char* prefix,
               const std::string& text, Enum& value) {
  if (text.empty()) return true;
  const auto* found = type.FindValueByName(absl::StrCat(prefix, absl::AsciiStrToUpper(text)));
  if (found == nullptr || found->number() == 0) return false;
  value = static_cast<Enum>(found->number());
  return true;
}

std::string Choices(const google::protobuf::EnumDescriptor& type, absl::string_view prefix) {
  std::string names;
  for (int i = 0; i < type.value_count(); ++i) {
    if (type.value(i)->number() == 0) continue;
    absl::StrAppend(
        &names, names.empty() ? "" : ", ",
        absl::AsciiStrToLower(absl::StripPrefix(std::string(type.value(i)->name()), prefix)));
  }
  return names;
}

// An id of its own for each run, so that a repeated call of this run is recognised.
std::string MakeRequestId() {
  std::random_device random;
  return absl::StrFormat("cli-%08x%08x%08x%08x", random(), random(), random(), random());
}

class AuditFeedbackCommand : public Command {
 public:
  void Declare(CLI::App& parent) override {
    app_ = parent.add_subcommand("feedback", "Record what became of a decision");
    target_.Declare(*app_);
    app_->add_option("DECISION", decision_, "Id of the decision")->required();
    app_->add_option("--verdict", verdict_,
                     Choices(*v1::FeedbackVerdict_descriptor(), "FEEDBACK_VERDICT_"));
    app_->add_option("--intervention", intervention_,
                     "Rule or exercise id that it is about (default: the whole decision)");
    app_->add_option("--override-reason", reason_,
                     Choices(*v1::OverrideReason_descriptor(), "OVERRIDE_REASON_"));
    app_->add_option("--comment", comment_, "Why, in words");
    app_->add_option("--done-instead", done_instead_, "What was done instead");
    app_->add_option("--outcome", outcome_,
                     Choices(*v1::FollowUpOutcome_descriptor(), "FOLLOW_UP_OUTCOME_"));
    app_->add_option("--observed-on", observed_on_, "Day of the visit, YYYY-MM-DD");
    app_->add_option("--user", user_, "Pseudonym of the person who says so");
    app_->add_option("--location", location_, "Ward, practice or site");
    app_->add_option("--request-id", request_id_,
                     "Id of this call: calling again with the same one records nothing twice");
    app_->footer(
        "\nA server takes feedback on its address for patients' requests, not on the "
        "administrative one.\n"
        "\nExample:\n"
        "  plumbline audit feedback 019b7000-0000-7000-8000-000000000012 --server 127.0.0.1:50051 "
        "\\\n    --verdict overridden --override-reason examination --done-instead \"X-ray first\" "
        "--user dr-7\n");
  }

  int Run(Environment& environment) override {
    v1::RecordFeedbackRequest request;
    if (!MakeRequest(request, environment.err)) return kExitUsage;
    int code = kExitOk;
    const std::unique_ptr<AuditClient> client = target_.Open(environment, code);
    if (client == nullptr) return code;
    const absl::StatusOr<v1::RecordFeedbackResponse> answer = client->RecordFeedback(request);
    if (!answer.ok()) return ReportError(answer.status(), target_.remote(), environment.err);
    environment.out << (answer->recorded_before() ? "On record already: " : "Recorded: ")
                    << answer->feedback_id() << " (record " << answer->record_index() << ")\n";
    return kExitOk;
  }

 private:
  bool MakeRequest(v1::RecordFeedbackRequest& request, std::ostream& err) const {
    v1::Feedback& feedback = *request.mutable_feedback();
    v1::FeedbackVerdict verdict{};
    v1::OverrideReason reason{};
    v1::FollowUpOutcome outcome{};
    const auto wrong = [&err](const char* flag, const std::string& text,
                              const std::string& choices) {
      err << "plumbline: " << flag << ": \"" << Printable(text) << "\" is none of " << choices
          << '\n';
      return false;
    };
    if (!ParseName(*v1::FeedbackVerdict_descriptor(), "FEEDBACK_VERDICT_", verdict_, verdict)) {
      return wrong("--verdict", verdict_,
                   Choices(*v1::FeedbackVerdict_descriptor(), "FEEDBACK_VERDICT_"));
    }
    if (!ParseName(*v1::OverrideReason_descriptor(), "OVERRIDE_REASON_", reason_, reason)) {
      return wrong("--override-reason", reason_,
                   Choices(*v1::OverrideReason_descriptor(), "OVERRIDE_REASON_"));
    }
    if (!ParseName(*v1::FollowUpOutcome_descriptor(), "FOLLOW_UP_OUTCOME_", outcome_, outcome)) {
      return wrong("--outcome", outcome_,
                   Choices(*v1::FollowUpOutcome_descriptor(), "FOLLOW_UP_OUTCOME_"));
    }
    if (!observed_on_.empty()) {
      absl::CivilDay day;
      if (!absl::ParseCivilTime(observed_on_, &day) || absl::FormatCivilTime(day) != observed_on_) {
        err << "plumbline: --observed-on: \"" << Printable(observed_on_)
            << "\" is not a date of the form YYYY-MM-DD\n";
        return false;
      }
      *feedback.mutable_observed_on() = service::ToDate(day);
    }
    feedback.set_verdict(verdict);
    feedback.set_override_reason(reason);
    feedback.set_outcome(outcome);
    feedback.set_intervention(intervention_);
    feedback.set_comment(comment_);
    feedback.set_done_instead(done_instead_);
    feedback.set_user(user_);
    feedback.set_location(location_);
    request.set_decision_id(absl::AsciiStrToLower(decision_));
    request.set_request_id(request_id_.empty() ? MakeRequestId() : request_id_);
    return true;
  }

  AuditTarget target_;
  std::string decision_;
  std::string verdict_;
  std::string intervention_;
  std::string reason_;
  std::string comment_;
  std::string done_instead_;
  std::string outcome_;
  std::string observed_on_;
  std::string user_;
  std::string location_;
  std::string request_id_;
};

}  // namespace

std::unique_ptr<Command> MakeAuditEraseCommand() { return std::make_unique<AuditEraseCommand>(); }

std::unique_ptr<Command> MakeAuditHoldCommand() { return std::make_unique<AuditHoldCommand>(); }

std::unique_ptr<Command> MakeAuditFeedbackCommand() {
  return std::make_unique<AuditFeedbackCommand>();
}

}  // namespace plumbline::cli
