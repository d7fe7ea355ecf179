// Private keys of signed notes, as files that only their owner can read.

#ifndef PLUMBLINE_SERVER_CLI_SIGNING_KEY_H_
#define PLUMBLINE_SERVER_CLI_SIGNING_KEY_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/base/note_key.h"

namespace plumbline::cli {

// Reads the signer key in the file `path`. PermissionDenied if others than its owner may read the
// file. Errors never repeat any of its content.
absl::StatusOr<std::unique_ptr<Ed25519NoteSigner>> ReadSigningKey(const std::string& path);

// Puts `skey` into a new file of mode 0600. AlreadyExists if there is one: a key is never
// overwritten.
absl::Status WriteSigningKey(const std::string& path, absl::string_view skey);

}  // namespace plumbline::cli

#endif  // PLUMBLINE_SERVER_CLI_SIGNING_KEY_H_
