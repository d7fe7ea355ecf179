#include "server/base/signed_note.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/base64.h"
#include "server/base/note_key.h"
#include "tests/testing/base/counting_random.h"

namespace plumbline {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// The examples of golang.org/x/mod/sumdb/note.
constexpr char kPeterSkey[] =
    "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
constexpr char kPeterVkey[] = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
constexpr char kPeterText[] =
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n";
constexpr char kPeterLine[] =
    "\xe2\x80\x94 PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
    "\n";

// The example of C2SP signed-note.
constexpr char kSpecVkey[] =
    "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
constexpr char kSpecNote[] =
    "This is an example message.\n\n"
    "\xe2\x80\x94 example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM="
    "\n";

std::unique_ptr<NoteVerifier> Verifier(absl::string_view vkey) {
  return CreateNoteVerifier(vkey).value();
}

absl::StatusOr<OpenedNote> Open(absl::string_view note, absl::string_view vkey) {
  const std::unique_ptr<NoteVerifier> verifier = Verifier(vkey);
  return OpenNote(note, {verifier.get()});
}

std::string Message(const absl::Status& status) { return std::string(status.message()); }

GeneratedNoteKey Key(absl::string_view name, uint8_t seed) {
  CountingRandom random(seed);
  return GenerateNoteKey(random, name).value();
}

std::string Signed(absl::string_view text, absl::string_view skey) {
  const auto signer = Ed25519NoteSigner::Create(skey).value();
  return SignNote(text, {signer.get()}).value();
}

TEST(SignedNoteTest, ExampleOfTheSpecificationOpens) {
  const OpenedNote note = Open(kSpecNote, kSpecVkey).value();
  EXPECT_EQ(note.text, "This is an example message.\n");
  ASSERT_EQ(note.verified.size(), 1u);
  EXPECT_EQ(note.verified[0].key_name, "example.com/foo");
  EXPECT_EQ(note.verified[0].key_id, 0x530d903au);
  EXPECT_TRUE(note.unverified.empty());
}

TEST(SignedNoteTest, SigningGivesTheBytesThatGoGives) {
  EXPECT_EQ(Signed(kPeterText, kPeterSkey), absl::StrCat(kPeterText, "\n", kPeterLine));
  EXPECT_EQ(Ed25519NoteSigner::Create(kPeterSkey).value()->vkey(), kPeterVkey);
}

TEST(SignedNoteTest, TextWithBlankLinesIsSplitAtTheLastOne) {
  const std::string text = "one\n\n\xe2\x80\x94 not a signature\n\n\n";
  const std::string note = Signed(text, kPeterSkey);
  EXPECT_EQ(Open(note, kPeterVkey).value().text, text);
}

TEST(SignedNoteTest, EachFlippedBitIsRefused) {
  const std::string note = kSpecNote;
  for (size_t bit = 0; bit < 8 * note.size(); ++bit) {
    std::string changed = note;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
    EXPECT_FALSE(Open(changed, kSpecVkey).ok()) << "bit " << bit;
  }
}

TEST(SignedNoteTest, EachCutIsRefused) {
  const std::string note = kSpecNote;
  for (size_t size = 0; size < note.size(); ++size) {
    EXPECT_FALSE(Open(note.substr(0, size), kSpecVkey).ok()) << size;
  }
}

TEST(SignedNoteTest, UnknownSignaturesAreKeptBesideVerifiedOnes) {
  const GeneratedNoteKey other = Key("other", 1);
  const auto other_signer = Ed25519NoteSigner::Create(other.skey).value();
  const NoteSignature line = MakeNoteSignature(kPeterText, *other_signer).value();
  const std::string note = AddNoteSignatures(Signed(kPeterText, kPeterSkey), {line}).value();
  const OpenedNote peter = Open(note, kPeterVkey).value();
  ASSERT_EQ(peter.unverified.size(), 1u);
  EXPECT_EQ(peter.unverified[0], line);
  EXPECT_EQ(Open(note, other.vkey).value().verified[0], line);
  const auto a = Verifier(kPeterVkey);
  const auto b = Verifier(other.vkey);
  const OpenedNote both = OpenNote(note, {a.get(), b.get()}).value();
  EXPECT_EQ(both.verified.size(), 2u);
  EXPECT_TRUE(both.unverified.empty());
}

TEST(SignedNoteTest, WrongSignatureOfAKnownKeyRefusesTheWholeNote) {
  const GeneratedNoteKey other = Key("other", 1);
  const auto other_signer = Ed25519NoteSigner::Create(other.skey).value();
  const NoteSignature wrong = MakeNoteSignature("another text\n", *other_signer).value();
  const std::string note = AddNoteSignatures(Signed(kPeterText, kPeterSkey), {wrong}).value();
  EXPECT_TRUE(Open(note, kPeterVkey).ok());
  const auto a = Verifier(kPeterVkey);
  const auto b = Verifier(other.vkey);
  const absl::Status status = OpenNote(note, {a.get(), b.get()}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnauthenticated);
  EXPECT_THAT(Message(status), HasSubstr(NoteKeyLabel("other", other_signer->key_id())));
}

TEST(SignedNoteTest, WrongSignatureBehindAGoodOneOfTheSameKeyIsRefused) {
  const auto signer = Ed25519NoteSigner::Create(kPeterSkey).value();
  const std::string wrong =
      FormatNoteSignature(MakeNoteSignature("another text\n", *signer).value());
  EXPECT_EQ(Open(Signed(kPeterText, kPeterSkey) + wrong, kPeterVkey).status().code(),
            absl::StatusCode::kUnauthenticated);
}

TEST(SignedNoteTest, NoteWithoutKnownSignatureIsRefused) {
  const absl::Status status = Open(kSpecNote, kPeterVkey).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(OpenNote(kSpecNote, {}).status().code(), absl::StatusCode::kUnauthenticated);
}

TEST(SignedNoteTest, SameNameWithAnotherKeyIsAnUnknownKey) {
  const GeneratedNoteKey other = Key("PeterNeumann", 9);
  const absl::Status status = Open(Signed(kPeterText, other.skey), kPeterVkey).status();
  EXPECT_THAT(Message(status), HasSubstr("no key that is known here"));
}

TEST(SignedNoteTest, RepeatedSignaturesCountOnce) {
  const std::string note = absl::StrCat(kSpecNote, std::string(kSpecNote).substr(29));
  EXPECT_EQ(Open(note, kSpecVkey).value().verified.size(), 1u);
  const std::string with_peter = absl::StrCat(kSpecNote, kPeterLine, kPeterLine);
  EXPECT_EQ(Open(with_peter, kSpecVkey).value().unverified.size(), 1u);
}

TEST(SignedNoteTest, AHundredSignaturesAreReadAndOneMoreIsNot) {
  std::string note = kSpecNote;
  for (int i = 1; i < kMaxNoteSignatures; ++i) {
    note += FormatNoteSignature({absl::StrCat("key", i), 7, "signature"});
  }
  EXPECT_EQ(Open(note, kSpecVkey).value().unverified.size(), 99u);
  note += FormatNoteSignature({"key", 7, "signature"});
  EXPECT_THAT(Message(Open(note, kSpecVkey).status()), HasSubstr("more than 100 signatures"));
}

TEST(SignedNoteTest, AMillionBytesAreReadAndOneMoreIsNot) {
  const size_t overhead = 1 + sizeof kPeterLine - 1;
  std::string text(kMaxNoteSize - overhead - 1, 'x');
  const std::string note = Signed(text + "\n", kPeterSkey);
  EXPECT_EQ(note.size(), kMaxNoteSize);
  EXPECT_TRUE(Open(note, kPeterVkey).ok());
  EXPECT_THAT(Message(Open("x" + note, kPeterVkey).status()), HasSubstr("the limit is 1000000"));
  const auto signer = Ed25519NoteSigner::Create(kPeterSkey).value();
  EXPECT_FALSE(SignNote("x" + text + "\n", {signer.get()}).ok());
}

struct Malformed {
  std::string note;
  std::string reason;
};

TEST(SignedNoteTest, MalformedNotesAreRefusedWithTheirReason) {
  const std::string line = kPeterLine;
  const std::string good = absl::StrCat("text\n\n", line);
  const std::string dash = "\xe2\x80\x94 ";
  const std::vector<Malformed> cases = {
      {"", "no blank line"},
      {"text\n", "no blank line"},
      {"text\n\n", "no signatures"},
      {"text\n" + line, "no blank line"},
      {"text\n\n" + line.substr(0, line.size() - 1), "does not end in a newline"},
      {"text\n\n" + line + "more\n", "does not begin with an em dash and a space (signature 2)"},
      {"text\n\n- PeterNeumann AAAAAAA=\n", "does not begin with an em dash"},
      {"text\n\n" + dash + "PeterNeumann\n", "no space behind its name"},
      {"text\n\n" + dash + " AAAAAAA=\n", "the name of a key is empty"},
      {"text\n\n" + dash + "a+b AAAAAAA=\n", "a plus sign"},
      {"text\n\n" + dash + "a\xc2\xa0z AAAAAAA=\n", "the name of a key has a space"},
      {"text\n\n" + dash + "a AAAAAAA=\r\n", "line 3 has the control character U+000D"},
      {"text\n\n" + dash + "a \n", "a signature has only 0 bytes"},
      {"text\n\n" + dash + "a AAAAAA==\n", "a signature has only 4 bytes"},
      {"text\n\n" + dash + "a AAAAAAA\n", "not standard base64"},
      {"text\n\n" + dash + "a AAAAAAB=\n", "not standard base64"},
      {"text\n\n" + dash + "a  AAAAAAA=\n", "not standard base64"},
      {"a\tb\n\n" + line, "line 1 has the control character U+0009"},
      {"one\ntwo\xff\n\n" + line, "line 2 is not valid UTF-8"},
      {std::string("a\0b\n\n", 5) + line, "control character U+0000"},
  };
  EXPECT_TRUE(ParseNote(good).ok());
  for (const Malformed& c : cases) {
    const absl::StatusOr<SignedNote> parsed = ParseNote(c.note);
    EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument) << c.note;
    EXPECT_THAT(Message(parsed.status()), HasSubstr(c.reason)) << c.note;
    EXPECT_THAT(Message(parsed.status()), StartsWith("malformed note: "));
  }
}

