// Runs the built program as a user does, and looks at its exit status and at what it wrote.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace resnet::cli_test {

namespace fs = std::filesystem;

struct Outcome {
  int status = -1;  ///< exit status; 128 + signal when killed by one
  std::string out, err;

  std::vector<nlohmann::json> records() const;  ///< standard output as JSON lines; fails the test when it is not that
  nlohmann::json record() const;                ///< the only one
};

/// Runs `resnet ARGS` (shell words). `environment` goes before it: "RESNET_ISA=avx2".
Outcome resnet_program(const std::string& args, const std::string& environment = "");

/// A folder of its own for one test, removed at the end.
class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string read_file(const std::string& path);
void write_file(const std::string& path, const std::string& text);
/// Lines in a text.
size_t line_count(const std::string& text);

inline std::vector<nlohmann::json> Outcome::records() const {
  std::vector<nlohmann::json> all;
  std::istringstream in(out);
  for (std::string line; std::getline(in, line);) {
    nlohmann::json value = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    EXPECT_TRUE(value.is_object()) << "not a JSON object: " << line;
    all.push_back(std::move(value));
  }
  return all;
}

inline nlohmann::json Outcome::record() const {
  const auto all = records();
  EXPECT_EQ(all.size(), 1u) << out << err;
  return all.empty() ? nlohmann::json::object() : all.front();
}

inline Outcome resnet_program(const std::string& args, const std::string& environment) {
  const TempFolder folder;
  const std::string command = environment + " '" RESNET_PROGRAM "' " + args + " > '" + (folder / "out") + "' 2> '" +
                              (folder / "err") + "' < /dev/null";
  const int status = std::system(command.c_str());
  Outcome run;
  run.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  run.out = read_file(folder / "out");
  run.err = read_file(folder / "err");
  return run;
}

inline TempFolder::TempFolder() {
  std::string name = (fs::temp_directory_path() / "resnet-test-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder at " + name);
  path_ = name;
}

inline TempFolder::~TempFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

inline std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

inline void write_file(const std::string& path, const std::string& text) {
  fs::create_directories(fs::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

inline size_t line_count(const std::string& text) {
  return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace resnet::cli_test
