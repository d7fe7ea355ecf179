#include "tests/testing/registry/test_deployment.h"

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "server/base/random.h"
#include "server/base/signed_note.h"
#include "server/registry/bundle.h"
#include "tests/testing/ruleset/minimal_ruleset.h"

namespace plumbline::testing {
namespace {

using registry::Approval;
using registry::Meaning;

template <typename T>
T Must(absl::StatusOr<T> value) {
  EXPECT_TRUE(value.ok()) << value.status();
  return value.ok() ? *std::move(value) : T();
}

// 2026-11-21T08:00:00Z
const absl::Time kTime = absl::FromUnixSeconds(1'795'248'000);

}  // namespace

RegistryFolder::RegistryFolder() : path_(::testing::TempDir() + "plumbline.XXXXXX") {
  EXPECT_NE(mkdtemp(path_.data()), nullptr) << path_;
}

RegistryFolder::~RegistryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void WriteFile(const std::string& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::binary);
  file << bytes;
  file.close();
  EXPECT_TRUE(file.good()) << path;
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path;
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

TestPerson MakePerson(const std::string& name, const std::string& role,
                      const std::string& key_name) {
  OpenSslRandomSource random;
  const GeneratedNoteKey key = Must(GenerateNoteKey(random, key_name));
  return {name, role, Must(Ed25519NoteSigner::Create(key.skey))};
}

std::string BundleOf(const std::string& rules) { return BundleOf({{"rules.textproto", rules}}); }

std::string BundleOf(const std::vector<ruleset::SourceFile>& files) {
  return Must(registry::EncodeBundle(files));
}

std::string RevisionOf(const std::string& bundle) {
  return Must(registry::ParseBundle(bundle, "bundle")).revision;
}

std::string RulesOfVersion(const std::string& version) {
  // Its worked patient is one for checks: it contradicts itself, and expects what no engine
  // decides. Without a last day, so that tests that look at the real clock pass on every day.
  std::string sound = MinimalRulesetText();
  for (const char* line : {"  effective_until { year: 2026 month: 12 day: 31 }\n",
                           "  otherwise_negative: \"leg_nerve_cord\"\n",
                           "    excluded { exercise_id: \"EX-BEND\" rule_id: \"CI-1\" }\n",
                           "    advice: \"AD-1\"\n"}) {
    sound = Edited(sound, line, "");
  }
  return Edited(sound, "version: \"1.2.3\"", absl::StrCat("version: \"", version, "\""));
}

std::vector<BadlyTestedRules> BadlyTested(const std::string& version) {
  const std::string rules = RulesOfVersion(version);
  const std::string table = "outcome_tables { rule_id: \"RF-1\" patient: \"V-1\" rows { ";
  return {
      {"Vignette",
       Edited(rules, "    level: LEVEL_URGENT_SAME_DAY\n    fires",
              "    level: LEVEL_EXERCISE_OK\n    fires"),
       "V-1: level: expected LEVEL_EXERCISE_OK, got LEVEL_URGENT_SAME_DAY"},
      {"OutcomeRow", rules + table + "outcome: CONDITION_OUTCOME_NO_MATCH } }\n",
       "RF-1 for V-1: RF-1: expected NO_MATCH, got MATCH"},
      {"OutcomeRowOfAnotherPatient",
       rules + table + "with: \"fever = false\" outcome: CONDITION_OUTCOME_MATCH } }\n",
       "RF-1 for V-1 with fever = false: RF-1: expected MATCH, got NO_MATCH"},
      {"OutcomeRowThatCannotBeRead",
       rules + table + "with: \"feverr = false\" outcome: CONDITION_OUTCOME_NO_MATCH } }\n",
       "feverr"},
      {"DoseRegister", rules + "dose_registers { exercise_id: \"EX-WALK\" steps: \"All day\" }\n",
       "doses of EX-WALK: registered All day, got "},
      {"NoTests", rules.substr(0, rules.find("vignettes {")), "it has no tests of its own"},
      {"DoseRegisterAlone",
       rules.substr(0, rules.find("vignettes {")) +
           "dose_registers { exercise_id: \"EX-WALK\" steps: \"All day\" }\n",
       "doses of EX-WALK: registered All day, got "},
  };
}

TestDeployment::TestDeployment() = default;

std::string TestDeployment::PolicyText() const {
  std::string text = absl::StrCat("plumbline-trust-policy/v1\n", "deployment clinic.example/test\n",
                                  "manifest-signer ", signer.key->vkey(), "\n");
  for (const TestPerson* person : {&author, &reviewer, &lead, &safety}) {
    absl::StrAppend(&text, "approver ", person->key->vkey(), " person \"", person->name,
                    "\" roles \"", person->role, "\"\n");
  }
  return text +
         "require 1 reviewed\nrequire 2 approved\nrequire 1 approved role \"clinical lead\"\n";
}

registry::TrustPolicy TestDeployment::Policy() const {
  absl::StatusOr<registry::TrustPolicy> policy =
      registry::TrustPolicy::Parse(PolicyText(), "trust.policy");
  EXPECT_TRUE(policy.ok()) << policy.status();
  return *std::move(policy);
}

registry::Manifest TestDeployment::ManifestOf(uint64_t serial, const std::string& stable) const {
  registry::Manifest manifest;
  manifest.deployment = "clinic.example/test";
  manifest.serial = serial;
  manifest.time = kTime;
  manifest.stable = stable;
  return manifest;
}

std::string TestDeployment::Sign(const registry::Manifest& manifest) const {
  return SignText(Must(registry::FormatManifest(manifest)), *signer.key);
}

std::string TestDeployment::SignText(const std::string& text, const Ed25519NoteSigner& key) const {
  return Must(SignNote(text, {&key}));
}

Approval TestDeployment::ApprovalOf(const std::string& bundle, const TestPerson& person,
                                    Meaning meaning) const {
  const registry::Bundle parsed = Must(registry::ParseBundle(bundle, "bundle"));
  std::vector<Issue> issues;
  const auto document = ruleset::RulesetDocument::Parse(parsed.files, issues);
  const v1::Manifest& manifest = document.ruleset().manifest();
  // Also of rules that are so broken that they have neither id nor version.
  const auto or_none = [](const std::string& text) { return text.empty() ? "none" : text; };
  return {parsed.revision,
          or_none(manifest.ruleset_id()),
          or_none(manifest.version()),
          person.name,
          person.role,
          meaning,
          kTime};
}

std::string TestDeployment::Approve(const std::string& bundle, const TestPerson& person,
                                    Meaning meaning) const {
  return Approve(ApprovalOf(bundle, person, meaning), *person.key);
}

std::string TestDeployment::Approve(const Approval& approval, const Ed25519NoteSigner& key) const {
  return SignText(Must(registry::FormatApproval(approval)), key);
}

std::string TestDeployment::ApproveFully(const std::string& bundle) const {
  return Approve(bundle, author, Meaning::kAuthored) +
         Approve(bundle, reviewer, Meaning::kReviewed) + Approve(bundle, lead, Meaning::kApproved) +
         Approve(bundle, safety, Meaning::kApproved);
}

void TestDeployment::PutBundle(const std::string& folder, const std::string& bundle) const {
  WriteFile(absl::StrCat(folder, "/", RevisionOf(bundle), ".plumb"), bundle);
}

void TestDeployment::PutRelease(const std::string& folder, const std::string& bundle) const {
  PutBundle(folder, bundle);
  WriteFile(absl::StrCat(folder, "/", RevisionOf(bundle), ".plumb.approvals"),
            ApproveFully(bundle));
}

void TestDeployment::PutManifest(const std::string& folder, const std::string& note) const {
  const std::string path = folder + "/manifest.note";
  WriteFile(path + ".new", note);
  std::filesystem::rename(path + ".new", path);
}

}  // namespace plumbline::testing
