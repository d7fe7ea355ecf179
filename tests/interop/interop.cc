// Makes what the Go program of this folder checks, and checks what it makes.
//
//   plumbline_interop check FOLDER
//   plumbline_interop make FOLDER ENTRIES

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/interop/folder.h"

namespace plumbline::interop {

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return absl::NotFoundError(absl::StrCat("cannot read ", path));
  return text.str();
}

absl::Status WriteFile(const std::string& path, absl::string_view bytes) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream file(path, std::ios::binary);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (!file) return absl::UnavailableError(absl::StrCat("cannot write ", path));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> ReadLines(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadFile(path);
  if (!text.ok()) return text.status();
  if (text->empty() || text->back() != '\n') {
    return absl::InvalidArgumentError(absl::StrCat(path, " does not end in a newline"));
  }
  return std::vector<std::string>(
      absl::StrSplit(absl::string_view(*text).substr(0, text->size() - 1), '\n'));
}

std::vector<std::string> NamesIn(const std::string& folder, absl::string_view suffix) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (absl::EndsWith(name, suffix)) names.push_back(name.substr(0, name.size() - suffix.size()));
  }
  std::sort(names.begin(), names.end());
  return names;
}

namespace {

int Run(int argc, char** argv) {
  const absl::string_view command = argc > 1 ? argv[1] : "";
  uint64_t entries = 0;
  absl::Status status;
  if (argc == 3 && command == "check") {
    status = CheckFolder(argv[2]);
  } else if (argc == 4 && command == "make" && absl::SimpleAtoi(argv[3], &entries)) {
    status = MakeFolder(argv[2], entries);
  } else {
    std::fputs("usage: plumbline_interop check FOLDER | make FOLDER ENTRIES\n", stderr);
    return 2;
  }
  if (status.ok()) return 0;
  std::fprintf(stderr, "plumbline_interop: %s\n", status.ToString().c_str());
  return 1;
}

}  // namespace
}  // namespace plumbline::interop

int main(int argc, char** argv) { return plumbline::interop::Run(argc, argv); }
