// TestDeployment: a made-up health system with keys, a trust policy and a folder of releases.
//
// Its policy: one manifest signer; one author, one reviewer, two approvers of whom one is clinical
// lead; authors do not approve. Failures of its own work fail the running test.

#ifndef PLUMBLINE_TESTS_TESTING_REGISTRY_TEST_DEPLOYMENT_H_
#define PLUMBLINE_TESTS_TESTING_REGISTRY_TEST_DEPLOYMENT_H_

#include <memory>
#include <string>
#include <vector>

#include "server/base/note_key.h"
#include "server/registry/approval.h"
#include "server/registry/manifest.h"
#include "server/registry/registry.h"
#include "server/registry/trust_policy.h"
#include "server/ruleset/document.h"

namespace plumbline::testing {

// A new, empty folder below testing::TempDir(), removed with everything in it at the end.
class RegistryFolder {
 public:
  RegistryFolder();
  RegistryFolder(const RegistryFolder&) = delete;
  RegistryFolder& operator=(const RegistryFolder&) = delete;
  ~RegistryFolder();

  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

void WriteFile(const std::string& path, const std::string& bytes);
std::string ReadFile(const std::string& path);

// Somebody who signs.
struct TestPerson {
  std::string name;
  std::string role;
  std::unique_ptr<Ed25519NoteSigner> key;
};
TestPerson MakePerson(const std::string& name, const std::string& role,
                      const std::string& key_name);

// The bundle of one file, "rules.textproto".
std::string BundleOf(const std::string& rules);
std::string BundleOf(const std::vector<ruleset::SourceFile>& files);
std::string RevisionOf(const std::string& bundle);

// The minimal ruleset (minimal_ruleset.h) under another version, which is another revision. Passes
// its own tests.
std::string RulesOfVersion(const std::string& version);

// Rules whose own tests do not show that they do what they should: nothing may activate them or
// call them valid.
struct BadlyTestedRules {
  std::string name;
  std::string rules;
  std::string reason;
};
// One for each kind of test that fails, one whose test cannot be read, and one without tests.
std::vector<BadlyTestedRules> BadlyTested(const std::string& version);

class TestDeployment {
 public:
  TestDeployment();

  std::string PolicyText() const;
  registry::TrustPolicy Policy() const;

  // A manifest for this deployment; fields may be changed before it is signed.
  registry::Manifest ManifestOf(uint64_t serial, const std::string& stable) const;
  std::string Sign(const registry::Manifest& manifest) const;
  std::string SignText(const std::string& text, const Ed25519NoteSigner& key) const;

  // One approval of a bundle, as a signed note.
  std::string Approve(const std::string& bundle, const TestPerson& person,
                      registry::Meaning meaning) const;
  std::string Approve(const registry::Approval& approval, const Ed25519NoteSigner& key) const;
  registry::Approval ApprovalOf(const std::string& bundle, const TestPerson& person,
                                registry::Meaning meaning) const;
  // All that the policy demands.
  std::string ApproveFully(const std::string& bundle) const;

  // Files of a release.
  void PutBundle(const std::string& folder, const std::string& bundle) const;
  void PutRelease(const std::string& folder, const std::string& bundle) const;
  void PutManifest(const std::string& folder, const std::string& note) const;

  TestPerson signer = MakePerson("Rita Release", "release", "release.clinic.example");
  TestPerson author = MakePerson("Bo Berg", "author", "bo.clinic.example");
  TestPerson reviewer = MakePerson("Cy Chen", "physiotherapist", "cy.clinic.example");
  TestPerson lead = MakePerson("Anna Alm", "clinical lead", "anna.clinic.example");
  TestPerson safety = MakePerson("Dee Diaz", "safety officer", "dee.clinic.example");
  TestPerson stranger = MakePerson("Eve Else", "clinical lead", "eve.elsewhere.example");
};

}  // namespace plumbline::testing

#endif  // PLUMBLINE_TESTS_TESTING_REGISTRY_TEST_DEPLOYMENT_H_
