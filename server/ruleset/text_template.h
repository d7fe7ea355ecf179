// Text templates: plain words with `{field}` holes; braces are written `{{` and `}}`.

#ifndef PLUMBLINE_SERVER_RULESET_TEXT_TEMPLATE_H_
#define PLUMBLINE_SERVER_RULESET_TEXT_TEMPLATE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/expr/schema.h"
#include "server/ruleset/compiled_ruleset.h"

namespace plumbline::ruleset {

struct TemplateMistake {
  size_t offset = 0;  // in the text
  std::string code;
  std::string message;
  std::string hint;
};

// Splits `text` at its holes. A hole that is not sound is reported and left out.
TextTemplate ParseTemplate(absl::string_view text, const expr::Schema& schema,
                           std::vector<TemplateMistake>& mistakes);

}  // namespace plumbline::ruleset

#endif  // PLUMBLINE_SERVER_RULESET_TEXT_TEMPLATE_H_
