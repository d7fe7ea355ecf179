#include "server/cli/serve_command.h"

#include <string>

#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/status/status.h"
#include "server/cli/serve_options.h"
#include "server/cli/serve_process.h"
#include "server/cli/stop_signals.h"

namespace plumbline::cli {
namespace {

constexpr char kFooter[] =
    "\nPrints `listening on ADDRESS` on the standard output when it is ready, and one JSON object "
    "a\n"
    "line about each call (without patient data) on the standard error. SIGTERM and SIGINT stop "
    "it:\n"
    "health reports NOT_SERVING, calls under way are finished, the exit code is 0. A second "
    "signal\n"
    "ends it at once.\n"
    "\nWith --log every decision is on record, durably, before its answer leaves. When the log "
    "can\n"
    "take no more, calls are refused before anything is decided; when writing it fails, the "
    "server\n"
    "ends.\n"
    "\nExamples:\n"
    "  plumbline serve --rules rules/low_back_pain\n"
    "  plumbline serve --rules rules/low_back_pain --listen 127.0.0.1:0 --port-file port\n"
    "  plumbline serve --rules rules/low_back_pain --listen 0.0.0.0:50051 \\\n"
    "    --tls-cert server.pem --tls-key server.key --tls-client-ca clients.pem\n"
    "  plumbline keys init keys\n"
    "  plumbline serve --rules rules/low_back_pain --log log --log-key keys/master.key \\\n"
    "    --log-signing-key keys/log.key --admin-listen unix:/run/plumbline/admin.sock\n"
    "  plumbline serve --registry registry --trust trust.policy --watch --config "
    "plumbline.conf\n"
    "\nExit codes: 0 stopped by a signal, 2 wrong usage or settings, 3 the rules or the log cannot "
    "be\n"
    "used, 4 an address cannot be bound, 5 internal error, 6 the decision log has failed.\n";

class ServeCommand : public Command {
 public:
  void Declare(CLI::App& parent) override {
    app_ = parent.add_subcommand("serve", "Serve decisions over gRPC");
    reader_.Declare(*app_);
    app_->footer(kFooter);
  }

  int Run(Environment& environment) override {
    const StopSignals signals;  // before gRPC starts threads
    ServeOptions options;
    if (const absl::Status read = reader_.Finish(options); !read.ok()) {
      environment.err << "plumbline serve: " << std::string(read.message()) << '\n';
      return kExitUsage;
    }
    return ServeProcess(std::move(options), environment).Run(signals);
  }

 private:
  ServeOptionReader reader_;
};

}  // namespace

std::unique_ptr<Command> MakeServeCommand() { return std::make_unique<ServeCommand>(); }

}  // namespace plumbline::cli
