#include "server/cli/log_stack.h"

#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "server/audit/keyring.h"
#include "server/base/note_key.h"
#include "server/base/random.h"
#include "server/cli/signing_key.h"
#include "server/engine/engine.h"
#include "server/service/audit_log_service.h"
#include "server/service/background_thread.h"
#include "server/service/replay_log.h"
#include "server/service/retention.h"

namespace plumbline::cli {
namespace {

// Document of the store: which file of the signing key the last server used, so that the commands
// that open the log need not be told.
constexpr char kSigningKeyDocument[] = "serve.signing-key-file";
constexpr absl::Duration kSignOfLifeEvery = absl::Hours(1);
constexpr int kSignsNice = 19;
constexpr char kKeyVariable[] = "PLUMBLINE_LOG_KEY";

// Goes into every record.
std::string EngineBuild() { return std::string(engine::EngineVersion()); }

absl::Status Annotate(const absl::Status& status, absl::string_view what) {
  return status.ok() ? status
                     : absl::Status(status.code(), absl::StrCat(what, ": ", status.message()));
}

absl::StatusOr<std::unique_ptr<audit::Keyring>> ReadKeyring(const std::string& file) {
  auto keyring =
      file.empty() ? audit::Keyring::FromEnvironment(kKeyVariable) : audit::Keyring::FromFile(file);
  if (keyring.ok()) {
    return keyring;
  }
  if (file.empty() && absl::IsNotFound(keyring.status())) {
    return absl::FailedPreconditionError(
        "the master keys of the decision log are missing: name their file (--log-key), or set "
        "PLUMBLINE_LOG_KEY (`plumbline keys init` makes one)");
  }
  return absl::FailedPreconditionError(
      absl::StrCat("master keys of the decision log: ", keyring.status().message()));
}

absl::StatusOr<std::unique_ptr<Ed25519NoteSigner>> ReadSigner(const std::string& file) {
  auto signer = ReadSigningKey(file);
  if (signer.ok()) {
    return signer;
  }
  return absl::FailedPreconditionError(
      absl::StrCat("signing key of the decision log: ", signer.status().message()));
}

class LogStackImpl : public LogStack {
 public:
  ~LogStackImpl() override {
    signs_of_life_.reset();
    retention_.reset();
  }

  absl::Status Open(const LogStackOptions& options, const LogFilesOpener& open_files) {
    for (const auto step :
         {&LogStackImpl::OpenFiles, &LogStackImpl::OpenLog, &LogStackImpl::OpenServices}) {
      if (absl::Status status = (this->*step)(options, open_files); !status.ok()) {
        return status;
      }
    }
    return absl::OkStatus();
  }

  service::AuditLogService& service() override { return *audit_; }
  service::FeedbackService& feedback() override { return *feedback_; }
  audit::DecisionLog& log() override { return *log_; }
  store::LogStore& store() override { return *files_.store; }
  service::LogRecorder& recorder() override { return *recorder_; }
  service::EventRecords& events() override { return *events_; }
  service::KeptRulesets& kept() override { return *kept_; }
  const service::LogIndexer& indexer() const override { return *indexer_; }
  const service::Erasure& erasure() const override { return *erasure_; }
  const service::LogClock& clock() const override { return *clock_; }
  const std::string& verifier_key() const override { return verifier_key_; }

 private:
  absl::Status OpenFiles(const LogStackOptions& options, const LogFilesOpener& open_files) {
    auto keyring = ReadKeyring(options.key_file);
    if (!keyring.ok()) {
      return keyring.status();
    }
    keyring_ = *std::move(keyring);
    if (!options.signing_key_file.empty()) {  // before anything is made
      if (absl::Status read = SetSigner(options.signing_key_file, options); !read.ok()) {
        return read;
      }
    }
    auto files = open_files(options.folder, options.create);
    if (!files.ok()) {
      return Annotate(files.status(), absl::StrCat("decision log ", options.folder));
    }
    files_ = *std::move(files);
    for (const store::Problem& repair : files_.repairs) {
      if (options.on_event) {
        options.on_event("log-repaired", absl::StrCat(repair.place, ": ", repair.message));
      }
    }
    files_.store->SetOnEvent(options.on_event);
    return options.signing_key_file.empty() ? UseLastSigner(options) : KeepSignerFile(options);
  }

  absl::Status SetSigner(const std::string& file, const LogStackOptions& options) {
    auto signer = ReadSigner(file);
    if (!signer.ok()) {
      return signer.status();
    }
    signer_ = *std::move(signer);
    verifier_key_ = signer_->vkey();
    if (!options.origin.empty() && options.origin != signer_->name()) {
      return absl::FailedPreconditionError(absl::StrCat("the log is to be called ", options.origin,
                                                        ", but the signing key ", file,
                                                        " is that of ", signer_->name()));
    }
    return absl::OkStatus();
  }

  absl::Status UseLastSigner(const LogStackOptions& options) {
    const absl::StatusOr<std::string> file = files_.store->GetDocument(kSigningKeyDocument);
    if (!file.ok()) {
      return absl::FailedPreconditionError(
          absl::StrCat("decision log ", options.folder,
                       ": name the key that signs its checkpoints (--log-signing-key)"));
    }
    return SetSigner(*file, options);
  }