TEST(SignedNoteTest, ParsedNoteIsWrittenAsItWas) {
  EXPECT_EQ(FormatNote(ParseNote(kSpecNote).value()), kSpecNote);
}

TEST(SignedNoteTest, TextThatCannotBeANoteIsNotSigned) {
  const auto signer = Ed25519NoteSigner::Create(kPeterSkey).value();
  EXPECT_THAT(Message(SignNote("no newline", {signer.get()}).status()),
              HasSubstr("does not end in a newline"));
  EXPECT_THAT(Message(SignNote("", {signer.get()}).status()), HasSubstr("newline"));
  EXPECT_THAT(Message(SignNote("a\rb\n", {signer.get()}).status()), HasSubstr("U+000D"));
  EXPECT_THAT(Message(SignNote("\xff\n", {signer.get()}).status()), HasSubstr("UTF-8"));
  EXPECT_THAT(Message(SignNote("text\n", {}).status()), HasSubstr("needs a signer"));
  EXPECT_THAT(Message(SignNote("text\n", {signer.get(), signer.get()}).status()),
              HasSubstr("two signers"));
}

TEST(SignedNoteTest, AddingASignatureReplacesTheOlderOneOfItsKey) {
  const auto signer = Ed25519NoteSigner::Create(kPeterSkey).value();
  const std::string note = Signed(kPeterText, kPeterSkey);
  const NoteSignature same = MakeNoteSignature(kPeterText, *signer).value();
  EXPECT_EQ(AddNoteSignatures(note, {same}).value(), note);
  EXPECT_FALSE(AddNoteSignatures(note, {{"a b", 1, "x"}}).ok());
}

