#include "server/cli/evaluate_command.h"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "google/protobuf/util/json_util.h"
#include "google/rpc/error_details.pb.h"
#include "plumbline/client/triage_client.h"
#include "server/cli/intake_reader.h"
#include "server/cli/load_rules.h"
#include "server/cli/text_layout.h"
#include "server/cli/text_renderer.h"
#include "server/service/civil_date.h"
#include "server/service/engine_evaluator.h"
#include "server/service/evaluate_service.h"
#include "server/service/rpc_error.h"

namespace plumbline::cli {
namespace {

// Where a checkout of the project keeps its ruleset.
constexpr char kDefaultRules[] = "rules/low_back_pain";

std::string RulesFolderIfNoneIsNamed() {
  const char* folder = std::getenv("PLUMBLINE_RULES");
  if (folder != nullptr) return folder;
  std::error_code ignored;
  return std::filesystem::is_directory(kDefaultRules, ignored) ? kDefaultRules : "";
}

struct Options {
  std::string intake;
  std::string intake_format = "auto";
  std::string as_of;
  std::string rules;
  std::string server;
  std::string revision;
  std::string request_id;
  std::string patient_pseudonym;
  std::string format = "text";
  std::string view = "full";
  std::string color = "auto";
  int deadline_ms = 2000;
  int width = 0;
  bool wide = false;
  bool how_to = false;
  bool tls = false;
  client::TlsOptions tls_files;
};

// Why there is no answer, with the code to exit with.
struct Failure {
  int exit_code = kExitInternal;
  std::string message;
  std::vector<IntakeProblem> problems;
};

int ExitCodeOf(client::Code code, bool remote) {
  switch (code) {
    case client::Code::kInvalidArgument:
    case client::Code::kFailedPrecondition:
    case client::Code::kNotFound:
      return kExitBadInput;
    default:
      return remote ? kExitRpcFailed : kExitInternal;
  }
}

Failure ToFailure(const client::Error& error) {
  Failure failure{ExitCodeOf(error.code, true), error.ToString(), {}};
  for (const client::FieldViolation& violation : error.field_violations) {
    failure.problems.push_back(
        {std::string(absl::StripPrefix(violation.field, "intake.")), violation.description});
  }
  return failure;
}

Failure ToFailure(const absl::Status& status) {
  const google::rpc::Status rpc = service::ToRpcStatus(status);
  const auto code = static_cast<client::Code>(rpc.code());
  Failure failure{
      ExitCodeOf(code, false), absl::StrCat(client::CodeName(code), ": ", rpc.message()), {}};
  google::rpc::BadRequest bad_request;
  for (const google::protobuf::Any& detail : rpc.details()) {
    if (!detail.UnpackTo(&bad_request)) {
      continue;
    }
    for (const auto& violation : bad_request.field_violations()) {
      failure.problems.push_back(
          {std::string(absl::StripPrefix(violation.field(), "intake.")), violation.description()});
    }
  }
  return failure;
}

std::optional<Failure> EvaluateRemotely(const Options& options, const v1::EvaluateRequest& request,
                                        v1::EvaluateResponse& response) {
  client::ClientOptions client_options;
  client_options.target = options.server;
  client_options.deadline = std::chrono::milliseconds(options.deadline_ms);
  client_options.user_agent = "plumbline-cli";
  if (options.tls) {
    client_options.tls = options.tls_files;
  }
  auto client = client::MakeTriageClient(client_options);
  if (!client.ok()) {
    return ToFailure(client.error());
  }
  auto result = (*client)->Evaluate(request);
  if (!result.ok()) {
    return ToFailure(result.error());
  }
  response = *std::move(result);
  return std::nullopt;
}

std::optional<Failure> EvaluateInProcess(const Options& options, const v1::EvaluateRequest& request,
                                         std::ostream& err, v1::EvaluateResponse& response) {
  const auto rules = LoadRules(options.rules, err);
  if (rules == nullptr) {
    return Failure{kExitBadInput, "", {}};
  }
  const service::SingleRulesetSource source(service::ServeRuleset(rules));
  service::NullRecorder recorder;
  const auto answer = service::EvaluateService(&source, &recorder).EvaluateAndWait(request);
  if (!answer.ok()) {
    return ToFailure(answer.status());
  }
  if (!response.ParseFromString(answer->response)) {
    return Failure{kExitInternal, "the engine's answer cannot be read", {}};
  }
  return std::nullopt;
}

std::optional<absl::CivilDay> ParseDay(const std::string& text) {
  absl::CivilDay day;
  const bool shaped = text.size() == 10 && text[4] == '-' && text[7] == '-';
  if (!shaped || !absl::ParseCivilTime(text, &day) || day.year() < 1 ||
      absl::FormatCivilTime(day) != text) {
    return std::nullopt;
  }
  return day;
}

class EvaluateCommand : public Command {
 public:
  void Declare(CLI::App& parent) override {
    app_ = parent.add_subcommand("evaluate", "Evaluate one intake");
    DeclareInput();
    DeclareServer();
    DeclareOutput();
    app_->footer(
        "\nThe intake is JSON or textproto of plumbline.v1.Intake. JSON may be flat, as typed by "
        "hand:\n"
        "  {\"age_years\": 44, \"leg_pain\": \"below_knee\", \"ces_saddle\": \"no\", "
        "\"pain_sites\": []}\n"
        "What is not given is unknown, never \"no\".\n"
        "\nExamples:\n"
        "  plumbline evaluate --rules rules/low_back_pain --intake intake.json --as-of 2026-01-15\n"
        "  echo '{\"age_years\": 44}' | plumbline evaluate --rules rules/low_back_pain --intake -\n"
        "  plumbline evaluate --server triage.example:443 --tls --intake intake.json --format "
        "json\n"
        "\nA server that keeps a decision log says on the standard error under which id the "
        "decision\nis on record.\n"
        "\nExit codes: 0 answered, 2 wrong usage, 3 intake or rules cannot be used, 4 server\n"
        "unreachable or call failed, 5 internal error.\n");
  }

