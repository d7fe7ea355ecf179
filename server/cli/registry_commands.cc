#include "server/cli/registry_commands.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "plumbline/v1/ruleset_service.grpc.pb.h"
#include "server/base/issue.h"
#include "server/cli/audit_target.h"
#include "server/cli/rules_diff_command.h"
#include "server/cli/server_channel.h"
#include "server/cli/text_layout.h"
#include "server/diff/impact.h"

namespace plumbline::cli {
namespace {

using Service = v1::RulesetService;

// As large as a ruleset file, a manifest, the approvals of a ruleset may be.
constexpr size_t kMaxBundleBytes = size_t{64} << 20;
constexpr size_t kMaxNoteBytes = size_t{1} << 20;
constexpr size_t kShownDigits = 12;
constexpr char kApprovals[] = ".approvals";

// What all commands share: the server, and calling it.
class RegistryCommand : public Command {
 public:
  int Run(Environment& environment) final {
    server_.tls =
        server_.tls || !server_.tls_files.ca_file.empty() || !server_.tls_files.cert_file.empty();
    const auto channel = MakeChannel(server_);
    if (!channel.ok()) return ReportError(channel.status(), false, environment.err);
    stub_ = Service::NewStub(*channel);
    return Ask(environment);
  }

 protected:
  void DeclareServer(CLI::App& parent, const char* name, const char* description) {
    app_ = parent.add_subcommand(name, description);
    app_->add_option("--server", server_.target, "HOST:PORT of the server")->required();
    app_->add_option("--deadline-ms", deadline_ms_, "Longest wait for the server")
        ->check(CLI::Range(1, 600'000))
        ->capture_default_str();
    DeclareTls(*app_, server_);
  }

  void DeclareFormat() {
    app_->add_option("--format", format_, "text or json")
        ->check(CLI::IsMember({"text", "json"}))
        ->capture_default_str();
  }
  bool json() const { return format_ == "json"; }
  const std::string& target() const { return server_.target; }

  // Nothing, and what is wrong on the error output.
  template <typename Response, typename Request>
  std::optional<Response> Call(grpc::Status (Service::Stub::*method)(grpc::ClientContext*,
                                                                     const Request&, Response*),
                               const Request& request, Environment& environment) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() +
                         std::chrono::milliseconds(deadline_ms_));
    context.AddMetadata("plumbline-caller", CallerName());
    Response response;
    const grpc::Status status = (stub_.get()->*method)(&context, request, &response);
    if (status.ok()) return response;
    exit_code_ = ReportError(Explain(FromRpc(status)), true, environment.err);
    return std::nullopt;
  }
  // After a call that failed.
  int exit_code() const { return exit_code_; }

 private:
  virtual int Ask(Environment& environment) = 0;
  // What an answer that did not come in time means, beyond that.
  virtual std::string OnDeadline() const { return ""; }

  // Ruleset files are larger than what the address that answers patients takes.
  absl::Status Explain(const absl::Status& status) const {
    if (absl::IsDeadlineExceeded(status)) {
      const std::string more = OnDeadline();
      return more.empty() ? status
                          : absl::Status(status.code(),
                                         absl::StrCat(std::string(status.message()), "\n  ", more));
    }
    if (!absl::IsResourceExhausted(status) ||
        !absl::StrContains(status.message(), "larger than max")) {
      return status;
    }
    return absl::Status(
        status.code(),
        absl::StrCat(status.message(), "\n  ", server_.target,
                     " takes no request of this size. Send ruleset files to the server's "
                     "administrative address (its --admin-listen)."));
  }

  AuditServer server_;
  std::string format_ = "text";
  int deadline_ms_ = 60'000;
  int exit_code_ = kExitInternal;
  std::unique_ptr<Service::Stub> stub_;
};

std::string Short(const std::string& revision) { return revision.substr(0, kShownDigits); }

class ListCommand : public RegistryCommand {
 public:
  void Declare(CLI::App& parent) override {
    DeclareServer(parent, "list", "List the revisions that a server has");
    DeclareFormat();
    app_->footer("\nExample:\n  plumbline registry list --server 127.0.0.1:50051\n");
  }

