// Checks the shape of a textproto file against a message type, reporting every mistake.

#ifndef PLUMBLINE_SERVER_RULESET_TEXTPROTO_SCHEMA_H_
#define PLUMBLINE_SERVER_RULESET_TEXTPROTO_SCHEMA_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "server/ruleset/textproto_tree.h"

namespace plumbline::ruleset {

struct SchemaMistake {
  size_t offset = 0;
  std::string code;
  std::string message;
  std::string hint;
};

// Finds unknown fields and enum values, values of the wrong type or out of range, and singular
// fields given twice. Each offending field is moved from `tree` (its message is marked incomplete)
// to `removed`; without the bytes of those, the file parses. `text` is the file.
std::vector<SchemaMistake> CheckAgainstSchema(absl::string_view text,
                                              const google::protobuf::Descriptor& type,
                                              TextprotoTree& tree,
                                              std::vector<TextprotoField>& removed);

}  // namespace plumbline::ruleset

#endif  // PLUMBLINE_SERVER_RULESET_TEXTPROTO_SCHEMA_H_
