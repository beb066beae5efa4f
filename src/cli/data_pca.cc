#include "cli/data_pca.h"

#include "cli/text.h"
#include "data/augment/color_pca.h"

namespace resnet::cli {

namespace {

template <size_t N> std::string list(const std::array<double, N>& values) {
  std::string text;
  for (const double v : values) text += (text.empty() ? "" : ", ") + fmt::format("{:.4f}", v);
  return "[" + text + "]";
}

}  // namespace

int measure_pca(const std::string& spec, const Output& out) {
  const DataSplits data = open_data(spec);
  out.log("{}\n", data.description);
  const ColorAxes axes = measure_color_axes(*data.train);
  out.record(
      {{"data", spec}, {"samples", data.train->size()}, {"pca_values", axes.values}, {"pca_vectors", axes.vectors}});
  out.print("pca_values = {}\npca_vectors = {}\n", list(axes.values), list(axes.vectors));
  return 0;
}

}  // namespace resnet::cli
