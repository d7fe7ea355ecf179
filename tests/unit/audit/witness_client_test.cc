#include "server/audit/witness_client.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/audit/checkpoint.h"
#include "server/audit/merkle.h"
#include "server/audit/proof_text.h"
#include "server/audit/trust_policy.h"
#include "server/base/note_key.h"
#include "tests/testing/audit/fake_witness.h"
#include "tests/testing/audit/reference_tree.h"
#include "tests/testing/base/counting_random.h"
#include "tests/testing/base/fake_clock.h"

namespace plumbline::audit {
namespace {

using ::testing::HasSubstr;

constexpr char kOrigin[] = "log.example/decisions";

std::string Message(const absl::Status& status) { return std::string(status.message()); }

class WitnessClientTest : public ::testing::Test {
 protected:
  WitnessClientTest() : witness_("w.example", &clock_) {
    CountingRandom random;
    log_ = GenerateNoteKey(random, kOrigin).value();
    witness_.AddLog(log_.vkey);
    for (int i = 0; i < 100; ++i) tree_.Add(absl::StrCat("decision ", i));
  }

  std::string SignedCheckpoint(uint64_t size, const Sha256Digest& root) const {
    Checkpoint checkpoint;
    checkpoint.origin = kOrigin;
    checkpoint.size = size;
    checkpoint.root = root;
    const auto signer = Ed25519NoteSigner::Create(log_.skey).value();
    return SignCheckpoint(checkpoint, {signer.get()}).value();
  }
  std::string SignedCheckpoint(uint64_t size) const {
    return SignedCheckpoint(size, tree_.Root(size));
  }

  WitnessClient::ProofSource Proofs() const {
    return
        [this](uint64_t old_size, uint64_t new_size) -> absl::StatusOr<std::vector<Sha256Digest>> {
          if (old_size == 0) return std::vector<Sha256Digest>();
          return tree_.ConsistencyProof(old_size, new_size);
        };
  }

  std::string Request(uint64_t old_size, uint64_t size) const {
    AddCheckpointRequest request;
    request.old_size = old_size;
    request.consistency_proof = Proofs()(old_size, size).value();
    request.checkpoint = SignedCheckpoint(size);
    return FormatAddCheckpointRequest(request);
  }

  int StatusOf(absl::string_view body) { return witness_.AddCheckpoint(body).value().status; }

  absl::StatusOr<AddCheckpointAnswer> Read(const HttpAnswer& answer) const {
    const std::unique_ptr<CosignatureVerifier> verifier = witness_.verifier();
    return ParseAddCheckpointAnswer(answer, SignedCheckpoint(7), {verifier.get()});
  }

