// From a folder of rules to a signed manifest, with the commands that people type.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/cli/cli.h"
#include "server/registry/approval.h"
#include "server/registry/bundle.h"
#include "server/registry/manifest.h"
#include "server/registry/trust_policy.h"
#include "tests/testing/registry/test_deployment.h"

namespace plumbline::cli {
namespace {

using ::testing::HasSubstr;
using testing::ReadFile;
using testing::RulesOfVersion;
using ::testing::StartsWith;
using testing::WriteFile;

namespace fs = std::filesystem;

struct Result {
  int code = -1;
  std::string out;
  std::string err;
};

class ReleaseCommandsTest : public ::testing::Test {
 protected:
  void SetUp() override { PutRules("rules", "1.2.3"); }

  void PutRules(const std::string& folder, const std::string& version) const {
    fs::create_directories(folder_ / folder);
    WriteFile(folder_ / folder + "/rules.textproto", RulesOfVersion(version));
  }

  // Words of `line`, with @ for the folder, and the rest.
  Result Run(const std::string& line, const std::vector<std::string>& rest = {}) const {
    std::vector<std::string> words = absl::StrSplit("plumbline " + line, ' ');
    words.insert(words.end(), rest.begin(), rest.end());
    std::vector<const char*> pointers;
    for (std::string& word : words) {
      if (word[0] == '@') word = folder_ / word.substr(1);
      pointers.push_back(word.c_str());
    }
    std::istringstream in;
    std::ostringstream out;
    std::ostringstream err;
    Environment environment{in, out, err};
    Result result;
    result.code = RunCli(static_cast<int>(pointers.size()), pointers.data(), environment);
    result.out = out.str();
    result.err = err.str();
    return result;
  }

  // A new key in NAME.key; the public one.
  std::string Key(const std::string& name) const {
    const Result made = Run(absl::StrCat("keys generate ", name, ".example --out @", name, ".key"));
    EXPECT_EQ(made.code, kExitOk) << made.err;
    return made.out.substr(0, made.out.find('\n'));
  }
  std::string Revision() const {
    const auto bundle = registry::ReadBundleFile(folder_ / "a.plumb");
    EXPECT_TRUE(bundle.ok()) << bundle.status();
    return bundle.ok() ? bundle->revision : "";
  }

