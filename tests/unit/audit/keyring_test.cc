#include "server/audit/keyring.h"

#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/hex.h"
#include "tests/testing/audit/test_log.h"
#include "tests/testing/base/counting_random.h"

namespace plumbline::audit {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

Uuid TestId(uint8_t last) {
  Uuid id;
  id.bytes[15] = last;
  return id;
}

RecordKey TestKey() {
  RecordKey key;
  key.fill(0x5a);
  return key;
}

std::string WriteKeyFile(const std::string& name, const std::string& text, mode_t mode) {
  const std::string path = absl::StrCat(testing::TempDir(), "/", name);
  std::ofstream(path) << text;
  chmod(path.c_str(), mode);
  return path;
}

TEST(KeyringTest, LastKeyWrapsAndEarlierOnesOpen) {
  const auto old_keyring = *Keyring::FromText(kTestMasterKey);
  const auto both = *Keyring::FromText(
      absl::StrCat("# keys\n", kTestMasterKey, "\n\n", kOtherMasterKey, " # new\n"));
  CountingRandom random;
  const store::WrappedKey wrapped = old_keyring->Wrap(TestKey(), TestId(1), random);
  EXPECT_EQ(*Keyring::WrappedBy(wrapped), old_keyring->current_id());
  EXPECT_EQ(*both->Unwrap(wrapped, TestId(1)), TestKey());
  EXPECT_THAT(both->ids(), ElementsAre(old_keyring->current_id(), both->current_id()));
  EXPECT_EQ(*Keyring::WrappedBy(both->Wrap(TestKey(), TestId(1), random)), both->current_id());
}

TEST(KeyringTest, WrappedKeyHasTheBytesOfTheReference) {
  const auto keyring = *Keyring::FromText(kTestMasterKey);
  CountingRandom random;
  const store::WrappedKey wrapped = keyring->Wrap(TestKey(), TestId(1), random);
  const std::string hex =
      EncodeHex(absl::string_view(reinterpret_cast<const char*>(wrapped.data()), wrapped.size()));
  EXPECT_EQ(hex.substr(0, 2), "01");
  EXPECT_EQ(hex.substr(2, 16), keyring->current_id());
  EXPECT_EQ(hex.substr(18, 24), "000102030405060708090a0b");
  EXPECT_EQ(hex.substr(2 * 69), std::string(2 * 27, '0'));
}

TEST(KeyringTest, MissingMasterKeyIsNamed) {
  const auto keyring = *Keyring::FromText(kTestMasterKey);
  const auto other = *Keyring::FromText(kOtherMasterKey);
  CountingRandom random;
  const absl::StatusOr<RecordKey> key =
      other->Unwrap(keyring->Wrap(TestKey(), TestId(1), random), TestId(1));
  EXPECT_EQ(key.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(key.status().message()), HasSubstr(keyring->current_id()));
}

TEST(KeyringTest, KeyOfAnotherRecordIsNotTaken) {
  const auto keyring = *Keyring::FromText(kTestMasterKey);
  CountingRandom random;
  const store::WrappedKey wrapped = keyring->Wrap(TestKey(), TestId(1), random);
  EXPECT_EQ(keyring->Unwrap(wrapped, TestId(2)).status().code(), absl::StatusCode::kDataLoss);
}

TEST(KeyringTest, EveryChangedByteIsNoticed) {
  const auto keyring = *Keyring::FromText(kTestMasterKey);
  CountingRandom random;
  const store::WrappedKey wrapped = keyring->Wrap(TestKey(), TestId(1), random);
  for (size_t i = 0; i < wrapped.size(); ++i) {
    store::WrappedKey changed = wrapped;
    changed[i] ^= 0x10;
    EXPECT_FALSE(keyring->Unwrap(changed, TestId(1)).ok()) << i;
  }
}

TEST(KeyringTest, WrongTextIsRefusedWithItsLineAndWithoutTheKey) {
  const std::string bad = std::string(63, 'a') + "x";
  const absl::Status status = Keyring::FromText(absl::StrCat("#\n", bad)).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("line 2"));
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("aaa")));
  EXPECT_FALSE(Keyring::FromText(std::string(62, 'a')).ok());
  EXPECT_FALSE(Keyring::FromText(std::string(64, '0')).ok());
  EXPECT_FALSE(Keyring::FromText("# only a comment\n").ok());
}

TEST(KeyringTest, RepeatedKeyIsRefused) {
  const absl::Status status =
      Keyring::FromText(absl::StrCat(kTestMasterKey, "\n", kTestMasterKey)).status();
  EXPECT_THAT(std::string(status.message()), HasSubstr("line 2: repeats"));
}

TEST(KeyringTest, FileThatOthersMayReadIsRefused) {
  const std::string path = WriteKeyFile("open_keys", kTestMasterKey, 0640);
  const absl::Status status = Keyring::FromFile(path).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("0640"));
}

TEST(KeyringTest, FileOfItsOwnerIsRead) {
  const std::string path = WriteKeyFile("own_keys", kTestMasterKey, 0600);
  const auto keyring = Keyring::FromFile(path);
  ASSERT_TRUE(keyring.ok()) << keyring.status();
  EXPECT_EQ((*keyring)->current_id(), (*Keyring::FromText(kTestMasterKey))->current_id());
}

TEST(KeyringTest, FileErrorsNameTheFile) {
  const std::string missing = absl::StrCat(testing::TempDir(), "/no_such_keys");
  EXPECT_EQ(Keyring::FromFile(missing).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Keyring::FromFile(testing::TempDir()).status().code(),
            absl::StatusCode::kFailedPrecondition);
  const std::string bad = WriteKeyFile("bad_keys", "zz", 0600);
  EXPECT_THAT(std::string(Keyring::FromFile(bad).status().message()), HasSubstr(bad));
}

TEST(KeyringTest, CommaEndsALineInTheEnvironment) {
  setenv("PLUMBLINE_TEST_KEYS", absl::StrCat(kTestMasterKey, ",", kOtherMasterKey).c_str(), 1);
  const auto keyring = Keyring::FromEnvironment("PLUMBLINE_TEST_KEYS");
  ASSERT_TRUE(keyring.ok()) << keyring.status();
  EXPECT_EQ((*keyring)->ids().size(), 2u);
  unsetenv("PLUMBLINE_TEST_KEYS");
  EXPECT_EQ(Keyring::FromEnvironment("PLUMBLINE_TEST_KEYS").status().code(),
            absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace plumbline::audit
