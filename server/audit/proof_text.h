// Numbers and hashes as the text formats of C2SP write them: exactly one way for each.

#ifndef PLUMBLINE_SERVER_AUDIT_PROOF_TEXT_H_
#define PLUMBLINE_SERVER_AUDIT_PROOF_TEXT_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "server/base/sha256.h"

namespace plumbline::audit {

// ASCII decimal without sign and leading zeroes. False for anything else, and above 2^64 - 1.
bool ParseDecimal(absl::string_view text, uint64_t& value);

// A hash in base64, 44 characters. False for anything else.
std::string EncodeHash(const Sha256Digest& hash);
bool DecodeHash(absl::string_view text, Sha256Digest& hash);

// Takes the first line, without its newline, off `text`. False if there is no newline left.
bool TakeLine(absl::string_view& text, absl::string_view& line);

}  // namespace plumbline::audit

#endif  // PLUMBLINE_SERVER_AUDIT_PROOF_TEXT_H_
