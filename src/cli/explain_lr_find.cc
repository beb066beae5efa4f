// resnet explain lr-find: a short run with a rising learning rate, and what rate it suggests.
#include <algorithm>

#include "cli/assets.h"
#include "cli/common.h"
#include "cli/explain.h"
#include "cli/progress.h"
#include "cli/text.h"
#include "cli/train_start.h"
#include "core/check.h"
#include "report/chart.h"

namespace resnet::cli {

namespace {

constexpr size_t kRows = 20;  // of the table, at most

template <class From, class To> void put(const std::optional<From>& from, To& to) {
  if (from) to = static_cast<To>(*from);
}

TrainConfig config_of(const LrFindArgs& args) {
  CHECK(!args.recipe.empty() || args.model, "name a recipe or a network (--model)");
  TrainConfig config;
  if (!args.recipe.empty()) config = load_recipe(find_recipe(args.recipe));
  put(args.model, config.model);
  put(args.data, config.data);
  put(args.dtype, config.dtype);
  put(args.batch, config.batch);
  put(args.workers, config.workers);
  put(args.seed, config.seed);
  for (const std::string& item : args.set) set_from(config, item);
  config.pretrained = args.pretrained;
  return config;
}

std::string csv_of(const LrCurve& curve) {
  std::string csv = "step,lr,loss,smoothed\n";
  int64_t step = 0;
  for (const LrPoint& p : curve.points)
    csv += fmt::format("{},{:.9g},{:.9g},{:.9g}\n", ++step, p.lr, p.loss, p.smoothed);
  return csv;
}

std::string svg_of(const LrCurve& curve, const TrainConfig& config) {
  Chart chart{.title = join("Loss over the learning rate, ", config.model, ", batch ", config.batch),
              .x_label = "learning rate",
              .y_label = "cross-entropy (nats)"};
  chart.log_x = true;
  Series loss{.label = "loss of the step", .colour = 7, .thin = true}, smoothed{.label = "smoothed", .colour = 0};
  for (const LrPoint& p : curve.points) {
    loss.points.emplace_back(p.lr, p.loss);
    smoothed.points.emplace_back(p.lr, p.smoothed);
  }
  chart.series = {loss, smoothed};
  if (curve.suggestion) chart.mark = {*curve.suggestion, fmt::format("suggested: {:.2g}", *curve.suggestion)};
  return to_svg(chart);
}

Json number_or_null(const std::optional<double>& value) { return value ? Json(*value) : Json(); }

void report(const LrCurve& curve, const TrainConfig& config, const Output& out) {
  Json points = Json::array();
  for (const LrPoint& p : curve.points) points.push_back({{"lr", p.lr}, {"loss", p.loss}, {"smoothed", p.smoothed}});
  out.record({{"model", config.model},
              {"data", config.data},
              {"batch", config.batch},
              {"suggested_lr", number_or_null(curve.suggestion)},
              {"lowest_loss_lr", number_or_null(curve.lowest)},
              {"steepest_lr", number_or_null(curve.steepest)},
              {"diverged", curve.diverged},
              {"points", points}});
  Table table({{"step"}, {"learning rate"}, {"loss"}, {"smoothed"}});
  const size_t every = std::max<size_t>(1, (curve.points.size() + kRows - 1) / kRows);
  for (size_t i = 0; i < curve.points.size(); i += every) {
    const LrPoint& p = curve.points[i];
    table.row({std::to_string(i + 1), fmt::format("{:.3g}", p.lr), fmt::format("{:.4f}", p.loss),
               fmt::format("{:.4f}", p.smoothed)});
  }
  out.print("{}\n", table.str());
  if (curve.diverged)
    out.print("the loss exploded at a learning rate of {:.3g}\n", curve.points.empty() ? 0 : curve.points.back().lr);
  if (!curve.suggestion)
    out.print("no suggestion: the loss never fell; start at a lower rate (--from) or take more steps (--steps)\n");
  else
    out.print(
        "suggested learning rate: {:.2g}, a tenth of {:.2g}, where the loss is lowest (it falls the fastest at "
        "{:.2g})\n",
        *curve.suggestion, *curve.lowest, *curve.steepest);
}

}  // namespace

int explain_lr_find(const LrFindArgs& args, const Output& out) {
  const TrainConfig config = config_of(args);
  out.log("{} on {}, batch {}, learning rates {:.3g} to {:.3g} in {} steps\n", config.model, config.data, config.batch,
          args.options.from, args.options.to, args.options.steps);
  ProgressBar bar(out);
  const LrCurve curve = find_learning_rate(config, args.options, [&](const Progress& p) {
    bar.update(p.step, p.steps, fmt::format("lr {:.3g}  loss {:.4f}  {:.0f} img/s", p.lr, p.loss, p.images_per_second));
  });
  bar.clear();
  for (const std::string& note : curve.notes) out.log("note: {}\n", note);
  if (!args.csv.empty()) write_output(args.csv, csv_of(curve));
  if (!args.svg.empty()) write_output(args.svg, svg_of(curve, config));
  report(curve, config, out);
  for (const std::string& file : {args.csv, args.svg})
    if (!file.empty()) out.log("written: {}\n", file);
  return 0;
}

}  // namespace resnet::cli
