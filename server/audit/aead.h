// AES-256-GCM (NIST SP 800-38D) with 96-bit nonces and 128-bit tags, from OpenSSL.
//
// Thread-safe: every thread keeps a cipher context of its own. Encryption cannot fail for a reason
// that a caller could handle; it aborts the process when OpenSSL refuses (out of memory, or a
// provider configuration without AES), as base/sha256.h does.

#ifndef PLUMBLINE_SERVER_AUDIT_AEAD_H_
#define PLUMBLINE_SERVER_AUDIT_AEAD_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace plumbline::audit {

inline constexpr size_t kAeadKeyBytes = 32;
inline constexpr size_t kAeadNonceBytes = 12;
inline constexpr size_t kAeadTagBytes = 16;

using AeadKey = std::array<uint8_t, kAeadKeyBytes>;
using AeadNonce = std::array<uint8_t, kAeadNonceBytes>;

// Ciphertext and tag. One key must never see a nonce twice.
std::string AeadSeal(const AeadKey& key, const AeadNonce& nonce, absl::string_view associated,
                     absl::string_view plaintext);

// False, with `plaintext` empty, when anything (key, nonce, associated data, ciphertext, tag) is
// not what it was.
bool AeadOpen(const AeadKey& key, const AeadNonce& nonce, absl::string_view associated,
              absl::string_view sealed, std::string& plaintext);

}  // namespace plumbline::audit

#endif  // PLUMBLINE_SERVER_AUDIT_AEAD_H_
