#include "server/cli/config_file.h"

#include <fstream>
#include <set>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace plumbline::cli {
namespace {

// Without a comment that follows it, and without the quotes around it.
absl::Status ReadValue(absl::string_view text, std::string& value) {
  if (absl::ConsumePrefix(&text, "\"")) {
    const size_t end = text.find('"');
    if (end == absl::string_view::npos) {
      return absl::InvalidArgumentError("the closing quote is missing");
    }
    value = std::string(text.substr(0, end));
    text = absl::StripAsciiWhitespace(text.substr(end + 1));
    return text.empty() || text.front() == '#'
               ? absl::OkStatus()
               : absl::InvalidArgumentError("there is something behind the closing quote");
  }
  if (const size_t comment = text.find(" #"); comment != absl::string_view::npos) {
    text = text.substr(0, comment);
  }
  value = std::string(absl::StripAsciiWhitespace(text));
  return absl::OkStatus();
}

absl::Status Apply(const std::string& name, const std::string& value, CLI::App& command) {
  CLI::Option* option = command.get_option_no_throw(absl::StrCat("--", name));
  if (option == nullptr || name == "config" || name == "help") {
    return absl::InvalidArgumentError("there is no such setting");
  }
  if (option->count() > 0) {
    return absl::OkStatus();  // said on the command line, or in the environment
  }
  const bool is_flag = option->get_expected_min() == 0;
  if (is_flag && value == "false") {
    return absl::OkStatus();
  }
  if (is_flag && value != "true") {
    return absl::InvalidArgumentError("must be true or false");
  }
  try {
    option->add_result(value);
    option->run_callback();
  } catch (const CLI::Error& error) {
    return absl::InvalidArgumentError(error.what());
  }
  return absl::OkStatus();
}

absl::Status ApplyLine(absl::string_view line, CLI::App& command, std::set<std::string>& seen) {
  const size_t equals = line.find('=');
  const std::string name(absl::StripAsciiWhitespace(line.substr(0, equals)));
  if (equals == absl::string_view::npos || name.empty()) {
    return absl::InvalidArgumentError("is not of the form `name = value`");
  }
  std::string value;
  absl::Status status = ReadValue(absl::StripAsciiWhitespace(line.substr(equals + 1)), value);
  if (status.ok() && !seen.insert(name).second) {
    status = absl::InvalidArgumentError("is there twice");
  }
  if (status.ok()) {
    status = Apply(name, value, command);
  }
  return status.ok() ? status
                     : absl::InvalidArgumentError(absl::StrCat(name, ": ", status.message()));
}

}  // namespace

absl::Status ApplyConfigFile(const std::string& path, CLI::App& command) {
  std::ifstream file(path);
  if (!file) {
    return absl::NotFoundError(absl::StrCat("cannot read the settings in ", path));
  }
  std::set<std::string> seen;
  std::string text;
  for (int number = 1; std::getline(file, text); ++number) {
    const absl::string_view line = absl::StripAsciiWhitespace(text);
    if (line.empty() || line.front() == '#') {
      continue;
    }
    if (absl::Status status = ApplyLine(line, command, seen); !status.ok()) {
      return absl::InvalidArgumentError(absl::StrCat(path, ":", number, ": ", status.message()));
    }
  }
  return absl::OkStatus();
}

}  // namespace plumbline::cli
