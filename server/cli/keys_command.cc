#include "server/cli/keys_command.h"

#include <algorithm>
#include <string>

#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "server/base/note_key.h"
#include "server/base/random.h"
#include "server/base/secret.h"
#include "server/cli/signing_key.h"

namespace plumbline::cli {
namespace {

class KeysGenerateCommand : public Command {
 public:
  void Declare(CLI::App& parent) override {
    app_ = parent.add_subcommand("generate", "Make a key pair for signed notes (Ed25519)");
    app_->add_option("NAME", name_,
                     "Name of the key, without spaces and '+': a domain name that you own and what "
                     "the key is for")
        ->required();
    app_->add_option("--out", out_, "File of the private key (default: NAME.key, '/' as '_')");
    app_->footer(
        "\nWrites the private key to a new file that only you can read, and prints the public "
        "key,\n"
        "which trust policies and verifiers name. A file that is there is never overwritten.\n"
        "\nExample:\n"
        "  plumbline keys generate anna.clinic.example --out anna.key\n"
        "\nExit codes: 0 made, 3 the name cannot be used, or the file is there already or cannot\n"
        "be written.\n");
  }

  int Run(Environment& environment) override {
    if (out_.empty()) {
      out_ = name_ + ".key";
      std::replace(out_.begin(), out_.end(), '/', '_');
    }
    OpenSslRandomSource random;
    absl::StatusOr<GeneratedNoteKey> key = GenerateNoteKey(random, name_);
    if (!key.ok()) return Refuse(key.status(), environment);
    const absl::Status written = WriteSigningKey(out_, key->skey);
    Zeroise(key->skey);
    if (!written.ok()) return Refuse(written, environment);
    environment.err << "plumbline keys: private key in " << out_ << "; keep it to yourself\n";
    environment.out << key->vkey << '\n';
    return kExitOk;
  }

 private:
  static int Refuse(const absl::Status& status, Environment& environment) {
    environment.err << "plumbline keys: " << std::string(status.message()) << '\n';
    return kExitBadInput;
  }

  std::string name_;
  std::string out_;
};

}  // namespace

std::unique_ptr<Command> MakeKeysGenerateCommand() {
  return std::make_unique<KeysGenerateCommand>();
}

}  // namespace plumbline::cli
