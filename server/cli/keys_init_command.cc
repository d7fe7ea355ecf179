#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include <unistd.h>

#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "server/audit/keyring.h"
#include "server/base/atomic_file.h"
#include "server/base/note_key.h"
#include "server/base/random.h"
#include "server/base/secret.h"
#include "server/cli/keys_command.h"
#include "server/cli/signing_key.h"

namespace plumbline::cli {
namespace {

constexpr char kMasterKeyFile[] = "master.key";
constexpr char kSigningKeyFile[] = "log.key";
constexpr char kVerifierKeyFile[] = "log.vkey";

std::string DefaultName() {
  char host[256] = {};
  if (gethostname(host, sizeof(host) - 1) != 0 || host[0] == '\0') {
    return "localhost/plumbline";
  }
  return absl::StrCat(host, "/plumbline");
}

// A new master key, as the lines of a keyring file.
std::string NewMasterKey() {
  audit::RecordKey key;
  OpenSslRandomSource().Fill(absl::MakeSpan(key));
  std::string text =
      "# Master key of a decision log. Whoever has it can read the log; without it\n"
      "# nobody can. Keep a copy elsewhere.\n";
  absl::StrAppend(&text,
                  absl::BytesToHexString(
                      absl::string_view(reinterpret_cast<const char*>(key.data()), key.size())),
                  "\n");
  Zeroise(absl::MakeSpan(key));
  return text;
}

class KeysInitCommand : public Command {
 public:
  void Declare(CLI::App& parent) override {
    app_ = parent.add_subcommand("init", "Make the keys of a decision log");
    app_->add_option("DIR", folder_, "Folder for the keys; made if there is none")->required();
    app_->add_option("--name", name_,
                     "Name of the log, without spaces and '+': a domain name that you own and what "
                     "the log is for (default: HOST/plumbline)");
    app_->footer(
        "\nMakes what is missing of:\n"
        "  DIR/master.key   encrypts the records (serve --log-key)\n"
        "  DIR/log.key      signs the checkpoints (serve --log-signing-key)\n"
        "  DIR/log.vkey     verifies them: give it to auditors\n"
        "and prints the last one. Only you can read the first two; a file that is there is never\n"
        "overwritten. A lost master key cannot be made again: keep a copy elsewhere.\n"
        "\nExample:\n"
        "  plumbline keys init keys --name clinic.example/plumbline\n"
        "\nExit codes: 0 made or there already, 3 a file cannot be read or written.\n");
  }

  int Run(Environment& environment) override {
    std::error_code error;
    std::filesystem::create_directories(folder_, error);
    std::filesystem::permissions(folder_, std::filesystem::perms::owner_all, error);
    if (error) {
      return Refuse(
          absl::UnavailableError(absl::StrCat("cannot make ", folder_, ": ", error.message())),
          environment);
    }
    if (const absl::Status made = MakeMasterKey(environment); !made.ok()) {
      return Refuse(made, environment);
    }
    const absl::StatusOr<std::string> vkey = MakeSigningKey(environment);
    if (!vkey.ok()) {
      return Refuse(vkey.status(), environment);
    }
    if (const absl::Status written =
            WriteFileAtomically(Path(kVerifierKeyFile), absl::StrCat(*vkey, "\n"));
        !written.ok()) {
      return Refuse(written, environment);
    }
    environment.out << *vkey << '\n';
    return kExitOk;
  }

 private:
  std::string Path(const char* name) const {
    return (std::filesystem::path(folder_) / name).string();
  }

  absl::Status MakeMasterKey(Environment& environment) const {
    const std::string path = Path(kMasterKeyFile);
    if (std::filesystem::exists(path)) {
      return audit::Keyring::FromFile(path).status();
    }
    std::string key = NewMasterKey();
    absl::Status written = WriteFileAtomically(path, key, 0600);
    Zeroise(key);
    if (written.ok()) {
      environment.err << "plumbline keys: master key in " << path
                      << "; keep a copy elsewhere: without it the log cannot be read\n";
    }
    return written;
  }

  // Returns the verifier key.
  absl::StatusOr<std::string> MakeSigningKey(Environment& environment) const {
    const std::string path = Path(kSigningKeyFile);
    if (!std::filesystem::exists(path)) {
      OpenSslRandomSource random;
      absl::StatusOr<GeneratedNoteKey> key =
          GenerateNoteKey(random, name_.empty() ? DefaultName() : name_);
      if (!key.ok()) {
        return key.status();
      }
      const absl::Status written = WriteSigningKey(path, key->skey);
      Zeroise(key->skey);
      if (!written.ok()) {
        return written;
      }
      environment.err << "plumbline keys: signing key in " << path << "\n";
    }
    const auto signer = ReadSigningKey(path);
    if (!signer.ok()) {
      return signer.status();
    }
    if (!name_.empty() && (*signer)->name() != name_) {
      return absl::FailedPreconditionError(absl::StrCat(path, " is there already, and is called ",
                                                        (*signer)->name(), ", not ", name_));
    }
    return (*signer)->vkey();
  }

  static int Refuse(const absl::Status& status, Environment& environment) {
    environment.err << "plumbline keys: " << std::string(status.message()) << '\n';
    return kExitBadInput;
  }

  std::string folder_;
  std::string name_;
};

}  // namespace

std::unique_ptr<Command> MakeKeysInitCommand() { return std::make_unique<KeysInitCommand>(); }

}  // namespace plumbline::cli
