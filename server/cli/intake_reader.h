// Reads an intake as people write it: JSON (also flat, see json_intake.h) or textproto.

#ifndef PLUMBLINE_SERVER_CLI_INTAKE_READER_H_
#define PLUMBLINE_SERVER_CLI_INTAKE_READER_H_

#include <istream>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "plumbline/v1/intake.pb.h"
#include "server/cli/json_intake.h"

namespace plumbline::cli {

enum class IntakeFormat {
  // JSON if the first character that is not a space is '{' or '[', else textproto.
  kAuto,
  kJson,
  kTextproto,
};

// Longest accepted intake text, in bytes.
inline constexpr size_t kMaxIntakeBytes = 1 << 20;

// The text of a file, or of `standard_input` if `path` is "-".
absl::StatusOr<std::string> ReadIntakeText(const std::string& path, std::istream& standard_input);

// As IntakeFromJson.
std::vector<IntakeProblem> ParseIntake(absl::string_view text, IntakeFormat format,
                                       v1::Intake& intake);

}  // namespace plumbline::cli

#endif  // PLUMBLINE_SERVER_CLI_INTAKE_READER_H_
