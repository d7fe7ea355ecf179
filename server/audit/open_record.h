// Opening what a store holds: from an entry back to a record.

#ifndef PLUMBLINE_SERVER_AUDIT_OPEN_RECORD_H_
#define PLUMBLINE_SERVER_AUDIT_OPEN_RECORD_H_

#include "absl/status/statusor.h"
#include "server/audit/keyring.h"
#include "server/audit/record.h"
#include "server/store/store.h"

namespace plumbline::audit {

// The record of an entry of which `parts` were read. Parts that were read are opened and held
// against the leaf's commitments. Errors name the record's index: DataLoss (damaged),
// FailedPrecondition (a master key that `keyring` does not have).
absl::StatusOr<Record> OpenRecord(store::StoredEntry entry, store::Parts parts,
                                  const Keyring& keyring);

}  // namespace plumbline::audit

#endif  // PLUMBLINE_SERVER_AUDIT_OPEN_RECORD_H_
