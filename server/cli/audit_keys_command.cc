// plumbline audit keys: which master keys a log needs, and wrapping its record keys anew.

#include <string>

#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "server/audit/decision_log.h"
#include "server/cli/audit_commands.h"
#include "server/cli/audit_target.h"
#include "server/cli/opened_log.h"

namespace plumbline::cli {
namespace {

class AuditKeysCommand : public Command {
 public:
  void Declare(CLI::App& parent) override {
    app_ = parent.add_subcommand("keys", "Show which master keys a log needs, or change the key");
    app_->add_option("--log", log_.folder, "Folder of the log, on this machine")->required();
    app_->add_option("--log-key", log_.key_file,
                     "File of its master keys (default: $PLUMBLINE_LOG_KEY)");
    app_->add_option("--log-signing-key", log_.signing_key_file,
                     "File of the key that signs its checkpoints");
    app_->add_flag("--rotate", rotate_, "Wrap every record's key with the last key of the file");
    app_->footer(
        "\nTo change the master key: stop the server, add a line with a new key at the end of the\n"
        "key file, run this with --rotate, and start the server. When no record needs the old key\n"
        "any more, take its line out. It can be interrupted and repeated; it goes on record.\n"
        "\nExample:\n  plumbline audit keys --log log --log-key master.key --rotate\n"
        "\nExit codes: 0, 1 the log is damaged, 3 the log or a key cannot be used.\n");
  }

  int Run(Environment& environment) override {
    if (!environment.open_log) {
      environment.err << "plumbline: this program was built without local logs\n";
      return kExitInternal;
    }
    const auto opened = environment.open_log(log_);
    if (!opened.ok()) {
      return ReportError(ExplainLocked(opened.status(), "Stop the server first."), false,
                         environment.err);
    }
    audit::DecisionLog& log = (*opened)->log();
    if (rotate_) {
      const absl::StatusOr<uint64_t> wrapped = log.RotateKeys();
      if (!wrapped.ok()) return ReportError(wrapped.status(), false, environment.err);
      environment.out << *wrapped << " keys wrapped anew.\n";
    }
    const auto uses = log.KeyUses();
    if (!uses.ok()) return ReportError(uses.status(), false, environment.err);
    for (const audit::KeyUse& use : *uses) {
      environment.out << "master key " << use.key << ": " << use.records << " records\n";
    }
    return kExitOk;
  }

 private:
  OpenLogOptions log_;
  bool rotate_ = false;
};

}  // namespace

std::unique_ptr<Command> MakeAuditKeysCommand() { return std::make_unique<AuditKeysCommand>(); }

}  // namespace plumbline::cli
