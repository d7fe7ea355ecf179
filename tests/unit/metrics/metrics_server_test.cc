#include "server/metrics/metrics_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace plumbline::metrics {
namespace {

using ::testing::HasSubstr;

// One HTTP/1.0 request to this machine.
std::string Get(int port, const std::string& path) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string answer;
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0) {
    const std::string request = "GET " + path + " HTTP/1.0\r\n\r\n";
    if (write(fd, request.data(), request.size()) == static_cast<ssize_t>(request.size())) {
      char buffer[4096];
      for (ssize_t got = 0; (got = read(fd, buffer, sizeof(buffer))) > 0;) {
        answer.append(buffer, static_cast<size_t>(got));
      }
    }
  }
  close(fd);
  return answer;
}

TEST(MetricsServerTest, AScrapeShowsWhatTheSourcesSayAtThatMoment) {
  double value = 1;
  auto server = MetricsServer::Start(
      "127.0.0.1:0",
      {[&value] { return std::vector<Metric>{Gauge("plumbline_test", "A test.", value)}; }});
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_THAT(Get((*server)->port(), "/metrics"),
              HasSubstr("# HELP plumbline_test A test.\n# TYPE plumbline_test gauge\n"
                        "plumbline_test 1\n"));
  value = 2;
  EXPECT_THAT(Get((*server)->port(), "/metrics"), HasSubstr("plumbline_test 2\n"));
  EXPECT_THAT(Get((*server)->port(), "/elsewhere"), HasSubstr("404"));
}

TEST(MetricsServerTest, ValuesOfOneNameFromTwoSourcesStandTogether) {
  const auto source = [](const char* alias) {
    return [alias] {
      return std::vector<Metric>{
          {"plumbline_answers_total", "Answers.", MetricKind::kCounter, {{{{"alias", alias}}, 3}}}};
    };
  };
  EXPECT_EQ(RenderText({source("stable"), source("canary")}),
            "# HELP plumbline_answers_total Answers.\n"
            "# TYPE plumbline_answers_total counter\n"
            "plumbline_answers_total{alias=\"stable\"} 3\n"
            "plumbline_answers_total{alias=\"canary\"} 3\n");
}

TEST(MetricsServerTest, AnAddressOfAnotherFormIsRefusedWithTheFormThatIsWanted) {
  for (const char* address : {"", "9464", "127.0.0.1", ":9464", "127.0.0.1:99999", "127.0.0.1:x",
                              "127.0.0.1:80,90", "127.0.0.1:80s", "example:80"}) {
    const auto server = MetricsServer::Start(address, {});
    EXPECT_EQ(server.status().code(), absl::StatusCode::kInvalidArgument) << address;
    EXPECT_THAT(std::string(server.status().message()), HasSubstr("is not IP:PORT")) << address;
  }
}

TEST(MetricsServerTest, AnAddressInUseIsNamed) {
  auto first = MetricsServer::Start("127.0.0.1:0", {});
  ASSERT_TRUE(first.ok()) << first.status();
  const std::string address = "127.0.0.1:" + std::to_string((*first)->port());
  const auto second = MetricsServer::Start(address, {});
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr(address));
}

}  // namespace
}  // namespace plumbline::metrics
