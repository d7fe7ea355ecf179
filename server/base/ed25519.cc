#include "server/base/ed25519.h"

#include <openssl/evp.h>

#include <cstddef>
#include <cstring>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "server/base/secret.h"

namespace plumbline {

struct OpenSslKey {
  explicit OpenSslKey(EVP_PKEY* evp_key) : evp(evp_key) {}
  OpenSslKey(const OpenSslKey&) = delete;
  OpenSslKey& operator=(const OpenSslKey&) = delete;
  ~OpenSslKey() { EVP_PKEY_free(evp); }

  EVP_PKEY* evp;
};

namespace {

const unsigned char* Bytes(absl::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

struct DigestContext {
  DigestContext() : evp(EVP_MD_CTX_new()) {}
  DigestContext(const DigestContext&) = delete;
  DigestContext& operator=(const DigestContext&) = delete;
  ~DigestContext() { EVP_MD_CTX_free(evp); }

  EVP_MD_CTX* evp;
};

absl::Status SizeError(absl::string_view what, size_t expected, size_t actual) {
  return absl::InvalidArgumentError(
      absl::StrCat("an Ed25519 ", what, " has ", expected, " bytes, this has ", actual));
}

}  // namespace

Ed25519Seed::~Ed25519Seed() { Zeroise(absl::MakeSpan(bytes_)); }

Ed25519Seed::Ed25519Seed(RandomSource& random) { random.Fill(absl::MakeSpan(bytes_)); }

absl::StatusOr<std::unique_ptr<Ed25519Seed>> Ed25519Seed::FromBytes(absl::string_view bytes) {
  if (bytes.size() != kEd25519SeedSize) return SizeError("seed", kEd25519SeedSize, bytes.size());
  std::unique_ptr<Ed25519Seed> seed(new Ed25519Seed());
  std::memcpy(seed->bytes_.data(), bytes.data(), bytes.size());
  return seed;
}

Ed25519PublicKey::Ed25519PublicKey(std::array<uint8_t, kEd25519PublicKeySize> bytes,
                                   std::shared_ptr<const OpenSslKey> key)
    : bytes_(bytes), key_(std::move(key)) {}

absl::StatusOr<Ed25519PublicKey> Ed25519PublicKey::FromBytes(absl::string_view bytes) {
  if (bytes.size() != kEd25519PublicKeySize) {
    return SizeError("public key", kEd25519PublicKeySize, bytes.size());
  }
  EVP_PKEY* evp =
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, Bytes(bytes), bytes.size());
  if (evp == nullptr) return absl::InvalidArgumentError("OpenSSL refuses this Ed25519 public key");
  auto key = std::make_shared<const OpenSslKey>(evp);
  std::array<uint8_t, kEd25519PublicKeySize> copy;
  std::memcpy(copy.data(), bytes.data(), copy.size());
  return Ed25519PublicKey(copy, std::move(key));
}

bool Ed25519PublicKey::Verify(absl::string_view message, absl::string_view signature) const {
  if (signature.size() != kEd25519SignatureSize) return false;
  const DigestContext context;
  return context.evp != nullptr &&
         EVP_DigestVerifyInit(context.evp, nullptr, nullptr, nullptr, key_->evp) == 1 &&
         EVP_DigestVerify(context.evp, Bytes(signature), signature.size(), Bytes(message),
                          message.size()) == 1;
}

Ed25519PrivateKey::Ed25519PrivateKey(std::shared_ptr<const OpenSslKey> key,
                                     Ed25519PublicKey public_key)
    : key_(std::move(key)), public_key_(std::move(public_key)) {}

absl::StatusOr<Ed25519PrivateKey> Ed25519PrivateKey::FromSeed(const Ed25519Seed& seed) {
  EVP_PKEY* evp = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, Bytes(seed.bytes()),
                                               seed.bytes().size());
  if (evp == nullptr) return absl::InternalError("OpenSSL cannot make an Ed25519 private key");
  auto key = std::make_shared<const OpenSslKey>(evp);
  std::string public_bytes(kEd25519PublicKeySize, '\0');
  size_t size = public_bytes.size();
  if (EVP_PKEY_get_raw_public_key(evp, reinterpret_cast<unsigned char*>(public_bytes.data()),
                                  &size) != 1) {
    return absl::InternalError("OpenSSL cannot derive an Ed25519 public key");
  }
  absl::StatusOr<Ed25519PublicKey> public_key = Ed25519PublicKey::FromBytes(public_bytes);
  if (!public_key.ok()) return public_key.status();
  return Ed25519PrivateKey(std::move(key), *std::move(public_key));
}

absl::StatusOr<Ed25519Signature> Ed25519PrivateKey::Sign(absl::string_view message) const {
  const DigestContext context;
  Ed25519Signature signature;
  size_t size = signature.size();
  if (context.evp == nullptr ||
      EVP_DigestSignInit(context.evp, nullptr, nullptr, nullptr, key_->evp) != 1 ||
      EVP_DigestSign(context.evp, signature.data(), &size, Bytes(message), message.size()) != 1 ||
      size != signature.size()) {
    return absl::InternalError("OpenSSL cannot sign with Ed25519");
  }
  return signature;
}

}  // namespace plumbline
