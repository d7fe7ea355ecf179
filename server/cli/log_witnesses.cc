#include "server/cli/log_witnesses.h"

#include <unistd.h>

#include <set>
#include <utility>

#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "server/base/cosignature.h"
#include "server/witness/http_witness.h"
#include "server/witness/witness_address.h"

namespace plumbline::cli {
namespace {

// Each witness is asked after the other: with many, the last would see old checkpoints.
constexpr size_t kMaxWitnesses = 16;

absl::StatusOr<std::vector<witness::WitnessAddress>> Parse(const WitnessOptions& options) {
  std::vector<witness::WitnessAddress> all;
  std::set<std::string> keys;
  for (const std::string& text : options.witnesses) {
    auto address = witness::ParseWitnessAddress(text, options.allow_plaintext);
    absl::Status status = address.status();
    if (status.ok() && !keys.insert(address->vkey).second) {
      status =
          absl::InvalidArgumentError(absl::StrCat("the key ", address->vkey, " is there twice"));
    }
    if (!status.ok()) {
      return absl::Status(status.code(), absl::StrCat("--log-witness: ", status.message()));
    }
    all.push_back(*std::move(address));
  }
  if (all.size() > kMaxWitnesses) {
    return absl::InvalidArgumentError(
        absl::StrCat("--log-witness: more than ", kMaxWitnesses, " witnesses"));
  }
  return all;
}

}  // namespace

void DeclareWitnessOptions(CLI::App& serve, WitnessOptions& options) {
  constexpr char kGroup[] = "Witnesses of the decision log";
  serve
      .add_option("--log-witness", options.witnesses,
                  "\"VKEY URL\" of a witness (C2SP tlog-witness) that cosigns checkpoints; may be "
                  "repeated, in a file of settings with commas between")
      ->delimiter(',')
      ->group(kGroup);
  serve
      .add_option("--log-witness-interval-ms", options.interval_ms,
                  "How often witnesses are shown what is new")
      ->check(CLI::Range(10, 86'400'000))
      ->capture_default_str()
      ->group(kGroup);
  serve.add_option("--log-witness-timeout-ms", options.timeout_ms, "Longest wait for an answer")
      ->check(CLI::Range(10, 600'000))
      ->capture_default_str()
      ->group(kGroup);
  serve
      .add_option("--log-witness-ca", options.ca_file,
                  "Authorities of the witnesses' certificates (PEM), in place of the system's")
      ->group(kGroup);
  serve
      .add_flag("--log-witness-plaintext", options.allow_plaintext,
                "Allow http beyond loopback: whoever listens sees how many records there are")
      ->group(kGroup);
}

absl::Status CheckWitnessOptions(const WitnessOptions& options) { return Parse(options).status(); }

absl::StatusOr<std::unique_ptr<witness::CosignatureCollector>> MakeCosignatureCollector(
    const WitnessOptions& options, audit::DecisionLog* log, EventSink on_event) {
  const auto addresses = Parse(options);
  if (!addresses.ok()) {
    return addresses.status();
  }
  if (addresses->empty()) {
    return std::unique_ptr<witness::CosignatureCollector>();
  }
  witness::HttpWitnessOptions http;
  http.timeout = absl::Milliseconds(options.timeout_ms);
  http.ca_file = options.ca_file;
  if (!options.ca_file.empty() && access(options.ca_file.c_str(), R_OK) != 0) {
    on_event("witness-failed",
             absl::StrCat("--log-witness-ca: ", options.ca_file, " cannot be read"));
  }
  std::vector<witness::CollectorWitness> witnesses;
  for (const witness::WitnessAddress& address : *addresses) {
    auto key = CosignatureVerifier::Create(address.vkey);
    if (!key.ok()) {
      return key.status();
    }
    auto transport = witness::HttpWitness::Create(address, http);
    if (!transport.ok()) {
      return transport.status();
    }
    witnesses.push_back({*std::move(key), *std::move(transport)});
  }
  witness::CollectorOptions collecting;
  collecting.interval = absl::Milliseconds(options.interval_ms);
  collecting.on_event = std::move(on_event);
  return std::make_unique<witness::CosignatureCollector>(std::move(collecting), log,
                                                         std::move(witnesses));
}

}  // namespace plumbline::cli
