// The stack of a server's log on real files: what it starts with, and what it refuses to.

#include "server/cli/log_stack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "plumbline/storage/v1/record_details.pb.h"
#include "server/base/failpoint.h"
#include "server/base/note_key.h"
#include "server/base/random.h"
#include "server/engine/engine.h"
#include "server/service/audit_log_service.h"
#include "server/store/segment/segment_log_store.h"
#include "server/store/sqlite/sqlite_query_index.h"
#include "tests/testing/base/fake_clock.h"
#include "tests/testing/grpc/child_process.h"

namespace plumbline::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

const service::Caller kOfficer{"privacy", true};
constexpr absl::Duration kDay = absl::Hours(24);

// Segments of a few records, so that a log of a hundred has a history.
absl::StatusOr<LogFiles> OpenFiles(const std::string& folder, bool) {
  std::filesystem::create_directories(folder);
  store::SegmentOptions options;
  options.segment_bytes = 32 << 10;
  options.batch_alignment = 512;
  options.prepare_ahead = false;
  auto store = store::SegmentLogStore::Open(folder, options);
  if (!store.ok()) return store.status();
  auto index = store::SqliteQueryIndex::Open(folder + "/index.sqlite");
  if (!index.ok()) return index.status();
  LogFiles files;
  files.store = *std::move(store);
  files.index = *std::move(index);
  return files;
}

class LogStackTest : public ::testing::Test {
 protected:
  LogStackTest() {
    OpenSslRandomSource random;
    folder_.Write("log.key", GenerateNoteKey(random, "test.example/log")->skey);
    folder_.Write("master.key",
                  "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n");
    for (const char* file : {"log.key", "master.key"}) {
      std::filesystem::permissions(folder_.path(file), std::filesystem::perms::owner_read |
                                                           std::filesystem::perms::owner_write);
    }
  }

  LogStackOptions Options() {
    LogStackOptions options;
    options.folder = folder_.path("log");
    options.create = true;
    options.key_file = folder_.path("master.key");
    options.signing_key_file = folder_.path("log.key");
    options.log.min_free_bytes = 0;
    options.clock = &clock_;
    options.on_event = [this](absl::string_view event, absl::string_view detail) {
      const absl::MutexLock lock(&mutex_);
      events_.emplace_back(std::string(event), std::string(detail));
    };
    return options;
  }

  absl::StatusOr<std::unique_ptr<LogStack>> Open(LogStackOptions options) {
    return LogStack::Open(options, &OpenFiles);
  }

  static void Append(LogStack& stack, const std::string& pseudonym,
                     const std::string& request_id = "") {
    storage::v1::RecordDetails details;
    details.set_caller("clinic");
    details.set_patient_pseudonym(pseudonym);
    details.set_request_id(request_id);
    const std::string bytes = details.SerializeAsString();
    audit::RecordDraft draft;
    draft.kind = v1::RECORD_KIND_DECISION;
    draft.details = bytes;
    const auto appended = stack.log().AppendAndWait(draft);
    ASSERT_TRUE(appended.ok()) << appended.status();
  }

  // Flips a bit in the details of a record of the first segment, which has no payload: they are the
  // last of its frame.
  void DamageDetails(int record) const {
    const std::string path = folder_.path("log/segments/0000000001.seg");
    std::string bytes = testing::ReadWholeFile(path);
    size_t at = 0;
    for (int i = 0; i <= record; ++i) {
      at = bytes.find("PLR\x01", i == 0 ? 0 : at + 1);
      ASSERT_NE(at, std::string::npos);
    }
    const size_t next = bytes.find("PLR\x01", at + 1);
    ASSERT_NE(next, std::string::npos);
    const size_t last = bytes.find_last_not_of('\0', next - 1);
    bytes[last - 8] ^= 1;
    std::ofstream(path, std::ios::binary) << bytes;
  }

  bool WasTold(const std::string& event) {
    const absl::MutexLock lock(&mutex_);
    for (const auto& [name, detail] : events_) {
      if (name == event) return true;
    }
    return false;
  }

  testing::TemporaryFolder folder_;
  FakeClock clock_;
  absl::Mutex mutex_;
  std::vector<std::pair<std::string, std::string>> events_ ABSL_GUARDED_BY(mutex_);
};

TEST_F(LogStackTest, DamagedRecordInTheHistoryDoesNotKeepFromStartingAndIsErasedWithItsPatient) {
  {
    auto stack = Open(Options());
    ASSERT_TRUE(stack.ok()) << stack.status();
    for (int i = 0; i < 200; ++i) {
      Append(**stack, i % 2 == 0 ? "p1" : "p2", "r" + std::to_string(i));
    }
    v1::ListRecordsRequest wait;
    ASSERT_TRUE((*stack)->service().ListRecords(wait, kOfficer).ok());
  }
  ASSERT_TRUE(std::filesystem::exists(folder_.path("log/segments/0000000003.seg")));
  DamageDetails(4);
  LogStackOptions serving = Options();
  serving.retention_years = 6;
  auto stack = Open(serving);
  ASSERT_TRUE(stack.ok()) << stack.status();
  Append(**stack, "p3");
  v1::ErasePatientRequest request;
  request.set_patient_pseudonym("p1");
  request.set_reason("asked by letter");
  const auto erased = (*stack)->service().ErasePatient(request, kOfficer);
  ASSERT_TRUE(erased.ok()) << erased.status();
  // The index knows whose it is, and destroying its key takes no reading.
  EXPECT_EQ(erased->erased_records(), 100u);
  EXPECT_THAT(erased->damaged_records(), IsEmpty());
  EXPECT_TRUE((*stack)->log().health().ok());
  request.set_patient_pseudonym("p2");
  EXPECT_THAT((*stack)->service().ErasePatient(request, kOfficer)->damaged_records(), IsEmpty());
}

