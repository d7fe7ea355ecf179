// Wiping of secrets (seeds, private keys) from memory, in a way that no optimiser removes.

#ifndef PLUMBLINE_SERVER_BASE_SECRET_H_
#define PLUMBLINE_SERVER_BASE_SECRET_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace plumbline {

// Overwrites the bytes.
void Zeroise(absl::Span<uint8_t> secret);

// Overwrites and empties the text. Copies that were made of it before stay: give secrets by
// reference.
void Zeroise(std::string& secret);

// True if both are equal; the time depends on the lengths alone, so that it tells nothing about a
// secret's content.
bool EqualInConstantTime(absl::string_view a, absl::string_view b);

}  // namespace plumbline

#endif  // PLUMBLINE_SERVER_BASE_SECRET_H_
