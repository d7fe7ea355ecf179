#include "server/witness/http_witness.h"

#include <memory>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/base/fake_clock.h"
#include "tests/testing/grpc/child_process.h"
#include "tests/testing/grpc/test_certificates.h"
#include "tests/testing/witness/witness_server.h"

namespace plumbline::witness {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class HttpWitnessTest : public ::testing::Test {
 protected:
  std::unique_ptr<HttpWitness> Connect(const std::string& url, HttpWitnessOptions options = {}) {
    const auto address = ParseWitnessAddress(absl::StrCat(witness_.vkey(), " ", url), false);
    EXPECT_TRUE(address.ok()) << address.status();
    auto connected = HttpWitness::Create(*address, std::move(options));
    EXPECT_TRUE(connected.ok()) << connected.status();
    return *std::move(connected);
  }

  FakeClock clock_;
  audit::FakeWitness witness_{"w.example", &clock_};
};

TEST_F(HttpWitnessTest, QuestionAndAnswerPassUnchanged) {
  testing::WitnessServer server(&witness_);
  const auto witness = Connect(server.Url());
  server.AnswerWith([] { return testing::HttpAnswerText({409, "text/x.tlog.size", "7\n"}); });
  // Longer than what libcurl sends without asking for leave.
  const auto answer = witness->AddCheckpoint(std::string(5000, 'x'));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->status, 409);
  EXPECT_EQ(answer->content_type, "text/x.tlog.size");
  EXPECT_EQ(answer->body, "7\n");
  EXPECT_THAT(server.last_head(),
              AllOf(StartsWith("POST /prefix/add-checkpoint HTTP/1.1\r\n"),
                    HasSubstr("Content-Length: 5000\r\n"), Not(HasSubstr("Expect:"))));
  // And another over the same object.
  ASSERT_TRUE(witness->AddCheckpoint("short").ok());
  EXPECT_EQ(server.questions(), 2);
}

TEST_F(HttpWitnessTest, NobodyThereIsUnavailable) {
  std::string url;
  {
    const testing::WitnessServer server(&witness_);
    url = server.Url();
  }
  const absl::Status status = Connect(url)->AddCheckpoint("x").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr("/prefix/add-checkpoint: "));
}

TEST_F(HttpWitnessTest, SilenceEndsWithTheTimeout) {
  testing::WitnessServer server(&witness_);
  server.BeSilent();
  HttpWitnessOptions options;
  options.timeout = absl::Milliseconds(50);
  EXPECT_EQ(Connect(server.Url(), options)->AddCheckpoint("x").status().code(),
            absl::StatusCode::kDeadlineExceeded);
}

TEST_F(HttpWitnessTest, CancelEndsAQuestionUnderWayAndAllLaterOnes) {
  testing::WitnessServer server(&witness_);
  server.BeSilent();
  HttpWitnessOptions options;
  options.timeout = absl::Hours(1);
  const auto witness = Connect(server.Url(), options);
  absl::Status status;
  std::thread asking([&] { status = witness->AddCheckpoint("x").status(); });
  server.WaitForQuestions(1);
  witness->Cancel();
  asking.join();
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(witness->AddCheckpoint("x").status().code(), absl::StatusCode::kCancelled);
}

TEST_F(HttpWitnessTest, GarbageIsAnErrorAndNoCrash) {
  testing::WitnessServer server(&witness_);
  const auto witness = Connect(server.Url());
  const std::string answers[] = {
      "",
      "\r\n\r\n",
      "garbage that is no HTTP\r\n\r\n",
      std::string("\0\xff\x01", 3),
      "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n",
  };
  for (const std::string& bytes : answers) {
    server.AnswerWith([bytes] { return bytes; });
    EXPECT_FALSE(witness->AddCheckpoint("x").ok()) << bytes;
  }
}

