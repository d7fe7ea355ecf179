#include "server/cli/rules_sign_command.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "server/base/atomic_file.h"
#include "server/base/note_key.h"
#include "server/base/signed_note.h"
#include "server/cli/load_rules.h"
#include "server/cli/signing_key.h"
#include "server/cli/text_layout.h"
#include "server/registry/approval.h"
#include "server/registry/bundle.h"
#include "server/registry/note_text.h"
#include "server/registry/regular_file.h"
#include "server/registry/trust_policy.h"

namespace plumbline::cli {
namespace {

int Refuse(const char* command, const absl::Status& status, Environment& environment) {
  environment.err << "plumbline rules " << command << ": "
                  << Printable(std::string(status.message())) << '\n';
  return kExitBadInput;
}

// Keeps others who sign the same file out, until it goes.
class FileLock {
 public:
  explicit FileLock(const std::string& path)
      : file_(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC)) {
    while (file_ >= 0 && flock(file_, LOCK_EX) != 0 && errno == EINTR) {
    }
  }
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  ~FileLock() {
    if (file_ >= 0) close(file_);
  }

 private:
  int file_;
};

std::string ApprovalsFile(const std::string& bundle) {
  return absl::StrCat(bundle, registry::kApprovalsExtension);
}

// The approvals beside the bundle; an empty text if there is no file yet.
absl::StatusOr<std::string> ReadApprovals(const std::string& bundle) {
  absl::StatusOr<std::string> text =
      registry::ReadRegularFile(ApprovalsFile(bundle), registry::kMaxApprovalsBytes);
  if (absl::IsNotFound(text.status())) return std::string();
  return text;
}

// Refuses what would be the same statement twice.
absl::Status CheckNew(const std::vector<registry::ApprovalNote>& notes,
                      const registry::Approval& approval, const NoteVerifier& verifier) {
  for (const registry::ApprovalNote& note : notes) {
    if (note.approval.revision == approval.revision && note.approval.meaning == approval.meaning &&
        note.approval.role == approval.role && OpenNote(note.note, {&verifier}).ok()) {
      return absl::AlreadyExistsError(absl::StrCat(
          "the key ", verifier.name(), " has ", MeaningName(approval.meaning),
          " this revision already, on ", registry::FormatNoteTime(note.approval.time)));
    }
  }
  return absl::OkStatus();
}

class RulesSignCommand : public Command {
 public:
  explicit RulesSignCommand(std::string meaning) : meaning_(std::move(meaning)) {}

  void Declare(CLI::App& parent) override {
    const bool approve = !meaning_.empty();
    app_ = parent.add_subcommand(
        command(), approve ? "Sign a ruleset file as approved" : "Sign a ruleset file");
    app_->add_option("FILE", file_, "Ruleset file (`plumbline rules build`)")->required();
    app_->add_option("--key", key_, "File of your private key (`plumbline keys generate`)")
        ->required();
    app_->add_option("--name", name_, "Your name, as the trust policy has it")->required();
    app_->add_option("--role", role_, "Your role, as the trust policy has it")->required();
    if (!approve) {
      app_->add_option("--meaning", meaning_, "What the signature says")
          ->required()
          ->check(CLI::IsMember({"authored", "reviewed", "approved"}));
    }
    app_->footer(absl::StrCat(
        "\nChecks the rules, signs their revision, verifies the signature and adds it to\n"
        "FILE.approvals. Nobody says the same twice of one revision.\n"
        "\nExample:\n"
        "  plumbline rules ",
        command(), " low_back_pain.plumb --key anna.key --name \"Anna Alm\" \\\n",
        "    --role \"clinical lead\"", approve ? "" : " --meaning reviewed",
        "\n\nExit codes: 0 signed, 1 the rules have errors, 3 file or key cannot be used, or it "
        "is\n"
        "signed already.\n"));
  }

  int Run(Environment& environment) override {
    const absl::StatusOr<registry::Bundle> bundle = registry::ReadBundleFile(file_);
    if (!bundle.ok()) return Refuse(command(), bundle.status(), environment);
    const std::shared_ptr<const ruleset::CompiledRuleset> rules = LoadRules(file_, environment.err);
    if (rules == nullptr) return kExitCheckFailed;
    const v1::Manifest& manifest = rules->source.manifest();
    const absl::StatusOr<registry::Meaning> meaning = registry::ParseMeaning(meaning_);
    if (!meaning.ok()) return Refuse(command(), meaning.status(), environment);
    // To the second, as it is written.
    const absl::Time now = absl::FromUnixSeconds(absl::ToUnixSeconds(absl::Now()));
    const registry::Approval approval{
        rules->revision, manifest.ruleset_id(), manifest.version(), name_, role_, *meaning, now};
    if (absl::Status added = Add(approval); !added.ok()) {
      return Refuse(command(), added, environment);
    }
    environment.out << meaning_ << ' ' << manifest.ruleset_id() << ' ' << manifest.version()
                    << "\nrevision " << rules->revision << "\nby " << name_ << ", " << role_
                    << ", in " << ApprovalsFile(file_) << '\n';
    return kExitOk;
  }

 private:
  const char* command() const { return approve_ ? "approve" : "sign"; }

