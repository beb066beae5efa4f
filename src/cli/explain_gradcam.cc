// resnet explain gradcam: where in a picture the network sees a class.
#include <filesystem>

#include "cli/assets.h"
#include "cli/common.h"
#include "cli/explain.h"
#include "cli/text.h"
#include "core/check.h"

namespace resnet::cli {

namespace {

namespace fs = std::filesystem;

void check_output(const GradCamArgs& args) {
  CHECK(args.output.ends_with(".png"), "-o ", args.output,
        ": the picture is written as PNG; give it a name that ends in .png");
  std::error_code none;
  CHECK(!fs::equivalent(args.image, args.output, none), "-o ", args.output,
        " is the picture itself; give another name");
}

Json map_json(const Tensor& map) {
  Json rows = Json::array();
  for (int64_t y = 0; y < map.shape()[0]; ++y) {
    Json row = Json::array();
    for (int64_t x = 0; x < map.shape()[1]; ++x) row.push_back(map.f32()[y * map.shape()[1] + x]);
    rows.push_back(row);
  }
  return rows;
}

Json prediction_json(const Prediction& p) {
  return {{"class", p.name}, {"index", p.index}, {"probability", p.probability}};
}

}  // namespace

int explain_gradcam(const GradCamArgs& args, const Output& out) {
  check_output(args);
  const std::string weights = weights_or_default(args.weights);
  const LoadedWeights loaded = load_weights(weights, args.model);
  for (const std::string& note : loaded.notes) out.log("{}: {}\n", weights, note);
  const GradCam cam = grad_cam(loaded.checkpoint, read_image(args.image), args.options);
  write_png(args.output, cam.overlay);

  Json record = {{"file", args.image}, {"weights", weights}, {"model", loaded.checkpoint.model}};
  record.update(prediction_json(cam.prediction));
  record["layer"] = cam.layer;
  record["strongest"] = cam.strongest;
  record["map"] = map_json(cam.map);
  record["predictions"] = Json::array();
  for (const Prediction& p : cam.likely) record["predictions"].push_back(prediction_json(p));
  record["output"] = args.output;
  out.record(record);

  out.print("{}\n", args.image);
  for (const Prediction& p : cam.likely) out.print("  {:6.2f} %  {}\n", p.probability * 100, p.name);
  out.print("{}: where {} ({:.2f} %) is seen, by the {}x{} outputs of {}\n", args.output, cam.prediction.name,
            cam.prediction.probability * 100, cam.map.shape()[1], cam.map.shape()[0], cam.layer);
  if (cam.strongest <= 0) out.print("nothing in the picture speaks for {}: the map is empty\n", cam.prediction.name);
  return 0;
}

}  // namespace resnet::cli
