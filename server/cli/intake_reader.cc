#include "server/cli/intake_reader.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/text_format.h"

namespace plumbline::cli {
namespace {

class ProblemCollector : public google::protobuf::io::ErrorCollector {
 public:
  explicit ProblemCollector(std::vector<IntakeProblem>& problems) : problems_(problems) {}

  // Lines and columns come from 0.
  void AddError(int line, google::protobuf::io::ColumnNumber column,
                const std::string& message) override {
    problems_.push_back({absl::StrCat(line + 1, ":", column + 1), message});
  }

 private:
  std::vector<IntakeProblem>& problems_;
};

std::vector<IntakeProblem> IntakeFromTextproto(absl::string_view text, v1::Intake& intake) {
  std::vector<IntakeProblem> problems;
  ProblemCollector collector(problems);
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&collector);
  parser.SetRecursionLimit(32);
  if (!parser.ParseFromString(std::string(text), &intake) && problems.empty()) {
    problems.push_back({"", "not a textproto of plumbline.v1.Intake"});
  }
  return problems;
}

absl::StatusOr<std::string> ReadAll(std::istream& in, const std::string& name) {
  std::string text(kMaxIntakeBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad()) {
    return absl::DataLossError(absl::StrCat("cannot read ", name));
  }
  text.resize(static_cast<size_t>(in.gcount()));
  if (text.size() > kMaxIntakeBytes) {
    return absl::OutOfRangeError(absl::StrCat(name, " is longer than 1 MiB"));
  }
  return text;
}

}  // namespace

absl::StatusOr<std::string> ReadIntakeText(const std::string& path, std::istream& standard_input) {
  if (path == "-") {
    return ReadAll(standard_input, "the standard input");
  }
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    return absl::InvalidArgumentError(absl::StrCat(path, " is a folder"));
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return absl::NotFoundError(absl::StrCat("cannot open ", path, ": ", std::strerror(errno)));
  }
  return ReadAll(file, path);
}

std::vector<IntakeProblem> ParseIntake(absl::string_view text, IntakeFormat format,
                                       v1::Intake& intake) {
  absl::ConsumePrefix(&text, "\xEF\xBB\xBF");  // byte order mark
  if (format == IntakeFormat::kAuto) {
    const absl::string_view start = absl::StripLeadingAsciiWhitespace(text);
    const bool json = !start.empty() && (start[0] == '{' || start[0] == '[');
    format = json ? IntakeFormat::kJson : IntakeFormat::kTextproto;
  }
  return format == IntakeFormat::kJson ? IntakeFromJson(text, intake)
                                       : IntakeFromTextproto(text, intake);
}

}  // namespace plumbline::cli
