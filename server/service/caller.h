// Who makes a call.

#ifndef PLUMBLINE_SERVER_SERVICE_CALLER_H_
#define PLUMBLINE_SERVER_SERVICE_CALLER_H_

#include <string>

namespace plumbline::service {

// `name`: at most 128 printable ASCII characters; empty: not said. `authenticated`: the transport
// proved it (a client certificate), instead of the caller only saying so.
struct Caller {
  std::string name;
  bool authenticated = false;
};

}  // namespace plumbline::service

#endif  // PLUMBLINE_SERVER_SERVICE_CALLER_H_
