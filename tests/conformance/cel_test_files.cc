#include "tests/conformance/cel_test_files.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "google/protobuf/duration.pb.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/text_format.h"
#include "google/protobuf/timestamp.pb.h"

namespace plumbline::conformance {
namespace {

// Messages inside an Any: times are read, the suite's own messages are skipped over.
class AnyFinder : public google::protobuf::TextFormat::Finder {
 public:
  const google::protobuf::Descriptor* FindAnyType(const google::protobuf::Message& /*message*/,
                                                  const std::string& /*prefix*/,
                                                  const std::string& name) const override {
    if (name == "google.protobuf.Timestamp") return google::protobuf::Timestamp::descriptor();
    if (name == "google.protobuf.Duration") return google::protobuf::Duration::descriptor();
    return OtherMessage::descriptor();
  }
};

class Collector : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, google::protobuf::io::ColumnNumber column,
                const std::string& message) override {
    text += std::to_string(line + 1) + ":" + std::to_string(column + 1) + ": " + message + "; ";
  }
  std::string text;
};

bool ReadFile(const std::filesystem::path& path, SimpleTestFile& file, std::string& error) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  AnyFinder finder;
  Collector collector;
  google::protobuf::TextFormat::Parser parser;
  parser.AllowUnknownField(true);
  parser.SetFinder(&finder);
  parser.RecordErrorsTo(&collector);
  if (in.good() && parser.ParseFromString(text.str(), &file)) return true;
  error = path.string() + ": " + collector.text;
  return false;
}

// Columns: file, section, test, tier, checked or unchecked, matcher.
std::map<std::string, Tier> ReadTiers(const std::filesystem::path& path) {
  std::map<std::string, Tier> tiers;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::vector<std::string> columns;
    std::stringstream fields(line);
    for (std::string field; std::getline(fields, field, '\t');) columns.push_back(field);
    if (columns.size() < 5 || columns[3].size() != 1) continue;
    tiers[columns[0] + "/" + columns[1] + "/" + columns[2]] = {columns[3][0],
                                                               columns[4] == "unchecked"};
  }
  return tiers;
}

}  // namespace

std::vector<CelTest> ReadCelTests(const std::string& folder, std::vector<std::string>& problems) {
  const std::map<std::string, Tier> tiers = ReadTiers(std::filesystem::path(folder) / "tiers.tsv");
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".textproto") paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<CelTest> tests;
  for (const std::filesystem::path& path : paths) {
    SimpleTestFile file;
    std::string error;
    if (!ReadFile(path, file, error)) {
      problems.push_back(error);
      continue;
    }
    const std::string name = path.stem().string();
    for (const SimpleTestSection& section : file.section()) {
      for (const SimpleTest& test : section.test()) {
        CelTest one{name + "/" + section.name() + "/" + test.name(), name, {}, test};
        if (const auto it = tiers.find(one.id); it != tiers.end()) one.tier = it->second;
        tests.push_back(std::move(one));
      }
    }
  }
  return tests;
}

}  // namespace plumbline::conformance