  absl::Status KeepSignerFile(const LogStackOptions& options) {
    std::error_code error;
    const std::string path = std::filesystem::absolute(options.signing_key_file, error).string();
    const absl::StatusOr<std::string> known = files_.store->GetDocument(kSigningKeyDocument);
    if (error || (known.ok() && *known == path)) {
      return absl::OkStatus();
    }
    return Annotate(files_.store->PutDocument(kSigningKeyDocument, path), options.folder);
  }

  absl::Status OpenLog(const LogStackOptions& options, const LogFilesOpener&) {
    audit::LogOptions log_options = options.log;
    log_options.origin = signer_->name();
    log_options.verifier_keys = {verifier_key_};
    log_options.verifier_keys.insert(log_options.verifier_keys.end(),
                                     options.older_verifier_keys.begin(),
                                     options.older_verifier_keys.end());
    log_options.on_event = options.on_event;
    service::LogClock::Options believing;
    believing.tolerance = options.clock_tolerance;
    believing.on_event = options.on_event;
    clock_.emplace(options.clock != nullptr ? options.clock : &system_clock_, std::move(believing));
    auto log = audit::DecisionLog::Open(std::move(log_options), files_.store.get(), keyring_.get(),
                                        signer_.get(), &*clock_, &random_);
    if (!log.ok()) {
      return Annotate(log.status(), absl::StrCat("decision log ", options.folder));
    }
    log_ = *std::move(log);
    return Annotate(service::CheckClock(*log_, *files_.store, clock_->Now(), options.clock_limits),
                    absl::StrCat("decision log ", options.folder));
  }

  absl::Status OpenServices(const LogStackOptions& options, const LogFilesOpener&) {
    service::IndexerOptions indexing;
    indexing.on_event = options.on_event;
    auto indexer = service::LogIndexer::Start(log_.get(), files_.index.get(), std::move(indexing));
    if (!indexer.ok()) {
      return Annotate(indexer.status(), absl::StrCat("index of ", options.folder));
    }
    indexer_ = *std::move(indexer);
    service::RecorderOptions recording;
    recording.on_event = options.on_event;
    recording.engine_build = EngineBuild();
    auto recorder = service::LogRecorder::Make(log_.get(), files_.store.get(), indexer_.get(),
                                               &random_, recording);
    if (!recorder.ok()) {
      return Annotate(recorder.status(), options.folder);
    }
    recorder_ = *std::move(recorder);
    service::ErasureOptions erasing;
    erasing.engine_build = EngineBuild();
    erasing.on_event = options.on_event;
    auto erasure = service::Erasure::Open(log_.get(), indexer_.get(), std::move(erasing));
    if (!erasure.ok()) {
      return Annotate(erasure.status(), options.folder);
    }
    erasure_ = *std::move(erasure);
    MakeUseCases(options);
    return absl::OkStatus();
  }

  void MakeUseCases(const LogStackOptions& options) {
    events_.emplace(log_.get(), EngineBuild());
    kept_.emplace(files_.store.get());
    replayer_.emplace(log_.get(), files_.store.get(), &*kept_, /*threads=*/1, EngineBuild());
    feedback_.emplace(recorder_.get());
    service::AuditLogParts parts;
    parts.log = log_.get();
    parts.store = files_.store.get();
    parts.indexer = indexer_.get();
    parts.erasure = erasure_.get();
    parts.replayer = &*replayer_;
    parts.engine_build = EngineBuild();
    audit_.emplace(parts);
    if (options.retention_years > 0) {
      service::RetentionPolicy policy;
      policy.years = options.retention_years;
      policy.on_event = options.on_event;
      retention_.emplace(std::move(policy), erasure_.get(), &*clock_);
      retention_->Start();
    }
    if (options.retention_years >= 0) {
      signs_of_life_ = std::make_unique<service::BackgroundThread>(
          kSignsNice, [this](service::StopToken& token) {
            do {
              // Without one, the last record is what the next start has to go by.
              static_cast<void>(service::NoteClock(files_.store.get(), clock_->Now()));
            } while (token.Rest(kSignOfLifeEvery));
          });
    }
  }

  // Destroyed from below.
  SystemClock system_clock_;
  std::optional<service::LogClock> clock_;
  OpenSslRandomSource random_;
  std::unique_ptr<audit::Keyring> keyring_;
  std::unique_ptr<Ed25519NoteSigner> signer_;
  std::string verifier_key_;
  LogFiles files_;
  std::unique_ptr<audit::DecisionLog> log_;
  std::unique_ptr<service::LogIndexer> indexer_;
  std::unique_ptr<service::LogRecorder> recorder_;
  std::unique_ptr<service::Erasure> erasure_;
  std::optional<service::EventRecords> events_;
  std::optional<service::KeptRulesets> kept_;
  std::optional<service::LogReplayer> replayer_;
  std::optional<service::FeedbackService> feedback_;
  std::optional<service::AuditLogService> audit_;
  std::optional<service::Retention> retention_;
  std::unique_ptr<service::BackgroundThread> signs_of_life_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<LogStack>> LogStack::Open(const LogStackOptions& options,
                                                         const LogFilesOpener& open_files) {
  auto stack = std::make_unique<LogStackImpl>();
  if (absl::Status status = stack->Open(options, open_files); !status.ok()) {
    return status;
  }
  return std::unique_ptr<LogStack>(std::move(stack));
}

}  // namespace plumbline::cli