  int Run(Environment& environment) override {
    v1::EvaluateRequest request;
    if (const int code = MakeRequest(environment, request); code != kExitOk) {
      return code;
    }
    v1::EvaluateResponse response;
    const std::optional<Failure> failure =
        options_.server.empty() ? EvaluateInProcess(options_, request, environment.err, response)
                                : EvaluateRemotely(options_, request, response);
    if (failure) {
      return Report(*failure, environment.err);
    }
    const int code = Print(response, environment);
    if (!response.decision_id().empty()) {
      // Whoever wants to give feedback or prove it needs the id; the output is the decision alone.
      environment.err << "plumbline: on record as decision " << Printable(response.decision_id())
                      << ", record " << response.record_index()
                      << (response.answered_before() ? " (answered before)" : "") << '\n';
    }
    return code;
  }

 private:
  void DeclareInput() {
    app_->add_option("--intake", options_.intake, "Intake file, or - for the standard input")
        ->required();
    app_->add_option("--intake-format", options_.intake_format, "auto, json or textproto")
        ->check(CLI::IsMember({"auto", "json", "textproto"}))
        ->capture_default_str();
    app_->add_option("--as-of", options_.as_of,
                     "Date for which the decision is made, YYYY-MM-DD (default: today)");
    app_->add_option("--rules", options_.rules,
                     absl::StrCat("Folder of the ruleset: evaluate in process (default: "
                                  "$PLUMBLINE_RULES, else ./",
                                  kDefaultRules, " if it is there)"));
    app_->add_option("--revision", options_.revision, "Revision to use, 64 hexadecimal digits");
  }

