// Switches server reflection on or off for one server.

#ifndef PLUMBLINE_SERVER_GRPC_REFLECTION_OPTION_H_
#define PLUMBLINE_SERVER_GRPC_REFLECTION_OPTION_H_

#include <memory>

#include "grpcpp/impl/server_builder_option.h"

namespace plumbline::grpc_server {

// Needed because merely linking gRPC's reflection library switches it on for every server of the
// process.
std::unique_ptr<grpc::ServerBuilderOption> MakeReflectionOption(bool enabled);

}  // namespace plumbline::grpc_server

#endif  // PLUMBLINE_SERVER_GRPC_REFLECTION_OPTION_H_