 private:
  int Ask(Environment& environment) override {
    v1::ListRevisionsRequest request;
    request.set_page_size(1000);
    std::vector<std::vector<std::string>> rows;
    do {
      const auto page = Call(&Service::Stub::ListRevisions, request, environment);
      if (!page) return exit_code();
      for (const v1::Revision& revision : page->revisions()) {
        if (json()) environment.out << ToJson(revision, false);
        rows.push_back(Row(revision));
      }
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    if (json()) return kExitOk;
    TextPage text(environment.terminal_width, environment.terminal);
    text.Table(0, {"Revision", "Version", "Active as", "Approvals", "Title"}, rows);
    environment.out << text.text();
    return kExitOk;
  }

  static std::vector<std::string> Row(const v1::Revision& revision) {
    int trusted = 0;
    for (const v1::Approval& approval : revision.approvals()) trusted += approval.trusted() ? 1 : 0;
    return {Short(revision.revision()), revision.version(),
            revision.aliases().empty() ? "-" : absl::StrJoin(revision.aliases(), ", "),
            absl::StrCat(trusted), revision.title()};
  }
};

class StatusCommand : public RegistryCommand {
 public:
  void Declare(CLI::App& parent) override {
    DeclareServer(parent, "status", "Show what is active, and how it goes");
    DeclareFormat();
    app_->footer("\nExample:\n  plumbline registry status --server 127.0.0.1:50051\n");
  }

 private:
  int Ask(Environment& environment) override {
    const auto status =
        Call(&Service::Stub::GetActivationStatus, v1::GetActivationStatusRequest(), environment);
    if (!status) return exit_code();
    if (json()) {
      environment.out << ToJson(*status, true);
      return kExitOk;
    }
    TextPage text(environment.terminal_width, environment.terminal);
    text.Line(0, status->serial() == 0
                     ? "No signed manifest is active."
                     : absl::StrCat("Manifest ", status->serial(), ", active since ",
                                    FormatTime(status->activated_at())));
    WriteAliases(*status, text);
    text.Line(
        0, absl::StrCat(status->activations(), " activations, ", status->failures(), " refused"));
    if (status->has_last_failure()) {
      const v1::ActivationFailure& failure = status->last_failure();
      text.Item(0, "Last refusal: ",
                absl::StrCat(FormatTime(failure.time()), ", ", failure.origin(), ", at step ",
                             failure.step(), ": ", failure.message()));
    }
    environment.out << text.text();
    return kExitOk;
  }

  static void WriteAliases(const v1::GetActivationStatusResponse& status, TextPage& text) {
    std::vector<std::vector<std::string>> rows;
    for (const v1::AliasState& alias : status.aliases()) {
      std::vector<std::string> row = {
          alias.alias(), Short(alias.revision()), alias.version(),
          alias.share_basis_points() == 0
              ? ""
              : absl::StrFormat("%.2f %%", alias.share_basis_points() / 100.0)};
      std::string traffic;
      for (const v1::AliasTraffic& of : status.traffic()) {
        if (of.alias() != alias.alias()) continue;
        traffic = alias.alias() == "shadow" ? ShadowTraffic(of)
                                            : absl::StrCat(of.answered(), " answered");
      }
      row.push_back(traffic);
      rows.push_back(std::move(row));
    }
    if (!rows.empty()) text.Table(0, {"Alias", "Revision", "Version", "Share", "Traffic"}, rows);
    for (const v1::AliasTraffic& of : status.traffic()) WriteDisagreements(of, text);
  }

