#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "google/protobuf/struct.pb.h"
#include "server/audit/checkpointer.h"
#include "server/audit/keyring.h"
#include "server/audit/log_check.h"
#include "server/audit/log_export.h"
#include "server/audit/merkle.h"
#include "server/audit/receipt.h"
#include "server/audit/trust_policy.h"
#include "server/base/cosignature.h"
#include "server/base/note_key.h"
#include "server/cli/audit_commands.h"
#include "server/cli/audit_target.h"
#include "server/cli/impact_text.h"
#include "server/cli/signing_key.h"
#include "server/cli/text_layout.h"

namespace plumbline::cli {
namespace {

constexpr size_t kMaxKeyBytes = 64 << 10;
constexpr size_t kMaxLeafBytes = 1 << 20;
constexpr size_t kMaxPolicyBytes = 1 << 20;
// Where a server leaves a note of the key that signs (log_stack.cc).
constexpr char kSigningKeyDocument[] = "serve.signing-key-file";

// What came out, the same for all three forms.
struct Verdict {
  std::vector<std::string> lines;
  std::vector<store::Problem> problems;
  uint64_t problem_count = 0;
  std::vector<std::string> not_checked;
};

std::string ProblemText(const store::Problem& problem) {
  std::string text = problem.place;
  if (problem.index) {
    absl::StrAppend(&text, text.empty() ? "" : ", ", "record ", *problem.index);
  }
  return absl::StrCat(text, text.empty() ? "" : ": ", problem.message);
}

google::protobuf::Value ToValue(const store::Problem& problem) {
  google::protobuf::Value value;
  auto& fields = *value.mutable_struct_value()->mutable_fields();
  fields["place"].set_string_value(problem.place);
  fields["message"].set_string_value(problem.message);
  if (problem.index) fields["index"].set_number_value(static_cast<double>(*problem.index));
  return value;
}

class AuditVerifyCommand : public Command {
 public:
  void Declare(CLI::App& parent) override {
    app_ = parent.add_subcommand("verify", "Check a receipt, a whole log, or an exported folder");
    auto* receipt = app_->add_option("--receipt", receipt_, "A receipt: needs nothing else of it");
    app_->add_option("--leaf", leaf_, "The leaf it is about (default: FILE.leaf)")->needs(receipt);
    app_->add_option("--policy", policy_,
                     "Trust policy of logs and witnesses (C2SP tlog-policy), instead of --vkey")
        ->needs(receipt);
    auto* tlog = app_->add_option("--tlog", tlog_, "An exported folder (C2SP tlog-tiles)");
    auto* log = app_->add_option("--log", log_.folder, "A log in a folder of this machine");
    receipt->excludes(tlog)->excludes(log);
    tlog->excludes(log);
    app_->add_option("--log-key", log_.key_file,
                     "File of its master keys (default: $PLUMBLINE_LOG_KEY): opens and checks what "
                     "is sealed")
        ->needs(log);
    app_->add_option("--log-signing-key", log_.signing_key_file,
                     "File of the key that signs its checkpoints, where there is no --vkey")
        ->needs(log);
    app_->add_option("--vkey", vkeys_,
                     "Verifier key of the log, or a file with one; the present one first (may be "
                     "repeated)");
    app_->add_option("--witness-key", witness_texts_,
                     "Verifier key of a witness, or a file with one: it must have cosigned (may be "
                     "repeated)")
        ->excludes("--policy")
        ->excludes(tlog);
    app_->add_option("--checkpoint", checkpoints_,
                     "File of a checkpoint seen earlier: the log must contain it (may be repeated)")
        ->needs(log);
    app_->add_option("--format", format_, "text or json")
        ->check(CLI::IsMember({"text", "json"}))
        ->capture_default_str();
    app_->footer(
        "\nNames every place that is wrong. A log must not be in use; what a server holds is "
        "verified by\nits receipts and exports.\n"
        "\nExamples:\n"
        "  plumbline audit verify --receipt record12.receipt --vkey log.vkey\n"
        "  plumbline audit verify --log log --log-key log.key --checkpoint kept-elsewhere.txt\n"
        "  plumbline audit verify --log log --log-key log.key --vkey log.vkey --witness-key "
        "w.vkey\n"
        "  plumbline audit verify --tlog /srv/www/log --vkey log.vkey\n"
        "\nExit codes: 0 all is right, 1 something is wrong, 2 wrong usage, 3 a file cannot be "
        "read.\n");
  }