  FakeClock clock_;
  FakeWitness witness_;
  GeneratedNoteKey log_;
  ReferenceTree tree_;
};

TEST_F(WitnessClientTest, RequestHasTheFormOfTheSpecification) {
  AddCheckpointRequest request;
  request.old_size = 20852014;
  request.consistency_proof = {EmptyRoot()};
  request.checkpoint = "note";
  const std::string body = FormatAddCheckpointRequest(request);
  EXPECT_EQ(body, "old 20852014\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\nnote");
  const AddCheckpointRequest read = ParseAddCheckpointRequest(body).value();
  EXPECT_EQ(read.old_size, request.old_size);
  EXPECT_EQ(read.consistency_proof, request.consistency_proof);
  EXPECT_EQ(read.checkpoint, request.checkpoint);
}

TEST_F(WitnessClientTest, WrongRequestsNameTheLine) {
  const std::string hash = absl::StrCat(EncodeHash(EmptyRoot()), "\n");
  std::string many;
  for (size_t i = 0; i <= kMaxProofHashes; ++i) many += hash;
  const std::pair<std::string, std::string> cases[] = {
      {"", "line 1"},
      {"old\n\n", "line 1"},
      {"old 01\n\n", "line 1"},
      {"new 1\n\n", "line 1"},
      {"old 1\nx\n\n", "line 2: not a hash"},
      {"old 1\n" + hash, "line 3: no checkpoint"},
      {"old 1\n" + many + "\n", "line 65: more than 63 hashes"},
  };
  for (const auto& [body, reason] : cases) {
    EXPECT_THAT(Message(ParseAddCheckpointRequest(body).status()), HasSubstr(reason)) << body;
    EXPECT_EQ(StatusOf(body), 400);
  }
}

TEST_F(WitnessClientTest, GrowingLogIsCosignedStepByStep) {
  WitnessClient client(witness_.verifier(), &witness_);
  const TrustPolicy policy = TrustPolicy::Parse(absl::StrCat("log ", log_.vkey, "\nwitness w ",
                                                             witness_.vkey(), "\nquorum w\n"))
                                 .value();
  int requests = 0;
  for (const uint64_t size : {0, 1, 2, 50, 50, 99, 100}) {
    clock_.Advance(absl::Seconds(10));
    const std::string checkpoint = SignedCheckpoint(size);
    const NoteSignature cosignature = client.Cosign(checkpoint, Proofs()).value();
    EXPECT_EQ(CosignatureTime(cosignature.signature).value(), clock_.Now());
    EXPECT_TRUE(policy.Open(AddNoteSignatures(checkpoint, {cosignature}).value()).ok()) << size;
    EXPECT_EQ(witness_.SizeOf(kOrigin), size);
    EXPECT_EQ(witness_.request_count(), ++requests) << "one request each";
  }
}

TEST_F(WitnessClientTest, ClientThatForgotTheSizeAsksTwice) {
  ASSERT_TRUE(
      WitnessClient(witness_.verifier(), &witness_).Cosign(SignedCheckpoint(50), Proofs()).ok());
  WitnessClient forgetful(witness_.verifier(), &witness_);
  EXPECT_TRUE(forgetful.Cosign(SignedCheckpoint(70), Proofs()).ok());
  EXPECT_EQ(witness_.request_count(), 3);
}

TEST_F(WitnessClientTest, LogThatLostEntriesIsFound) {
  WitnessClient client(witness_.verifier(), &witness_);
  ASSERT_TRUE(client.Cosign(SignedCheckpoint(50), Proofs()).ok());
  const absl::Status status = client.Cosign(SignedCheckpoint(49), Proofs()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(Message(status), HasSubstr("has seen 50 entries of the log"));
  EXPECT_EQ(witness_.SizeOf(kOrigin), 50u);
}

TEST_F(WitnessClientTest, LogWithAnotherHistoryIsNotCosigned) {
  WitnessClient client(witness_.verifier(), &witness_);
  ASSERT_TRUE(client.Cosign(SignedCheckpoint(50), Proofs()).ok());
  // The same size with another root, and a larger one that does not contain the first.
  EXPECT_EQ(client.Cosign(SignedCheckpoint(50, EmptyRoot()), Proofs()).status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(client.Cosign(SignedCheckpoint(60, EmptyRoot()), Proofs()).status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(witness_.SizeOf(kOrigin), 50u);
  EXPECT_TRUE(client.Cosign(SignedCheckpoint(60), Proofs()).ok());
}

TEST_F(WitnessClientTest, WitnessAnswersAsTheSpecificationSays) {
  EXPECT_EQ(StatusOf(Request(0, 7)), 200);
  const HttpAnswer conflict = witness_.AddCheckpoint(Request(0, 9)).value();
  EXPECT_EQ(conflict.status, 409);
  EXPECT_EQ(conflict.content_type, "text/x.tlog.size");
  EXPECT_EQ(conflict.body, "7\n");

  AddCheckpointRequest request = ParseAddCheckpointRequest(Request(7, 9)).value();
  AddCheckpointRequest changed = request;
  changed.consistency_proof.pop_back();
  EXPECT_EQ(StatusOf(FormatAddCheckpointRequest(changed)), 422);
  changed = request;
  changed.old_size = 7;
  changed.consistency_proof.clear();
  changed.checkpoint = SignedCheckpoint(7, EmptyRoot());
  EXPECT_EQ(StatusOf(FormatAddCheckpointRequest(changed)), 409) << "a fork at the same size";
  changed = request;
  changed.old_size = 10;
  EXPECT_EQ(StatusOf(FormatAddCheckpointRequest(changed)), 400);
  changed = request;
  changed.checkpoint[0] = 'L';  // another origin
  EXPECT_EQ(StatusOf(FormatAddCheckpointRequest(changed)), 404);
  changed = request;
  changed.checkpoint[changed.checkpoint.find("\n9\n") + 1] = '8';  // signature does not fit
  EXPECT_EQ(StatusOf(FormatAddCheckpointRequest(changed)), 403);
  changed = request;
  changed.checkpoint = "no note";
  EXPECT_EQ(StatusOf(FormatAddCheckpointRequest(changed)), 400);
  EXPECT_EQ(witness_.SizeOf(kOrigin), 7u);
  EXPECT_EQ(StatusOf(FormatAddCheckpointRequest(request)), 200);
}

TEST_F(WitnessClientTest, StatusesOfTheWitnessKeepTheirMeaning) {
  const std::pair<int, absl::StatusCode> cases[] = {
      {400, absl::StatusCode::kInvalidArgument},   {403, absl::StatusCode::kPermissionDenied},
      {404, absl::StatusCode::kNotFound},          {422, absl::StatusCode::kFailedPrecondition},
      {429, absl::StatusCode::kResourceExhausted}, {500, absl::StatusCode::kUnavailable},
      {503, absl::StatusCode::kUnavailable},       {302, absl::StatusCode::kUnknown},
  };
  for (const auto& [status, code] : cases) {
    const absl::Status read = Read({status, "text/plain", "why\n"}).status();
    EXPECT_EQ(read.code(), code) << status;
    EXPECT_THAT(Message(read), HasSubstr(absl::StrCat(status, ": why")));
  }
}

TEST_F(WitnessClientTest, AnswersThatBreakTheProtocolAreRefused) {
  const std::string good = witness_.AddCheckpoint(Request(0, 7)).value().body;
  EXPECT_EQ(Read({200, "", good}).value().cosignatures.size(), 1u);
  const std::string unknown = FormatNoteSignature({"other", 1, "x"});
  EXPECT_EQ(Read({200, "", unknown + good}).value().cosignatures.size(), 1u);
  EXPECT_EQ(Read({200, "", unknown}).status().code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(Read({200, "", ""}).status().code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(Read({200, "", good.substr(0, good.size() - 1)}).status().code(),
            absl::StatusCode::kUnknown);
  EXPECT_EQ(Read({200, "", good + "hello\n"}).status().code(), absl::StatusCode::kUnknown);

  const std::string type(kTreeSizeContentType);
  EXPECT_EQ(Read({409, type, "7\n"}).value().witness_size, 7u);
  EXPECT_EQ(Read({409, "text/plain", "7\n"}).status().code(), absl::StatusCode::kUnknown);
  for (const char* body : {"", "7", "07\n", "-7\n", "7\n\n", "4611686018427387905\n"}) {
    EXPECT_EQ(Read({409, type, body}).status().code(), absl::StatusCode::kUnknown) << body;
  }
}

TEST_F(WitnessClientTest, CosignatureOfAnotherCheckpointIsRefused) {
  const std::string of_nine = witness_.AddCheckpoint(Request(0, 9)).value().body;
  EXPECT_EQ(Read({200, "", of_nine}).status().code(), absl::StatusCode::kUnauthenticated);
}

// A witness that gives one answer to everything.
class StubbornWitness final : public WitnessTransport {
 public:
  explicit StubbornWitness(HttpAnswer answer) : answer_(std::move(answer)) {}
  absl::StatusOr<HttpAnswer> AddCheckpoint(absl::string_view) override { return answer_; }

 private:
  const HttpAnswer answer_;
};

TEST_F(WitnessClientTest, ConflictAtTheSizeOfTheCheckpointIsAnotherHistory) {
  const std::string type(kTreeSizeContentType);
  const std::pair<HttpAnswer, absl::StatusCode> cases[] = {
      {{409, type, "50\n"}, absl::StatusCode::kFailedPrecondition},
      {{409, "text/plain", "50\n"}, absl::StatusCode::kFailedPrecondition},
      {{409, "text/plain", "the roots differ\n"}, absl::StatusCode::kFailedPrecondition},
      {{409, "", ""}, absl::StatusCode::kFailedPrecondition},
      {{409, type, "51\n"}, absl::StatusCode::kDataLoss},
      {{409, type, "49\n"}, absl::StatusCode::kAborted},
      {{409, "text/plain", "51\n"}, absl::StatusCode::kUnknown},
      {{409, type, "many\n"}, absl::StatusCode::kUnknown},
  };
  for (const auto& [answer, code] : cases) {
    StubbornWitness stubborn(answer);
    WitnessClient client(witness_.verifier(), &stubborn, /*cosigned_size=*/50);
    const absl::Status status = client.Cosign(SignedCheckpoint(50), Proofs()).status();
    EXPECT_EQ(status.code(), code) << answer.content_type << " " << answer.body << status;
  }
}

TEST_F(WitnessClientTest, ClientThatForgotTheSizeFindsAnotherHistoryOfTheSameSize) {
  ASSERT_TRUE(
      WitnessClient(witness_.verifier(), &witness_).Cosign(SignedCheckpoint(50), Proofs()).ok());
  WitnessClient forgetful(witness_.verifier(), &witness_);
  const absl::Status status =
      forgetful.Cosign(SignedCheckpoint(50, EmptyRoot()), Proofs()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(Message(status), HasSubstr("another history"));
  EXPECT_THAT(Message(status), HasSubstr("of the same size, 50"));
}

// A witness that says another size each time.
class RestlessWitness final : public WitnessTransport {
 public:
  absl::StatusOr<HttpAnswer> AddCheckpoint(absl::string_view) override {
    return HttpAnswer{409, std::string(kTreeSizeContentType), absl::StrCat(++size_, "\n")};
  }

 private:
  int size_ = 0;
};

TEST_F(WitnessClientTest, WitnessWhoseSizeKeepsChangingIsGivenUp) {
  RestlessWitness restless;
  WitnessClient client(witness_.verifier(), &restless);
  EXPECT_EQ(client.Cosign(SignedCheckpoint(50), Proofs()).status().code(),
            absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace plumbline::audit
