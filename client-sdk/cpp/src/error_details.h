// Reads google.rpc.Status bytes into an Error.
//
// Decodes the wire form itself instead of linking generated google.rpc messages: a program that
// also links another copy of those would end at start-up, because their names may be registered
// only once.

#ifndef PLUMBLINE_CLIENT_SRC_ERROR_DETAILS_H_
#define PLUMBLINE_CLIENT_SRC_ERROR_DETAILS_H_

#include <string>

#include "plumbline/client/error.h"
#include "plumbline/v1/triage_service.pb.h"

namespace plumbline::client::internal {

// `details` are the bytes of the trailer grpc-status-details-bin; empty or malformed ones leave the
// Error with code and message alone.
Error MakeError(int code, const std::string& message, const std::string& details);

// The error of one request of a stream.
Error MakeError(const v1::ItemError& item);

}  // namespace plumbline::client::internal

#endif  // PLUMBLINE_CLIENT_SRC_ERROR_DETAILS_H_
