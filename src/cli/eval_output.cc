#include "cli/eval_output.h"

#include <algorithm>
#include <numeric>

#include "cli/text.h"

namespace resnet::cli {

namespace {

constexpr size_t kFew = 20;  // classes; of more, only the most frequent confusions are shown
constexpr size_t kConfusions = 10;

int64_t count(const EvalResult& r, size_t truth, size_t predicted) {
  return r.confusion[truth * r.classes.size() + predicted];
}

int64_t pictures_of(const EvalResult& r, size_t truth) {
  int64_t sum = 0;
  for (size_t p = 0; p < r.classes.size(); ++p) sum += count(r, truth, p);
  return sum;
}

double accuracy_of(const EvalResult& r, size_t truth) {
  const int64_t all = pictures_of(r, truth);
  return all == 0 ? 0 : 100.0 * static_cast<double>(count(r, truth, truth)) / static_cast<double>(all);
}

std::string class_table(const EvalResult& r) {
  Table table({{"class", Table::Align::left}, {"pictures"}, {"correct"}, {"accuracy"}});
  for (size_t k = 0; k < r.classes.size(); ++k) {
    const int64_t all = pictures_of(r, k);
    table.row({r.classes[k], grouped(all), grouped(count(r, k, k)), all == 0 ? "-" : percent(accuracy_of(r, k), 1)});
  }
  return table.str();
}

std::string whole_matrix(const EvalResult& r) {
  std::vector<Table::Column> columns = {{"true \\ predicted", Table::Align::left}};
  for (const std::string& name : r.classes) columns.push_back({shortened(name, 6)});
  Table table(columns);
  for (size_t t = 0; t < r.classes.size(); ++t) {
    std::vector<std::string> row = {r.classes[t]};
    for (size_t p = 0; p < r.classes.size(); ++p)
      row.push_back(count(r, t, p) == 0 ? "." : std::to_string(count(r, t, p)));
    table.row(row);
  }
  return table.str();
}

std::string most_confused(const EvalResult& r) {
  struct Pair {
    int64_t n;
    size_t truth, predicted;
  };
  std::vector<Pair> pairs;
  for (size_t t = 0; t < r.classes.size(); ++t)
    for (size_t p = 0; p < r.classes.size(); ++p)
      if (t != p && count(r, t, p) > 0) pairs.push_back({count(r, t, p), t, p});
  std::stable_sort(pairs.begin(), pairs.end(), [](const Pair& a, const Pair& b) { return a.n > b.n; });
  pairs.resize(std::min(pairs.size(), kConfusions));
  Table table({{"true", Table::Align::left}, {"taken for", Table::Align::left}, {"pictures"}});
  for (const Pair& pair : pairs) table.row({r.classes[pair.truth], r.classes[pair.predicted], grouped(pair.n)});
  return table.str();
}

// As RFC 4180 has it: quoted where it must be.
std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + '"';
}

}  // namespace

void show_result(const EvalResult& r, bool per_class, const Output& out) {
  const bool few = r.classes.size() <= kFew;
  if (r.left_out > 0) out.print("{} pictures could not be read and are left out\n", grouped(r.left_out));
  out.print("{} pictures: top-1 {} (error {}), top-5 {}, loss {:.4f}\n\n", grouped(r.samples), percent(r.top1),
            percent(100 - r.top1), percent(r.top5), r.loss);
  if (few || per_class) out.print("{}\n", class_table(r));
  out.print("{}{}", few ? "" : "most frequent confusions\n", few ? whole_matrix(r) : most_confused(r));
}

Json to_json(const EvalResult& r) {
  Json classes = Json::array(), matrix = Json::array();
  for (size_t t = 0; t < r.classes.size(); ++t) {
    classes.push_back({{"name", r.classes[t]}, {"samples", pictures_of(r, t)}, {"top1", accuracy_of(r, t)}});
    Json row = Json::array();
    for (size_t p = 0; p < r.classes.size(); ++p) row.push_back(count(r, t, p));
    matrix.push_back(row);
  }
  return {{"samples", r.samples}, {"left_out", r.left_out}, {"top1", r.top1},     {"top5", r.top5},
          {"loss", r.loss},       {"classes", classes},     {"confusion", matrix}};
}

std::string confusion_csv(const EvalResult& r) {
  std::string text = "true \\ predicted";
  for (const std::string& name : r.classes) (text += ',') += csv_cell(name);
  text += "\n";
  for (size_t t = 0; t < r.classes.size(); ++t) {
    text += csv_cell(r.classes[t]);
    for (size_t p = 0; p < r.classes.size(); ++p) (text += ',') += std::to_string(count(r, t, p));
    text += "\n";
  }
  return text;
}

void PredictionsCsv::add(const PictureScore& score) {
  const auto& p = score.probabilities;
  std::vector<size_t> order(p.size());
  std::iota(order.begin(), order.end(), size_t{0});
  const size_t top = std::min<size_t>(5, p.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(top), order.end(),
                    [&](size_t a, size_t b) { return p[a] > p[b] || (p[a] == p[b] && a < b); });
  std::string best;
  for (size_t i = 0; i < top; ++i) best += (i == 0 ? "" : "|") + classes_[order[i]];
  const auto name = [&](int k) { return csv_cell(classes_[static_cast<size_t>(k)]); };
  text_ += fmt::format("{},{},{},{:.6f},{}\n", csv_cell(data_.id(score.index)), name(score.label),
                       name(score.predicted), p[static_cast<size_t>(score.predicted)], csv_cell(best));
}

}  // namespace resnet::cli
