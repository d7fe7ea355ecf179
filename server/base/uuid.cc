#include "server/base/uuid.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "server/base/hex.h"

namespace plumbline {
namespace {

constexpr size_t kTextSize = 36;
constexpr uint64_t kMaxMilliseconds = (uint64_t{1} << 48) - 1;
constexpr uint64_t kMaxRandomA = (uint64_t{1} << 12) - 1;
constexpr uint64_t kMaxRandomB = (uint64_t{1} << 62) - 1;

bool IsDashPlace(size_t i) { return i == 8 || i == 13 || i == 18 || i == 23; }

Uuid Assemble(uint64_t milliseconds, uint64_t random_a, uint64_t random_b) {
  const uint64_t high = milliseconds << 16 | uint64_t{7} << 12 | random_a;
  const uint64_t low = uint64_t{2} << 62 | random_b;
  Uuid uuid;
  for (int i = 0; i < 8; ++i) {
    uuid.bytes[i] = static_cast<uint8_t>(high >> (56 - 8 * i));
    uuid.bytes[8 + i] = static_cast<uint8_t>(low >> (56 - 8 * i));
  }
  return uuid;
}

}  // namespace

std::string Uuid::ToString() const {
  const std::string hex =
      EncodeHex(absl::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  const absl::string_view digits = hex;
  return absl::StrCat(digits.substr(0, 8), "-", digits.substr(8, 4), "-", digits.substr(12, 4), "-",
                      digits.substr(16, 4), "-", digits.substr(20));
}

absl::Time Uuid::Time() const {
  uint64_t milliseconds = 0;
  for (int i = 0; i < 6; ++i) milliseconds = milliseconds << 8 | bytes[i];
  return absl::FromUnixMillis(static_cast<int64_t>(milliseconds));
}

absl::StatusOr<Uuid> Uuid::Parse(absl::string_view text) {
  if (text.size() != kTextSize) {
    return absl::InvalidArgumentError(
        absl::StrCat("a UUID has ", kTextSize, " characters, this has ", text.size()));
  }
  std::string digits;
  for (size_t i = 0; i < text.size(); ++i) {
    if (!IsDashPlace(i)) {
      digits += text[i];
    } else if (text[i] != '-') {
      return absl::InvalidArgumentError(absl::StrCat("a UUID has a dash at character ", i + 1));
    }
  }
  const absl::StatusOr<std::string> decoded = DecodeHex(digits);
  if (!decoded.ok()) {
    return absl::InvalidArgumentError("a UUID has only hexadecimal digits between its dashes");
  }
  Uuid uuid;
  std::memcpy(uuid.bytes.data(), decoded->data(), uuid.bytes.size());
  return uuid;
}

UuidV7Generator::UuidV7Generator(const Clock* clock, RandomSource* random)
    : clock_(clock), random_(random) {}

Uuid UuidV7Generator::Next() {
  const int64_t clock_milliseconds = absl::ToUnixMillis(clock_->Now());
  const uint64_t now =
      std::min<uint64_t>(std::max<int64_t>(clock_milliseconds, 0), kMaxMilliseconds);
  uint64_t fresh[2];
  random_->Fill(absl::MakeSpan(reinterpret_cast<uint8_t*>(fresh), sizeof fresh));

  absl::MutexLock lock(&mutex_);
  if (now > milliseconds_) {
    milliseconds_ = now;
    random_a_ = fresh[0] & kMaxRandomA;
    random_b_ = fresh[1] & kMaxRandomB;
    return Assemble(milliseconds_, random_a_, random_b_);
  }
  // The same millisecond (or an earlier one): count up, by steps that cannot be guessed (RFC 9562
  // section 6.2, method 2). What overflows carries into the next millisecond.
  random_b_ += 1 + (fresh[1] & 0xffffffff);
  if (random_b_ > kMaxRandomB) {
    random_b_ &= kMaxRandomB;
    if (++random_a_ > kMaxRandomA) {
      random_a_ = 0;
      ++milliseconds_;
    }
  }
  return Assemble(milliseconds_, random_a_, random_b_);
}

}  // namespace plumbline
