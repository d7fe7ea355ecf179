#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <sstream>
#include <string>
#include <vector>

#include "server/audit/keyring.h"
#include "server/base/note_key.h"
#include "server/cli/cli.h"
#include "server/cli/signing_key.h"
#include "tests/testing/grpc/child_process.h"

namespace plumbline::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class KeysInitTest : public ::testing::Test {
 protected:
  int Run(std::vector<const char*> more = {}) {
    const std::string folder = folder_.path("keys");
    std::vector<const char*> arguments = {"plumbline", "keys", "init", folder.c_str()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    std::istringstream in;
    std::ostringstream out;
    std::ostringstream err;
    Environment environment{in, out, err};
    const int code = RunCli(static_cast<int>(arguments.size()), arguments.data(), environment);
    out_ = out.str();
    err_ = err.str();
    return code;
  }
  mode_t ModeOf(const std::string& name) const {
    struct stat status {};
    EXPECT_EQ(stat(folder_.path("keys/" + name).c_str(), &status), 0) << name;
    return status.st_mode & 0777;
  }

  testing::TemporaryFolder folder_;
  std::string out_;
  std::string err_;
};

TEST_F(KeysInitTest, MakesKeysThatOnlyTheOwnerCanReadAndPrintsTheVerifierKey) {
  ASSERT_EQ(Run({"--name", "clinic.example/log"}), kExitOk) << err_;
  EXPECT_EQ(ModeOf(""), 0700u);
  EXPECT_EQ(ModeOf("master.key"), 0600u);
  EXPECT_EQ(ModeOf("log.key"), 0600u);
  const auto keyring = audit::Keyring::FromFile(folder_.path("keys/master.key"));
  ASSERT_TRUE(keyring.ok()) << keyring.status();
  EXPECT_EQ((*keyring)->ids().size(), 1u);
  const auto signer = ReadSigningKey(folder_.path("keys/log.key"));
  ASSERT_TRUE(signer.ok()) << signer.status();
  EXPECT_EQ((*signer)->name(), "clinic.example/log");
  EXPECT_EQ(out_, (*signer)->vkey() + "\n");
  EXPECT_EQ(testing::ReadWholeFile(folder_.path("keys/log.vkey")), out_);
}

TEST_F(KeysInitTest, NothingIsOverwritten) {
  ASSERT_EQ(Run({"--name", "clinic.example/log"}), kExitOk);
  const std::string master = testing::ReadWholeFile(folder_.path("keys/master.key"));
  const std::string signing = testing::ReadWholeFile(folder_.path("keys/log.key"));
  const std::string printed = out_;
  ASSERT_EQ(Run(), kExitOk) << err_;
  EXPECT_EQ(out_, printed);
  EXPECT_EQ(testing::ReadWholeFile(folder_.path("keys/master.key")), master);
  EXPECT_EQ(testing::ReadWholeFile(folder_.path("keys/log.key")), signing);
  EXPECT_EQ(Run({"--name", "other.example/log"}), kExitBadInput);
  EXPECT_THAT(err_, HasSubstr("clinic.example/log"));
}

TEST_F(KeysInitTest, KeysAreNotPrintedAndAnEmptyFileIsNotFilled) {
  ASSERT_EQ(Run(), kExitOk);
  const std::string key = testing::ReadWholeFile(folder_.path("keys/master.key"));
  const std::string hex = key.substr(key.size() - 65, 64);
  EXPECT_THAT(out_ + err_, Not(HasSubstr(hex)));
  folder_.Write("keys/master.key", "");
  EXPECT_EQ(Run(), kExitBadInput);  // an empty file of keys is a mistake, not an invitation
}

}  // namespace
}  // namespace plumbline::cli