  int Run(Environment& environment) override {
    if (receipt_.empty() && tlog_.empty() && log_.folder.empty()) {
      environment.err << "plumbline: verify what? Give --receipt FILE, --log DIR or --tlog DIR\n";
      return kExitUsage;
    }
    std::vector<std::string> vkeys;
    std::vector<std::string> witnesses;
    if (!ReadVerifierKeys("--vkey", vkeys_, environment, vkeys) ||
        !ReadVerifierKeys("--witness-key", witness_texts_, environment, witnesses)) {
      return kExitBadInput;
    }
    witness_keys_ = std::move(witnesses);
    if (vkeys.empty() && policy_.empty() && log_.folder.empty()) {
      environment.err << "plumbline: with which key? Give --vkey, the log's verifier key\n";
      return kExitUsage;
    }
    Verdict verdict;
    const int code = !receipt_.empty() ? VerifyReceipt(vkeys, environment, verdict)
                     : !tlog_.empty()  ? VerifyExport(vkeys, environment, verdict)
                                       : VerifyLog(std::move(vkeys), environment, verdict);
    return code == kExitOk ? Print(verdict, environment) : code;
  }

 private:
  static bool ReadVerifierKeys(const char* option, const std::vector<std::string>& texts,
                               Environment& environment, std::vector<std::string>& vkeys) {
    for (const std::string& text : texts) {
      std::error_code ignored;
      std::string key = text;
      if (std::filesystem::is_regular_file(text, ignored)) {
        const std::optional<std::string> file = ReadInput(text, kMaxKeyBytes, environment);
        if (!file) return false;
        key = std::string(absl::StripAsciiWhitespace(*file));
      }
      const absl::StatusOr<NoteVerifierKey> parsed = NoteVerifierKey::Parse(key);
      if (!parsed.ok()) {
        environment.err << "plumbline: " << option << ": " << Printable(text) << ": "
                        << Printable(parsed.status().message()) << '\n';
        return false;
      }
      vkeys.push_back(std::move(key));
    }
    return true;
  }

  // Signed by one of these keys of the log, cosigned by all witnesses that were named.
  absl::StatusOr<audit::TrustPolicy> PolicyOfKeys(const std::vector<std::string>& vkeys) const {
    std::string text;
    for (const std::string& vkey : vkeys) absl::StrAppend(&text, "log ", vkey, "\n");
    std::string names;
    for (size_t i = 0; i < witness_keys_.size(); ++i) {
      absl::StrAppend(&text, "witness w", i + 1, " ", witness_keys_[i], "\n");
      absl::StrAppend(&names, " w", i + 1);
    }
    absl::StrAppend(&text, names.empty()
                               ? "quorum none\n"
                               : absl::StrCat("group every all", names, "\nquorum every\n"));
    return audit::TrustPolicy::Parse(text);
  }

