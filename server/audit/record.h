// A record of the decision log, in the clear: what is sealed, hashed and appended.

#ifndef PLUMBLINE_SERVER_AUDIT_RECORD_H_
#define PLUMBLINE_SERVER_AUDIT_RECORD_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "plumbline/v1/record.pb.h"
#include "server/base/uuid.h"

namespace plumbline::audit {

// What the caller of the log gives. Views must live until the call that takes them returns.
struct RecordDraft {
  v1::RecordKind kind = v1::RECORD_KIND_UNSPECIFIED;
  // 64 lower-case hexadecimal digits, or empty.
  absl::string_view revision;
  // Of the manifest that made the revision active; 0: none.
  uint64_t manifest_serial = 0;
  // At most 64 printable ASCII characters.
  absl::string_view engine_build;
  // Serialized plumbline.storage.v1.RecordDetails.
  absl::string_view details;
  // As payload.h makes it; may be empty.
  absl::string_view payload;
};

// A record as it is read back.
struct Record {
  uint64_t index = 0;
  v1::RecordKind kind = v1::RECORD_KIND_UNSPECIFIED;
  Uuid id;
  absl::Time time;
  std::string revision;
  uint64_t manifest_serial = 0;
  std::string engine_build;
  // The key was destroyed: details and payload are empty for ever. Not told when only the leaf was
  // read.
  bool erased = false;
  std::string details;
  std::string payload;
  // Exact bytes of the leaf.
  std::string leaf;
};

}  // namespace plumbline::audit

#endif  // PLUMBLINE_SERVER_AUDIT_RECORD_H_
