#include "server/witness/witness_address.h"

#include <arpa/inet.h>
#include <curl/curl.h>

#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/base/cosignature.h"

namespace plumbline::witness {
namespace {

using Url = std::unique_ptr<CURLU, decltype(&curl_url_cleanup)>;

absl::Status Wrong(absl::string_view what) { return absl::InvalidArgumentError(what); }

// Empty if the URL has none.
std::string Part(const Url& url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url.get(), part, &text, 0) != CURLUE_OK) return "";
  std::string copy(text);
  curl_free(text);
  return copy;
}

bool IsLoopback(const std::string& host) {
  in_addr v4{};
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) return ntohl(v4.s_addr) >> 24 == 127;
  // libcurl resolves "localhost" to loopback, whatever the name service says.
  return host == "[::1]" || absl::EqualsIgnoreCase(host, "localhost");
}

}  // namespace

absl::StatusOr<WitnessAddress> ParseWitnessAddress(absl::string_view text, bool allow_plaintext) {
  text = absl::StripAsciiWhitespace(text);
  const size_t space = text.find(' ');
  if (space == absl::string_view::npos) {
    return Wrong("a witness is its verifier key and its URL, with a space between");
  }
  WitnessAddress address;
  address.vkey = std::string(text.substr(0, space));
  if (const auto key = CosignatureVerifier::Create(address.vkey); !key.ok()) {
    return Wrong(absl::StrCat("verifier key of the witness: ", key.status().message()));
  }
  address.url = std::string(absl::StripAsciiWhitespace(text.substr(space)));
  const Url url(curl_url(), &curl_url_cleanup);
  if (url == nullptr) return absl::ResourceExhaustedError("out of memory");
  const CURLUcode parsed = curl_url_set(url.get(), CURLUPART_URL, address.url.c_str(), 0);
  if (parsed != CURLUE_OK) {
    return Wrong(absl::StrCat("URL of the witness: ", curl_url_strerror(parsed)));
  }
  const std::string scheme = Part(url, CURLUPART_SCHEME);
  if (scheme != "https" && scheme != "http") {
    return Wrong("URL of the witness: must begin with https:// or http://");
  }
  // Also empty ones: the page's name is put behind.
  if (address.url.find_first_of("?#") != std::string::npos || !Part(url, CURLUPART_USER).empty() ||
      !Part(url, CURLUPART_PASSWORD).empty()) {
    return Wrong("URL of the witness: must not have a user, a query or a fragment");
  }
  address.loopback = IsLoopback(Part(url, CURLUPART_HOST));
  if (scheme == "http" && !address.loopback && !allow_plaintext) {
    return Wrong("URL of the witness: http beyond loopback needs --log-witness-plaintext");
  }
  while (!address.url.empty() && address.url.back() == '/') address.url.pop_back();
  return address;
}

}  // namespace plumbline::witness
