// Who makes a call: the client's certificate, or what the call says of itself.

#ifndef PLUMBLINE_SERVER_GRPC_CALLER_IDENTITY_H_
#define PLUMBLINE_SERVER_GRPC_CALLER_IDENTITY_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "grpcpp/server_context.h"
#include "server/service/caller.h"

namespace plumbline::grpc_server {

// Metadata in which a caller without a certificate names itself.
inline constexpr char kCallerMetadata[] = "plumbline-caller";

// The certificate's subject (common name), or its first alternative name, proved; without a
// verified certificate the metadata `plumbline-caller`, only said; else nobody.
// INVALID_ARGUMENT if the metadata is there twice, or not at most 128 printable ASCII characters.
// A name in a certificate that does not fit these bounds is passed over.
absl::StatusOr<service::Caller> CallerOf(const grpc::CallbackServerContext& context);

// The rule for what a certificate (`common_names`, `alternative_names`) and metadata say.
absl::StatusOr<service::Caller> ChooseCaller(
    const std::vector<absl::string_view>& common_names,
    const std::vector<absl::string_view>& alternative_names,
    const std::vector<absl::string_view>& said);

}  // namespace plumbline::grpc_server

#endif  // PLUMBLINE_SERVER_GRPC_CALLER_IDENTITY_H_
