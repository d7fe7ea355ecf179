#include <string>

#include "gtest/gtest.h"
#include "server/base/base64.h"
#include "server/base/hex.h"
#include "server/base/hmac.h"
#include "server/base/secret.h"
#include "server/base/sha256.h"
#include "server/base/utf8_text.h"

namespace plumbline {
namespace {

TEST(HexTest, BytesComeBack) {
  const std::string bytes("\x00\x7f\x80\xff", 4);
  EXPECT_EQ(EncodeHex(bytes), "007f80ff");
  EXPECT_EQ(DecodeHex("007F80ff").value(), bytes);
  EXPECT_EQ(DecodeHex("").value(), "");
}

TEST(HexTest, WrongTextIsRefusedWithoutRepeatingIt) {
  EXPECT_EQ(DecodeHex("0g").status().message(), "character 2 is not a hexadecimal digit");
  EXPECT_EQ(DecodeHex("abc").status().message(), "an odd number of hexadecimal digits (3)");
}

// RFC 4648 section 10.
TEST(Base64Test, PublishedExamplesComeOutAndBack) {
  const std::pair<std::string, std::string> examples[] = {{"", ""},
                                                          {"f", "Zg=="},
                                                          {"fo", "Zm8="},
                                                          {"foo", "Zm9v"},
                                                          {"foob", "Zm9vYg=="},
                                                          {"fooba", "Zm9vYmE="},
                                                          {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : examples) {
    EXPECT_EQ(EncodeBase64(bytes), text);
    EXPECT_EQ(DecodeBase64(text).value(), bytes);
  }
}

TEST(Base64Test, OnlyTheOneFormIsTaken) {
  for (const char* text :
       {"Zg", "Zg=", "Zh==", "Zg==\n", " Zg==", "Zm9v=", "Zm-v", "Z", "====", "Zg==Zg=="}) {
    EXPECT_FALSE(DecodeBase64(text).ok()) << text;
  }
}

// RFC 4231 test cases 1, 2, 3, 6 (a key longer than a block).
TEST(HmacTest, PublishedCasesComeOut) {
  EXPECT_EQ(ToHex(HmacSha256(std::string(20, '\x0b'), "Hi There")),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(ToHex(HmacSha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(ToHex(HmacSha256(std::string(20, '\xaa'), std::string(50, '\xdd'))),
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
  EXPECT_EQ(ToHex(HmacSha256(std::string(131, '\xaa'),
                             "Test Using Larger Than Block-Size Key - Hash Key First")),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(Sha256Test, PiecesHaveTheDigestOfTheWhole) {
  EXPECT_EQ(Sha256OfPieces({"a", "", "bc"}), Sha256Of("abc"));
  EXPECT_EQ(Sha256OfPieces({}), Sha256Of(""));
}

TEST(SecretTest, ZeroisedTextLeavesNothingInItsMemory) {
  std::string secret(100, 's');
  secret.resize(60);
  const char* const memory = secret.data();
  Zeroise(secret);
  EXPECT_TRUE(secret.empty());
  secret.resize(100);  // within the capacity: the same memory
  ASSERT_EQ(secret.data(), memory);
  EXPECT_EQ(secret.find('s'), std::string::npos);
}

TEST(SecretTest, ConstantTimeComparisonComparesAllBytes) {
  EXPECT_TRUE(EqualInConstantTime("same", "same"));
  EXPECT_FALSE(EqualInConstantTime("same", "samf"));
  EXPECT_FALSE(EqualInConstantTime("same", "sam"));
  EXPECT_TRUE(EqualInConstantTime("", ""));
}

TEST(Utf8ReaderTest, CharactersOfAllLengthsAreRead) {
  Utf8Reader reader("a\xc3\xa9\xe2\x80\x94\xf0\x9f\x98\x80");
  EXPECT_EQ(reader.Next(), U'a');
  EXPECT_EQ(reader.Next(), U'\u00e9');
  EXPECT_EQ(reader.Next(), U'\u2014');
  EXPECT_EQ(reader.Next(), U'\U0001F600');
  EXPECT_TRUE(reader.AtEnd());
}

TEST(Utf8ReaderTest, WhatIsNotUtf8IsRefused) {
  for (const char* bytes :
       {"\x80", "\xc0\x80", "\xc1\xbf", "\xc3", "\xc3(", "\xe0\x80\x80", "\xe2\x80", "\xed\xa0\x80",
        "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff"}) {
    Utf8Reader reader(bytes);
    EXPECT_FALSE(reader.Next().has_value()) << EncodeHex(bytes);
  }
}

}  // namespace
}  // namespace plumbline
