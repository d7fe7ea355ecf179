// Everything that can be wrong with a manifest and its bundles: refused at the right step, for the
// right reason, while what was active goes on.

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/sha256.h"
#include "server/base/signed_note.h"
#include "server/registry/bundle.h"
#include "tests/testing/ruleset/minimal_ruleset.h"
#include "tests/unit/registry/activation_bench.h"

namespace plumbline::registry {
namespace {

using plumbline::testing::BundleOf;
using plumbline::testing::Edited;
using plumbline::testing::MinimalRulesetText;
using plumbline::testing::RevisionOf;
using plumbline::testing::RulesOfVersion;
using plumbline::testing::TestDeployment;
using plumbline::testing::WriteFile;
using ::testing::HasSubstr;

namespace fs = std::filesystem;

// What the cases work with: revision 1.2.3 is active with serial 5, and 1.3.0 is a whole release.
struct Scene {
  ActivationBench bench;
  std::string active;
  std::string bundle = BundleOf(RulesOfVersion("1.3.0"));
  std::string revision = RevisionOf(bundle);
  std::string expect_current;

  const TestDeployment& clinic() const { return bench.clinic; }
  std::string file() const { return absl::StrCat(bench.releases_path(), "/", revision, ".plumb"); }

  Manifest Next() const { return clinic().ManifestOf(6, revision); }
  std::string Signed() const { return clinic().Sign(Next()); }
  std::string SignedText(const std::string& from, const std::string& to) const {
    const std::string text = *FormatManifest(Next());
    const std::string changed = absl::StrReplaceAll(text, {{from, to}});
    EXPECT_NE(changed, text);
    return clinic().SignText(changed, *clinic().signer.key);
  }
  // The manifest for other rules, whose release is in the folder.
  std::string SignedFor(const std::string& rules) {
    return clinic().Sign(clinic().ManifestOf(6, bench.Release(rules)));
  }
  void Approvals(const std::string& text) const { WriteFile(file() + ".approvals", text); }
};

struct Case {
  std::string name;
  // Prepares the scene; the manifest to activate.
  std::function<std::string(Scene&)> prepare;
  ActivationStep step;
  std::string reason;
};

std::string Repeated(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

// A bundle with other bytes in it, under the name of the revision that is asked for.
std::string WithFile(Scene& scene, const std::string& bytes) {
  WriteFile(scene.file(), bytes);
  return scene.Signed();
}

// A container that EncodeBundle would not make, with the right digest.
std::string RawContainer(const std::string& path, int copies) {
  std::string bytes(kBundleMagic);
  bytes += std::string("\0\0\0", 3) + static_cast<char>(copies);
  for (int i = 0; i < copies; ++i) {
    bytes += std::string(1, '\0') + static_cast<char>(path.size()) + path;
    bytes += std::string("\0\0\0\0\0\1 ", 7);
  }
  const Sha256Digest digest = Sha256Of(bytes);
  bytes.append(digest.begin(), digest.end());
  return bytes;
}

std::vector<Case> ManifestCases() {
  using Step = ActivationStep;
  return {
      {"EmptyManifest", [](Scene&) { return ""; }, Step::kRead, "the manifest is empty"},
      {"HugeManifest", [](Scene&) { return std::string(70'000, 'x'); }, Step::kRead,
       "larger than 65536 bytes"},
      {"UnsignedManifest", [](Scene& s) { return *FormatManifest(s.Next()); }, Step::kSignature,
       "is not signed by a manifest signer"},
      {"ManifestThatIsNotUtf8", [](Scene& s) { return "\xff\xfe" + s.Signed(); }, Step::kSignature,
       "is not signed by a manifest signer"},
      {"ManifestOfWrongSigner",
       [](Scene& s) {
         return s.clinic().SignText(*FormatManifest(s.Next()), *s.clinic().lead.key);
       },
       Step::kSignature, "is not signed by a manifest signer"},
      {"ManifestOfUnknownKeyWithTheSignersName",
       [](Scene& s) {
         const auto impostor =
             plumbline::testing::MakePerson("Eve", "release", "release.clinic.example");
         return s.clinic().SignText(*FormatManifest(s.Next()), *impostor.key);
       },
       Step::kSignature, "is not signed by a manifest signer"},
      {"ManifestChangedAfterSigning",
       [](Scene& s) {
         return absl::StrReplaceAll(s.Signed(), {{"serial 6", "serial 7"}});
       },
       Step::kSignature, "is not signed by a manifest signer"},
      {"ManifestCutOff", [](Scene& s) { return s.Signed().substr(0, s.Signed().size() - 20); },
       Step::kSignature, "is not signed by a manifest signer"},
      {"ManifestThatIsAnApproval",
       [](Scene& s) {
         return s.clinic().Approve(
             s.clinic().ApprovalOf(s.bundle, s.clinic().lead, Meaning::kApproved),
             *s.clinic().signer.key);
       },
       Step::kParse, "line 1: `plumbline-manifest/v1` expected"},
      {"ManifestOfAnotherDeployment",
       [](Scene& s) { return s.SignedText("clinic.example/test", "clinic.example/live"); },
       Step::kParse, "for the deployment clinic.example/live, this is clinic.example/test"},
      {"UnknownAlias",
       [](Scene& s) {
         return s.SignedText("alias stable",
                             absl::StrCat("alias next ", s.revision, "\nalias stable"));
       },
       Step::kParse, "line 5: `alias stable ...` expected, found `alias next"},
      {"StableMissing",
       [](Scene& s) { return s.SignedText(absl::StrCat("alias stable ", s.revision, "\n"), ""); },
       Step::kParse, "a manifest names a stable revision"},
      {"TwoStables",
       [](Scene& s) {
         return s.SignedText(
             absl::StrCat("alias stable ", s.revision, "\n"),
             absl::StrCat("alias stable ", s.revision, "\nalias stable ", s.active, "\n"));
       },
       Step::kParse, "`alias stable` is given twice"},
      {"ShareAboveAHundredPercent",
       [](Scene& s) {
         return s.SignedText(
             absl::StrCat("alias stable ", s.revision, "\n"),
             absl::StrCat("alias stable ", s.active, "\nalias canary ", s.revision, " 10001\n"));
       },
       Step::kParse, "not a number from 1 to 10000"},
      {"CanaryWithoutShare",
       [](Scene& s) {
         return s.SignedText(
             absl::StrCat("alias stable ", s.revision, "\n"),
             absl::StrCat("alias stable ", s.active, "\nalias canary ", s.revision, "\n"));
       },
       Step::kParse, "the share of the canary"},
      {"LowerSerial",
       [](Scene& s) { return s.clinic().Sign(s.clinic().ManifestOf(4, s.revision)); },
       Step::kSerial, "serial 4 is lower than 5"},
      {"EqualSerialWithOtherContent",
       [](Scene& s) { return s.clinic().Sign(s.clinic().ManifestOf(5, s.revision)); },
       Step::kSerial, "serial 5 was active here with another manifest"},
      {"AnotherRevisionIsActiveThanExpected",
       [](Scene& s) {
         s.expect_current = s.revision;
         return s.Signed();
       },
       Step::kExpectCurrent, "expected was"},
  };
}

std::vector<Case> BundleCases() {
  using Step = ActivationStep;
  return {
      {"MissingBundle",
       [](Scene& s) {
         fs::remove(s.file());
         return s.Signed();
       },
       Step::kRead, "no ruleset file of revision"},
      {"UnknownRevision",
       [](Scene& s) { return s.clinic().Sign(s.clinic().ManifestOf(6, std::string(64, '0'))); },
       Step::kRead, "no ruleset file of revision 0000"},
      {"MissingFolder",
       [](Scene& s) {
         fs::remove_all(s.bench.releases_path());
         return s.Signed();
       },
       Step::kRead, "no folder"},
      {"BundleOfAnotherRevisionUnderThisName",
       [](Scene& s) { return WithFile(s, BundleOf(RulesOfVersion("6.6.6"))); }, Step::kRead,
       "not that of its name"},
      {"EmptyFile", [](Scene& s) { return WithFile(s, ""); }, Step::kRead, "byte 0: is empty"},
      {"TextInsteadOfBundle", [](Scene& s) { return WithFile(s, MinimalRulesetText()); },
       Step::kRead, "not a ruleset file"},
      {"BundleOfALaterFormat",
       [](Scene& s) {
         return WithFile(s, absl::StrReplaceAll(s.bundle, {{"ruleset/v1", "ruleset/v2"}}));
       },
       Step::kRead, "another version than v1"},
      {"HalfWrittenBundle",
       [](Scene& s) { return WithFile(s, s.bundle.substr(0, s.bundle.size() / 2)); }, Step::kRead,
       "truncated: file 1 of 1, `rules.textproto`"},
      {"BundleWithoutItsLastByte",
       [](Scene& s) { return WithFile(s, s.bundle.substr(0, s.bundle.size() - 1)); }, Step::kRead,
       "truncated: the digest"},
      {"OneBitFlipped",
       [](Scene& s) {
         std::string bytes = s.bundle;
         bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
         return WithFile(s, bytes);
       },
       Step::kRead, "the digest is not that of the bytes before it"},
      {"TrailingBytes", [](Scene& s) { return WithFile(s, s.bundle + "\n"); }, Step::kRead,
       "1 bytes follow after the end of the ruleset"},
      {"DuplicatePath", [](Scene& s) { return WithFile(s, RawContainer("a.textproto", 2)); },
       Step::kRead, "two files are called `a.textproto`"},
      {"PathTraversal", [](Scene& s) { return WithFile(s, RawContainer("../a.textproto", 1)); },
       Step::kRead, "holds the part \"..\""},
      {"AbsolutePath", [](Scene& s) { return WithFile(s, RawContainer("/a.textproto", 1)); },
       Step::kRead, "absolute"},
      {"FileOfTenMegabytes",
       [](Scene& s) {
         std::string bytes(kBundleMagic);
         bytes += std::string("\0\0\0\1\0\x0b", 6) + "a.textproto" + std::string("\0\0", 2) +
                  std::string("\0\x98\x96\x80", 4) + std::string(10'000'000, ' ');
         const Sha256Digest digest = Sha256Of(bytes);
         bytes.append(digest.begin(), digest.end());
         return WithFile(s, bytes);
       },
       Step::kRead, "`a.textproto` is larger than 4 MiB"},
      {"FortyMegabytesInAll", [](Scene& s) { return WithFile(s, std::string(40'000'000, ' ')); },
       Step::kRead, "the most that is read"},
      {"BundleIsASymbolicLink",
       [](Scene& s) {
         fs::rename(s.file(), s.bench.folder / "elsewhere.plumb");
         fs::create_symlink(s.bench.folder / "elsewhere.plumb", s.file());
         return s.Signed();
       },
       Step::kRead, "is a symbolic link"},
      {"FolderIsASymbolicLink",
       [](Scene& s) {
         fs::rename(s.bench.releases_path(), s.bench.folder / "elsewhere");
         fs::create_directory_symlink(s.bench.folder / "elsewhere", s.bench.releases_path());
         return s.Signed();
       },
       Step::kRead, "is a symbolic link"},
      {"FolderInsteadOfFile",
       [](Scene& s) {
         fs::remove(s.file());
         fs::create_directory(s.file());
         return s.Signed();
       },
       Step::kRead, "is a folder, not a file"},
      {"BrokenApprovals",
       [](Scene& s) {
         s.Approvals("approved by me\n");
         return s.Signed();
       },
       Step::kRead, "line 1: `plumbline-ruleset-approval/v1`"},
  };
}

std::vector<Case> ApprovalCases() {
  using Step = ActivationStep;
  return {
      {"NoApprovals",
       [](Scene& s) {
         fs::remove(s.file() + ".approvals");
         return s.Signed();
       },
       Step::kApprovals, "1 reviewed needed, 2 approved needed"},
      {"TooFewApprovals",
       [](Scene& s) {
         s.Approvals(s.clinic().Approve(s.bundle, s.clinic().author, Meaning::kAuthored) +
                     s.clinic().Approve(s.bundle, s.clinic().reviewer, Meaning::kReviewed) +
                     s.clinic().Approve(s.bundle, s.clinic().lead, Meaning::kApproved));
         return s.Signed();
       },
       Step::kApprovals, "2 approved needed; counted: Bo Berg authored"},
      {"ApprovalsOfAnotherRevision",
       [](Scene& s) {
         s.Approvals(s.clinic().ApproveFully(BundleOf(MinimalRulesetText())));
         return s.Signed();
       },
       Step::kApprovals, "for other revisions: 4"},
      {"ApproverWithAnUnknownKey",
       [](Scene& s) {
         s.Approvals(s.clinic().Approve(s.bundle, s.clinic().author, Meaning::kAuthored) +
                     s.clinic().Approve(s.bundle, s.clinic().reviewer, Meaning::kReviewed) +
                     s.clinic().Approve(s.bundle, s.clinic().stranger, Meaning::kApproved) +
                     s.clinic().Approve(s.bundle, s.clinic().safety, Meaning::kApproved));
         return s.Signed();
       },
       Step::kApprovals, "unknown key eve.elsewhere.example"},
      {"AuthorIsOneOfTwoApprovers",
       [](Scene& s) {
         s.Approvals(s.clinic().Approve(s.bundle, s.clinic().lead, Meaning::kAuthored) +
                     s.clinic().Approve(s.bundle, s.clinic().reviewer, Meaning::kReviewed) +
                     s.clinic().Approve(s.bundle, s.clinic().lead, Meaning::kApproved) +
                     s.clinic().Approve(s.bundle, s.clinic().safety, Meaning::kApproved));
         return s.Signed();
       },
       Step::kApprovals, "Anna Alm approved (is an author)"},
      {"ForgedApproval",
       [](Scene& s) {
         s.Approvals(absl::StrReplaceAll(s.clinic().ApproveFully(s.bundle),
                                         {{"role clinical lead", "role clinical lord"}}));
         return s.Signed();
       },
       Step::kApprovals, "wrong signature of a known key"},
      {"ShadowThatNobodyApproved",
       [](Scene& s) {
         fs::remove(s.file() + ".approvals");
         Manifest manifest = s.clinic().ManifestOf(6, s.active);
         manifest.shadow = s.revision;
         return s.clinic().Sign(manifest);
       },
       Step::kApprovals, "2 approved needed"},
  };
}

std::vector<Case> RulesCases() {
  using Step = ActivationStep;
  return {
      {"RulesThatAreNotUtf8",
       [](Scene& s) {
         return s.SignedFor(Edited(MinimalRulesetText(), "A minimal ruleset", "\xff\xfe"));
       },
       Step::kParse, "rules.textproto:"},
      {"SyntaxError",
       [](Scene& s) { return s.SignedFor(RulesOfVersion("1.3.1") + "red_flags { id: \"X\"\n"); },
       Step::kParse, "rules.textproto:"},
      {"UnknownField",
       [](Scene& s) { return s.SignedFor(RulesOfVersion("1.3.1") + "magic { id: \"X\" }\n"); },
       Step::kParse, "magic"},
      {"DeepNestingOfTextproto",
       [](Scene& s) {
         return s.SignedFor(RulesOfVersion("1.3.1") + Repeated("red_flags { ", 100'000) +
                            Repeated("}", 100'000));
       },
       Step::kParse, "rules.textproto:"},
      {"TypeError",
       [](Scene& s) {
         return s.SignedFor(Edited(MinimalRulesetText(), "\"age_years >= 60\"", "\"age_years\""));
       },
       Step::kCheck, "rules.textproto:"},
      {"MissingSafetyChoice",
       [](Scene& s) {
         return s.SignedFor(
             Edited(MinimalRulesetText(), "  on_indeterminate { action: ACTION_ASK }\n", ""));
       },
       Step::kCheck, "on_indeterminate"},
      {"DeepNestingOfExpressions",
       [](Scene& s) {
         return s.SignedFor(Edited(
             MinimalRulesetText(), "\"fever && older\"",
             absl::StrCat("\"", Repeated("(", 50'000), "fever", Repeated(")", 50'000), "\"")));
       },
       Step::kCheck, "rules.textproto:"},
      {"RulesetOfAnotherKindBeside",
       [](Scene& s) {
         Manifest manifest = s.clinic().ManifestOf(6, s.active);
         manifest.shadow = s.bench.Release(
             Edited(MinimalRulesetText(), "ruleset_id: \"minimal\"", "ruleset_id: \"maximal\""));
         return s.clinic().Sign(manifest);
       },
       Step::kCheck, "mixes rulesets: maximal, minimal"},
      {"FailingRuleTest",
       [](Scene& s) {
         s.bench.preparation.failed_tests = {"V-1: level: expected LEVEL_EXERCISE_OK, got ..."};
         return s.Signed();
       },
       Step::kTests, "1 of 4 rule tests fail: V-1: level"},
      {"EngineThatRefuses",
       [](Scene& s) {
         s.bench.preparation.status = absl::InternalError("out of slots");
         return s.Signed();
       },
       Step::kWarmUp, "out of slots"},
      {"StateThatCannotBeWritten",
       [](Scene& s) {
         fs::create_directory(s.bench.folder / "state/activation.state.was");
         fs::rename(s.bench.folder / "state/activation.state",
                    s.bench.folder / "state/activation.state.was/x");
         fs::create_directories(s.bench.folder / "state/activation.state/full");
         return s.Signed();
       },
       Step::kStore, "activation.state"},
  };
}

class RefusalTest : public ::testing::TestWithParam<Case> {};

TEST_P(RefusalTest, NamesStepAndReasonAndChangesNothing) {
  Scene scene;
  ActivationBench& bench = scene.bench;
  scene.active = bench.ReleaseOfVersion("1.2.3");
  const ActivationResult before =
      bench.Activate(scene.clinic().Sign(scene.clinic().ManifestOf(5, scene.active)));
  ASSERT_TRUE(before.status.ok()) << before.status;
  scene.clinic().PutRelease(bench.releases_path(), scene.bundle);
  const std::shared_ptr<const Snapshot> serving = bench.registry->snapshot();
  bench.observer.events.clear();

  ActivationAttempt attempt = bench.AttemptOf(GetParam().prepare(scene));
  attempt.expect_current = scene.expect_current;
  const ActivationResult result = bench.activation->Activate(attempt);

  EXPECT_EQ(std::string(StepName(result.step)), std::string(StepName(GetParam().step)));
  EXPECT_FALSE(result.status.ok());
  EXPECT_THAT(std::string(result.status.message()),
              ::testing::StartsWith(absl::StrCat(StepName(GetParam().step), ": ")));
  EXPECT_THAT(std::string(result.status.message()), HasSubstr(GetParam().reason));
  EXPECT_EQ(result.snapshot, nullptr);

  EXPECT_EQ(bench.registry->snapshot(), serving);
  EXPECT_EQ(bench.registry->Choose("", "r").revision->revision, scene.active);
  EXPECT_EQ(bench.state->highest().serial, 5u);
  const ActivationStatus status = bench.activation->status();
  EXPECT_EQ(status.activations, 1u);
  EXPECT_EQ(status.failures, 1u);
  EXPECT_EQ(status.failures_by_step.at(std::string(StepName(GetParam().step))), 1u);
  ASSERT_EQ(status.last_failure.size(), 1u);
  EXPECT_EQ(status.last_failure[0].message, std::string(result.status.message()));
  ASSERT_EQ(bench.observer.events.size(), 1u);
  EXPECT_EQ(bench.observer.events[0].result.status, result.status);
}

// What was wrong does not stay wrong: the same server takes a sound manifest afterwards.
TEST_P(RefusalTest, SoundManifestIsTakenAfterwards) {
  Scene scene;
  ActivationBench& bench = scene.bench;
  scene.active = bench.ReleaseOfVersion("1.2.3");
  ASSERT_TRUE(
      bench.Activate(scene.clinic().Sign(scene.clinic().ManifestOf(5, scene.active))).status.ok());
  scene.clinic().PutRelease(bench.releases_path(), scene.bundle);
  ActivationAttempt attempt = bench.AttemptOf(GetParam().prepare(scene));
  attempt.expect_current = scene.expect_current;
  ASSERT_FALSE(bench.activation->Activate(attempt).status.ok());

  bench.preparation.failed_tests.clear();
  bench.preparation.status = absl::OkStatus();
  fs::remove_all(bench.folder / "state/activation.state");
  fs::remove_all(bench.releases_path());
  fs::create_directory(bench.releases_path());
  scene.clinic().PutRelease(bench.releases_path(), scene.bundle);
  const ActivationResult result = bench.Activate(scene.Signed());
  EXPECT_TRUE(result.status.ok()) << result.status;
  EXPECT_EQ(bench.registry->Choose("", "r").revision->revision, scene.revision);
}

std::string CaseName(const ::testing::TestParamInfo<Case>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(Manifests, RefusalTest, ::testing::ValuesIn(ManifestCases()), CaseName);
INSTANTIATE_TEST_SUITE_P(Bundles, RefusalTest, ::testing::ValuesIn(BundleCases()), CaseName);
INSTANTIATE_TEST_SUITE_P(Approvals, RefusalTest, ::testing::ValuesIn(ApprovalCases()), CaseName);
INSTANTIATE_TEST_SUITE_P(Rules, RefusalTest, ::testing::ValuesIn(RulesCases()), CaseName);

}  // namespace
}  // namespace plumbline::registry
