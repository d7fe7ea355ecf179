#include "server/ruleset/lint_sources.h"

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "server/ruleset/rule_fields.h"

namespace plumbline::ruleset {
namespace {

using google::protobuf::Message;

absl::flat_hash_set<std::string> CitedPassages(const v1::Ruleset& ruleset) {
  absl::flat_hash_set<std::string> cited;
  WalkMessages(ruleset, [&cited](const Message& message, const std::string&) {
    const auto* type = message.GetDescriptor();
    // A hazard tells where it comes from; it encodes nothing.
    if (type == v1::Hazard::descriptor()) return;
    for (int i = 0; i < type->field_count(); ++i) {
      const FieldRole* role = FindFieldRole(*type->field(i));
      if (role == nullptr || role->role != Role::kSources) continue;
      for (int k = 0; k < message.GetReflection()->FieldSize(message, type->field(i)); ++k) {
        cited.insert(message.GetReflection()->GetRepeatedString(message, type->field(i), k));
      }
    }
  });
  return cited;
}

// Rules that rest on choices of the project alone and do not say so.
void CheckProjectChoices(const CheckContext& context) {
  WalkMessages(context.ruleset, [&context](const Message& message, const std::string& path) {
    const auto* type = message.GetDescriptor();
    const auto& reflection = *message.GetReflection();
    const auto* mark = type->FindFieldByName("project_choice");
    const auto* sources = type->FindFieldByName("sources");
    if (mark == nullptr || sources == nullptr || reflection.GetBool(message, mark)) return;
    const int count = reflection.FieldSize(message, sources);
    for (int i = 0; i < count; ++i) {
      if (context.index.PassageStatus(reflection.GetRepeatedString(message, sources, i)) !=
          v1::SOURCE_STATUS_PROJECT_CHOICE) {
        return;
      }
    }
    if (count == 0) return;
    context.report.Warning(path + ".sources[0]", "unmarked-project-choice",
                           "this rests on choices of the project alone", "set `project_choice`");
  });
}

}  // namespace

bool IsFactLedger(absl::string_view source_id) {
  if (source_id.empty() || source_id.size() > 2) return false;
  if (!absl::ascii_isupper(static_cast<unsigned char>(source_id[0]))) return false;
  return source_id.size() == 1 || absl::ascii_isdigit(static_cast<unsigned char>(source_id[1]));
}

void LintSources(const CheckContext& context) {
  CheckProjectChoices(context);
  const absl::flat_hash_set<std::string> cited = CitedPassages(context.ruleset);
  for (int i = 0; i < context.ruleset.sources_size(); ++i) {
    const v1::Source& source = context.ruleset.sources(i);
    for (int k = 0; k < source.passages_size(); ++k) {
      const v1::Passage& passage = source.passages(k);
      const std::string path = absl::StrCat(At("sources", i), ".", At("passages", k));
      const bool is_cited = cited.contains(passage.id());
      if (is_cited && !passage.not_encoded_because().empty()) {
        context.report.Warning(
            path + ".not_encoded_because", "contradicted-fact",
            absl::StrCat("`", passage.id(), "` says why no rule encodes it, and a rule cites it"));
      } else if (!is_cited && passage.not_encoded_because().empty() && IsFactLedger(source.id())) {
        context.report.Warning(path, "unaccounted-fact",
                               absl::StrCat("no rule cites the fact `", passage.id(), "`"),
                               "cite it, or say in `not_encoded_because` why no rule encodes it");
      }
    }
  }
}

}  // namespace plumbline::ruleset
