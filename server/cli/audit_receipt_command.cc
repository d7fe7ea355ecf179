// plumbline audit receipt, checkpoint: proofs to be given away.

#include <string>

#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/strings/str_cat.h"
#include "server/cli/audit_commands.h"
#include "server/cli/audit_target.h"

namespace plumbline::cli {
namespace {

class AuditReceiptCommand : public Command {
 public:
  void Declare(CLI::App& parent) override {
    app_ = parent.add_subcommand("receipt", "Write the proof that a record is in the log");
    target_.Declare(*app_);
    app_->add_option("RECORD", record_, "Id of a record, or its index")->required();
    app_->add_option("-o,--out", out_, "File of the receipt (C2SP tlog-proof); - for the output")
        ->capture_default_str();
    app_->add_option("--leaf", leaf_,
                     "File of the leaf that the receipt is about (default: FILE.leaf)");
    app_->footer(
        "\nA receipt and its leaf can be checked without the log and without this program; they "
        "hold no\npatient data. See docs/reference/decision_log.md.\n"
        "\nExamples:\n"
        "  plumbline audit receipt 12 --log log --log-key log.key -o record12.receipt\n"
        "  plumbline audit verify --receipt record12.receipt --vkey log.vkey\n");
  }

  int Run(Environment& environment) override {
    int code = kExitOk;
    const std::unique_ptr<AuditClient> client = target_.Open(environment, code);
    if (client == nullptr) return code;
    v1::GetReceiptRequest request;
    *request.mutable_name() = ParseRecordName(record_);
    const absl::StatusOr<v1::GetReceiptResponse> answer = client->GetReceipt(request);
    if (!answer.ok()) return ReportError(answer.status(), target_.remote(), environment.err);
    if (code = WriteOutput(out_, answer->receipt(), environment); code != kExitOk) return code;
    if (leaf_.empty() && out_ == "-") return kExitOk;
    const std::string leaf = leaf_.empty() ? absl::StrCat(out_, ".leaf") : leaf_;
    if (code = WriteOutput(leaf, answer->leaf(), environment); code != kExitOk) return code;
    environment.err << "Receipt: " << out_ << ", leaf: " << leaf << "\n";
    return kExitOk;
  }

 private:
  AuditTarget target_;
  std::string record_;
  std::string out_ = "-";
  std::string leaf_;
};

class AuditCheckpointCommand : public Command {
 public:
  void Declare(CLI::App& parent) override {
    app_ = parent.add_subcommand("checkpoint", "Print the signed state of the log");
    target_.Declare(*app_);
    app_->add_option("-o,--out", out_, "File to write; - for the output")->capture_default_str();
    app_->add_flag("--cosigned", cosigned_,
                   "The latest one that a witness has cosigned, which may cover fewer records");
    app_->footer(
        "\nKeep checkpoints elsewhere: a log that is shorter than one, or has another history, is "
        "found\nout by `plumbline audit verify --checkpoint FILE` and by `plumbline serve "
        "--min-checkpoint FILE`.\n"
        "\nExample:\n"
        "  plumbline audit checkpoint --server 127.0.0.1:50052 -o checkpoint.txt\n");
  }

  int Run(Environment& environment) override {
    int code = kExitOk;
    const std::unique_ptr<AuditClient> client = target_.Open(environment, code);
    if (client == nullptr) return code;
    v1::GetCheckpointRequest request;
    request.set_cosigned(cosigned_);
    const absl::StatusOr<v1::GetCheckpointResponse> answer = client->GetCheckpoint(request);
    if (!answer.ok()) return ReportError(answer.status(), target_.remote(), environment.err);
    return WriteOutput(out_, answer->checkpoint(), environment);
  }

 private:
  AuditTarget target_;
  std::string out_ = "-";
  bool cosigned_ = false;
};

}  // namespace

std::unique_ptr<Command> MakeAuditReceiptCommand() {
  return std::make_unique<AuditReceiptCommand>();
}

std::unique_ptr<Command> MakeAuditCheckpointCommand() {
  return std::make_unique<AuditCheckpointCommand>();
}

}  // namespace plumbline::cli
