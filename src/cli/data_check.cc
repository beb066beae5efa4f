#include "cli/data_check.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <vector>

#include "cli/progress.h"
#include "cli/text.h"
#include "core/check.h"
#include "core/counted.h"
#include "data/cifar.h"
#include "data/image_folder.h"
#include "data/inspect.h"
#include "data/mapped_file.h"
#include "resnet/data.h"

namespace resnet::cli {

namespace {

namespace fs = std::filesystem;

constexpr size_t kShown = 20;  // findings for people; --json has all of them
constexpr int64_t kPixels = 3 * 32 * 32;

// Opening stops at the first damaged record of a CIFAR folder; this names all of them.
void scan_cifar_file(const fs::path& path, const CifarLayout& layout, std::vector<Finding>& findings) {
  const auto damaged = [&](const std::string& message) {
    findings.push_back({"unreadable", true, path.string(), message});
  };
  if (!fs::exists(path)) return damaged(path.string() + " is missing");
  const MappedFile file(path.string());
  const int64_t bytes = static_cast<int64_t>(file.bytes().size()), record = layout.label_bytes + kPixels;
  if (bytes == 0) return damaged(path.string() + " is empty");
  if (bytes % record != 0)
    damaged(join(path.string(), ": ", bytes / record, " whole records and ", bytes % record,
                 " bytes more; the file is truncated or of another kind"));
  for (int64_t r = 0; r < bytes / record; ++r) {
    const int label = file.bytes()[static_cast<size_t>(r * record + layout.label_bytes - 1)];
    if (static_cast<size_t>(label) >= layout.classes.size())
      damaged(join(path.string(), ": record ", r, " has label ", label, ", outside 0 to ", layout.classes.size() - 1));
  }
}

std::vector<Finding> scan_cifar(const std::string& folder) {
  std::vector<Finding> findings;
  const auto present = [&](const CifarLayout& layout) {
    return fs::exists(fs::path(folder) / layout.train_files[0]) || fs::exists(fs::path(folder) / layout.test_file);
  };
  for (const CifarLayout& layout : cifar_layouts()) {
    if (!present(layout)) continue;
    for (const std::string& name : layout.train_files) scan_cifar_file(fs::path(folder) / name, layout, findings);
    scan_cifar_file(fs::path(folder) / layout.test_file, layout, findings);
    break;
  }
  return findings;
}

Json to_json(const SplitReport& report) {
  Json counts = Json::object();
  for (size_t k = 0; k < report.classes.size(); ++k) counts[report.classes[k]] = report.per_class[k];
  Json split = {{"split", report.name}, {"samples", report.pictures}, {"per_class", counts}};
  if (report.pixels > 0) {
    split["mean"] = {report.mean(0), report.mean(1), report.mean(2)};  // of pixel/255
    split["std"] = {report.std(0), report.std(1), report.std(2)};
  }
  return split;
}

// Of this name; nothing where the split has no such class.
std::optional<int64_t> count_of(const SplitReport& split, const std::string& name) {
  const auto found = std::find(split.classes.begin(), split.classes.end(), name);
  if (found == split.classes.end()) return {};
  return split.per_class[static_cast<size_t>(found - split.classes.begin())];
}

void show_splits(const std::vector<SplitReport>& splits, const Output& out) {
  std::vector<Table::Column> columns = {{"class", Table::Align::left}};
  for (const SplitReport& split : splits) columns.push_back({split.name});
  Table table(columns);
  const auto row = [&](const std::string& name, const auto& cell) {
    std::vector<std::string> cells = {name};
    for (const SplitReport& split : splits) cells.push_back(cell(split));
    table.row(cells);
  };
  std::vector<std::string> names;
  for (const SplitReport& split : splits)
    for (const std::string& name : split.classes)
      if (&split == &splits.front() || !count_of(splits.front(), name)) names.push_back(name);
  for (const std::string& name : names)
    row(name, [&](const SplitReport& s) {
      const std::optional<int64_t> count = count_of(s, name);
      return count ? grouped(*count) : std::string("-");
    });
  table.rule();
  row("all", [](const SplitReport& s) { return grouped(s.pictures); });
  out.print("{}\n", table.str());
  for (const SplitReport& s : splits)
    if (s.pixels > 0)
      out.print("{}: mean {:.4f} {:.4f} {:.4f}, std {:.4f} {:.4f} {:.4f} (of pixel/255, R G B)\n", s.name, s.mean(0),
                s.mean(1), s.mean(2), s.std(0), s.std(1), s.std(2));
}

Json to_json(const std::vector<Finding>& findings) {
  Json list = Json::array();
  for (const Finding& f : findings)
    list.push_back(
        {{"kind", f.kind}, {"severity", f.error ? "error" : "warning"}, {"where", f.where}, {"message", f.message}});
  return list;
}

// Errors first. Returns the exit status.
int conclude(std::vector<Finding> findings, bool strict, const Output& out) {
  std::stable_partition(findings.begin(), findings.end(), [](const Finding& f) { return f.error; });
  for (size_t i = 0; i < std::min(findings.size(), kShown); ++i)
    out.error((findings[i].error ? "" : "warning: ") + findings[i].message);
  if (findings.size() > kShown) out.error(join("and ", findings.size() - kShown, " more (--json lists all)"));
  const auto errors = std::count_if(findings.begin(), findings.end(), [](const Finding& f) { return f.error; });
  const auto warnings = static_cast<std::ptrdiff_t>(findings.size()) - errors;
  if (findings.empty())
    out.print("nothing wrong\n");
  else
    out.print("{}, {}\n", counted(errors, "error"), counted(warnings, "warning"));
  return errors > 0 || (strict && warnings > 0) ? 1 : 0;
}

void count_classes(const DataSplits& data, const std::string& spec, std::vector<Finding>& findings) {
  if (data.train->size() > 0 && data.train->classes().size() == 1)
    findings.push_back({"one_class", false, spec,
                        join(spec, ": all training pictures are of one class (", data.train->classes().front(),
                             "); there is nothing to learn until another one is added")});
}

// Training asks for the same classes in both.
void compare_classes(const DataSplits& data, const std::string& spec, std::vector<Finding>& findings) {
  if (data.train->size() == 0 || data.train->classes() == data.val->classes()) return;
  const auto only = [](const std::vector<std::string>& a, const std::vector<std::string>& b) {
    const std::string names = only_in(a, b);
    return names.empty() ? "none" : names;
  };
  const auto &train = data.train->classes(), &val = data.val->classes();
  findings.push_back({"different_classes", true, spec,
                      join(spec, ": different classes; only in training: ", only(train, val), "; only in validation: ",
                           only(val, train), "; give both the same folders (an empty one will do)")});
}

}  // namespace

int check_data(const std::string& spec, bool strict, const Output& out) {
  std::vector<Finding> findings;
  if (fs::is_directory(spec)) findings = scan_cifar(spec);
  if (!findings.empty()) {
    out.record({{"data", spec}, {"problems", to_json(findings)}});
    return conclude(findings, strict, out);
  }
  const DataSplits data = open_data(spec, {.training = false});
  out.log("{}\n", data.description);
  for (const std::string& note : data.notes) out.log("note: {}\n", note);
  ProgressBar bar(out);
  const Inspection found = inspect(data, [&](int64_t done, int64_t all) { bar.update(done, all, "pictures"); });
  bar.clear();
  findings = found.findings;
  count_classes(data, spec, findings);
  compare_classes(data, spec, findings);
  Json list = Json::array();
  for (const SplitReport& split : found.splits) list.push_back(to_json(split));
  out.record({{"data", spec},
              {"description", data.description},
              {"notes", data.notes},
              {"splits", list},
              {"problems", to_json(findings)}});
  show_splits(found.splits, out);
  return conclude(findings, strict, out);
}

}  // namespace resnet::cli
