#include "server/audit/aead.h"

#include <openssl/evp.h>

#include <cstdio>
#include <cstdlib>

#include "server/base/secret.h"

namespace plumbline::audit {
namespace {

void RequireOpenSsl(bool good) {
  if (good) return;
  std::fputs("plumbline: OpenSSL cannot compute AES-256-GCM\n", stderr);
  std::abort();
}

// Fetching a cipher looks through the providers under a lock: once is enough.
const EVP_CIPHER* Cipher() {
  static const EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  RequireOpenSsl(cipher != nullptr);
  return cipher;
}

class CipherContext {
 public:
  CipherContext() : evp_(EVP_CIPHER_CTX_new()) { RequireOpenSsl(evp_ != nullptr); }
  CipherContext(const CipherContext&) = delete;
  CipherContext& operator=(const CipherContext&) = delete;
  ~CipherContext() { EVP_CIPHER_CTX_free(evp_); }

  EVP_CIPHER_CTX* get() { return evp_; }

 private:
  EVP_CIPHER_CTX* evp_;
};

EVP_CIPHER_CTX* ThreadContext() {
  thread_local CipherContext context;
  return context.get();
}

const unsigned char* Bytes(absl::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* Bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

// The context outlives the call: it must not keep the key.
void Forget(EVP_CIPHER_CTX* context) { EVP_CIPHER_CTX_reset(context); }

}  // namespace

std::string AeadSeal(const AeadKey& key, const AeadNonce& nonce, absl::string_view associated,
                     absl::string_view plaintext) {
  EVP_CIPHER_CTX* const context = ThreadContext();
  std::string sealed(plaintext.size() + kAeadTagBytes, '\0');
  int written = 0;
  RequireOpenSsl(EVP_EncryptInit_ex2(context, Cipher(), key.data(), nonce.data(), nullptr) == 1);
  RequireOpenSsl(EVP_EncryptUpdate(context, nullptr, &written, Bytes(associated),
                                   static_cast<int>(associated.size())) == 1);
  RequireOpenSsl(EVP_EncryptUpdate(context, Bytes(sealed), &written, Bytes(plaintext),
                                   static_cast<int>(plaintext.size())) == 1);
  RequireOpenSsl(EVP_EncryptFinal_ex(context, Bytes(sealed) + plaintext.size(), &written) == 1);
  RequireOpenSsl(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kAeadTagBytes,
                                     Bytes(sealed) + plaintext.size()) == 1);
  Forget(context);
  return sealed;
}

bool AeadOpen(const AeadKey& key, const AeadNonce& nonce, absl::string_view associated,
              absl::string_view sealed, std::string& plaintext) {
  plaintext.clear();
  if (sealed.size() < kAeadTagBytes) return false;
  EVP_CIPHER_CTX* const context = ThreadContext();
  const size_t size = sealed.size() - kAeadTagBytes;
  std::string tag(sealed.substr(size));
  plaintext.resize(size);
  int written = 0;
  RequireOpenSsl(EVP_DecryptInit_ex2(context, Cipher(), key.data(), nonce.data(), nullptr) == 1);
  RequireOpenSsl(EVP_DecryptUpdate(context, nullptr, &written, Bytes(associated),
                                   static_cast<int>(associated.size())) == 1);
  RequireOpenSsl(EVP_DecryptUpdate(context, Bytes(plaintext), &written, Bytes(sealed),
                                   static_cast<int>(size)) == 1);
  RequireOpenSsl(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kAeadTagBytes, tag.data()) ==
                 1);
  // With no ciphertext at all `plaintext` has no byte to point at; GCM writes none here anyway.
  unsigned char none[kAeadTagBytes];
  const bool good = EVP_DecryptFinal_ex(context, none, &written) == 1;
  Forget(context);
  if (!good) {
    Zeroise(plaintext);
  }
  return good;
}

}  // namespace plumbline::audit
