#include "cli/data_check.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <vector>

#include "cli/progress.h"
#include "cli/text.h"
#include "core/check.h"
#include "data/cifar.h"
#include "data/mapped_file.h"
#include "resnet/data.h"

namespace resnet::cli {

namespace {

namespace fs = std::filesystem;

constexpr size_t kShown = 20;  // problems for people; --json has all of them
constexpr int64_t kPixels = 3 * 32 * 32;

struct SplitReport {
  std::string name;
  int64_t pictures = 0;
  std::vector<int64_t> per_class;
  std::array<double, 3> sum{}, squares{};  // of pixel/255
  double pixels = 0;                       // a channel

  double mean(size_t c) const { return sum[c] / pixels; }
  double std(size_t c) const { return std::sqrt(std::max(0.0, squares[c] / pixels - mean(c) * mean(c))); }
};

void add_pixels(const Tensor& image, SplitReport& report) {
  std::array<int64_t, 3> sum{}, squares{};
  const auto pixels = image.as<uint8_t>();
  for (size_t i = 0; i + 2 < pixels.size(); i += 3)
    for (size_t c = 0; c < 3; ++c) {
      const int64_t v = pixels[i + c];
      sum[c] += v;
      squares[c] += v * v;
    }
  for (size_t c = 0; c < 3; ++c) {
    report.sum[c] += static_cast<double>(sum[c]) / 255;
    report.squares[c] += static_cast<double>(squares[c]) / (255.0 * 255);
  }
  report.pixels += static_cast<double>(pixels.size()) / 3;
}

SplitReport read_split(const std::string& name, const Dataset& data, std::vector<std::string>& problems,
                       ProgressBar& bar) {
  SplitReport report;
  report.name = name;
  report.per_class.assign(data.classes().size(), 0);
  for (int64_t i = 0; i < data.size(); ++i) {
    bar.update(i + 1, data.size(), name);
    try {
      const int label = data.label(i);
      CHECK(label >= 0 && static_cast<size_t>(label) < report.per_class.size(), data.id(i), ": label ", label,
            " is outside 0 to ", report.per_class.size() - 1);
      add_pixels(data.image(i), report);
      ++report.per_class[static_cast<size_t>(label)];
      ++report.pictures;
    } catch (const Error& error) {
      problems.push_back(error.what());
    }
  }
  return report;
}

// Opening stops at the first damaged record of a CIFAR folder; this names all of them.
void scan_cifar_file(const fs::path& path, const CifarLayout& layout, std::vector<std::string>& problems) {
  if (!fs::exists(path)) return problems.push_back(join(path.string(), " is missing"));
  const MappedFile file(path.string());
  const int64_t bytes = static_cast<int64_t>(file.bytes().size()), record = layout.label_bytes + kPixels;
  if (bytes == 0) return problems.push_back(join(path.string(), " is empty"));
  if (bytes % record != 0)
    problems.push_back(join(path.string(), ": ", bytes / record, " whole records and ", bytes % record,
                            " bytes more; the file is truncated or of another kind"));
  for (int64_t r = 0; r < bytes / record; ++r) {
    const int label = file.bytes()[static_cast<size_t>(r * record + layout.label_bytes - 1)];
    if (static_cast<size_t>(label) >= layout.classes.size())
      problems.push_back(
          join(path.string(), ": record ", r, " has label ", label, ", outside 0 to ", layout.classes.size() - 1));
  }
}

std::vector<std::string> scan_cifar(const std::string& folder) {
  std::vector<std::string> problems;
  const auto present = [&](const CifarLayout& layout) {
    return fs::exists(fs::path(folder) / layout.train_files[0]) || fs::exists(fs::path(folder) / layout.test_file);
  };
  for (const CifarLayout& layout : cifar_layouts()) {
    if (!present(layout)) continue;
    for (const std::string& name : layout.train_files) scan_cifar_file(fs::path(folder) / name, layout, problems);
    scan_cifar_file(fs::path(folder) / layout.test_file, layout, problems);
    break;
  }
  return problems;
}

Json to_json(const SplitReport& report, const std::vector<std::string>& classes) {
  Json counts = Json::object();
  for (size_t k = 0; k < classes.size(); ++k) counts[classes[k]] = report.per_class[k];
  Json split = {{"split", report.name}, {"samples", report.pictures}, {"per_class", counts}};
  if (report.pixels > 0) {
    split["mean"] = {report.mean(0), report.mean(1), report.mean(2)};
    split["std"] = {report.std(0), report.std(1), report.std(2)};
  }
  return split;
}

void show_splits(const std::vector<SplitReport>& splits, const std::vector<std::string>& classes, const Output& out) {
  std::vector<Table::Column> columns = {{"class", Table::Align::left}};
  for (const SplitReport& split : splits) columns.push_back({split.name});
  Table table(columns);
  const auto row = [&](const std::string& name, const auto& cell) {
    std::vector<std::string> cells = {name};
    for (const SplitReport& split : splits) cells.push_back(cell(split));
    table.row(cells);
  };
  for (size_t k = 0; k < classes.size(); ++k)
    row(classes[k], [&](const SplitReport& s) { return grouped(s.per_class[k]); });
  table.rule();
  row("all", [](const SplitReport& s) { return grouped(s.pictures); });
  out.print("{}\n", table.str());
  for (const SplitReport& s : splits)
    if (s.pixels > 0)
      out.print("{}: mean {:.4f} {:.4f} {:.4f}, std {:.4f} {:.4f} {:.4f} (of pixel/255, R G B)\n", s.name, s.mean(0),
                s.mean(1), s.mean(2), s.std(0), s.std(1), s.std(2));
}

int conclude(const std::vector<std::string>& problems, const Output& out) {
  for (size_t i = 0; i < std::min(problems.size(), kShown); ++i) out.error(problems[i]);
  if (problems.size() > kShown) out.error(join("and ", problems.size() - kShown, " more (--json lists all)"));
  if (problems.empty()) out.print("nothing wrong\n");
  return problems.empty() ? 0 : 1;
}

}  // namespace

int check_data(const std::string& spec, const Output& out) {
  std::vector<std::string> problems;
  if (fs::is_directory(spec)) problems = scan_cifar(spec);
  if (!problems.empty()) {
    out.record({{"data", spec}, {"problems", problems}});
    return conclude(problems, out);
  }
  const DataSplits data = open_data(spec);
  out.log("{}\n", data.description);
  ProgressBar bar(out);
  const std::vector<SplitReport> splits = {read_split("train", *data.train, problems, bar),
                                           read_split("val", *data.val, problems, bar)};
  bar.clear();
  const std::vector<std::string>& classes = data.train->classes();
  Json list = Json::array();
  for (const SplitReport& split : splits) list.push_back(to_json(split, classes));
  out.record({{"data", spec}, {"description", data.description}, {"splits", list}, {"problems", problems}});
  show_splits(splits, classes, out);
  return conclude(problems, out);
}

}  // namespace resnet::cli