  const testing::RegistryFolder folder_;
};

TEST_F(ReleaseCommandsTest, BuildKeepsTheRevisionAndIsDeterministic) {
  const Result built = Run("rules build @rules -o @a.plumb");
  ASSERT_EQ(built.code, kExitOk) << built.err;
  EXPECT_THAT(built.out, StartsWith(absl::StrCat("minimal 1.2.3\nrevision ", Revision(), "\n")));
  EXPECT_THAT(Run("rules check @rules").out, HasSubstr(Revision().substr(0, 12)));
  EXPECT_THAT(Run("rules check @a.plumb").out, HasSubstr(Revision().substr(0, 12)));
  ASSERT_EQ(Run("rules build @a.plumb -o @b.plumb").code, kExitOk);
  EXPECT_EQ(ReadFile(folder_ / "a.plumb"), ReadFile(folder_ / "b.plumb"));
  EXPECT_THAT(Run("rules build @rules -o @a.plumb").out, HasSubstr("unchanged"));
}

TEST_F(ReleaseCommandsTest, ReleasedFilesAreNotOverwrittenByOthers) {
  ASSERT_EQ(Run("rules build @rules -o @a.plumb").code, kExitOk);
  const std::string before = ReadFile(folder_ / "a.plumb");
  PutRules("rules", "1.3.0");
  const Result refused = Run("rules build @rules -o @a.plumb");
  EXPECT_EQ(refused.code, kExitBadInput);
  EXPECT_THAT(refused.err, HasSubstr("a released file never changes"));
  EXPECT_EQ(ReadFile(folder_ / "a.plumb"), before);
  EXPECT_EQ(Run("rules build @rules -o @a.plumb --force").code, kExitOk);
  EXPECT_NE(ReadFile(folder_ / "a.plumb"), before);
}

TEST_F(ReleaseCommandsTest, RulesWithErrorsAreNotBuilt) {
  WriteFile(folder_ / "rules/more.textproto", "red_flags { id: \"X\" }\n");
  const Result refused = Run("rules build @rules -o @a.plumb");
  EXPECT_EQ(refused.code, kExitCheckFailed);
  EXPECT_THAT(refused.err, HasSubstr("more.textproto:1:"));
  EXPECT_FALSE(fs::exists(folder_ / "a.plumb"));
  EXPECT_EQ(Run("rules build @nothing -o @a.plumb").code, kExitBadInput);
}

TEST_F(ReleaseCommandsTest, CommandsTakeTheFileLikeTheFolder) {
  ASSERT_EQ(Run("rules build @rules -o @a.plumb").code, kExitOk);
  for (const std::string command : {"test", "trace", "readability", "render", "safety-case"}) {
    const Result folder = Run(absl::StrCat("rules ", command, " @rules"));
    const Result file = Run(absl::StrCat("rules ", command, " @a.plumb"));
    EXPECT_EQ(file.code, folder.code) << command << ": " << file.err;
    EXPECT_EQ(file.out.empty(), folder.out.empty()) << command;
  }
}

TEST_F(ReleaseCommandsTest, DamagedFilesAreRefusedByEveryCommand) {
  ASSERT_EQ(Run("rules build @rules -o @a.plumb").code, kExitOk);
  Key("anna");
  fs::resize_file(folder_ / "a.plumb", 1000);
  for (const std::string line :
       {"rules check @a.plumb", "rules test @a.plumb", "rules render @a.plumb",
        "rules approvals @a.plumb",
        "rules approve @a.plumb --key @anna.key --name Anna --role lead"}) {
    const Result refused = Run(line);
    EXPECT_EQ(refused.code, kExitBadInput) << line;
    EXPECT_THAT(refused.err, HasSubstr("truncated: file 1 of 1, `rules.textproto`")) << line;
  }
}

TEST_F(ReleaseCommandsTest, KeysAreForTheirOwnerAndNeverOverwritten) {
  const std::string vkey = Key("anna");
  EXPECT_THAT(vkey, StartsWith("anna.example+"));
  struct stat status = {};
  ASSERT_EQ(stat((folder_ / "anna.key").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0600u);
  const std::string before = ReadFile(folder_ / "anna.key");
  EXPECT_EQ(Run("keys generate anna.example --out @anna.key").code, kExitBadInput);
  EXPECT_EQ(ReadFile(folder_ / "anna.key"), before);
  EXPECT_EQ(Run("keys generate two+parts --out @other.key").code, kExitBadInput);
  EXPECT_FALSE(fs::exists(folder_ / "other.key"));

  ASSERT_EQ(Run("rules build @rules -o @a.plumb").code, kExitOk);
  ASSERT_EQ(chmod((folder_ / "anna.key").c_str(), 0644), 0);
  const Result refused = Run("rules approve @a.plumb --key @anna.key --name Anna --role lead");
  EXPECT_EQ(refused.code, kExitBadInput);
  EXPECT_THAT(refused.err, HasSubstr("others may read it; chmod 600 it"));
}

TEST_F(ReleaseCommandsTest, ApprovalsAreSignedOnceAndJudged) {
  ASSERT_EQ(Run("rules build @rules -o @a.plumb").code, kExitOk);
  const std::string anna = Key("anna");
  const std::string bo = Key("bo");
  WriteFile(folder_ / "trust.policy",
            absl::StrCat("plumbline-trust-policy/v1\ndeployment d\nmanifest-signer ", anna,
                         "\napprover ", anna, " person \"Anna Alm\" roles lead\napprover ", bo,
                         " person Bo roles author\nrequire 1 approved\n"));
  const std::string judge = "rules approvals @a.plumb --trust @trust.policy";
  Result result = Run(judge);
  EXPECT_EQ(result.code, kExitCheckFailed);
  EXPECT_THAT(result.out, HasSubstr("FAILED: minimal 1.2.3"));

  const std::string approve = "rules approve @a.plumb --key @anna.key --role lead --name";
  result = Run(approve, {"Anna Alm"});
  ASSERT_EQ(result.code, kExitOk) << result.err;
  const std::string once = ReadFile(folder_ / "a.plumb.approvals");
  result = Run(approve, {"Anna Alm"});
  EXPECT_EQ(result.code, kExitBadInput);
  EXPECT_THAT(result.err, HasSubstr("has approved this revision already"));
  EXPECT_EQ(ReadFile(folder_ / "a.plumb.approvals"), once);

  result = Run("rules sign @a.plumb --key @bo.key --role author --meaning authored --name Bo");
  ASSERT_EQ(result.code, kExitOk) << result.err;
  const auto notes = registry::ParseApprovals(ReadFile(folder_ / "a.plumb.approvals"), "a");
  ASSERT_TRUE(notes.ok()) << notes.status();
  ASSERT_EQ(notes->size(), 2u);
  EXPECT_EQ((*notes)[0].approval.revision, Revision());
  EXPECT_EQ((*notes)[0].approval.name, "Anna Alm");
  EXPECT_EQ((*notes)[1].approval.meaning, registry::Meaning::kAuthored);
  result = Run(judge);
  EXPECT_EQ(result.code, kExitOk) << result.out;
  EXPECT_THAT(result.out, HasSubstr("Anna Alm, lead  (key anna.example)  counts\n"));
  EXPECT_THAT(Run("rules approvals @a.plumb").out, HasSubstr("not verified"));
  EXPECT_EQ(Run("rules sign @a.plumb --key @bo.key --role author --meaning liked --name Bo").code,
            kExitUsage);
}

TEST_F(ReleaseCommandsTest, ManifestsAreSignedAndCosigned) {
  ASSERT_EQ(Run("rules build @rules -o @a.plumb").code, kExitOk);
  PutRules("next", "1.3.0");
  ASSERT_EQ(Run("rules build @next -o @b.plumb").code, kExitOk);
  const std::string first = Key("first");
  const std::string second = Key("second");
  const auto policy = registry::TrustPolicy::Parse(
      absl::StrCat("plumbline-trust-policy/v1\ndeployment clinic\nmanifest-signer ", first,
                   "\nmanifest-signer ", second, "\nmanifest-signatures 2\nrequire 0 approved\n"),
      "trust.policy");
  ASSERT_TRUE(policy.ok()) << policy.status();

  const std::string common = "rules manifest --deployment clinic --key @first.key -o @m.note ";
  Result result = Run(
      common + "--serial 7 --stable @a.plumb --canary @b.plumb --canary-share 5% --pin @b.plumb");
  ASSERT_EQ(result.code, kExitOk) << result.err;
  EXPECT_EQ(result.out, ReadFile(folder_ / "m.note"));
  EXPECT_FALSE(policy->OpenManifest(ReadFile(folder_ / "m.note")).ok());
  ASSERT_EQ(Run("rules manifest --add-signature @m.note --key @second.key").code, kExitOk);
  const auto text = policy->OpenManifest(ReadFile(folder_ / "m.note"));
  ASSERT_TRUE(text.ok()) << text.status();
  const auto manifest = registry::ParseManifest(*text, "m.note");
  ASSERT_TRUE(manifest.ok()) << manifest.status();
  EXPECT_EQ(manifest->serial, 7u);
  EXPECT_EQ(manifest->stable, Revision());
  EXPECT_EQ(manifest->canary_basis_points, 500u);
  EXPECT_EQ(manifest->pinned.size(), 1u);

  const std::string before = ReadFile(folder_ / "m.note");
  for (const std::string wrong :
       {"--serial 8 --stable 0123", "--serial 8 --stable @a.plumb --shadow @a.plumb",
        "--serial 8 --stable @a.plumb --canary @b.plumb --canary-share 101%",
        "--serial 8 --stable @missing.plumb", "--serial -1 --stable @a.plumb"}) {
    EXPECT_EQ(Run(common + wrong).code, kExitBadInput) << wrong;
  }
  for (const std::string wrong :
       {"--serial 8", "--stable @a.plumb", "--serial 8 --stable @a.plumb --canary @b.plumb",
        "--serial x --stable @a.plumb", "--serial 8 --stable @a.plumb --canary-share 5%"}) {
    EXPECT_EQ(Run(common + wrong).code, kExitUsage) << wrong;
  }
  EXPECT_EQ(ReadFile(folder_ / "m.note"), before);
}

TEST_F(ReleaseCommandsTest, NothingButAManifestIsCosigned) {
  ASSERT_EQ(Run("rules build @rules -o @a.plumb").code, kExitOk);
  Key("anna");
  ASSERT_EQ(Run("rules approve @a.plumb --key @anna.key --name Anna --role lead").code, kExitOk);
  const Result refused = Run("rules manifest --add-signature @a.plumb.approvals --key @anna.key");
  EXPECT_EQ(refused.code, kExitBadInput);
  EXPECT_THAT(refused.err, HasSubstr("`plumbline-manifest/v1` expected"));
}

// Takes connections, and never says a word.
class SilentServer {
 public:
  SilentServer() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(socket_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(socket_, 8), 0);
    EXPECT_EQ(getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    name_ = absl::StrCat("127.0.0.1:", ntohs(address.sin_port));
  }
  SilentServer(const SilentServer&) = delete;
  SilentServer& operator=(const SilentServer&) = delete;
  ~SilentServer() { close(socket_); }

  const std::string& name() const { return name_; }

 private:
  const int socket_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  std::string name_;
};

// The server may go on, and the manifest live: that is not to be taken for a refusal.
TEST_F(ReleaseCommandsTest, ActivationWithoutAnAnswerInTimeSaysWhomToAsk) {
  const SilentServer server;
  WriteFile(folder_ / "manifest.note", "a manifest\n");
  const std::string activate =
      absl::StrCat("registry activate @manifest.note --deadline-ms 200 --server ", server.name());
  const Result late = Run(activate);
  EXPECT_EQ(late.code, kExitRpcFailed);
  EXPECT_THAT(late.err, HasSubstr("the manifest may go live"));
  EXPECT_THAT(late.err, HasSubstr("plumbline registry status --server " + server.name()));
  const Result trial = Run(activate + " --dry-run");
  EXPECT_EQ(trial.code, kExitRpcFailed);
  EXPECT_EQ(trial.err.find("may go live"), std::string::npos) << trial.err;
}

}  // namespace
}  // namespace plumbline::cli
