// Random bytes, behind an interface, so that tests decide what is random.

#ifndef PLUMBLINE_SERVER_BASE_RANDOM_H_
#define PLUMBLINE_SERVER_BASE_RANDOM_H_

#include <cstdint>

#include "absl/types/span.h"

namespace plumbline {

// Source of bytes that nobody can guess: for keys, salts and ids. Thread-safe. Never returns bytes
// that could be guessed; see the implementation for what happens instead.
class RandomSource {
 public:
  virtual ~RandomSource() = default;
  // Overwrites all of `bytes`.
  virtual void Fill(absl::Span<uint8_t> bytes) = 0;
};

// OpenSSL's generator, seeded by the operating system. Aborts the process when it fails (it does so
// only without entropy): a guessable key or salt must never be used.
class OpenSslRandomSource final : public RandomSource {
 public:
  void Fill(absl::Span<uint8_t> bytes) override;
};

}  // namespace plumbline

#endif  // PLUMBLINE_SERVER_BASE_RANDOM_H_
