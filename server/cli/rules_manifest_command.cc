#include "server/cli/rules_manifest_command.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "server/base/atomic_file.h"
#include "server/base/note_key.h"
#include "server/base/signed_note.h"
#include "server/cli/signing_key.h"
#include "server/cli/text_layout.h"
#include "server/registry/bundle.h"
#include "server/registry/manifest.h"
#include "server/registry/note_text.h"
#include "server/registry/regular_file.h"

namespace plumbline::cli {
namespace {

// A revision as it is, or that of the ruleset file that is named.
absl::StatusOr<std::string> ResolveRevision(const std::string& name) {
  if (name.empty() || registry::IsRevision(name)) return name;
  const absl::StatusOr<registry::Bundle> bundle = registry::ReadBundleFile(name);
  if (!bundle.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("neither a revision (64 lower-case hexadecimal digits) nor a ruleset file: ",
                     bundle.status().message()));
  }
  return bundle->revision;
}

class RulesManifestCommand : public Command {
 public:
  void Declare(CLI::App& parent) override {
    app_ = parent.add_subcommand("manifest", "Sign what is to be active on a deployment");
    CLI::Option* add = app_->add_option("--add-signature", add_to_,
                                        "Add a signature to the manifest in this file");
    for (CLI::Option* option :
         {app_->add_option("--deployment", manifest_.deployment, "Name of the deployment"),
          app_->add_option("--serial", manifest_.serial, "Higher than that of every one before"),
          app_->add_option("--stable", manifest_.stable, "Revision or ruleset file that answers"),
          app_->add_option("--canary", manifest_.canary, "... that answers a share"),
          app_->add_option("--canary-share", share_, "That share, as 5% or 500bp"),
          app_->add_option("--shadow", manifest_.shadow, "... that is evaluated and compared"),
          app_->add_option("--pin", manifest_.pinned, "... that requests may pin (repeatable)"),
          app_->add_option("-o,--out", out_, "File to write; servers look for manifest.note")}) {
      option->excludes(add);
    }
    app_->get_option("--canary")->needs("--canary-share");
    app_->get_option("--canary-share")->needs("--canary");
    app_->add_option("--key", key_, "File of the private key of a manifest signer")->required();
    app_->footer(
        "\nRolling back is a new manifest, with a higher serial, that names the earlier revision.\n"
        "A revision may be given as the ruleset file that has it. docs/reference/activation.md\n"
        "says what the aliases mean.\n"
        "\nExamples:\n"
        "  plumbline rules manifest --deployment clinic.example/plumbline --serial 7 \\\n"
        "    --stable low_back_pain-0.2.0.plumb --canary low_back_pain-0.3.0.plumb \\\n"
        "    --canary-share 5% --key release.key -o manifest.note\n"
        "  plumbline rules manifest --add-signature manifest.note --key second.key\n"
        "\nExit codes: 0 written, 2 wrong usage, 3 a file, key or value cannot be used.\n");
  }

  int Run(Environment& environment) override {
    if (add_to_.empty() && (manifest_.deployment.empty() || manifest_.serial == 0 ||
                            manifest_.stable.empty() || out_.empty())) {
      environment.err << "plumbline rules manifest: --deployment, --serial, --stable and --out are "
                         "needed (or --add-signature)\n";
      return kExitUsage;
    }
    const absl::Status done = add_to_.empty() ? WriteNew(environment) : AddSignature(environment);
    if (done.ok()) return kExitOk;
    environment.err << "plumbline rules manifest: " << Printable(std::string(done.message()))
                    << '\n';
    return kExitBadInput;
  }

 private:
  absl::Status WriteNew(Environment& environment) {
    for (std::string* name : {&manifest_.stable, &manifest_.canary, &manifest_.shadow}) {
      absl::StatusOr<std::string> revision = ResolveRevision(*name);
      if (!revision.ok()) return revision.status();
      *name = *std::move(revision);
    }
    for (std::string& name : manifest_.pinned) {
      absl::StatusOr<std::string> revision = ResolveRevision(name);
      if (!revision.ok()) return revision.status();
      name = *std::move(revision);
    }
    std::sort(manifest_.pinned.begin(), manifest_.pinned.end());
    if (!manifest_.canary.empty()) {
      const absl::StatusOr<uint32_t> share = registry::ParseShare(share_);
      if (!share.ok()) return share.status();
      manifest_.canary_basis_points = *share;
    }
    manifest_.time = absl::Now();
    const absl::StatusOr<std::string> text = registry::FormatManifest(manifest_);
    if (!text.ok()) return text.status();
    const auto signer = ReadSigningKey(key_);
    if (!signer.ok()) return signer.status();
    const absl::StatusOr<std::string> note = SignNote(*text, {signer->get()});
    if (!note.ok()) return note.status();
    return VerifyAndWrite(*note, *text, **signer, out_, environment);
  }

  absl::Status AddSignature(Environment& environment) const {
    const absl::StatusOr<std::string> before =
        registry::ReadRegularFile(add_to_, registry::kMaxManifestBytes);
    if (!before.ok()) return before.status();
    const absl::StatusOr<SignedNote> note = ParseNote(*before);
    if (!note.ok()) return note.status();
    // Nobody signs what is no manifest.
    if (absl::Status parsed = registry::ParseManifest(note->text, add_to_).status(); !parsed.ok()) {
      return parsed;
    }
    const auto signer = ReadSigningKey(key_);
    if (!signer.ok()) return signer.status();
    const absl::StatusOr<NoteSignature> signature = MakeNoteSignature(note->text, **signer);
    if (!signature.ok()) return signature.status();
    const absl::StatusOr<std::string> after = AddNoteSignatures(*before, {*signature});
    if (!after.ok()) return after.status();
    return VerifyAndWrite(*after, note->text, **signer, add_to_, environment);
  }

  static absl::Status VerifyAndWrite(const std::string& note, const std::string& text,
                                     const Ed25519NoteSigner& signer, const std::string& path,
                                     Environment& environment) {
    const auto verifier = Ed25519NoteVerifier::Create(signer.vkey());
    if (!verifier.ok()) return verifier.status();
    const absl::StatusOr<OpenedNote> opened = OpenNote(note, {verifier->get()});
    if (!opened.ok() || opened->text != text) {
      return absl::InternalError("what was signed does not verify");
    }
    if (absl::Status written = WriteFileAtomically(path, note); !written.ok()) return written;
    environment.out << note;
    return absl::OkStatus();
  }

  registry::Manifest manifest_;
  std::string share_;
  std::string key_;
  std::string out_;
  std::string add_to_;
};

}  // namespace

std::unique_ptr<Command> MakeRulesManifestCommand() {
  return std::make_unique<RulesManifestCommand>();
}

}  // namespace plumbline::cli
