#include "tests/testing/audit/test_log.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/testing/base/counting_random.h"

namespace plumbline::audit {

TestLog::TestLog(store::LogStore* store) : store_(store) {
  SetMasterKeys(kTestMasterKey);
  // The same key in every TestLog, so that one can open what another has written.
  CountingRandom seed;
  signer_ = *Ed25519NoteSigner::Create(GenerateNoteKey(seed, kTestOrigin)->skey);
}

LogOptions TestLog::options() const {
  LogOptions options;
  options.origin = kTestOrigin;
  options.verifier_keys = {signer_->vkey()};
  options.checkpoint_records = uint64_t{1} << 40;
  options.checkpoint_interval = absl::Hours(24);
  options.min_free_bytes = 0;
  return options;
}

absl::Status TestLog::Open(LogOptions options) {
  log_.reset();
  options.on_event = [this](absl::string_view event, absl::string_view detail) {
    absl::MutexLock lock(&mutex_);
    events_.push_back(absl::StrCat(event, ": ", detail));
  };
  absl::StatusOr<std::unique_ptr<DecisionLog>> log = DecisionLog::Open(
      std::move(options), store_, keyring_.get(), signer_.get(), &clock_, &random_);
  if (!log.ok()) return log.status();
  log_ = *std::move(log);
  return absl::OkStatus();
}

void TestLog::SetMasterKeys(const std::string& text) {
  log_.reset();
  keyring_ = *Keyring::FromText(text);
}

std::vector<std::string> TestLog::events() const {
  absl::MutexLock lock(&mutex_);
  return events_;
}

RecordDraft TestDraft(absl::string_view details, absl::string_view payload) {
  RecordDraft draft;
  draft.kind = v1::RECORD_KIND_DECISION;
  draft.revision = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
  draft.manifest_serial = 7;
  draft.engine_build = "0.1.0 (test)";
  draft.details = details;
  draft.payload = payload;
  return draft;
}

RecordDraft TestErasureDraft() {
  RecordDraft draft;
  draft.kind = v1::RECORD_KIND_ERASURE;
  return draft;
}

}  // namespace plumbline::audit
