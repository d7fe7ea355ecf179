// The leaf of a record: the bytes that are hashed into the tree of the log, and published.
//
// Specified by hand, byte for byte (docs/reference/decision_log.md), because a hash must not depend
// on how some library serialises. It shows when which revision and build did what kind of thing,
// and nothing of whom: what is sealed is only committed to, with salts that die with the record's
// key.

#ifndef PLUMBLINE_SERVER_AUDIT_LEAF_H_
#define PLUMBLINE_SERVER_AUDIT_LEAF_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "plumbline/v1/record.pb.h"
#include "server/base/sha256.h"
#include "server/base/uuid.h"

namespace plumbline::audit {

inline constexpr size_t kMaxEngineBuildBytes = 64;
inline constexpr uint8_t kLeafVersion = 1;

struct Leaf {
  v1::RecordKind kind = v1::RECORD_KIND_UNSPECIFIED;
  Uuid id;
  // Microseconds since the Unix epoch; never smaller than in the leaf before.
  int64_t time_us = 0;
  // SHA-256 that names a ruleset; all zeros: none.
  Sha256Digest revision{};
  uint64_t manifest_serial = 0;
  // At most kMaxEngineBuildBytes printable ASCII characters.
  std::string engine_build;
  Sha256Digest details_commitment{};
  Sha256Digest payload_commitment{};
};

// Requires a known kind, a time not before 1970 and a valid engine build.
std::string EncodeLeaf(const Leaf& leaf);

// DataLoss, saying what is wrong at which byte, for anything that EncodeLeaf would not have
// written; a version that this program does not know is named as such.
absl::StatusOr<Leaf> DecodeLeaf(absl::string_view bytes);

// What is allowed as engine build.
bool IsValidEngineBuild(absl::string_view text);

// The revision's 64 hexadecimal digits, or "" for none; and back. InvalidArgument for anything
// else (capital letters too: one revision has one name).
std::string RevisionToText(const Sha256Digest& revision);
absl::StatusOr<Sha256Digest> RevisionFromText(absl::string_view text);

}  // namespace plumbline::audit

#endif  // PLUMBLINE_SERVER_AUDIT_LEAF_H_
