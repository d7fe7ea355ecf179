#include "server/grpc/caller_identity.h"

#include <algorithm>
#include <memory>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "grpc/grpc_security_constants.h"
#include "grpcpp/security/auth_context.h"
#include "server/service/rpc_error.h"

namespace plumbline::grpc_server {
namespace {

constexpr size_t kMaxNameLength = 128;

bool IsName(absl::string_view text) {
  return !text.empty() && text.size() <= kMaxNameLength &&
         std::all_of(text.begin(), text.end(), absl::ascii_isprint);
}

absl::string_view ToView(const grpc::string_ref& text) {
  return absl::string_view(text.data(), text.size());
}

std::vector<absl::string_view> Values(const grpc::AuthContext& context, const char* property) {
  std::vector<absl::string_view> values;
  for (const grpc::string_ref& value : context.FindPropertyValues(property)) {
    values.push_back(ToView(value));
  }
  return values;
}

}  // namespace

absl::StatusOr<service::Caller> ChooseCaller(
    const std::vector<absl::string_view>& common_names,
    const std::vector<absl::string_view>& alternative_names,
    const std::vector<absl::string_view>& said) {
  for (const auto* names : {&common_names, &alternative_names}) {
    const auto name = std::find_if(names->begin(), names->end(), IsName);
    if (name != names->end()) {
      return service::Caller{std::string(*name), true};
    }
  }
  if (said.empty()) {
    return service::Caller();
  }
  if (said.size() > 1 || !IsName(said.front())) {
    return service::MakeFieldError(
        v1::ERROR_REASON_INVALID_REQUEST,
        {{kCallerMetadata,
          "metadata: must be there at most once, with 1 to 128 printable ASCII characters"}});
  }
  return service::Caller{std::string(said.front()), false};
}

absl::StatusOr<service::Caller> CallerOf(const grpc::CallbackServerContext& context) {
  std::vector<absl::string_view> said;
  const auto range = context.client_metadata().equal_range(kCallerMetadata);
  for (auto it = range.first; it != range.second; ++it) {
    said.push_back(ToView(it->second));
  }
  const std::shared_ptr<const grpc::AuthContext> peer = context.auth_context();
  if (peer == nullptr || !peer->IsPeerAuthenticated()) {
    return ChooseCaller({}, {}, said);
  }
  return ChooseCaller(Values(*peer, GRPC_X509_CN_PROPERTY_NAME),
                      Values(*peer, GRPC_X509_SAN_PROPERTY_NAME), said);
}

}  // namespace plumbline::grpc_server
