#include "server/witness/witness_address.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/note_key.h"
#include "tests/testing/base/counting_random.h"

namespace plumbline::witness {
namespace {

using ::testing::HasSubstr;

std::string Vkey(NoteAlgorithm algorithm = NoteAlgorithm::kCosignatureV1) {
  CountingRandom random(7);
  return GenerateNoteKey(random, "w.example", algorithm)->vkey;
}

TEST(WitnessAddressTest, KeyAndUrlAreRead) {
  const auto address =
      ParseWitnessAddress(absl::StrCat(" ", Vkey(), "  https://w.example/witness// "), false);
  ASSERT_TRUE(address.ok()) << address.status();
  EXPECT_EQ(address->vkey, Vkey());
  EXPECT_EQ(address->url, "https://w.example/witness");
  EXPECT_FALSE(address->loopback);
}

TEST(WitnessAddressTest, PlaintextIsForLoopbackOnlyUnlessAllowed) {
  for (const char* url : {"http://127.0.0.1:8080", "http://127.9.9.9", "http://[::1]:1/x",
                          "http://localhost/", "http://LOCALHOST"}) {
    const auto address = ParseWitnessAddress(absl::StrCat(Vkey(), " ", url), false);
    ASSERT_TRUE(address.ok()) << url << address.status();
    EXPECT_TRUE(address->loopback) << url;
  }
  for (const char* url : {"http://w.example", "http://10.0.0.1", "http://128.0.0.1",
                          "http://localhost.example", "http://127.0.0.1.example", "http://[::2]"}) {
    const std::string text = absl::StrCat(Vkey(), " ", url);
    EXPECT_THAT(std::string(ParseWitnessAddress(text, false).status().message()),
                HasSubstr("--log-witness-plaintext"))
        << url;
    const auto allowed = ParseWitnessAddress(text, true);
    ASSERT_TRUE(allowed.ok()) << url;
    EXPECT_FALSE(allowed->loopback) << url;
  }
}

TEST(WitnessAddressTest, MistakesAreNamed) {
  const std::pair<std::string, const char*> cases[] = {
      {"", "its verifier key and its URL"},
      {Vkey(), "its verifier key and its URL"},
      {"w.example+1+x https://w.example", "verifier key of the witness: "},
      {absl::StrCat(Vkey(NoteAlgorithm::kEd25519), " https://w.example"),
       "verifier key of the witness: "},
      {Vkey() + " w.example", "URL of the witness"},
      {Vkey() + " ftp://w.example", "must begin with https"},
      {Vkey() + " file:///etc/passwd", "must begin with https"},
      {Vkey() + " https://me@w.example", "must not have a user"},
      {Vkey() + " https://w.example/?a=b", "must not have a user"},
      {Vkey() + " https://w.example/#x", "must not have a user"},
      {Vkey() + " https://w.example/?", "must not have a user"},
      {Vkey() + " https://w.example:99999", "URL of the witness: "},
      {Vkey() + " https://w.example https://w.example", "URL of the witness: "},
  };
  for (const auto& [text, reason] : cases) {
    const auto address = ParseWitnessAddress(text, true);
    EXPECT_EQ(address.status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(std::string(address.status().message()), HasSubstr(reason)) << text;
  }
}

}  // namespace
}  // namespace plumbline::witness
