// Settings of a command from a file.
//
//   # deploy/systemd/plumbline.conf
//   registry = /var/lib/plumbline/registry
//   watch = true
//   max-in-flight = 512
//
// The names are those of the command's long options, without the dashes; a value may stand in
// double quotes. What the command line or the environment says comes before what the file says.

#ifndef PLUMBLINE_SERVER_CLI_CONFIG_FILE_H_
#define PLUMBLINE_SERVER_CLI_CONFIG_FILE_H_

#include <string>

#include "CLI/App.hpp"
#include "absl/status/status.h"

namespace plumbline::cli {

// Gives `command`, which was parsed, the settings of the file for options that have no value yet.
// InvalidArgument with file and setting: a name that is no option, a value that the option refuses,
// a setting that is there twice; NotFound if the file cannot be read.
absl::Status ApplyConfigFile(const std::string& path, CLI::App& command);

}  // namespace plumbline::cli

#endif  // PLUMBLINE_SERVER_CLI_CONFIG_FILE_H_