TEST(SignedNoteTest, TwoVerifiersOfOneKeyAreAnError) {
  const auto a = Verifier(kSpecVkey);
  const auto b = Verifier(kSpecVkey);
  EXPECT_THAT(Message(OpenNote(kSpecNote, {a.get(), b.get()}).status()),
              HasSubstr("two verifiers for the key example.com/foo+530d903a"));
}

TEST(NoteKeyTest, GeneratedKeysReadBackAndFitEachOther) {
  const GeneratedNoteKey key = Key("clinic.example/log", 3);
  EXPECT_THAT(key.skey, StartsWith("PRIVATE+KEY+clinic.example/log+"));
  EXPECT_EQ(NoteVerifierKey::Parse(key.vkey).value().ToString(), key.vkey);
  EXPECT_EQ(NoteSignerKey::Parse(key.skey).value().verifier_key().ToString(), key.vkey);
  EXPECT_TRUE(Open(Signed("text\n", key.skey), key.vkey).ok());
  CountingRandom random;
  EXPECT_FALSE(GenerateNoteKey(random, "a b").ok());
}

TEST(NoteKeyTest, EachFlippedBitOfAVerifierKeyIsRefusedOrTheSameKey) {
  const std::string vkey = kPeterVkey;
  for (size_t bit = 0; bit < 8 * vkey.size(); ++bit) {
    std::string changed = vkey;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
    const absl::StatusOr<NoteVerifierKey> key = NoteVerifierKey::Parse(changed);
    // The key id may be in capitals.
    if (!key.ok()) continue;
    EXPECT_EQ(key->ToString(), vkey) << changed;
  }
}

