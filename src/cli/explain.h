// The three answers of `resnet explain`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/output.h"
#include "explain/gradcam.h"
#include "explain/lr_find.h"
#include "explain/responses.h"

namespace resnet::cli {

struct ResponsesArgs {
  std::vector<std::string> weights;
  std::string model, data, split = "val", order = "original", csv, svg;
  ResponseOptions options;
};
int explain_responses(const ResponsesArgs& args, const Output& out);

struct GradCamArgs {
  std::string image, weights, model, output = "gradcam.png";
  GradCamOptions options;
};
int explain_gradcam(const GradCamArgs& args, const Output& out);

struct LrFindArgs {
  std::string recipe, pretrained, csv, svg;
  std::optional<std::string> model, data, dtype;
  std::optional<int64_t> batch;
  std::optional<int> workers;
  std::optional<uint64_t> seed;
  std::vector<std::string> set;
  LrFindOptions options;
};
int explain_lr_find(const LrFindArgs& args, const Output& out);

}  // namespace resnet::cli
