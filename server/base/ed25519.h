// Ed25519 (RFC 8032), from OpenSSL.

#ifndef PLUMBLINE_SERVER_BASE_ED25519_H_
#define PLUMBLINE_SERVER_BASE_ED25519_H_

#include <array>
#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/base/random.h"

namespace plumbline {

inline constexpr int kEd25519SeedSize = 32;
inline constexpr int kEd25519PublicKeySize = 32;
inline constexpr int kEd25519SignatureSize = 64;

using Ed25519Signature = std::array<uint8_t, kEd25519SignatureSize>;

// The 32 secret bytes that a private key is made of. Wiped when it goes.
class Ed25519Seed {
 public:
  Ed25519Seed(const Ed25519Seed&) = delete;
  Ed25519Seed& operator=(const Ed25519Seed&) = delete;
  ~Ed25519Seed();

  // A new, random one.
  explicit Ed25519Seed(RandomSource& random);
  // kInvalidArgument unless there are 32 bytes.
  static absl::StatusOr<std::unique_ptr<Ed25519Seed>> FromBytes(absl::string_view bytes);

  // Points into this object. Do not copy it to where nobody wipes it.
  absl::string_view bytes() const {
    return absl::string_view(reinterpret_cast<const char*>(bytes_.data()), bytes_.size());
  }

 private:
  Ed25519Seed() = default;

  std::array<uint8_t, kEd25519SeedSize> bytes_{};
};

struct OpenSslKey;  // an EVP_PKEY

// A key that verifies. Immutable, thread-safe, cheap to copy.
class Ed25519PublicKey {
 public:
  // kInvalidArgument unless there are 32 bytes that OpenSSL takes for a key.
  static absl::StatusOr<Ed25519PublicKey> FromBytes(absl::string_view bytes);

  absl::string_view bytes() const {
    return absl::string_view(reinterpret_cast<const char*>(bytes_.data()), bytes_.size());
  }

  // True if `signature` was made over `message` with this key. False for anything else, also for a
  // signature that has not 64 bytes.
  bool Verify(absl::string_view message, absl::string_view signature) const;

 private:
  friend class Ed25519PrivateKey;
  Ed25519PublicKey(std::array<uint8_t, kEd25519PublicKeySize> bytes,
                   std::shared_ptr<const OpenSslKey> key);

  std::array<uint8_t, kEd25519PublicKeySize> bytes_;
  std::shared_ptr<const OpenSslKey> key_;
};

// A key that signs. Immutable, thread-safe, cheap to copy; OpenSSL wipes it when the last copy
// goes.
class Ed25519PrivateKey {
 public:
  // kInternal when OpenSSL refuses (it has no Ed25519, for example in a FIPS configuration).
  static absl::StatusOr<Ed25519PrivateKey> FromSeed(const Ed25519Seed& seed);

  const Ed25519PublicKey& public_key() const { return public_key_; }

  // The signature (the same for the same message). kInternal when OpenSSL fails.
  absl::StatusOr<Ed25519Signature> Sign(absl::string_view message) const;

 private:
  Ed25519PrivateKey(std::shared_ptr<const OpenSslKey> key, Ed25519PublicKey public_key);

  std::shared_ptr<const OpenSslKey> key_;
  Ed25519PublicKey public_key_;
};

}  // namespace plumbline

#endif  // PLUMBLINE_SERVER_BASE_ED25519_H_