TEST(NoteKeyTest, WrongVerifierKeysSayWhatIsWrong) {
  const std::string key64 = "ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
  const std::pair<std::string, std::string> cases[] = {
      {"", "not of the form"},
      {"PeterNeumann", "not of the form"},
      {"PeterNeumann+c74f20a3", "not of the form"},
      {"+c74f20a3+" + key64, "the name of a key is empty"},
      {"Peter Neumann+c74f20a3+" + key64, "has a space"},
      {"PeterNeumann+c74f20a+" + key64, "not 8 hexadecimal digits"},
      {"PeterNeumann+0xc74f20+" + key64, "not 8 hexadecimal digits"},
      {"PeterNeumann+c74f20a4+" + key64,
       "the key id is c74f20a4, that of name and key is c74f20a3"},
      {"Paul+c74f20a3+" + key64, "that of name and key is"},
      {"PeterNeumann+c74f20a3+", "the key is empty"},
      {"PeterNeumann+c74f20a3+%%", "the key is not standard base64"},
      {"PeterNeumann+c74f20a3+" + key64 + "\n", "the key is not standard base64"},
      // As in Go's tests: the id fits, the rest does not.
      {"PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==", "base64"},
      {"PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
       "unknown algorithm 0x65"},
      {"PeterNeumann+c74f20a3+AQID", "has 32 bytes, this has 2"},
      {kPeterSkey, "this is a private key"},
  };
  for (const auto& [vkey, reason] : cases) {
    const absl::Status status = NoteVerifierKey::Parse(vkey).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << vkey;
    EXPECT_THAT(Message(status), HasSubstr(reason)) << vkey;
  }
}

TEST(NoteKeyTest, WrongSignerKeysSayWhatIsWrongWithoutTheSecret) {
  const std::string secret = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
  const std::pair<std::string, std::string> cases[] = {
      {kPeterVkey, "it does not begin with PRIVATE+KEY+"},
      {"PRIVATE+KEY+PeterNeumann+c74f20a4+" + secret, "the key id is not that of name and key"},
      {"PRIVATE+KEY+Paul+c74f20a3+" + secret, "the key id is not that of name and key"},
      {"PRIVATE+KEY+PeterNeumann+c74f20a3+" + secret.substr(4), "unknown algorithm"},
      {"PRIVATE+KEY+PeterNeumann+c74f20a3+" + secret.substr(0, 40), "has 32 bytes, this has 29"},
  };
  for (const auto& [skey, reason] : cases) {
    const absl::Status status = NoteSignerKey::Parse(skey).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(Message(status), HasSubstr(reason));
    EXPECT_EQ(Message(status).find(secret.substr(8, 20)), std::string::npos);
  }
}

}  // namespace
}  // namespace plumbline
