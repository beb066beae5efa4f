#include "report/history.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <sstream>

#include "core/check.h"
#include "report/csv.h"

namespace resnet {

namespace {

namespace fs = std::filesystem;

using Value = std::optional<double> MetricsRow::*;
const std::map<std::string, Value>& optional_columns() {
  static const std::map<std::string, Value> columns = {
      {"lr", &MetricsRow::lr},
      {"train_loss", &MetricsRow::train_loss},
      {"train_error", &MetricsRow::train_error},
      {"test_loss", &MetricsRow::test_loss},
      {"test_error", &MetricsRow::test_error},
      {"images_per_second", &MetricsRow::images_per_second},
      {"data_wait_share", &MetricsRow::data_wait_share},
      {"seconds", &MetricsRow::seconds},
      {"target_step", &MetricsRow::target_step},
  };
  return columns;
}

MetricsRow parse_row(const std::vector<std::string>& header, const std::vector<std::string>& fields,
                     const std::string& where) {
  CHECK(fields.size() == header.size(), where, ": ", fields.size(), " fields where the header has ", header.size());
  MetricsRow row;
  for (size_t i = 0; i < header.size(); ++i) {
    if (header[i] == "epoch") row.epoch = csv_number<int64_t>(fields[i], header[i], where);
    if (header[i] == "step") row.step = csv_number<int64_t>(fields[i], header[i], where);
    const auto column = optional_columns().find(header[i]);
    if (column == optional_columns().end() || fields[i].empty()) continue;
    row.*column->second = csv_number<double>(fields[i], header[i], where);
  }
  return row;
}

// As a person would write it: 0.1, not 0.10000000000000001.
std::string text_of(const toml::node& node) {
  if (const toml::value<double>* number = node.as_floating_point()) return fmt::format("{}", number->get());
  if (const toml::array* list = node.as_array()) {
    std::string text;
    for (const toml::node& item : *list) text += (text.empty() ? "" : ", ") + text_of(item);
    return "[" + text + "]";
  }
  std::ostringstream text;
  node.visit([&](const auto& value) { text << value; });
  return std::move(text).str();
}

void flatten(const toml::table& table, const std::string& prefix, RunHistory& run) {
  for (const auto& [key, node] : table) {
    const std::string name = prefix + std::string(key.str());
    if (const toml::table* inner = node.as_table()) {
      flatten(*inner, name + ".", run);
      continue;
    }
    run.settings.emplace_back(name, text_of(node));
  }
}

void read_settings(const fs::path& path, RunHistory& run) {
  try {
    flatten(toml::parse(read_text(path.string()), path.string()), "", run);
  } catch (const toml::parse_error& error) {
    throw Error(join(path.string(), ":", error.source().begin.line, ": ", error.description()));
  }
}

}  // namespace

std::string RunHistory::setting(const std::string& key) const {
  for (const auto& [name, value] : settings) {
    if (name != key) continue;
    const bool quoted = value.size() >= 2 && (value.front() == '"' || value.front() == '\'');
    return quoted ? value.substr(1, value.size() - 2) : value;
  }
  return "";
}

std::vector<MetricsRow> parse_metrics(const std::string& text, const std::string& path) {
  std::istringstream in(text);
  std::string line;
  CHECK(std::getline(in, line), path, " is empty; a table with a header line was expected");
  const std::vector<std::string> header = split_csv(line);
  for (const char* needed : {"epoch", "step"})
    CHECK(std::find(header.begin(), header.end(), needed) != header.end(), path, ":1: the header has no column '",
          needed, "'");
  std::vector<MetricsRow> rows;
  for (int64_t n = 2; std::getline(in, line); ++n) {
    if (line.empty() || line == "\r") continue;
    const std::string where = join(path, ":", n);
    rows.push_back(parse_row(header, split_csv(line), where));
    CHECK(rows.size() < 2 || rows.back().step >= rows[rows.size() - 2].step, where, ": step ", rows.back().step,
          " comes after step ", rows[rows.size() - 2].step);
  }
  return rows;
}

RunHistory read_run(const std::string& folder) {
  CHECK(fs::is_directory(folder), folder, fs::exists(folder) ? " is no folder" : ": no such folder",
        "; name the folder of a run (resnet train --output-dir)");
  const fs::path metrics = fs::path(folder) / "metrics.csv", config = fs::path(folder) / "config.toml";
  CHECK(fs::exists(metrics), folder, " has no metrics.csv, so it is not the folder of a run");
  RunHistory run;
  run.folder = folder;
  run.name = fs::weakly_canonical(folder).filename().string();
  run.rows = parse_metrics(read_text(metrics.string()), metrics.string());
  if (fs::exists(config)) read_settings(config, run);
  return run;
}

std::vector<RunHistory> read_runs(const std::vector<std::string>& folders) {
  std::vector<RunHistory> runs;
  std::set<std::string> names;
  for (const std::string& folder : folders) {
    RunHistory run = read_run(folder);
    if (names.count(run.name) != 0) run.name = folder;
    const std::string base = run.name;
    for (int i = 2; !names.insert(run.name).second; ++i) run.name = join(base, " (", i, ")");
    runs.push_back(std::move(run));
  }
  return runs;
}

}  // namespace resnet
