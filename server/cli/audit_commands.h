// plumbline audit ...: reading, proving and keeping the decision log.

#ifndef PLUMBLINE_SERVER_CLI_AUDIT_COMMANDS_H_
#define PLUMBLINE_SERVER_CLI_AUDIT_COMMANDS_H_

#include <memory>

#include "server/cli/command.h"

namespace plumbline::cli {

std::unique_ptr<Command> MakeAuditListCommand();
std::unique_ptr<Command> MakeAuditShowCommand();
std::unique_ptr<Command> MakeAuditReceiptCommand();
std::unique_ptr<Command> MakeAuditCheckpointCommand();
std::unique_ptr<Command> MakeAuditVerifyCommand();
std::unique_ptr<Command> MakeAuditExportCommand();
std::unique_ptr<Command> MakeAuditStatsCommand();
std::unique_ptr<Command> MakeAuditReplayCommand();
std::unique_ptr<Command> MakeAuditEraseCommand();
std::unique_ptr<Command> MakeAuditHoldCommand();
std::unique_ptr<Command> MakeAuditFeedbackCommand();
std::unique_ptr<Command> MakeAuditKeysCommand();

}  // namespace plumbline::cli

#endif  // PLUMBLINE_SERVER_CLI_AUDIT_COMMANDS_H_
