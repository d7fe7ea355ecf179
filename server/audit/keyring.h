// Keyring: the master keys that wrap the keys of records.
//
// Every record is sealed with a key of its own (AES-256-GCM); that key is stored wrapped by a
// master key (AES-256-GCM, with the record's id as associated data). Destroying the wrapped key
// erases the record for good. Master keys come from a file or an environment variable, never from
// the log. docs/reference/decision_log.md has the bytes of a wrapped key.

#ifndef PLUMBLINE_SERVER_AUDIT_KEYRING_H_
#define PLUMBLINE_SERVER_AUDIT_KEYRING_H_

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/base/random.h"
#include "server/base/uuid.h"
#include "server/store/store.h"

namespace plumbline::audit {

inline constexpr size_t kRecordKeyBytes = 32;
using RecordKey = std::array<uint8_t, kRecordKeyBytes>;

// First 8 bytes of SHA-256("plumbline-master-key/v1" || key), in hexadecimal. May be shown and
// logged.
using MasterKeyId = std::string;

// Immutable, thread-safe. Wipes keys when destroyed.
class Keyring {
 public:
  // One key a line, 64 hexadecimal digits; `#` begins a comment. The last one wraps new records,
  // the others open old ones. InvalidArgument names the line; keys are never repeated in messages.
  static absl::StatusOr<std::unique_ptr<Keyring>> FromText(absl::string_view text);
  // FailedPrecondition if anybody but its owner may read or write the file, or if it belongs to
  // neither this user nor root. NotFound, PermissionDenied.
  static absl::StatusOr<std::unique_ptr<Keyring>> FromFile(const std::string& path);
  // As FromText; a comma also ends a line. NotFound if the variable is not set.
  static absl::StatusOr<std::unique_ptr<Keyring>> FromEnvironment(const char* variable);
  Keyring(const Keyring&) = delete;
  Keyring& operator=(const Keyring&) = delete;
  ~Keyring();

  // The key that wraps.
  const MasterKeyId& current_id() const;
  std::vector<MasterKeyId> ids() const;

  store::WrappedKey Wrap(const RecordKey& key, const Uuid& record, RandomSource& random) const;
  // FailedPrecondition, naming the key's id, if this keyring does not have it; DataLoss if the
  // wrapped key was changed.
  absl::StatusOr<RecordKey> Unwrap(const store::WrappedKey& wrapped, const Uuid& record) const;
  // Id of the master key that wrapped it; DataLoss if there is no telling.
  static absl::StatusOr<MasterKeyId> WrappedBy(const store::WrappedKey& wrapped);

 private:
  struct Rep;
  explicit Keyring(std::unique_ptr<Rep> rep);
  std::unique_ptr<Rep> rep_;
};

}  // namespace plumbline::audit

#endif  // PLUMBLINE_SERVER_AUDIT_KEYRING_H_