  // "1000 compared, 12 disagreed (3 level, 12 time limit), 40 skipped (38 under load)".
  static std::string ShadowTraffic(const v1::AliasTraffic& traffic) {
    std::string text =
        absl::StrCat(traffic.compared(), " compared, ", traffic.disagreed(), " disagreed");
    std::vector<std::string> kinds;
    const auto add = [&kinds](uint64_t count, absl::string_view kind) {
      if (count > 0) kinds.push_back(absl::StrCat(count, " ", kind));
    };
    add(traffic.refused(), "refused");
    add(traffic.level_changed(), "level");
    add(traffic.gate_changed(), "gate");
    add(traffic.programme_changed(), "programme");
    add(traffic.time_limit_changed(), "time limit");
    add(traffic.unrecorded(), "not on record");
    if (!kinds.empty()) absl::StrAppend(&text, " (", absl::StrJoin(kinds, ", "), ")");
    absl::StrAppend(&text, ", ", traffic.skipped(), " skipped");
    if (traffic.skipped_under_load() > 0) {
      absl::StrAppend(&text, " (", traffic.skipped_under_load(), " under load)");
    }
    return text;
  }

  // One may be in several of the kinds that have a count.
  static uint64_t MostOfOtherKinds(const v1::AliasTraffic& traffic) {
    const uint64_t most =
        std::max({traffic.refused(), traffic.level_changed(), traffic.gate_changed(),
                  traffic.programme_changed(), traffic.time_limit_changed()});
    return traffic.disagreed() - std::min(most, traffic.disagreed());
  }

  static void WriteDisagreements(const v1::AliasTraffic& traffic, TextPage& text) {
    constexpr int kShown = 25;
    if (const uint64_t others = MostOfOtherKinds(traffic); others > 0) {
      text.Line(2, absl::StrCat("Up to ", others,
                                " disagreed in none of these kinds, but in rules (below), "
                                "referrals, follow-up, open questions or exercises beside the "
                                "programme; their records say in what"));
    }
    for (int i = 0; i < traffic.by_rule_size() && i < kShown; ++i) {
      const v1::RuleDisagreement& rule = traffic.by_rule(i);
      std::vector<std::string> parts;
      const auto add = [&parts](uint64_t count, absl::string_view before, absl::string_view after) {
        if (count > 0) parts.push_back(absl::StrCat(before, count, after));
      };
      add(rule.shadow_only(), "", " times in the shadow only");
      add(rule.active_only(), "", " times in the active revision only");
      add(rule.altered(), "altered ",
          absl::StrCat(" times (", diff::AlterationsText(rule.alterations()), ")"));
      text.Line(2, absl::StrCat(rule.rule_id(), ": ", absl::StrJoin(parts, ", ")));
    }
    if (traffic.by_rule_size() > kShown) {
      text.Line(2, absl::StrCat("and ", traffic.by_rule_size() - kShown,
                                " more; --format json shows all"));
    }
  }
};

class FetchCommand : public RegistryCommand {
 public:
  void Declare(CLI::App& parent) override {
    DeclareServer(parent, "fetch", "Get a ruleset file and its approvals");
    app_->add_option("NAME", name_, "Revision (8 digits or more), or stable, canary, shadow")
        ->required();
    app_->add_option("-o,--output", file_, "File to write; approvals go to FILE.approvals")
        ->required();
    app_->footer(
        "\nExample:\n  plumbline registry fetch stable --server 127.0.0.1:50051 -o stable.plumb\n");
  }

 private:
  int Ask(Environment& environment) override {
    v1::GetRevisionRequest request;
    request.set_name(name_);
    const auto revision = Call(&Service::Stub::GetRevision, request, environment);
    if (!revision) return exit_code();
    if (const int code = WriteOutput(file_, revision->bundle(), environment); code != kExitOk) {
      return code;
    }
    if (!revision->approvals_note().empty() && file_ != "-") {
      const int code = WriteOutput(file_ + kApprovals, revision->approvals_note(), environment);
      if (code != kExitOk) return code;
    }
    environment.err << "revision " << revision->revision().revision() << ", version "
                    << revision->revision().version() << '\n';
    return kExitOk;
  }

  std::string name_;
  std::string file_;
};

class QuestionnaireCommand : public RegistryCommand {
 public:
  void Declare(CLI::App& parent) override {
    DeclareServer(parent, "questionnaire", "Show the questions that a revision asks");
    app_->add_option("NAME", name_, "Revision or alias (default: stable)");
    DeclareFormat();
    app_->footer("\nExample:\n  plumbline registry questionnaire --server 127.0.0.1:50051\n");
  }