// docs/retention_and_erasure.md tells how.
TEST_F(LogStackTest, IndexThatSomebodyRemovedIsMadeAnewWithoutWhatWasErased) {
  v1::ErasePatientRequest request;
  request.set_patient_pseudonym("p1");
  request.set_reason("asked by letter");
  {
    auto stack = Open(Options());
    ASSERT_TRUE(stack.ok()) << stack.status();
    for (const char* patient : {"p1", "p2"}) Append(**stack, patient);
    ASSERT_TRUE((*stack)->service().ErasePatient(request, kOfficer).ok());
  }
  for (const char* end : {"", "-wal", "-shm"}) {
    std::filesystem::remove(folder_.path("log/index.sqlite") + end);
  }
  auto stack = Open(Options());
  ASSERT_TRUE(stack.ok()) << stack.status();
  EXPECT_EQ((*stack)->service().ErasePatient(request, kOfficer)->erased_records(), 0u);
  request.set_patient_pseudonym("p2");
  EXPECT_EQ((*stack)->service().ErasePatient(request, kOfficer)->erased_records(), 1u);
}

TEST_F(LogStackTest, ClockThatIsFarAheadOfTheLogMustBeConfirmed) {
  {
    auto stack = Open(Options());
    ASSERT_TRUE(stack.ok()) << stack.status();
    Append(**stack, "p1");
  }
  clock_.Advance(400 * kDay);  // 2024-04-23
  LogStackOptions options = Options();
  options.retention_years = 1;
  const absl::Status refused = Open(options).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("--log-confirm-date 2024-04-23"));
  EXPECT_FALSE(WasTold("retention-run"));
  options.clock_limits.confirmed_date = "2024-04-23";
  auto stack = Open(options);
  ASSERT_TRUE(stack.ok()) << stack.status();
  while (!WasTold("retention-run")) absl::SleepFor(absl::Milliseconds(1));
  EXPECT_TRUE((*stack)->log().Read(0, store::Parts::kAll)->erased);
}

TEST_F(LogStackTest, ClockThatJumpsAheadWhileRunningNeitherDatesRecordsNorErasesAny) {
  LogStackOptions options = Options();
  options.retention_years = 6;
  auto stack = Open(options);
  ASSERT_TRUE(stack.ok()) << stack.status();
  Append(**stack, "p1");
  while (!WasTold("retention-run")) absl::SleepFor(absl::Milliseconds(1));
  const absl::Time before = clock_.Now();
  clock_.Advance(9 * 366 * kDay);
  Append(**stack, "p1");
  EXPECT_TRUE(WasTold("clock-not-believed"));
  EXPECT_FALSE((*stack)->clock().believes());
  const auto record = (*stack)->log().Read(1, store::Parts::kLeaf);
  ASSERT_TRUE(record.ok());
  EXPECT_LT(record->time, before + kDay);
  clock_.Set(before);
  stack->reset();
  EXPECT_TRUE(Open(Options()).ok());  // nothing was locked
}

TEST_F(LogStackTest, ServerThatOnlyIdlesLeavesSignsOfLife) {
  {
    auto stack = Open(Options());
    ASSERT_TRUE(stack.ok()) << stack.status();
    Append(**stack, "p1");
  }
  for (int month = 0; month < 3; ++month) {  // each less than what is believed, together more
    clock_.Advance(30 * kDay);
    LogStackOptions serving = Options();
    serving.retention_years = 0;
    auto stack = Open(serving);
    ASSERT_TRUE(stack.ok()) << stack.status();
    while (!(*stack)->store().GetDocument("clock.seen").ok()) {
      absl::SleepFor(absl::Milliseconds(1));
    }
    stack->reset();  // waits for the note
  }
  EXPECT_TRUE(Open(Options()).ok());
}

TEST_F(LogStackTest, OperatorIsToldOnceThatTheLogGoesThroughThePageCache) {
  ASSERT_TRUE(ArmFailpoints("direct-write:*=error").ok());
  {
    auto stack = Open(Options());
    ASSERT_TRUE(stack.ok()) << stack.status();
    for (int i = 0; i < 200; ++i) Append(**stack, "p1");
  }
  DisarmFailpoints();
  ASSERT_TRUE(std::filesystem::exists(folder_.path("log/segments/0000000003.seg")));
  const absl::MutexLock lock(&mutex_);
  EXPECT_EQ(std::count_if(events_.begin(), events_.end(),
                          [](const auto& event) { return event.first == "log-page-cache"; }),
            1);
}

TEST_F(LogStackTest, EventsNameTheEngineThatWasRunning) {
  auto stack = Open(Options());
  ASSERT_TRUE(stack.ok()) << stack.status();
  ASSERT_TRUE((*stack)->events().RecordConfiguration({{"listen", "127.0.0.1:0"}}).ok());
  const auto record = (*stack)->log().Read(0, store::Parts::kLeaf);
  ASSERT_TRUE(record.ok()) << record.status();
  EXPECT_EQ(record->engine_build, std::string(engine::EngineVersion()));
}

}  // namespace
}  // namespace plumbline::cli
