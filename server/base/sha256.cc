#include "server/base/sha256.h"

#include <openssl/evp.h>

#include <cstdio>
#include <cstdlib>

namespace plumbline {
namespace {

void RequireOpenSsl(int result) {
  if (result == 1) return;
  std::fputs("plumbline: OpenSSL cannot compute SHA-256\n", stderr);
  std::abort();
}

// EVP_sha256() makes OpenSSL 3 search its providers at each digest, which costs more than hashing a
// short text. Lives as long as the process.
const EVP_MD* FetchedSha256() {
  static const EVP_MD* const md = [] {
    const EVP_MD* fetched = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    RequireOpenSsl(fetched != nullptr ? 1 : 0);
    return fetched;
  }();
  return md;
}

// One context for each thread, used again and again.
class ThreadContext {
 public:
  ThreadContext() : evp_(EVP_MD_CTX_new()) { RequireOpenSsl(evp_ != nullptr ? 1 : 0); }
  ThreadContext(const ThreadContext&) = delete;
  ThreadContext& operator=(const ThreadContext&) = delete;
  ~ThreadContext() { EVP_MD_CTX_free(evp_); }

  Sha256Digest Digest(const absl::string_view* begin, const absl::string_view* end) {
    RequireOpenSsl(EVP_DigestInit_ex(evp_, FetchedSha256(), nullptr));
    for (const absl::string_view* piece = begin; piece != end; ++piece) {
      RequireOpenSsl(EVP_DigestUpdate(evp_, piece->data(), piece->size()));
    }
    Sha256Digest digest;
    RequireOpenSsl(EVP_DigestFinal_ex(evp_, digest.data(), nullptr));
    return digest;
  }

 private:
  EVP_MD_CTX* evp_;
};

ThreadContext& ContextOfThread() {
  static thread_local ThreadContext context;
  return context;
}

}  // namespace

struct Sha256::Context {
  Context() : evp(EVP_MD_CTX_new()) {
    RequireOpenSsl(evp != nullptr ? 1 : 0);
    RequireOpenSsl(EVP_DigestInit_ex(evp, FetchedSha256(), nullptr));
  }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  ~Context() { EVP_MD_CTX_free(evp); }

  EVP_MD_CTX* evp;
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {}
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;
Sha256::~Sha256() = default;

void Sha256::Update(absl::string_view bytes) {
  RequireOpenSsl(EVP_DigestUpdate(context_->evp, bytes.data(), bytes.size()));
}

Sha256Digest Sha256::Finish() {
  Sha256Digest digest;
  RequireOpenSsl(EVP_DigestFinal_ex(context_->evp, digest.data(), nullptr));
  return digest;
}

Sha256Digest Sha256Of(absl::string_view bytes) {
  return ContextOfThread().Digest(&bytes, &bytes + 1);
}

Sha256Digest Sha256OfPieces(std::initializer_list<absl::string_view> pieces) {
  return ContextOfThread().Digest(pieces.begin(), pieces.end());
}

std::string ToHex(const Sha256Digest& digest) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(2 * digest.size());
  for (const uint8_t byte : digest) {
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 0xf];
  }
  return hex;
}

}  // namespace plumbline