 private:
  int Ask(Environment& environment) override {
    v1::GetQuestionnaireRequest request;
    request.set_name(name_);
    const auto answer = Call(&Service::Stub::GetQuestionnaire, request, environment);
    if (!answer) return exit_code();
    if (json()) {
      environment.out << ToJson(*answer, true);
      return kExitOk;
    }
    TextPage text(environment.terminal_width, environment.terminal);
    for (const v1::Question& question : answer->questions()) {
      text.Item(0, absl::StrCat(question.field(), ": "), question.wording());
    }
    environment.out << text.text();
    return kExitOk;
  }

  std::string name_;
};

class CheckCommand : public RegistryCommand {
 public:
  void Declare(CLI::App& parent) override {
    DeclareServer(parent, "check", "Let a server check a ruleset file, without keeping it");
    app_->add_option("FILE", file_, "Ruleset file (`plumbline rules build`)")->required();
    app_->add_flag(
        "--test", test_,
        "Run the ruleset's own tests too: worked patients, outcome tables, dose registers");
    DeclareFormat();
    app_->footer(
        "\nReal ruleset files are larger than what the main address of a server takes: ask its\n"
        "administrative address.\n"
        "\nExample:\n  plumbline registry check new.plumb --test --server 127.0.0.1:50052\n"
        "\nExit codes: 0 valid, 1 not valid, 3 no ruleset file, 4 no answer.\n");
  }

 private:
  int Ask(Environment& environment) override {
    v1::CheckRulesetRequest request;
    std::optional<std::string> bundle = ReadInput(file_, kMaxBundleBytes, environment);
    if (!bundle) return kExitBadInput;
    request.set_bundle(*std::move(bundle));
    request.set_run_tests(test_);
    const auto answer = Call(&Service::Stub::CheckRuleset, request, environment);
    if (!answer) return exit_code();
    if (json()) {
      environment.out << ToJson(*answer, true);
      return answer->valid() ? kExitOk : kExitCheckFailed;
    }
    for (const v1::RulesetIssue& issue : answer->issues()) {
      environment.out << FormatIssue(
                             {issue.severity() == "error" ? Severity::kError : Severity::kWarning,
                              {issue.file(), issue.line(), issue.column()},
                              issue.code(),
                              issue.message(),
                              issue.hint()})
                      << '\n';
    }
    environment.out << "revision " << answer->revision() << ", version " << answer->version()
                    << ": " << (answer->valid() ? "valid" : "not valid");
    if (test_) {
      environment.out << ", " << answer->tests_passed() << " tests passed, "
                      << answer->tests_failed() << " failed";
    }
    environment.out << '\n';
    for (const v1::RulesetTestCount& count : answer->tests()) {
      environment.out << "  " << count.kind() << ": " << count.passed() << " passed, "
                      << count.failed() << " failed\n";
    }
    return answer->valid() ? kExitOk : kExitCheckFailed;
  }

  std::string file_;
  bool test_ = false;
};

class DiffCommand : public RegistryCommand {
 public:
  void Declare(CLI::App& parent) override {
    DeclareServer(parent, "diff", "Say what differs between two revisions of a server");
    app_->add_option("OLD", old_, "Revision or alias")->required();
    app_->add_option("NEW", new_, "Revision or alias")->required();
    app_->add_option("--format", form_, "text, md, html or json")
        ->check(CLI::IsMember({"text", "md", "html", "json"}))
        ->capture_default_str();
    app_->add_option("-o,--output", file_, "File to write (default: the standard output)");
    app_->footer(
        "\nExample:\n  plumbline registry diff stable canary --server 127.0.0.1:50051\n"
        "\nExit codes: 0 the version of NEW suffices, 1 it is too small.\n");
  }

