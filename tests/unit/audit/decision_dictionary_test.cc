#include "server/audit/decision_dictionary.h"

#include <random>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "plumbline/v1/decision.pb.h"

namespace plumbline::audit {
namespace {

using ::testing::HasSubstr;

constexpr size_t kMaxBytes = size_t{1} << 20;

// A decision with texts that come back (they depend on the numbers alone) and facts that do not.
v1::Decision MakeDecision(int rules, int exercises, int age) {
  v1::Decision decision;
  decision.mutable_ruleset()->set_revision(std::string(64, 'a'));
  for (int i = 0; i < rules; ++i) {
    v1::FiredRule& rule = *decision.add_fired_rules();
    rule.set_title("Rule number " + std::to_string(i) + " with a title of some length");
    rule.mutable_rationale()->set_rule_id("RF-" + std::to_string(i));
    rule.mutable_rationale()->set_text("Why rule " + std::to_string(i) + " fired, at age " +
                                       std::to_string(age));
    rule.set_clinician_note("A note to the clinician that is the same for every patient: " +
                            std::to_string(i * 7919));
  }
  for (int i = 0; i < exercises; ++i) {
    v1::Prescription& exercise = *decision.add_programme();
    exercise.set_rank(i + age);
    exercise.set_name("Exercise " + std::to_string(i));
    for (int step = 0; step < 4; ++step) {
      exercise.add_steps("Step " + std::to_string(step) + " of exercise " + std::to_string(i) +
                         ", told in a sentence or two.");
    }
  }
  return decision;
}

std::string Bytes(int rules, int exercises, int age) {
  return MakeDecision(rules, exercises, age).SerializeAsString();
}

DecisionDictionary MakeDictionary() {
  return DecisionDictionary({Bytes(12, 3, 40), Bytes(2, 9, 60)}, *v1::Decision::descriptor());
}

std::string Encoded(const DecisionDictionary& dictionary, absl::string_view decision) {
  std::string delta;
  dictionary.Encode(decision, delta);
  return delta;
}

void ExpectSame(const DecisionDictionary& dictionary, const std::string& decision) {
  const auto decoded =
      DecisionDictionary::Decode(dictionary.bytes(), Encoded(dictionary, decision), kMaxBytes);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_TRUE(*decoded == decision) << "a decision of " << decision.size() << " bytes";
}

TEST(DecisionDictionaryTest, ADecisionLikeTheSamplesBecomesSmallAndComesBack) {
  const DecisionDictionary dictionary = MakeDictionary();
  const std::string decision = Bytes(10, 8, 55);
  EXPECT_LT(Encoded(dictionary, decision).size(), decision.size() / 2);
  ExpectSame(dictionary, decision);
}

TEST(DecisionDictionaryTest, EverythingThatIsNoDecisionComesBackToo) {
  const DecisionDictionary dictionary = MakeDictionary();
  std::mt19937 random(17);
  ExpectSame(dictionary, "");
  for (int i = 0; i < 2'000; ++i) {
    std::string bytes(random() % 300, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    ExpectSame(dictionary, bytes);
  }
}

TEST(DecisionDictionaryTest, DecisionsWithBytesChangedTakenOutOrPutInComeBack) {
  const DecisionDictionary dictionary = MakeDictionary();
  const std::string decision = Bytes(6, 4, 70);
  std::mt19937 random(18);
  for (int i = 0; i < 3'000; ++i) {
    std::string changed = decision;
    const size_t at = random() % changed.size();
    switch (random() % 3) {
      case 0:
        changed[at] = static_cast<char>(random());
        break;
      case 1:
        changed.erase(at, random() % 40);
        break;
      default:
        changed.insert(at, random() % 40, 'x');
    }
    ExpectSame(dictionary, changed);
  }
}

TEST(DecisionDictionaryTest, WithoutSamplesEverythingIsInserted) {
  const DecisionDictionary empty({}, *v1::Decision::descriptor());
  EXPECT_TRUE(empty.bytes().empty());
  ExpectSame(empty, Bytes(3, 3, 30));
}

TEST(DecisionDictionaryTest, CopiesLongerThanAnInstructionCanSayAreSplit) {
  v1::Decision decision;
  decision.add_disclaimers(std::string(200'000, 'd'));
  const std::string bytes = decision.SerializeAsString();
  const DecisionDictionary dictionary({bytes}, *v1::Decision::descriptor());
  EXPECT_LT(Encoded(dictionary, bytes).size(), 32u);
  ExpectSame(dictionary, bytes);
}

TEST(DecisionDictionaryTest, TheSameSamplesGiveTheSameDictionary) {
  EXPECT_EQ(MakeDictionary().bytes(), MakeDictionary().bytes());
}

TEST(DecisionDictionaryTest, TheDictionaryStaysWithinItsLimit) {
  std::vector<std::string> samples;
  std::mt19937 random(19);
  for (int i = 0; i < 40; ++i) {
    v1::Decision decision;
    std::string text(50'000, '\0');
    for (char& letter : text) letter = static_cast<char>('a' + random() % 26);
    decision.add_disclaimers(text);
    samples.push_back(decision.SerializeAsString());
  }
  const DecisionDictionary dictionary(samples, *v1::Decision::descriptor());
  EXPECT_LE(dictionary.bytes().size(), DecisionDictionary::kMaxBytes);
  EXPECT_GT(dictionary.bytes().size(), DecisionDictionary::kMaxBytes / 2);
  for (const std::string& sample : samples) ExpectSame(dictionary, sample);
}

// The form is public: this is a delta by hand, after gitformat-pack.
TEST(DecisionDictionaryTest, ADeltaWrittenByHandIsUnderstood) {
  const std::string delta("\x05\x08\x91\x01\x03\x03xyz\x90\x02", 11);
  const auto decoded = DecisionDictionary::Decode("abcde", delta, kMaxBytes);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(*decoded, "bcdxyzab");
}

TEST(DecisionDictionaryTest, ADamagedDeltaIsRefusedAndSaysWhy) {
  const struct {
    std::string delta;
    const char* message;
  } cases[] = {
      {"", "sizes at its beginning"},
      {"\x05", "sizes at its beginning"},
      {std::string("\x06\x01\x01x"), "dictionary of 6 bytes, not 5"},
      {std::string("\x05\x03\x00", 3), "unknown instruction 0"},
      {std::string("\x05\x03\x03xy"), "cut off inside inserted bytes"},
      {std::string("\x05\x03\x91\x01"), "cut off inside a copy"},
      {std::string("\x05\x03\x91\x03\x03"), "beyond the dictionary"},
      {std::string("\x05\x02\x90\x03"), "longer than it claims"},
      {std::string("\x05\x04\x90\x03"), "shorter than it claims"},
      {std::string("\x05\xff\xff\xff\x7f\x90\x03"), "at most 1048576 are possible"},
  };
  for (const auto& [delta, message] : cases) {
    const auto decoded = DecisionDictionary::Decode("abcde", delta, kMaxBytes);
    ASSERT_EQ(decoded.status().code(), absl::StatusCode::kDataLoss) << message;
    EXPECT_THAT(std::string(decoded.status().message()), HasSubstr(message));
  }
}

TEST(DecisionDictionaryTest, NoChangedDeltaReadsBeyondItsBytes) {
  const DecisionDictionary dictionary = MakeDictionary();
  const std::string delta = Encoded(dictionary, Bytes(5, 5, 50));
  std::mt19937 random(20);
  int refused = 0;
  for (int i = 0; i < 5'000; ++i) {
    std::string changed = delta.substr(0, random() % delta.size() + 1);
    changed[random() % changed.size()] = static_cast<char>(random());
    if (!DecisionDictionary::Decode(dictionary.bytes(), changed, kMaxBytes).ok()) ++refused;
  }
  EXPECT_GT(refused, 4'000);
}

}  // namespace
}  // namespace plumbline::audit
