// The bytes themselves: canonical, deterministic, complete.

#include <thread>

#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "tests/testing/engine/random_intake.h"
#include "tests/unit/engine/evaluate.h"

namespace plumbline::engine {
namespace {

std::string Reserialised(const v1::Decision& decision) {
  std::string out;
  google::protobuf::io::StringOutputStream stream(&out);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  decision.SerializeToCodedStream(&coded);
  coded.Trim();
  return out;
}

class DecisionBytesTest : public EngineTest {};

TEST_F(DecisionBytesTest, EqualWhatTheGeneratedSerialiserWouldWrite) {
  UseRuleset(testing::SmallRulesetText());
  std::mt19937_64 random(testing::TestSeed());
  int answered = 0;
  for (int i = 0; i < 3000; ++i) {
    const v1::Intake intake = testing::RandomIntake(engine_->ruleset(), random);
    for (View view : {View::kFull, View::kBasic}) {
      if (!engine_->Evaluate(intake, absl::CivilDay(2026, 11, 21), view, workspace_, bytes_)
               .empty()) {
        continue;
      }
      ++answered;
      v1::Decision decision;
      ASSERT_TRUE(decision.ParseFromString(bytes_));
      ASSERT_EQ(Reserialised(decision), bytes_);
    }
  }
  EXPECT_GT(answered, 2000) << "most random intakes must be usable";
}

// The message put together, by a plain reading of what it says.
std::string Whole(const PiecedMessage& message, const PieceTable& pieces) {
  std::string whole;
  size_t done = 0;
  for (const PlacedPiece& place : message.placed) {
    whole += message.loose.substr(done, place.offset - done);
    whole += std::string(pieces[place.number]);
    done = place.offset;
  }
  return whole + message.loose.substr(done);
}

TEST_F(DecisionBytesTest, InPiecesTheyAreTheSame) {
  UseRuleset(testing::SmallRulesetText());
  std::mt19937_64 random(testing::TestSeed());
  const PieceTable& pieces = *engine_->pieces();
  DecisionInPieces decision;
  size_t total = 0;
  size_t loose = 0;
  for (int i = 0; i < 1000; ++i) {
    const v1::Intake intake = testing::RandomIntake(engine_->ruleset(), random);
    for (View view : {View::kFull, View::kBasic}) {
      const absl::CivilDay day(2026, 11, 21);
      const auto violations = engine_->Evaluate(intake, day, view, workspace_, bytes_);
      const std::string before = Whole(decision.message, pieces);
      const auto again = engine_->EvaluateInPieces(intake, day, view, workspace_, decision);
      ASSERT_EQ(again.size(), violations.size());
      if (!violations.empty()) {
        ASSERT_EQ(Whole(decision.message, pieces), before) << "a bad intake leaves it alone";
        continue;
      }
      ASSERT_EQ(Whole(decision.message, pieces), bytes_);
      ASSERT_EQ(decision.message.size, bytes_.size());
      total += bytes_.size();
      loose += decision.message.loose.size();
    }
  }
  EXPECT_GT(total, 0u);
  EXPECT_LT(loose, total / 2);
}

TEST_F(DecisionBytesTest, PiecesAreTheSameForTheSameRuleset) {
  UseRuleset(testing::SmallRulesetText());
  const Engine other(testing::CompileText(testing::SmallRulesetText()));
  const PieceTable& pieces = *engine_->pieces();
  ASSERT_EQ(other.pieces()->size(), pieces.size());
  for (uint32_t i = 0; i < pieces.size(); ++i) ASSERT_EQ((*other.pieces())[i], pieces[i]);
}

TEST_F(DecisionBytesTest, SameBytesFromEveryWorkspaceEngineAndThread) {
  UseRuleset(testing::SmallRulesetText());
  const Engine other(testing::CompileText(testing::SmallRulesetText()));
  std::mt19937_64 random(testing::TestSeed());
  std::vector<v1::Intake> intakes;
  std::vector<std::string> expected;
  for (int i = 0; i < 300; ++i) {
    v1::Intake intake = testing::RandomIntake(engine_->ruleset(), random);
    Workspace fresh;
    std::string bytes;
    if (!other.Evaluate(intake, absl::CivilDay(2026, 1, 1), View::kFull, fresh, bytes).empty()) {
      continue;
    }
    intakes.push_back(std::move(intake));
    expected.push_back(std::move(bytes));
  }
  std::vector<std::thread> threads;
  std::vector<int> differences(4, 0);
  for (size_t t = 0; t < differences.size(); ++t) {
    threads.emplace_back([&, t] {
      Workspace workspace;
      std::string bytes;
      for (int round = 0; round < 3; ++round) {
        for (size_t i = 0; i < intakes.size(); ++i) {
          // Each thread in an order of its own: what was evaluated before must not matter.
          const size_t pick = (i * 7 + t * 13) % intakes.size();
          engine_->Evaluate(intakes[pick], absl::CivilDay(2026, 1, 1), View::kFull, workspace,
                            bytes);
          if (bytes != expected[pick]) ++differences[t];
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(differences, ::testing::Each(0));
}

TEST_F(DecisionBytesTest, WorkspaceMovesFromOneRulesetToAnother) {
  const Engine first(testing::CompileText(testing::SmallRulesetText()));
  const std::string changed = testing::Replaced(testing::SmallRulesetText(), "nprs_back >= 9",
                                                "nprs_back >= 8 && age_years > 3");
  const Engine second(testing::CompileText(changed));
  const v1::Intake intake = ParseIntake(SafeAnswers() + "person { nprs_back: 8 }");
  std::string a, b, again;
  first.Evaluate(intake, absl::CivilDay(2026, 1, 1), View::kFull, workspace_, a);
  second.Evaluate(intake, absl::CivilDay(2026, 1, 1), View::kFull, workspace_, b);
  first.Evaluate(intake, absl::CivilDay(2026, 1, 1), View::kFull, workspace_, again);
  EXPECT_EQ(a, again);
  EXPECT_NE(a, b);
}

TEST_F(DecisionBytesTest, NamesRulesetEngineAndDate) {
  const v1::Decision decision = Evaluate(SafeAnswers());
  EXPECT_EQ(decision.ruleset().ruleset_id(), "small");
  EXPECT_EQ(decision.ruleset().version(), "1.2.3");
  EXPECT_EQ(decision.ruleset().revision().size(), 64u);
  EXPECT_EQ(decision.engine_version(), EngineVersion());
  EXPECT_EQ(decision.as_of().year(), 2026);
  EXPECT_EQ(decision.disclaimers(0), "Made up for tests.");
}

TEST_F(DecisionBytesTest, UnverifiedPassagesAreNeverPrinted) {
  UseRuleset(testing::Replaced(testing::SmallRulesetText(),
                               "because: \"There is a fever; temperature: {temp_c}.\"",
                               "because: \"Fever.\" sources: \"T/U\""));
  const v1::Decision decision = Evaluate(SafeAnswers() + "general_illness { fever: TRI_YES }");
  EXPECT_THAT(decision.fired_rules(0).rationale().sources(), ::testing::ElementsAre("T/1"));
  for (const v1::Citation& citation : decision.citations()) {
    EXPECT_NE(citation.passage_id(), "T/U");
  }
}

}  // namespace
}  // namespace plumbline::engine
