#include "server/cli/cli.h"

#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "server/cli/audit_commands.h"
#include "server/cli/evaluate_command.h"
#include "server/cli/keys_command.h"
#include "server/cli/registry_commands.h"
#include "server/cli/rules_build_command.h"
#include "server/cli/rules_commands.h"
#include "server/cli/rules_diff_command.h"
#include "server/cli/rules_manifest_command.h"
#include "server/cli/rules_readability_command.h"
#include "server/cli/rules_render_command.h"
#include "server/cli/rules_safety_case_command.h"
#include "server/cli/rules_sign_command.h"
#include "server/cli/rules_test_command.h"
#include "server/cli/rules_trace_command.h"
#include "server/cli/serve_command.h"
#include "server/engine/engine.h"

namespace plumbline::cli {
namespace {

constexpr char kDescription[] =
    "Plumbline: triage and exercise prescription for low back pain, from a versioned rules file.\n"
    "Decision support for professionals, not a diagnosis.";

constexpr char kFooter[] =
    "\nExamples:\n"
    "  plumbline rules check rules/low_back_pain\n"
    "  plumbline rules test rules/low_back_pain --filter RF-CES\n"
    "  plumbline evaluate --rules rules/low_back_pain --intake intake.json\n"
    "  plumbline serve --rules rules/low_back_pain --listen 127.0.0.1:50051\n"
    "  plumbline evaluate --server 127.0.0.1:50051 --intake intake.json --format json\n"
    "\nExit codes:\n"
    "  0  ok\n"
    "  1  the check or test failed\n"
    "  2  wrong usage\n"
    "  3  bad input: the intake or the rules cannot be used\n"
    "  4  the server cannot be reached, or the call failed\n"
    "  5  internal error\n"
    "  6  the decision log has failed: nothing more can be put on record\n";

class VersionCommand : public Command {
 public:
  void Declare(CLI::App& parent) override {
    app_ = parent.add_subcommand("version", "Print the version of the program");
    app_->footer("\nExample:\n  plumbline version\n");
  }
  int Run(Environment& environment) override {
    const absl::string_view version = engine::EngineVersion();
    environment.out << "plumbline " << std::string(version) << '\n';
    return kExitOk;
  }
};

int ParseAndRun(int argc, const char* const* argv, Environment& environment) {
  CLI::App app(kDescription, "plumbline");
  app.footer(kFooter);
  app.require_subcommand(1);
  CLI::App* rules = app.add_subcommand("rules", "Check and test a ruleset");
  rules->require_subcommand(1);
  rules->footer(
      "\nExamples:\n"
      "  plumbline rules check rules/low_back_pain\n"
      "  plumbline rules test rules/low_back_pain\n"
      "  plumbline rules trace rules/low_back_pain\n"
      "  plumbline rules safety-case rules/low_back_pain > safety_case.md\n");

  CLI::App* keys = app.add_subcommand("keys", "Keys that sign");
  keys->require_subcommand(1);
  keys->footer("\nExample:\n  plumbline keys generate anna.clinic.example --out anna.key\n");

  std::vector<std::unique_ptr<Command>> commands;
  const auto add = [&commands](CLI::App& parent, std::unique_ptr<Command> command) {
    command->Declare(parent);
    commands.push_back(std::move(command));
  };
  add(app, MakeServeCommand());
  add(app, MakeEvaluateCommand());
  add(*rules, MakeRulesCheckCommand());
  add(*rules, MakeRulesTestCommand());
  add(*rules, MakeRulesCasesCommand());
  add(*rules, MakeRulesTraceCommand());
  add(*rules, MakeRulesReadabilityCommand());
  add(*rules, MakeRulesSafetyCaseCommand());
  add(*rules, MakeRulesRenderCommand());
  add(*rules, MakeRulesBuildCommand());
  add(*rules, MakeRulesSignCommand());
  add(*rules, MakeRulesApproveCommand());
  add(*rules, MakeRulesApprovalsCommand());
  add(*rules, MakeRulesManifestCommand());
  add(*keys, MakeKeysGenerateCommand());
  add(*keys, MakeKeysInitCommand());
  add(*rules, MakeRulesDiffCommand());
  CLI::App* registry =
      app.add_subcommand("registry", "What a server answers with, and changing it");
  registry->require_subcommand(1);
  registry->footer(
      "\nExamples:\n"
      "  plumbline registry status --server 127.0.0.1:50051\n"
      "  plumbline registry diff stable canary --server 127.0.0.1:50051\n"
      "  plumbline registry activate manifest.note --ruleset new.plumb --server 127.0.0.1:50052\n");
  CLI::App* audit = app.add_subcommand("audit", "Read, prove and keep the decision log");
  audit->require_subcommand(1);
  audit->footer(
      "\nOn a log in a folder (--log) or on a server's administrative address (--server).\n"
      "\nExamples:\n"
      "  plumbline audit list --log log --log-key log.key --from 2026-11-01\n"
      "  plumbline audit show 12 --log log --log-key log.key --purpose \"complaint 17\"\n"
      "  plumbline audit verify --log log --log-key log.key\n"
      "  plumbline audit replay --log log --log-key log.key --ruleset rules/low_back_pain\n");
  for (auto make : {MakeAuditListCommand, MakeAuditShowCommand, MakeAuditStatsCommand,
                    MakeAuditReceiptCommand, MakeAuditCheckpointCommand, MakeAuditVerifyCommand,
                    MakeAuditExportCommand, MakeAuditReplayCommand, MakeAuditFeedbackCommand,
                    MakeAuditEraseCommand, MakeAuditHoldCommand, MakeAuditKeysCommand}) {
    add(*audit, make());
  }
  for (const auto& make : RegistryCommands()) {
    add(*registry, make());
  }
  add(app, std::make_unique<VersionCommand>());

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error, environment.out, environment.err);
    return code == 0 ? kExitOk : kExitUsage;
  }
  for (const std::unique_ptr<Command>& command : commands) {
    if (command->chosen()) {
      return command->Run(environment);
    }
  }
  return kExitUsage;
}

}  // namespace

int RunCli(int argc, const char* const* argv, Environment& environment) {
  try {
    return ParseAndRun(argc, argv, environment);
  } catch (const std::exception& error) {
    environment.err << "plumbline: internal error: " << error.what() << '\n';
    return kExitInternal;
  }
}

}  // namespace plumbline::cli
