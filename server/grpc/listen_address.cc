#include "server/grpc/listen_address.h"

#include <arpa/inet.h>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace plumbline::grpc_server {

bool ListenAddress::IsLocal() const {
  if (!unix_socket.empty() || host == "localhost" || host == "[::1]") {
    return true;
  }
  in_addr address{};
  return inet_pton(AF_INET, host.c_str(), &address) == 1 && (ntohl(address.s_addr) >> 24) == 127;
}

std::string ListenAddress::ToString(int bound_port) const {
  return unix_socket.empty() ? absl::StrCat(host, ":", bound_port) : unix_socket;
}

absl::StatusOr<ListenAddress> ParseListenAddress(absl::string_view text) {
  ListenAddress address;
  if (absl::StartsWith(text, "unix:")) {
    if (text.size() == 5) {
      return absl::InvalidArgumentError("the Unix socket has no path");
    }
    address.unix_socket = std::string(text);
    return address;
  }
  const size_t colon = text.rfind(':');
  const absl::Status malformed = absl::InvalidArgumentError(
      absl::StrCat("\"", text, "\" is not HOST:PORT, [IPV6]:PORT or unix:PATH"));
  if (colon == absl::string_view::npos || colon == 0) {
    return malformed;
  }
  const absl::string_view host = text.substr(0, colon);
  const bool bracketed = host.front() == '[' && host.back() == ']';
  if ((!bracketed && absl::StrContains(host, ":")) ||
      !absl::SimpleAtoi(text.substr(colon + 1), &address.port) || address.port < 0 ||
      address.port > 65535) {
    return malformed;
  }
  address.host = std::string(host);
  return address;
}

}  // namespace plumbline::grpc_server
