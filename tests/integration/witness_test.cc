// `plumbline serve --log-witness`: what was answered is cosigned by somebody else, and whether
// there is such a one or not makes no difference to serving.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/integration/serve_child.h"
#include "tests/testing/witness/witness_server.h"

namespace plumbline {
namespace {

using ::testing::HasSubstr;

class WitnessTest : public ::testing::Test {
 protected:
  WitnessTest() { witness_.AddLog(folder_.verifier_key()); }

  std::vector<std::vector<std::string>> Arguments(const std::string& vkey) const {
    return {folder_.Rules(),
            folder_.Log(),
            {"--checkpoint-interval-ms", "10", "--log-witness-interval-ms", "20", "--log-witness",
             absl::StrCat(vkey, " ", server_.Url())}};
  }

  // The cosigned checkpoint, once it covers the record; empty if it never does.
  static std::string CosignedBeyond(ServeChild& server, uint64_t index) {
    v1::GetCheckpointRequest request;
    request.set_cosigned(true);
    for (int i = 0; i < 1000; ++i) {
      v1::GetCheckpointResponse response;
      const grpc::Status status = server.audit().GetCheckpoint(Context().get(), request, &response);
      if (status.ok()) {
        const auto note = ParseNote(response.checkpoint());
        EXPECT_TRUE(note.ok()) << note.status();
        if (audit::ParseCheckpoint(note->text)->size > index) {
          return response.checkpoint();
        }
      } else {
        EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND) << status.error_message();
      }
      absl::SleepFor(absl::Milliseconds(20));
    }
    return "";
  }

  // Exit code of `plumbline audit verify` of the log; what it says goes to `said`.
  int Verify(const std::string& witness_key, std::string& said) const {
    testing::ChildProcess verify({PLUMBLINE_BINARY, "audit", "verify", "--log", folder_.path("log"),
                                  "--log-key", folder_.path("keys/master.key"), "--vkey",
                                  folder_.verifier_key(), "--witness-key", witness_key});
    const int code = verify.Wait();
    said = verify.output() + verify.errors();
    return code;
  }

  ServeFolder folder_;
  SystemClock clock_;
  audit::FakeWitness witness_{"w.example", &clock_};
  audit::FakeWitness other_{"v.example", &clock_, 78};
  testing::WitnessServer server_{&witness_};
};

TEST_F(WitnessTest, WhatIsAnsweredIsCosignedAndCanBeVerified) {
  {
    ServeChild server(Arguments(witness_.vkey()));
    const uint64_t index = server.Evaluate(RequestOf("r-1")).record_index();
    EXPECT_THAT(CosignedBeyond(server, index), HasSubstr("\xE2\x80\x94 w.example "));
    EXPECT_EQ(server.Stop(), 0);
    EXPECT_THAT(server.process().errors(), HasSubstr("\"event\":\"witness-cosigns\""));
  }
  std::string said;
  EXPECT_EQ(Verify(witness_.vkey(), said), 0) << said;
  EXPECT_THAT(said, HasSubstr("Cosigned by w.example, "));
  EXPECT_EQ(Verify(other_.vkey(), said), 1) << said;
  EXPECT_THAT(said, HasSubstr("checkpoint.cosigned"));
}

TEST_F(WitnessTest, WitnessThatIsSilentOrAnotherDoesNotDisturbServing) {
  server_.BeSilent();
  ServeChild server(Arguments(other_.vkey()));
  EXPECT_TRUE(server.Evaluate(RequestOf("r-1")).has_record_index());
  server_.WaitForQuestions(1);
  EXPECT_TRUE(server.Evaluate(RequestOf("r-2")).has_record_index());
  EXPECT_EQ(server.Stop(), 0) << "without waiting for the answer";
  std::string said;
  EXPECT_EQ(Verify(other_.vkey(), said), 1);
  EXPECT_THAT(said, HasSubstr("no witness has cosigned this log"));
}

TEST_F(WitnessTest, MissingAuthoritiesAreToldAndDoNotKeepFromServing) {
  std::vector<std::vector<std::string>> arguments = Arguments(witness_.vkey());
  arguments.push_back({"--log-witness-ca", "/no/such/ca.pem"});
  ServeChild server(arguments);
  EXPECT_TRUE(server.Evaluate(RequestOf("r-1")).has_record_index());
  EXPECT_EQ(server.Stop(), 0);
  EXPECT_THAT(server.process().errors(), HasSubstr("\"event\":\"witness-failed\""));
  EXPECT_THAT(server.process().errors(), HasSubstr("/no/such/ca.pem cannot be read"));
}

TEST_F(WitnessTest, MistakesInTheOptionAreFoundAtTheStart) {
  ServeChild server({folder_.Rules(), folder_.Log(), {"--log-witness", "w.example"}}, "", false);
  EXPECT_EQ(server.process().Wait(), 2);
  EXPECT_THAT(server.process().errors(),
              HasSubstr("--log-witness: a witness is its verifier key and its URL"));
}

}  // namespace
}  // namespace plumbline
