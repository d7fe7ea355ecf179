#include "server/audit/trust_policy.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/audit/merkle.h"
#include "server/base/cosignature.h"
#include "server/base/note_key.h"
#include "tests/testing/base/counting_random.h"
#include "tests/testing/base/fake_clock.h"

namespace plumbline::audit {
namespace {

using ::testing::HasSubstr;

constexpr char kOrigin[] = "log.example/decisions";

std::string Message(const absl::Status& status) { return std::string(status.message()); }

GeneratedNoteKey Generate(absl::string_view name, uint8_t seed, NoteAlgorithm algorithm) {
  CountingRandom random(seed);
  return GenerateNoteKey(random, name, algorithm).value();
}

// A log and six witnesses, as in the example of C2SP tlog-policy.
class TrustPolicyTest : public ::testing::Test {
 protected:
  TrustPolicyTest() : log_(Generate(kOrigin, 100, NoteAlgorithm::kEd25519)) {
    for (uint8_t i = 0; i < 6; ++i) {
      witnesses_.push_back(Generate(absl::StrCat("w", static_cast<int>(i), ".example"), i,
                                    NoteAlgorithm::kCosignatureV1));
    }
  }

  // Replaces LOG and W0 ... W5 by their keys.
  std::string Text(std::string text) const {
    text = absl::StrReplaceAll(text, {{"LOG", log_.vkey}});
    for (size_t i = 0; i < witnesses_.size(); ++i) {
      text = absl::StrReplaceAll(text, {{absl::StrCat("W", i), witnesses_[i].vkey}});
    }
    return text;
  }

  TrustPolicy Policy(const std::string& text) const {
    return TrustPolicy::Parse(Text(text)).value();
  }

  absl::Status ParseError(const std::string& text) const {
    return TrustPolicy::Parse(Text(text)).status();
  }

  // A checkpoint of the log, cosigned by these witnesses.
  std::string Cosigned(const std::vector<size_t>& witnesses) const {
    Checkpoint checkpoint;
    checkpoint.origin = kOrigin;
    checkpoint.root = EmptyRoot();
    std::vector<std::unique_ptr<NoteSigner>> signers;
    signers.push_back(Ed25519NoteSigner::Create(log_.skey).value());
    for (const size_t i : witnesses) {
      signers.push_back(CosignatureSigner::Create(witnesses_[i].skey, &clock_).value());
    }
    std::vector<const NoteSigner*> borrowed;
    for (const auto& signer : signers) borrowed.push_back(signer.get());
    return SignCheckpoint(checkpoint, borrowed).value();
  }

  const FakeClock clock_;
  const GeneratedNoteKey log_;
  std::vector<GeneratedNoteKey> witnesses_;
};

constexpr char kExample[] = R"(
log LOG
# organisation X
witness X1 W0
witness X2 W1 https://w1.example/submit
  witness	X3 W2
group X-witnesses 2 X1 X2 X3

witness Y1 W3
witness Y2 W4
witness Y3 W5
group Y-witnesses any Y1 Y2 Y3

group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
)";

TEST_F(TrustPolicyTest, QuorumOfGroupsIsTwoOfXAndOneOfY) {
  const TrustPolicy policy = Policy(kExample);
  // Every subset of the six witnesses.
  for (unsigned set = 0; set < 64; ++set) {
    std::vector<size_t> signers;
    int x = 0;
    int y = 0;
    for (size_t i = 0; i < 6; ++i) {
      if ((set >> i & 1) == 0) continue;
      signers.push_back(i);
      ++(i < 3 ? x : y);
    }
    EXPECT_EQ(policy.Open(Cosigned(signers)).ok(), x >= 2 && y >= 1) << set;
  }
}

TEST_F(TrustPolicyTest, QuorumThatIsNotReachedNamesWhoIsMissing) {
  const absl::Status status = Policy(kExample).Open(Cosigned({0, 3})).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnauthenticated);
  EXPECT_THAT(Message(status), HasSubstr("the quorum \"X-and-Y\" has not cosigned"));
  EXPECT_THAT(Message(status), HasSubstr("missing: X2, X3, Y2, Y3"));
}

