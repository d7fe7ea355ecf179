#include "server/base/ed25519.h"

#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/hex.h"
#include "tests/testing/base/counting_random.h"

namespace plumbline {
namespace {

using ::testing::HasSubstr;

std::string Unhex(absl::string_view hex) { return DecodeHex(hex).value(); }

absl::string_view View(const Ed25519Signature& signature) {
  return absl::string_view(reinterpret_cast<const char*>(signature.data()), signature.size());
}

Ed25519PrivateKey KeyOf(absl::string_view seed_hex) {
  return Ed25519PrivateKey::FromSeed(**Ed25519Seed::FromBytes(Unhex(seed_hex))).value();
}

struct Rfc8032Vector {
  std::string seed;
  std::string public_key;
  std::string message;
  std::string signature;
};

class Ed25519Rfc8032Test : public ::testing::TestWithParam<Rfc8032Vector> {};

TEST_P(Ed25519Rfc8032Test, SeedGivesThePublishedKeyAndSignature) {
  const Ed25519PrivateKey key = KeyOf(GetParam().seed);
  EXPECT_EQ(EncodeHex(key.public_key().bytes()), GetParam().public_key);
  const std::string message = Unhex(GetParam().message);
  const Ed25519Signature signature = key.Sign(message).value();
  EXPECT_EQ(EncodeHex(View(signature)), GetParam().signature);
  const Ed25519PublicKey read = Ed25519PublicKey::FromBytes(Unhex(GetParam().public_key)).value();
  EXPECT_TRUE(read.Verify(message, View(signature)));
  EXPECT_FALSE(read.Verify(message + "x", View(signature)));
}

// RFC 8032 section 7.1, tests 1 to 3.
INSTANTIATE_TEST_SUITE_P(
    Section71, Ed25519Rfc8032Test,
    ::testing::Values(
        Rfc8032Vector{"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
                      "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
                      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
                      "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
        Rfc8032Vector{"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
                      "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
                      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                      "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
        Rfc8032Vector{"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
                      "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
                      "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
                      "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"}));

TEST(Ed25519Test, EachFlippedBitOfASignatureIsRefused) {
  CountingRandom random;
  const Ed25519PrivateKey key = Ed25519PrivateKey::FromSeed(Ed25519Seed(random)).value();
  const Ed25519Signature signature = key.Sign("text").value();
  for (size_t bit = 0; bit < 8 * signature.size(); ++bit) {
    Ed25519Signature changed = signature;
    changed[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    EXPECT_FALSE(key.public_key().Verify("text", View(changed))) << "bit " << bit;
  }
}

TEST(Ed25519Test, SignaturesOfWrongLengthAreRefused) {
  CountingRandom random;
  const Ed25519PrivateKey key = Ed25519PrivateKey::FromSeed(Ed25519Seed(random)).value();
  const std::string signature(View(key.Sign("text").value()));
  EXPECT_TRUE(key.public_key().Verify("text", signature));
  EXPECT_FALSE(key.public_key().Verify("text", ""));
  EXPECT_FALSE(key.public_key().Verify("text", signature.substr(0, 63)));
  EXPECT_FALSE(key.public_key().Verify("text", signature + '\0'));
}

TEST(Ed25519Test, AnotherKeyRefuses) {
  CountingRandom random;
  const Ed25519PrivateKey a = Ed25519PrivateKey::FromSeed(Ed25519Seed(random)).value();
  const Ed25519PrivateKey b = Ed25519PrivateKey::FromSeed(Ed25519Seed(random)).value();
  EXPECT_NE(a.public_key().bytes(), b.public_key().bytes());
  EXPECT_FALSE(b.public_key().Verify("text", View(a.Sign("text").value())));
}

TEST(Ed25519Test, KeysOfWrongLengthAreErrorsThatSayTheLength) {
  EXPECT_THAT(std::string(Ed25519Seed::FromBytes("short").status().message()),
              HasSubstr("has 32 bytes, this has 5"));
  EXPECT_THAT(std::string(Ed25519PublicKey::FromBytes(std::string(33, 'x')).status().message()),
              HasSubstr("has 32 bytes, this has 33"));
}

}  // namespace
}  // namespace plumbline
