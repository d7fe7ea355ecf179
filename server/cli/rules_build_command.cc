#include "server/cli/rules_build_command.h"

#include <string>
#include <vector>

#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/status/statusor.h"
#include "server/base/atomic_file.h"
#include "server/cli/load_rules.h"
#include "server/registry/bundle.h"
#include "server/registry/regular_file.h"

namespace plumbline::cli {
namespace {

class RulesBuildCommand : public Command {
 public:
  void Declare(CLI::App& parent) override {
    app_ = parent.add_subcommand("build", "Make one immutable ruleset file of a ruleset");
    app_->add_option("DIR", folder_, "Folder of *.textproto files, or a ruleset file")->required();
    app_->add_option("-o,--out", out_, "File to write, by custom NAME-VERSION.plumb")->required();
    app_->add_flag("--force", force_, "Replace a file with another content");
    app_->footer(
        "\nChecks the rules first and writes nothing if they have errors. The file holds the "
        "exact\n"
        "bytes of the sources; the same sources always give the same file, and the revision that "
        "is\n"
        "printed is the one that the folder has. docs/reference/ruleset_file.md has the format.\n"
        "\nExample:\n"
        "  plumbline rules build rules/low_back_pain -o low_back_pain.plumb\n"
        "\nExit codes: 0 written, or there already with the same content; 1 the rules have "
        "errors;\n"
        "3 the folder cannot be read, the file cannot be written or has another content.\n");
  }

  int Run(Environment& environment) override {
    const LoadedRules loaded = LoadRulesWithDocument(folder_, {}, environment.err);
    if (loaded.document == nullptr) {
      return ReadRules(folder_).ok() ? kExitCheckFailed : kExitBadInput;
    }
    const std::vector<ruleset::SourceFile>& files = loaded.document->files();
    const absl::StatusOr<std::string> bundle = registry::EncodeBundle(files);
    if (!bundle.ok()) return Refuse(bundle.status(), environment);
    // What was written must read as what it was made of.
    const absl::StatusOr<registry::Bundle> read = registry::ParseBundle(*bundle, out_);
    if (!read.ok() || read->revision != loaded.ruleset->revision) {
      environment.err << "plumbline rules build: the file does not hold the rules\n";
      return kExitInternal;
    }
    bool unchanged = false;
    if (absl::Status written = Write(*bundle, unchanged); !written.ok()) {
      return Refuse(written, environment);
    }
    const v1::Manifest& manifest = loaded.ruleset->source.manifest();
    environment.out << manifest.ruleset_id() << ' ' << manifest.version() << "\nrevision "
                    << read->revision << '\n'
                    << out_ << ": " << files.size() << " files, " << bundle->size() << " bytes"
                    << (unchanged ? ", unchanged" : "") << '\n';
    return kExitOk;
  }

 private:
  absl::Status Write(const std::string& bundle, bool& unchanged) const {
    const absl::StatusOr<std::string> present =
        registry::ReadRegularFile(out_, registry::kMaxBundleBytes);
    unchanged = present.ok() && *present == bundle;
    if (unchanged) return absl::OkStatus();
    if (!absl::IsNotFound(present.status()) && !force_) {
      return present.ok()
                 ? absl::AlreadyExistsError(out_ +
                                            " is there with another content; a released file never "
                                            "changes (--force replaces it)")
                 : present.status();
    }
    return WriteFileAtomically(out_, bundle);
  }

  static int Refuse(const absl::Status& status, Environment& environment) {
    environment.err << "plumbline rules build: " << std::string(status.message()) << '\n';
    return kExitBadInput;
  }

  std::string folder_;
  std::string out_;
  bool force_ = false;
};

}  // namespace

std::unique_ptr<Command> MakeRulesBuildCommand() { return std::make_unique<RulesBuildCommand>(); }

}  // namespace plumbline::cli