 private:
  int Ask(Environment& environment) override {
    v1::DiffRevisionsRequest request;
    request.set_old_name(old_);
    request.set_new_name(new_);
    const auto answer = Call(&Service::Stub::DiffRevisions, request, environment);
    if (!answer) return exit_code();
    const bool color = environment.terminal && file_ == "-";
    const std::string text =
        FormatDiff(answer->diff(), form_, environment.terminal_width, color, environment.err);
    if (text.empty()) return kExitInternal;
    if (const int code = WriteOutput(file_, text, environment); code != kExitOk) return code;
    return answer->diff().version_sufficient() ? kExitOk : kExitCheckFailed;
  }

  std::string old_;
  std::string new_;
  std::string form_ = "text";
  std::string file_ = "-";
};

class ActivateCommand : public RegistryCommand {
 public:
  void Declare(CLI::App& parent) override {
    DeclareServer(parent, "activate", "Send a signed manifest, and the rulesets that it names");
    app_->add_option("MANIFEST", manifest_, "Signed manifest (`plumbline rules manifest`)")
        ->required();
    app_->add_option(
        "--ruleset", bundles_,
        "Ruleset file that the server may not have yet, with FILE.approvals beside it");
    app_->add_option("--expect-current", expect_,
                     "Revision (64 digits) that must be stable now: what was reviewed against");
    app_->add_flag("--dry-run", dry_run_, "Do everything but the swap");
    app_->footer(
        "\nExample:\n  plumbline registry activate manifest.note --ruleset new.plumb \\\n"
        "    --expect-current $OLD --server 127.0.0.1:50052\n"
        "\nExit codes: 0 active, 3 refused (what was active stays active), 4 no server, or\n"
        "no answer in time: the manifest may go live all the same; ask `registry status`.\n");
  }

 private:
  int Ask(Environment& environment) override {
    v1::ActivateRequest request;
    if (!Read(request, environment)) return kExitBadInput;
    const auto answer = Call(&Service::Stub::Activate, request, environment);
    if (!answer) return exit_code();
    environment.out << (dry_run_ ? "would be active: manifest " : "active: manifest ")
                    << answer->serial() << '\n';
    for (const v1::AliasState& alias : answer->aliases()) {
      environment.out << "  " << alias.alias() << ' ' << alias.revision() << ' ' << alias.version();
      if (alias.share_basis_points() != 0) {
        environment.out << absl::StrFormat(" %.2f %%", alias.share_basis_points() / 100.0);
      }
      environment.out << '\n';
    }
    return kExitOk;
  }

  bool Read(v1::ActivateRequest& request, Environment& environment) const {
    std::optional<std::string> manifest = ReadInput(manifest_, kMaxNoteBytes, environment);
    if (!manifest) return false;
    request.set_manifest(*std::move(manifest));
    for (const std::string& file : bundles_) {
      std::optional<std::string> bundle = ReadInput(file, kMaxBundleBytes, environment);
      std::optional<std::string> approvals =
          ReadInput(file + kApprovals, kMaxNoteBytes, environment);
      if (!bundle || !approvals) return false;
      request.add_bundles(*std::move(bundle));
      request.add_approvals(*std::move(approvals));
    }
    request.set_expect_current(expect_);
    request.set_validate_only(dry_run_);
    return true;
  }

  // The server does not stop halfway: what was sent may go live a minute from now.
  std::string OnDeadline() const override {
    if (dry_run_) return "";
    return absl::StrCat(
        "The server may be at it still, and the manifest may go live. What became of it says\n"
        "  plumbline registry status --server ",
        target());
  }

  std::string manifest_;
  std::vector<std::string> bundles_;
  std::string expect_;
  bool dry_run_ = false;
};

}  // namespace

std::vector<std::function<std::unique_ptr<Command>()>> RegistryCommands() {
  return {[] { return std::make_unique<ListCommand>(); },
          [] { return std::make_unique<StatusCommand>(); },
          [] { return std::make_unique<FetchCommand>(); },
          [] { return std::make_unique<QuestionnaireCommand>(); },
          [] { return std::make_unique<CheckCommand>(); },
          [] { return std::make_unique<DiffCommand>(); },
          [] { return std::make_unique<ActivateCommand>(); }};
}

}  // namespace plumbline::cli
