#include "server/grpc/listen_address.h"

#include <gtest/gtest.h>

namespace plumbline::grpc_server {
namespace {

struct AddressCase {
  const char* text;
  bool local;
  const char* bound;  // with port 7
};

class GoodAddressTest : public ::testing::TestWithParam<AddressCase> {};

TEST_P(GoodAddressTest, IsParsedAndPlaced) {
  const auto address = ParseListenAddress(GetParam().text);
  ASSERT_TRUE(address.ok()) << address.status();
  EXPECT_EQ(address->IsLocal(), GetParam().local);
  EXPECT_EQ(address->ToString(7), GetParam().bound);
}

INSTANTIATE_TEST_SUITE_P(
    Addresses, GoodAddressTest,
    ::testing::Values(AddressCase{"127.0.0.1:0", true, "127.0.0.1:7"},
                      AddressCase{"127.1.2.3:50051", true, "127.1.2.3:7"},
                      AddressCase{"localhost:50051", true, "localhost:7"},
                      AddressCase{"[::1]:50051", true, "[::1]:7"},
                      AddressCase{"unix:/run/p.sock", true, "unix:/run/p.sock"},
                      AddressCase{"0.0.0.0:50051", false, "0.0.0.0:7"},
                      AddressCase{"[::]:50051", false, "[::]:7"},
                      AddressCase{"10.0.0.1:50051", false, "10.0.0.1:7"},
                      AddressCase{"128.0.0.1:50051", false, "128.0.0.1:7"},
                      AddressCase{"127.evil.example:1", false, "127.evil.example:7"},
                      AddressCase{"localhost.evil.example:1", false, "localhost.evil.example:7"}));

TEST(ListenAddressTest, MalformedOnesAreRefused) {
  for (const char* text : {"", ":", ":50051", "localhost", "localhost:", "localhost:x",
                           "localhost:65536", "localhost:-1", "::1:50051", "unix:"}) {
    EXPECT_FALSE(ParseListenAddress(text).ok()) << text;
  }
}

}  // namespace
}  // namespace plumbline::grpc_server