  static std::string CosignedLine(absl::string_view witness, absl::Time time) {
    return absl::StrCat("Cosigned by ", witness, ", ",
                        absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", time, absl::UTCTimeZone()), ".");
  }

  int VerifyReceipt(const std::vector<std::string>& vkeys, Environment& environment,
                    Verdict& verdict) const {
    const std::string leaf_file = leaf_.empty() ? absl::StrCat(receipt_, ".leaf") : leaf_;
    const auto text = ReadInput(receipt_, audit::kMaxReceiptSize, environment);
    const auto leaf = ReadInput(leaf_file, kMaxLeafBytes, environment);
    if (!text || !leaf) return kExitBadInput;
    absl::StatusOr<audit::TrustPolicy> policy = absl::InvalidArgumentError("no key");
    if (policy_.empty()) {
      policy = PolicyOfKeys(vkeys);
    } else {
      const auto file = ReadInput(policy_, kMaxPolicyBytes, environment);
      if (!file) return kExitBadInput;
      policy = audit::TrustPolicy::Parse(*file);
    }
    if (!policy.ok()) {
      environment.err << "plumbline: "
                      << (policy_.empty() ? "--vkey, --witness-key" : Printable(policy_)) << ": "
                      << Printable(policy.status().message()) << '\n';
      return kExitBadInput;
    }
    const absl::StatusOr<audit::Receipt> receipt = audit::ParseReceipt(*text);
    absl::StatusOr<audit::VerifiedReceipt> verified =
        receipt.ok() ? audit::VerifyReceipt(*receipt, audit::HashLeaf(*leaf), *policy)
                     : receipt.status();
    if (!verified.ok()) {
      verdict.problem_count = 1;
      verdict.problems.push_back(
          {receipt_, std::string(verified.status().message()), std::nullopt});
      return kExitOk;
    }
    verdict.lines = {absl::StrCat("The leaf is record ", verified->index, " of ",
                                  verified->checkpoint.origin, ", in its first ",
                                  verified->checkpoint.size, " records.")};
    for (const auto& cosignature : verified->cosignatures) {
      verdict.lines.push_back(CosignedLine(cosignature.witness, cosignature.time));
    }
    return kExitOk;
  }

  int VerifyExport(const std::vector<std::string>& vkeys, Environment& environment,
                   Verdict& verdict) const {
    audit::ExportCheckOptions options;
    options.folder = tlog_;
    options.origin = NoteVerifierKey::Parse(vkeys.front())->name;
    options.verifier_keys = vkeys;
    ReplayProgressLine line(environment);
    options.progress = [&line](uint64_t done, uint64_t total) { line.Show(done, total); };
    const absl::StatusOr<audit::ExportCheckReport> report = audit::CheckExport(options);
    if (!report.ok()) return ReportError(report.status(), false, environment.err);
    verdict.problems = report->problems;
    verdict.problem_count = report->problem_count;
    verdict.lines = {absl::StrCat(WithThousands(report->size), " records, ", report->tiles,
                                  " tiles, the checkpoint of ", options.origin, ".")};
    return kExitOk;
  }

  // Without --vkey: the key of the one who signs, which is no independent witness, but all that is
  // known here.
  absl::StatusOr<std::string> OwnVerifierKey(const store::LogStore& store) const {
    std::string file = log_.signing_key_file;
    if (file.empty()) {
      absl::StatusOr<std::string> named = store.GetDocument(kSigningKeyDocument);
      if (!named.ok()) {
        return absl::InvalidArgumentError("with which key? Give --vkey, the log's verifier key");
      }
      file = *std::move(named);
    }
    const absl::StatusOr<std::unique_ptr<Ed25519NoteSigner>> signer = ReadSigningKey(file);
    if (!signer.ok()) return absl::InvalidArgumentError(signer.status().message());
    return (*signer)->vkey();
  }

  int VerifyLog(std::vector<std::string> vkeys, Environment& environment, Verdict& verdict) const {
    if (!environment.open_log_files) {
      environment.err << "plumbline: this program was built without local logs\n";
      return kExitUsage;
    }
    audit::LogCheckOptions options;
    std::unique_ptr<audit::Keyring> keyring;
    if (const int code = OpenKeyring(environment, keyring); code != kExitOk) return code;
    options.keyring = keyring.get();
    for (const std::string& file : checkpoints_) {
      std::optional<std::string> text = ReadInput(file, audit::kMaxReceiptSize, environment);
      if (!text) return kExitBadInput;
      options.checkpoints.push_back(*std::move(text));
    }
    const absl::StatusOr<LogFiles> files = environment.open_log_files(log_.folder, false);
    if (absl::IsDataLoss(files.status())) {
      // So damaged that nothing can be read: the place is in the message.
      verdict.problem_count = 1;
      verdict.problems.push_back(
          {log_.folder, std::string(files.status().message()), std::nullopt});
      return kExitOk;
    }
    if (!files.ok()) {
      return ReportError(
          ExplainLocked(files.status(),
                        "If that is a server, verify an export of it (plumbline audit export "
                        "--server HOST:PORT --tlog DIR)."),
          false, environment.err);
    }
    options.store = files->store.get();
    if (vkeys.empty()) {
      const absl::StatusOr<std::string> own = OwnVerifierKey(*files->store);
      if (!own.ok()) return ReportError(own.status(), false, environment.err);
      vkeys.push_back(*own);
      verdict.not_checked.push_back(
          "The verifier key came from the log's own signing key. Name one that was kept elsewhere "
          "(--vkey) to notice a log that was written anew with another key.");
    }
    options.origin = NoteVerifierKey::Parse(vkeys.front())->name;
    options.verifier_keys = std::move(vkeys);
    const absl::StatusOr<audit::TrustPolicy> policy = PolicyOfKeys(options.verifier_keys);
    if (!policy.ok()) {
      return ReportError(absl::InvalidArgumentError(policy.status().message()), false,
                         environment.err);
    }
    ReplayProgressLine line(environment);
    options.progress = [&line](uint64_t done, uint64_t total) { line.Show(done, total); };
    const absl::StatusOr<audit::LogCheckReport> report = audit::CheckLog(options);
    if (!report.ok()) return ReportError(report.status(), false, environment.err);
    Take(*report, options.origin, verdict);
    if (!witness_keys_.empty()) CheckCosigned(*files->store, *policy, verdict);
    TakeRepairs(files->repairs, verdict);
    return kExitOk;
  }

  // That it belongs to this log is for CheckLog to say.
  static void CheckCosigned(const store::LogStore& store, const audit::TrustPolicy& policy,
                            Verdict& verdict) {
    const std::string name(audit::kCosignedDocument);
    const absl::StatusOr<std::string> text = store.GetDocument(name);
    const absl::StatusOr<audit::OpenedCheckpoint> opened =
        text.ok() ? policy.Open(*text) : text.status();
    if (!opened.ok()) {
      ++verdict.problem_count;
      verdict.problems.push_back({name,
                                  absl::IsNotFound(opened.status())
                                      ? "no witness has cosigned this log"
                                      : std::string(opened.status().message()),
                                  std::nullopt});
      return;
    }
    verdict.lines.push_back(absl::StrCat("The cosigned checkpoint covers ",
                                         WithThousands(opened->checkpoint.size), " records."));
    for (const NoteSignature& signature : opened->verified) {
      const absl::StatusOr<absl::Time> time = CosignatureTime(signature.signature);
      if (time.ok()) verdict.lines.push_back(CosignedLine(signature.key_name, *time));
    }
  }

  static void Take(const audit::LogCheckReport& report, const std::string& origin,
                   Verdict& verdict) {
    verdict.problems = report.problems;
    verdict.problem_count = report.problem_count;
    verdict.not_checked.insert(verdict.not_checked.end(), report.not_checked.begin(),
                               report.not_checked.end());
    verdict.lines = {
        absl::StrCat(WithThousands(report.records), " records of ", origin, ", ",
                     WithThousands(report.erased), " erased, ", WithThousands(report.opened),
                     " opened and held against their commitments."),
        absl::StrCat(report.tiles, " tiles, ", report.objects, " objects, ", report.checkpoints,
                     " checkpoints; the latest covers ", WithThousands(report.checkpoint_size),
                     " records."),
        absl::StrCat("Root ", ToHex(report.root))};
  }

  // Opening has put them right already, perhaps after a crash, perhaps after somebody's hand: who
  // verifies must hear of them.
  static void TakeRepairs(const std::vector<store::Problem>& repairs, Verdict& verdict) {
    for (const store::Problem& repair : repairs) {
      verdict.problems.push_back(
          {repair.place, absl::StrCat(repair.message, " (put right when the log was opened)"),
           repair.index});
    }
    verdict.problem_count += repairs.size();
  }

  int OpenKeyring(Environment& environment, std::unique_ptr<audit::Keyring>& keyring) const {
    absl::StatusOr<std::unique_ptr<audit::Keyring>> read =
        log_.key_file.empty() ? audit::Keyring::FromEnvironment("PLUMBLINE_LOG_KEY")
                              : audit::Keyring::FromFile(log_.key_file);
    if (read.ok()) {
      keyring = *std::move(read);
      return kExitOk;
    }
    // Without keys the tree can be checked all the same.
    if (log_.key_file.empty() && absl::IsNotFound(read.status())) return kExitOk;
    return ReportError(absl::FailedPreconditionError(read.status().message()), false,
                       environment.err);
  }

  int Print(const Verdict& verdict, Environment& environment) const {
    const bool good = verdict.problem_count == 0;
    if (format_ == "json") {
      PrintJson(verdict, environment.out);
      return good ? kExitOk : kExitCheckFailed;
    }
    TextPage page(environment.terminal_width, environment.terminal);
    for (const store::Problem& problem : verdict.problems) {
      page.Item(0, "wrong: ", ProblemText(problem), Style::kRed);
    }
    const uint64_t more = verdict.problem_count - verdict.problems.size();
    if (more > 0) page.Line(0, absl::StrCat("and ", WithThousands(more), " more"), Style::kRed);
    for (const std::string& line : verdict.lines) page.Line(0, line);
    for (const std::string& line : verdict.not_checked) page.Item(0, "not checked: ", line);
    if (good) {
      page.Line(0, "OK: nothing is wrong.", Style::kGreen);
    } else {
      page.Line(0,
                absl::StrCat("NOT OK: ", WithThousands(verdict.problem_count),
                             verdict.problem_count == 1 ? " problem." : " problems."),
                Style::kRed);
    }
    environment.out << page.text();
    return good ? kExitOk : kExitCheckFailed;
  }

  static void PrintJson(const Verdict& verdict, std::ostream& out) {
    google::protobuf::Struct report;
    auto& fields = *report.mutable_fields();
    fields["ok"].set_bool_value(verdict.problem_count == 0);
    fields["problem_count"].set_number_value(static_cast<double>(verdict.problem_count));
    auto& problems = *fields["problems"].mutable_list_value();
    for (const store::Problem& problem : verdict.problems) {
      *problems.add_values() = ToValue(problem);
    }
    auto& not_checked = *fields["not_checked"].mutable_list_value();
    for (const std::string& line : verdict.not_checked) {
      not_checked.add_values()->set_string_value(line);
    }
    fields["summary"].set_string_value(absl::StrJoin(verdict.lines, " "));
    out << ToJson(report, true);
  }

  std::string receipt_;
  std::string leaf_;
  std::string policy_;
  std::string tlog_;
  OpenLogOptions log_;
  std::vector<std::string> vkeys_;
  std::vector<std::string> witness_texts_;
  std::vector<std::string> witness_keys_;
  std::vector<std::string> checkpoints_;
  std::string format_ = "text";
};

}  // namespace

std::unique_ptr<Command> MakeAuditVerifyCommand() { return std::make_unique<AuditVerifyCommand>(); }

}  // namespace plumbline::cli
