#include "server/service/kept_rulesets.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "plumbline/v1/intake.pb.h"
#include "server/base/issue.h"
#include "server/registry/bundle.h"
#include "server/ruleset/compiler.h"
#include "server/ruleset/document.h"
#include "server/service/engine_evaluator.h"

namespace plumbline::service {
namespace {

absl::StatusOr<std::shared_ptr<const ruleset::CompiledRuleset>> Compile(const std::string& revision,
                                                                        const std::string& bytes) {
  absl::StatusOr<registry::Bundle> bundle =
      registry::ParseBundle(bytes, absl::StrCat("the kept ruleset ", revision));
  if (!bundle.ok()) {
    return absl::DataLossError(bundle.status().message());
  }
  if (bundle->revision != revision) {
    return absl::DataLossError(
        absl::StrCat("what is kept as ruleset ", revision, " is of revision ", bundle->revision));
  }
  std::vector<Issue> issues;
  const auto document = ruleset::RulesetDocument::Parse(std::move(bundle->files), issues);
  ruleset::CompileOptions options;
  options.lint = false;  // it was checked when it went live
  ruleset::CompileResult compiled =
      ruleset::Compile(document, *v1::Intake::descriptor(), std::move(issues), options);
  if (compiled.ruleset != nullptr) {
    return std::move(compiled.ruleset);
  }
  const auto error =
      std::find_if(compiled.issues.begin(), compiled.issues.end(),
                   [](const Issue& issue) { return issue.severity == Severity::kError; });
  return absl::FailedPreconditionError(
      absl::StrCat("this version of the program cannot compile the kept ruleset ", revision, ": ",
                   error == compiled.issues.end() ? "" : FormatIssue(*error)));
}

}  // namespace

absl::Status KeptRulesets::Keep(absl::string_view revision, absl::string_view bundle) {
  const absl::StatusOr<std::string> digest = store_->PutObject(bundle);
  if (!digest.ok()) {
    return digest.status();
  }
  const absl::StatusOr<std::string> named = store_->GetDocument(revision);
  if (named.ok() && *named == *digest) {
    return absl::OkStatus();
  }
  // A revision has one file only: another one is damage, which this replaces.
  return store_->PutDocument(revision, *digest);
}

absl::StatusOr<std::string> KeptRulesets::LoadBundle(absl::string_view revision) const {
  const absl::StatusOr<std::string> digest = store_->GetDocument(revision);
  if (absl::IsNotFound(digest.status()) || absl::IsInvalidArgument(digest.status())) {
    return absl::NotFoundError(
        absl::StrCat("the ruleset ", revision, " is not kept beside this log"));
  }
  if (!digest.ok()) {
    return digest.status();
  }
  return store_->GetObject(*digest);
}

absl::StatusOr<KeptRulesets::Loaded> KeptRulesets::LoadBoth(absl::string_view revision) {
  const std::string name(revision.data(), revision.size());
  absl::MutexLock lock(&mutex_);
  const auto found = std::find_if(in_memory_.begin(), in_memory_.end(),
                                  [&](const auto& entry) { return entry.first == name; });
  if (found != in_memory_.end()) {
    in_memory_.splice(in_memory_.begin(), in_memory_, found);
    return in_memory_.front().second;
  }
  const absl::StatusOr<std::string> bytes = LoadBundle(revision);
  if (!bytes.ok()) {
    return bytes.status();
  }
  auto compiled = Compile(name, *bytes);
  if (!compiled.ok()) {
    return compiled.status();
  }
  Loaded loaded{*compiled, ServeRuleset(*compiled)};
  in_memory_.emplace_front(name, loaded);
  if (in_memory_.size() > kMaxInMemory) {
    in_memory_.pop_back();
  }
  return loaded;
}

absl::StatusOr<std::shared_ptr<const ServedRuleset>> KeptRulesets::Load(
    absl::string_view revision) {
  absl::StatusOr<Loaded> loaded = LoadBoth(revision);
  if (!loaded.ok()) {
    return loaded.status();
  }
  return loaded->served;
}

absl::StatusOr<std::shared_ptr<const ruleset::CompiledRuleset>> KeptRulesets::LoadCompiled(
    absl::string_view revision) {
  absl::StatusOr<Loaded> loaded = LoadBoth(revision);
  if (!loaded.ok()) {
    return loaded.status();
  }
  return loaded->compiled;
}

}  // namespace plumbline::service