  void DeclareServer() {
    app_->add_option("--server", options_.server, "HOST:PORT of a server: evaluate there")
        ->excludes("--rules");
    app_->add_option("--request-id", options_.request_id,
                     "The same request under the same id gets the recorded answer again")
        ->needs("--server");
    app_->add_option("--patient-pseudonym", options_.patient_pseudonym,
                     "Under which the record can be found and erased: not a name, not a number "
                     "that says who")
        ->needs("--server");
    app_->add_option("--deadline-ms", options_.deadline_ms, "Longest wait for the server")
        ->check(CLI::Range(1, 600'000))
        ->capture_default_str();
    app_->add_flag("--tls", options_.tls, "Use TLS with the system's authorities");
    app_->add_option("--tls-ca", options_.tls_files.ca_file,
                     "Authority of the server's certificate (PEM; implies --tls)");
    app_->add_option("--tls-cert", options_.tls_files.cert_file,
                     "Certificate of this client (PEM; implies --tls)");
    app_->add_option("--tls-key", options_.tls_files.key_file, "Key of this client (PEM)");
    app_->add_option("--tls-server-name", options_.tls_files.server_name,
                     "Name to expect in the server's certificate");
  }

  void DeclareOutput() {
    app_->add_option("--format", options_.format, "text or json (proto JSON of the Decision)")
        ->check(CLI::IsMember({"text", "json"}))
        ->capture_default_str();
    app_->add_option("--view", options_.view, "full, or basic: without instruction texts")
        ->check(CLI::IsMember({"basic", "full"}))
        ->capture_default_str();
    app_->add_flag("--how-to", options_.how_to, "Show how to do each exercise, and every reason");
    app_->add_option("--width", options_.width, "Columns to wrap text at")
        ->check(CLI::Range(40, 400));
    app_->add_flag("--wide", options_.wide, "Wrap at 160 columns");
    app_->add_option("--color", options_.color, "auto (on a terminal), always or never")
        ->check(CLI::IsMember({"auto", "always", "never"}))
        ->capture_default_str();
  }

  int MakeRequest(Environment& environment, v1::EvaluateRequest& request) {
    if (options_.rules.empty() && options_.server.empty()) {
      options_.rules = RulesFolderIfNoneIsNamed();
    }
    if (options_.rules.empty() && options_.server.empty()) {
      environment.err << "plumbline evaluate: give --rules DIR or --server HOST:PORT (there is no "
                      << kDefaultRules << " below the current folder)\n";
      return kExitUsage;
    }
    const std::optional<absl::CivilDay> as_of =
        options_.as_of.empty() ? environment.today() : ParseDay(options_.as_of);
    if (!as_of) {
      environment.err << "plumbline evaluate: --as-of is not a date of the form YYYY-MM-DD\n";
      return kExitUsage;
    }
    *request.mutable_as_of() = service::ToDate(*as_of);
    request.set_view(options_.view == "basic" ? v1::DECISION_VIEW_BASIC : v1::DECISION_VIEW_FULL);
    request.set_ruleset_revision(options_.revision);
    request.set_request_id(options_.request_id);
    request.set_patient_pseudonym(options_.patient_pseudonym);
    options_.tls = options_.tls || !options_.tls_files.ca_file.empty() ||
                   !options_.tls_files.cert_file.empty();
    return ReadIntake(environment, *request.mutable_intake());
  }

  int ReadIntake(Environment& environment, v1::Intake& intake) const {
    const absl::StatusOr<std::string> text = ReadIntakeText(options_.intake, environment.in);
    if (!text.ok()) {
      environment.err << "plumbline: " << std::string(text.status().message()) << '\n';
      return kExitBadInput;
    }
    const IntakeFormat format = options_.intake_format == "json"        ? IntakeFormat::kJson
                                : options_.intake_format == "textproto" ? IntakeFormat::kTextproto
                                                                        : IntakeFormat::kAuto;
    std::vector<IntakeProblem> problems = ParseIntake(*text, format, intake);
    if (problems.empty()) {
      return kExitOk;
    }
    return Report({kExitBadInput, "the intake cannot be used", std::move(problems)},
                  environment.err);
  }

  int Report(const Failure& failure, std::ostream& err) const {
    const std::string name = options_.intake == "-" ? "intake" : options_.intake;
    for (const IntakeProblem& problem : failure.problems) {
      err << Printable(absl::StrCat(name, ":", problem.place.empty() ? "" : " ", problem.place,
                                    ": ", problem.message))
          << '\n';
    }
    if (!failure.message.empty()) {
      err << "plumbline: " << Printable(failure.message) << '\n';
    }
    return failure.exit_code;
  }

  int Print(const v1::EvaluateResponse& response, Environment& environment) const {
    if (options_.format == "json") {
      google::protobuf::util::JsonPrintOptions print;
      print.add_whitespace = true;
      print.preserve_proto_field_names = true;
      std::string json;
      if (!google::protobuf::util::MessageToJsonString(response.decision(), &json, print).ok()) {
        environment.err << "plumbline: the answer cannot be written as JSON\n";
        return kExitInternal;
      }
      environment.out << json;
      return kExitOk;
    }
    TextOptions text;
    text.width = options_.width > 0 ? options_.width
                 : options_.wide    ? 160
                                    : environment.terminal_width;
    text.color = options_.color == "always" || (options_.color == "auto" && environment.terminal);
    text.how_to = options_.how_to;
    text.as_of_is_today = options_.as_of.empty();
    environment.out << RenderDecision(response.decision(), text);
    return kExitOk;
  }

  Options options_;
};

}  // namespace

std::unique_ptr<Command> MakeEvaluateCommand() { return std::make_unique<EvaluateCommand>(); }

}  // namespace plumbline::cli
