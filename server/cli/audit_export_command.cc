#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "server/base/atomic_file.h"
#include "server/cli/audit_commands.h"
#include "server/cli/audit_target.h"
#include "server/cli/text_layout.h"

namespace plumbline::cli {
namespace {

// Largest file of a tlog-tiles folder: an entry bundle of 256 leaves.
constexpr size_t kMaxFileBytes = size_t{17} << 20;

// A path that stays inside the folder it is put into, whatever a server says.
bool IsCleanPath(absl::string_view path) {
  if (path.empty() || path.size() > 200) return false;
  for (const absl::string_view part : absl::StrSplit(path, '/')) {
    if (part.empty() || part == "." || part == "..") return false;
    for (const char c : part) {
      const bool good =
          absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '-' || c == '_';
      if (!good) return false;
    }
  }
  return true;
}

// Writes the pieces of a stream as files of a folder; the checkpoint last, so that whoever reads
// the folder meanwhile never sees one whose tiles are not there.
class TlogFolder {
 public:
  explicit TlogFolder(std::string folder) : folder_(std::move(folder)) {}

  // False when something went wrong; status() says what.
  bool Take(const v1::ExportLogResponse& piece) {
    if (!IsCleanPath(piece.path())) {
      return Fail(
          absl::DataLossError(absl::StrCat("the export names the file \"", piece.path(), "\"")));
    }
    if (piece.path() != path_) {
      if (!bytes_.empty()) {
        return Fail(absl::DataLossError(absl::StrCat("the export leaves off within ", path_)));
      }
      path_ = piece.path();
    }
    bytes_ += piece.data();
    if (bytes_.size() > kMaxFileBytes) {
      return Fail(absl::DataLossError(absl::StrCat("the file ", path_, " is too large")));
    }
    if (!piece.last()) return true;
    if (path_ == "checkpoint") {
      checkpoint_ = std::move(bytes_);
    } else if (!Write(path_, bytes_)) {
      return false;
    }
    bytes_.clear();
    return true;
  }

  absl::Status Finish() {
    if (!status_.ok()) return status_;
    if (!bytes_.empty() || checkpoint_.empty()) {
      return absl::DataLossError("the export ended early: there is no checkpoint");
    }
    Write("checkpoint", checkpoint_);
    return status_;
  }

  const absl::Status& status() const { return status_; }
  uint64_t files() const { return files_; }

 private:
  bool Fail(absl::Status status) {
    status_ = std::move(status);
    return false;
  }

  bool Write(const std::string& path, const std::string& bytes) {
    const std::filesystem::path file = std::filesystem::path(folder_) / path;
    std::error_code error;
    std::filesystem::create_directories(file.parent_path(), error);
    if (error) {
      return Fail(absl::InvalidArgumentError(
          absl::StrCat(file.parent_path().string(), ": ", error.message())));
    }
    status_ = WriteFileAtomically(file.string(), bytes);
    if (!status_.ok()) {
      status_ = absl::InvalidArgumentError(status_.message());
      return false;
    }
    ++files_;
    return true;
  }

  const std::string folder_;
  std::string path_;
  std::string bytes_;
  std::string checkpoint_;
  absl::Status status_;
  uint64_t files_ = 0;
};

class AuditExportCommand : public Command {
 public:
  void Declare(CLI::App& parent) override {
    app_ = parent.add_subcommand("export", "Publish the log as files, or feedback as a table");
    target_.Declare(*app_);
    auto* tlog =
        app_->add_option("--tlog", tlog_, "Folder to write: C2SP tlog-tiles, without patient data");
    app_->add_option("--tree-size", tree_size_,
                     "First so many records (default: those of the latest checkpoint)")
        ->needs(tlog);
    auto* feedback =
        app_->add_option("--feedback", feedback_, "File to write, or - for the output");
    feedback->excludes(tlog);
    app_->add_option("--format", format_, "csv, or ndjson (one JSON object a line)")
        ->check(CLI::IsMember({"csv", "ndjson"}))
        ->needs(feedback)
        ->capture_default_str();
    app_->add_option("--from", from_, "First time, RFC 3339 or a date (its midnight, UTC)")
        ->needs(feedback);
    app_->add_option("--to", until_, "Time before which to end")->needs(feedback);
    app_->add_option("--purpose", purpose_, "Why feedback is read; goes on record")
        ->needs(feedback);
    app_->footer(
        "\nAny static web server can publish a tlog folder. Exporting again into the same folder "
        "brings it\nup to date.\n"
        "\nExamples:\n"
        "  plumbline audit export --log log --log-key log.key --tlog /srv/www/log\n"
        "  plumbline audit export --server 127.0.0.1:50052 --feedback f.csv --purpose \"audit "
        "2026\"\n");
  }