TEST_F(HttpWitnessTest, AnswerWithoutEndIsCutOff) {
  testing::WitnessServer server(&witness_);
  const auto witness = Connect(server.Url());
  const auto of_size = [](size_t size) {
    return [size] { return testing::HttpAnswerText({200, "text/plain", std::string(size, 'x')}); };
  };
  server.AnswerWith(of_size(kMaxAnswerBytes));
  EXPECT_EQ(witness->AddCheckpoint("x")->body.size(), kMaxAnswerBytes);
  server.AnswerWith(of_size(kMaxAnswerBytes + 1));
  const absl::Status status = witness->AddCheckpoint("x").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnknown);
  EXPECT_THAT(std::string(status.message()), HasSubstr("larger than 65536 bytes"));
}

TEST_F(HttpWitnessTest, RedirectsAreNotFollowed) {
  testing::WitnessServer elsewhere(&witness_);
  testing::WitnessServer server(&witness_);
  server.AnswerWith([&] {
    return absl::StrCat("HTTP/1.1 308 Moved\r\nLocation: ", elsewhere.Url(),
                        "add-checkpoint\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  });
  const auto answer = Connect(server.Url())->AddCheckpoint("x");
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->status, 308);
  EXPECT_EQ(elsewhere.questions(), 0);
}

TEST_F(HttpWitnessTest, CertificateMustBeTheHostsByAKnownAuthority) {
  const testing::TemporaryFolder folder;
  const testing::KeyAndCertificate authority = testing::MakeAuthority("authority");
  const testing::KeyAndCertificate good = testing::MakeCertificate("localhost", authority);
  testing::WitnessServer server(&witness_, good.cert_pem, good.key_pem);
  server.AnswerWith([] { return testing::HttpAnswerText({404, "text/plain", "who\n"}); });

  HttpWitnessOptions trusting;
  trusting.ca_file = folder.Write("ca.pem", authority.cert_pem);
  const auto answer = Connect(server.Url("localhost"), trusting)->AddCheckpoint("x");
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->status, 404);

  // The system's authorities, and others, do not know it; and it is another host's.
  HttpWitnessOptions other;
  other.ca_file = folder.Write("other.pem", testing::MakeAuthority("other").cert_pem);
  for (const HttpWitnessOptions& options : {HttpWitnessOptions(), other}) {
    const absl::Status status =
        Connect(server.Url("localhost"), options)->AddCheckpoint("x").status();
    EXPECT_EQ(status.code(), absl::StatusCode::kUnauthenticated) << status;
  }
  const testing::KeyAndCertificate others = testing::MakeCertificate("w.example", authority);
  testing::WitnessServer impostor(&witness_, others.cert_pem, others.key_pem);
  EXPECT_EQ(Connect(impostor.Url("localhost"), trusting)->AddCheckpoint("x").status().code(),
            absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(server.questions(), 1);
  EXPECT_EQ(impostor.questions(), 0);
}

TEST_F(HttpWitnessTest, MissingAuthoritiesFailQuestionsUntilTheyAreThere) {
  const testing::TemporaryFolder folder;
  const testing::KeyAndCertificate authority = testing::MakeAuthority("authority");
  const testing::KeyAndCertificate good = testing::MakeCertificate("localhost", authority);
  testing::WitnessServer server(&witness_, good.cert_pem, good.key_pem);
  server.AnswerWith([] { return testing::HttpAnswerText({404, "text/plain", "who\n"}); });
  HttpWitnessOptions options;
  options.ca_file = folder.path("ca.pem");
  const auto witness = Connect(server.Url("localhost"), options);
  const absl::Status missing = witness->AddCheckpoint("x").status();
  EXPECT_EQ(missing.code(), absl::StatusCode::kUnavailable) << missing;
  EXPECT_THAT(std::string(missing.message()), HasSubstr(options.ca_file));
  EXPECT_EQ(server.questions(), 0);
  folder.Write("ca.pem", authority.cert_pem);
  const auto answer = witness->AddCheckpoint("x");
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->status, 404);
}

}  // namespace
}  // namespace plumbline::witness
