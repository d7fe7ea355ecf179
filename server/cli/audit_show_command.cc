#include <string>
#include <utility>
#include <vector>

#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "plumbline/v1/intake.pb.h"
#include "server/base/issue.h"
#include "server/cli/audit_commands.h"
#include "server/cli/audit_show_text.h"
#include "server/cli/audit_target.h"
#include "server/registry/bundle.h"
#include "server/ruleset/compiler.h"
#include "server/ruleset/document.h"
#include "server/service/kept_rulesets.h"

namespace plumbline::cli {
namespace {

std::shared_ptr<const ruleset::CompiledRuleset> CompileBundle(const std::string& bytes) {
  absl::StatusOr<registry::Bundle> bundle = registry::ParseBundle(bytes, "revision");
  if (!bundle.ok()) return nullptr;
  std::vector<Issue> issues;
  const auto document = ruleset::RulesetDocument::Parse(std::move(bundle->files), issues);
  ruleset::CompileOptions options;
  options.lint = false;
  return ruleset::Compile(document, *v1::Intake::descriptor(), std::move(issues), options).ruleset;
}

// What helps to read a record is taken where it can be had; nothing of it is needed.
RecordContext FindContext(AuditClient& client, const v1::RecordSummary& summary) {
  RecordContext context;
  if (const auto checkpoint = client.GetCheckpoint({}); checkpoint.ok()) {
    const std::vector<std::string> lines = absl::StrSplit(checkpoint->checkpoint(), '\n');
    if (lines.size() > 1 && !absl::SimpleAtoi(lines[1], &context.checkpoint_size)) {
      context.checkpoint_size = 0;
    }
  }
  if (summary.revision().empty()) return context;
  if (client.opened() != nullptr) {
    const auto kept =
        service::KeptRulesets(&client.opened()->store()).LoadCompiled(summary.revision());
    if (kept.ok()) context.ruleset = *kept;
  } else {
    v1::GetRevisionRequest request;
    request.set_name(summary.revision());
    if (const auto revision = client.GetRevision(request); revision.ok()) {
      context.revision = revision->revision();
      context.ruleset = CompileBundle(revision->bundle());
    }
  }
  v1::ListRecordsRequest activations;
  activations.mutable_filter()->add_kinds(v1::RECORD_KIND_ACTIVATION);
  activations.mutable_filter()->set_revision(summary.revision());
  *activations.mutable_filter()->mutable_until() = summary.time();
  activations.set_page_size(1);
  if (const auto found = client.ListRecords(activations);
      found.ok() && found->records_size() > 0 && summary.kind() == v1::RECORD_KIND_DECISION) {
    context.activation = found->records(0);
  }
  return context;
}

class AuditShowCommand : public Command {
 public:
  void Declare(CLI::App& parent) override {
    app_ = parent.add_subcommand("show", "Show a record with its patient data; goes on record");
    target_.Declare(*app_);
    app_->add_option("RECORD", record_, "Id of a record, or its index")->required();
    app_->add_option("--purpose", purpose_, "Why the data is read; goes on record")->required();
    app_->add_option("--format", format_, "text, or json (plumbline.v1.Record)")
        ->check(CLI::IsMember({"text", "json"}))
        ->capture_default_str();
    app_->add_flag("--how-to", how_to_, "Show how to do each exercise, and every reason");
    app_->footer(
        "\nReads like a chart note: who, when, what was known, what was answered and why, under "
        "which\n"
        "rules, what happened since, and where it stands in the log.\n"
        "\nExample:\n"
        "  plumbline audit show 019b7000-0000-7000-8000-000000000012 --log log --log-key log.key "
        "\\\n    --purpose \"complaint 17\"\n");
  }

  int Run(Environment& environment) override {
    int code = kExitOk;
    const std::unique_ptr<AuditClient> client = target_.Open(environment, code);
    if (client == nullptr) return code;
    v1::GetRecordRequest request;
    *request.mutable_name() = ParseRecordName(record_);
    request.set_purpose(purpose_);
    const absl::StatusOr<v1::GetRecordResponse> answer = client->GetRecord(request);
    if (!answer.ok()) return ReportError(answer.status(), target_.remote(), environment.err);
    if (format_ == "json") {
      environment.out << ToJson(answer->record(), true);
      return kExitOk;
    }
    TextOptions options;
    options.width = environment.terminal_width;
    options.color = environment.terminal;
    options.how_to = how_to_;
    environment.out << RenderRecord(answer->record(),
                                    FindContext(*client, answer->record().summary()), options);
    return kExitOk;
  }

 private:
  AuditTarget target_;
  std::string record_;
  std::string purpose_;
  std::string format_ = "text";
  bool how_to_ = false;
};

}  // namespace

std::unique_ptr<Command> MakeAuditShowCommand() { return std::make_unique<AuditShowCommand>(); }

}  // namespace plumbline::cli
