#include "server/audit/checkpoint.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/audit/merkle.h"
#include "server/audit/proof_text.h"
#include "server/base/note_key.h"
#include "tests/testing/base/counting_random.h"

namespace plumbline::audit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kSpecText[] =
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
constexpr char kRoot64[] = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";

std::string Message(const absl::Status& status) { return std::string(status.message()); }

struct Key {
  explicit Key(absl::string_view name, uint8_t seed = 0) {
    CountingRandom random(seed);
    const GeneratedNoteKey key = GenerateNoteKey(random, name).value();
    signer = Ed25519NoteSigner::Create(key.skey).value();
    verifier = Ed25519NoteVerifier::Create(key.vkey).value();
  }
  std::unique_ptr<NoteSigner> signer;
  std::unique_ptr<NoteVerifier> verifier;
};

Checkpoint Example() { return ParseCheckpoint(kSpecText).value(); }

TEST(CheckpointTest, ExampleOfTheSpecificationIsReadAndWritten) {
  const Checkpoint checkpoint = Example();
  EXPECT_EQ(checkpoint.origin, "example.com/behind-the-sofa");
  EXPECT_EQ(checkpoint.size, 20852163u);
  EXPECT_EQ(EncodeHash(checkpoint.root), kRoot64);
  EXPECT_EQ(FormatCheckpoint(checkpoint), kSpecText);
}

TEST(CheckpointTest, EmptyTreeHasSizeZero) {
  Checkpoint checkpoint;
  checkpoint.origin = "log.example";
  checkpoint.root = EmptyRoot();
  EXPECT_EQ(FormatCheckpoint(checkpoint),
            "log.example\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n");
  EXPECT_EQ(ParseCheckpoint(FormatCheckpoint(checkpoint)).value(), checkpoint);
}

TEST(CheckpointTest, ExtensionLinesOfOthersAreKept) {
  const std::string text = absl::StrCat(kSpecText, "first\nsecond line\n");
  const Checkpoint checkpoint = ParseCheckpoint(text).value();
  EXPECT_THAT(checkpoint.extensions, ElementsAre("first", "second line"));
  EXPECT_EQ(FormatCheckpoint(checkpoint), text);
}

TEST(CheckpointTest, WrongTextsNameTheLine) {
  const std::string root = absl::StrCat(kRoot64, "\n");
  const std::pair<std::string, std::string> cases[] = {
      {"", "line 1"},
      {"\n1\n" + root, "line 1"},
      {"o", "line 1"},
      {"o\n", "line 2"},
      {"o\n\n" + root, "line 2"},
      {"o\n01\n" + root, "line 2"},
      {"o\n-1\n" + root, "line 2"},
      {"o\n+1\n" + root, "line 2"},
      {"o\n 1\n" + root, "line 2"},
      {"o\n1 \n" + root, "line 2"},
      {"o\n0x1\n" + root, "line 2"},
      {"o\n18446744073709551616\n" + root, "line 2"},
      {"o\n4611686018427387905\n" + root, "line 2: a tree of more than 2^62 leaves"},
      {"o\n1\n", "line 3"},
      {"o\n1\n" + std::string(kRoot64), "line 3"},
      {"o\n1\nAAAA\n", "line 3"},
      {"o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I\n", "line 3"},
      {"o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=\n", "line 3"},
      {"o\n1\n" + root + "\n", "line 4 is empty"},
      {"o\n1\n" + root + "a\n\n", "line 5 is empty"},
      {"o\n1\n" + root + "a", "line 4 does not end"},
  };
  for (const auto& [text, reason] : cases) {
    const absl::Status status = ParseCheckpoint(text).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(Message(status), HasSubstr(reason)) << text;
  }
  EXPECT_EQ(ParseCheckpoint("o\n4611686018427387904\n" + root).value().size, kMaxTreeSize);
}

TEST(CheckpointTest, SignedCheckpointOpensWithTheKeyOfItsLog) {
  const Checkpoint checkpoint = Example();
  const Key log(checkpoint.origin);
  const std::string note = SignCheckpoint(checkpoint, {log.signer.get()}).value();
  const OpenedCheckpoint opened = OpenCheckpoint(note, {log.verifier.get()}).value();
  EXPECT_EQ(opened.checkpoint, checkpoint);
  EXPECT_EQ(opened.verified.size(), 1u);
}

TEST(CheckpointTest, EachFlippedBitIsRefused) {
  const Key log(Example().origin);
  const std::string note = SignCheckpoint(Example(), {log.signer.get()}).value();
  for (size_t bit = 0; bit < 8 * note.size(); ++bit) {
    std::string changed = note;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
    EXPECT_FALSE(OpenCheckpoint(changed, {log.verifier.get()}).ok()) << "bit " << bit;
  }
}

TEST(CheckpointTest, KeyOfAnotherLogDoesNotCount) {
  const Checkpoint checkpoint = Example();
  const Key log(checkpoint.origin);
  const Key other("other.example/log", 5);
  // Somebody else's key signs a text that names our origin.
  const std::string note = SignNote(kSpecText, {other.signer.get()}).value();
  const absl::Status status =
      OpenCheckpoint(note, {log.verifier.get(), other.verifier.get()}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnauthenticated);
  EXPECT_THAT(Message(status), HasSubstr("known for the log \"example.com/behind-the-sofa\""));
}

TEST(CheckpointTest, KeyOfAWitnessAloneDoesNotCount) {
  const Checkpoint checkpoint = Example();
  const Key log(checkpoint.origin);
  const Key same_name(checkpoint.origin, 9);
  const std::string note = SignNote(kSpecText, {same_name.signer.get()}).value();
  EXPECT_EQ(OpenCheckpoint(note, {log.verifier.get()}, {same_name.verifier.get()}).status().code(),
            absl::StatusCode::kUnauthenticated);
}

TEST(CheckpointTest, SignedNoteThatIsNoCheckpointIsRefused) {
  const Key log("log.example");
  const std::string note = SignNote("log.example\nhello\n", {log.signer.get()}).value();
  EXPECT_EQ(OpenCheckpoint(note, {log.verifier.get()}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(CheckpointTest, WhatIsNoCheckpointIsNotSigned) {
  const Key log("log.example");
  Checkpoint checkpoint = Example();
  EXPECT_THAT(Message(SignCheckpoint(checkpoint, {log.signer.get()}).status()),
              HasSubstr("no signer has the name of the log"));
  checkpoint.origin = "log.example";
  EXPECT_TRUE(SignCheckpoint(checkpoint, {log.signer.get()}).ok());
  checkpoint.extensions = {"a\nb"};
  EXPECT_FALSE(SignCheckpoint(checkpoint, {log.signer.get()}).ok());
  checkpoint.extensions = {""};
  EXPECT_FALSE(SignCheckpoint(checkpoint, {log.signer.get()}).ok());
  checkpoint.extensions = {};
  checkpoint.size = kMaxTreeSize + 1;
  EXPECT_THAT(Message(SignCheckpoint(checkpoint, {log.signer.get()}).status()),
              HasSubstr("larger than 2^62"));
}

TEST(CheckpointTest, OriginThatCannotNameAKeyIsRefused) {
  EXPECT_TRUE(CheckOrigin("decisions.clinic.example/plumbline").ok());
  for (const char* origin : {"", "a b", "a+b", "a\nb", "\xff"}) {
    EXPECT_FALSE(CheckOrigin(origin).ok()) << origin;
  }
}

}  // namespace
}  // namespace plumbline::audit