  absl::Status Add(const registry::Approval& approval) const {
    const auto signer = ReadSigningKey(key_);
    if (!signer.ok()) return signer.status();
    const auto verifier = Ed25519NoteVerifier::Create((*signer)->vkey());
    if (!verifier.ok()) return verifier.status();
    const absl::StatusOr<std::string> text = registry::FormatApproval(approval);
    if (!text.ok()) return text.status();
    const absl::StatusOr<std::string> note = SignNote(*text, {signer->get()});
    if (!note.ok()) return note.status();
    const absl::StatusOr<OpenedNote> opened = OpenNote(*note, {verifier->get()});
    if (!opened.ok() || opened->text != *text) {
      return absl::InternalError("what was signed does not verify");
    }
    const FileLock lock(file_);
    const absl::StatusOr<std::string> before = ReadApprovals(file_);
    if (!before.ok()) return before.status();
    const auto notes = registry::ParseApprovals(*before, ApprovalsFile(file_));
    if (!notes.ok()) return notes.status();
    if (absl::Status fresh = CheckNew(*notes, approval, **verifier); !fresh.ok()) return fresh;
    const std::string after = absl::StrCat(*before, *note);
    if (absl::Status whole = registry::ParseApprovals(after, ApprovalsFile(file_)).status();
        !whole.ok()) {
      return whole;
    }
    return WriteFileAtomically(ApprovalsFile(file_), after);
  }

  std::string meaning_;
  const bool approve_ = !meaning_.empty();
  std::string file_;
  std::string key_;
  std::string name_;
  std::string role_;
};

class RulesApprovalsCommand : public Command {
 public:
  void Declare(CLI::App& parent) override {
    app_ = parent.add_subcommand("approvals", "List who stands for a ruleset file");
    app_->add_option("FILE", file_, "Ruleset file (`plumbline rules build`)")->required();
    app_->add_option("--trust", trust_, "Trust policy that judges them");
    app_->footer(
        "\nWithout --trust nothing is verified: keys are known to a trust policy only.\n"
        "\nExample:\n"
        "  plumbline rules approvals low_back_pain.plumb --trust trust.policy\n"
        "\nExit codes: 0 listed (with --trust: the policy is met), 1 the policy is not met or the\n"
        "rules have errors, 3 a file cannot be used.\n");
  }

  int Run(Environment& environment) override {
    const absl::StatusOr<std::string> text = ReadApprovals(file_);
    if (!text.ok()) return Refuse("approvals", text.status(), environment);
    const auto notes = registry::ParseApprovals(*text, ApprovalsFile(file_));
    if (!notes.ok()) return Refuse("approvals", notes.status(), environment);
    const auto bundle = registry::ReadBundleFile(file_);
    if (!bundle.ok()) return Refuse("approvals", bundle.status(), environment);
    if (trust_.empty()) {
      environment.out << "revision " << bundle->revision << "\nnot verified: no --trust\n";
      for (const registry::ApprovalNote& note : *notes) {
        Print(note.approval, note.key_name,
              note.approval.revision == bundle->revision ? "" : "for another revision",
              environment);
      }
      return kExitOk;
    }
    return Judge(*bundle, *notes, environment);
  }

 private:
  int Judge(const registry::Bundle& bundle, const std::vector<registry::ApprovalNote>& notes,
            Environment& environment) const {
    const absl::StatusOr<registry::TrustPolicy> policy = registry::TrustPolicy::Read(trust_);
    if (!policy.ok()) return Refuse("approvals", policy.status(), environment);
    const auto document = LoadDocument(file_, environment.err);
    if (document == nullptr) return kExitCheckFailed;
    const v1::Manifest& manifest = document->ruleset().manifest();
    const registry::Judgement judgement =
        policy->Judge({bundle.revision, manifest.ruleset_id(), manifest.version()}, notes);
    environment.out << manifest.ruleset_id() << ' ' << manifest.version() << "\nrevision "
                    << bundle.revision << '\n';
    for (const registry::JudgedApproval& judged : judgement.approvals) {
      Print(judged.approval, judged.key_name,
            judged.reason.empty() ? "counts" : "does not count: " + judged.reason, environment);
    }
    if (judgement.verdict.ok()) {
      environment.out << "OK: " << trust_ << " is met\n";
      return kExitOk;
    }
    environment.out << "FAILED: " << Printable(std::string(judgement.verdict.message())) << '\n';
    return kExitCheckFailed;
  }

  static void Print(const registry::Approval& approval, const std::string& key_name,
                    const std::string& remark, Environment& environment) {
    environment.out << std::string(MeaningName(approval.meaning)) << "  "
                    << registry::FormatNoteTime(approval.time) << "  "
                    << Printable(approval.name + ", " + approval.role) << "  (key "
                    << Printable(key_name) << ")" << (remark.empty() ? "" : "  ")
                    << Printable(remark) << '\n';
  }

  std::string file_;
  std::string trust_;
};

}  // namespace

std::unique_ptr<Command> MakeRulesSignCommand() { return std::make_unique<RulesSignCommand>(""); }

std::unique_ptr<Command> MakeRulesApproveCommand() {
  return std::make_unique<RulesSignCommand>("approved");
}

std::unique_ptr<Command> MakeRulesApprovalsCommand() {
  return std::make_unique<RulesApprovalsCommand>();
}

}  // namespace plumbline::cli
