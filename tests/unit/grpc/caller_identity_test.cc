#include "server/grpc/caller_identity.h"

#include <gtest/gtest.h>

#include <string>

#include "server/service/rpc_error.h"

namespace plumbline::grpc_server {
namespace {

TEST(CallerIdentityTest, CommonNameOfTheCertificateIsProved) {
  const auto caller = ChooseCaller({"ehr.clinic"}, {"other.clinic"}, {"somebody else"});
  ASSERT_TRUE(caller.ok());
  EXPECT_EQ(caller->name, "ehr.clinic");
  EXPECT_TRUE(caller->authenticated);
}

TEST(CallerIdentityTest, WithoutACommonNameTheFirstAlternativeNameCounts) {
  const auto caller = ChooseCaller({""}, {"spiffe://clinic/ehr", "ehr.clinic"}, {});
  ASSERT_TRUE(caller.ok());
  EXPECT_EQ(caller->name, "spiffe://clinic/ehr");
  EXPECT_TRUE(caller->authenticated);
}

TEST(CallerIdentityTest, UnusableNamesOfACertificateArePassedOver) {
  const auto caller =
      ChooseCaller({"caf\xC3\xA9"}, {std::string(129, 'x'), "a\nb", "ehr.clinic"}, {});
  ASSERT_TRUE(caller.ok());
  EXPECT_EQ(caller->name, "ehr.clinic");
}

TEST(CallerIdentityTest, MetadataIsOnlySaid) {
  const auto caller = ChooseCaller({}, {}, {"ward 7"});
  ASSERT_TRUE(caller.ok());
  EXPECT_EQ(caller->name, "ward 7");
  EXPECT_FALSE(caller->authenticated);
}

TEST(CallerIdentityTest, WhoSaysNothingIsNobody) {
  const auto caller = ChooseCaller({}, {}, {});
  ASSERT_TRUE(caller.ok());
  EXPECT_EQ(caller->name, "");
  EXPECT_FALSE(caller->authenticated);
}

TEST(CallerIdentityTest, LongestNameIsTaken) {
  EXPECT_TRUE(ChooseCaller({}, {}, {std::string(128, '~')}).ok());
}

TEST(CallerIdentityTest, MetadataThatIsNoNameIsRefusedWithoutRepeatingIt) {
  for (const std::string& said : {std::string(), std::string(129, 'x'), std::string("tab\there"),
                                  std::string("caf\xC3\xA9")}) {
    const absl::Status status = ChooseCaller({}, {}, {said}).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(service::ReasonOf(status), v1::ERROR_REASON_INVALID_REQUEST);
    EXPECT_EQ(status.message().find("caf"), absl::string_view::npos);
  }
}

TEST(CallerIdentityTest, TwoNamesAreRefused) {
  EXPECT_EQ(ChooseCaller({}, {}, {"a", "b"}).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace plumbline::grpc_server