  int Run(Environment& environment) override {
    if (tlog_.empty() && feedback_.empty()) {
      environment.err << "plumbline: export what? Give --tlog DIR or --feedback FILE\n";
      return kExitUsage;
    }
    if (!feedback_.empty() && purpose_.empty()) {
      environment.err << "plumbline: --feedback reads patient data: say why with --purpose\n";
      return kExitUsage;
    }
    v1::ExportFeedbackRequest request;
    if (!MakeFeedbackRequest(request, environment.err)) return kExitUsage;
    int code = kExitOk;
    const std::unique_ptr<AuditClient> client = target_.Open(environment, code);
    if (client == nullptr) return code;
    return tlog_.empty() ? ExportFeedback(*client, request, environment)
                         : ExportLog(*client, environment);
  }

 private:
  bool MakeFeedbackRequest(v1::ExportFeedbackRequest& request, std::ostream& err) const {
    request.set_format(format_ == "csv" ? v1::TABLE_FORMAT_CSV : v1::TABLE_FORMAT_NDJSON);
    request.set_purpose(purpose_);
    const struct {
      const char* flag;
      const std::string& text;
      bool until;
    } times[] = {{"--from", from_, false}, {"--to", until_, true}};
    for (const auto& time : times) {
      if (time.text.empty()) continue;
      const std::optional<absl::Time> parsed = ParseTime(time.text);
      if (!parsed) {
        err << "plumbline: " << time.flag << ": \"" << Printable(time.text)
            << "\" is not a time: write 2026-01-31 or 2026-01-31T08:00:00Z\n";
        return false;
      }
      *(time.until ? request.mutable_until() : request.mutable_from()) = ToTimestamp(*parsed);
    }
    return true;
  }

  int ExportLog(AuditClient& client, Environment& environment) const {
    v1::ExportLogRequest request;
    request.set_tree_size(tree_size_);
    TlogFolder folder(tlog_);
    const absl::Status streamed = client.ExportLog(
        request, [&folder](const v1::ExportLogResponse& piece) { return folder.Take(piece); });
    if (!streamed.ok()) return ReportError(streamed, target_.remote(), environment.err);
    const absl::Status finished = folder.Finish();
    if (!finished.ok()) return ReportError(finished, target_.remote(), environment.err);
    environment.err << folder.files() << " files in " << tlog_ << "\n";
    return kExitOk;
  }

  int ExportFeedback(AuditClient& client, const v1::ExportFeedbackRequest& request,
                     Environment& environment) const {
    std::string table;
    const bool to_output = feedback_ == "-";
    const absl::Status streamed =
        client.ExportFeedback(request, [&](const v1::ExportFeedbackResponse& piece) {
          if (to_output) {
            environment.out << piece.data();
          } else {
            table += piece.data();
          }
          return true;
        });
    if (!streamed.ok()) return ReportError(streamed, target_.remote(), environment.err);
    if (to_output) return kExitOk;
    // Texts of people about patients: for the owner of the file only.
    const absl::Status written = WriteFileAtomically(feedback_, table, 0600);
    if (written.ok()) return kExitOk;
    return ReportError(absl::InvalidArgumentError(written.message()), false, environment.err);
  }

  AuditTarget target_;
  std::string tlog_;
  std::string feedback_;
  std::string format_ = "csv";
  std::string from_;
  std::string until_;
  std::string purpose_;
  uint64_t tree_size_ = 0;
};

}  // namespace

std::unique_ptr<Command> MakeAuditExportCommand() { return std::make_unique<AuditExportCommand>(); }

}  // namespace plumbline::cli