TEST_F(TrustPolicyTest, OneWitnessCanBeTheQuorum) {
  const TrustPolicy policy = Policy("log LOG\nwitness w W1\nquorum w\n");
  EXPECT_TRUE(policy.Open(Cosigned({1})).ok());
  EXPECT_FALSE(policy.Open(Cosigned({2})).ok());
}

TEST_F(TrustPolicyTest, NoQuorumNeedsTheLogAlone) {
  EXPECT_TRUE(Policy("log LOG\nquorum none").Open(Cosigned({})).ok());
  EXPECT_TRUE(TrustPolicy::ForLog(log_.vkey)->Open(Cosigned({})).ok());
  const GeneratedNoteKey other = Generate(kOrigin, 3, NoteAlgorithm::kEd25519);
  EXPECT_FALSE(TrustPolicy::ForLog(other.vkey)->Open(Cosigned({})).ok());
  EXPECT_FALSE(Policy("quorum none").Open(Cosigned({})).ok());
}

TEST_F(TrustPolicyTest, WrongCosignatureOfAKnownWitnessRefusesTheCheckpoint) {
  const std::unique_ptr<CosignatureSigner> signer =
      CosignatureSigner::Create(witnesses_[0].skey, &clock_).value();
  const std::string note =
      AddNoteSignatures(Cosigned({}), {MakeNoteSignature("other\n", *signer).value()}).value();
  EXPECT_FALSE(Policy("log LOG\nwitness w W0\nquorum none").Open(note).ok());
  EXPECT_TRUE(Policy("log LOG\nquorum none").Open(note).ok());
}

TEST_F(TrustPolicyTest, WrongPoliciesNameTheLineAndReason) {
  const std::pair<std::string, std::string> cases[] = {
      {"", "policy: it has no quorum line"},
      {"log LOG", "it has no quorum line"},
      {"log", "line 1: a log has a vkey"},
      {"log LOG url more\nquorum none", "line 1: a log has a vkey"},
      {"log nonsense\nquorum none", "line 1: malformed verifier key"},
      {"log W0\nquorum none", "line 1: malformed verifier key: not a key of algorithm 0x01"},
      {"log LOG\nlog LOG\nquorum none", "line 2: the key of this log was already given"},
      {"witness w\nquorum none", "line 1: a witness has a name"},
      {"witness w LOG\nquorum none", "line 1: not a key of algorithm 0x04"},
      {"witness a W0\nwitness b W0\nquorum none", "line 2: the key of this witness was already"},
      {"witness a W0\nwitness a W1\nquorum none", "line 2: \"a\" was already defined"},
      {"witness none W0\nquorum none", "line 1: the name \"none\""},
      {"witness a W0\ngroup g any\nquorum g", "line 2: a group has a name"},
      {"witness a W0\ngroup g 0 a\nquorum g", "line 2: the threshold"},
      {"witness a W0\ngroup g 2 a\nquorum g", "line 2: the threshold"},
      {"witness a W0\ngroup g 01 a\nquorum g", "line 2: the threshold"},
      {"witness a W0\ngroup g some a\nquorum g", "line 2: the threshold"},
      {"witness a W0\ngroup g any b\nquorum g", "line 2: \"b\" is no witness or group"},
      {"group g any none\nquorum g", "line 1: \"none\" is no witness"},
      {"group g any g\nquorum g", "line 1: \"g\" is no witness"},
      {"witness a W0\ngroup g any a a\nquorum g", "line 2: \"a\" is already a member"},
      {"witness a W0\ngroup g any a\ngroup h any a\nquorum g", "line 3: \"a\" is already a member"},
      {"quorum g", "line 1: \"g\" is no witness"},
      {"quorum none\nquorum none", "line 2: there is already a quorum"},
      {"quorum", "line 1: a quorum is one name"},
      {"quorum none none", "line 1: a quorum is one name"},
      {"Log LOG\nquorum none", "line 1: it begins with none of"},
      {"quorum none\r\n", "line 1: it has a control character"},
      {std::string("quorum none\n\0", 13), "line 2: it has a control character"},
  };
  for (const auto& [text, reason] : cases) {
    const absl::Status status = ParseError(text);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(Message(status), HasSubstr(reason)) << text;
  }
}

}  // namespace
}  // namespace plumbline::audit
