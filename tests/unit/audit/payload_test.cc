#include "server/audit/payload.h"

#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "plumbline/v1/decision.pb.h"
#include "server/audit/erasure.h"
#include "server/store/memory/memory_log_store.h"

namespace plumbline::audit {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::shared_ptr<const DecisionDictionary> TestDictionary() {
  const std::vector<std::string> samples = {
      std::string("\x0a\x40", 2) + std::string(64, 'a'),
      std::string("\x12\x40", 2) + std::string(64, 'b'),
  };
  return std::make_shared<const DecisionDictionary>(samples, *v1::Decision::descriptor());
}

TEST(PayloadTest, WithoutDictionaryEverythingIsThereAsItIs) {
  store::MemoryLogStore store;
  const PayloadReader reader(&store);
  const std::string payload = PayloadEncoder().Encode("request", "decision");
  EXPECT_THAT(payload, HasSubstr("decision"));
  EXPECT_EQ(*reader.Read(payload), (DecisionPayload{"request", "decision"}));
  EXPECT_THAT(*PayloadReader::DictionaryOf(payload), IsEmpty());
}

TEST(PayloadTest, DictionaryIsKeptInTheStoreAndNamed) {
  store::MemoryLogStore store;
  const auto dictionary = TestDictionary();
  const absl::StatusOr<PayloadEncoder> encoder = PayloadEncoder::WithDictionary(dictionary, store);
  ASSERT_TRUE(encoder.ok()) << encoder.status();
  const std::string decision = std::string("\x0a\x40", 2) + std::string(64, 'a') + "rest";
  const std::string payload = encoder->Encode("request", decision);
  EXPECT_EQ(*PayloadReader::DictionaryOf(payload), ToHex(Sha256Of(dictionary->bytes())));
  const PayloadReader reader(&store);
  EXPECT_EQ(*reader.Read(payload), (DecisionPayload{"request", decision}));
  EXPECT_EQ(*reader.Read(encoder->Encode("", "")), (DecisionPayload{"", ""}));
}

TEST(PayloadTest, MissingDictionaryIsNamed) {
  store::MemoryLogStore store;
  store::MemoryLogStore without;
  const auto dictionary = TestDictionary();
  const std::string payload =
      PayloadEncoder::WithDictionary(dictionary, store)->Encode("request", "decision");
  const PayloadReader reader(&without);
  const absl::Status status = reader.Read(payload).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr(ToHex(Sha256Of(dictionary->bytes()))));
}

TEST(PayloadTest, WhatNoEncoderWroteIsRefused) {
  store::MemoryLogStore store;
  const PayloadReader reader(&store);
  for (const std::string& bad :
       {std::string(), std::string("\x02", 1), std::string("\x01", 1), std::string("\x01\x05y", 3),
        std::string("\x01\x01y", 3), std::string("\x01\x01y\x07", 4),
        std::string("\x01\x01y\x01zz", 6), std::string("\x01\x81\x00y\x00", 5),
        std::string("\x01\xff\xff\xff\xff\x7f", 6)}) {
    EXPECT_EQ(reader.Read(bad).status().code(), absl::StatusCode::kDataLoss) << bad;
    EXPECT_EQ(PayloadReader::DictionaryOf(bad).status().code(), absl::StatusCode::kDataLoss) << bad;
  }
}

TEST(PayloadTest, EveryCutOffPayloadIsRefusedOrShorter) {
  store::MemoryLogStore store;
  const PayloadReader reader(&store);
  const std::string payload =
      PayloadEncoder::WithDictionary(TestDictionary(), store)->Encode("request", "decision");
  for (size_t size = 0; size < payload.size(); ++size) {
    EXPECT_FALSE(reader.Read(payload.substr(0, size)).ok()) << size;
  }
}

TEST(ErasedIndicesTest, DecodedListIsWhatWasEncoded) {
  const std::vector<uint64_t> indices = {0, 1, 5, 300, 1'000'000'000'000};
  EXPECT_EQ(*DecodeErasedIndices(EncodeErasedIndices(indices)), indices);
  EXPECT_THAT(*DecodeErasedIndices(EncodeErasedIndices({})), IsEmpty());
}

TEST(ErasedIndicesTest, EveryCutOffOrLongerListIsRefused) {
  const std::string bytes = EncodeErasedIndices({0, 1, 5, 300});
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(DecodeErasedIndices(bytes.substr(0, size)).ok()) << size;
  }
  EXPECT_FALSE(DecodeErasedIndices(bytes + '\0').ok());
  EXPECT_FALSE(DecodeErasedIndices(std::string("\x02\x00", 2)).ok());
  // An index beyond 64 bits.
  std::string beyond("\x01\x02", 2);
  beyond += std::string(9, '\xff') + "\x01" + std::string(1, '\x05');
  EXPECT_FALSE(DecodeErasedIndices(beyond).ok());
}

TEST(PendingErasureTest, DecodedNoteIsWhatWasEncoded) {
  PendingErasure pending;
  pending.record_id.bytes.fill(7);
  pending.from_index = 0x0102030405060708;
  const std::string bytes = EncodePendingErasure(pending);
  EXPECT_EQ(DecodePendingErasure(bytes)->record_id, pending.record_id);
  EXPECT_EQ(DecodePendingErasure(bytes)->from_index, pending.from_index);
  EXPECT_FALSE(DecodePendingErasure(bytes.substr(1)).ok());
  EXPECT_FALSE(DecodePendingErasure("\x02" + bytes.substr(1)).ok());
}

}  // namespace
}  // namespace plumbline::audit
