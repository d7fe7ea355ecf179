#include "server/registry/activation.h"

namespace plumbline::registry {

absl::string_view OriginName(ActivationOrigin origin) {
  switch (origin) {
    case ActivationOrigin::kStart:
      return "start";
    case ActivationOrigin::kWatch:
      return "watch";
    case ActivationOrigin::kRpc:
      return "rpc";
  }
  return "";
}

absl::string_view StepName(ActivationStep step) {
  switch (step) {
    case ActivationStep::kRead:
      return "read";
    case ActivationStep::kSignature:
      return "signature";
    case ActivationStep::kParse:
      return "parse";
    case ActivationStep::kSerial:
      return "serial";
    case ActivationStep::kExpectCurrent:
      return "expect-current";
    case ActivationStep::kApprovals:
      return "approvals";
    case ActivationStep::kCheck:
      return "check";
    case ActivationStep::kTests:
      return "tests";
    case ActivationStep::kWarmUp:
      return "warm-up";
    case ActivationStep::kStore:
      return "store";
    case ActivationStep::kRecord:
      return "record";
    case ActivationStep::kSwap:
      return "swap";
  }
  return "";
}

}  // namespace plumbline::registry
