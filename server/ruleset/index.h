// Index: every name that a ruleset defines.
//
// Immutable once built; thread-safe. Refers to the ruleset, which must outlive it.

#ifndef PLUMBLINE_SERVER_RULESET_INDEX_H_
#define PLUMBLINE_SERVER_RULESET_INDEX_H_

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "plumbline/v1/ruleset.pb.h"
#include "server/expr/schema.h"
#include "server/ruleset/document.h"
#include "server/ruleset/report.h"
#include "server/ruleset/rule_fields.h"

namespace plumbline::ruleset {

class Index {
 public:
  // Reports missing, malformed and duplicate ids. Of duplicates the first one counts.
  Index(const RulesetDocument& document, const expr::Schema& schema, Report& report);

  // True if `id` names a thing of that kind, or may do so: parts that could not be read count.
  bool Knows(Kind kind, absl::string_view id) const;
  // All ids of the kind, sorted; for suggestions.
  std::vector<std::string> Names(Kind kind) const;

  // Position in the ruleset's repeated field; nullopt if there is none of that name.
  std::optional<uint32_t> Exercise(absl::string_view id) const;
  std::optional<uint32_t> Stage(absl::string_view id) const;
  std::optional<uint32_t> ReferralTarget(absl::string_view id) const;

  // Status of a passage, its source's if it has none of its own. Unspecified if there is no such
  // passage.
  v1::SourceStatus PassageStatus(absl::string_view id) const;

  // What the path of the definition is ("red_flags[3]"); empty if there is none.
  std::string PathOf(Kind kind, absl::string_view id) const;

 private:
  struct Definition {
    Kind kind;
    std::string path;
  };
  void Define(Kind kind, const std::string& id, const std::string& path, Report& report);

  // Names of the shared namespace, and the namespaces of their own.
  std::map<std::string, Definition> shared_;
  std::map<Kind, std::map<std::string, std::string>> own_;
  absl::flat_hash_map<std::string, uint32_t> exercises_;
  absl::flat_hash_map<std::string, uint32_t> stages_;
  absl::flat_hash_map<std::string, uint32_t> referral_targets_;
  absl::flat_hash_map<std::string, v1::SourceStatus> passages_;
  std::set<std::string> lost_;
};

}  // namespace plumbline::ruleset

#endif  // PLUMBLINE_SERVER_RULESET_INDEX_H_
